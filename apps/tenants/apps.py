from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate


class TenantsConfig(AppConfig):
    name = "apps.tenants"
    label = "tenants"

    def ready(self) -> None:
        from apps.tenants import checks  # noqa: F401 - registers them
        from apps.tenants.append_only import build_triggers, give_function
        from apps.tenants.row_security import build_walls

        post_migrate.connect(build_walls, dispatch_uid="tenants.build_walls")
        post_migrate.connect(build_triggers, dispatch_uid="tenants.build_triggers")
        connection_created.connect(give_function, dispatch_uid="tenants.give_function")
