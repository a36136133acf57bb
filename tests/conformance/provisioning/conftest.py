"""One installation for all of this folder, with one application and one target for each pair; every target begins empty."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.conformance.node_modules import NODE
from tests.conformance.programs import do_without, running
from tests.conformance.provisioning.connectors import CONNECTORS, Connector
from tests.conformance.provisioning.kinds import PAIRS, SANDBOX, SCIM2_SERVER, SCIMMY, Pair
from tests.conformance.provisioning.stage import TEAMS, Activation, Application, Stage
from tests.conformance.provisioning.state import Target
from tests.conformance.provisioning.tap import Tap
from tests.conformance.scim2_server import scim2_server
from tests.installation import Demo, serving
from tests.rest import Api

TOKEN = "a-token-that-stands-nowhere-else"
# A GitLab of one's own attaches groups to SAML group links of the same name, which an administrator makes there.
GROUP_LINKS = "\n".join(TEAMS)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with serving(tmp_path_factory.mktemp("gatehouse")) as serves:
        yield serves


@pytest.fixture(scope="session")
def stage(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Every application is active; how that went is kept with it."""
    folder, api = tmp_path_factory.mktemp("targets"), Api(demo)
    with ExitStack() as stack:
        keys = [connector.key for connector in CONNECTORS]
        addresses = {SCIM2_SERVER: stack.enter_context(scim2_server(folder, TOKEN, *keys))}
        if not SCIMMY.unavailable():
            addresses[SCIMMY] = stack.enter_context(scimmy(folder, "express"))
        applications = {}
        for pair in PAIRS:
            if pair.kind is SANDBOX:
                base_url, token = _sandbox_target(demo, pair.connector)
            elif pair.kind in addresses:
                base_url, token = f"{addresses[pair.kind]}/{pair.connector.key}/v2", TOKEN
            else:
                continue
            tap = Tap(base_url)
            stack.callback(tap.close)
            has_groups = pair.kind is not SANDBOX or pair.connector.groups
            target = Target(base_url, token, pair.key, pair.shows, has_groups)
            applications[pair] = add_application(api, pair, tap, target)
            _activate(applications[pair])
        yield Stage(api, applications)


@contextmanager
def scimmy(folder: Path, framework: str) -> Iterator[str]:
    """Yields the address in front of `/<store>/v2`. `framework` is "express" or "express5"."""
    command = ("node", str(NODE / "scimmy.js"), framework, TOKEN)
    with running(SCIMMY.name, command, folder / f"{framework}.log") as port:
        yield f"http://127.0.0.1:{port}"


def _sandbox_target(demo: Demo, connector: Connector) -> tuple[str, str]:
    """As an administrator of the other side makes it, by its pages. Base URL and token."""
    mira = demo.browser("administrator")
    wanted = {"target-label": f"Conformance {connector.key}", "target-kind": connector.sandbox}
    shown = mira.submit(mira.open("sandbox/"), to="/sandbox/targets", **wanted)
    token = re.search(r"sandbox_scim_\w+", shown.answer.text)
    assert token is not None, shown.text
    slug = f"conformance-{connector.key.replace('_', '-')}"
    settings = mira.open(f"sandbox/targets/{slug}/settings/")
    saved = mira.submit(settings, having="group_links", group_links=GROUP_LINKS)
    assert saved.status == 200, saved.text
    return f"{demo.base}/sandbox/scim/{slug}", token[0]


def add_application(api: Api, pair: Pair, tap: Tap, target: Target, slug: str = "") -> Application:
    """Configured, not active."""
    document = {
        "connector": pair.connector.key,
        "display_label": slug or str(pair),
        "slug": slug or str(pair).replace("_", "-"),
        "parameters": dict(pair.connector.parameters),
    }
    made = api.call("POST", "applications/", json=document)
    application = Application(pair, api, made["id"], tap, target)
    groups = {"manage_groups": True} if pair.connector.groups else {}
    application.configure(token=target.token, **groups)
    return application


def _activate(application: Application) -> None:
    """First with a token that its target does not know."""
    tap, path = application.tap, f"{application.path}/identity-management/activation/"
    with tap.hindered(token="another-token"):
        refused = application.api.ask("POST", path, json={})
    tap.asked.clear()
    answer = application.post("activation")
    application.activation = Activation(refused.status_code, refused.json(), answer, list(tap.asked))


@pytest.fixture
def pair(request: pytest.FixtureRequest) -> Pair:
    found: Pair = request.param
    if reason := found.kind.unavailable():
        do_without(reason)
    return found


@pytest.fixture
def application(stage: Stage, pair: Pair) -> Application:
    return stage.applications[pair]
