"""What keeps docs/performance.md true without a clock: queries, programs, files and memory of a sign-on."""

import gc
import os
import pathlib
import re
import subprocess
import tempfile
import tracemalloc

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.applications.actions import add_application
from apps.saml.actions.key_pairs import certificates_of
from apps.saml.actions.settings import sso_of, update_sso
from apps.saml.models import PendingSignIn
from apps.saml.old_requests import PENDING_LIFETIME, forget_pending_sign_ins, tenants_with_old_requests
from apps.tenants.context import in_tenant
from tests.queries import statements
from tests.saml.conftest import ACS, SP
from tests.saml.service_provider import authn_request, posted, python3_saml, redirect

pytestmark = pytest.mark.django_db


def sign_on(person):
    """One HTTP request, with a new AuthnRequest; the answer is not verified here, because that starts programs of its own."""
    answer = person.get(f"/saml2/wiki?{redirect(authn_request())}")
    assert answer.status_code == 200
    assert b'name="SAMLResponse"' in answer.content


def queries(person):
    with CaptureQueriesContext(connection) as asked:
        sign_on(person)
    return [sql for sql in statements(asked.captured_queries) if not sql.startswith(("SAVEPOINT", "RELEASE"))]


def test_the_number_of_applications_costs_no_query(engineer, wiki, system):
    sign_on(engineer)
    before = queries(engineer)
    with in_tenant(engineer.tenant):
        for number in range(100):
            more = add_application(actor=system, connector="custom_saml", display_label=f"More {number}")
            update_sso(sso_of(more), actor=system, sp_entity_id=SP, acs_urls=[ACS])
    after = queries(engineer)
    assert len(before) == len(after) == len(STATEMENTS), before
    for statement in after:  # nothing is read that grows with them
        assert "LIMIT" in statement or not statement.startswith("SELECT"), statement


# What a sign-on asks the database, in this order: each by the table that it reads first or writes.
STATEMENTS = (
    ("SELECT", "tenants_tenant"),
    ("SELECT", "saml_keypair"),  # with application and settings: to judge the request by
    ("SELECT", "django_session"),
    ("SELECT", "directory_user"),  # with their role; locked
    ("SELECT", "saml_keypair"),  # the same anew
    ("SELECT", "directory_group"),  # the gate
    ("INSERT", "saml_pendingsignin"),
    ("INSERT", "saml_ssosession"),
    ("INSERT", "events_event"),
)


def test_the_row_of_the_person_is_read_once_and_locked_before_the_gate_reads_anything(engineer):
    sign_on(engineer)
    asked = [
        re.search(r'^(SELECT|INSERT).*?(?:FROM|INTO) "(\w+)"', sql, re.DOTALL) for sql in queries(engineer)
    ]
    assert [found and found.groups() for found in asked] == list(STATEMENTS)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite locks the whole database")
def test_only_the_persons_own_row_is_locked(engineer):
    locking = [sql for sql in queries(engineer) if "FOR NO KEY UPDATE" in sql]
    assert len(locking) == 1
    assert locking[0].endswith('FOR NO KEY UPDATE OF "directory_user"')


def test_a_logo_is_not_read(engineer, wiki):
    """It may be larger than everything else that a sign-on reads."""
    with in_tenant(engineer.tenant):
        type(wiki).objects.filter(pk=wiki.pk).update(logo=b"x" * 300_000)
    sign_on(engineer)
    assert not [sql for sql in queries(engineer) if '"logo"' in sql]


def test_no_program_is_started(engineer, monkeypatch):
    def refused(*_args, **_kwargs):
        raise AssertionError("A program was started.")

    for place, name in ((subprocess, "Popen"), (os, "posix_spawn"), (os, "fork"), (os, "system")):
        monkeypatch.setattr(place, name, refused)
    sign_on(engineer)
    with pytest.raises(AssertionError):  # negative control
        subprocess.run(["true"], check=False)


def private_keys_below(*folders):
    files = [path for folder in folders for path in pathlib.Path(folder).rglob("*") if path.is_file()]
    return [path for path in files if b"PRIVATE KEY" in path.read_bytes()]


def test_no_private_key_touches_the_disk(engineer, monkeypatch, tmp_path):
    """Neither in the data directory, the database's files included, nor in any temporary file, removed or not."""
    opened = []
    real = os.open

    def watched(path, flags, *rest, **named):
        if flags & (os.O_WRONLY | os.O_RDWR):
            opened.append(path)
        return real(path, flags, *rest, **named)

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(os, "open", watched)
    sign_on(engineer)
    assert [path for path in opened if str(path).startswith(str(tmp_path))] == []
    assert private_keys_below(settings.DATA_DIR, tmp_path) == []
    with tempfile.NamedTemporaryFile() as file:  # negative control
        file.write(b"-----BEGIN PRIVATE KEY-----")
        file.flush()
        assert opened[-1] == file.name
        assert private_keys_below(tmp_path) == [pathlib.Path(file.name)]


def test_memory_does_not_grow_with_sign_ons(engineer):
    for _ in range(20):
        sign_on(engineer)
    tracemalloc.start()
    try:
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(60):
            sign_on(engineer)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 60 * 5000, grown  # one response that is kept is more than that


def test_a_request_that_is_answered_at_once_is_kept_against_replays_and_forgotten_later(engineer, wiki):
    query = redirect(authn_request())
    python3_saml_reads(engineer, wiki, posted(engineer.get(f"/saml2/wiki?{query}")))
    assert engineer.get(f"/saml2/wiki?{query}").status_code == 400
    with in_tenant(engineer.tenant):
        row = PendingSignIn.objects.get()
        assert row.answered_at is not None
    assert tenants_with_old_requests() == []
    with in_tenant(engineer.tenant):
        forget_pending_sign_ins()
        assert PendingSignIn.objects.count() == 1
        PendingSignIn.objects.update(created_at=timezone.now() - PENDING_LIFETIME * 2)
    assert tenants_with_old_requests() == [str(engineer.tenant.pk)]
    with in_tenant(engineer.tenant):
        forget_pending_sign_ins()
        assert PendingSignIn.objects.count() == 0


def python3_saml_reads(engineer, wiki, answer):
    with in_tenant(engineer.tenant):
        certificate = certificates_of(wiki)[0].certificate
    python3_saml(answer.xml, certificate, request_id=answer.root.get("InResponseTo"))
