"""Walks over every URL, each returning what is wrong in sentences. test_every_url.py and test_two_walls.py judge them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from unittest import mock

from django.db.models import Model, QuerySet
from django.test import Client
from lxml import html

from tests.security.addresses import OUTSIDE, Address, every_address
from tests.security.rows import CACHEABLE, NAMES_THE_APPLICATION, NOTHING_THERE, ROWS, Row
from tests.security.world import Answer, World, ask, submit

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
REFUSED = {401, 403, 404, 405}
ROW_OF = {row.key: row for row in ROWS}


@dataclass
class Worlds:
    acme: World
    globex: World


def row_of(address: Address) -> Row | None:
    return ROW_OF.get((address.name, address.parameters))


def missing_rows(addresses: list[Address]) -> list[str]:
    found = []
    for address in addresses:
        if not address.name:
            found.append(f"{address}: give the URL a name, so that a row can stand for it.")
        elif address.parameters and row_of(address) is None:
            things = ", ".join(f'{name}="?"' for name in sorted(address.parameters))
            found.append(f'{address}: add row("{address.name}", {things}) to tests/security/rows.py.')
    return found


def with_parameters() -> list[tuple[Address, Row]]:
    found = ((address, row_of(address)) for address in every_address() if address.parameters)
    return [(address, row) for address, row in found if row is not None]


def openable() -> list[tuple[Address, dict[str, str]]]:
    """Every address, with the things its row names."""
    plain: list[tuple[Address, dict[str, str]]] = [
        (address, {}) for address in every_address() if not address.parameters
    ]
    return plain + [(address, row.things) for address, row in with_parameters()]


def _says_nothing(method: str, answer: Answer) -> bool:
    """Not there, not so, not yet; or the list of methods."""
    return answer.status in {405, 501} or (method == "OPTIONS" and not answer.body)


# A stranger ------------------------------------------------------------------------------------------------------


def _opens(address: Address, method: str, answer: Answer) -> bool:
    to_sign_in = answer.status == 302 and "/login/" in answer.headers["Location"]
    refused = answer.status in REFUSED or to_sign_in or _says_nothing(method, answer)
    return address.access != "public" and not refused


def opened_without_a_session(worlds: Worlds) -> list[str]:
    """Nor with a session of another organisation, should a browser ever send one there."""
    found, globex = [], worlds.globex
    for address, things in openable():
        for method in METHODS:
            for client in (Client(), worlds.acme.owner):
                answer = ask(client, method, address.path(globex.tenant, globex.kwargs(things)))
                if _opens(address, method, answer):
                    found.append(f"{method} {address}: {answer.status}")
                if globex.canary in answer.body and address.name not in NAMES_THE_APPLICATION:
                    found.append(f"{method} {address}: shows {globex.canary}")
    return found


def opened_by_a_cookie(worlds: Worlds) -> list[str]:
    """What is for programs, to an owner's browser: another site could make it send the request."""
    found, acme = [], worlds.acme
    for address, things in openable():
        if acme.token_for(address):
            target = address.path(acme.tenant, acme.kwargs(things))
            statuses = {ask(acme.owner, method, target).status for method in METHODS}
            if not {401} <= statuses <= {401, 405}:
                found.append(f"{address}: {statuses}")
    return found


def closed_to_their_owner(worlds: Worlds) -> tuple[list[str], list[str]]:
    """And what shows them a canary."""
    found, showing, acme = [], [], worlds.acme
    for address, things in openable():
        target = address.path(acme.tenant, acme.kwargs(things))
        answers = [acme.ask(address, method, target) for method in METHODS]
        statuses = [answer.status for answer in answers]
        there = any(answer.status not in REFUSED or acme.canary in answer.body for answer in answers)
        if 500 in statuses or there == (address.name in NOTHING_THERE):
            found.append(f"{address}: {statuses}")
        if acme.canary in answers[METHODS.index("GET")].body:
            showing.append(str(address))
    return found, showing


# The owner of another organisation -------------------------------------------------------------------------------


def _strangers(row: Row, worlds: Worlds) -> Iterator[dict[str, str]]:
    """The row's things with each in turn from Globex, and with all of them."""
    own, foreign = worlds.acme.kwargs(row.things), worlds.globex.kwargs(row.things)
    for parameter in row.foreign:
        yield own | {parameter: foreign[parameter]}
    if len(row.foreign) > 1:
        yield foreign


def _faults(row: Row, answers: dict[str, Answer], canary: str) -> list[str]:
    refusals = {404, row.refusal[0]} if row.refusal else {404}
    found = [
        f"{method} answers {answer.status}"
        for method, answer in answers.items()
        if answer.status not in refusals and not _says_nothing(method, answer)
    ]
    found += [f"{method} shows {canary}" for method, answer in answers.items() if canary in answer.body]
    if not any(answer.status in refusals for answer in answers.values()):
        found.append(f"no method answers {sorted(refusals)}")
    return found


def reached_in_another_organisation(worlds: Worlds) -> list[str]:
    """What the owner of acme, and acme's programs, reach with ids of Globex."""
    found, acme = [], worlds.acme
    for address, row in with_parameters():
        for kwargs in _strangers(row, worlds):
            target = address.path(acme.tenant, kwargs)
            answers = {method: acme.ask(address, method, target) for method in METHODS}
            found += [f"{address}: {fault}" for fault in _faults(row, answers, worlds.globex.canary)]
    return found


def shown_of_another_organisation(worlds: Worlds) -> list[str]:
    """What lists, searches and exports of acme show of Globex."""
    found, acme, canary = [], worlds.acme, worlds.globex.canary
    for address, things in openable():
        target = address.path(acme.tenant, acme.kwargs(things))
        # Searched for by what all canaries begin with: the words that are searched for may be shown again.
        for query in ("", "?q=canary-of"):
            if canary in acme.ask(address, "GET", target + query).body:
                found.append(f"{address}{query}")
    return found


# What a browser keeps --------------------------------------------------------------------------------------------


def kept_by_a_browser(worlds: Worlds) -> list[str]:
    found, acme = [], worlds.acme
    for address, things in openable():
        if address.urlconf == OUTSIDE or address.name in CACHEABLE or acme.token_for(address):
            continue
        answer = ask(acme.owner, "GET", address.path(acme.tenant, acme.kwargs(things)))
        said = set(answer.headers.get("Cache-Control", "").split(", "))
        if not {"no-store", "private"} <= said:
            found.append(f"{address}: Cache-Control is {sorted(said)}")
    return found


# Input that nobody types -----------------------------------------------------------------------------------------

PARAMETERS = ("q", "page", "after", "state", "filter", "cursor", "event_type", "application", "user", "group", "groups", "actor",
              "success", "from", "to", "field", "count", "startIndex", "sortBy", "SAMLRequest", "RelayState", "next")  # fmt: skip
# U+0000 and half a character, which PostgreSQL takes in no text; numbers out of range; what looks like code.
ODD = ("a%00", "%ff%fe", "%ed%a0%80", "-1", "9" * 40, "[]", "%7B%22", "%27%22--", "%F0%9F%98%80")


def broken_by_a_query(worlds: Worlds) -> list[str]:
    found, acme = [], worlds.acme
    for address, things in openable():
        target = address.path(acme.tenant, acme.kwargs(things))
        for value in ODD:
            query = "&".join(f"{name}={value}" for name in PARAMETERS)
            if acme.ask(address, "GET", f"{target}?{query}").status == 500:
                found.append(f"{address} with {value}")
    return found


# Two at the same moment ------------------------------------------------------------------------------------------


@contextmanager
def what_is_touched_is_gone() -> Iterator[list[str]]:
    """Somebody else has just deleted each row that is about to be locked or changed; yields the tables that were looked for in vain."""
    touched: list[str] = []
    get, do_update = QuerySet.get, Model._do_update

    def locked(rows, *args, **kwargs):
        if not rows.query.select_for_update:
            return get(rows, *args, **kwargs)
        touched.append(rows.model._meta.label)
        raise rows.model.DoesNotExist

    def changed(row, *args):
        if row._meta.label.startswith("sessions."):
            return do_update(row, *args)
        touched.append(row._meta.label)
        return False

    with mock.patch.object(QuerySet, "get", locked), mock.patch.object(Model, "_do_update", changed):
        yield touched


def broken_by_what_is_gone(worlds: Worlds) -> tuple[list[str], set[str]]:
    """And what was touched. Each address with nothing, and each form of each page."""
    found, touched, sent, acme = [], set(), set(), worlds.acme
    for address, things in openable():
        target = address.path(acme.tenant, acme.kwargs(things))
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            with what_is_touched_is_gone() as labels:
                answer = acme.ask(address, method, target)
            touched |= set(labels)
            if answer.status == 500:
                found.append(f"{method} {address}: {sorted(set(labels))}")
        page = acme.ask(address, "GET", target)
        for action, values in forms_of(page, target):
            if (known := f"{action} {values}") in sent:  # such as the one to sign out, which every page has
                continue
            sent.add(known)
            with what_is_touched_is_gone() as labels:
                answer = submit(acme.owner, action, values)
            touched |= set(labels)
            if answer.status == 500:
                found.append(f"a form of {address}, to {action}: {sorted(set(labels))}")
    return found, touched


WORDS = ".//textarea | .//input[not(@type) or @type='text' or @type='url']"


def forms_of(page: Answer, path: str) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """Where each is sent, and its values: as they stand there, and with other words."""
    if page.status != 200 or not page.headers.get("Content-Type", "").startswith("text/html"):
        return
    for form in html.fromstring(page.body).forms:
        if form.method == "POST" and not (form.action or "").startswith("http"):
            words = {field.name for field in form.xpath(WORDS)}
            for more in ("", "x"):
                values: dict[str, list[str]] = {}
                for name, value in form.form_values():
                    values.setdefault(name, []).append(value + more if value and name in words else value)
                yield form.action or path, values
