"""By reading alone; and what becomes of a token that the application refuses, at once and later."""

import pytest

from tests.conformance.provisioning.expectations import all_hindered, should_be
from tests.conformance.provisioning.kinds import Pair, every_pair
from tests.conformance.provisioning.stage import Application, Findings, Stage, until

# How each says it.
REFUSALS = {
    "gitlab_saas-at-sandbox": "401 Unauthorized",
    "gitlab_self_managed-at-sandbox": "401 Unauthorized",
    "pulumi-at-sandbox": "Unauthorized: No credentials provided or are invalid.",
    "blogin-at-sandbox": "The token is not valid.",
    "custom_saml-at-sandbox": "The bearer token is missing or not valid.",
}
OF_OTHERS = {"scim2-server": "Authorization", "scimmy-routers": "This token is not known here"}


def words_of(pair: Pair) -> str:
    return REFUSALS.get(str(pair)) or OF_OTHERS[pair.kind.name]


@every_pair
def test_activating_reads_and_shows_the_request(application: Application) -> None:
    activation = application.activation
    assert activation is not None
    assert activation.answer["state"] == "active"
    assert [asked for asked in activation.asked if asked.writes] == []
    (search,) = [asked for asked in activation.asked if asked.path.startswith("/Users")]
    assert f"{application.pair.connector.match} eq" in search.path
    assert search.status == 200
    assert activation.answer["last_verification"].startswith("GET /Users?")
    assert " → 200 in " in activation.answer["last_verification"]


@every_pair
def test_the_configuration_is_read_where_there_is_one(application: Application) -> None:
    activation = application.activation
    assert activation is not None
    read = [asked.path for asked in activation.asked if asked.path == "/ServiceProviderConfig"]
    assert bool(read) == application.pair.connector.reads_config
    assert activation.answer["capabilities"].get("patch") is (True if read else None)


@every_pair
def test_a_wrong_token_is_a_refusal_in_the_applications_own_words(application: Application) -> None:
    activation = application.activation
    assert activation is not None
    assert activation.refused_with in {400, 409, 422}
    assert words_of(application.pair) in str(activation.refused["errors"]["token"])
    assert application.target.token not in str(activation.refused)


@pytest.fixture(scope="module")
def quarantined(stage: Stage) -> tuple[dict[Pair, str], Findings]:
    """The token ends while everything is at work: what the administrator reads, and what is there with the right one."""
    people = [stage.person("token", name) for name in ("ann", "ben", "cleo")]
    said = {}
    with all_hindered(stage, token="a-token-that-ended"):
        group = stage.group("token", "Engineers", *people)
        for pair, application in stage.applications.items():
            until(lambda application=application: application.integration()["state"] == "quarantined")  # type: ignore[misc]
            integration = application.integration()
            assert integration["quarantine_reason"] == "token"
            said[pair] = integration["last_problem"]
    for application in stage.applications.values():
        application.post("resumption")
    expected = dict.fromkeys(people, True)
    return said, stage.reached("token", lambda pair: should_be(pair, expected, {group: people}))


@every_pair
def test_a_token_that_ends_quarantines_the_application(
    quarantined: tuple[dict[Pair, str], Findings], pair: Pair
) -> None:
    said, _ = quarantined
    assert words_of(pair) in said[pair]


@every_pair
def test_with_the_right_token_nothing_is_missing(
    quarantined: tuple[dict[Pair, str], Findings], pair: Pair
) -> None:
    _, found = quarantined
    assert found[pair] == []
