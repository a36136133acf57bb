from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.applications.models import Application
from apps.console.forms.base import ActionForm
from apps.console.forms.sso_addresses import AddressesField
from apps.console.forms.sso_attributes import NameFormatField
from apps.console.forms.sso_encryption import EncryptionFields
from apps.console.forms.sso_name_id import NameIdFields
from apps.saml.models import GroupsSent, LogoutBinding, SignatureAlgorithm, SsoSettings

TEXT = (
    "sp_entity_id",
    "login_url",
    "slo_url",
    "slo_response_url",
    "default_relay_state",
    "name_id_format",
    "name_id_source",
    "signature_algorithm",
    "groups_sent",
)
# kept as they are when the field was left empty
DEFAULTED = (
    "groups_attribute_name",
    "groups_name_format",
    "encryption_algorithm",
    "oaep_digest",
    "slo_binding",
)
SWITCHES = (
    "sign_response",
    "sign_assertion",
    "include_groups",
    "require_signed_requests",
    "encrypt_assertion",
    "idp_initiated",
)


class SsoForm(NameIdFields, EncryptionFields):
    """What the application wants to be told, and what it says of itself."""

    sp_entity_id = forms.CharField(label=_("SP entity ID"), max_length=1024, required=False)
    acs_urls = AddressesField(
        label=_("ACS URL"),
        required=False,
        help_text=_(
            "Where signed responses go, and nowhere else. A request may name one by its address or index; the default is for "
            "all others. Empty an address to remove it; saving adds an empty row."
        ),
    )
    login_url = forms.CharField(
        label=_("Login URL"),
        max_length=2048,
        required=False,
        help_text=_("Where people start at the application."),
    )
    idp_initiated = forms.BooleanField(
        label=_("People may start it from here"),
        required=False,
        help_text=_(
            "Off: its tile leads to the login URL, and the application sends people here with a request. Safer where the "
            "application supports it; some can be linked to an account only from here."
        ),
    )
    slo_url = forms.CharField(
        label=_("SLO URL"),
        max_length=2048,
        required=False,
        help_text=_(
            "Where the application takes logout requests. Without it, and without the certificate that it signs with, "
            "people who sign out here are told that they may still be signed in there."
        ),
    )
    slo_binding = forms.ChoiceField(label=_("SLO binding"), choices=LogoutBinding.choices, required=False)
    slo_response_url = forms.CharField(
        label=_("SLO response URL"),
        max_length=2048,
        required=False,
        help_text=_("Only where answers go to another address than requests."),
    )
    default_relay_state = forms.CharField(label=_("Default RelayState"), max_length=1024, required=False)
    signature_algorithm = forms.ChoiceField(
        label=_("Signature algorithm"),
        choices=SignatureAlgorithm.choices,
        help_text=_("RSA-SHA256 is understood everywhere. Applications on Node.js know no RSA-SHA384."),
    )
    sign_response = forms.BooleanField(label=_("Sign response"), required=False)
    sign_assertion = forms.BooleanField(label=_("Sign assertion"), required=False)
    include_groups = forms.BooleanField(label=_("Include group attribute"), required=False)
    groups_attribute_name = forms.CharField(label=_("Group attribute name"), max_length=255, required=False)
    groups_name_format = NameFormatField(label=_("Name format"))
    groups_sent = forms.ChoiceField(
        label=_("Groups sent"),
        choices=GroupsSent.choices,
        help_text=_("All groups includes those that have nothing to do with this application."),
    )
    require_signed_requests = forms.BooleanField(label=_("Require signed requests"), required=False)
    sp_certificates = forms.CharField(
        label=_("SP certificates"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "-----BEGIN CERTIFICATE-----"}),
        help_text=_("PEM, one below the other: what the application may sign its requests with."),
    )

    @classmethod
    def of(cls, settings: SsoSettings, data: Any = None) -> "SsoForm":
        initial = {name: getattr(settings, name) for name in (*TEXT, *SWITCHES, *DEFAULTED)}
        initial["acs_urls"] = settings.acs_urls
        initial["sp_certificates"] = "\n".join(settings.sp_certificates)
        initial["sp_encryption_certificate"] = settings.sp_encryption_certificate
        return cls(data, initial=initial)

    def values(self) -> dict[str, Any]:
        """Keyword arguments of saml.actions.settings.update_sso, but for the attributes."""
        values = {name: self.cleaned_data[name] for name in (*TEXT, *SWITCHES)}
        values |= {name: self.cleaned_data[name] for name in DEFAULTED if self.cleaned_data[name]}
        values["acs_urls"] = self.cleaned_data["acs_urls"]
        if self.leaves_the_value_to_the_format:
            values.pop("name_id_source")
        values["sp_encryption_certificate"] = self.cleaned_data["sp_encryption_certificate"]
        values["sp_certificates"] = _pem_blocks(self.cleaned_data["sp_certificates"])
        return values


def _pem_blocks(text: str) -> list[str]:
    end = "-----END CERTIFICATE-----"
    return [
        block.strip() + ("\n" + end if "BEGIN" in block else "") for block in text.split(end) if block.strip()
    ]


class BookmarkForm(ActionForm):
    bookmark_url = forms.CharField(label=_("Bookmark URL"), max_length=2000, widget=forms.URLInput)

    @classmethod
    def of(cls, application: Application, data: Any = None) -> "BookmarkForm":
        return cls(data, initial={"bookmark_url": application.bookmark_url})
