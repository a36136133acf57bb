from django.utils.translation import gettext_lazy as _

from apps.accounts.forms import NewPasswordForm, PasswordField


class PasswordChangeForm(NewPasswordForm):
    current = PasswordField(label=_("Current password"), autocomplete="current-password")

    field_order = ("current", "password", "repeated")
