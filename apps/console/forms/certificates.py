from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.console.forms.base import ActionForm
from apps.saml.actions.new_key_pairs import KEY_SIZES, YEARS, Wanted
from apps.saml.key_pair_files import LONGEST

PEM_FILES = ".pem,.crt,.cer,.key,.txt,application/x-pem-file"


def _years() -> list[tuple[int, Any]]:
    """Asked for with each form: a number in a text is written in the language of that moment."""
    return [
        (years, _("1 year") if years == 1 else _("%(count)s years") % {"count": years}) for years in YEARS
    ]


class NewCertificateForm(ActionForm):
    """A pair that is generated here. Whoever sends nothing gets what suits nearly everybody."""

    common_name = forms.CharField(
        label=_("Common name"),
        max_length=64,
        required=False,
        help_text=_("What people at the other side read in it. Empty: Gatehouse and the application's name."),
    )
    years = forms.TypedChoiceField(
        label=_("Valid for"),
        coerce=int,
        required=False,
        choices=_years,
        initial=5,
    )
    key_size = forms.TypedChoiceField(
        label=_("Key"),
        coerce=int,
        required=False,
        choices=[(size, f"RSA {size}") for size in KEY_SIZES],
        initial=2048,
        help_text=_("2048 works everywhere. Larger keys make every sign-in slower."),
    )

    def wanted(self) -> Wanted:
        """What was chosen; what was not is as usual."""
        return Wanted(**{name: value for name, value in self.cleaned_data.items() if value})


class UploadForm(ActionForm):
    """A pair made elsewhere. Files are never shown again by a browser, so a refused form gives nothing away."""

    certificate = forms.FileField(
        label=_("Certificate"),
        widget=forms.FileInput(attrs={"accept": PEM_FILES}),
        help_text=_("PEM: begins with -----BEGIN CERTIFICATE-----."),
    )
    private_key = forms.FileField(
        label=_("Private key"),
        widget=forms.FileInput(attrs={"accept": PEM_FILES}),
        help_text=_(
            "PEM, RSA of 2048 bits or more. Kept encrypted; nobody can get it out again, not even you."
        ),
    )
    passphrase = forms.CharField(
        label=_("Passphrase of the private key"),
        max_length=1024,
        strip=False,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("Only if the file is encrypted. It is not kept."),
    )
    at_once = forms.BooleanField(
        label=_("Sign with it at once"),
        required=False,
        help_text=_("Nobody has signed in to this application yet, so nothing can break."),
    )

    @classmethod
    def of(cls, data: Any = None, files: Any = None, *, used: bool) -> "UploadForm":
        form = cls(data, files, prefix="upload")
        if used:  # the way for everybody else is: next, then promote
            del form.fields["at_once"]
        return form

    def values(self) -> dict[str, Any]:
        """Keyword arguments of saml.actions.key_pairs.upload_certificate. Bytes that are no text are no PEM either."""
        values = dict(self.cleaned_data)
        for name in ("certificate", "private_key"):
            values[name] = values[name].read(LONGEST + 1).decode("utf-8", "replace")
        return values
