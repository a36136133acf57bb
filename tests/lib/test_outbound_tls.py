import datetime as dt
import ssl

import pytest
import trustme

from apps.lib import event_loop
from apps.lib.http import NotReached
from tests.lib.conftest import OK


def secured(loopback, context):
    def script(connection, _request):
        raise AssertionError("unreachable")

    server = loopback(script)

    def serve(connection):
        with context.wrap_socket(connection, server_side=True) as wrapped:
            server.requests.append(wrapped.recv(65536))
            wrapped.sendall(OK)

    def guarded(connection):
        try:
            serve(connection)
        except (ssl.SSLError, OSError):
            connection.close()

    server._serve = guarded
    return server


@pytest.fixture
def certified(loopback, monkeypatch, tmp_path):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))

    def start(*identities, trusted, **options):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*identities, **options).configure_cert(context)
        if trusted:
            monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
        event_loop.close()
        return secured(loopback, context)

    return start


def past(**options):
    return dt.datetime.now(dt.UTC) - dt.timedelta(**options)


def test_a_certificate_of_an_unknown_authority_is_refused(certified, call):
    server = certified("127.0.0.1", trusted=False)
    with pytest.raises(
        NotReached,
        match=r"^The certificate of 127\.0\.0\.1 comes from an authority that is not trusted here\.$",
    ):
        call(server, scheme="https", headers={"Authorization": "Bearer secret"})
    assert server.requests == []


def test_an_expired_certificate_is_refused(certified, call):
    server = certified("127.0.0.1", trusted=True, not_before=past(days=3), not_after=past(days=1))
    with pytest.raises(NotReached, match="has expired"):
        call(server, scheme="https")
    assert server.requests == []


def test_a_certificate_for_another_name_is_refused(certified, call):
    server = certified("other.example", trusted=True)
    with pytest.raises(NotReached, match="is for another"):
        call(server, scheme="https")
    assert server.requests == []


def test_plain_text_where_tls_is_expected_is_not_reached(loopback, call):
    def shout(connection):
        with connection:
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    server = loopback()
    server._serve = shout
    with pytest.raises(NotReached, match="TLS"):
        call(server, scheme="https")


def test_a_certificate_that_the_operator_trusts_is_accepted(certified, call):
    server = certified("127.0.0.1", trusted=True)
    assert call(server, scheme="https").status == 200
