"""How apps/lib/http.py connects: the judging resolver, the last gate before a socket, TLS, and failures in plain words."""

import asyncio
import socket
import ssl
from contextvars import ContextVar
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from django.utils.translation import gettext_noop

from apps.lib import event_loop
from apps.lib.addresses import Permit
from apps.lib.errors import AnswerLost, BadAnswer, NotReached, OutboundError


@dataclass
class Progress:
    """`sent` from the moment a connection is ours: from then on the request may have left."""

    sent: bool = False


# Set around each call. Where it is not set, the resolver and the socket factory raise LookupError: nothing else can use them.
permitted: ContextVar[Permit] = ContextVar("permitted")
progress: ContextVar[Progress] = ContextVar("progress")

_sessions: dict[event_loop.LoopThread, aiohttp.ClientSession] = {}


def session() -> aiohttp.ClientSession:
    """One per loop, hence per process: a client per call costs 31 ms of CPU. Closed with the loop."""
    owner = event_loop.current()
    if asyncio.get_running_loop() is not owner.loop:
        raise RuntimeError("Outbound calls live in the process's own loop: use run() or send().")
    if owner not in _sessions:
        _sessions[owner] = _new_session()
        owner.closers.append(lambda: _sessions.pop(owner).close())
    return _sessions[owner]


def _new_session() -> aiohttp.ClientSession:
    connector = _Connector(
        resolver=_JudgingResolver(),
        use_dns_cache=False,
        socket_factory=_open_socket,
        ssl=_trust(),
        limit=512,
        keepalive_timeout=4,  # below the 5 s of many servers: fewer requests meet a connection that just closed
    )
    return aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(),  # none of its own: it rounds up past 5 s; asyncio.timeout bounds the call
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "Gatehouse"},
        middlewares=(_never_repeat,),
        auto_decompress=False,
        trust_env=False,
        max_line_size=8190,
        max_field_size=8190,
        max_headers=128,
    )


class _Connector(aiohttp.TCPConnector):
    async def connect(self, *args: Any, **kwargs: Any) -> Any:
        connection = await super().connect(*args, **kwargs)
        progress.get().sent = True
        return connection


class _JudgingResolver(AbstractResolver):
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await asyncio.get_running_loop().getaddrinfo(
            host, port, family=family, type=socket.SOCK_STREAM
        )
        spelled = list(dict.fromkeys(str(info[4][0]) for info in found))
        permitted.get().judge([ip_address(address) for address in spelled])
        return [_result(host, address, port) for address in spelled]

    async def close(self) -> None:
        """Holds nothing."""


def _result(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    numeric = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return {"hostname": host, "host": address, "port": port, "family": family, "proto": 0, "flags": numeric}


def _open_socket(info: Any) -> socket.socket:
    """aiohttp asks no resolver about an address written in the URL, but it opens every socket here."""
    family, kind, protocol, _, target = info
    if ip_address(target[0]) not in permitted.get().judged:
        raise OSError("This address was never judged.")
    return socket.socket(family, kind, protocol)


def _trust() -> ssl.SSLContext:
    """Not ssl.create_default_context, which writes session keys where SSLKEYLOGFILE says."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_default_certs()
    context.set_alpn_protocols(["http/1.1"])
    return context


async def _never_repeat(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """aiohttp repeats GET, PUT and DELETE after a reset. A write that may have arrived is for the caller to judge."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
        raise _broken(request.url.host) from None


# X509_V_ERR_* of OpenSSL's x509_vfy.h
_CERTIFICATE_WORDS = {
    9: gettext_noop("The certificate of %(host)s is not valid yet."),
    10: gettext_noop("The certificate of %(host)s has expired."),
    18: gettext_noop("The certificate of %(host)s is self-signed and not trusted here."),
    19: gettext_noop("The certificate of %(host)s comes from an authority that is not trusted here."),
    20: gettext_noop("The certificate of %(host)s comes from an authority that is not trusted here."),
    62: gettext_noop("The certificate of %(host)s is for another host name."),
    64: gettext_noop("The certificate of %(host)s is for another address."),
}


def in_plain_words(error: Exception, host: str, progress: Progress) -> OutboundError:
    """The library's own texts name the resolved address, so none of them is passed on."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        code = getattr(error.certificate_error, "verify_code", 0)
        unverified = gettext_noop("The certificate of %(host)s cannot be verified.")
        return NotReached(_CERTIFICATE_WORDS.get(code, unverified) % {"host": host})
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return NotReached(gettext_noop("The name %(host)s cannot be resolved.") % {"host": host})
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return NotReached(gettext_noop("%(host)s does not speak TLS the way we do.") % {"host": host})
    if not progress.sent:
        return NotReached(gettext_noop("No connection to %(host)s.") % {"host": host})
    if isinstance(error, aiohttp.ClientResponseError):
        return BadAnswer(gettext_noop("%(host)s did not answer in HTTP as we read it.") % {"host": host})
    return _broken(host)


def _broken(host: str | None) -> AnswerLost:
    return AnswerLost(
        gettext_noop("The connection to %(host)s broke before the answer was complete.") % {"host": host}
    )
