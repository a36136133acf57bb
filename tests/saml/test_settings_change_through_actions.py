import pytest

from apps.applications.actions import add_application
from apps.applications.catalog import CATALOG
from apps.events.models import Event
from apps.outbox.models import Entry
from apps.saml.actions.settings import refill_sso, sso_of, update_sso
from apps.saml.errors import SsoInvalid, SsoUnavailable
from apps.saml.models import KeyPair, SsoSettings

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inside")]


@pytest.fixture
def gitlab(inside, system):
    return add_application(
        actor=system, connector="gitlab_saas", display_label="GitLab", parameters={"group_path": "acme"}
    )


@pytest.fixture
def blogin(inside, system):
    return add_application(
        actor=system, connector="blogin", display_label="BlogIn", parameters={"subdomain": "acme"}
    )


def refused(settings, system, **fields):
    with pytest.raises(SsoInvalid) as refusal:
        update_sso(settings, actor=system, **fields)
    return refusal.value.fields


def test_a_bookmark_has_no_single_sign_on(system):
    link = add_application(
        actor=system, connector="bookmark", display_label="Menu", bookmark_url="https://menu.example"
    )
    with pytest.raises(SsoUnavailable):
        sso_of(link)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:alert(1)",
        "data:text/html,x",
        "http://sp.example/acs",
        "https://user:password@sp.example/acs",
        "https://",
        "https:///acs",
        "//sp.example/acs",
        "https://sp.example/acs#x",
        "https://sp.example/a b",
        'https://sp.example/"onload="x',
        "https://sp.example\\@evil.example/",
        "https://sp.example:99999/acs",
        "https://[::1/acs",
        "https://sp.example/\tacs",
        "http://10.0.0.5/acs",
        "https://sp.example/" + "a" * 2048,
        5,
        None,
    ],
)
def test_responses_are_never_sent_to_an_unsafe_address(gitlab, system, url):
    assert "acs_urls" in refused(sso_of(gitlab), system, acs_urls=[url])


def test_plain_http_is_for_loopback_hosts_that_the_operator_named(gitlab, system, settings):
    settings.OUTBOUND_ALLOW = []
    assert "acs_urls" in refused(sso_of(gitlab), system, acs_urls=["http://127.0.0.1:9000/acs"])
    settings.OUTBOUND_ALLOW = ["10.0.0.0/8"]
    assert "acs_urls" in refused(sso_of(gitlab), system, acs_urls=["http://10.0.0.5/acs"])
    settings.OUTBOUND_ALLOW = ["127.0.0.1", "localhost"]
    for url in ("http://127.0.0.1:9000/Acs", "http://localhost/acs"):  # negative control
        assert update_sso(sso_of(gitlab), actor=system, acs_urls=[url]).acs_url == url


def test_the_group_attribute_and_another_of_its_name_exclude_each_other(gitlab, system):
    """python3-saml and ruby-saml refuse a statement that has a name twice."""
    settings = update_sso(
        sso_of(gitlab),
        actor=system,
        attributes=[*sso_of(gitlab).attributes, {"name": "memberOf", "constant": "x"}],
    )
    with pytest.raises(SsoInvalid) as refused:
        update_sso(settings, actor=system, include_groups=True)
    assert list(refused.value.fields) == ["groups_attribute_name"]
    off = [row | {"enabled": row["name"] != "memberOf"} for row in settings.attributes]
    assert update_sso(settings, actor=system, include_groups=True, attributes=off).include_groups


def test_a_name_format_goes_in_by_its_last_word_or_as_a_uri_of_ones_own(gitlab, system):
    rows = [
        *sso_of(gitlab).attributes,
        {"name": "x", "constant": "y", "name_format": "urn:mace:shibboleth:1.0"},
    ]
    settings = update_sso(sso_of(gitlab), actor=system, attributes=rows, groups_name_format="uri")
    assert settings.attributes[-1]["name_format"] == "urn:mace:shibboleth:1.0"
    assert settings.groups_name_format == "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sp_entity_id", "a b"),
        ("sp_entity_id", "x" * 1025),
        ("sp_entity_id", "nul\0"),
        ("sp_entity_id", "surrogate\ud800"),
        ("sp_entity_id", ["x"]),
        ("acs_urls", "https://sp.example"),
        ("acs_urls", [{"url": "https://sp.example", "binding": "x"}]),
        ("acs_urls", [{"url": "https://sp.example", "index": -1}]),
        ("acs_urls", [{"url": "https://sp.example", "index": True}]),
        ("acs_urls", ["https://sp.example", "https://sp.example"]),
        (
            "acs_urls",
            [{"url": "https://sp.example/1", "index": 1}, {"url": "https://sp.example/2", "index": 1}],
        ),
        (
            "acs_urls",
            [{"url": f"https://sp.example/{n}", "index": n, "is_default": True} for n in (1, 2)],
        ),
        ("acs_urls", [f"https://sp.example/{n}" for n in range(51)]),
        ("name_id_format", "kerberos"),
        ("name_id_source", "password"),
        ("sign_response", "yes"),
        ("signature_algorithm", "rsa-sha1"),
        ("default_relay_state", "x" * 1025),
        ("default_relay_state", "ä" * 600),
        ("groups_attribute_name", ""),
        ("sp_certificates", ["-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"]),
        ("require_signed_requests", True),  # nothing is known to verify them with
        ("login_url", "javascript:alert(1)"),
        ("attributes", [{"name": "", "source": "email"}]),
        ("attributes", [{"name": "x"}]),
        ("attributes", [{"name": "x", "source": "password"}]),
        ("attributes", [{"name": "x", "source": "email", "constant": "both"}]),
        ("attributes", [{"name": "x", "source": "email"}] * 2),
        ("attributes", [{"name": "x", "source": "email", "name_format": "any words"}]),
        ("groups_name_format", "http://[not a uri"),
        ("groups_sent", "some"),
        ("attributes", [{"name": "x", "source": "email", "enabled": 1}]),
        ("attributes", ["email"]),
        ("private_key", "x"),
        ("application", "x"),
    ],
)
def test_a_wrong_value_is_named_and_nothing_changes(gitlab, system, field, value):
    before = SsoSettings.objects.values().get(pk=sso_of(gitlab).pk)
    assert list(refused(sso_of(gitlab), system, **{"login_url": "https://gitlab.com", field: value})) == [
        field
    ]
    assert SsoSettings.objects.values().get() == before


def test_something_is_always_signed(gitlab, system):
    assert refused(sso_of(gitlab), system, sign_response=False, sign_assertion=False)
    assert not update_sso(sso_of(gitlab), actor=system, sign_response=False).sign_response


def test_every_connector_prefills_what_may_be_saved(system):
    for connector in CATALOG.values():
        if connector.saml is None:
            continue
        parameters = {parameter.name: parameter.placeholder for parameter in connector.parameters}
        application = add_application(
            actor=system, connector=connector.key, display_label=connector.label, parameters=parameters
        )
        sso = sso_of(application)
        before = SsoSettings.objects.values().get(pk=sso.pk)
        refill_sso(application, actor=system)
        assert SsoSettings.objects.values().get(pk=sso.pk) == before
        assert sso.sign_response
        assert sso.sign_assertion
        assert sso.complete or connector.key == "custom_saml"


def test_gitlab_is_prefilled_from_its_group_path(gitlab):
    sso = sso_of(gitlab)
    assert sso.sp_entity_id == "https://gitlab.com/groups/acme"
    assert sso.acs_url == "https://gitlab.com/groups/acme/-/saml/callback"
    assert (sso.name_id_format, sso.name_id_source) == ("persistent", "email")
    assert sso_of(gitlab).pk == sso.pk
    assert KeyPair.objects.get().state == "active"


def test_an_attribute_that_the_connector_requires_can_be_switched_off_but_not_taken_away(blogin, system):
    sso = sso_of(blogin)
    rows = [row | {"enabled": False} for row in sso.attributes]
    assert not any(row["enabled"] for row in update_sso(sso, actor=system, attributes=rows).attributes)
    assert (
        "title"
        in refused(sso, system, attributes=[row for row in rows if row["name"] != "title"])["attributes"][0]
    )


def test_a_caller_cannot_say_what_is_required(blogin, system):
    rows = [row | {"required": False} for row in sso_of(blogin).attributes]
    rows.append({"name": "own", "constant": "1", "required": True, "name_format": "uri"})
    saved = update_sso(sso_of(blogin), actor=system, attributes=rows).attributes
    assert {row["name"]: row["required"] for row in saved} == {
        "email": True,
        "firstName": True,
        "lastName": True,
        "title": True,
        "own": False,
    }


def test_addresses_may_be_given_alone_and_the_first_is_the_default(gitlab, system):
    sso = update_sso(sso_of(gitlab), actor=system, acs_urls=["https://a.example/x", "https://b.example/x"])
    assert sso.acs_urls == [
        {"url": "https://a.example/x", "index": 0, "is_default": True},
        {"url": "https://b.example/x", "index": 1, "is_default": False},
    ]


def test_a_change_is_recorded_and_published_and_no_change_is_neither(gitlab, system):
    sso = sso_of(gitlab)
    before = (Event.objects.count(), Entry.objects.count())
    update_sso(sso, actor=system, sp_entity_id=sso.sp_entity_id)
    assert (Event.objects.count(), Entry.objects.count()) == before
    update_sso(sso, actor=system, sp_entity_id="https://other.example")
    event = Event.objects.first()
    assert event.type == "application_update"
    assert event.changes == [
        {"field": "sp_entity_id", "from": "https://gitlab.com/groups/acme", "to": "https://other.example"}
    ]
    assert Entry.objects.count() == before[1] + 1
