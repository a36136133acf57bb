from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.access import may_grant
from apps.accounts.models import Role
from apps.console.forms.base import ActionForm

MEANING = {
    Role.OWNER: _("Owner: everything, other owners and who needs a second factor among it"),
    Role.ADMINISTRATOR: _("Administrator: everything but what concerns owners"),
    Role.HELP_DESK: _("Help desk: people without a role, and their passwords"),
    Role.READ_ONLY: _("Read only: sees everything, changes nothing"),
}


def grantable(granter: str | None) -> list[tuple[str, Any]]:
    return [(role.value, MEANING[role]) for role in Role if may_grant(granter, role)]


class RoleForm(ActionForm):
    """`granter` is the role of whoever fills it in: nobody gives more than they have."""

    role = forms.ChoiceField(label=_("Role"), widget=forms.RadioSelect)

    def __init__(self, granter: str | None, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        self.fields["role"].choices = grantable(granter)  # type: ignore[attr-defined]


class NewAdministratorForm(RoleForm):
    person = forms.CharField(
        label=_("Person"),
        max_length=254,
        help_text=_(
            "Their username or e-mail address. Somebody who is not here yet is added under the address, and gets a mail with a link "
            "to set a password."
        ),
    )
    field_order = ("person", "role")

    def place_of(self, field: str) -> str | None:
        return "person" if field in {"username", "email", "user"} else super().place_of(field)
