import uuid

import pytest
from django.utils.html import escape

from apps.applications.actions import add_application
from apps.console.xml_view import readable
from apps.directory.actions import update_user
from apps.events.models import Event
from apps.saml.actions.settings import sso_of, update_sso
from apps.tenants.context import in_tenant
from tests.conftest import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def path(gitlab):
    return f"/console/applications/{gitlab.pk}/preview/"


def test_who_gets_in_and_why(alice, bob, path):
    page = alice.get(f"{path}?user={bob.user.pk}").content.decode()
    assert "Bob Example would get in." in page
    assert "The group Engineering opens GitLab." in page
    assert "bob@acme.example" in page
    assert page.count("Signature verifies") == 2
    assert "Fits the published certificate" in page
    assert "nobody can ever sign in with it" in page


def test_who_does_not_and_where_it_is_mended(alice, gitlab, path):
    carol = person(alice.tenant, "carol")
    page = alice.get(f"{path}?user={carol.user.pk}").content.decode()
    assert "Carol Example would not get in." in page
    assert "These would: Engineering." in page
    assert f'href="/t/acme/console/users/{carol.user.pk}/groups/"' in page


def test_from_the_application_it_answers_a_request(alice, bob, path):
    page = alice.get(f"{path}?user={bob.user.pk}").content.decode()
    assert "no request: it is unsolicited" in page
    page = alice.get(f"{path}?user={bob.user.pk}&start=application").content.decode()
    assert escape('InResponseTo="_preview"') in page


def test_a_random_name_id_is_said_to_be_random(alice, bob, system):
    with in_tenant(alice.tenant):
        wiki = add_application(actor=system, connector="custom_saml", display_label="Wiki")
        update_sso(sso_of(wiki), actor=system, name_id_format="transient")
    page = alice.get(f"/console/applications/{wiki.pk}/preview/?user={bob.user.pk}").content.decode()
    assert "random: a new one at every sign-in" in page
    assert "Go to SSO…" in page  # not set up yet


def test_people_are_searched_for_and_looking_is_logged(alice, bob, path):
    assert "bob@acme.example" in alice.get(f"{path}?q=bob").content.decode()
    assert "Nobody matches." in alice.get(f"{path}?q=nobody").content.decode()
    with in_tenant(alice.tenant):
        assert not Event.objects.filter(type="sso_preview").exists()
    response = alice.get(f"{path}?user={bob.user.pk}")
    assert {"no-store", "private"} <= set(response["Cache-Control"].split(", "))
    with in_tenant(alice.tenant):
        event = Event.objects.get(type="sso_preview")
    assert (event.actor_name, event.target_id) == ("alice", str(bob.user.pk))


def test_strangers_nobody_and_bookmarks_are_not_there(alice, charlie, bob, path, system):
    for key in (charlie.user.pk, uuid.uuid4(), "bob", ""):
        assert alice.get(f"{path}?user={key}").status_code == 404
    assert bob.get(f"{path}?user={bob.user.pk}").status_code == 403
    with in_tenant(alice.tenant):
        link = add_application(
            actor=system, connector="bookmark", display_label="Menu", bookmark_url="https://menu.example/"
        )
        assert not Event.objects.filter(type="sso_preview").exists()
    assert alice.get(f"/console/applications/{link.pk}/preview/").status_code == 404


def test_a_persons_page_leads_to_the_preview(alice, bob, path):
    page = alice.get(f"/console/users/{bob.user.pk}/applications/").content.decode()
    assert f'href="/t/acme{path}?user={bob.user.pk}"' in page


def test_a_hostile_name_is_text(alice, bob, path, system):
    with in_tenant(alice.tenant):
        update_user(bob.user, actor=system, first_name="<script>alert(1)</script>", last_name="\"&'")
    page = alice.get(f"{path}?user={bob.user.pk}").content.decode()
    assert "alert(1)" in page
    assert "<script>alert" not in page


def test_the_document_is_indented_escaped_and_base64_is_cut():
    xml = (
        b'<a:x xmlns:a="urn:a" b="&lt;&quot;"><a:y>1 &lt; 2</a:y><a:z/><a:SignatureValue>'
        + b"A" * 90
        + b"</a:SignatureValue></a:x>"
    )
    assert readable(xml).split("\n") == [
        '&lt;<b>a:x</b> <i>xmlns:a</i>="urn:a" <i>b</i>="&lt;&quot;"&gt;',
        "  &lt;<b>a:y</b>&gt;<span>1 &lt; 2</span>&lt;/<b>a:y</b>&gt;",
        "  &lt;<b>a:z</b>/&gt;",
        "  &lt;<b>a:SignatureValue</b>&gt;<span>AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA…</span> <small>(90 characters)</small>&lt;/<b>a:SignatureValue</b>&gt;",
        "&lt;/<b>a:x</b>&gt;",
    ]
