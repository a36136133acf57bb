from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import PeopleAct
from apps.console.forms.base import ActionForm
from apps.directory.models import Group

ON_PEOPLE = [choice for choice in PeopleAct.choices if choice[0] != PeopleAct.IMPORT]
MOST_TICKED = 100  # what one page of the list holds


class PeopleActForm(ActionForm):
    """What the bar below the list sends: the act, the group if there is one in it, and whether all that match are meant. Ticks are read by the view."""

    act = forms.ChoiceField(label=_("Act"), choices=ON_PEOPLE)
    to_group: Any = forms.ModelChoiceField(label=_("User group"), queryset=None, required=False)
    everybody = forms.BooleanField(required=False)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        self.fields["to_group"].queryset = Group.objects.filter(external_groups=None)  # type: ignore[attr-defined]


class PeopleFileForm(ActionForm):
    file = forms.FileField(
        label=_("CSV file"),
        help_text=_(
            "The first line names the columns; “email” must be among them. Up to 20,000 people and 10 megabytes."
        ),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv,text/plain"}),
    )
    invites = forms.BooleanField(
        label=_("Send everybody an invitation"),
        required=False,
        help_text=_("A mail with a link to set a password, good for seven days."),
    )
