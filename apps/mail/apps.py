from django.apps import AppConfig


class MailConfig(AppConfig):
    name = "apps.mail"
    label = "mail"

    def ready(self) -> None:
        from apps.mail import tasks
        from apps.outbox import relay

        relay.on_sweep(tasks.ring_for_due_letters)
