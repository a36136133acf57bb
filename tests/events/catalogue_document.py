"""
`python -m tests.events.catalogue_document` writes docs/events.md from apps/events/catalogue.py;
`tests/architecture/test_the_events_are_described.py` says when they differ.
"""

import os
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs" / "events.md"
HEAD = """# Events

Everything that happens is a line of the log: on the page Events, in its exports, at the REST API ([rest-api.md](rest-api.md)). This table is generated from the
code (`apps/events/catalogue.py`). A name is data in people's alerts: it is never changed, only added to. Those of Identity Management are JumpCloud's, from its guides.

Each event has:

| field | what it holds |
|---|---|
| `id`, `reference` | unique; its first eight digits, which error pages show |
| `created_at` | the moment, UTC |
| `event_type`, `service` | from the table below |
| `success`, `error_message` | whether it was done; why not, in the application's words where it was the application that refused |
| `actor_kind`, `actor_id`, `actor_name` | who did it, as they were called then |
| `auth_method` | how they were known: `session`, `api_key`, `token`; at a sign-in `password`, `password+totp`, `password+recovery_code`, `passkey` |
| `client_ip`, `user_agent` | from where |
| `target_kind`, `target_id`, `target_name` | whom or what it is about, as it was called then |
| `application_id`, `application_name` | the application that it concerns |
| `message_chain` | `response_code`, `response_message`, `message_details` of a request to an application |
| `changes` | `[{field, from, to}]`; never a secret |
| `details` | see the table; `idp_initiated` of a sign-on, `idm_client_id` of Identity Management among them |
| `correlation_id` | one for everything that a request to the portal caused, the requests to applications included; of an import or an act on many people one for the whole run. Where several changes of one person become one request, it is the newest's; empty for what the portal did by itself |

An event is written in the transaction of what it tells: neither is there without the other. It is sealed within seconds and signed for within the hour
([security.md](security.md#the-event-log)).

| type | label | service | by | about | details | changes |
|---|---|---|---|---|---|---|
"""


def text() -> str:
    from django.utils.translation import override

    from apps.events.catalogue import DESCRIBED
    from apps.events.types import EventType

    lines = []
    with override("en"):
        for event_type in EventType:
            if event_type not in DESCRIBED:
                raise LookupError(f"apps/events/catalogue.py does not describe {event_type.value}.")
            described = DESCRIBED[event_type]
            by = ", ".join(described.by.split())
            details = (
                described.details if " and " in described.details else ", ".join(described.details.split())
            )
            cells = (
                f"`{event_type.value}`",
                event_type.label,
                described.service,
                by,
                described.target,
                details,
            )
            lines.append("| " + " | ".join((*map(str, cells), "yes" if described.changes else "")) + " |\n")
    return HEAD + "".join(lines)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    DOCUMENT.write_text(text())


if __name__ == "__main__":
    main()
