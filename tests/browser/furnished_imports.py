"""Accounts of an application, for the pages on which they are chosen."""

from django.utils import timezone

from apps.applications.models import Application
from apps.directory.models import User
from apps.events.actors import Actor
from apps.provisioning.actions import configure_integration
from apps.provisioning.models import Import, ImportRow, ImportState, RowState


def furnish_imports(application: Application, user: User, system: Actor) -> tuple[Import, Import]:
    """One that is being read, and one to choose from, with a row of each kind."""
    integration = configure_integration(application, actor=system, base_url="https://away.example/scim")
    chosen = Import(
        integration=integration, state=ImportState.READY, read=4, total=9, imported_at=timezone.now()
    )
    chosen.selection, chosen.selected, chosen.created, chosen.refused = 1, 2, 1, 1
    chosen.problem = "The application says that it has 9 accounts, but listed only 4."
    chosen.save()
    words = "The account has no e-mail address there."
    for number, (state, problem, email) in enumerate(
        (
            (RowState.IMPORTED, "", "ada@example.com"),
            (RowState.NEW, "Username: This is already taken.", "long" * 20 + "@example.com"),
            (RowState.NEW, "", user.email),
            (RowState.REFUSED, words, ""),
        )
    ):
        row = ImportRow(
            run=chosen, remote_id=str(number), state=state, problem=problem, email=email, selection=1
        )
        row.user_name, row.email_key, row.active = f"name{number}", email, number != 2
        row.user = user if state == RowState.IMPORTED else None
        row.save()
    reading = Import(integration=integration, read=200, total=1000, problem="429 Slow down")
    reading.save()
    ImportRow(run=reading, remote_id="1", name="Ada Lovelace", state=RowState.WAITING).save()
    return reading, chosen
