from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "apps.accounts"
    label = "accounts"

    def ready(self) -> None:
        from apps.accounts import tasks
        from apps.accounts.actions import keep_an_owner
        from apps.accounts.people_runs.tasks import ring_for_due_runs
        from apps.accounts.portal_sessions import end_with_access
        from apps.directory.signals import leaving
        from apps.outbox import relay

        leaving.connect(keep_an_owner)
        leaving.connect(end_with_access)
        relay.on_sweep(tasks.ring_for_open_requests)
        relay.on_sweep(ring_for_due_runs)
