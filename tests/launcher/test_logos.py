import io

import pytest
from django.test import Client
from PIL import Image

from apps.tenants.context import in_tenant
from tests.launcher.pictures import png

pytestmark = pytest.mark.django_db


def test_a_stranger_gets_no_logo(give):
    give("Wiki", logo=png())
    assert Client().get("/t/acme/applications/wiki/logo").status_code == 302


@pytest.mark.parametrize("why", ["unassigned", "without a logo", "not there", "other tenant's"])
def test_what_a_person_may_not_see_is_not_there(bob, charlie, give, why):
    give("Wiki", assigned=why != "unassigned", logo=b"" if why == "without a logo" else png())
    who = charlie if why == "other tenant's" else bob
    name = "missing" if why == "not there" else "wiki"
    assert who.get(f"/applications/{name}/logo").status_code == 404


def test_a_logo_is_a_picture_and_nothing_else(bob, give):
    give("Wiki", logo=png())
    response = bob.get("/applications/wiki/logo")
    assert response.status_code == 200
    assert response["Content-Type"] == "image/png"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "private, max-age=31536000, immutable"
    assert Image.open(io.BytesIO(response.content)).size == (64, 64)


def test_only_this_persons_browser_keeps_it(bob, give):
    give("Wiki", logo=png())
    assert "Cookie" in bob.get("/applications/wiki/logo")["Vary"]
    assert "no-store" in bob.get("/")["Cache-Control"]  # negative control: pages are not kept at all


def test_an_administrator_sees_the_logo_of_every_application(alice, give):
    give("Wiki", assigned=False, logo=png())
    assert alice.get("/applications/wiki/logo").status_code == 200


def test_a_hidden_application_keeps_its_logo_for_the_pages_that_name_it(bob, give):
    hidden = give("Wiki", show_in_launcher=False, logo=png())
    with in_tenant(bob.tenant):
        assert bytes(hidden.logo)
    assert bob.get("/applications/wiki/logo").status_code == 200
