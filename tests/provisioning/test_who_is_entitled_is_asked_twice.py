"""Who should have an account is asked for everybody and for some: both say the same."""

import datetime as dt

import pytest
from django.utils import timezone

from apps.directory import actions as directory
from apps.directory.models import User
from apps.provisioning import directory_now

pytestmark = pytest.mark.django_db


def test_of_some_it_says_what_it_says_of_everybody(staffed):
    company = staffed()
    both = company.group("Both")
    other = directory.add_group(actor=company.actor, name="Not bound")
    names = ("in", "twice", "elsewhere", "nowhere", "suspended", "expired", "expires")
    people = {name: company.person(name) for name in names}
    for name in ("in", "twice", "suspended", "expired", "expires"):
        directory.add_member(company.engineering, people[name], actor=company.actor)
    directory.add_member(both, people["twice"], actor=company.actor)
    directory.add_member(other, people["elsewhere"], actor=company.actor)
    now, day = timezone.now(), dt.timedelta(days=1)
    User.objects.filter(pk=people["suspended"].pk).update(active=False)
    User.objects.filter(pk=people["expired"].pk).update(password_expires_at=now - day)
    User.objects.filter(pk=people["expires"].pk).update(password_expires_at=now + day)
    ids = [person.pk for person in people.values()]
    found, entitled = directory_now.people_among(company.integration, ids)
    everybody = set(directory_now.entitled(company.integration).values_list("pk", flat=True))
    by_id = {person.pk: name for name, person in people.items()}
    assert {by_id[each] for each in entitled} == {by_id[each] for each in everybody & by_id.keys()}
    assert {by_id[each] for each in entitled} == {"in", "twice", "expires"}
    assert {found[person.pk].name for person in people.values()} == {
        str(person) for person in people.values()
    }
    assert directory_now.people_among(company.integration, []) == ({}, set())
