"""
`python -m tests.scim.guides_document` writes docs/identity-sources.md: the guides of the source's page, for whoever reads before installing. One text,
two places; `tests/scim/test_guides_stand_in_the_docs.py` says when they differ.
"""

import os
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs" / "identity-sources.md"
BASE_URL = "https://sso.example.com/t/acme/scim/v2"
HEAD = """# Connecting an identity provider

Console → Identity sources → Add source: name it, choose the product, copy the token, which is shown this once. Its page then says the following with your own
values, waits for the first request, and shows who came and what was refused. `https://sso.example.com/t/acme` stands for your organisation's address; the
identity provider has to reach it over HTTPS with a certificate it trusts. What the API does with what they send is in [scim-api.md](scim-api.md); what was tried
is in [conformance.md](conformance.md). The words are the vendors' own, and change there without notice.
"""
FOOT = """
## When it does not work

| what the identity provider says | why |
|---|---|
| 401 | The token is another organisation's, was revoked, or has expired: make a second one on the source's page, enter it, revoke the first |
| 409 `uniqueness`, “Email exists” | Somebody with this address was here first: link them under People, or let the address be changed |
| 409 `uniqueness` for a group | A group of this name was here first: link it under Groups, or rename one of them |
| 403 | The person has a role in the console, or is not the source's: such accounts are changed in the console |
| 413 | More than 1,000 members in one request. PATCH in several requests has no such end; an application that sends whole groups by PUT, as some of Okta's do, has to send smaller groups |
| 429 | More than fifty requests a second; it goes on by itself after `Retry-After` |

Every refusal stands on the source's page under Requests, with what was sent.
"""


def text() -> str:
    from apps.scim.guides import guide_for
    from apps.scim.models import SourceKind

    parts = [HEAD]
    for kind in SourceKind:
        guide = guide_for(kind, base_url=BASE_URL)
        lines = [f"\n## {kind.label}\n"]
        for number, step in enumerate(guide.steps, start=1):
            lines.append(f"{number}. {step.text}")
            lines += [f"   - {field}: `{_shown(value)}`" for field, value in step.values]
        lines += ["", *[f"- {note}" for note in guide.notes], "", f"Follows: {guide.follows}."]
        parts.append("\n".join(lines) + "\n")
    return "".join([*parts, FOOT])


def _shown(value: str) -> str:
    return value.replace("{token}", "the token")


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    DOCUMENT.write_text(text())


if __name__ == "__main__":
    main()
