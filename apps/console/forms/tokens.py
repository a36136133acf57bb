from datetime import datetime, time

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.console.forms.base import ActionForm
from apps.scim.models import Source, SourceKind


class TokenForm(ActionForm):
    """One more token of a source that is there."""

    expires_at = forms.DateField(
        label=_("Expires on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Empty: never."),
    )

    def expiry(self) -> datetime | None:
        """The end of that day where the reader is."""
        day = self.cleaned_data.get("expires_at")
        return timezone.make_aware(datetime.combine(day, time(23, 59, 59))) if day else None


class SourceForm(ActionForm):
    name = forms.CharField(
        label=_("Name"), max_length=120, help_text=_("Who did it, as the event log will say: “Okta prod”.")
    )
    kind = forms.ChoiceField(label=_("Identity provider"), choices=SourceKind.choices)


class NewSourceForm(SourceForm, TokenForm):
    """A source with its first token."""

    field_order = ("name", "kind", "expires_at")


class SourceSettingsForm(SourceForm):
    invites = forms.BooleanField(
        label=_("Invite people by mail"),
        required=False,
        help_text=_("Whoever joins without a password gets a link to choose one, good once and for a week."),
    )

    @classmethod
    def of(cls, source: Source, data: object = None) -> "SourceSettingsForm":
        initial = {"name": source.name, "kind": source.kind, "invites": source.invites}
        return cls(data, initial=initial)  # type: ignore[arg-type]  # request.POST
