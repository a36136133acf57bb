from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.applications.models import Application
from apps.console.forms.base import ActionForm
from apps.saml.models import NameIdFormat, SignatureAlgorithm, SsoSettings

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
TEXT = (
    "sp_entity_id",
    "login_url",
    "default_relay_state",
    "name_id_format",
    "name_id_source",
    "signature_algorithm",
)
SWITCHES = ("sign_response", "sign_assertion", "include_groups", "require_signed_requests")


class SsoForm(ActionForm):
    """What the application wants to be told, and what it says of itself."""

    sp_entity_id = forms.CharField(label=_("SP entity ID"), max_length=1024, required=False)
    acs_urls = forms.CharField(
        label=_("ACS URL"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 1}),
        help_text=_("Where signed responses go. One a line; the first is the default."),
    )
    login_url = forms.CharField(
        label=_("Login URL"),
        max_length=2048,
        required=False,
        help_text=_("Where people start at the application."),
    )
    name_id_format = forms.ChoiceField(label=_("NameID format"), choices=NameIdFormat.choices)
    name_id_source = forms.ChoiceField(label=_("NameID value"), choices=SOURCES)
    default_relay_state = forms.CharField(label=_("Default RelayState"), max_length=1024, required=False)
    signature_algorithm = forms.ChoiceField(
        label=_("Signature algorithm"), choices=SignatureAlgorithm.choices
    )
    sign_response = forms.BooleanField(label=_("Sign response"), required=False)
    sign_assertion = forms.BooleanField(label=_("Sign assertion"), required=False)
    include_groups = forms.BooleanField(label=_("Include group attribute"), required=False)
    groups_attribute_name = forms.CharField(label=_("Group attribute name"), max_length=255, required=False)
    require_signed_requests = forms.BooleanField(label=_("Require signed requests"), required=False)
    sp_certificates = forms.CharField(
        label=_("SP certificates"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "-----BEGIN CERTIFICATE-----"}),
        help_text=_("PEM, one below the other: what the application may sign its requests with."),
    )

    @classmethod
    def of(cls, settings: SsoSettings, data: Any = None) -> "SsoForm":
        initial = {name: getattr(settings, name) for name in (*TEXT, *SWITCHES, "groups_attribute_name")}
        rows = sorted(settings.acs_urls, key=lambda row: not row["is_default"])
        initial["acs_urls"] = "\n".join(row["url"] for row in rows)
        initial["sp_certificates"] = "\n".join(settings.sp_certificates)
        return cls(data, initial=initial)

    def values(self, settings: SsoSettings) -> dict[str, Any]:
        """Keyword arguments of saml.actions.settings.update_sso, but for the attributes."""
        values = {name: self.cleaned_data[name] for name in (*TEXT, *SWITCHES)}
        if self.cleaned_data["groups_attribute_name"]:
            values["groups_attribute_name"] = self.cleaned_data["groups_attribute_name"]
        values["acs_urls"] = self._acs_rows(settings)
        values["sp_certificates"] = _pem_blocks(self.cleaned_data["sp_certificates"])
        return values

    def _acs_rows(self, settings: SsoSettings) -> list[dict[str, Any]]:
        """An address that was there keeps its index: requests name it by that (SAML core 3.4.1)."""
        urls = [line.strip() for line in self.cleaned_data["acs_urls"].splitlines() if line.strip()]
        known = {row["url"]: row["index"] for row in settings.acs_urls}
        taken = {known[url] for url in urls if url in known}
        free = (index for index in range(65536) if index not in taken)
        return [
            {"url": url, "index": known[url] if url in known else next(free), "is_default": position == 0}
            for position, url in enumerate(urls)
        ]


def _pem_blocks(text: str) -> list[str]:
    end = "-----END CERTIFICATE-----"
    return [
        block.strip() + ("\n" + end if "BEGIN" in block else "") for block in text.split(end) if block.strip()
    ]


class AttributeForm(forms.Form):
    """One row of the attribute statement. A row without a name is not there."""

    name = forms.CharField(label=_("Attribute name"), max_length=255, required=False)
    source = forms.ChoiceField(
        label=_("Directory attribute"), required=False, choices=[("", _("constant →")), *SOURCES]
    )
    constant = forms.CharField(label=_("Constant value"), max_length=1024, required=False)
    enabled = forms.BooleanField(label=_("Send"), required=False)
    name_format = forms.CharField(widget=forms.HiddenInput, required=False)

    @property
    def required_by_application(self) -> bool:
        return bool(self.initial.get("required"))


AttributeRows = forms.formset_factory(AttributeForm, extra=BLANK_ROWS, max_num=60)


def attribute_rows(settings: SsoSettings, data: Any = None) -> Any:
    """The formset; blank rows at its end are for new attributes."""
    return AttributeRows(data, prefix="attributes", initial=settings.attributes)


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
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not values.get("metadata") and not values.get("url"):
            raise forms.ValidationError(_("Choose a file, or enter an address."))
        return values


class BookmarkForm(ActionForm):
    bookmark_url = forms.CharField(label=_("Bookmark URL"), max_length=2000, widget=forms.URLInput)

    @classmethod
    def of(cls, application: Application, data: Any = None) -> "BookmarkForm":
        return cls(data, initial={"bookmark_url": application.bookmark_url})
