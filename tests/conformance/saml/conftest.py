"""One live Gatehouse for all of this folder, and each service provider once. Both sides start every test with the same settings."""

import functools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from tests.conformance.programs import do_without
from tests.conformance.saml.gatehouse import Application, SamlApi
from tests.conformance.saml.kinds import Kind
from tests.conformance.saml.provider import Provider, onwards, running
from tests.installation import Demo, serving
from tests.journeys.browser import Browser, Page

SETTINGS = (
    "name_id_format",
    "name_id_source",
    "sign_response",
    "sign_assertion",
    "signature_algorithm",
    "default_relay_state",
    "attributes",
    "include_groups",
    "groups_attribute_name",
    "sp_certificates",
    "require_signed_requests",
    "encrypt_assertion",
    "encryption_algorithm",
    "oaep_digest",
    "sp_encryption_certificate",
)


@pytest.fixture(scope="session")
def gatehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with serving(tmp_path_factory.mktemp("gatehouse")) as running:
        yield running


@pytest.fixture(scope="session")
def api(gatehouse: Demo) -> SamlApi:
    return SamlApi(gatehouse)


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    if reason := found.unavailable():
        do_without(reason)
    return found


@dataclass
class Connected:
    """An application of Gatehouse and the service provider it stands for; they have read each other's metadata."""

    gatehouse: Demo
    application: Application
    provider: Provider
    read: dict[str, Any]

    def told(self, **wanted: Any) -> dict[str, Any]:
        """The service provider is set up anew and reads our metadata as it is now."""
        self.read = self.provider.configure(self.application.metadata, **wanted)
        return self.read

    def exchange(self, **wanted: Any) -> None:
        """Both sides read the other's metadata, ours last: what theirs says may have changed it."""
        self.told(**wanted)
        self.application.import_metadata(self.provider.metadata)
        self.told(**wanted)

    def login(self, browser: Browser, relay_state: str = "") -> Page:
        """The page at which a browser ends that goes to the service provider's sign-in."""
        answer = browser.session.get(
            f"{self.provider.base}/login",
            params={"RelayState": relay_state} if relay_state else {},
            timeout=30,
        )
        return onwards(browser, Page(answer))

    def launch(self, browser: Browser) -> Page:
        return onwards(browser, browser.open(f"launch/{self.application.slug}"))


Pairs = Callable[[Kind], Connected]


@pytest.fixture(scope="session")
def pairs(gatehouse: Demo, api: SamlApi, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pairs]:
    """Starts a service provider the first time it is asked for."""
    with ExitStack() as stack:

        @functools.cache
        def pair(kind: Kind) -> Connected:
            provider = stack.enter_context(running(kind, tmp_path_factory.mktemp(kind.name)))
            both = Connected(gatehouse, api.add_application(kind.name, open_to="Everyone"), provider, {})
            both.exchange()
            return both

        yield pair


@pytest.fixture
def both(kind: Kind, pairs: Pairs) -> Iterator[Connected]:
    """The same pair, and afterwards as if nothing had happened."""
    connected = pairs(kind)
    before = {name: value for name, value in connected.application.settings().items() if name in SETTINGS}
    connected.told()
    yield connected
    connected.application.change(**before)


@pytest.fixture(scope="session")
def _ann_at_the_portal(gatehouse: Demo) -> Browser:
    return gatehouse.browser("user")


@pytest.fixture
def ann(_ann_at_the_portal: Browser, gatehouse: Demo) -> Browser:
    """Signed in to the portal, and nowhere else."""
    browser = gatehouse.browser()
    browser.session.cookies.update(_ann_at_the_portal.session.cookies)
    return browser


@pytest.fixture
def gatehouse_ann(gatehouse: Demo) -> Browser:
    """Signed in to the portal with a session that nobody shares."""
    return gatehouse.browser("user")


@pytest.fixture
def stranger(gatehouse: Demo) -> Browser:
    return gatehouse.browser()


def identity(page: Page) -> dict[str, Any]:
    """What the service provider believed."""
    assert page.status == 200, f"{page.url}: {page.answer.text[:2000]}"
    document: dict[str, Any] = page.answer.json()
    assert "name_id" in document, document
    return document


def refusal(page: Page) -> str:
    """Why the service provider did not believe it."""
    assert page.status in {400, 403}, f"{page.url}: {page.answer.text[:2000]}"
    return str(page.answer.json()["error"])
