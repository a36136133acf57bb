"""What some pairs cannot do, and what happens instead: the tests assert it, and docs/conformance.md tells it."""

from dataclasses import dataclass

from tests.conformance.provisioning.connectors import CONNECTORS
from tests.conformance.provisioning.kinds import KINDS, SANDBOX, SCIM2_SERVER, SCIMMY, Pair

# In the order of the table, by the words of its rows.
SCENARIOS = {
    "activate": "Activated by reading alone, and the request is shown",
    "create": "A new member gets an account with every mapped attribute",
    "take over": "An account that is there is found and taken over; somebody else's is left alone",
    "conflict": "An account that only a 409 tells of is taken over",
    "update": "Every changed attribute follows, those that became empty too",
    "rename": "A new user name follows, with the e-mail address",
    "deactivate": "Suspended, or in no group any more: deactivated; back again: reactivated",
    "keep": "Policy keep: the account stays active",
    "delete": "Policy delete: the account is gone",
    "groups": "Groups: created with their members, joined, renamed, deleted",
    "leave group": "Who leaves a group leaves it there",
    "take over group": "A group of the same name is taken over, members included",
    "unbind": "A group that is unbound stays as it is, and its members are deactivated",
    "token": "A refused token: said in the application's words, quarantined, and back with the right one",
    "no patch": "Without PATCH: the same by PUT",
    "filters ignored": "Filters that are ignored: nobody is mistaken for somebody else",
    "no filters": "Without filters: activated, and everybody found",
    "import": "An import reads every account, page by page",
    "nothing": "A second synchronization sends nothing",
    "plan": "What the plan shows is what is sent",
}
EVERY_CONNECTOR = frozenset(connector.key for connector in CONNECTORS)
EVERY_KIND = frozenset(kind.name for kind in KINDS)
GITLABS = frozenset({"gitlab_saas", "gitlab_self_managed"})
SELF_MANAGED = frozenset({"gitlab_self_managed"})
PULUMI = frozenset({"pulumi"})


@dataclass(frozen=True)
class Limit:
    """`note` is the footnote's number; `words` are those of the refusal, "" where nothing is asked for in the first place."""

    note: int
    scenarios: frozenset[str]
    connectors: frozenset[str]
    kinds: frozenset[str] = EVERY_KIND
    words: str = ""


def _only(*kinds: str) -> frozenset[str]:
    return frozenset(kinds)


NOT_TOLD = Limit(1, frozenset({"update", "rename"}), GITLABS)
NAME_STAYS = Limit(2, frozenset({"rename"}), PULUMI)
TEXT_FOR_TRUTH = Limit(
    3, frozenset({"deactivate", "unbind"}), GITLABS, _only(SCIMMY.name), "expected value type 'boolean'"
)
ONLY_DEACTIVATES = Limit(
    4, frozenset({"delete"}), EVERY_CONNECTOR - {"custom_saml"}, words="can only deactivate accounts"
)
NO_GROUPS = Limit(
    5, frozenset({"groups", "leave group", "take over group", "unbind"}), frozenset({"gitlab_saas"})
)
REMOVAL_WITH_VALUE = Limit(
    6,
    frozenset({"leave group", "take over group"}),
    SELF_MANAGED,
    _only(SCIM2_SERVER.name),
    "a remove operation carries no value",
)
NO_PUT = Limit(7, frozenset({"no patch"}), GITLABS, _only(SANDBOX.name), "405 Not Allowed")
NO_CONFIG = Limit(
    8, frozenset({"no filters"}), EVERY_CONNECTOR - {"custom_saml"}, words="Filters are not supported"
)
MEMBERS_FOLLOW = Limit(9, frozenset({"plan"}), SELF_MANAGED)
LIMITS = (
    NO_GROUPS, NOT_TOLD, NAME_STAYS, TEXT_FOR_TRUTH, ONLY_DEACTIVATES, REMOVAL_WITH_VALUE, NO_PUT, NO_CONFIG, MEMBERS_FOLLOW,
)  # fmt: skip


def limit(scenario: str, pair: Pair) -> Limit | None:
    """Why this pair cannot do it; None where it can."""
    assert scenario in SCENARIOS
    for each in LIMITS:
        if (
            scenario in each.scenarios
            and pair.connector.key in each.connectors
            and pair.kind.name in each.kinds
        ):
            return each
    return None
