from typing import Any

from django import forms
from django.contrib.auth.password_validation import password_validators_help_texts
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.accounts.forms import PasswordField


class PasswordChangeForm(forms.Form):
    current = PasswordField(label=_("Current password"), autocomplete="current-password")
    password = PasswordField(label=_("New password"), autocomplete="new-password")
    repeated = PasswordField(label=_("New password again"), autocomplete="new-password")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = " ".join(password_validators_help_texts())

    def clean_repeated(self) -> str:
        repeated: str = self.cleaned_data["repeated"]
        if repeated != self.cleaned_data.get("password", repeated):
            raise ValidationError(_("This differs from the new password above."))
        return repeated
