from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.directory.errors import DirectoryError


class RefusableForm(forms.Form):
    """What an action refuses stands beside its field, or on top."""

    def refuse(self, error: DirectoryError) -> None:
        for field, texts in error.fields.items():
            self.add_error(field if field in self.fields else None, texts)  # type: ignore[arg-type]


class OrganisationForm(RefusableForm):
    """The name; what it may be is said by the model."""

    name = forms.CharField(label=_("Name"), max_length=120)


class NewOperatorForm(RefusableForm):
    username = forms.CharField(
        label=_("Username"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )
    email = forms.CharField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.EmailInput,
        help_text=_("They get a mail with a link to set a password, good for seven days."),
    )


class NewOrganisationForm(OrganisationForm):
    slug = forms.CharField(
        label=_("Short name"),
        max_length=63,
        help_text=_(
            "Stands in every address, …/t/short-name/, and never changes. Lower-case letters, digits, hyphens."
        ),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )
    owner = forms.CharField(
        label=_("E-mail address of the first owner"),
        max_length=254,
        widget=forms.EmailInput,
        help_text=_("They get a mail with a link to set a password, good for seven days."),
    )


class DeletionForm(OrganisationForm):
    """The name, typed: a wrong row does not go unnoticed."""

    def __init__(self, expected: str, data: Any = None) -> None:
        super().__init__(data)
        self.expected = expected
        self.fields["name"].label = _("Enter the name of the organisation")
        self.fields["name"].widget.attrs["autocomplete"] = "off"

    def clean_name(self) -> str:
        if self.cleaned_data["name"].strip() != self.expected:
            raise forms.ValidationError(
                _("This is not its name: “%(name)s”."), params={"name": self.expected}
            )
        return self.expected
