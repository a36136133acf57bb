from django.apps import AppConfig
from django.db.models.signals import post_migrate


class DirectoryConfig(AppConfig):
    name = "apps.directory"
    label = "directory"

    def ready(self) -> None:
        from apps.directory.headcount import keep_counts

        post_migrate.connect(keep_counts, dispatch_uid="directory.keep_counts")
