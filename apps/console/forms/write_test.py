from django import forms
from django.utils.translation import gettext_lazy as _

from apps.console.forms.base import ActionForm


class WriteTestForm(ActionForm):
    email = forms.CharField(
        label=_("E-mail address of the test account"),
        max_length=254,
        widget=forms.EmailInput,
        help_text=_("Nobody's. Some applications send an invitation to it, or take their own domains only."),
    )
