"""Which hosts and addresses the product may call: the policy of apps/lib/http.py, without any I/O."""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from django.conf import settings

from apps.lib.errors import TargetRefused

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

LONGEST_URL = 8192
DEFAULT_PORTS = {"https": 443, "http": 80}

# Written out rather than asked of ipaddress.is_global, whose answer changes between Python versions.
# https://www.iana.org/assignments/iana-ipv4-special-registry , RFC 1112 section 4 (224/4, 240/4)
_NOT_PUBLIC_4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
# https://www.iana.org/assignments/iana-ipv6-special-registry : only 2000::/3 is handed out, and inside it these are not public.
_PUBLIC_6 = IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(
    IPv6Network(text)
    for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")  # Teredo is in the first
)
# RFC 6052: where DNS64 is in use, a public IPv4 target has an address of this prefix, so what it holds is judged.
_NAT64 = IPv6Network("64:ff9b::/96")

_LABEL = (
    r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"  # RFC 1035 2.3.4; the underscore is common inside companies
)
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_WRITTEN = re.compile(r"[!#-;=?-\[\]_a-z~]+")
_ORIGIN = re.compile(r"[a-z]+://[^/?#]*(?=[/?#])")  # what comes after it names no other place
_NUMBER = re.compile(r"(0x[0-9a-f]*|[0-9]+)")


@dataclass(frozen=True)
class Permit:
    """What was decided for one URL before its name is looked up.

    `named`: OUTBOUND_ALLOW names the host, so any address will do. `networks_only`: plain http or an odd port,
    so every address has to lie in a network that OUTBOUND_ALLOW lists.
    """

    host: str
    named: bool
    networks_only: bool
    networks: tuple[Network, ...]
    judged: set[Address] = field(default_factory=set, compare=False)

    def judge(self, addresses: list[Address]) -> None:
        """Take all addresses or none: one public record must not open the door to a private one beside it."""
        for address in addresses:
            if not self._may_reach(address):
                raise TargetRefused(self.refusal())
        self.judged.update(addresses)

    def _may_reach(self, address: Address) -> bool:
        if self.named or any(address in network for network in self.networks):
            return True
        return not self.networks_only and is_public(address)

    def refusal(self) -> str:
        if self.networks_only:
            return (
                f"Only https on port 443 is called; the operator has to allow {self.host} for anything else."
            )
        return f"{self.host} is not on the public internet; the operator has to allow it before it can be called."


def is_public(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    if address in _NAT64:
        return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
    return address in _PUBLIC_6 and not any(address in network for network in _NOT_PUBLIC_6)


def permit(url: str) -> Permit:
    """Judge the URL as written; an address in place of a name is judged at once. Raises TargetRefused."""
    found = _decided(*_parts(url), tuple(settings.OUTBOUND_ALLOW))
    return Permit(found.host, found.named, found.networks_only, found.networks, set(found.judged))


@lru_cache(maxsize=256)
def _decided(scheme: str, host: str, port: int, allow: tuple[str, ...]) -> Permit:
    """Of an origin, before any name is looked up: the same for all addresses of one application. A refusal is decided anew."""
    allowed = allowed_by(allow)
    named = host in allowed.hosts or (host, port) in allowed.host_ports
    odd = scheme != "https" or port != DEFAULT_PORTS["https"]
    decided = Permit(host, named=named, networks_only=odd, networks=allowed.networks)
    literal = _literal(host)
    if literal is not None:
        decided.judge([literal])
    elif odd and not named and not allowed.networks:
        raise TargetRefused(decided.refusal())  # no lookup could help
    return decided


def _parts(url: str) -> tuple[str, str, int]:
    # RFC 3986: no space, quote, <>, \ ^ ` {|}
    if len(url) > LONGEST_URL or not _WRITTEN.fullmatch(url):
        raise TargetRefused("The address is too long or has a character that an address cannot have.")
    end = _ORIGIN.match(url)
    return _origin(end[0] if end else url)


@lru_cache(maxsize=256)
def _origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port; of the many addresses of one application they are the same."""
    try:
        split = urlsplit(url)
        port = split.port
    except ValueError:
        raise TargetRefused("The address cannot be read.") from None
    if split.scheme not in DEFAULT_PORTS:
        raise TargetRefused("The address has to begin with https://.")
    if "@" in split.netloc:
        raise TargetRefused("The address must not hold a username or password.")
    host = (split.hostname or "").removesuffix(".")
    _refuse_odd_host(host, bracketed=split.netloc.startswith("["))
    return split.scheme, host, DEFAULT_PORTS[split.scheme] if port is None else port


def _refuse_odd_host(host: str, *, bracketed: bool) -> None:
    if bracketed:
        if _literal(host) is None:
            raise TargetRefused("The address has a host that cannot be read.")
        return
    if len(host) > 253 or not _HOST.fullmatch(host):
        raise TargetRefused(
            "The address has a host that cannot be read (international names go in their xn-- form)."
        )
    # WHATWG URL 3.5: a host whose last label is a number is an IPv4 address (0x7f.1, 2130706433, 0177.0.0.1).
    if _NUMBER.fullmatch(host.rpartition(".")[2]) and _literal(host) is None:
        raise TargetRefused("Write the host as a name or as four decimal numbers.")


@lru_cache(maxsize=256)
def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


@dataclass(frozen=True)
class Allowed:
    hosts: frozenset[str]
    host_ports: frozenset[tuple[str, int]]
    networks: tuple[Network, ...]


@lru_cache(maxsize=8)
def allowed_by(entries: tuple[str, ...]) -> Allowed:
    """OUTBOUND_ALLOW, read. Raises ValueError for an entry that means nothing (portal/checks.py shows it to the operator)."""
    hosts: set[str] = set()
    host_ports: set[tuple[str, int]] = set()
    networks: list[Network] = []
    for entry in (entry.strip().lower() for entry in entries):
        if "/" in entry:
            networks.append(ip_network(entry))
        elif _literal(entry) is not None:
            hosts.add(entry)
        else:
            split = urlsplit(f"//{entry}")
            host = (split.hostname or "").removesuffix(".")
            if not host or (split.path or split.query or "@" in entry):
                raise ValueError(f"{entry!r} is not a host, a host:port or a network.")
            if split.port is None:
                hosts.add(host)
            else:
                host_ports.add((host, split.port))
    return Allowed(frozenset(hosts), frozenset(host_ports), tuple(networks))
