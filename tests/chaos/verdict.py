"""What a storm left behind, held against the roster: one number for each promise of docs/reliability.md."""

import subprocess
from collections import Counter
from typing import Any

from apps.directory.models import Group, User
from apps.events.chain import seal_all_of_them
from apps.events.models import Event
from apps.events.verification import verify
from apps.provisioning.models import Attempt, Comparison, Job, JobState
from apps.tenants.context import in_tenant
from tests import services
from tests.chaos import naive
from tests.chaos.company import Company
from tests.chaos.people import Person, Roster, shown

Dump = dict[str, Any]


def wrong_accounts(target: Dump, wanted: dict[str, Person], unwanted: dict[str, Person]) -> list[str]:
    """Every account that is not exactly as it should be, field by field."""
    there = {user["userName"]: user for user in target["users"].values()}
    faults = []
    for name, person in wanted.items():
        account = there.get(name)
        if account is None:
            faults.append(f"{name} is missing")
        elif account.get("active") is not True:
            faults.append(f"{name} is not active")
        elif shown(account) != person.account():
            faults.append(f"{name} is {shown(account)}, not {person.account()}")
    faults += [f"{name} is still active" for name in unwanted if there.get(name, {}).get("active")]
    faults += [f"{name} is nobody's" for name in there.keys() - wanted.keys() - unwanted.keys()]
    return faults


def wrong_groups(target: Dump, names: dict[str, str], members: dict[str, set[str]]) -> list[str]:
    there = {group["displayName"]: group for group in target["groups"].values()}
    faults = []
    for key, wanted in members.items():
        group = there.get(names[key])
        if group is None:
            if wanted:
                faults.append(f"group {names[key]} is missing")
            continue
        found = {target["users"][row["value"]]["userName"] for row in group["members"]}
        if found != wanted:
            faults.append(f"group {names[key]} has {sorted(found ^ wanted)} wrong")
    return faults


def missing_or_wrong(company: Company, roster: Roster, dump: Dump) -> list[str]:
    """R1: each application against the roster."""
    faults = []
    for name, bound in company.bound.items():
        wanted = {key: person for key, person in roster.people.items() if person.has(bound)}
        others = {key: person for key, person in roster.people.items() if key not in wanted}
        members = {
            key: {person.username for person in wanted.values() if key in person.groups} for key in bound
        }
        found = wrong_accounts(dump[name], wanted, others)
        found += wrong_groups(dump[name], roster.group_names, members)
        faults += [f"{name}: {fault}" for fault in found]
    return faults


def naively_wrong(roster: Roster, target: Dump) -> list[str]:
    """The negative control's own measure, without the fields that it never sends."""
    there = {user["userName"]: user for user in target["users"].values()}
    faults = []
    for name, person in roster.people.items():
        if not naive.takes(name):
            continue
        account = there.get(name, {})
        if person.here and person.active:
            if account.get("title") != person.fields["job_title"] or not account.get("active"):
                faults.append(name)
        elif account.get("active"):
            faults.append(name)
    return faults


def lost_by_the_database(company: Company, roster: Roster) -> list[str]:
    """R12: what was committed and is not there, or is there and was not committed."""
    with in_tenant(company.tenant):
        titles = dict(User.objects.values_list("username", "job_title"))
        names = set(Group.objects.values_list("name", flat=True))
    wanted = {name: person.fields["job_title"] for name, person in roster.people.items() if person.here}
    faults = [f"person {name}" for name in titles.keys() ^ wanted.keys()]
    faults += [f"change of {name}" for name in titles.keys() & wanted.keys() if titles[name] != wanted[name]]
    return faults + [f"group {name}" for name in names ^ set(roster.group_names.values())]


def rolled_back_but_seen(roster: Roster, targets: list[Dump]) -> list[str]:
    """R2: of all requests, reads too: a rolled-back person may not even be asked for."""
    asked = [request for target in targets for request in target["journal"]]
    seen = {request["version"] for request in asked} & roster.rolled_back
    names = {request["key"] for request in asked} & (roster.never_born - roster.people.keys())
    return [f"v{version}" for version in sorted(seen)] + sorted(names)


def duplicates(target: Dump) -> int:
    """R3: accounts beyond the first with one userName, and creations of what was there."""
    names = Counter(user["userName"].casefold() for user in target["users"].values())
    groups = Counter(group["displayName"].casefold() for group in target["groups"].values())
    extra = sum(count - 1 for count in (names + groups).values() if count > 1)
    return extra + int(target["double_creates"])


def unexplained_attempts(company: Company) -> list[str]:
    """R15: attempts without exactly one event, events of attempts that are not there, and breaks in the chain."""
    with in_tenant(company.tenant):
        told = Event.objects.exclude(details__attempt=None).values_list("details__attempt", flat=True)
        events = Counter(told)
        attempts = {str(pk) for pk in Attempt.objects.values_list("pk", flat=True)}
        faults = [f"attempt {pk}: {events[pk]} events" for pk in sorted(attempts) if events[pk] != 1]
        faults += [f"no attempt {pk}" for pk in events.keys() - attempts]
        seal_all_of_them()
        result = verify()
        return faults + [str(fault) for fault in result.faults] + ["unsealed"] * result.unsealed


def compared_at_night(company: Company) -> int:
    """R5: has to converge without."""
    with in_tenant(company.tenant):
        return int(Comparison.objects.exclude(started_at=None, last_ended_at=None).count())


def quarantines(company: Company) -> int:
    with in_tenant(company.tenant):
        return int(Event.objects.filter(details__state="quarantined").count())


def attempts_made(company: Company) -> int:
    with in_tenant(company.tenant):
        return int(Attempt.objects.count())


def parked(company: Company) -> list[str]:
    with in_tenant(company.tenant):
        rows = Job.objects.filter(state=JobState.PARKED).values_list("resource_name", "last_error")
        return [f"{name}: {error}" for name, error in rows]


def places_of(token: str, company: Company) -> list[str]:
    """R15: everything that was stored or logged is searched for the application's token."""
    stage = company.stage
    dump = subprocess.run(
        [services.program("pg_dump"), stage.postgres.url("root", "gatehouse")],
        capture_output=True,
        check=True,
    ).stdout
    logs = [*sorted(stage.folder.glob("*.log")), stage.postgres.process.log]
    written = {"database": dump} | {path.name: path.read_bytes() for path in logs}
    if b"idm_integration_activate" not in dump:  # then its silence would say nothing
        return ["the dump holds no events"]
    return [name for name, content in written.items() if token.encode() in content]
