from django.apps import AppConfig


class ProvisioningConfig(AppConfig):
    name = "apps.provisioning"
    label = "provisioning"

    def ready(self) -> None:
        from apps.outbox import relay
        from apps.provisioning import subscriptions
        from apps.provisioning.imports.tasks import ring_for_due_imports

        subscriptions.register()
        relay.on_sweep(ring_for_due_imports)
