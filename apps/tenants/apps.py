from django.apps import AppConfig
from django.db.models.signals import post_migrate


class TenantsConfig(AppConfig):
    name = "apps.tenants"
    label = "tenants"

    def ready(self) -> None:
        from apps.tenants import checks  # noqa: F401 - registers them
        from apps.tenants.row_security import build_walls

        post_migrate.connect(build_walls, dispatch_uid="tenants.build_walls")
