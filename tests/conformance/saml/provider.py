"""
A service provider that nobody here wrote, in a process of its own, and the few addresses by which a test talks to each of them:

    POST /configure   what it is to do and our metadata, as JSON; answers what its library read there
    GET  /metadata    its own, as its library writes it
    GET  /login       begins a sign-in; ?RelayState=…
    POST /acs         200 and the identity it believed, as JSON, or 403 and why not
    GET  /who         who is signed in there
    GET  /logout      begins a single logout; /slo takes the other side's messages
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import requests

from apps.lib.crypto import new_key_pair
from tests.conformance import programs
from tests.conformance.saml.kinds import Kind
from tests.journeys.browser import Browser, Page

FORMAT = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"


@dataclass
class Provider:
    kind: Kind
    base: str
    key: str
    certificate: str
    session: requests.Session = field(default_factory=requests.Session)

    def configure(self, idp_metadata: str, **wanted: Any) -> dict[str, Any]:
        """Everything it can check is checked unless a test says otherwise."""
        configuration = {
            "idp_metadata": idp_metadata,
            "binding": "redirect",
            "sign_requests": False,
            "want_response_signed": True,
            "want_assertion_signed": True,
            "force_authn": False,
            "is_passive": False,
            "authn_context": None,
            "acs_index": None,
            "encrypted": False,
            "name_id_format": FORMAT,
            "key": self.key,
            "certificate": self.certificate,
        } | wanted
        answer = self.session.post(f"{self.base}/configure", json=configuration, timeout=30)
        assert answer.ok, f"{self.kind.name} does not take our metadata: {answer.text}"
        read: dict[str, Any] = answer.json()
        return read

    @property
    def metadata(self) -> bytes:
        answer = self.session.get(f"{self.base}/metadata", timeout=30)
        assert answer.ok, answer.text
        return answer.content


@contextmanager
def running(kind: Kind, folder: Path) -> Iterator[Provider]:
    """`folder` takes its log and its files."""
    keys = new_key_pair(f"{kind.name}.example", 30)
    with programs.running(kind.name, kind.command, folder / "log", SITE_FOLDER=str(folder)) as port:
        provider = Provider(kind, f"http://127.0.0.1:{int(port)}", keys.private_key, keys.certificate)
        provider.session.trust_env = False
        yield provider


def onwards(browser: Browser, page: Page) -> Page:
    """Does by itself what a browser does by itself: presses the buttons that a script would press, and follows Refresh."""
    for _ in range(30):
        fields = {name for form in page.html.forms for name in form.fields}
        carried = fields & {"SAMLRequest", "SAMLResponse"}
        refresh = page.answer.headers.get("Refresh", "")
        if carried:
            page = browser.submit(page, having=carried.pop())
        elif refresh:
            page = browser.open(urljoin(page.url, refresh.partition("url=")[2]))
        else:
            return page
    raise AssertionError(f"round and round: {page.url}")
