from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.console.forms.base import ActionForm
from apps.saml.metadata_choices import Choice


class MetadataForm(ActionForm):
    """The service provider's own description of itself, as a file or by its address."""

    metadata = forms.FileField(
        label=_("Metadata file"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".xml,application/xml,text/xml"}),
    )
    url = forms.CharField(
        label=_("or its address"),
        max_length=2000,
        required=False,
        widget=forms.URLInput(attrs={"placeholder": "https://"}),
        help_text=_("Fetched again by itself, at least once a day."),
    )
    signing_certificate = forms.CharField(
        label=_("Signed with"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "-----BEGIN CERTIFICATE-----"}),
        help_text=_(
            "A certificate in PEM form: metadata without its signature is refused then, also when it is refreshed."
        ),
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not values.get("metadata") and not values.get("url"):
            raise forms.ValidationError(_("Choose a file, or enter an address."))
        return values

    @property
    def signed_by(self) -> str | None:
        """None where the field was not sent: then it stays as it was."""
        return self.cleaned_data["signing_certificate"] if "signing_certificate" in self.data else None


class ChoiceForm(ActionForm):
    """One of the service providers that a file describes."""

    entity_id = forms.ChoiceField(
        label=_("Service provider"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose one."),
            "invalid_choice": _("The file does not describe that one."),
        },
    )

    def __init__(self, data: Any, choices: Iterable[Choice]) -> None:
        super().__init__(data)
        field = self.fields["entity_id"]
        field.choices = [(each.entity_id, each.name or each.entity_id) for each in choices]  # type: ignore[attr-defined]


class DecisionForm(ActionForm):
    """The change that was looked at."""

    digest = forms.CharField(max_length=64, widget=forms.HiddenInput)
