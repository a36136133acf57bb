"""S9: two organisations that connected the same service provider stay two. Neither's requests, keys nor answers serve in the other."""

import pytest
from onelogin.saml2.errors import OneLogin_Saml2_ValidationError

from apps.applications.actions import add_application, assign_group
from apps.directory.actions import add_group, add_member
from apps.saml.actions.key_pairs import certificates_of
from apps.saml.actions.settings import sso_of, update_sso
from apps.tenants.context import in_tenant
from tests.saml.conftest import ACS, SP
from tests.saml.service_provider import IDP, SSO, authn_request, followed, posted, python3_saml, redirect

pytestmark = pytest.mark.django_db
THEIRS = IDP.replace("acme", "globex")


@pytest.fixture
def twin(charlie, system):
    """Globex's own wiki: the same address, the same entity ID, the same ACS."""
    with in_tenant(charlie.tenant):
        application = add_application(actor=system, connector="custom_saml", display_label="Wiki")
        update_sso(sso_of(application), actor=system, sp_entity_id=SP, acs_urls=[ACS])
        group = add_group(actor=system, name="Engineering")
        assign_group(application, group, actor=system)
        add_member(group, charlie.user, actor=system)
    return application


def certificate_of(application):
    with in_tenant(application.tenant):
        return certificates_of(application)[0].certificate


def ask(person, slug, xml):
    answer = person.client.get(f"/t/{slug}/saml2/wiki", QUERY_STRING=redirect(xml))
    return followed(person.client, answer)


def test_a_request_for_one_is_refused_at_the_others_address(engineer, charlie, wiki, twin):
    for person, slug in ((charlie, "globex"), (engineer, "globex")):
        answer = ask(person, slug, authn_request(destination=SSO))
        assert answer.status_code == 400
        assert "another address" in answer.content.decode()
    assert ask(charlie, "globex", authn_request(destination=SSO.replace("acme", "globex"))).status_code == 200


def test_a_person_of_one_is_nobody_at_the_other(engineer, charlie, wiki, twin):
    answer = engineer.client.get(
        "/t/globex/saml2/wiki", QUERY_STRING=redirect(authn_request(destination=None))
    )
    final = followed(engineer.client, answer)
    assert "SAMLResponse" not in final.content.decode()
    assert "/t/globex/login/" in final.url
    assert engineer.client.get("/t/globex/launch/wiki").status_code == 302


def test_issuer_and_key_are_each_ones_own(engineer, charlie, wiki, twin):
    ours = posted(ask(engineer, "acme", authn_request(request_id="_a", destination=None)))
    theirs = posted(ask(charlie, "globex", authn_request(request_id="_a", destination=None)))
    assert [made.one("/samlp:Response/saml:Issuer").text for made in (ours, theirs)] == [IDP, THEIRS]
    assert certificate_of(wiki) != certificate_of(twin)
    assert python3_saml(ours.xml, certificate_of(wiki), request_id="_a").get_nameid() == "bob@acme.example"
    assert python3_saml(theirs.xml, certificate_of(twin), request_id="_a", idp=THEIRS)


@pytest.mark.parametrize("wrong", ["the issuer", "the key"])
def test_a_service_provider_that_knows_one_refuses_the_other(charlie, wiki, twin, wrong):
    theirs = posted(charlie.get("/launch/wiki"))
    with pytest.raises(OneLogin_Saml2_ValidationError):
        if wrong == "the issuer":  # should two ever share a key
            python3_saml(theirs.xml, certificate_of(twin), idp=IDP)
        else:  # should two ever share a name
            python3_saml(theirs.xml, certificate_of(wiki), idp=THEIRS)


def test_two_applications_of_one_organisation_have_issuer_and_key_of_their_own(engineer, wiki, system):
    """The same entity ID twice (A18): an answer is found by the address, never by the Issuer alone."""
    with in_tenant(engineer.tenant):
        other = add_application(actor=system, connector="custom_saml", display_label="Other")
        update_sso(
            sso_of(other),
            actor=system,
            sp_entity_id="https://other.example/",
            acs_urls=["https://other.example/acs"],
        )
        assign_group(other, wiki.groups.get(), actor=system)
    made = posted(engineer.get("/launch/other"))
    assert made.one("/samlp:Response/saml:Issuer").text == IDP.replace("wiki", "other")
    assert made.one("//saml:Audience").text == "https://other.example/"
    assert certificate_of(other) != certificate_of(wiki)
    answer = ask(engineer, "acme", authn_request(issuer="https://other.example/", destination=None))
    assert "does not come from" in answer.content.decode()
