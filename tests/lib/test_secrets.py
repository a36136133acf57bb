import base64
import os
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from apps.lib import crypto
from apps.lib.crypto import KeyUnknown, SealBroken, Sealed, seal, unseal


def key():
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


@pytest.fixture(autouse=True)
def keys(settings):
    settings.ENCRYPTION_KEYS = [key()]
    return settings


class Row:
    """What Sealed needs to know of a model instance."""

    _meta = SimpleNamespace(db_table="provisioning_integration")
    token = Sealed("token_sealed")
    note = Sealed("note_sealed")

    def __init__(self, pk, tenant_id):
        self.pk, self.tenant_id = pk, tenant_id
        self.token_sealed = self.note_sealed = b""


@pytest.fixture
def rows():
    first, second = Row("1", "a"), Row("2", "a")
    first.token, second.token = "alpha", "beta"
    return first, second


def test_two_rows_that_swap_their_ciphertexts_both_refuse(rows):
    first, second = rows
    first.token_sealed, second.token_sealed = second.token_sealed, first.token_sealed
    for row in rows:
        with pytest.raises(SealBroken):
            _ = row.token


def test_without_bound_data_the_swap_succeeds():
    cipher = AESGCM(os.urandom(32))
    first, second = (cipher.encrypt(b"\0" * 12, secret, None) for secret in (b"alpha", b"beta"))
    first, second = second, first
    assert cipher.decrypt(b"\0" * 12, first, None) == b"beta"


@pytest.mark.parametrize("change", ["pk", "tenant_id", "column", "table"])
def test_a_ciphertext_is_bound_to_table_column_tenant_and_row(change, rows, monkeypatch):
    row = rows[0]
    if change == "column":
        row.note_sealed = row.token_sealed
    elif change == "table":
        monkeypatch.setattr(Row, "_meta", SimpleNamespace(db_table="saml_keypair"))
    else:
        setattr(row, change, "elsewhere")
    with pytest.raises(SealBroken):
        _ = row.note if change == "column" else row.token


def test_every_altered_byte_is_noticed():
    sealed = seal(b"secret", context="a")
    for position in range(len(sealed)):
        altered = bytearray(sealed)
        altered[position] ^= 1
        with pytest.raises(crypto.SealBroken if position == 0 or position > 8 else KeyUnknown):
            unseal(bytes(altered), context="a")


@pytest.mark.parametrize("cut", range(0, 37, 4))
def test_what_is_cut_short_is_refused(cut):
    with pytest.raises(SealBroken):
        unseal(seal(b"", context="a")[:cut], context="a")


@pytest.mark.parametrize("pk_and_tenant", [(None, "a"), ("1", None)])
def test_a_row_without_tenant_or_key_cannot_hold_a_secret(pk_and_tenant):
    with pytest.raises(ValueError, match="before it is set"):
        Row(*pk_and_tenant).token = "alpha"


def test_errors_do_not_name_the_secret(rows):
    rows[0].pk = "3"
    with pytest.raises(SealBroken) as broken:
        _ = rows[0].token
    assert "alpha" not in str(broken.value)
    assert b"alpha" not in rows[0].token_sealed


def test_a_secret_is_read_back_from_what_databases_return(rows):
    rows[0].token_sealed = memoryview(rows[0].token_sealed)
    assert rows[0].token == "alpha"
    rows[1].token = "gr\u00fc\u00dfe \U0001f511"
    assert rows[1].token == "gr\u00fc\u00dfe \U0001f511"
    rows[1].token = ""
    assert (rows[1].token, rows[1].token_sealed) == ("", b"")


def test_equal_secrets_do_not_look_equal():
    assert seal(b"secret", context="a") != seal(b"secret", context="a")


def test_keys_rotate_without_a_gap(keys):
    old = keys.ENCRYPTION_KEYS[0]
    sealed = seal(b"secret", context="a")
    keys.ENCRYPTION_KEYS = [key(), old]
    assert unseal(sealed, context="a") == b"secret"
    assert not crypto.is_sealed_with_first_key(sealed)
    renewed = seal(unseal(sealed, context="a"), context="a")
    assert crypto.is_sealed_with_first_key(renewed)
    keys.ENCRYPTION_KEYS = keys.ENCRYPTION_KEYS[:1]
    assert unseal(renewed, context="a") == b"secret"
    with pytest.raises(KeyUnknown):
        unseal(sealed, context="a")


@pytest.mark.parametrize(
    "bad", [[], [""], ["short"], ["!" * 44], [base64.urlsafe_b64encode(b"x" * 31).decode()]]
)
def test_unusable_keys_stop_everything(bad, keys):
    keys.ENCRYPTION_KEYS = bad
    with pytest.raises(ValueError, match="ENCRYPTION_KEYS"):
        seal(b"secret", context="a")
