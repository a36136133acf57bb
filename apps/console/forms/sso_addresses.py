"""The application's addresses as rows: where responses go, the number that requests name each by, which one is the default."""

from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

BLANK_ROWS = 1
MOST_ROWS = 50  # as apps.saml.validation has it


class AddressRows(forms.Widget):
    """`name-0-url`, `name-0-index` … and `name-default` with the number of a row. A row without an address is not there."""

    use_fieldset = True

    def id_for_label(self, id_: str) -> str:
        return f"{id_}_0" if id_ else ""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[dict[str, Any]]:
        rows = []
        for number in range(MOST_ROWS + 1):  # one too many is for the action to refuse
            url = data.get(f"{name}-{number}-url", "").strip()
            if url:
                index = data.get(f"{name}-{number}-index", "").strip()
                default = data.get(f"{name}-default", "") == str(number)
                rows.append({"url": url, "index": index, "is_default": default})
        return rows

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        context = {
            "name": name,
            "rows": [*(value or []), *[{"url": "", "index": "", "is_default": not value}] * BLANK_ROWS],
            "id": (attrs or {}).get("id", f"id_{name}"),
            "described": flatatt(
                {key: text for key, text in (attrs or {}).items() if key.startswith("aria-")}
            ),
        }
        return render_to_string("console/sso_addresses.html", context)


class AddressesField(forms.Field):
    widget = AddressRows

    def to_python(self, value: Any) -> list[dict[str, Any]]:
        """As update_sso takes it. An empty number is the next free one, which stays with the address (SAML core 3.4.1)."""
        rows = [row | {"index": _number(row["index"])} for row in value or []]
        taken = {row["index"] for row in rows}
        free = (number for number in range(65536) if number not in taken)
        for row in rows:
            row["index"] = next(free) if row["index"] == "" else row["index"]
        return rows

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.to_python(initial) != self.to_python(data))


def _number(text: Any) -> Any:
    """What is no number is left for the action, which says so."""
    plain = str(text)
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 7 else text
