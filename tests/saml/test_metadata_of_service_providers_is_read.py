import datetime as dt

import pytest
from django.utils import timezone

from apps.lib import http
from apps.saml.actions.metadata import import_metadata, import_metadata_from_url
from apps.saml.actions.settings import sso_of, update_sso
from apps.saml.errors import MetadataRefused
from apps.saml.models import SsoSettings
from tests.saml.conftest import ACS, SP, sp_metadata

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inside")]

POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"


def acs(url=ACS, index=0, more="", binding=POST):
    return f'<md:AssertionConsumerService Binding="{binding}" Location="{url}" index="{index}" {more}/>'


def key(pair, use='use="signing"'):
    return (
        f"<md:KeyDescriptor {use}><ds:KeyInfo><ds:X509Data><ds:X509Certificate>\n{pair.base64}\n"
        "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
    )


def several(*entities):
    inner = b"".join(entity.partition(b"?>")[2] for entity in entities)
    return (
        b'<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">'
        + inner
        + b"</md:EntitiesDescriptor>"
    )


IDENTITY_PROVIDER = sp_metadata().replace(b"SPSSODescriptor", b"IDPSSODescriptor")

REFUSED = {
    "empty": (b"  ", "empty"),
    "not XML": (b"entityID=https://sp.example", "well-formed"),
    "a web page": (b"<html><body/></html>", "not SAML 2.0 metadata"),
    "an identity provider's": (IDENTITY_PROVIDER, "identity provider"),
    "nobody's": (sp_metadata().replace(b"SPSSODescriptor", b"PDPDescriptor"), "no service provider"),
    "SAML 1": (sp_metadata().replace(b"SAML:2.0:protocol", b"SAML:1.1:protocol"), "does not speak SAML 2.0"),
    "two service providers": (
        several(sp_metadata(entity_id="https://one.example"), sp_metadata(entity_id="https://two.example")),
        "https://one.example, https://two.example",
    ),
    "the same one twice": (several(sp_metadata(), sp_metadata()), "twice"),
    "101 parties": (several(*[IDENTITY_PROVIDER] * 101), "more than 100"),
    "expired": (sp_metadata(attributes='validUntil="2020-01-01T00:00:00Z"'), "expired on 2020-01-01"),
    "expired around": (
        several(sp_metadata()).replace(
            b"EntitiesDescriptor xmlns", b'EntitiesDescriptor validUntil="2020-01-01T00:00:00.5Z" xmlns', 1
        ),
        "expired on 2020-01-01",
    ),
    "expired inside": (sp_metadata(role_attributes='validUntil="2020-01-01T00:00:00"'), "expired"),
    "valid until nonsense": (sp_metadata(attributes='validUntil="tomorrow"'), "validUntil"),
    "no entity ID": (sp_metadata(entity_id=""), "entity ID"),
    "an entity ID with spaces": (sp_metadata(entity_id="a b"), "entity ID"),
    "no address": (sp_metadata(acs=""), "HTTP-POST"),
    "artifact only": (sp_metadata(acs=acs(binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact")), "HTTP-POST"),
    "a script as address": (sp_metadata(acs=acs("javascript:alert(1)")), "https://"),
    "plain http": (sp_metadata(acs=acs("http://sp.example/acs")), "https://"),
    "a second address that is plain http": (sp_metadata(acs=acs() + acs("http://sp.example/2", 1)), "https://"),
    "no index": (sp_metadata(acs=acs(index="")), "index"),
    "an index that is no number": (sp_metadata(acs=acs(index="²")), "index"),
    "an index of a thousand digits": (sp_metadata(acs=acs(index="9" * 1000)), "index"),
    "one index twice": (sp_metadata(acs=acs() + acs("https://sp.example/2", 0)), "same index"),
    "no certificate": (
        sp_metadata(keys="<md:KeyDescriptor><ds:KeyInfo><ds:X509Data><ds:X509Certificate>x</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"),
        "certificate",
    ),
    "a DOCTYPE": (b"<!DOCTYPE x>" + sp_metadata().partition(b"?>")[2], "DOCTYPE"),
    "an entity": (
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + sp_metadata().partition(b"?>")[2],
        "DOCTYPE",
    ),
    "UTF-16": (sp_metadata().decode().encode("utf-16"), "UTF-8"),
    "more than a megabyte": (sp_metadata() + b" " * 1024 * 1024 + b"<!-- -->", "1024 KiB"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_is_refused_with_a_sentence_and_nothing_changes(wiki, system, name):
    xml, words = REFUSED[name]
    before = SsoSettings.objects.values().get()
    with pytest.raises(MetadataRefused) as refusal:
        import_metadata(wiki, xml, actor=system)
    assert words in refusal.value.fields["metadata"][0]
    assert SsoSettings.objects.values().get() == before


def test_a_good_file_is_taken_over(wiki, system, sp_keys):  # negative control of the table above
    until = (timezone.now() + dt.timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    xml = sp_metadata(
        entity_id="https://new.example",
        acs=acs("https://new.example/acs"),
        keys=key(sp_keys),
        attributes=f'validUntil="{until}"',
    )
    sso = import_metadata(wiki, xml, actor=system)
    assert sso.sp_entity_id == "https://new.example"
    assert sso.acs_url == "https://new.example/acs"
    assert sso.sp_certificates == [sp_keys.certificate]
    assert not sso.require_signed_requests


def test_one_service_provider_among_identity_providers_is_meant(wiki, system):
    other = IDENTITY_PROVIDER.replace(SP.encode(), b"https://idp.example")
    assert import_metadata(wiki, several(other, sp_metadata()), actor=system).sp_entity_id == SP


@pytest.mark.parametrize(
    ("marks", "default"),
    [
        (("", ""), 0),
        (("", 'isDefault="true"'), 1),
        (('isDefault="false"', ""), 1),
        (('isDefault="false"', 'isDefault="0"'), 0),
        (('isDefault="1"', 'isDefault="true"'), 0),
    ],
)
def test_the_default_address_is_the_one_that_the_specification_says(wiki, system, marks, default):
    services = [acs(f"https://sp.example/{n}", n, mark) for n, mark in enumerate(marks)]
    sso = import_metadata(wiki, sp_metadata(acs="".join(services)), actor=system)
    assert [row["is_default"] for row in sso.acs_urls] == [n == default for n in (0, 1)]
    assert sso.acs_url == f"https://sp.example/{default}"


def test_an_address_given_twice_is_kept_once(wiki, system):
    sso = import_metadata(wiki, sp_metadata(acs=acs() + acs(index=1, more='isDefault="true"')), actor=system)
    assert sso.acs_urls == [{"url": ACS, "index": 1, "is_default": True}]


# --- an import never lowers the signature policy (CVE-2026-16443)


def test_a_key_without_use_is_for_signing_too(wiki, system, sp_keys):
    xml = sp_metadata(keys=key(sp_keys, use=""), role_attributes='AuthnRequestsSigned="true"')
    sso = import_metadata(wiki, xml, actor=system)
    assert sso.sp_certificates == [sp_keys.certificate]
    assert sso.require_signed_requests


def test_a_key_for_encryption_verifies_nothing(wiki, system, sp_keys):
    assert (
        import_metadata(
            wiki, sp_metadata(keys=key(sp_keys, 'use="encryption"')), actor=system
        ).sp_certificates
        == []
    )


def test_a_file_that_asks_for_less_changes_nothing_about_signing(wiki, system, sp_keys):
    update_sso(
        sso_of(wiki), actor=system, sp_certificates=[sp_keys.certificate], require_signed_requests=True
    )
    lax = 'AuthnRequestsSigned="false" WantAssertionsSigned="false"'
    sso = import_metadata(wiki, sp_metadata(role_attributes=lax), actor=system)
    assert sso.sp_certificates == [sp_keys.certificate]
    assert sso.require_signed_requests
    assert sso.sign_assertion
    assert sso.sign_response


def test_a_file_that_asks_for_signed_assertions_gets_them(wiki, system):
    update_sso(sso_of(wiki), actor=system, sign_assertion=False)
    assert import_metadata(
        wiki, sp_metadata(role_attributes='WantAssertionsSigned="true"'), actor=system
    ).sign_assertion


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (["1.1:nameid-format:emailAddress"], "emailAddress"),
        (["2.0:nameid-format:transient", "2.0:nameid-format:persistent"], "persistent"),
        (["2.0:nameid-format:transient"], "transient"),
        (["1.1:nameid-format:unspecified"], "emailAddress"),
        (["2.0:nameid-format:kerberos"], "emailAddress"),
        ([], "emailAddress"),
    ],
)
def test_the_name_id_format_stays_unless_the_other_side_does_not_take_it(wiki, system, offered, chosen):
    formats = "".join(
        f"<md:NameIDFormat>urn:oasis:names:tc:SAML:{name}</md:NameIDFormat>" for name in offered
    )
    assert import_metadata(wiki, sp_metadata(formats=formats), actor=system).name_id_format == chosen


# --- by address


def test_metadata_is_fetched_through_the_guarded_client(wiki, system, monkeypatch):
    asked = []

    def answer(request, **_):
        asked.append(request)
        return http.Answer(200, {}, sp_metadata(entity_id="https://fetched.example"))

    monkeypatch.setattr(http, "send", answer)
    sso = import_metadata_from_url(wiki, " https://sp.example/metadata ", actor=system)
    assert sso.sp_entity_id == "https://fetched.example"
    assert (asked[0].method, asked[0].url) == ("GET", "https://sp.example/metadata")


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "https://10.0.0.1/",
        "",
        "https://nowhere.invalid",
    ],
)
def test_an_address_that_may_not_or_cannot_be_called_is_a_sentence_at_its_field(wiki, system, url):
    with pytest.raises(MetadataRefused) as refusal:
        import_metadata_from_url(wiki, url, actor=system)
    assert list(refusal.value.fields) == ["url"]


def test_an_address_that_answers_something_else_is_refused(wiki, system, monkeypatch):
    monkeypatch.setattr(http, "send", lambda *_, **__: http.Answer(404, {}, sp_metadata()))
    with pytest.raises(MetadataRefused) as refusal:
        import_metadata_from_url(wiki, "https://sp.example/", actor=system)
    assert "404" in refusal.value.fields["url"][0]
