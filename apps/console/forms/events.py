from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.applications.models import Application
from apps.directory.models import User
from apps.events.models import Event
from apps.events.types import EventType

PERIODS = {
    "1h": timedelta(hours=1),
    "24h": timedelta(days=1),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}


class EventFilterForm(forms.Form):
    """The log's filters, all of them in the address. A value nobody offers filters nothing."""

    type = forms.ChoiceField(label=_("Type"), required=False)
    result = forms.ChoiceField(
        label=_("Result"),
        required=False,
        choices=[("", _("any")), ("success", _("succeeded")), ("failure", _("failed"))],
    )
    application = forms.ChoiceField(label=_("Application"), required=False)
    time = forms.ChoiceField(
        label=_("Time"),
        required=False,
        choices=[
            ("", _("any")),
            ("1h", _("last hour")),
            ("24h", _("last 24 hours")),
            ("7d", _("last 7 days")),
            ("30d", _("last 30 days")),
        ],
    )
    person = forms.CharField(label=_("Person or group"), required=False, max_length=255)
    reference = forms.CharField(label=_("Reference"), required=False, max_length=36)

    def __init__(
        self, data: Any, *, application: Application | None = None, person: User | None = None
    ) -> None:
        """`application` or `person`: only what is about them, and no field that asks for it."""
        super().__init__(data)
        self.only, self.about = application, person
        self._offer("type", [(str(value), label) for value, label in EventType.choices])
        if application is None:
            rows = Application.objects.values_list("pk", "display_label")
            self._offer("application", [(str(pk), label) for pk, label in rows])
        else:
            del self.fields["application"]
        if person is not None:
            del self.fields["person"]

    def _offer(self, name: str, choices: list[tuple[str, Any]]) -> None:
        field = self.fields[name]
        field.choices = [("", _("any")), *choices]  # type: ignore[attr-defined]

    def value(self, name: str) -> str:
        return str(self.cleaned_data.get(name) or "").strip() if name not in self.errors else ""

    @property
    def filtering(self) -> bool:
        return any(self.value(name) for name in self.fields)

    def events(self) -> Any:
        """QuerySet, newest first."""
        self.full_clean()
        events = Event.objects.all()
        if self.only is not None:
            events = events.about("application", self.only.pk)
        if self.about is not None:
            events = events.about("user", self.about.pk)
        if kind := self.value("type"):
            events = events.filter(type=kind)
        if result := self.value("result"):
            events = events.filter(success=result == "success")
        if application := self.value("application"):
            events = events.about("application", application)
        if period := self.value("time"):
            events = events.filter(created_at__gte=timezone.now() - PERIODS[period])
        if person := self.value("person"):
            events = events.filter(Q(target_name__icontains=person) | Q(actor_name__icontains=person))
        if reference := self.value("reference"):
            events = events.filter(_referenced(reference))
        return events


def _referenced(reference: str) -> Q:
    """Events by the reference people read out (Event.reference: the first eight digits of the id)."""
    digits = "".join(character for character in reference.lower() if character in "0123456789abcdef")[:32]
    if len(digits) < 8:
        return Q(pk__in=[])
    return Q(pk__gte=digits.ljust(32, "0"), pk__lte=digits.ljust(32, "f"))
