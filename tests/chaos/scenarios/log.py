"""R15: what the event log says about every attempt, and what nothing that is stored may say."""

import psycopg

from apps.events.models import Event
from apps.tenants.context import in_tenant
from tests.chaos import verdict
from tests.chaos.scenarios.scene import Numbers, Scene
from tests.chaos.servers import Stage

CHANGE = "UPDATE events_event SET success = NOT success WHERE id = %s"
COLUMNS = ", ".join(field.column for field in Event._meta.local_concrete_fields if not field.generated)
COPY = f"""INSERT INTO events_event ({COLUMNS}) SELECT {COLUMNS} FROM jsonb_populate_record(
    (SELECT event FROM events_event AS event WHERE id = %s), jsonb_build_object('id', gen_random_uuid()))"""
REMOVE_SEAL = "DELETE FROM events_eventseal WHERE event_id = %s"
REMOVE = "DELETE FROM events_event WHERE id = %s"


def log(stage: Stage, scale: int, mistake: str) -> Numbers:
    """An application that fails now and then, refuses one person for good, and repeats its token in every refusal."""
    token = f"canary-of-{(mistake or 'nobody').replace(' ', '-')}"  # the database is searched for this one's alone
    faults = {"share": 0.25, "kinds": ["refused", "carried_out"], "poison": "person7"}
    scene = Scene(stage, "log", scale, mistake=mistake, started_with={"token": token})
    scene.activate()
    scene.set(**faults)
    scene.settle()
    numbers: Numbers = {
        "attempts": verdict.attempts_made(scene.company),
        "unexplained": verdict.unexplained_attempts(scene.company),
        "repeated": sum(asked["status"] in {400, 500, 502, 504} for asked in scene.journal()),
        "token": verdict.places_of(token, scene.company),
    }
    return numbers if mistake else numbers | {"found": _tampered_with(scene, token)}


def _tampered_with(scene: Scene, token: str) -> dict[str, list[str]]:
    """What the same searches say once somebody has been at the rows, past the product and the database's policies."""
    with in_tenant(scene.company.tenant):
        told = Event.objects.exclude(details__attempt=None).order_by("seal__sequence")
        changed, copied, removed = (str(pk) for pk in told.values_list("pk", flat=True)[:3])

    def after(*statements: tuple[str, str]) -> list[str]:
        with psycopg.connect(scene.stage.postgres.url("root", "gatehouse"), autocommit=True) as database:
            database.execute(
                "SET session_replication_role = replica"
            )  # past the triggers: a superuser's alone
            for statement, event in statements:
                database.execute(statement, [event])
        return verdict.unexplained_attempts(scene.company)

    found = {
        "changed": after((CHANGE, changed)),
        "put_right": after((CHANGE, changed)),
        "copied": after((COPY, copied)),
        "removed": after((REMOVE_SEAL, removed), (REMOVE, removed)),
    }
    planted = scene.stage.folder / "planted.log"
    planted.write_text(f"Authorization: Bearer {token}")
    found["planted"] = verdict.places_of(token, scene.company)
    planted.unlink()
    return found
