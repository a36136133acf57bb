"""Threads that change people and groups through the product's own actions; each owns its people, so what it wrote is known exactly."""

import random
import threading
import time
from collections.abc import Callable
from typing import Any

from django.db import Error as DatabaseError
from django.db import connection, transaction

from apps.directory import actions as directory
from apps.directory.models import Group, User
from apps.tenants.context import in_tenant
from tests.chaos import naive
from tests.chaos.company import SYSTEM, Company
from tests.chaos.people import Person, Roster

ROLLED_BACK = 0.05
WORDS = ("Ada", "Björn", "Chloé", "Dmitri", "Esra", "Fumiko", "Grace", "Håkon", "Inés", "José")
Act = tuple[Callable[[], None], Person]  # what is done in the transaction, and who they are afterwards


class _RolledBackError(Exception):
    pass


def _give_up_if(doomed: bool) -> None:
    if doomed:
        raise _RolledBackError


class Progress:
    """How many changes were made; everybody waits here for their turn, so that they spread over the storm."""

    def __init__(self, changes: int, rate: float) -> None:
        self.changes, self.rate = changes, rate
        self.made = 0
        self.start()
        self._lock = threading.Lock()

    def start(self) -> None:
        self.started = time.monotonic()

    def take(self) -> int:
        """The number of the next change, 0 when there are no more."""
        with self._lock:
            if self.made >= self.changes:
                return 0
            self.made += 1
            number = self.made
        wait = self.started + number / self.rate - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        return number

    @property
    def share(self) -> float:
        return self.made / self.changes


class Writer(threading.Thread):
    def __init__(
        self,
        number: int,
        company: Company,
        roster: Roster,
        progress: Progress,
        *,
        seed: int,
        leaving: bool = True,
    ) -> None:
        super().__init__(name=f"writer {number}", daemon=True)
        self.number, self.company, self.roster, self.progress = number, company, roster, progress
        self.random = random.Random(seed * 100 + number)
        self.mine: list[str] = []
        self.leaving = leaving
        self.failure: BaseException | None = None
        self.sends_naively: dict[str, str] | None = None
        self.sends_hastily: dict[str, str] | None = None

    def run(self) -> None:
        try:
            with in_tenant(self.company.tenant):
                while version := self.progress.take():
                    self._change(version)
        except BaseException as error:
            self.failure = error
            raise
        finally:
            connection.close()

    def hire(self, count: int) -> None:
        """Before the storm, in the caller's thread."""
        for index in range(count):
            act, person = self._newcomer(f"p{self.number}-{index}", 0)
            self._commit(act, person, None, 0, doomed=False)

    def _change(self, version: int) -> None:
        doomed = self.random.random() < ROLLED_BACK
        dice = self.random.random()
        if self.number == 0 and dice < 0.03:
            self._rename_group(version, doomed=doomed)
            return
        if dice < 0.08 or not self.mine:
            act, person = self._newcomer(f"n{version}", version)
            before = None
        else:
            before = self.roster.people[self.random.choice(self.mine)]
            act, person = self._something(before, version)
        self._commit(act, person, before, version, doomed=doomed)

    # --- what may happen to a person

    def _something(self, person: Person, version: int) -> Act:
        dice = self.random.random()
        if dice < 0.55:
            return self._edit(person, version)
        if dice < 0.70:
            return self._suspend_or_back(person, version)
        if dice < 0.96 or not self.leaving:
            return self._join_or_leave(person, version)
        return self._remove(person, version)

    def _fields(self, username: str, version: int) -> dict[str, str]:
        fields = {
            "first_name": self.random.choice(WORDS),
            "last_name": f"{self.random.choice(WORDS)}sen",
            "email": f"{username}@storm.example",
            "job_title": f"v{version}",
        }
        if self.random.random() < 0.5:
            fields["work_phone"] = f"+49 30 {version:07}"
        return fields

    def _newcomer(self, username: str, version: int) -> Act:
        groups = frozenset(self.random.sample(sorted(self.company.groups), 2))
        person = Person(username, self._fields(username, version), version, groups=groups)

        def act() -> None:
            user = directory.add_user(actor=SYSTEM, username=username, **person.fields)
            for key in groups:
                directory.add_member(self.company.groups[key], user, actor=SYSTEM)

        return act, person

    def _edit(self, person: Person, version: int) -> Act:
        fields = self._fields(person.username, version)
        if self.random.random() < 0.7:
            fields["email"] = person.fields["email"]
        else:
            fields["email"] = f"{person.username}.{version}@storm.example"
        fields["work_phone"] = fields.get("work_phone", "")
        changed = person.changed(version, fields=fields)
        return (lambda: self._stamp(changed)), changed

    def _suspend_or_back(self, person: Person, version: int) -> Act:
        changed = person.changed(version, active=not person.active)

        def act() -> None:
            user = self._stamp(changed)
            switch = directory.reactivate_user if changed.active else directory.deactivate_user
            switch(user, actor=SYSTEM)

        return act, changed

    def _join_or_leave(self, person: Person, version: int) -> Act:
        key = self.random.choice(sorted(self.company.groups))
        changed = person.changed(version, groups=person.groups ^ {key})

        def act() -> None:
            user, group = self._stamp(changed), self.company.groups[key]
            move = directory.add_member if key in changed.groups else directory.remove_member
            move(group, user, actor=SYSTEM)

        return act, changed

    def _remove(self, person: Person, version: int) -> Act:
        gone = person.changed(version, here=False, groups=frozenset())
        return (lambda: directory.remove_user(User.objects.get(username=person.username), actor=SYSTEM)), gone

    def _stamp(self, person: Person) -> Any:
        user = User.objects.get(username=person.username)
        return directory.update_user(user, actor=SYSTEM, **person.fields)

    # --- the transaction, and knowing what became of it

    def _commit(
        self, act: Callable[[], None], person: Person, before: Person | None, version: int, *, doomed: bool
    ) -> None:
        try:
            with transaction.atomic():
                act()
                if self.sends_hastily is not None and naive.hurries(person.username):
                    _send_naively(self.sends_hastily, person)
                _give_up_if(doomed)
        except _RolledBackError:
            self.roster.rolled_back.add(version)
            if before is None:
                self.roster.never_born.add(person.username)
            return
        except DatabaseError:  # the database went away, perhaps after it had committed
            self.roster.in_doubt += 1
            if not self._is_there(person):
                self._commit(act, person, before, version, doomed=False)
                return
        self.roster.committed += 1
        self.roster.people[person.username] = person
        if before is None:
            self.mine.append(person.username)
        elif not person.here:
            self.mine.remove(person.username)
        if self.sends_naively is not None and naive.takes(person.username):
            _send_naively(self.sends_naively, person)

    def _is_there(self, person: Person) -> bool:
        while True:
            try:
                connection.close()
                found = User.objects.filter(username=person.username).first()
            except DatabaseError:
                time.sleep(0.2)
            else:
                if not person.here:
                    return found is None
                return found is not None and found.job_title == person.fields["job_title"]

    def _rename_group(self, version: int, *, doomed: bool) -> None:
        key = self.random.choice(sorted(self.company.groups))
        name = f"{key} {version}"
        try:
            with transaction.atomic():
                directory.update_group(self.company.groups[key], actor=SYSTEM, name=name)
                _give_up_if(doomed)
        except _RolledBackError:
            self.roster.rolled_back.add(version)
            return
        except DatabaseError:
            self.roster.in_doubt += 1
            if not self._is_named(key, name):
                self._rename_group(version, doomed=False)
                return
        self.roster.committed += 1
        self.roster.group_names[key] = name

    def _is_named(self, key: str, name: str) -> bool:
        while True:
            try:
                connection.close()
                return Group.objects.filter(pk=self.company.groups[key].pk, name=name).exists()
            except DatabaseError:
                time.sleep(0.2)


def _send_naively(place: dict[str, str], person: Person) -> None:
    naive.send.apply_async((place["base_url"], place["token"], person.document()), queue=naive.QUEUE)
