"""A preview says what a sign-in would, and no service provider takes it. Each refusal stands beside a real response that is accepted."""

import base64
import datetime as dt
import itertools

import pytest
from django.utils import timezone
from lxml import etree
from onelogin.saml2.errors import OneLogin_Saml2_ValidationError

from apps.applications.actions import deactivate_application, remove_assignment
from apps.directory.actions import deactivate_user, update_user
from apps.directory.models import User
from apps.events.actors import Actor
from apps.events.models import Event
from apps.lib import crypto
from apps.lib.errors import SignatureRefused
from apps.lib.xml import parse, verify
from apps.saml import preview
from apps.saml.actions.key_pairs import add_certificate, certificates_of
from apps.saml.actions.previews import preview_sign_in
from apps.saml.actions.settings import sso_of, update_sso
from apps.saml.issuing import Issued, PortalSession, Wish, issue
from apps.saml.metadata_export import identity_provider_metadata
from apps.saml.models import KeyPair, PendingSignIn, PersistentNameId, SsoSettings
from apps.saml.session_models import SsoSession
from apps.saml.signing import Signer
from apps.sandbox import actions as sandbox
from apps.sandbox.errors import AssertionRefused
from apps.sandbox.models import SandboxSignIn
from apps.tenants.context import in_tenant
from tests.saml.service_provider import NS, python3_saml

pytestmark = pytest.mark.django_db


def look(who, application, *, sp_initiated=False):
    with in_tenant(who.tenant):
        return preview_sign_in(who.user, application, sp_initiated=sp_initiated, actor=Actor.system())


def real(who, application, **wish):
    now = timezone.now()
    session = PortalSession(now, now + dt.timedelta(hours=1))
    with in_tenant(who.tenant):
        made = issue(who.user, application, Wish(**wish), actor=Actor.system(), session=session)
    assert isinstance(made, Issued), made
    return made.xml


def certificate_in(xml):
    found = etree.fromstring(xml).findtext(".//ds:X509Certificate", namespaces=NS)
    return f"-----BEGIN CERTIFICATE-----\n{''.join(found.split())}\n-----END CERTIFICATE-----\n"


@pytest.fixture
def published(engineer, wiki):
    with in_tenant(engineer.tenant):
        return certificates_of(wiki)[0].certificate


def test_python3_saml_refuses_it_and_takes_the_real_one(engineer, wiki, published):
    assert python3_saml(real(engineer, wiki), published).get_nameid() == "bob@acme.example"
    with pytest.raises(OneLogin_Saml2_ValidationError, match=r"expired|[Ss]ignature|timestamp"):
        python3_saml(look(engineer, wiki).document.xml, published)


def test_each_of_the_two_differences_is_enough(engineer, wiki, published, monkeypatch):
    """Its times alone, for whoever trusts its key; its key alone, for whoever reads no times."""
    shown = look(engineer, wiki).document.xml
    with pytest.raises(OneLogin_Saml2_ValidationError, match=r"expired|timestamp"):
        python3_saml(shown, certificate_in(shown))
    monkeypatch.setattr(preview, "BEHIND", dt.timedelta())
    in_time = look(engineer, wiki).document.xml
    assert python3_saml(in_time, certificate_in(in_time)).get_nameid() == "bob@acme.example"
    with pytest.raises(OneLogin_Saml2_ValidationError, match=r"[Ss]ignature"):
        python3_saml(in_time, published)


def test_the_sandbox_refuses_it_and_takes_the_real_one(engineer, wiki):
    with in_tenant(engineer.tenant):
        there = sandbox.add_service_provider(slug="wiki", label="Wiki")
        settings = sso_of(wiki)
        acs = [f"http://127.0.0.1:8000/t/acme/sandbox/sp/{there.slug}/acs"]
        update_sso(
            settings, actor=Actor.system(), sp_entity_id=acs[0].replace("/acs", "/metadata"), acs_urls=acs
        )
        metadata = identity_provider_metadata(sso_of(wiki), certificates_of(wiki))
        sandbox.set_idp_metadata(there, xml=metadata.decode())
    shown, sent = look(engineer, wiki).document.xml, real(engineer, wiki)
    with in_tenant(engineer.tenant):
        with pytest.raises(AssertionRefused) as refused:
            sandbox.add_sign_in(there, base64.b64encode(shown).decode())
        assert refused.value.check == "signature"
        assert not SandboxSignIn.objects.exists()
        assert sandbox.add_sign_in(there, base64.b64encode(sent).decode())


def test_what_it_says_is_what_is_sent(engineer, wiki):
    """Word for word, but for ids, times, signatures and the certificate."""

    def plain(xml):
        root = etree.fromstring(xml)
        for signature in root.findall(".//ds:Signature", NS):
            signature.getparent().remove(signature)
        for node in root.iter():
            for name in ("ID", "IssueInstant", "NotBefore", "NotOnOrAfter", "AuthnInstant", "SessionIndex",
                         "SessionNotOnOrAfter"):  # fmt: skip
                if name in node.attrib:
                    node.attrib[name] = "x"
        return etree.tostring(root, method="c14n")

    with in_tenant(engineer.tenant):
        update_sso(sso_of(wiki), actor=Actor.system(), include_groups=True)
    assert plain(look(engineer, wiki).document.xml) == plain(real(engineer, wiki))
    asked = look(engineer, wiki, sp_initiated=True).document
    assert plain(asked.xml) == plain(real(engineer, wiki, in_response_to="_preview"))


def test_an_assertion_is_shown_before_it_is_encrypted(engineer, wiki, sp_keys):
    with in_tenant(engineer.tenant):
        update_sso(
            sso_of(wiki),
            actor=Actor.system(),
            encrypt_assertion=True,
            sp_encryption_certificate=sp_keys.certificate,
        )
    seen = look(engineer, wiki)
    assert seen.would_get_in
    assert b"bob@acme.example" in seen.document.xml
    assert [part.verifies for part in seen.document.parts] == [True, True]
    sent = real(engineer, wiki)
    assert b"EncryptedAssertion" in sent
    assert b"bob@acme.example" not in sent
    with in_tenant(engineer.tenant):
        SsoSettings.objects.update(sp_encryption_certificate="")
    (problem,) = look(engineer, wiki).problems
    assert "certificate for that is missing" in problem.sentence


@pytest.mark.parametrize("sign_response", [True, False])
@pytest.mark.parametrize("sign_assertion", [True, False])
def test_which_parts_are_signed_is_what_was_chosen_and_they_verify(
    engineer, wiki, sign_response, sign_assertion
):
    if not (sign_response or sign_assertion):
        return
    with in_tenant(engineer.tenant):
        update_sso(
            sso_of(wiki), actor=Actor.system(), sign_response=sign_response, sign_assertion=sign_assertion
        )
    document = look(engineer, wiki).document
    assert [(part.name, part.signed, part.verifies) for part in document.parts] == [
        ("Response", sign_response, sign_response),
        ("Assertion", sign_assertion, sign_assertion),
    ]


def test_no_certificate_that_is_published_verifies_it(engineer, wiki):
    with in_tenant(engineer.tenant):
        add_certificate(wiki, actor=Actor.system())
        published = [pair.certificate for pair in certificates_of(wiki)]
    xml = look(engineer, wiki).document.xml
    with pytest.raises(SignatureRefused):
        verify(parse(xml, max_bytes=100_000), published)
    verify(parse(real(engineer, wiki), max_bytes=100_000), published)  # negative control


def test_the_applications_own_key_signs_no_assertion(engineer, wiki, monkeypatch):
    """The one place that signs, in its two ways, is asked what it signs with what."""
    signed_by = []
    genuine, written = Signer.sign, Signer.signature_over

    def spy(self, element):
        signed_by.append((self.certificate_of_test, etree.tostring(element)))
        return genuine(self, element)

    def spy_on_octets(self, octets, element_id):
        signed_by.append((self.certificate_of_test, octets))
        return written(self, octets, element_id)

    def remembered(self, key_pair, algorithm):
        self.certificate_of_test = key_pair.certificate
        return make(self, key_pair, algorithm)

    make = Signer.__init__
    monkeypatch.setattr(Signer, "__init__", remembered)
    monkeypatch.setattr(Signer, "sign", spy)
    monkeypatch.setattr(Signer, "signature_over", spy_on_octets)
    with in_tenant(engineer.tenant):
        own = certificates_of(wiki)[0].certificate
    look(engineer, wiki)
    assert len(signed_by) == 3
    for certificate, xml in signed_by:
        assert (b"Assertion" in xml) == (certificate != own)
    real(
        engineer, wiki
    )  # negative control: the same spy sees a real assertion signed by the application's key
    assert any(b"Assertion" in xml and certificate == own for certificate, xml in signed_by)


def test_it_leaves_a_line_in_the_log_and_nothing_else(engineer, wiki):
    kept = (KeyPair, PendingSignIn, PersistentNameId, SsoSession, User)
    with in_tenant(engineer.tenant):
        sso_of(wiki)
        before, lines = [model.objects.count() for model in kept], Event.objects.count()
    look(engineer, wiki)
    with in_tenant(engineer.tenant):
        assert [model.objects.count() for model in kept] == before
        assert Event.objects.count() == lines + 1
        event = Event.objects.first()
    assert (event.type, event.target_name, event.application_name) == ("sso_preview", "Bob Example", "Wiki")
    assert event.details == {"sp_initiated": False, "problems": []}


# --- why, and why not


@pytest.mark.parametrize("ways", list(itertools.product([True, False], repeat=4)))
def test_it_judges_as_the_gate_does(engineer, wiki, ways):
    active, in_time, switched_on, bound = ways
    with in_tenant(engineer.tenant):
        if not active:
            deactivate_user(engineer.user, actor=Actor.system())
        if not in_time:
            User.objects.filter(pk=engineer.user.pk).update(password_expires_at=timezone.now())
        if not switched_on:
            deactivate_application(wiki, actor=Actor.system())
        if not bound:
            remove_assignment(wiki, wiki.groups.get(), actor=Actor.system())
        engineer.user.refresh_from_db()
        wiki.refresh_from_db()
    seen = look(engineer, wiki)
    assert seen.would_get_in == all(ways)
    assert seen.groups == (("Engineering",) if bound else ())


def test_the_groups_that_would_open_it_are_named(bob, wiki):
    (problem,) = look(bob, wiki).problems
    assert (problem.code, problem.groups) == ("not_assigned", ("Engineering",))
    assert problem.sentence == "No group of Bob Example opens Wiki."


@pytest.mark.parametrize("sp_initiated", [False, True], ids=["from here", "from there"])
@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"acs_urls": []},
        {"name_id_source": "work_phone"},
        {"idp_initiated": False},
        {"metadata_expires_at": timezone.now() - dt.timedelta(days=1)},
        {"encrypt_assertion": True},
    ],
    ids=lambda changed: next(iter(changed), "nothing"),
)
def test_it_says_what_a_sign_in_would_be_refused_for(engineer, wiki, changed, sp_initiated):
    with in_tenant(engineer.tenant):
        sso_of(wiki)
        SsoSettings.objects.update(**changed)
        now = timezone.now()
        session = PortalSession(now, now + dt.timedelta(hours=1))
        wish = Wish(in_response_to="_asked" if sp_initiated else "")
        made = issue(engineer.user, wiki, wish, actor=Actor.system(), session=session)
    problems = [problem.code for problem in look(engineer, wiki, sp_initiated=sp_initiated).problems]
    assert problems == ([] if isinstance(made, Issued) else [made.refusal.code])


def test_what_is_missing_is_said_and_the_rest_is_shown(engineer, wiki):
    with in_tenant(engineer.tenant):
        update_sso(sso_of(wiki), actor=Actor.system(), name_id_source="work_phone")
    seen = look(engineer, wiki)
    assert [problem.code for problem in seen.problems] == ["unwritable"]
    assert seen.document is None
    assert (seen.rows[0].name, seen.rows[0].values) == ("email", ("bob@acme.example",))
    with in_tenant(engineer.tenant):
        update_user(engineer.user, actor=Actor.system(), work_phone="12")
        engineer.user.refresh_from_db()
    assert look(engineer, wiki).statement.name_id == "12"


def test_settings_that_are_not_complete_are_a_problem(engineer, wiki):
    with in_tenant(engineer.tenant):
        update_sso(sso_of(wiki), actor=Actor.system(), acs_urls=[])
    seen = look(engineer, wiki)
    assert [problem.code for problem in seen.problems] == ["not_configured"]
    assert seen.document is None


def test_a_key_that_cannot_sign_is_a_problem(engineer, wiki, settings, strangers_keys):
    assert look(engineer, wiki).key_fits  # negative control
    with in_tenant(engineer.tenant):
        pair = certificates_of(wiki)[0]
        KeyPair.objects.filter(pk=pair.pk).update(certificate=strangers_keys.certificate)
    seen = look(engineer, wiki)
    assert ([problem.code for problem in seen.problems], seen.key_fits) == (["wrong_key"], False)
    settings.ENCRYPTION_KEYS = [base64.urlsafe_b64encode(b"k" * 32).decode()]
    seen = look(engineer, wiki)
    assert ([problem.code for problem in seen.problems], seen.key_fits) == (["no_key"], False)


def test_the_preview_key_is_new_each_time(engineer, wiki, monkeypatch):
    monkeypatch.setattr(preview, "new_key_pair", crypto.new_key_pair)
    first, second = look(engineer, wiki).document.xml, look(engineer, wiki).document.xml
    assert certificate_in(first) != certificate_in(second)


def test_a_random_persistent_name_id_is_the_one_that_is_sent_later(engineer, wiki):
    with in_tenant(engineer.tenant):
        update_sso(
            sso_of(wiki), actor=Actor.system(), name_id_format="persistent", name_id_source="persistent_id"
        )
    shown = look(engineer, wiki).statement.name_id
    sent = etree.fromstring(real(engineer, wiki)).findtext(".//saml:NameID", namespaces=NS)
    assert shown == sent
    assert len(shown) == 40


def test_what_is_not_started_from_here_is_told(engineer, wiki, system):
    with in_tenant(engineer.tenant):
        update_sso(sso_of(wiki), actor=system, idp_initiated=False)
    assert [problem.code for problem in look(engineer, wiki).problems] == ["only_from_there"]
    assert look(engineer, wiki, sp_initiated=True).would_get_in
