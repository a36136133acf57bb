"""A real browser against the live server. What it needs and the machine lacks is a skip with its reason; under CI it is an error."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from apps.events.actors import Actor
from apps.tenants.models import Tenant
from tests.browser import slowness
from tests.browser.furnished_keys import somebody_with_a_passkey
from tests.browser.furnished_tenant import furnish
from tests.browser.visitor import Visitor
from tests.conftest import Person

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]
LIGHT = {"color_scheme": "light", "viewport": {"width": 1440, "height": 900}}
DARK = {"color_scheme": "dark", "viewport": {"width": 1440, "height": 900}}
PHONE = {"color_scheme": "light", "viewport": {"width": 390, "height": 844}, "has_touch": True}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if "showroom" not in item.fixturenames:  # which outlives the test
                item.add_marker(pytest.mark.django_db(transaction=True))


def missing() -> str:
    """Why no browser can be had here; "" when one can."""
    if shutil.which(CHROMIUM) is None:
        return f"there is no {CHROMIUM} (Debian and Ubuntu: apt install chromium)"
    try:
        import axe_playwright_python.sync_playwright  # noqa: F401
        import playwright.sync_api  # noqa: F401
    except ImportError as error:
        return str(error)
    return ""


def do_without(reason: str) -> NoReturn:
    """On a user's machine these tests are skipped; where everything must be shown, they fail."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"No browser: {reason}")
    pytest.skip(f"No browser: {reason}")


@pytest.fixture(scope="package", autouse=True)
def _slow_pages() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        if slowness.MILLISECONDS:
            slowness.slow_down(monkeypatch)
        yield


@pytest.fixture(scope="package")
def chromium() -> Iterator[Any]:
    """Ends with this package: while it runs, Playwright's event loop makes Django take the thread for an asynchronous one."""
    if reason := missing():
        do_without(reason)
    from playwright.sync_api import sync_playwright

    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            yield browser
            browser.close()
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def new_context(chromium: Any, **options: Any) -> Any:
    context = chromium.new_context(**options)
    context.set_default_timeout(30_000)
    if slowness.MILLISECONDS:
        slowness.slow_down_windows(context)
    return context


@pytest.fixture
def visit(chromium: Any, live_server: Any) -> Iterator[Any]:
    """Opens windows: `visit(**PHONE)` returns a Visitor."""
    contexts = []

    def open_window(**options: Any) -> Visitor:
        contexts.append(new_context(chromium, **(options or LIGHT)))
        return Visitor(contexts[-1].new_page(), live_server.url)

    yield open_window
    for context in contexts:
        context.close()


@pytest.fixture
def erin(tenant: Tenant) -> Person:
    return somebody_with_a_passkey(tenant)


@pytest.fixture
def furnished(tenant: Tenant, bob: Person, alice: Person, erin: Person, system: Actor) -> dict[str, str]:
    return furnish(tenant, bob, alice, erin, system)
