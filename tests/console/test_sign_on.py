import io

import pytest

from apps.applications.models import Application
from apps.events.models import Event
from apps.saml.actions.key_pairs import certificates_of
from apps.saml.actions.settings import sso_of
from apps.tenants.context import in_tenant

METADATA = b"""<?xml version="1.0"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://sp.example/metadata">
  <md:SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://sp.example/acs" index="7" isDefault="true"/>
  </md:SPSSODescriptor>
</md:EntityDescriptor>"""


def upload(content: bytes) -> io.BytesIO:
    file = io.BytesIO(content)
    file.name = "metadata.xml"
    return file


def values(page: str) -> dict[str, str]:
    """The form of the tab as a browser would send it back unchanged."""
    from lxml import html

    form = next(form for form in html.fromstring(page).forms if "sp_entity_id" in form.fields)
    return {name: value for name, value in form.form_values() if name != "csrfmiddlewaretoken"}


@pytest.fixture
def path(gitlab):
    return f"/console/applications/{gitlab.pk}/sso/"


def settings_of(tenant, application):
    with in_tenant(tenant):
        return sso_of(application)


def test_an_unsafe_address_is_refused_and_nothing_is_lost(alice, gitlab, path):
    sent = values(alice.get(path).content.decode()) | {
        "acs_urls-0-url": "javascript:alert(1)",
        "login_url": "https://kept.example/",
    }
    response = alice.post(path, sent)
    page = response.content.decode()
    assert response.status_code == 422
    assert 'href="#id_acs_urls_0"' in page
    assert "https://kept.example/" in page
    assert settings_of(alice.tenant, gitlab).acs_url == "https://gitlab.com/groups/acme/-/saml/callback"


def test_unsigned_responses_cannot_be_chosen(alice, gitlab, path):
    sent = values(alice.get(path).content.decode())
    sent.pop("sign_response")
    sent.pop("sign_assertion")
    assert alice.post(path, sent).status_code == 422


def test_an_attribute_the_application_needs_cannot_be_taken_out(alice, gitlab, path):
    sent = values(alice.get(path).content.decode()) | {"attributes-0-name": ""}
    response = alice.post(path, sent)
    assert response.status_code == 422
    assert b"switch it off instead" in response.content


@pytest.mark.parametrize("content", [b"", b"not xml", b"<a/>", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'])
def test_a_file_that_is_no_metadata_is_a_form_error(alice, gitlab, path, content):
    response = alice.post(f"{path}service-provider-metadata/", {"metadata": upload(content)})
    assert response.status_code == 422
    assert b"Nothing was saved yet" in response.content


def test_uploading_nothing_says_what_is_missing(alice, gitlab, path):
    response = alice.post(f"{path}service-provider-metadata/", {})
    assert response.status_code == 422
    assert b"Choose a file, or enter an address." in response.content


def test_an_address_inside_the_network_is_not_fetched(alice, gitlab, path, settings):
    settings.OUTBOUND_ALLOW = []
    response = alice.post(
        f"{path}service-provider-metadata/", {"url": "https://169.254.169.254/latest/meta-data/"}
    )
    assert response.status_code == 422
    assert b"latest/meta-data" in response.content


def test_a_bookmark_has_no_certificates(alice):
    alice.post(
        "/console/catalog/bookmark/", {"display_label": "Canteen", "bookmark_url": "https://canteen.example/"}
    )
    with in_tenant(alice.tenant):
        bookmark = Application.objects.get(display_label="Canteen")
    path = f"/console/applications/{bookmark.pk}/sso/"
    for rest in ("certificates/", "defaults/", "service-provider-metadata/"):
        assert alice.post(f"{path}{rest}").status_code == 404
    page = alice.get(path).content.decode()
    assert "Deactivate Bookmark" in page
    assert alice.post(path, {"bookmark_url": "ftp://canteen.example/"}).status_code == 422
    assert alice.post(path, {"bookmark_url": "https://canteen.example/today"}).status_code == 302


def test_the_tab_holds_everything_the_other_side_asks_for(alice, gitlab, path):
    page = alice.get(path).content.decode()
    with in_tenant(alice.tenant):
        certificate = certificates_of(gitlab)[0]
    for words in (
        "/t/acme/saml2/gitlab",
        "/t/acme/saml2/gitlab/metadata",
        certificate.fingerprint_sha1,
        certificate.fingerprint_sha256,
        "openssl x509",
        "Copy Metadata URL",
        "Export Metadata",
        "IDP Certificate Valid",
        "Download certificate",
        "Upload Metadata",
        "Deactivate SSO",
        'value="https://gitlab.com/groups/acme"',
    ):
        assert words in page, words


def test_saving_what_was_shown_changes_nothing(alice, gitlab, path):
    sent = values(alice.get(path).content.decode())
    with in_tenant(alice.tenant):
        before = Event.objects.count()
    assert alice.post(path, sent).status_code == 302
    with in_tenant(alice.tenant):
        assert Event.objects.count() == before


def test_addresses_attributes_and_format_are_saved(alice, gitlab, path):
    sent = values(alice.get(path).content.decode()) | {
        "acs_urls-0-url": "https://one.example/acs",
        "acs_urls-1-url": "https://two.example/acs",
        "name_id_format": "emailAddress",
        "attributes-4-name": "department",
        "attributes-4-constant": "R&D",
        "attributes-4-name_format": "urn:of-our-own",
        "attributes-4-enabled": "on",
        "include_groups": "on",
        "groups_sent": "all",
    }
    assert alice.post(path, sent).status_code == 302
    saved = settings_of(alice.tenant, gitlab)
    assert saved.acs_url == "https://one.example/acs"
    assert saved.name_id_format == "emailAddress"
    department = next(row for row in saved.attributes if row["name"] == "department")
    assert (department["constant"], department["name_format"]) == ("R&D", "urn:of-our-own")
    assert (saved.include_groups, saved.groups_attribute_name, saved.groups_sent) == (True, "memberOf", "all")


def test_logout_addresses_are_saved_and_ours_is_shown(alice, gitlab, path):
    page = alice.get(path).content.decode()
    assert "/t/acme/saml2/gitlab/slo" in page
    sent = values(page) | {"slo_url": "javascript:alert(1)", "slo_binding": "post"}
    assert alice.post(path, sent).status_code == 422
    assert alice.post(path, sent | {"slo_url": "https://one.example/slo"}).status_code == 302
    saved = settings_of(alice.tenant, gitlab)
    assert (saved.slo_url, saved.slo_binding) == ("https://one.example/slo", "post")


def test_metadata_fills_the_fields_and_indexes_survive_a_save(alice, gitlab, path):
    assert alice.post(f"{path}service-provider-metadata/", {"metadata": upload(METADATA)}).status_code == 302
    assert settings_of(alice.tenant, gitlab).sp_entity_id == "https://sp.example/metadata"
    alice.post(path, values(alice.get(path).content.decode()) | {"default_relay_state": "/home"})
    assert settings_of(alice.tenant, gitlab).acs_urls == [
        {"url": "https://sp.example/acs", "index": 7, "is_default": True}
    ]
    alice.post(f"{path}defaults/")
    assert settings_of(alice.tenant, gitlab).sp_entity_id == "https://gitlab.com/groups/acme"


def test_certificates_change_over_without_a_gap(alice, gitlab, path):
    alice.post(f"{path}certificates/")
    again = alice.post(f"{path}certificates/", follow=True)
    assert b"There is a next certificate already" in again.content
    with in_tenant(alice.tenant):
        active, following = certificates_of(gitlab)
    assert (
        b"An application that was not given the new certificate"
        in alice.get(f"{path}certificates/{following.pk}/promotion/").content
    )
    alice.post(f"{path}certificates/{following.pk}/promotion/")
    refused = alice.post(f"{path}certificates/{following.pk}/retirement/", follow=True)
    assert b"promote another one before retiring it" in refused.content
    alice.post(f"{path}certificates/{active.pk}/retirement/")
    with in_tenant(alice.tenant):
        assert [pair.pk for pair in certificates_of(gitlab)] == [following.pk]


def test_sign_on_is_switched_off_with_its_consequence_and_on_again(alice, gitlab, path):
    asked = alice.get(f"{path}deactivation/").content.decode()
    assert "password they used prior to enablement of SSO" in asked
    alice.post(f"{path}deactivation/")
    assert "SSO inactive" in alice.get(path).content.decode()
    alice.post(f"{path}activation/")
    assert "SSO active" in alice.get(path).content.decode()


# --- the NameID


@pytest.fixture
def custom(alice, system):
    """Nobody signs in to it yet."""
    from apps.applications.actions import add_application
    from apps.saml.actions.settings import update_sso

    with in_tenant(alice.tenant):
        made = add_application(actor=system, connector="custom_saml", display_label="Wiki")
        update_sso(
            sso_of(made),
            actor=system,
            sp_entity_id="https://sp.example/",
            acs_urls=["https://sp.example/acs"],
        )
    return made


def signed_in_once(person, application):
    from apps.applications.actions import assign_group
    from apps.directory.actions import add_group, add_member
    from apps.events.actors import Actor

    with in_tenant(person.tenant):
        group = add_group(actor=Actor.system(), name="Everybody")
        add_member(group, person.user, actor=Actor.system())
        assign_group(application, group, actor=Actor.system())
    assert person.get(f"/launch/{application.slug}").status_code == 200


def test_another_name_id_of_an_application_in_use_is_confirmed(alice, custom):
    path = f"/console/applications/{custom.pk}/sso/"
    signed_in_once(alice, custom)
    sent = values(alice.get(path).content.decode()) | {
        "name_id_source": "username",
        "login_url": "https://kept.example/",
    }
    refused = alice.post(path, sent)
    page = refused.content.decode()
    assert refused.status_code == 422
    assert "no longer recognises their accounts" in page
    assert "https://kept.example/" in page
    assert settings_of(alice.tenant, custom).name_id_source == "email"
    again = values(page) | {"name_id_confirmed": "on"}
    assert alice.post(path, again).status_code == 302
    assert settings_of(alice.tenant, custom).name_id_source == "username"


def test_anything_else_of_it_is_not(alice, custom):  # negative control
    path = f"/console/applications/{custom.pk}/sso/"
    signed_in_once(alice, custom)
    page = alice.get(path).content.decode()
    assert "name_id_confirmed" not in page
    assert alice.post(path, values(page) | {"login_url": "https://sp.example/"}).status_code == 302


def test_persistent_without_a_value_of_ones_own_is_random_and_says_so(alice, custom):
    path = f"/console/applications/{custom.pk}/sso/"
    sent = values(alice.get(path).content.decode()) | {"name_id_format": "persistent"}
    page = alice.post(path, sent, follow=True).content.decode()
    assert "Random identifier, one per person and application." in page
    assert settings_of(alice.tenant, custom).name_id_source == "persistent_id"
    sent = values(page) | {"name_id_source": "email"}
    assert alice.post(path, sent).status_code == 302
    assert settings_of(alice.tenant, custom).name_id_source == "email"


# --- addresses


def test_addresses_have_numbers_and_one_is_the_default(alice, gitlab, path):
    sent = values(alice.get(path).content.decode())
    assert sent["acs_urls-0-index"] == "0"
    assert sent["acs_urls-default"] == "0"
    sent |= {
        "acs_urls-1-url": " https://two.example/acs ",
        "acs_urls-1-index": "12",
        "acs_urls-2-url": "https://three.example/acs",
        "acs_urls-default": "1",
    }
    assert alice.post(path, sent).status_code == 302
    first = "https://gitlab.com/groups/acme/-/saml/callback"
    assert settings_of(alice.tenant, gitlab).acs_urls == [
        {"url": first, "index": 0, "is_default": False},
        {"url": "https://two.example/acs", "index": 12, "is_default": True},
        {"url": "https://three.example/acs", "index": 1, "is_default": False},
    ]
    sent = values(alice.get(path).content.decode()) | {"acs_urls-1-url": ""}
    assert alice.post(path, sent).status_code == 302
    assert settings_of(alice.tenant, gitlab).acs_urls == [
        {"url": first, "index": 0, "is_default": True},
        {"url": "https://three.example/acs", "index": 1, "is_default": False},
    ]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"acs_urls-0-index": "one"}, "number from 0"),
        ({"acs_urls-0-index": "65536"}, "number from 0"),
        ({"acs_urls-0-index": "-1"}, "number from 0"),
        ({"acs_urls-1-url": "https://two.example/acs", "acs_urls-1-index": "0"}, "same index"),
        ({"acs_urls-1-url": "https://gitlab.com/groups/acme/-/saml/callback"}, "stands here twice"),
        ({"acs_urls-1-url": "http://two.example/<b>"}, "character that an address cannot have"),
        ({f"acs_urls-{row}-url": f"https://x.example/{row}" for row in range(60)}, "at most"),
    ],
)
def test_addresses_that_cannot_be_are_refused_and_stay_to_be_mended(alice, gitlab, path, wrong, words):
    before = settings_of(alice.tenant, gitlab).acs_urls
    refused = alice.post(path, values(alice.get(path).content.decode()) | wrong)
    page = refused.content.decode()
    assert refused.status_code == 422
    assert words in page
    assert "<b>" not in page.split("addresses__row")[2]
    name, value = next(iter(wrong.items()))
    assert values(page)[name] == value
    assert settings_of(alice.tenant, gitlab).acs_urls == before


def test_whether_it_may_be_started_from_here_is_a_switch(alice, gitlab, path):
    sent = values(alice.get(path).content.decode())
    assert sent.pop("idp_initiated") == "on"
    assert alice.post(path, sent).status_code == 302
    assert settings_of(alice.tenant, gitlab).idp_initiated is False


def test_a_random_name_beside_identity_management_is_advised_against(alice, gitlab, path):
    sent = values(alice.get(path).content.decode()) | {"name_id_source": "persistent_id"}
    page = alice.post(path, sent, follow=True).content.decode()
    assert "NameID is the random identifier, but" in page
