from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "apps.events"
    label = "events"

    def ready(self) -> None:
        from apps.events.archiving import tasks  # noqa: F401 - Celery finds it once it is imported
