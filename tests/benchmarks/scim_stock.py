"""django-scim2 as it comes, as one side of the SCIM benchmark."""

import hashlib

import django

django.setup()

from django.core.wsgi import get_wsgi_application

from tests.benchmarks.peers.models import Group, Token, User
from tests.benchmarks.scim_requests import Side

SECRET = "benchmark-token"


def side(people, members):
    users = [_person(number) for number in range(people)]
    User.objects.bulk_create(users, batch_size=500)
    for user in users:
        user.scim_id = str(user.pk)
    User.objects.bulk_update(users, ["scim_id"], batch_size=300)
    group = Group(name="Everybody")
    group.save()
    through = User.scim_groups.through
    rows = [through(user_id=user.pk, group_id=group.pk) for user in users[:members]]
    through.objects.bulk_create(rows, batch_size=400)
    caller = User.objects.create(username="okta", scim_id="okta")
    Token.objects.create(digest=hashlib.sha256(SECRET.encode()).hexdigest(), user=caller)
    ids = [user.scim_id for user in users]
    return Side(get_wsgi_application(), "/scim/v2", SECRET, ids, ids[members:], group.scim_id)


def _person(number):
    name = f"bench{number}@bench.example"
    return User(
        username=name,
        scim_username=name,
        scim_external_id=f"00u{name}",
        email=name,
        first_name="Mia",
        last_name="Example",
        password="!",
    )
