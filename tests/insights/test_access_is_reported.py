"""Who can reach an application, and why: everybody in a bound group, what stands in their way, and when they last came."""

import datetime as dt

import pytest
from django.utils import translation

from apps.accounts.access import password_expired
from apps.applications.actions import add_application, assign_group
from apps.applications.models import Application
from apps.directory import actions as directory
from apps.directory.models import User
from apps.events.actions import record
from apps.events.actors import Actor, Target
from apps.events.models import Event
from apps.events.types import EventType
from apps.insights.access_export import FORMATS
from apps.insights.access_report import COLUMNS, access_of, as_row, everything, people_of


@pytest.fixture
def wiki(inside, system):
    return add_application(
        actor=system, connector="bookmark", display_label="Wiki", bookmark_url="https://wiki.example/"
    )


@pytest.fixture
def add(system):
    def person(name, *groups):
        user = directory.add_user(actor=system, username=name, email=f"{name}@acme.example")
        for group in groups:
            directory.add_member(group, user, actor=system)
        return user

    return person


@pytest.fixture
def groups(wiki, system):
    """Two that are bound to it, and one that is not."""
    first, second, other = (directory.add_group(actor=system, name=name) for name in ("B", "A", "Other"))
    for group in (first, second):
        assign_group(wiki, group, actor=system)
    return first, second, other


def reported(application):
    return {row.person.username: row for row in access_of(application, list(people_of(application)))}


def test_everybody_in_a_bound_group_and_nobody_else(wiki, groups, add):
    first, second, other = groups
    add("ann", first)
    add("ben", first, second)
    add("cleo", other)
    add("dan")
    found = reported(wiki)
    assert {name: row.groups for name, row in found.items()} == {"ann": ["B"], "ben": ["A", "B"]}
    assert not any(row.obstacle for row in found.values())


def test_what_stands_in_the_way_is_said(wiki, groups, add, system):
    ann = add("ann", groups[0])
    directory.deactivate_user(ann, actor=system)
    assert reported(wiki)["ann"].obstacle == "This person is deactivated."
    directory.reactivate_user(ann, actor=system)
    Application.objects.filter(pk=wiki.pk).update(active=False)
    wiki.refresh_from_db()
    assert reported(wiki)["ann"].obstacle == "The bookmark is inactive."


def test_an_expired_password_stands_in_the_way_of_sso_alone(groups, add, wiki, system):
    sso = add_application(
        actor=system, connector="gitlab_saas", display_label="G", parameters={"group_path": "g"}
    )
    assign_group(sso, groups[0], actor=system)
    ann = add("ann", groups[0])
    User.objects.filter(pk=ann.pk).update(password_expires_at=ann.created_at - dt.timedelta(days=1))
    assert password_expired(User.objects.get(pk=ann.pk))
    assert "expired" in reported(sso)["ann"].obstacle
    assert reported(wiki)["ann"].obstacle == ""


def test_the_last_sign_on_is_the_last_that_succeeded(wiki, groups, add):
    ann = add("ann", groups[0])
    about = {"actor": Actor("person", str(ann.pk), "ann"), "application": Target.of("application", wiki)}
    record(EventType.SSO_AUTH, **about)
    record(EventType.SSO_AUTH, **about)
    came = Event.objects.filter(type=EventType.SSO_AUTH).latest("created_at")
    record(EventType.SSO_AUTH, success=False, **about)
    assert reported(wiki)["ann"].last_sign_on == came.created_at


def test_since_is_when_both_membership_and_assignment_stood(wiki, groups, add):
    ann = add("ann", groups[0])
    joined = ann.memberships.get().created_at
    assert reported(wiki)["ann"].since == joined


def test_a_row_has_a_value_for_every_column(wiki, groups, add):
    ann = add("ann", groups[0], groups[1])
    [row] = everything([wiki])
    values = dict(zip(COLUMNS, as_row(row), strict=True))
    assert values["username"] == "ann"
    assert values["user_groups"] == "A; B"
    assert values["can_sign_on"] == "true"
    assert values["since"].endswith("Z")
    assert ann.email == values["email"]


def test_the_queries_do_not_grow_with_the_people(wiki, groups, add, django_assert_num_queries):
    people = [add(f"p{number}", *groups[:2]) for number in range(5)]
    wiki = Application.objects.get(pk=wiki.pk)
    for some in (people[:1], people):
        with django_assert_num_queries(4):
            access_of(wiki, some)


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_is_in_the_log_s_language(wiki, groups, add, system, form):
    directory.deactivate_user(add("ann", groups[0]), actor=system)
    with translation.override("de"):
        told = b"".join(FORMATS[form][1](everything([wiki]))).decode()
    assert "This person is deactivated." in told
