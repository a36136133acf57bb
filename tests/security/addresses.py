"""Every URL that the portal answers, as the resolver has them: name, parameters, view."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from apps.tenants.addresses import tenant_path
from apps.tenants.models import Tenant

OUTSIDE, TENANT, PLATFORM = "portal.urls", "portal.tenant_urls", "portal.platform_urls"


@dataclass(frozen=True)
class Address:
    urlconf: str
    route: str
    name: str  # with its namespaces: "console:user"; "" when nobody gave it one
    parameters: frozenset[str]
    view: Callable[..., Any]

    def __str__(self) -> str:
        return f"{self.name or 'a URL without a name'} ({self.route or '/'})"

    @property
    def access(self) -> str | None:
        """What the view, or the class behind it, says about who may open it."""
        behind = getattr(self.view, "cls", None) or getattr(self.view, "view_class", None)
        return getattr(self.view, "access", None) or getattr(behind, "access", None)

    @property
    def csrf_exempt(self) -> bool:
        return getattr(self.view, "csrf_exempt", False)

    def path(self, tenant: Tenant, kwargs: dict[str, str]) -> str:
        if self.urlconf == OUTSIDE:
            return reverse(self.name, urlconf=OUTSIDE, kwargs=kwargs)
        return tenant_path(tenant, self.name, **kwargs)


def _walk(
    urlconf: str, resolver: URLResolver, route: str = "", names: tuple[str, ...] = ()
) -> Iterator[Address]:
    taken = frozenset(resolver.pattern.regex.groupindex)
    for one in resolver.url_patterns:
        here = route + str(one.pattern)
        if isinstance(one, URLPattern):
            name = ":".join((*names, one.name)) if one.name else ""
            parameters = frozenset(one.pattern.regex.groupindex) | taken
            yield Address(urlconf, here, name, parameters, one.callback)
        else:
            yield from _walk(urlconf, one, here, (*names, one.namespace) if one.namespace else names)


def every_address() -> list[Address]:
    return [address for urlconf in (OUTSIDE, TENANT) for address in _walk(urlconf, get_resolver(urlconf))]


def operators_addresses() -> list[Address]:
    """Below /platform/, but for the pages that stand in every organisation, too."""
    known = {address.name for address in every_address()}
    found = [*_walk(PLATFORM, get_resolver(PLATFORM))]
    return [address for address in found if address.name not in known]


def addresses_in(patterns: list[Any]) -> list[Address]:
    """For negative controls: the same walk over made-up patterns."""
    from django.urls.resolvers import RegexPattern

    return list(_walk(TENANT, URLResolver(RegexPattern(r"^/"), patterns)))
