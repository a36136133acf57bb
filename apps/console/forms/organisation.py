from django import forms
from django.utils.translation import gettext_lazy as _

from apps.console.forms.base import ActionForm


class OrganisationNameForm(ActionForm):
    name = forms.CharField(
        label=_("Name"), max_length=120, help_text=_("Shown to everybody who signs in, and in mails.")
    )
