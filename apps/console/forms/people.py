from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.console.forms.base import ActionForm
from apps.directory.models import Group, User


class ProfileForm(ActionForm):
    """The profile; what a value may hold is said once, by the directory (directory.actions)."""

    username = forms.CharField(label=_("Username"), max_length=150)
    email = forms.CharField(label=_("Company email"), max_length=254, widget=forms.EmailInput)
    first_name = forms.CharField(label=_("First name"), max_length=120, required=False)
    last_name = forms.CharField(label=_("Last name"), max_length=120, required=False)
    display_name = forms.CharField(
        label=_("Display name"),
        max_length=240,
        required=False,
        help_text=_("Shown instead of first and last name, if given."),
    )
    job_title = forms.CharField(label=_("Job title"), max_length=120, required=False)
    work_phone = forms.CharField(label=_("Work phone"), max_length=60, required=False)
    mobile_phone = forms.CharField(label=_("Mobile phone"), max_length=60, required=False)
    timezone = forms.CharField(
        label=_("Time zone"), max_length=60, required=False, help_text=_("Such as Europe/London.")
    )
    employee_number = forms.CharField(label=_("Employee number"), max_length=120, required=False)
    department = forms.CharField(label=_("Department"), max_length=120, required=False)
    division = forms.CharField(label=_("Division"), max_length=120, required=False)
    organization = forms.CharField(label=_("Organization"), max_length=120, required=False)
    cost_center = forms.CharField(label=_("Cost center"), max_length=120, required=False)
    manager = forms.CharField(
        label=_("Manager"),
        max_length=255,
        required=False,
        help_text=_("The manager's id, here or at the identity provider that told it."),
    )

    @classmethod
    def of(cls, user: User, data: Any = None) -> "ProfileForm":
        return cls(data, initial={name: getattr(user, name) for name in cls.base_fields})


class NewUserForm(ProfileForm):
    password = forms.CharField(
        label=_("Password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Without one the person sets it by the link of an invitation."),
    )
    invite = forms.BooleanField(
        label=_("Send an invitation"),
        required=False,
        initial=True,
        help_text=_(
            "A mail with a link to set a password, good for seven days. Not sent if you set one above."
        ),
    )


class PasswordForm(ActionForm):
    password = forms.CharField(
        label=_("New password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Every session of this person ends."),
    )


class GroupForm(ActionForm):
    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        help_text=_("Applications that manage groups call the group the same."),
    )
    description = forms.CharField(label=_("Description"), max_length=256, required=False)

    def lock_name(self) -> None:
        """Whatever is sent, the name stays."""
        self.fields["name"].disabled = True
        self.fields["name"].help_text = ""

    @classmethod
    def of(cls, group: Group, data: Any = None) -> "GroupForm":
        return cls(data, initial={"name": group.name, "description": group.description})


class ConfirmForm(ActionForm):
    """Nothing to type: the press of the button is the answer."""


class GroupsOfUserForm(ActionForm):
    group: Any = forms.ModelChoiceField(label=_("Add to group"), queryset=None, empty_label=_("Choose…"))

    def __init__(self, user: User, data: Any = None) -> None:
        super().__init__(data)
        # Who is in a group that a source manages, the source says.
        free = Group.objects.filter(external_groups=None).exclude(members=user)
        self.fields["group"].queryset = free  # type: ignore[attr-defined]


class MembersForm(ActionForm):
    users: Any = forms.ModelMultipleChoiceField(
        label=_("People"),
        queryset=None,
        error_messages={
            "required": _("Tick at least one person."),
            "invalid_choice": _(
                "Somebody whom you ticked was deleted meanwhile. Please tick the others again."
            ),
        },
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        self.fields["users"].queryset = User.objects.all()  # type: ignore[attr-defined]
