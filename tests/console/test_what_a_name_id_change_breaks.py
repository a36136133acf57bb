"""A file or a connector changes what people are known by only while nobody is known by it, and the tab says what was left; and
two applications with one entity ID are told apart by their addresses, which the tab says, too."""

import html

import pytest

from apps.applications.actions import add_application, assign_group
from apps.directory.actions import add_group, add_member
from apps.saml.actions.settings import sso_of, update_sso
from apps.tenants.context import in_tenant
from tests.console.test_sign_on import upload
from tests.saml.conftest import ACS, SP
from tests.saml.metadata import sp_metadata
from tests.saml.metadata_server import several
from tests.saml.service_provider import IDP, authn_request, posted, redirect

TRANSIENT = "<md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:transient</md:NameIDFormat>"
LISTED = "lists the NameID format Transient, and E-mail address is sent"
SAME = "The same SP entity ID stands in: "


@pytest.fixture
def custom(tenant, system):
    with in_tenant(tenant):
        application = add_application(actor=system, connector="custom_saml", display_label="Wiki")
        update_sso(sso_of(application), actor=system, sp_entity_id=SP, acs_urls=[ACS])
    return application


def used_by(person, application, system):
    with in_tenant(person.tenant):
        group = add_group(actor=system, name="Everybody")
        add_member(group, person.user, actor=system)
        assign_group(application, group, actor=system)
    assert b"SAMLResponse" in person.get(f"/launch/{application.slug}").content


def name_id_of(application):
    with in_tenant(application.tenant):
        settings = sso_of(application)
    return settings.name_id_format, settings.name_id_source


def shown(answer):
    return html.unescape(answer.content.decode())


@pytest.mark.parametrize("in_use", [False, True])
def test_an_uploaded_file(alice, custom, system, in_use):
    path = f"/console/applications/{custom.pk}/sso/"
    if in_use:
        used_by(alice, custom, system)
    file = upload(sp_metadata(formats=TRANSIENT))
    page = shown(alice.post(f"{path}service-provider-metadata/", {"metadata": file}, follow=True))
    assert "The metadata was taken over." in page
    assert name_id_of(custom)[0] == ("emailAddress" if in_use else "transient")
    assert (LISTED in page) == in_use


def test_one_of_several_in_a_file(alice, custom, system):
    used_by(alice, custom, system)
    file = several(sp_metadata(formats=TRANSIENT), sp_metadata(entity_id="https://two.example"))
    path = f"/console/applications/{custom.pk}/sso/service-provider-metadata/"
    choice = alice.post(path, {"metadata": upload(file)}).url.removeprefix("/t/acme")
    page = shown(alice.post(choice, {"entity_id": SP}, follow=True))
    assert name_id_of(custom)[0] == "emailAddress"
    assert LISTED in page


@pytest.mark.parametrize("in_use", [False, True])
def test_the_connectors_values_once_more(alice, custom, system, in_use):
    with in_tenant(custom.tenant):
        update_sso(
            sso_of(custom),
            actor=system,
            name_id_source="username",
            name_id_format="unspecified",
            login_url="https://a.example/",
        )
    if in_use:
        used_by(alice, custom, system)
    page = shown(alice.post(f"/console/applications/{custom.pk}/sso/defaults/", follow=True))
    assert name_id_of(custom) == (("unspecified", "username") if in_use else ("emailAddress", "email"))
    assert ("All but the NameID" in page) == in_use
    with in_tenant(custom.tenant):
        assert sso_of(custom).login_url == ""


# --- one entity ID, two applications


@pytest.fixture
def second(custom, system):
    with in_tenant(custom.tenant):
        application = add_application(actor=system, connector="custom_saml", display_label="Wiki of Sales")
        update_sso(sso_of(application), actor=system, sp_entity_id=SP, acs_urls=[ACS])
    return application


def test_both_tabs_say_which_other_has_the_same_entity_id(alice, custom, second, system):
    for one, other in ((custom, "Wiki of Sales"), (second, "Wiki")):
        assert f"{SAME}{other}." in shown(alice.get(f"/console/applications/{one.pk}/sso/"))
    with in_tenant(custom.tenant):
        update_sso(sso_of(second), actor=system, sp_entity_id="https://another.example/")
    assert SAME not in shown(alice.get(f"/console/applications/{custom.pk}/sso/"))


def test_an_import_that_makes_it_so_says_it(alice, custom, system):
    with in_tenant(custom.tenant):
        other = add_application(actor=system, connector="custom_saml", display_label="Wiki of Sales")
    path = f"/console/applications/{other.pk}/sso/service-provider-metadata/"
    page = shown(alice.post(path, {"metadata": upload(sp_metadata())}, follow=True))
    assert f"{SAME}Wiki." in page


def test_an_unset_entity_id_is_nobodys(alice, tenant, system):
    with in_tenant(tenant):
        made = [
            add_application(actor=system, connector="custom_saml", display_label=f"New {number}")
            for number in (1, 2)
        ]
        sso_of(made[1])
    assert SAME not in shown(alice.get(f"/console/applications/{made[0].pk}/sso/"))


def test_another_organisations_is_not_told(alice, custom, other_tenant, system):
    with in_tenant(other_tenant):
        theirs = add_application(actor=system, connector="custom_saml", display_label="Of Globex")
        update_sso(sso_of(theirs), actor=system, sp_entity_id=SP, acs_urls=[ACS])
    page = shown(alice.get(f"/console/applications/{custom.pk}/sso/"))
    assert "Of Globex" not in page
    assert SAME not in page


def test_a_request_is_answered_as_the_application_of_its_address(alice, custom, second, system):
    used_by(alice, custom, system)
    with in_tenant(custom.tenant):
        assign_group(second, custom.groups.get(), actor=system)
    for application in (custom, second):
        query = redirect(authn_request(destination=None))
        made = posted(alice.get(f"/saml2/{application.slug}?{query}"))
        issuer = IDP.replace("wiki", application.slug)
        assert made.one("/samlp:Response/saml:Issuer").text == issuer
    assert second.slug != custom.slug
