"""A browser window, what it complained about, and what axe-core finds in it."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

from django.conf import settings

from tests.conftest import PASSWORD, Person

# Hears of every refusal of the content security policy, also of those that the console does not tell.
LISTENER = """
window.refusals = [];
addEventListener("securitypolicyviolation", (event) => window.refusals.push(`${event.violatedDirective} ${event.blockedURI}`));
"""

# On a busy machine an element may be asked for its colour before it was drawn in the new theme: two frames later it was.
SETTLED = """async () => {
    await Promise.allSettled(document.getAnimations().map((one) => one.finished));
    await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
}"""

# Every rule that axe-core has switched on; of what it found, only what is wrong comes back.
AXE = "() => axe.run({resultTypes: ['violations']}).then((found) => found.violations)"


def expect(shown: Any) -> Any:
    """Playwright's, of a locator or page: asks again until it is so. What is read by itself is what stands there that moment.

    Imported only here and now: a machine without Playwright skips these tests, with the reason.
    """
    from playwright.sync_api import expect

    expect.set_options(timeout=30_000)  # milliseconds, as every other wait here; its own are five seconds
    return expect(shown)


@dataclass
class Visitor:
    """A browser window of its own cookies, and everything it complained about."""

    page: Any
    base_url: str
    complaints: list[str] = field(default_factory=list)
    asked: set[Any] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.page.add_init_script(LISTENER)
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        self.page.on("request", self._ask)
        self.page.on("requestfailed", self._miss)

    def _hear(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.type}: {message.text}")

    def _ask(self, request: Any) -> None:
        self.asked.add(request)

    def _miss(self, request: Any) -> None:
        # By what is open now, not by the page that was left; nor what the browser itself gave up, as it does when it leaves a page.
        if request in self.asked and request.failure != "net::ERR_ABORTED":
            self.complaints.append(f"failed: {request.url}")

    def start_over(self, *, color_scheme: str, viewport: dict[str, int]) -> None:
        """As a new window is, with the cookies of this one: what the last page still had under way is not the next one's matter."""
        self.page.goto("about:blank")
        self.page.emulate_media(color_scheme=color_scheme, reduced_motion="no-preference")
        self.page.set_viewport_size(viewport)
        self.page.context.clear_cookies(name=settings.LANGUAGE_COOKIE_NAME)
        self.complaints.clear()
        self.asked.clear()

    def open(self, path: str) -> Any:
        """`path` below the live server. Answers when everything is loaded and the scripts have run."""
        return self.page.goto(f"{self.base_url}{path}")

    def arrives(self, address: str, **options: Any) -> None:
        """Waits for the page at exactly that address, its query included: a path below the live server, or another site's whole address.

        A pattern would not do: "**/t/acme/" is also how the sign-in page's address ends, /t/acme/login/?next=/t/acme/. Nor does an
        address where the window is before: that it arrived there again, only something on the page can say.
        """
        wanted = urljoin(self.base_url, address)
        self.page.wait_for_url(lambda url: url == wanted, **options)

    def look_through(self, *, color_scheme: str, viewport: dict[str, int], **_: Any) -> None:
        """The open page in another theme and at another width, once nothing moves any more."""
        self.page.wait_for_load_state()
        self.page.emulate_media(color_scheme=color_scheme, reduced_motion="reduce")
        self.page.set_viewport_size(viewport)
        self.page.evaluate(SETTLED)

    def be(self, person: Person) -> None:
        """Signed in as the person's own client is, without the sign-in page."""
        session = person.client.cookies[settings.SESSION_COOKIE_NAME].value
        cookie = {
            "name": settings.SESSION_COOKIE_NAME,
            "value": session,
            "url": f"{self.base_url}{person.url('/')}",
        }
        self.page.context.add_cookies([cookie])

    def sign_in(self, person: Person, password: str = PASSWORD) -> None:
        """By hand, on the page that is open."""
        self.page.get_by_label("Username or company email").fill(person.user.username)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()

    def refusals(self) -> list[str]:
        """What the content security policy refused on the page that is open, once all of it is there."""
        self.page.wait_for_load_state()
        heard: list[str] = self.page.evaluate("window.refusals")
        return heard

    def violations(self) -> list[str]:
        """What axe-core finds on the page that is open, once all of it is there, one line per rule and element, with the reason.

        axe reads one page over many milliseconds, and pages that ask for news change meanwhile: what a second look does not
        find again was a moment between two states, not the page.
        """
        self.page.wait_for_load_state()
        found = self._look()
        if not found:
            return []
        self.page.evaluate(SETTLED)
        return self._look()

    def _look(self) -> list[str]:
        from axe_playwright_python.base import AXE_SCRIPT

        if not self.page.evaluate("'axe' in window"):  # half a megabyte, which stays as long as the page does
            self.page.evaluate(AXE_SCRIPT)
        return [
            f"{rule['id']}: {node['html'][:160]} ({why['message']})"
            for rule in self.page.evaluate(AXE)
            for node in rule["nodes"]
            for why in (node["any"] + node["all"] + node["none"])[:1]
        ]
