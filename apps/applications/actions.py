"""Every way an application or an assignment changes: change, event, outbox in one transaction."""

import re
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from apps.applications.catalog import CATALOG
from apps.applications.errors import ApplicationInvalid, ApplicationTaken, BoundChanged
from apps.applications.models import Application, Assignment, FormerAssignment
from apps.directory.models import Group
from apps.events.actions import changes_between, record
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.lib.pictures import rewritten
from apps.outbox.models import Topic
from apps.outbox.publish import publish

EDITABLE = ("display_label", "description", "colour", "show_in_launcher", "bookmark_url")


def free_slug(wanted: str) -> str:
    """The default of the SSO IdP URL: the label, with a number when another application has it."""
    base = slugify(wanted.replace("_", "-"))[:56].strip("-") or "application"
    taken = set(Application.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    return next(
        slug
        for slug in (base, *(f"{base}-{number}" for number in range(2, len(taken) + 3)))
        if slug not in taken
    )


@transaction.atomic
def add_application(
    *,
    actor: Actor,
    connector: str,
    display_label: str,
    slug: str = "",
    parameters: dict[str, str] | None = None,
    logo: bytes = b"",
    **fields: Any,
) -> Application:
    """`slug` is fixed here for good; `fields` are EDITABLE. Raises ApplicationInvalid, ApplicationTaken."""
    if connector not in CATALOG:
        raise ApplicationInvalid({"connector": [_("There is no such connector.")]})
    application = Application(
        connector_key=connector,
        display_label=display_label.strip(),
        parameters=_checked(connector, parameters or {}),
    )
    application.slug = slug.strip() or free_slug(display_label)
    _fill(application, fields)
    application.logo = _picture(logo)
    if Application.objects.filter(slug=application.slug).exists():
        raise ApplicationTaken({"slug": [_("Another application has this SSO IdP URL.")]})
    try:
        with transaction.atomic():
            application.save(force_insert=True)
    except IntegrityError as error:
        raise ApplicationTaken({"slug": [_("Another application has this SSO IdP URL.")]}) from error
    target = Target.of("application", application)
    record(
        EventType.APPLICATION_CREATE,
        actor=actor,
        target=target,
        application=target,
        details={"connector": connector},
    )
    publish(Topic.APPLICATION_CHANGED, application.id)
    return application


@transaction.atomic
def update_application(
    application: Application, *, actor: Actor, logo: bytes | None = None, **fields: Any
) -> Application:
    """`logo` b"" removes the picture, None leaves it."""
    application = Application.objects.select_for_update().get(pk=application.pk)
    before = _snapshot(application)
    parameters = fields.pop("parameters", None)
    if parameters is not None:
        application.parameters = _checked(application.connector_key, parameters)
    _fill(application, fields)
    if logo is not None:
        application.logo = _picture(logo)
    application.save()
    changes = changes_between(before, _snapshot(application))
    if changes or logo is not None:
        _record_update(application, actor=actor, changes=changes)
    return application


@transaction.atomic
def deactivate_application(application: Application, *, actor: Actor) -> Application:
    """ "Deactivate SSO" and "Deactivate Bookmark": nobody starts it any more; accounts in it stay as they are."""
    return _switch(application, actor=actor, active=False)


@transaction.atomic
def reactivate_application(application: Application, *, actor: Actor) -> Application:
    return _switch(application, actor=actor, active=True)


@transaction.atomic
def remove_application(application: Application, *, actor: Actor) -> None:
    """Touches nothing in the application itself: people keep the accounts they have there (seed: GitLab)."""
    target = Target.of("application", application)
    record(EventType.APPLICATION_DELETE, actor=actor, target=target, application=target)
    application.delete()


@transaction.atomic
def assign_group(application: Application, group: Group, *, actor: Actor) -> Assignment:
    """Raises Application.DoesNotExist and Group.DoesNotExist where somebody deleted one of them since the caller looked."""
    # Both stay until the transaction ends; others may bind them meanwhile.
    Application.objects.select_for_update(no_key=True).only("pk").get(pk=application.pk)
    Group.objects.select_for_update(no_key=True).only("pk").get(pk=group.pk)
    return _bind(application, group, actor=actor)


def _bind(application: Application, group: Group, *, actor: Actor) -> Assignment:
    assignment, created = Assignment.objects.get_or_create(application=application, group=group)
    if created:
        FormerAssignment.objects.filter(application=application, group=group).delete()
        _record_assignment(application, group, actor=actor, operation="added")
    return assignment  # type: ignore[no-any-return]


@transaction.atomic
def remove_assignment(application: Application, group: Group, *, actor: Actor) -> None:
    deleted, _rows = Assignment.objects.filter(application=application, group=group).delete()
    if deleted:
        FormerAssignment.objects.get_or_create(application=application, group=group)
        _record_assignment(application, group, actor=actor, operation="removed")


@transaction.atomic
def assign_groups(
    application: Application, groups: Iterable[Group], *, actor: Actor, seen: Iterable[UUID] | None = None
) -> None:
    """
    Exactly these groups: what the User groups tab saves. `seen` are those that were bound when somebody decided so; None decides
    without looking. One save after the other. Raises BoundChanged, also for a group that is gone, and Application.DoesNotExist.
    """
    Application.objects.select_for_update().get(pk=application.pk)
    wanted = _still_there(groups)
    bound = list(Group.objects.filter(applications=application))
    if seen is not None and {group.pk for group in bound} != set(seen):
        changed = _("Somebody else changed what is bound meanwhile. Please look once more, then save.")
        raise BoundChanged({"groups": [changed]})
    for group in bound:
        if group.pk not in wanted:
            remove_assignment(application, group, actor=actor)
    for group in wanted.values():
        _bind(application, group, actor=actor)


def _still_there(groups: Iterable[Group]) -> dict[UUID, Group]:
    """They stay until the transaction ends. A lock that lets others bind them meanwhile."""
    asked = {group.pk for group in groups}
    found = Group.objects.select_for_update(no_key=True).filter(pk__in=asked).order_by("pk")
    there = {group.pk: group for group in found}
    if len(there) < len(asked):
        gone = _("A group that you ticked was deleted meanwhile. Please look once more, then save.")
        raise BoundChanged({"groups": [gone]})
    return there


def _switch(application: Application, *, actor: Actor, active: bool) -> Application:
    application = Application.objects.select_for_update().get(pk=application.pk)
    if application.active != active:
        application.active = active
        application.save(update_fields=["active", "updated_at"])
        _record_update(
            application, actor=actor, changes=changes_between({"active": not active}, {"active": active})
        )
    return application


def _record_update(application: Application, *, actor: Actor, changes: list[dict[str, Any]]) -> None:
    target = Target.of("application", application)
    record(EventType.APPLICATION_UPDATE, actor=actor, target=target, application=target, changes=changes)
    publish(Topic.APPLICATION_CHANGED, application.id)


def _record_assignment(application: Application, group: Group, *, actor: Actor, operation: str) -> None:
    record(
        EventType.ASSOCIATION_CHANGE,
        actor=actor,
        target=Target.of("group", group),
        application=Target.of("application", application),
        details={"association": operation},
    )
    publish(Topic.APPLICATION_CHANGED, application.id)


def _fill(application: Application, fields: dict[str, Any]) -> None:
    if unknown := fields.keys() - set(EDITABLE):
        raise ApplicationInvalid({field: [_("This field does not exist.")] for field in sorted(unknown)})
    for field, value in fields.items():
        setattr(application, field, value.strip() if isinstance(value, str) else value)
    errors: dict[str, list[str]] = {}
    try:
        application.clean_fields(exclude={"tenant", "logo", "parameters"})
        Application._meta.get_field("slug").clean(application.slug, application)  # noqa: SLF001 - skipped above: not editable
    except ValidationError as error:
        errors = error.message_dict if hasattr(error, "error_dict") else {"slug": error.messages}
    if application.is_bookmark and "bookmark_url" not in errors:
        errors |= _bookmark_errors(application.bookmark_url)
    if errors:
        raise ApplicationInvalid(errors)


def _bookmark_errors(url: str) -> dict[str, list[str]]:
    try:
        URLValidator(schemes=["https", "http"])(url)
    except ValidationError:
        return {"bookmark_url": [_("Enter the address that the bookmark opens, starting with https://.")]}
    return {}


def _checked(connector_key: str, given: dict[str, str]) -> dict[str, str]:
    parameters = {parameter.name: parameter for parameter in CATALOG[connector_key].parameters}
    errors = {name: [_("This connector does not ask for this.")] for name in given.keys() - parameters.keys()}
    values = {name: str(given.get(name, "")).strip() for name in parameters}
    for name, value in values.items():
        if not re.fullmatch(parameters[name].pattern, value):
            errors[name] = [
                _("Enter a value such as %(example)s.") % {"example": parameters[name].placeholder}
            ]
    if errors:
        raise ApplicationInvalid(errors)
    return values


def _picture(upload: bytes) -> bytes:
    try:
        return rewritten(upload)
    except ValidationError as error:
        raise ApplicationInvalid.from_validation(error) from error


def _snapshot(application: Application) -> dict[str, Any]:
    return {field: getattr(application, field) for field in EDITABLE} | {
        "parameters": dict(application.parameters)
    }
