"""One application of a live Gatehouse, set up through its REST API as a company's script would."""

from dataclasses import dataclass
from typing import Any

from tests.rest import Api


class SamlApi(Api):
    def add_application(self, slug: str, *, open_to: str = "") -> "Application":
        document = {"connector": "custom_saml", "display_label": slug, "slug": slug}
        application = Application(self, self.call("POST", "applications/", json=document))
        if open_to:
            application.assign(open_to)
        return application


@dataclass
class Application:
    api: SamlApi
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
