"""V10: two requests about one person at the same moment end as if one had come after the other."""

import threading

import pytest
from django.db import connection

from apps.directory.models import User
from apps.scim.models import ExternalIdentity
from apps.tenants.context import in_tenant
from tests.scim.conftest import Caller


@pytest.mark.django_db(transaction=True)
def test_v10_of_many_who_create_the_same_person_at_once_one_succeeds(okta: Caller) -> None:
    statuses: list[int] = []

    def create() -> None:
        own = Caller(okta.tenant, okta.token, okta.secret)
        try:
            body = {"userName": "mia", "emails": [{"value": "mia@acme.example"}], "externalId": "00u1"}
            statuses.append(own("POST", "/Users", body).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=create) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201] + [409] * 7


@pytest.mark.django_db(transaction=True)
def test_v10_parallel_patches_of_two_attributes_lose_nothing(okta: Caller) -> None:
    user_id = okta.create("mia")["id"]

    def patch(path: str, value: str) -> None:
        own = Caller(okta.tenant, okta.token, okta.secret)
        try:
            assert own.patch(user_id, {"op": "replace", "path": path, "value": value}).status_code == 200
        finally:
            connection.close()

    for number in range(5):
        pairs = [("title", f"title {number}"), ("displayName", f"name {number}")]
        threads = [threading.Thread(target=patch, args=pair) for pair in pairs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with in_tenant(okta.tenant):
            user = User.objects.get(pk=user_id)
        assert (user.job_title, user.display_name) == (f"title {number}", f"name {number}")


@pytest.mark.django_db(transaction=True)
def test_v10_of_many_who_come_after_a_deleted_one_one_gets_the_name(okta: Caller) -> None:
    first = okta.create("mia", externalId="00u0")["id"]
    okta("DELETE", f"/Users/{first}")
    statuses: list[int] = []

    def create(number: int) -> None:
        own = Caller(okta.tenant, okta.token, okta.secret)
        try:
            body = {
                "userName": "mia",
                "emails": [{"value": "mia@acme.example"}],
                "externalId": f"00u{number}",
            }
            statuses.append(own("POST", "/Users", body).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=create, args=(number,)) for number in range(1, 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201] + [409] * 4
    with in_tenant(okta.tenant):
        assert User.objects.filter(username="mia").exclude(pk=first).count() == 1
        assert ExternalIdentity.objects.filter(deleted_at=None).count() == 1
