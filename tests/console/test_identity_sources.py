"""Identity sources in the console: made with a token that is shown once, set up, watched, and asked whom they may have."""

import re
from typing import Any

import pytest

from apps.accounts.actions import add_administrator
from apps.events.actors import Actor
from apps.scim.actions.links import note_refusal
from apps.scim.actions.people import add_person, remove_person
from apps.scim.errors import EmailExists
from apps.scim.guides import GUIDES, guide_for
from apps.scim.models import (
    ExternalIdentity,
    PendingLink,
    ReceivedRequest,
    ScimToken,
    Source,
    SourceKind,
)
from apps.tenants.context import in_tenant
from tests.conftest import Person

SYSTEM = Actor.system()
NEW = {"name": "Okta prod", "kind": "okta"}


def made(alice: Person, **fields: str) -> tuple[Source, str]:
    page = alice.post("/console/sources/", NEW | fields).content.decode()
    secret = re.search(r'data-copy="(gh_scim_[^"]+)"', page)
    assert secret is not None
    with in_tenant(alice.tenant):
        return Source.objects.get(name=(NEW | fields)["name"]), secret[1]


def page(alice: Person, source: Source, tab: str = "", **query: str) -> str:
    answer = alice.get(f"/console/sources/{source.pk}/{tab}", data=query)
    assert answer.status_code == 200
    return str(answer.content.decode())


def call(alice: Person, secret: str) -> int:
    headers = {"authorization": f"Bearer {secret}"}
    return int(alice.client.get(alice.url("/scim/v2/Users"), headers=headers).status_code)


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"kind": "ldap"}, {"expires_at": "2001-01-01"}, {"expires_at": "soon"}]
)
def test_a_source_needs_a_name_a_known_kind_and_a_day_to_come(alice: Person, wrong: dict[str, str]) -> None:
    assert alice.post("/console/sources/", NEW | wrong).status_code == 422
    with in_tenant(alice.tenant):
        assert not ScimToken.objects.exists()
        assert not Source.objects.exists()


def test_two_sources_do_not_share_a_name(alice: Person) -> None:
    made(alice)
    assert alice.post("/console/sources/", NEW | {"name": "OKTA PROD"}).status_code == 422
    with in_tenant(alice.tenant):
        assert ScimToken.objects.count() == 1


def test_the_secret_is_shown_once_and_opens_the_scim_api(alice: Person) -> None:
    source, secret = made(alice)
    assert secret not in page(alice, source)
    assert secret not in alice.get("/console/sources/").content.decode()
    assert call(alice, secret) == 200
    assert call(alice, secret[:-1] + ("0" if secret[-1] != "0" else "1")) == 401


def test_the_page_waits_for_the_first_request_and_says_when_it_came(alice: Person) -> None:
    source, secret = made(alice)
    for shown in (page(alice, source), alice.get("/console/sources/").content.decode()):
        assert "Waiting for the first request" in shown
        assert "every 3s" in shown
    call(alice, secret)
    for shown in (page(alice, source, "people/"), alice.get("/console/sources/").content.decode()):
        assert "Waiting for the first request" not in shown
        assert "Connected" in shown
        assert "every 3s" not in shown


def test_a_successor_is_made_and_the_old_token_revoked(alice: Person) -> None:
    source, first = made(alice)
    answer = alice.post(f"/console/sources/{source.pk}/", {"expires_at": "2999-01-01"}).content.decode()
    second = re.search(r'data-copy="(gh_scim_[^"]+)"', answer)
    assert second is not None
    assert "Two tokens are good at a time" in page(alice, source)
    assert alice.post(f"/console/sources/{source.pk}/", {}).status_code == 422
    with in_tenant(alice.tenant):
        old = ScimToken.objects.get(expires_at=None)
    path = f"/console/sources/tokens/{old.pk}/revocation/"
    assert b"is refused" in alice.get(path).content
    alice.post(path)
    assert (call(alice, first), call(alice, second[1])) == (401, 200)
    shown = page(alice, source)
    assert "Revoked" in shown
    assert tokens_counted(shown) == ["1"]
    with in_tenant(alice.tenant):
        ScimToken.objects.filter(revoked_at=None).update(expires_at="2001-01-01T00:00:00Z")
    assert tokens_counted(page(alice, source)) == []


def tokens_counted(shown: str) -> list[str]:
    return re.findall(r'<h2>Tokens</h2>\s*<span class="count">(\d+)</span>', shown)


@pytest.mark.parametrize("kind", SourceKind.values)
def test_each_guide_has_this_organisations_values(alice: Person, kind: str) -> None:
    source, _secret = made(alice, name=kind, kind=kind)
    shown = page(alice, source)
    values = [
        value
        for step in guide_for(kind, base_url="http://127.0.0.1:8000/t/acme/scim/v2").steps
        for _, value in step.values
    ]
    assert any(value.startswith("http://127.0.0.1:8000/t/acme/scim/v2") for value in values)
    assert all(f'data-copy="{value}"' in shown for value in values if value.startswith("http"))
    assert "{base_url}" not in shown
    assert "{token}" not in shown
    assert kind in GUIDES


def test_the_mapping_tells_of_every_attribute_that_is_stored(alice: Person) -> None:
    from apps.scim.resources import ATTRIBUTES

    source, _secret = made(alice)
    shown = page(alice, source, "mapping/")
    attributes = {*ATTRIBUTES.values(), "active", "externalId"} - {"phoneNumbers.value"}
    assert all(f">{attribute}<" in shown for attribute in attributes)
    assert all(f"phoneNumbers[type eq &quot;{kind}&quot;].value" in shown for kind in ("work", "mobile"))


def test_whoever_was_deleted_there_is_listed_and_counted(alice: Person) -> None:
    source, _secret = made(alice)
    with in_tenant(alice.tenant):
        for name in ("mia", "noah"):
            added = add_person(source=source, actor=SYSTEM, username=name, email=f"{name}@acme.example")
        remove_person(added.external_identities.get(), actor=SYSTEM)
    shown = page(alice, source, "people/")
    assert "Deleted there" in shown
    assert re.findall(r'class="count">(\d+)<', shown) == ["2", "2"]  # on the tab, and above the list


def test_people_stand_with_their_external_id_beside_the_name_id(alice: Person, gitlab: Any) -> None:
    source, _secret = made(alice)
    with in_tenant(alice.tenant):
        from apps.saml.actions.settings import sso_of

        sso_of(gitlab)
        fields = {"username": "mia", "email": "mia@acme.example"}
        add_person(source=source, actor=SYSTEM, external_id="00u1", **fields)
    shown = page(alice, source, "people/")
    assert "NameID at GitLab" in shown
    assert re.search(
        r'<td class="mono long">mia<small>00u1</small></td><td class="long"><span class="mono">[^<]+<', shown
    )
    assert "Nobody matches" in page(alice, source, "people/", q="nobody", application="nonsense")


def test_an_administrator_links_or_leaves_who_waits(alice: Person, bob: Person) -> None:
    source, _secret = made(alice)
    with in_tenant(alice.tenant):
        refusal = EmailExists().about(bob.user, external_id="00u1", user_name="robert")
        note_refusal(source, refusal, actor=SYSTEM)
        waiting = PendingLink.objects.get()
    shown = page(alice, source, "people/")
    assert "Waiting to be linked" in shown
    assert "00u1" in shown
    assert "1 attempt" in shown
    assert "may change" in alice.get(f"/console/sources/links/{waiting.pk}/").content.decode()
    alice.post(f"/console/sources/links/{waiting.pk}/rejection/")
    assert "Waiting to be linked" not in page(alice, source, "people/")
    alice.post(f"/console/sources/links/{waiting.pk}/")
    with in_tenant(alice.tenant):
        assert ExternalIdentity.objects.get().user == bob.user
    assert "Linked" in page(alice, source, "people/")
    assert "Managed by Okta prod" in alice.get(f"/console/users/{bob.user.pk}/").content.decode()


def test_no_button_links_an_administrator(alice: Person, bob: Person) -> None:
    source, _secret = made(alice)
    with in_tenant(alice.tenant):
        note_refusal(source, EmailExists().about(bob.user, external_id="", user_name=""), actor=SYSTEM)
        waiting = PendingLink.objects.get()
        add_administrator(bob.user, actor=SYSTEM)
    assert "An administrator is never linked" in page(alice, source, "people/")
    answer = alice.client.post(alice.url(f"/console/sources/links/{waiting.pk}/"), follow=True)
    assert b"never linked" in answer.content
    with in_tenant(alice.tenant):
        assert not ExternalIdentity.objects.exists()


def test_requests_are_shown_with_what_was_refused(alice: Person) -> None:
    source, _secret = made(alice)
    with in_tenant(alice.tenant):
        for status, path in ((201, "/Users"), (409, "/Users?x=<script>")):
            ReceivedRequest(
                source=source,
                method="POST",
                path=path,
                status=status,
                seconds=0.01,
                detail="Email exists" if status == 409 else "",
                request='{"userName": "mia"}',
            ).save()
    shown = page(alice, source, "requests/")
    assert "Email exists" in shown
    assert "<script>" not in shown.partition("<main")[2]
    assert "POST /Users<" not in page(alice, source, "requests/", result="refused")


def test_settings_are_saved_and_a_source_is_removed(alice: Person) -> None:
    source, secret = made(alice)
    with in_tenant(alice.tenant):
        mia = add_person(source=source, actor=SYSTEM, username="mia", email="mia@acme.example")
    path = f"/console/sources/{source.pk}/settings/"
    assert alice.post(path, {"name": "", "kind": "okta"}).status_code == 422
    assert alice.post(path, {"name": "Okta EU", "kind": "entra"}).status_code == 302
    with in_tenant(alice.tenant):
        changed = Source.objects.get()
        assert (changed.name, changed.kind, changed.invites) == ("Okta EU", "entra", False)
    assert b"stay as they are" in alice.get(f"/console/sources/{source.pk}/removal/").content
    alice.post(f"/console/sources/{source.pk}/removal/")
    assert call(alice, secret) == 401
    with in_tenant(alice.tenant):
        assert not Source.objects.exists()
        assert not ExternalIdentity.objects.exists()
        mia.refresh_from_db()
        assert mia.active


def heard(alice: Person, source: Source, *requests: dict[str, Any]) -> None:
    with in_tenant(alice.tenant):
        for each in requests:
            ReceivedRequest(
                source=source, **{"method": "PATCH", "path": "/Users", "status": 200, "seconds": 0.01} | each
            ).save()


def test_requests_are_found_by_the_person_they_name(alice: Person) -> None:
    """By the name the source uses, although a PATCH names an id alone; and among those the ones that failed."""
    source, _secret = made(alice)
    with in_tenant(alice.tenant):
        fields = {"username": "mia", "email": "mia.example@acme.example"}
        mia = add_person(source=source, actor=SYSTEM, external_id="00u1", **fields)
    heard(
        alice,
        source,
        {"path": f"/Users/{mia.pk}"},
        {"path": f"/Users/{mia.pk}?failed", "status": 400},
        {"path": "/Groups/1", "request": f'{{"members": [{{"value": "{mia.pk}"}}]}}'},
        {"path": "/Users/somebody-else", "status": 409},
    )
    for asked in ("mia", "00u1", "MIA.example@acme.example", str(mia.pk)):
        shown = page(alice, source, "requests/", q=asked)
        assert shown.count('id="request-') == 3, asked
        assert "somebody-else" not in shown
    failed = page(alice, source, "requests/", q="mia", result="refused")
    assert failed.count('id="request-') == 1
    assert "?failed" in failed
    assert "No request matches" in page(alice, source, "requests/", q="nobody at all")
    assert f"?q={mia.pk}" in page(alice, source, "people/")


def test_requests_are_paged_with_their_filters(alice: Person) -> None:
    source, _secret = made(alice)
    heard(alice, source, *({"path": f"/Users/{number}", "status": 404} for number in range(30)))
    shown = page(alice, source, "requests/", result="refused")
    assert "1–25 of 30" in shown
    assert "?result=refused&amp;page=2" in shown
    assert page(alice, source, "requests/", result="refused", page="2").count('id="request-') == 5


def test_a_name_id_that_is_not_the_external_id_is_pointed_out(alice: Person, gitlab: Any) -> None:
    from apps.saml.actions.settings import sso_of, update_sso

    source, _secret = made(alice)
    with in_tenant(alice.tenant):
        update_sso(sso_of(gitlab), actor=SYSTEM, name_id_source="email")
        same = {"username": "mia", "email": "mia@acme.example"}
        add_person(source=source, actor=SYSTEM, external_id="mia@acme.example", **same)
    assert "Differs" not in page(alice, source, "people/")
    with in_tenant(alice.tenant):
        other = {"username": "noa", "email": "noa@acme.example"}
        add_person(source=source, actor=SYSTEM, external_id="00u2", **other)
    shown = page(alice, source, "people/")
    assert shown.count("Differs</span>") == 1
    assert "GitLab, for one, then takes them for somebody else" in shown
    assert shown.count('class="row-link"') == 2
    assert page(alice, source, "people/", q="00u2").count('class="row-link"') == 1


def test_many_people_take_twelve_queries(
    alice: Person, gitlab: Any, django_assert_max_num_queries: Any
) -> None:
    from apps.saml.actions.settings import sso_of

    source, _secret = made(alice)
    with in_tenant(alice.tenant):
        sso_of(gitlab)
        people = []
        for number in range(60):
            fields = {"username": f"u{number}", "email": f"u{number}@acme.example"}
            people.append(add_person(source=source, actor=SYSTEM, **fields))
        other = Source(name="Entra")
        other.fill_keys()
        other.save()
        for each in people[:30]:
            refusal = EmailExists().about(each, external_id="", user_name="")
            note_refusal(other, refusal, actor=SYSTEM)
    alice.get("/console/")
    for shown, query in ((source, {"page": "2"}), (source, {"q": "acme"}), (other, {})):
        with django_assert_max_num_queries(12):
            page(alice, shown, "people/", **query)
