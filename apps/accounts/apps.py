from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "apps.accounts"
    label = "accounts"

    def ready(self) -> None:
        from apps.accounts import tasks
        from apps.accounts.people_runs.tasks import ring_for_due_runs
        from apps.outbox import relay

        relay.on_sweep(tasks.ring_for_open_requests)
        relay.on_sweep(ring_for_due_runs)
