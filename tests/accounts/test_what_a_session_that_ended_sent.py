"""A form of somebody whose session ended meanwhile: nothing is done, they are told so, and come back to where it stood."""

from urllib.parse import quote

import pytest

from apps.directory.models import Group
from apps.tenants.context import in_tenant

pytestmark = pytest.mark.django_db

PAGE = "/console/groups/new/"


def sent(client, tenant, referer):
    address = f"/t/{tenant.slug}{PAGE}"
    return client.post(address, {"name": "Night shift"}, headers={"Referer": referer} if referer else {})


def test_it_is_told_and_leads_back_to_the_page_of_the_form(alice, client):
    page = f"/t/acme{PAGE}"
    answer = sent(client, alice.tenant, f"http://testserver{page}?from=menu")
    assert answer["Location"] == f"/t/acme/login/?next={quote(page + '?from=menu', safe='/')}"
    assert (
        "Nothing was done: you were not signed in any more."
        in client.get(answer["Location"]).content.decode()
    )
    with in_tenant(alice.tenant):
        assert not Group.objects.exists()


@pytest.mark.parametrize("referer", ["", "https://evil.example/t/acme/", "http://testserver/t/umbra/"])
def test_from_nowhere_it_leads_to_the_launcher(alice, client, referer):
    assert sent(client, alice.tenant, referer)["Location"] == "/t/acme/login/?next=/t/acme/"


def test_a_page_that_was_opened_is_what_the_sign_in_leads_to(alice, client):
    answer = client.get(f"/t/acme{PAGE}")
    assert answer["Location"] == f"/t/acme/login/?next=/t/acme{PAGE}"
    assert "Nothing was done" not in client.get(answer["Location"]).content.decode()


def test_whoever_is_signed_in_is_not_stopped(alice):
    alice.post(PAGE, {"name": "Night shift"})
    with in_tenant(alice.tenant):
        assert Group.objects.filter(name="Night shift").exists()
