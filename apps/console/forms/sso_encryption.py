from django import forms
from django.utils.translation import gettext_lazy as _

from apps.console.forms.base import ActionForm
from apps.saml.models import EncryptionAlgorithm, OaepDigest


class EncryptionFields(ActionForm):
    """Whether the assertion is encrypted, and for whom."""

    encrypt_assertion = forms.BooleanField(label=_("Encrypt the assertion"), required=False)
    sp_encryption_certificate = forms.CharField(
        label=_("Certificate for encryption"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "-----BEGIN CERTIFICATE-----"}),
        help_text=_("PEM, from the application: only it can read what is encrypted for this certificate."),
    )
    encryption_algorithm = forms.ChoiceField(
        label=_("Encryption algorithm"), choices=EncryptionAlgorithm.choices, required=False
    )
    oaep_digest = forms.ChoiceField(
        label=_("Digest of RSA-OAEP"),
        choices=OaepDigest.choices,
        required=False,
        help_text=_("SHA-1 unless the application asks for another: every application reads it."),
    )
