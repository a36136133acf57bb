"""The table of attributes on the SSO tab: names and name formats go out exactly as they are typed here."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.console.forms.base import ActionForm
from apps.saml.models import SsoSettings
from apps.saml.validation import NAME_FORMATS

SOURCES = [
    ("email", _("Company email")),
    ("username", _("Username")),
    ("first_name", _("First name")),
    ("last_name", _("Last name")),
    ("full_name", _("First and last name")),
    ("display_name", _("Display name")),
    ("job_title", _("Job title")),
    ("work_phone", _("Work phone")),
    ("timezone", _("Time zone")),
]
BLANK_ROWS = 2
NAME_FORMAT_LIST = "name-formats"  # id of the datalist in templates/console/sso_attributes.html
SHORT = {urn: urn.rpartition(":")[2] for urn in NAME_FORMATS}


class NameFormatField(forms.CharField):
    """One of SAML's three by its last word, or any URI that the application names."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"list": NAME_FORMAT_LIST, "placeholder": "basic"})
        super().__init__(max_length=255, required=False, widget=widget, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return SHORT.get(value, value)


class AttributeForm(forms.Form):
    """One row of the attribute statement. A row without a name is not there."""

    name = forms.CharField(label=_("Attribute name"), max_length=255, required=False)
    source = forms.ChoiceField(
        label=_("Directory attribute"), required=False, choices=[("", _("constant →")), *SOURCES]
    )
    constant = forms.CharField(label=_("Constant value"), max_length=1024, required=False)
    enabled = forms.BooleanField(label=_("Send"), required=False)
    name_format = NameFormatField(label=_("Name format"))

    @property
    def required_by_application(self) -> bool:
        return bool(self.initial.get("required"))


AttributeRows = forms.formset_factory(AttributeForm, extra=BLANK_ROWS, max_num=60)


def attribute_rows(settings: SsoSettings, data: Any = None) -> Any:
    """The formset; blank rows at its end are for new attributes."""
    return AttributeRows(data, prefix="attributes", initial=settings.attributes)


def tell_of_rows(form: ActionForm, rows: Any) -> None:
    """A refused row refuses the tab, in words above it; so does a refusal of the rows together."""
    for error in rows.non_form_errors():
        form.add_error(None, error)
    for row in rows.forms:
        for name, errors in row.errors.items():
            for error in errors:
                form.add_error(None, f"{row.fields[name].label}: {error}")


def attribute_values(rows: Any) -> list[dict[str, Any]]:
    """What update_sso takes as `attributes`. A field wins over a constant that was left beside it."""
    values = []
    for form in rows.forms:
        row = {name: value for name, value in form.cleaned_data.items() if value != ""}
        if not row.get("name"):
            continue
        if row.get("source"):
            row.pop("constant", None)
        values.append(row | {"enabled": bool(row.get("enabled"))})
    return values
