from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.console.forms.base import ActionForm
from apps.events.types import EventType
from apps.webhooks.models import Webhook
from apps.webhooks.selection import GROUPS, group_of

ALL, CHOSEN = "all", "chosen"


def _types_by_group() -> list[tuple[Any, list[tuple[str, Any]]]]:
    return [
        (group.label, [(str(each), each.label) for each in EventType if group_of(each) == name])
        for name, group in GROUPS.items()
    ]


class WebhookForm(ActionForm):
    """Where to, and which events. What is not ticked is not sent, unless it is everything."""

    name = forms.CharField(
        label=_("Name"),
        max_length=120,
        help_text=_("Who gets the events, as the event log will say: “SIEM”."),
    )
    url = forms.CharField(
        label=_("URL"),
        max_length=2000,
        widget=forms.URLInput,
        help_text=_("https, on the public internet. It is sent one POST for each event."),
    )
    which = forms.ChoiceField(
        label=_("Events"),
        choices=[
            (ALL, _("Everything, new kinds of events as well")),
            (CHOSEN, _("Only what is ticked below")),
        ],
        widget=forms.RadioSelect,
        initial=ALL,
    )
    event_groups = forms.MultipleChoiceField(
        label=_("Kinds of events"),
        required=False,
        choices=[(name, group.label) for name, group in GROUPS.items()],
        widget=forms.CheckboxSelectMultiple,
    )
    event_types = forms.MultipleChoiceField(
        label=_("Single events"),
        required=False,
        choices=_types_by_group,
        widget=forms.CheckboxSelectMultiple,
    )

    @classmethod
    def of(cls, webhook: Webhook, data: Any = None) -> "WebhookForm":
        initial = {name: getattr(webhook, name) for name in ("name", "url", "event_groups", "event_types")}
        initial["which"] = CHOSEN if webhook.event_groups or webhook.event_types else ALL
        return cls(data, initial=initial)

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if values.get("which") == ALL:
            values |= {"event_groups": [], "event_types": []}
        elif not values.get("event_groups") and not values.get("event_types"):
            self.add_error("which", _("Tick at least one kind of events below."))
        values.pop("which", None)
        return values


class ReplayForm(ActionForm):
    """A range of time in the reader's own."""

    since = forms.DateTimeField(
        label=pgettext_lazy("time", "From"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    until = forms.DateTimeField(
        label=_("Until"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        help_text=_("Not included. What happens from now on is sent anyway."),
    )
    event_type = forms.ChoiceField(label=_("Events"), required=False)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        field: Any = self.fields["event_type"]
        field.choices = [("", _("What the webhook is sent now")), *EventType.choices]

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        since, until = values.get("since"), values.get("until")
        if since and until and since >= until:
            self.add_error("until", _("This is not after the beginning."))
        if since and since > timezone.now():
            self.add_error("since", _("This lies in the future."))
        return values

    @property
    def types(self) -> list[str]:
        chosen = self.cleaned_data.get("event_type")
        return [chosen] if chosen else []

    def place_of(self, field: str) -> str | None:
        return None if field == "" else super().place_of(field)
