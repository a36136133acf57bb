from django.apps import AppConfig


class ProvisioningConfig(AppConfig):
    name = "apps.provisioning"
    label = "provisioning"

    def ready(self) -> None:
        from apps.directory.passwords import on_password_set
        from apps.outbox import relay
        from apps.provisioning import passwords, subscriptions
        from apps.provisioning.imports.tasks import ring_for_due_imports
        from apps.provisioning.nightly import tasks as nightly  # noqa: F401 - Celery finds it once it is imported
        from apps.provisioning.plans.tasks import ring_for_due_plans

        subscriptions.register()
        relay.on_sweep(ring_for_due_imports)
        relay.on_sweep(ring_for_due_plans)
        on_password_set(passwords.remember)
        relay.on_sweep(passwords.sweep)
