import io
import re
import shutil
import subprocess
from html import unescape

import pytest
from django.test import Client
from django.views.debug import SafeExceptionReporterFilter

from apps.events.models import Event
from apps.saml.actions.key_pairs import certificates_of
from apps.saml.models import SsoSettings
from apps.tenants.context import in_tenant
from tests.saml.pairs import DAY, NOW, PKCS1, certificate, private, rsa_key

PASSPHRASE = "CANARY-passphrase"


def file(text: str, name: str) -> io.BytesIO:
    made = io.BytesIO(text.encode())
    made.name = name
    return made


def pair_files(*, key=None, public=None, passphrase=PASSPHRASE):
    return {
        "upload-certificate": file(public or certificate(rsa_key()), "sso.crt"),
        "upload-private_key": file(key or private(rsa_key(), passphrase=PASSPHRASE), "sso.key"),
        "upload-passphrase": passphrase,
    }


@pytest.fixture
def path(gitlab):
    return f"/console/applications/{gitlab.pk}/sso/certificates/"


def states(alice, gitlab):
    with in_tenant(alice.tenant):
        return [pair.state for pair in certificates_of(gitlab)]


def lines_of(pem: str) -> list[str]:
    """Lines of base64 that stand in no certificate: not those at the beginning, where the modulus is."""
    return [line for line in pem.splitlines() if len(line) == 64][8:]


def test_a_refused_pair_says_why_at_its_field_and_is_not_shown_again(alice, gitlab, path):
    stranger = private(rsa_key(number=1))
    for sent, field in (
        (pair_files(key=stranger), "upload-private_key"),
        (pair_files(passphrase="wrong"), "upload-passphrase"),
        (pair_files(public="nonsense"), "upload-certificate"),
        (pair_files(public="x" * 3_000_000), "upload-certificate"),  # kept as a file by Django
        ({}, "upload-certificate"),
    ):
        response = alice.post(f"{path}upload/", sent)
        page = response.content.decode()
        assert response.status_code == 422
        assert f'href="#id_{field}"' in page
        assert f'id="id_{field}_error"' in page
        assert PASSPHRASE not in page
        assert "PRIVATE KEY-----\n" not in page
        assert not any(line in page for line in lines_of(stranger))
    assert states(alice, gitlab) == ["active"]


def test_an_uploaded_pair_is_published_as_the_next_one(alice, gitlab, path):
    response = alice.post(f"{path}upload/", pair_files(), follow=True)
    page = response.content.decode()
    assert states(alice, gitlab) == ["active", "next"]
    assert "sso.acme.example" in page
    assert "Give it to the application, then promote it" in page
    assert PASSPHRASE not in page
    with in_tenant(alice.tenant):
        event = Event.objects.filter(type="certificate_create").first()
    assert event.actor_name == "alice"
    assert event.details["origin"] == "uploaded"


def test_it_signs_at_once_only_where_nobody_signed_in_yet(alice, bob, gitlab, path):
    assert 'name="upload-at_once"' in alice.get(path).content.decode()
    alice.post(f"{path}upload/", pair_files() | {"upload-at_once": "on"})
    assert states(alice, gitlab) == ["active", "retiring"]
    assert bob.get("/launch/gitlab").status_code == 200
    assert 'name="upload-at_once"' not in alice.get(path).content.decode()


def test_a_generated_pair_is_as_it_was_asked_for(alice, gitlab, path):
    asked = {"common_name": "Acme sign-in 2027", "years": "2", "key_size": "3072"}
    page = alice.post(path, asked, follow=True).content.decode()
    assert "Acme sign-in 2027" in page
    assert "RSA 3072" in page
    with in_tenant(alice.tenant):
        following = certificates_of(gitlab)[1]
    lasts = following.not_after - following.created_at
    assert 729 <= lasts.days <= 731
    assert alice.post(path, asked | {"years": "11"}).status_code == 422
    refused = alice.post(path, asked)
    assert refused.status_code == 422
    assert b"There is a next certificate already" in refused.content


def test_the_way_back_is_open_until_the_old_one_is_retired(alice, gitlab, path):
    alice.post(path)
    with in_tenant(alice.tenant):
        old, new = certificates_of(gitlab)
    alice.post(f"{path}{new.pk}/promotion/")
    tab = alice.get(f"/console/applications/{gitlab.pk}/sso/").content.decode()
    assert "Make active again" in tab
    assert "the way back" in alice.get(f"{path}{old.pk}/promotion/").content.decode()
    alice.post(f"{path}{old.pk}/promotion/")
    with in_tenant(alice.tenant):
        assert [(pair.pk, pair.state) for pair in certificates_of(gitlab)] == [
            (old.pk, "active"),
            (new.pk, "next"),
        ]


def test_each_certificate_can_be_downloaded_before_it_signs(alice, gitlab, path):
    alice.post(path)
    with in_tenant(alice.tenant):
        following = certificates_of(gitlab)[1]
    page = alice.get(f"{path}{following.pk}/").content.decode()
    for words in (following.fingerprint_sha1, following.fingerprint_sha256, "Nothing is signed with it yet"):
        assert words in page
    file_ = alice.get(f"{path}{following.pk}/?download")
    assert file_.content.decode() == following.certificate
    assert file_["Content-Disposition"] == 'attachment; filename="certificate.pem"'


def error_page(alice, path, monkeypatch, settings):
    """What a developer sees when saving fails for a reason nobody thought of."""

    def fail(*_args, **_kwargs):
        raise RuntimeError("the disk is full")

    settings.DEBUG = True
    monkeypatch.setattr("apps.saml.actions.key_pairs.save_pair", fail)
    alice.client.raise_request_exception = False
    response = alice.post(f"{path}upload/", pair_files())
    assert response.status_code == 500
    assert b"the disk is full" in response.content
    return response.content.decode()


def leaked(page: str) -> list[str]:
    key = private(rsa_key())
    found = [line for line in lines_of(key) if line in page]
    return found + [word for word in (PASSPHRASE, "BEGIN PRIVATE", "BEGIN ENCRYPTED") if word in page]


def test_an_error_page_for_developers_holds_neither_key_nor_passphrase(alice, path, monkeypatch, settings):
    assert leaked(error_page(alice, path, monkeypatch, settings)) == []


def test_without_our_filter_it_would(alice, path, monkeypatch, settings):
    monkeypatch.setattr("apps.lib.reports.AlwaysHiding.is_active", SafeExceptionReporterFilter.is_active)
    assert PASSPHRASE in leaked(error_page(alice, path, monkeypatch, settings))


def test_nothing_of_the_key_is_in_the_log_or_in_the_lines(alice, gitlab, path, caplog):
    caplog.set_level("DEBUG")
    alice.post(f"{path}upload/", pair_files(key=private(rsa_key(), PKCS1)))
    exported = b"".join(alice.get("/console/events/export.jsonl").streaming_content).decode()
    assert "uploaded" in exported
    assert leaked(exported + caplog.text) == []


def test_a_reader_sees_the_certificates_and_changes_none(alice, gitlab, path):
    from apps.accounts.models import Role
    from tests.conftest import person

    reader = person(alice.tenant, "reader", role=Role.READ_ONLY)
    page = reader.get(path).content.decode()
    assert not re.search(r"<button[^>]*>\s*Generate", page)
    assert reader.post(path).status_code == 403
    assert reader.post(f"{path}upload/", pair_files()).status_code == 403
    assert Client().get(alice.url(path)).status_code == 302


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_the_commands_beside_the_fingerprints_print_exactly_what_is_shown(alice, gitlab, path, tmp_path):
    alice.post(path)
    with in_tenant(alice.tenant):
        following = certificates_of(gitlab)[1]
    for page, download in (
        (f"/console/applications/{gitlab.pk}/sso/", "/saml2/gitlab/certificate"),
        (f"{path}{following.pk}/", f"{path}{following.pk}/?download"),
    ):
        (tmp_path / "certificate.pem").write_bytes(alice.get(download).content)
        values = [
            unescape(text) for text in re.findall(r'data-copy="([^"]*)"', alice.get(page).content.decode())
        ]
        commands = [text for text in values if text.startswith("openssl")]
        assert len(commands) == 2
        for command in commands:
            made = subprocess.run(
                command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=True
            )
            assert made.stdout.strip() == values[values.index(command) - 1]
            assert re.fullmatch(r"([0-9A-F]{2}:){19}(([0-9A-F]{2}:){12})?[0-9A-F]{2}", made.stdout.strip())


def test_the_tab_tells_how_long_the_applications_own_certificates_last(alice, gitlab, path, system):
    tab = f"/console/applications/{gitlab.pk}/sso/"
    assert b"signs its requests with" not in alice.get(tab).content
    key = rsa_key()
    old = certificate(key, begins=NOW - 9 * DAY, ends=NOW - DAY)
    with in_tenant(alice.tenant):
        ending = [old, certificate(key, ends=NOW + 9 * DAY), certificate(key)]
        SsoSettings.objects.filter(application=gitlab).update(sp_certificates=ending)
    shown = alice.get(tab).content.decode()
    shown = shown[shown.index("signs its requests with") :]
    assert shown.count("valid until") == 3
    assert shown.count("chip--expired") == 1
    assert shown.count("Ends soon") == 1
