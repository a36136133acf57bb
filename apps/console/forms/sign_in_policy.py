from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.console.forms.base import ActionForm
from apps.directory.models import SecondFactor, SignInPolicy


class SignInPolicyForm(ActionForm):
    """Only owners say who needs a second factor: an administrator could drop what keeps them out."""

    minimum_length = forms.IntegerField(
        label=_("Shortest password"), min_value=8, max_value=128, help_text=_("Characters, 8 at least.")
    )
    refuse_common = forms.BooleanField(
        label=_("Refuse common passwords"),
        required=False,
        help_text=_("The twenty thousand that are guessed first."),
    )
    history = forms.IntegerField(
        label=_("Passwords that may not come again"),
        min_value=0,
        max_value=12,
        help_text=_("The present one and those before it; 0 allows every one, 12 at most."),
    )
    maximum_age_days = forms.IntegerField(
        label=_("Days a password is good for"),
        min_value=0,
        max_value=3650,
        help_text=_(
            "0 is for ever. Whoever’s has expired is asked for a new one when they sign in. Until then no application takes them, and their "
            "accounts are deactivated there. From the day you set this, nobody’s expires within a week."
        ),
    )
    second_factor = forms.ChoiceField(
        label=_("Second factor required of"),
        choices=SecondFactor.choices,
        help_text=_(
            "A passkey, or a code from an authenticator app. Whoever has none sets one up within the days below."
        ),
    )
    second_factor_days = forms.IntegerField(
        label=_("Days to set one up"),
        min_value=0,
        max_value=90,
        help_text=_(
            "From the first page on which somebody hears that they must have one, also in a session that is open now. 0 asks for it at once, 90 at most."
        ),
    )

    @classmethod
    def of(cls, policy: SignInPolicy, data: Any = None, *, owner: bool) -> "SignInPolicyForm":
        form = cls(data, initial={name: getattr(policy, name) for name in cls.base_fields})
        for name in ("second_factor", "second_factor_days"):
            form.fields[name].disabled = not owner
        return form
