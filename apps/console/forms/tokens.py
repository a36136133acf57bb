from datetime import datetime, time

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.console.forms.base import ActionForm


class TokenForm(ActionForm):
    """A secret for a program: an identity provider's SCIM token, or an API key."""

    name = forms.CharField(
        label=_("Name"), max_length=120, help_text=_("Who will bring it, as the event log will say: “Okta”.")
    )
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
