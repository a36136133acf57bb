import gzip
import itertools
import time
import urllib.request

import aiohttp
import pytest

from apps.lib import http
from apps.lib.http import AnswerLost, BadAnswer, NotReached, OutboundError, Request, TargetRefused
from tests.lib.conftest import resident_bytes


def answer(status="200 OK", *headers, body=b"{}"):
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


# --- redirects, encodings, sizes


@pytest.mark.parametrize(
    "status",
    [
        "301 Moved Permanently",
        "302 Found",
        "303 See Other",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ],
)
def test_a_redirect_is_an_error_and_the_token_goes_nowhere(status, loopback, call):
    second = loopback()
    first = loopback(answer(status, f"Location: http://127.0.0.1:{second.port}/"))
    with pytest.raises(BadAnswer) as refused:
        call(first, headers={"Authorization": "Bearer secret"})
    assert refused.value.status == int(status[:3])
    assert second.requests == []


def test_an_unguarded_client_follows_the_redirect(loopback):
    second = loopback()
    first = loopback(answer("302 Found", f"Location: http://127.0.0.1:{second.port}/"))
    urllib.request.urlopen(f"http://127.0.0.1:{first.port}/", timeout=5).close()
    assert len(second.requests) == 1


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "deflate", "br", "zstd", "identity, gzip"])
def test_a_compressed_answer_is_refused_unread(coding, loopback, call):
    bomb = gzip.compress(b"0" * 50_000_000)
    server = loopback(answer("200 OK", f"Content-Encoding: {coding}", body=bomb))
    before = resident_bytes()
    with pytest.raises(BadAnswer, match="compressed"):
        call(server)
    assert resident_bytes() - before < 16_000_000
    assert b"\r\nAccept-Encoding: identity\r\n" in server.requests[0]


def test_a_caller_cannot_ask_for_compression(loopback, call):
    server = loopback()
    call(server, headers={"accept-encoding": "gzip"})
    assert server.requests[0].lower().count(b"accept-encoding") == 1
    assert b"gzip" not in server.requests[0]


def test_an_announced_body_over_two_mebibytes_is_refused(loopback, call):
    with pytest.raises(BadAnswer, match="2 MiB"):
        call(loopback(answer(body=b"x" * (2 * 1024 * 1024 + 1))))


def test_a_body_of_two_mebibytes_is_read(loopback, call):
    assert len(call(loopback(answer(body=b"x" * (2 * 1024 * 1024)))).body) == 2 * 1024 * 1024


@pytest.mark.parametrize("framing", [b"Transfer-Encoding: chunked\r\n", b"Connection: close\r\n"])
def test_an_endless_body_is_cut(framing, loopback, call):
    def pour(connection, _request):
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n")
        block = b"x" * 65536
        while True:
            connection.sendall(b"10000\r\n" + block + b"\r\n" if b"chunked" in framing else block)

    before = resident_bytes()
    with pytest.raises(BadAnswer, match="2 MiB"):
        call(loopback(pour))
    assert resident_bytes() - before < 32_000_000


@pytest.mark.parametrize(
    "head",
    [
        b"".join(b"X-%d: y\r\n" % number for number in range(10_000)),
        b"X-Long: " + b"y" * 100_000 + b"\r\n",
        b"Transfer-Encoding: gzip, chunked\r\n",
        b"No colon here\r\n",
    ],
)
def test_odd_headers_are_refused(head, loopback, call):
    with pytest.raises(BadAnswer):
        call(loopback(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n"))


@pytest.mark.parametrize(
    "words", [b"220 smtp.example ESMTP\r\n\r\n", b"\x16\x03\x01 garbage\r\n\r\n", b"HTTP/1.1 abc OK\r\n\r\n"]
)
def test_another_protocol_is_refused_without_quoting_it(words, loopback, call):
    with pytest.raises(OutboundError) as refused:
        call(loopback(words))
    assert refused.value.sent
    assert "smtp" not in str(refused.value)


# --- time


def drip(*parts):
    def script(connection, _request):
        for part in itertools.chain(parts, itertools.repeat(parts[-1])):
            connection.sendall(part)
            time.sleep(0.02)

    return script


@pytest.mark.parametrize(
    "script",
    [
        drip(b"HTTP/1.1 200 OK\r\n", b"X-Slow: y\r\n"),
        drip(b"HTTP/1.1 100 Continue\r\n\r\n"),
        drip(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"x"),
        drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        lambda _connection, _request: time.sleep(0.5),
    ],
    ids=["header drip", "interim answers", "body drip", "chunk drip", "silence"],
)
def test_the_deadline_is_for_the_whole_call(script, loopback, call):
    started = time.monotonic()
    with pytest.raises(AnswerLost, match="in time") as late:
        call(loopback(script), timeout=0.3)
    assert late.value.sent
    assert time.monotonic() - started < 20  # the drip itself would go on for longer


def test_a_timeout_per_read_lets_the_drip_run_on(loopback):
    server = loopback(drip(b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n", b"x"))
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/", timeout=0.3) as response:
        started = time.monotonic()
        assert len(response.read()) == 40
    assert time.monotonic() - started > 0.5


def test_no_caller_gets_more_than_thirty_seconds(loopback, call, monkeypatch):
    monkeypatch.setattr(http, "LONGEST_SECONDS", 0.2)
    with pytest.raises(AnswerLost):
        call(loopback(lambda _connection, _request: time.sleep(0.5)), timeout=3600)


def test_a_silent_handshake_is_not_reached_in_time(loopback, allow):
    server = loopback(lambda _connection, _request: None)
    allow("127.0.0.1")
    with pytest.raises(NotReached, match="in time") as late:
        http.send(Request("GET", f"https://127.0.0.1:{server.port}/"), timeout=0.3)
    assert not late.value.sent


# --- what is certain and what is not


def test_a_closed_port_is_not_reached_and_its_address_not_told(loopback, call):
    server = loopback()
    server.stop()
    with pytest.raises(NotReached, match=r"^No connection to 127\.0\.0\.1\.$") as failed:
        call(server)
    assert not failed.value.sent


@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "PATCH", "DELETE"])
def test_a_reset_after_sending_is_ambiguous_and_nothing_is_sent_twice(method, loopback, call):
    server = loopback(lambda connection, _request: connection.close())
    with pytest.raises(AnswerLost) as lost:
        call(server, method, body=b"{}" if method in {"PUT", "POST", "PATCH"} else None)
    assert lost.value.sent
    assert len(server.requests) == 1


def test_a_body_cut_short_is_ambiguous(loopback, call):
    def cut(connection, _request):
        connection.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 10\r\n\r\n{")
        connection.close()

    with pytest.raises(AnswerLost):
        call(loopback(cut))


@pytest.mark.parametrize(
    "value", ["Bearer a\r\nX-Evil: 1", "Bearer a\n", "Bearer \x00", "Bearer \u20ac", "Bearer \ud800"]
)
def test_a_header_that_cannot_be_sent_is_refused_without_quoting_it(value, loopback, call):
    server = loopback()
    with pytest.raises(TargetRefused) as refused:
        call(server, headers={"Authorization": value})
    assert "Bearer" not in refused.value.detail
    assert server.requests == []


def test_secrets_do_not_show_in_representations():
    request = Request("POST", "https://example.com/", {"Authorization": "Bearer secret"}, b"secret")
    assert "secret" not in repr(request)
    assert "secret" not in repr(http.Answer(200, {}, b"secret"))


# --- the environment


def test_proxies_cookies_and_netrc_are_ignored(loopback, call, monkeypatch, tmp_path):
    proxy = loopback()
    server = loopback(answer("200 OK", "Set-Cookie: session=stolen; Path=/"))
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login alice password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    call(server)
    call(server)
    assert proxy.requests == []
    assert b"cookie" not in server.requests[1].lower()
    assert b"authorization" not in server.requests[1].lower()


def test_a_client_that_reads_the_environment_uses_the_proxy(loopback, monkeypatch):
    proxy, server = loopback(), loopback()
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)

    async def trusting() -> int:
        url = f"http://127.0.0.1:{server.port}/"
        async with aiohttp.ClientSession(trust_env=True) as session, session.get(url) as response:
            return response.status

    assert http.run(trusting()) == 200
    assert len(proxy.requests) == 1


def test_a_url_goes_out_as_it_was_written(loopback, call):
    server = loopback()
    path = "/Users/a%40b%2Fc/%2e%2e?filter=userName%20eq%20%22x%2By%22&count=1"
    call(server, path=path)
    assert server.requests[0].startswith(f"GET {path} HTTP/1.1\r\n".encode())


def test_a_body_over_a_mebibyte_is_sent(loopback, call):
    server = loopback()
    call(server, "POST", body=b"x" * 1_500_000)
    assert server.requests[0].endswith(b"x" * 1_500_000)


def test_an_answer_has_headers_of_any_case_and_only_storable_text(loopback, call):
    received = call(loopback(answer("429 Too Many", "RETRY-AFTER: 3", "X-Odd: \xff", body=b"\xffno")))
    assert received.status == 429
    assert received.headers["Retry-After"] == "3"
    assert received.headers["x-odd"].encode()
    assert received.text == "\ufffdno"
    assert received.seconds > 0


@pytest.mark.parametrize(
    "body", [b"", b"{", b"<html>", b"\xff", b"NaN", b'{"a": Infinity}', b"[" * 200_000, b"1" * 5000]
)
def test_what_is_not_json_is_a_bad_answer(body):
    with pytest.raises(BadAnswer) as refused:
        http.Answer(200, {}, body).json()
    assert refused.value.status == 200


def test_json_may_be_nested_32_deep_and_no_deeper():
    assert http.Answer(200, {}, b"[" * 32 + b"]" * 32).json()
    with pytest.raises(BadAnswer, match="deep"):
        http.Answer(200, {}, b'{"a":' * 33 + b"1" + b"}" * 33).json()
