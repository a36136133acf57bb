import hashlib
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.applications.catalog import Connector
from apps.applications.models import Application, Colour
from apps.console.forms.base import ActionForm
from apps.directory.models import Group

PARAMETER = "parameter_"


class GeneralForm(ActionForm):
    """What an application shows of itself, and the customer's values in the connector's addresses."""

    display_label = forms.CharField(label=_("Display label"), max_length=120)
    description = forms.CharField(
        label=_("Description"), max_length=256, required=False, help_text=_("Shown to users in the launcher.")
    )
    bookmark_url = forms.CharField(
        label=_("Bookmark URL"), max_length=2000, widget=forms.URLInput(attrs={"placeholder": "https://"})
    )
    logo = forms.FileField(
        label=_("User portal image"),
        required=False,
        widget=forms.ClearableFileInput(attrs={"accept": "image/png,image/jpeg,image/webp,image/gif"}),
        help_text=_(
            "PNG, JPEG, WebP or GIF, 1 MiB at most. Without one: the brand's mark, or a letter on the colour."
        ),
    )
    colour = forms.ChoiceField(
        label=_("Colour"), required=False, choices=[("", _("Automatic")), *Colour.choices]
    )
    show_in_launcher = forms.BooleanField(label=_("Show in user portal"), required=False, initial=True)

    def __init__(
        self,
        connector: Connector,
        data: Any = None,
        files: Any = None,
        *,
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, files, initial=initial)
        if not connector.is_bookmark:
            del self.fields["bookmark_url"]
        for parameter in connector.parameters:
            self.fields[PARAMETER + parameter.name] = forms.CharField(
                label=str(parameter.label),
                max_length=255,
                help_text=str(parameter.help),
                widget=forms.TextInput(attrs={"placeholder": parameter.placeholder}),
            )
        self.connector = connector

    @classmethod
    def of(cls, application: Application, data: Any = None, files: Any = None) -> "GeneralForm":
        initial = {
            "display_label": application.display_label,
            "description": application.description,
            "colour": application.colour,
            "show_in_launcher": application.show_in_launcher,
        }
        initial |= {PARAMETER + name: value for name, value in application.parameters.items()}
        form = cls(application.connector, data, files, initial=initial)
        form.fields.pop("bookmark_url", None)  # stands on the Bookmark tab
        return form

    @property
    def parameter_fields(self) -> list[Any]:
        return [self[PARAMETER + parameter.name] for parameter in self.connector.parameters]

    def values(self) -> dict[str, Any]:
        """Keyword arguments of applications.actions; the picture only if there is a new one."""
        plain = {
            name: value
            for name, value in self.cleaned_data.items()
            if name != "logo" and not name.startswith(PARAMETER)
        }
        plain["parameters"] = {
            parameter.name: self.cleaned_data[PARAMETER + parameter.name]
            for parameter in self.connector.parameters
        }
        if self.cleaned_data.get("logo"):
            plain["logo"] = self.cleaned_data["logo"].read()
        return plain

    def place_of(self, field: str) -> str | None:
        """An action speaks of a parameter by the parameter's own name."""
        return super().place_of(field) or super().place_of(PARAMETER + field)


class NewApplicationForm(GeneralForm):
    slug = forms.CharField(
        label=_("SSO IdP URL"),
        max_length=63,
        required=False,
        help_text=_(
            "Not editable after the application is created: you would have to delete and recreate it. "
            "Left empty, it is made from the display label."
        ),
    )


class ApplicationsOfGroupForm(ActionForm):
    application: Any = forms.ModelChoiceField(
        label=_("Give access to"), queryset=None, empty_label=_("Choose…")
    )

    def __init__(self, group: Group, data: Any = None) -> None:
        super().__init__(data)
        self.fields["application"].queryset = Application.objects.exclude(groups=group).defer("logo")  # type: ignore[attr-defined]


class GroupsOfApplicationForm(ActionForm):
    """Exactly the ticked groups; none is an answer, too.

    `seen` is the `seen_of` what was bound when the page was made: what somebody else bound since must not go unnoticed. Without
    it nothing is compared.
    """

    groups: Any = forms.ModelMultipleChoiceField(
        label=_("User groups"),
        queryset=None,
        required=False,
        error_messages={
            "invalid_choice": _(
                "A group that you ticked was deleted meanwhile. Please look once more, then save."
            )
        },
    )
    seen = forms.CharField(required=False, max_length=64)

    def __init__(self, data: Any = None, *, bound: Iterable[UUID] = ()) -> None:
        super().__init__(data)
        self.bound = seen_of(bound)
        self.fields["groups"].queryset = Group.objects.all()  # type: ignore[attr-defined]

    def clean_seen(self) -> str:
        seen: str = self.cleaned_data["seen"]
        if seen and seen != self.bound:
            self.add_error(
                None,
                _("Somebody else changed what is bound meanwhile. Please look once more, then save."),
            )
        return seen

    @property
    def ticked(self) -> list[Group]:
        """Those that are there, whatever else was sent."""
        sent: Any = self.data
        wanted = set(sent.getlist("groups"))
        return [group for group in Group.objects.all() if str(group.pk) in wanted]


def seen_of(groups: Iterable[UUID]) -> str:
    """Stands for exactly these groups."""
    return hashlib.sha256(" ".join(sorted(map(str, groups))).encode()).hexdigest()


class DeletionForm(ActionForm):
    """The number of applications, typed: a tick too many does not go unnoticed."""

    number = forms.CharField(
        label=_("Enter the number of applications you are deleting"),
        max_length=6,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    def __init__(self, expected: int, data: Any = None) -> None:
        super().__init__(data)
        self.expected = expected

    def clean_number(self) -> str:
        number = str(self.cleaned_data["number"]).strip()
        if number != str(self.expected):
            raise forms.ValidationError(_("You are deleting %(count)s."), params={"count": self.expected})
        return number
