"""What the application knows people by, and what a change of that breaks."""

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console.forms.base import ActionForm
from apps.console.forms.sso_attributes import SOURCES
from apps.saml.models import NameIdFormat, SsoSettings
from apps.saml.name_id_choice import is_in_use
from apps.saml.name_ids import RANDOM

NAME_ID_SOURCES = [*SOURCES, (RANDOM, _("Random identifier, one per person and application"))]
NAME_ID = ("name_id_format", "name_id_source")


class NameIdFields(ActionForm):
    """The two fields of the NameID, and the tick that a change needs once people use the application."""

    name_id_format = forms.ChoiceField(
        label=_("NameID format"),
        choices=NameIdFormat.choices,
        help_text=_("What kind of name the application is told that it is."),
    )
    name_id_source = forms.ChoiceField(
        label=_("NameID value"),
        choices=NAME_ID_SOURCES,
        help_text=_("What the application knows a person by. With the format Transient it is new each time."),
    )
    name_id_confirmed = forms.BooleanField(
        label=_("Change it all the same"),
        required=False,
        help_text=_("The accounts there are brought over, or new ones may be made."),
    )

    @property
    def leaves_the_value_to_the_format(self) -> bool:
        """Only the format was changed: the connector knows which value goes with it."""
        return "name_id_format" in self.changed_data and "name_id_source" not in self.changed_data

    @property
    def asks_for_the_tick(self) -> bool:
        return any(name in self.changed_data for name in NAME_ID) and self.is_bound and bool(self.errors)

    def refuse_unconfirmed_change(self, settings: SsoSettings) -> None:
        """People who have signed in have accounts there that hang on the present NameID."""
        changed = next((name for name in NAME_ID if name in self.changed_data), None)
        if changed is None or self.cleaned_data["name_id_confirmed"] or not is_in_use(settings):
            return
        self.add_error(
            changed,
            _(
                "People sign in to this application already. With another NameID it no longer recognises their accounts: "
                "they get new, empty ones, or none. Tick below if that is meant."
            ),
        )

    def saved_sentence(self, saved: SsoSettings) -> str:
        if saved.name_id_source == self.cleaned_data["name_id_source"]:
            return gettext("Single sign-on was saved.")
        words = {"value": dict(NAME_ID_SOURCES)[saved.name_id_source]}
        return gettext("Single sign-on was saved. With that format the NameID value is: %(value)s.") % words
