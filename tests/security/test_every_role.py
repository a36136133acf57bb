"""Every URL the resolver knows, opened by every kind of visitor: what roles.py says, and nothing else."""

from collections import Counter
from collections.abc import Iterator

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import path, reverse

from apps.accounts.access import administrator_required
from tests.conftest import Person
from tests.security.addresses import PLATFORM, Address, addresses_in, every_address, operators_addresses
from tests.security.roles import RULE_OF, RULES, TABLE, VISITORS, Rule
from tests.security.walk import Worlds, openable
from tests.security.world import Answer, World, ask

SAFE = {"GET", "HEAD", "OPTIONS"}


def declared(address: Address) -> str:
    """What the view says of itself, in the table's words."""
    behind = getattr(address.view, "cls", None)
    methods = set(getattr(behind, "help_desk", ()))
    if asks := set(getattr(behind, "asks", ())):
        return (
            f"{address.access}, everybody asks"
            if methods == SAFE | asks
            else "asks, but not for the help desk"
        )
    if not methods:
        return address.access or ""
    return f"{address.access}, the help desk {'looks' if methods <= SAFE else 'sends'}"


def undecided(addresses: list[Address]) -> list[str]:
    return [
        f"{address}: the view says “{declared(address)}”, tests/security/roles.py “{RULE_OF.get(address.name, 'nothing')}”."
        for address in addresses
        if RULE_OF.get(address.name) != declared(address)
    ]


def test_a_url_that_the_table_does_not_know_is_found() -> None:
    view = administrator_required(lambda request: HttpResponse())
    assert "nothing" in undecided(addresses_in([path("ants/", view, name="ants")]))[0]


def test_every_url_is_in_the_table_once_and_says_the_same_itself() -> None:
    assert undecided([*every_address(), *operators_addresses()]) == []
    times = Counter(name for names in TABLE.values() for name in names)
    assert [name for name, count in times.items() if count > 1] == []
    assert times.keys() == {address.name for address in [*every_address(), *operators_addresses()]}


@pytest.fixture
def operator(olivia: Person) -> Client:
    return olivia.client


def visitors(worlds: Worlds, operator: Client) -> dict[str, Client]:
    acme = worlds.acme
    others = {
        "anonymous": Client(),
        "end user": acme.member,
        "owner of another organisation": worlds.globex.owner,
        "operator": operator,
    }
    return others | acme.staff


def _answer(worlds: Worlds, client: Client, visitor: str, rule: Rule, method: str, target: str) -> Answer:
    if rule.by_key and visitor in worlds.acme.keys:
        return ask(Client(), method, target, headers={"Authorization": f"Bearer {worlds.acme.keys[visitor]}"})
    return ask(client, method, target)


def refused(answer: Answer) -> bool:
    to_sign_in = answer.status == 302 and "/login/" in answer.headers["Location"]
    return answer.status in {401, 403} or to_sign_in


def sending(address: Address) -> str:
    """The method of the API's view that changes something; a page takes forms."""
    methods = ("POST", "PUT", "PATCH", "DELETE")
    behind = getattr(address.view, "cls", None)
    return next((one for one in methods if hasattr(behind, one.lower())), "POST")


def wrong(worlds: Worlds, operator: Client, addresses: list[tuple[Address, dict[str, str]]]) -> Iterator[str]:
    clients = visitors(worlds, operator)
    for address, things in addresses:
        rule, target = (
            RULES[RULE_OF[address.name]],
            address.path(worlds.acme.tenant, worlds.acme.kwargs(things)),
        )
        for method, allowed in (("GET", rule.looks), (sending(address), rule.sends)):
            for visitor in VISITORS:
                answer = _answer(worlds, clients[visitor], visitor, rule, method, target)
                if refused(answer) == (visitor in allowed) and not _nothing_to_refuse(
                    address, answer, visitor
                ):
                    yield f"{visitor}: {method} {address} answers {answer.status}"


def _nothing_to_refuse(address: Address, answer: Answer, visitor: str) -> bool:
    """What nobody may send there at all; and public pages that refuse for other reasons than a role, or ask for another session."""
    return answer.status == 405 or address.access == "public"


def test_every_address_opens_for_the_roles_of_the_table_alone(worlds: Worlds, operator: Client) -> None:
    found = list(wrong(worlds, operator, openable()))
    assert found == [], "; ".join(found)


def test_the_operators_pages_open_for_operators_alone(worlds: Worlds, operator: Client) -> None:
    tenant = {"pk": str(worlds.acme.tenant.pk)}
    clients = visitors(worlds, operator)
    opened = Counter[str]()
    for address in operators_addresses():
        target = reverse(address.name, urlconf=PLATFORM, kwargs=tenant if address.parameters else None)
        for method in ("GET", "POST"):
            for visitor in VISITORS:
                answer = ask(clients[visitor], method, f"/platform{target}")
                assert refused(answer) != (visitor == "operator"), (visitor, method, target, answer.status)
                opened[visitor] += not refused(answer)
    assert opened["operator"] == 2 * len(operators_addresses())


@pytest.mark.parametrize(
    ("name", "rule"), [("console:users", "administrator"), ("console:groups", "help desk")]
)
def test_another_table_is_found_out(
    worlds: Worlds, operator: Client, monkeypatch: pytest.MonkeyPatch, name: str, rule: str
) -> None:
    """Negative control: the walk asks, it does not read the views' own words."""
    monkeypatch.setitem(RULE_OF, name, rule)
    found = list(wrong(worlds, operator, [row for row in openable() if row[0].name == name]))
    assert found
    assert all("help_desk" in fault for fault in found)


def test_each_role_has_a_browser_and_a_key(worlds: Worlds) -> None:
    world: World = worlds.acme
    assert world.staff.keys() == world.keys.keys() == set(VISITORS) & world.staff.keys()
    assert len(world.staff) == 4
