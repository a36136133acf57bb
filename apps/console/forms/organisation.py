from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from apps.accounts.announcement_models import Announcement
from apps.console.forms.base import ActionForm
from apps.lib.places import timezones


class OrganisationForm(ActionForm):
    name = forms.CharField(
        label=_("Name"), max_length=120, help_text=_("Shown to everybody who signs in, and in mails.")
    )
    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        choices=[("", _("As each browser asks")), *settings.LANGUAGES],
        help_text=_("Of mails and pages, for whoever has chosen none of their own."),
    )
    timezone = forms.ChoiceField(
        label=_("Time zone"),
        required=False,
        choices=lambda: [("", "UTC"), *((name, name.replace("_", " ")) for name in sorted(timezones()))],
        help_text=_("Of times on pages and in mails, for whoever has none of their own."),
    )
    logo = forms.FileField(
        label=_("Logo"),
        required=False,
        widget=forms.ClearableFileInput(attrs={"accept": "image/png,image/jpeg,image/webp,image/gif"}),
        help_text=_("PNG, JPEG, WebP or GIF, 1 MiB at most. Shown on the sign-in page and in the launcher."),
    )

    def values(self) -> dict[str, Any]:
        """For update_organisation; the picture only if there is a new one."""
        given = dict(self.cleaned_data)
        picture = given.pop("logo")
        return given | ({"logo": picture.read()} if picture else {})


class AnnouncementForm(ActionForm):
    text = forms.CharField(
        label=_("Announcement"),
        max_length=300,
        required=False,
        help_text=_(
            "Stands on top of everybody's launcher, as plain text, until they close it. Empty: none."
        ),
    )
    until = forms.DateField(
        label=_("Until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("The last day. Empty: until it is taken away."),
    )

    @classmethod
    def of(cls, current: Announcement | None, data: Any = None) -> "AnnouncementForm":
        return cls(
            data,
            initial={"text": current.text, "until": current.until} if current else {},
            prefix="announcement",
        )
