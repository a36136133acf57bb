"""A live installation set up through its REST API, as a company's script would."""

from typing import Any

import requests

from tests.installation import Demo


class Api:
    """Every refusal is an error of the test, in the API's own words."""

    def __init__(self, demo: Demo) -> None:
        self.base = f"{demo.base}/api/v1/"
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {demo.facts['api_key']}"

    def ask(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        return self.session.request(method, f"{self.base}{path}", timeout=60, **kwargs)

    def call(self, method: str, path: str, **kwargs: Any) -> Any:
        answer = self.ask(method, path, **kwargs)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def everything(self, path: str, **query: str) -> list[dict[str, Any]]:
        """All pages of a list."""
        page = self.call("GET", path, params=query)
        found: list[dict[str, Any]] = page["results"]
        while page["next"]:
            answer = self.session.get(page["next"], timeout=60)
            assert answer.ok, answer.text
            page = answer.json()
            found += page["results"]
        return found

    def group(self, name: str) -> str:
        """The id of the group with this name."""
        return str(next(group["id"] for group in self.everything("groups/") if group["name"] == name))
