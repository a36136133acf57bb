from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from apps.events.archiving.actions import CHOICES


class RetentionForm(forms.Form):
    months = forms.TypedChoiceField(
        label=_("Keep events"),
        required=False,
        coerce=int,
        empty_value=None,
        help_text=_(
            "Older ones are written into files, by whole segments, and leave the log once a file is complete."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kept = [(each, ngettext_lazy("%(n)s month", "%(n)s months", each) % {"n": each}) for each in CHOICES]
        self.fields["months"].choices = [("", _("For ever")), *kept]  # type: ignore[attr-defined]
