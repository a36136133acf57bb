import ipaddress
import socket

import aiohttp
import pytest

from apps.lib import http
from apps.lib.addresses import is_public, permit
from apps.lib.http import NotReached, Request, TargetRefused

SPELLINGS = [
    "127.0.0.1",
    "localhost",
    "localhost.",
    "LOCALHOST",
    "0.0.0.0",
    "0",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[2001:0:4136:e378:8000:63bf:80ff:fffe]",
    "127.0.0.1.",
    "\u2460\u2461\u2466.\u24ea.\u24ea.\u2460",
    "127\u30020\u30020\u30021",
]
PRIVATE = [
    "10.0.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "172.31.255.255",
    "192.0.0.8",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "[fe80::1]",
    "[fc00::1]",
    "[fd12:3456::1]",
    "[ff02::1]",
    "[2001:db8::1]",
    "[64:ff9b::a00:1]",
    "[64:ff9b:1::1]",
    "[::127.0.0.1]",
]


@pytest.mark.parametrize("host", SPELLINGS + PRIVATE)
def test_no_spelling_of_a_private_address_is_called(host, allow, resolves):
    resolves({name: [["127.0.0.1"]] for name in ("localhost", "localhost.", "LOCALHOST")})
    with pytest.raises(TargetRefused) as refused:
        http.send(Request("GET", f"https://{host}/"))
    assert not refused.value.sent


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1", "0177.0.0.1"])
def test_an_unguarded_client_would_have_connected(host, loopback):
    server = loopback()
    with socket.create_connection((host, server.port), timeout=5) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(15) == b"HTTP/1.1 200 OK"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "//example.com/",
        "example.com",
        "",
        "https://",
        "https:///x",
        "https://user:secret@example.com/",
        "https://example.com@127.0.0.1/",
        "https://@example.com/",
        "https://127.0.0.1\\@example.com/",
        "https://exam ple.com/",
        "https://example.com/\r\nX-Evil: 1",
        "https://example.com\t/",
        "https://example..com/",
        "https://-example.com/",
        "https://%31%32%37.0.0.1/",
        "https://example.com:99999/",
        "https://example.com:x/",
        "https://[::1/",
        "https://[fe80::1%25lo]/",
        "https://m\u00fcnchen.example/",
        f"https://{'a' * 64}.example/",
        f"https://example.com/{'a' * 9000}",
        "http://example.com/",
        "https://example.com:22/",
    ],
)
def test_an_address_that_is_not_plain_https_is_refused_before_any_lookup(url, allow, resolves):
    asked = resolves({})
    with pytest.raises(TargetRefused) as refused:
        http.send(Request("GET", url))
    assert refused.value.detail.endswith(".")
    assert "secret" not in refused.value.detail
    assert asked == []


@pytest.mark.parametrize(
    "records", [["93.184.215.14", "10.0.0.7"], ["10.0.0.7", "93.184.215.14"], ["93.184.215.14", "::1"]]
)
def test_one_private_record_among_public_ones_refuses_all(records, allow, resolves):
    resolves({"mixed.example": [records]})
    with pytest.raises(TargetRefused) as refused:
        http.send(Request("GET", "https://mixed.example/"))
    assert not any(address in str(refused.value) for address in records)


def test_a_name_is_looked_up_once_and_the_judged_address_is_connected_to(loopback, allow, resolves):
    judged, rebound = loopback(), loopback()
    asked = resolves({"rebinding.example": [["127.0.0.1"], ["::1"]]})
    allow("127.0.0.1/32")
    assert http.send(Request("GET", f"http://rebinding.example:{judged.port}/")).status == 200
    assert asked == ["rebinding.example"]
    assert len(judged.requests) == 1
    assert rebound.requests == []


def test_a_client_that_judges_and_then_connects_by_name_is_led_elsewhere(loopback, resolves):
    hidden = loopback(host="::1")
    resolves({"rebinding.example": [["93.184.215.14"], ["::1"]]})
    first = socket.getaddrinfo("rebinding.example", hidden.port)
    assert all(is_public(ipaddress.ip_address(info[4][0])) for info in first)

    async def naive() -> int:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://rebinding.example:{hidden.port}/") as answer,
        ):
            return answer.status

    assert http.run(naive()) == 200
    assert len(hidden.requests) == 1


def test_a_name_that_does_not_exist_is_not_reached(allow, resolves):
    resolves({})
    with pytest.raises(NotReached) as failed:
        http.send(Request("GET", "https://nowhere.example/"))
    assert failed.value.detail == "The name nowhere.example cannot be resolved."


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ("inside.example", "http://sub.inside.example/"),
        ("inside.example", "http://inside.example.evil.example/"),
        ("inside.example", "http://xinside.example/"),
        ("inside.example:8080", "http://inside.example/"),
        ("inside.example:8080", "https://inside.example:8443/"),
        ("127.0.0.1", "http://inside.example/"),
        ("127.0.0.1", "http://127.0.0.2/"),
        ("127.0.0.1", "http://127.1/"),
        ("127.0.0.1:1", "http://127.0.0.1:2/"),
        ("10.0.0.0/8", "http://127.0.0.1/"),
        ("10.0.0.0/8", "http://mixed.example/"),
        ("10.0.0.0/8", "http://public.example/"),
        ("127.0.0.0/8", "http://[::ffff:127.0.0.1]/"),
    ],
)
def test_the_operators_list_opens_nothing_beside_what_it_names(entry, url, allow, resolves):
    resolves(
        {
            "inside.example": [["127.0.0.1"]],
            "sub.inside.example": [["127.0.0.1"]],
            "inside.example.evil.example": [["127.0.0.1"]],
            "xinside.example": [["127.0.0.1"]],
            "mixed.example": [["10.0.0.1", "127.0.0.1"]],
            "public.example": [["93.184.215.14"]],
        }
    )
    allow(entry)
    with pytest.raises(TargetRefused):
        http.send(Request("GET", url))


@pytest.mark.parametrize(
    ("entry", "host"),
    [
        ("inside.example", "inside.example"),
        ("INSIDE.example", "Inside.Example"),
        ("inside.example", "inside.example."),
        ("inside.example:{port}", "inside.example"),
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.1:{port}", "127.0.0.1"),
        ("127.0.0.0/8", "127.0.0.1"),
        ("127.0.0.0/8", "inside.example"),
        ("localhost", "localhost"),
    ],
)
def test_the_operators_list_opens_what_it_names(entry, host, loopback, allow, resolves):
    server = loopback()
    resolves(
        {
            name: [["127.0.0.1"]]
            for name in ("inside.example", "inside.example.", "localhost", "Inside.Example")
        }
    )
    allow(entry.format(port=server.port))
    assert http.send(Request("GET", f"http://{host}:{server.port}/")).status == 200


def test_an_ipv6_target_can_be_named(loopback, allow):
    server = loopback(host="::1")
    allow(f"[::1]:{server.port}")
    assert http.send(Request("GET", f"http://[::1]:{server.port}/")).status == 200


def test_public_addresses_pass(allow):
    for address in ["93.184.215.14", "8.8.8.8", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::808:808"]:
        assert is_public(ipaddress.ip_address(address))
    assert permit("https://93.184.215.14/").host == "93.184.215.14"


def test_a_connection_kept_open_serves_only_the_host_that_opened_it(loopback, allow, resolves):
    server = loopback()
    resolves({"inside.example": [["127.0.0.1"]], "other.example": [["127.0.0.1"]]})
    allow("inside.example")
    assert http.send(Request("GET", f"http://inside.example:{server.port}/")).status == 200
    with pytest.raises(TargetRefused):
        http.send(Request("GET", f"http://other.example:{server.port}/"))
    assert len(server.requests) == 1
