from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.applications.models import Application
from apps.console.consequences import policies
from apps.console.forms.base import ActionForm
from apps.provisioning.models import Deprovisioning, Integration


class ConnectionForm(ActionForm):
    """Base URL and Token Key, as the seeds call them. The token goes in and never comes out."""

    base_url = forms.CharField(
        label=_("Base URL"), max_length=2000, widget=forms.URLInput(attrs={"placeholder": "https://"})
    )
    token = forms.CharField(
        label=_("Token Key"),
        max_length=4000,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    manage_groups = forms.BooleanField(
        label=_("Enable management of User Groups and Group Membership in this application"),
        required=False,
        help_text=_(
            "Groups of the same name are taken over. Empty groups are not created. Unticking leaves groups there as they are."
        ),
    )
    sync_passwords = forms.BooleanField(
        label=_("Send passwords that are set here"),
        required=False,
        help_text=_(
            "Only at the moment somebody's password is set: sealed for ten minutes at most, and destroyed once it was sent. "
            "Passwords of before are not known here and not sent."
        ),
    )
    deprovisioning = forms.ChoiceField(
        label=_("When somebody loses access"),
        choices=Deprovisioning.choices,
        widget=forms.RadioSelect,
        initial=Deprovisioning.SUSPEND,
    )
    delete_after_days = forms.IntegerField(label=_("Days until deletion"), min_value=0, required=False)

    def __init__(
        self,
        application: Application,
        integration: Integration | None,
        data: Any = None,
        *,
        manage_groups: bool = False,
    ) -> None:
        super().__init__(data, initial=_initial(application, integration, manage_groups=manage_groups))
        self.integration = integration
        scim = application.connector.scim
        if scim is None or not scim.supports_groups:
            del self.fields["manage_groups"]
        if scim is None or not scim.syncs_passwords:
            del self.fields["sync_passwords"]
        if scim is None or not scim.deletes_users:
            del self.fields["delete_after_days"]
        self.fields["deprovisioning"].choices = policies(application)  # type: ignore[attr-defined]
        if integration is not None and integration.token_sealed:
            hinted = _("One that ends in %(hint)s is saved. Leave this empty to keep it.")
            unhinted = _("One is saved. Leave this empty to keep it.")  # too short to show any of it
            hint = integration.token_hint
            self.fields["token"].help_text = hinted % {"hint": hint} if hint else unhinted

    @property
    def moves(self) -> bool:
        """Another address is another place: nothing that is known of the old one holds there."""
        before = self.integration.base_url if self.integration else ""
        return str(self.cleaned_data["base_url"]).strip().rstrip("/") != before.rstrip("/")

    def values(self) -> dict[str, Any]:
        """Keyword arguments of provisioning.actions.configure_integration."""
        return {name: value for name, value in self.cleaned_data.items() if value not in {None, ""}}


def _initial(
    application: Application, integration: Integration | None, *, manage_groups: bool
) -> dict[str, Any]:
    if integration is not None:
        names = ("base_url", "manage_groups", "deprovisioning", "delete_after_days", "sync_passwords")
        return {name: getattr(integration, name) for name in names}
    scim = application.connector.scim
    if scim is None:
        return {}
    return {
        "base_url": application.filled(scim.base_url),
        "manage_groups": manage_groups or scim.groups_by_default,
        "deprovisioning": Deprovisioning.SUSPEND,
        "delete_after_days": 30,
    }
