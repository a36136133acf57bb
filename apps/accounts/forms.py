from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.directory.policies import password_rules
from apps.lib.names import validate_text

LONGEST_PASSWORD = 1024  # characters; hashing takes the whole of it


class PasswordField(forms.CharField):
    """A password as it was typed or pasted: nothing stripped, never shown again."""

    def __init__(self, *, autocomplete: str, **kwargs: Any) -> None:
        widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
        super().__init__(strip=False, max_length=LONGEST_PASSWORD, widget=widget, **kwargs)


class SignInForm(forms.Form):
    username = forms.CharField(
        label=_("Username or company email"),
        max_length=254,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    password = PasswordField(label=_("Password"), autocomplete="current-password")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        typed = self.data.get("username") or self.initial.get("username")
        self.fields["password" if typed else "username"].widget.attrs["autofocus"] = True


class PasswordAgainForm(forms.Form):
    password = PasswordField(label=_("Password"), autocomplete="current-password")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].widget.attrs["autofocus"] = True


class ForgottenForm(forms.Form):
    username = forms.CharField(
        label=_("Username or company email"),
        max_length=254,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "username",
                "autocapitalize": "none",
                "spellcheck": "false",
                "autofocus": True,
            }
        ),
    )


class NewPasswordForm(forms.Form):
    """Typed twice, because nobody sees it."""

    password = PasswordField(label=_("New password"), autocomplete="new-password")
    repeated = PasswordField(label=_("New password again"), autocomplete="new-password")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = " ".join(password_rules())

    def clean_repeated(self) -> str:
        repeated: str = self.cleaned_data["repeated"]
        if repeated != self.cleaned_data.get("password", repeated):
            raise ValidationError(_("This differs from the new password above."))
        return repeated


class CodeForm(forms.Form):
    """Six digits of an app, or a recovery code; spaces and hyphens are how people read them."""

    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "autocapitalize": "none",
                "spellcheck": "false",
                "autofocus": True,
            }
        ),
    )

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        return "".join(sign for sign in code.lower() if sign not in " -")


class PasskeyForm(forms.Form):
    """What the browser's device answered, as JSON (static/js/passkeys.js)."""

    credential = forms.CharField(max_length=20_000, widget=forms.HiddenInput)


class NewPasskeyForm(PasskeyForm):
    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        validators=[validate_text],
        help_text=_("By which you will know it again, such as “Work laptop”."),
    )

    field_order = ("name", "credential")
