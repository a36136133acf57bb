"""A private key is opened once by each thread, and what is kept never signs for another tenant, nor after its row has changed."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from apps.lib.crypto import seal
from apps.lib.errors import KeyUnknown, SealBroken
from apps.lib.xml import SignatureRefused, parse, verify
from apps.saml import open_keys
from apps.saml.actions.key_pairs import add_certificate, certificates_of, promote_certificate
from apps.saml.actions.previews import preview_sign_in
from apps.saml.models import KeyPair
from apps.tenants.context import in_tenant
from tests.saml.service_provider import authn_request, posted, redirect

FRESH = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="  # another installation's


@pytest.fixture(autouse=True)
def opened(monkeypatch):
    """The rows whose keys were opened, not found, in this test."""
    rows, real = [], open_keys._unsealed
    monkeypatch.setattr(open_keys, "_open", open_keys._OpenKeys())
    monkeypatch.setattr(open_keys, "_unsealed", lambda pair: rows.append(pair.pk) or real(pair))
    return rows


def stored(keys, **fields):
    row = KeyPair(certificate=keys.certificate, **({"id": uuid4(), "tenant_id": uuid4()} | fields))
    row._state.adding = False
    if "private_key_sealed" not in fields:
        row.private_key = keys.private_key
    return row


def again(row, **changed):
    """The row as a later request reads it."""
    fields = {"id": row.id, "tenant_id": row.tenant_id, "private_key_sealed": row.private_key_sealed}
    return KeyPair.from_db(None, list(fields | changed), list((fields | changed).values()))


# --- one row


def test_it_is_opened_once_by_a_thread_and_once_by_another(sp_keys, opened):
    row = stored(sp_keys)
    first = open_keys.opened(row)
    assert open_keys.opened(again(row)) is first
    assert opened == [row.pk]
    with ThreadPoolExecutor(1) as other:
        assert other.submit(open_keys.opened, again(row)).result() is not first
        assert other.submit(lambda: len(open_keys._open.keys)).result() == 1
    assert opened == [row.pk, row.pk]


def test_another_tenants_row_finds_nothing_even_with_the_same_id_and_octets(sp_keys):
    row = stored(sp_keys)
    open_keys.opened(row)
    with pytest.raises(SealBroken):
        open_keys.opened(again(row, tenant_id=uuid4()))
    with pytest.raises(SealBroken):
        open_keys.opened(again(row, id=uuid4()))


def test_an_altered_seal_finds_nothing(sp_keys):
    row = stored(sp_keys)
    open_keys.opened(row)
    altered = bytearray(row.private_key_sealed)
    altered[-1] ^= 1
    with pytest.raises(SealBroken):
        open_keys.opened(again(row, private_key_sealed=bytes(altered)))


def test_a_key_that_was_put_in_its_place_is_the_one_that_signs(sp_keys, strangers_keys, opened):
    row = stored(sp_keys)
    first = open_keys.opened(row)
    later = again(row)
    later.private_key = strangers_keys.private_key
    assert open_keys.opened(later).public_key() != first.public_key()
    assert opened == [row.pk, row.pk]


def test_without_the_installations_key_nothing_kept_is_used(sp_keys, settings):
    row = stored(sp_keys)
    open_keys.opened(row)
    settings.ENCRYPTION_KEYS = [FRESH]
    with pytest.raises(KeyUnknown):
        open_keys.opened(again(row))


def test_a_seal_of_a_rotated_installation_key_is_opened_anew(sp_keys, settings, opened):
    row = stored(sp_keys)
    open_keys.opened(row)
    settings.ENCRYPTION_KEYS = [FRESH, *settings.ENCRYPTION_KEYS]
    context = f"saml_keypair:private_key_sealed:{row.tenant_id}:{row.pk}"
    sealed = seal(sp_keys.private_key.encode(), context=context)
    open_keys.opened(again(row, private_key_sealed=sealed))
    assert opened == [row.pk, row.pk]


def test_few_are_kept_and_the_one_that_was_not_used_for_longest_goes(sp_keys, monkeypatch, opened):
    monkeypatch.setattr(open_keys, "KEPT", 2)
    oldest, used, new = (stored(sp_keys) for _ in range(3))
    for row in (oldest, used, oldest, new):
        open_keys.opened(row)
    assert len(open_keys._open.keys) == 2
    open_keys.opened(oldest)
    assert opened == [oldest.pk, used.pk, new.pk]
    open_keys.opened(used)
    assert opened[-1] == used.pk


def test_a_row_that_was_never_stored_leaves_nothing(sp_keys):
    row = stored(sp_keys)
    row._state.adding = True
    open_keys.opened(row)
    assert not open_keys._open.keys


# --- whole sign-ons


def signed_by(person, certificate):
    made = posted(person.get(f"/saml2/wiki?{redirect(authn_request())}"))
    try:
        verify(parse(made.xml, max_bytes=250_000), [certificate])
    except SignatureRefused:
        return False
    return True


@pytest.mark.django_db
def test_sign_ons_open_the_key_once(engineer, wiki, opened):
    with in_tenant(engineer.tenant):
        active = certificates_of(wiki)[0]
    assert signed_by(engineer, active.certificate)
    assert signed_by(engineer, active.certificate)
    assert opened == [active.pk]


@pytest.mark.django_db
def test_after_a_rotation_the_old_key_signs_nothing(engineer, wiki, system, opened):
    with in_tenant(engineer.tenant):
        before = certificates_of(wiki)[0].certificate
        assert signed_by(engineer, before)
        following = add_certificate(wiki, actor=system)
        assert signed_by(engineer, before)
        after = promote_certificate(following, actor=system).certificate
    assert signed_by(engineer, after)
    assert not signed_by(engineer, before)
    assert len(opened) == 2


@pytest.mark.django_db
def test_a_preview_leaves_no_key(engineer, wiki, system):
    with in_tenant(engineer.tenant):
        preview_sign_in(engineer.user, wiki, sp_initiated=True, actor=system)
    rows = {name[1] for name in open_keys._open.keys}
    with in_tenant(engineer.tenant):
        assert rows <= set(KeyPair.objects.values_list("pk", flat=True))
