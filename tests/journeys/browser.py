"""A browser small enough to read: keeps cookies, follows links and submits the forms that stand on the page."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin

import lxml.html
import requests


class Page:
    def __init__(self, answer: requests.Response) -> None:
        self.answer = answer
        self.status = answer.status_code
        self.url = answer.url
        self.html = lxml.html.fromstring(answer.content or b"<html/>", base_url=answer.url)

    @property
    def text(self) -> str:
        """What a person reads, white space folded."""
        for hidden in self.html.xpath("//script|//style"):
            hidden.drop_tree()
        return " ".join(self.html.text_content().split())

    def link(self, words: str) -> str:
        """In the page's own part: the menu and the bars around it are the same everywhere."""
        part = next(self.html.iter("main"), self.html)
        links = [
            a
            for a in part.iter("a")
            if words.lower() in f"{a.text_content()} {a.get('aria-label', '')}".lower()
        ]
        assert links, f"no link “{words}” on {self.url}: {self.text[:600]}"
        return urljoin(self.url, links[0].get("href"))

    def form(self, *, having: str = "", to: str = "") -> Any:
        """The form with a field named `having`, or whose address contains `to`; the search form of the top bar is never meant."""
        forms = [form for form in self.html.forms if form.get("role") != "search"]
        for form in forms:
            if (not having or having in form.fields) and to in urljoin(
                self.url, form.get("action") or self.url
            ):
                return form
        raise AssertionError(
            f"no form having={having!r} to={to!r} on {self.url} ({self.status}): {self.text[:600]}"
        )


class Browser:
    def __init__(self, base: str) -> None:
        self.base = base.rstrip("/")
        self.session = requests.Session()
        self.session.trust_env = False

    def open(self, address: str) -> Page:
        return Page(
            self.session.get(
                urljoin(f"{self.base}/", address.lstrip("/")) if "://" not in address else address, timeout=30
            )
        )

    def submit(self, page: Page, *, having: str = "", to: str = "", files: Any = None, **values: Any) -> Page:
        """Fills in `values` (lists for several boxes, True and False for one) and presses the form's button."""
        form = page.form(having=having, to=to)
        data = [(name, value) for name, value in form.form_values() if name not in values]
        for name, value in values.items():
            given = value if isinstance(value, list) else [value]
            data += [
                (name, "on" if each is True else str(each))
                for each in given
                if each is not False and each is not None
            ]
        address = urljoin(page.url, form.get("action") or page.url)
        headers = {"Referer": page.url, "Origin": "/".join(page.url.split("/")[:3])}
        if (form.get("method") or "get").lower() == "get":
            return Page(self.session.get(address, params=data, headers=headers, timeout=60))
        return Page(self.session.post(address, data=data, files=files, headers=headers, timeout=60))

    def sign_in(self, person: dict[str, str]) -> Page:
        return self.submit(self.open("login/"), having="password", **person)


def eventually(question: Callable[[], Any], *, seconds: float = 60.0) -> Any:
    """Asks until the answer is true; the last answer decides. Returns it."""
    end = time.monotonic() + seconds
    while not (answer := question()) and time.monotonic() < end:
        time.sleep(0.05)
    assert answer, f"not true within {seconds} s"
    return answer
