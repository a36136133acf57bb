from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "apps.webhooks"
    label = "webhooks"

    def ready(self) -> None:
        from apps.events.archiving.followers import follow
        from apps.events.listeners import listen
        from apps.outbox import relay
        from apps.webhooks import doorbell, tasks
        from apps.webhooks.archived import note_archived

        relay.on_sweep(tasks.ring_for_due_webhooks)
        listen(doorbell.ring_for)
        follow(note_archived)
