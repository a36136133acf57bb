import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from apps.accounts.access import finds_its_person
from apps.accounts.middleware import ReaderMiddleware, turn_to_reader
from apps.accounts.organisation_settings import update_organisation
from apps.directory.actions import update_user
from apps.directory.models import User
from apps.tenants.context import in_tenant

pytestmark = pytest.mark.django_db


def show(_request):
    return HttpResponse(timezone.get_current_timezone_name())


def zone_seen_by(user, *, cookie=True, view=show):
    request = RequestFactory().get("/")
    request.user = user
    if cookie:
        request.COOKIES["gatehouse_session"] = "x"
    middleware = ReaderMiddleware(lambda request: respond(middleware, request, view))
    return middleware(request).content.decode()


def respond(middleware, request, view):
    """As Django's handler: whoever wants to see the view sees it before it is called."""
    middleware.process_view(request, view, (), {})
    return view(request)


@pytest.mark.parametrize("unusable", ["", "Nowhere/Land", "../../etc/passwd", "/etc/localtime"])
def test_without_a_zone_that_is_known_it_is_the_servers(unusable):
    assert zone_seen_by(User(timezone=unusable)) == "UTC"


def test_a_program_is_not_asked_for_its_person():
    assert zone_seen_by(None, cookie=False) == "UTC"


def test_it_is_the_persons_zone_and_only_for_their_request():
    assert zone_seen_by(User(timezone="Asia/Kathmandu")) == "Asia/Kathmandu"
    assert timezone.get_current_timezone_name() == "UTC"


def test_a_view_that_finds_its_person_is_not_given_them_and_tells_the_time_when_it_has():
    seen = []

    @finds_its_person
    def late(request):
        seen.append(timezone.get_current_timezone_name())
        turn_to_reader(request)
        return show(request)

    assert zone_seen_by(User(timezone="Asia/Kathmandu"), view=late) == "Asia/Kathmandu"
    assert seen == ["UTC"]
    assert timezone.get_current_timezone_name() == "UTC"


def test_whoever_has_none_of_their_own_has_the_organisations(bob, system):
    update_organisation(bob.tenant, timezone="Asia/Kathmandu", actor=system)
    client = Client()
    client.post("/t/acme/login/", {"username": "bob", "password": "correct horse battery"})
    assert "+05:45" in client.get("/t/acme/me/activity").content.decode()
    with in_tenant(bob.tenant):
        update_user(bob.user, actor=system, timezone="Europe/Berlin")
    page = client.get("/t/acme/me/activity").content.decode()
    assert "+05:45" not in page
    assert "+00:00" not in page


def test_a_page_shows_it(bob, system):
    with in_tenant(bob.tenant):
        update_user(bob.user, actor=system, timezone="Asia/Kathmandu")
    client = Client()
    client.post("/t/acme/login/", {"username": "bob", "password": "correct horse battery"})
    assert "+05:45" in client.get("/t/acme/me/activity").content.decode()
