"""The product as one side of the SCIM benchmark: a tenant whose people and groups all belong to one source."""

import django

django.setup()

from datetime import timedelta

from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.db.models import F

from apps.directory.models import Group, Membership, User
from apps.events.actors import Actor
from apps.scim.actions.sources import add_scim_token, update_source
from apps.scim.models import ExternalGroup, ExternalIdentity
from apps.tenants.actions import create_tenant
from apps.tenants.context import in_tenant
from tests.benchmarks.scim_requests import Side

CHUNK = 2000


def side(people, members):
    tenant = create_tenant(slug=f"with-{people}", name="Acme Robotics")
    with in_tenant(tenant):
        token, secret = add_scim_token(actor=Actor.system(), name="Okta")
        update_source(token.source, actor=Actor.system(), invites=False)  # nobody else sends mail
        users = [made for start in range(0, people, CHUNK) for made in _people(token.source, start, people)]
        group = Group(name="Everybody")
        group.fill_keys()
        group.save()
        ExternalGroup(source=token.source, group=group).save()
        if connection.vendor == "postgresql":  # they have been here for a while (apps.directory.landmarks)
            User.objects.update(created_at=F("created_at") - timedelta(hours=1))
        rows = [Membership(group=group, user=user) for user in users[:members]]
        Membership.objects.bulk_create(rows, batch_size=500)
    ids = [str(user.pk) for user in users]
    base = f"/t/{tenant.slug}/scim/v2"
    return Side(get_wsgi_application(), base, secret, ids, ids[members:], str(group.pk))


def _people(source, start, end):
    users = [_person(number) for number in range(start, min(start + CHUNK, end))]
    User.objects.bulk_create(users, batch_size=500)
    identities = [
        ExternalIdentity(source=source, user=user, user_name=user.username, external_id=f"00u{user.username}")
        for user in users
    ]
    for identity in identities:
        identity.fill_keys()
    ExternalIdentity.objects.bulk_create(identities, batch_size=500)
    return users


def _person(number):
    name = f"bench{number}@bench.example"
    user = User(username=name, email=name, first_name="Mia", last_name="Example", password="!")
    user.fill_keys()
    return user
