"""The table of attributes that SCIM tells: what the connector brings can be changed or switched off; some take more rows."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.console.forms.base import ActionForm
from apps.console.forms.sso_attributes import SOURCES
from apps.provisioning.mapping import LONGEST_CONSTANT, MOST_ROWS, MappingRow
from apps.provisioning.scim_paths import LONGEST

BLANK_ROWS = 2
PATH_LIST = "scim-paths"  # id of the datalist in templates/console/application_mapping.html


class MappingForm(ActionForm):
    """What is about the table as a whole; its rows are a formset beside it."""


class MappingRowForm(forms.Form):
    """One row. A row without a path is not there."""

    scim = forms.CharField(
        label=_("SCIM attribute"),
        max_length=LONGEST,
        required=False,
        widget=forms.TextInput(attrs={"list": PATH_LIST, "spellcheck": "false"}),
    )
    source = forms.ChoiceField(
        label=_("Directory attribute"), required=False, choices=[("", _("constant →")), *SOURCES]
    )
    constant = forms.CharField(label=_("Constant value"), max_length=LONGEST_CONSTANT, required=False)
    enabled = forms.BooleanField(label=_("Send"), required=False)


def mapping_rows_form(table: list[MappingRow], data: Any = None, *, more: bool) -> Any:
    """The formset without the rows that cannot be mapped; blank rows at its end where the application takes more."""
    kind = forms.formset_factory(MappingRowForm, extra=BLANK_ROWS if more else 0, max_num=MOST_ROWS)
    fields = ("scim", "source", "constant", "enabled", "application_value", "required")
    initial = [{name: getattr(row, name) for name in fields} for row in table if not row.fixed]
    return kind(data, prefix="attributes", initial=initial)


def mapping_values(formset: Any, table: list[MappingRow]) -> list[MappingRow]:
    """The whole table. A field wins over a constant that was left beside it."""
    rows = [row for row in table if row.fixed]
    for form in formset.forms:
        values = form.cleaned_data
        if not values.get("scim"):
            continue
        if values.get("source"):
            values = values | {"constant": ""}
        is_new = not form.initial.get("scim")
        rows.append(MappingRow(**values | {"enabled": is_new or values["enabled"]}))
    return rows
