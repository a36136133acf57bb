from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import Q
from django.http import QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from apps.applications.models import Application
from apps.console.event_columns import COLUMNS, chosen
from apps.directory.models import Group, User
from apps.directory.validators import fold
from apps.events.catalogue import Area
from apps.events.kinds import GROUPS, KINDS
from apps.events.search import Search, types_asked, words_or_reference

PERIODS = {
    "1h": timedelta(hours=1),
    "24h": timedelta(days=1),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
ANY = ("", _("any"))


class MomentField(forms.DateTimeField):
    """A moment of the reader's clock; addresses have it with its zone, so that a link means the same to everybody."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local", "step": "1"})

    def bound_data(self, data: Any, initial: Any) -> Any:
        moment = moment_of(str(data or ""))
        return timezone.localtime(moment).strftime("%Y-%m-%dT%H:%M:%S") if moment else data

    def to_python(self, value: Any) -> datetime | None:
        moment = moment_of(str(value or ""))
        if value and moment is None:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return moment


class ColumnsField(forms.MultipleChoiceField):
    """Who chose none has the usual ones, and sees them ticked."""

    widget = forms.CheckboxSelectMultiple

    def bound_data(self, data: Any, initial: Any) -> Any:
        return chosen(data or ())


def moment_of(text: str) -> datetime | None:
    """What has no zone is meant by the reader's clock. None for what is no moment, or one of no log."""
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    if moment is None or not 1970 < moment.year < 9999:
        return None
    return (timezone.make_aware(moment) if timezone.is_naive(moment) else moment).astimezone(UTC)


class EventFilterForm(forms.Form):
    """The log's filters, all of them in the address. A value nobody offers filters nothing."""

    q = forms.CharField(label=_("Words or reference"), required=False, max_length=200)
    result = forms.ChoiceField(
        label=_("Result"),
        required=False,
        choices=[ANY, ("success", _("succeeded")), ("failure", _("failed"))],
    )
    application = forms.ChoiceField(label=_("Application"), required=False)
    time = forms.ChoiceField(
        label=_("Time"),
        required=False,
        choices=[
            ANY,
            ("1h", _("last hour")),
            ("24h", _("last 24 hours")),
            ("7d", _("last 7 days")),
            ("30d", _("last 30 days")),
        ],
    )
    since = MomentField(label=_("Since"), required=False)
    until = MomentField(label=_("Until"), required=False)
    person = forms.CharField(label=_("Person or group"), required=False, max_length=255)
    actor = forms.CharField(label=_("By"), required=False, max_length=255)
    address = forms.CharField(label=_("Address"), required=False, max_length=45)
    correlation = forms.UUIDField(label=_("Belongs to"), required=False, widget=forms.TextInput)
    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[ANY, *((key, word) for key, (word, _q) in KINDS.items())]
    )
    service = forms.ChoiceField(label=_("Service"), required=False, choices=[ANY, *Area.choices])
    type = forms.MultipleChoiceField(
        label=_("Types"),
        required=False,
        choices=[(title, [(str(one), one.label) for one in types]) for title, types in GROUPS],
        widget=forms.SelectMultiple(attrs={"size": "8"}),
    )
    column = ColumnsField(
        label=_("Columns"), required=False, choices=[(name, each.title) for name, each in COLUMNS.items()]
    )

    def __init__(
        self,
        data: QueryDict,
        *,
        application: Application | None = None,
        about: User | Group | None = None,
    ) -> None:
        """`application`, or a person or group: only what is about them, and no field that asks for it."""
        super().__init__(data)
        self.given: QueryDict = data
        self.only, self.about = application, about
        if application is None:
            rows = Application.objects.values_list("pk", "display_label")
            field: Any = self.fields["application"]
            field.choices = [ANY, *((str(pk), label) for pk, label in rows)]
        else:
            del self.fields["application"]
        if about is not None:
            del self.fields["person"]

    def first_fields(self) -> list[Any]:
        """What most people ask; the template has the others folded away."""
        names = ("q", "result", "application", "time")
        return [self[name] for name in names if name in self.fields]

    def other_fields(self) -> list[Any]:
        names = ("service", "person", "actor", "address", "kind", "correlation")
        return [self[name] for name in names if name in self.fields]

    def value(self, name: str) -> Any:
        """ "" for what is not asked, or not offered."""
        value = self.cleaned_data.get(name) if name in self.fields and name not in self.errors else None
        return value.strip() if isinstance(value, str) else value or ""

    @property
    def filtering(self) -> bool:
        return any(self.value(name) for name in self.fields if name != "column")

    def types(self) -> list[str]:
        """Of several, those that are offered: one that nobody knows does not take the others with it."""
        known = {str(one) for _title, types in GROUPS for one in types}
        return [one for one in dict.fromkeys(self.given.getlist("type")) if one in known]

    def columns(self) -> Sequence[str]:
        return chosen(self.given.getlist("column"))

    def search(self) -> Search:
        self.full_clean()
        also: list[Q] = []
        people, groups = self._people_and_groups(also)
        actors = self._actors(also)
        applications = (
            [str(self.only.pk)] if self.only else [one for one in [self.value("application")] if one]
        )
        if kind := self.value("kind"):
            also.append(KINDS[kind][1])
        return Search(
            types=types_asked(self.types(), [one for one in [self.value("service")] if one]),
            success=self.value("result") == "success" if self.value("result") else None,
            applications=applications,
            people=people,
            groups=groups,
            actors=actors,
            address=self.value("address"),
            correlation=self.value("correlation") or None,
            since=self._since(),
            until=self.value("until") or None,
            also=tuple(also),
            **words_or_reference(self.value("q")),
        )

    def _since(self) -> datetime | None:
        period = self.value("time")
        begins = [timezone.now() - PERIODS[period]] if period else []
        if since := self.value("since"):
            begins.append(since)
        return max(begins, default=None)

    def _people_and_groups(self, also: list[Q]) -> tuple[list[str], list[str]]:
        """Whoever has that id, user name or address, and the group of that id or name; other words are looked for in the names."""
        if self.about is not None:
            key = [str(self.about.pk)]
            return ([], key) if isinstance(self.about, Group) else (key, [])
        name = self.value("person")
        people, groups = ids_of(name), ids_of_groups(name)
        if name and not people and not groups:
            also.append(Q(target_name__icontains=name) | Q(actor_name__icontains=name))
        return people, groups

    def _actors(self, also: list[Q]) -> list[str]:
        name = self.value("actor")
        actors = ids_of(name)
        if name and not actors:
            also.append(Q(actor_name__icontains=name))
        return actors


def ids_of(name: str) -> list[str]:
    """The ids that a name in a search stands for; [] for a name that nobody signs in with."""
    if not name:
        return []
    try:
        return [str(UUID(name))]
    except ValueError:
        found: Iterable[UUID] = User.objects.named(name).values_list("pk", flat=True)
        return [str(pk) for pk in found]


def ids_of_groups(name: str) -> list[str]:
    """As ids_of. The id of a person is no group's; one that nobody has any more may have been."""
    if not name:
        return []
    try:
        key = UUID(name)
    except ValueError:
        found: Iterable[UUID] = Group.objects.filter(name_key=fold(name)).values_list("pk", flat=True)
        return [str(pk) for pk in found]
    return [] if User.objects.filter(pk=key).exists() else [str(key)]
