"""One application of a live Gatehouse, set up through its REST API as a company's script would."""

from dataclasses import dataclass
from typing import Any

import requests

from tests.journeys.conftest import Demo


class Api:
    def __init__(self, demo: Demo) -> None:
        self.base = f"{demo.base}/api/v1/"
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {demo.facts['api_key']}"

    def call(self, method: str, path: str, **kwargs: Any) -> Any:
        answer = self.session.request(method, f"{self.base}{path}", timeout=60, **kwargs)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def group(self, name: str) -> str:
        groups = self.call("GET", "groups/")["results"]
        return str(next(group["id"] for group in groups if group["name"] == name))

    def add_application(self, slug: str, *, open_to: str = "") -> "Application":
        document = {"connector": "custom_saml", "display_label": slug, "slug": slug}
        application = Application(self, self.call("POST", "applications/", json=document))
        if open_to:
            application.assign(open_to)
        return application


@dataclass
class Application:
    api: Api
    facts: dict[str, Any]

    @property
    def path(self) -> str:
        return f"applications/{self.facts['id']}"

    @property
    def slug(self) -> str:
        return str(self.facts["slug"])

    @property
    def metadata(self) -> str:
        answer = self.api.session.get(self.facts["metadata_url"], headers={"Authorization": ""}, timeout=30)
        assert answer.ok, answer.text
        return answer.text

    def assign(self, group: str) -> None:
        self.api.call("POST", f"{self.path}/assignments/", json={"group": self.api.group(group)})

    def import_metadata(self, source: bytes | str) -> dict[str, Any]:
        """`source` is the file, or the address to fetch it from."""
        given: dict[str, Any] = (
            {"json": {"url": source}}
            if isinstance(source, str)
            else {"data": source, "headers": {"Content-Type": "application/samlmetadata+xml"}}
        )
        answer: dict[str, Any] = self.api.call("PUT", f"{self.path}/sso/service-provider-metadata/", **given)
        return answer

    def change(self, **settings: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.api.call("PATCH", f"{self.path}/sso/", json=settings)
        return answer

    def settings(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.api.call("GET", f"{self.path}/sso/")
        return answer

    def certificates(self) -> list[dict[str, Any]]:
        return list(self.api.call("GET", f"{self.path}/sso/certificates/")["results"])
