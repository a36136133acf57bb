"""
Requests made from what /Schemas tells: every attribute with values of its type, and sometimes of another. What is accepted comes back as the schemas say
it would, is read as it was answered, and can be put back as it was read.
"""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scim2_models import Context

from apps.directory.models import Group, User
from apps.lib.scim.schemas import ENTERPRISE_USER, GROUP, USER
from apps.scim import resources
from apps.tenants.context import in_tenant
from tests.scim.conftest import Caller

QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
pytestmark = pytest.mark.timeout(900)  # a few hundred requests
KINDS = {"Users": (USER, resources.Person), "Groups": (GROUP, resources.Group)}
TEXT = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["mia", "Europe/London", "mia@acme.example", "x" * 300, "\u202e", ""]),
)
OF_TYPE = {
    "string": TEXT,
    "boolean": st.one_of(st.booleans(), st.sampled_from(["True", "false"])),
    "reference": TEXT,
    "dateTime": st.sampled_from(["2026-01-01T00:00:00Z", "yesterday"]),
}  # fmt: skip
WRONG = st.one_of(
    st.none(), st.integers(), st.lists(st.integers(), max_size=2), st.dictionaries(TEXT, TEXT, max_size=2)
)


def values(attribute: dict[str, Any]) -> Any:
    inner = attribute.get("subAttributes")
    one = attributes(inner) if inner else OF_TYPE[attribute["type"]]
    here = st.lists(one, max_size=3) if attribute["multiValued"] else one
    return st.one_of(here, here, here, here, WRONG)


def attributes(described: list[dict[str, Any]]) -> Any:
    """Read-only ones too: they are dropped, not refused."""
    return st.fixed_dictionaries({}, optional={each["name"]: values(each) for each in described})


def told(okta: Caller) -> dict[str, Any]:
    return {each["id"]: each["attributes"] for each in okta("GET", "/Schemas").json()["Resources"]}


def documents(okta: Caller, kind: str) -> Any:
    schemas = told(okta)
    whole = attributes(schemas[KINDS[kind][0]])
    if kind == "Groups":
        return whole
    extended = st.fixed_dictionaries({}, optional={ENTERPRISE_USER: attributes(schemas[ENTERPRISE_USER])})
    return st.builds(lambda one, more: one | more, whole, extended)


def sound(document: dict[str, Any], *, user_name: str) -> dict[str, Any]:
    """The same with what everybody needs, so that more than the first mistake is tried."""
    email = [{"value": f"{user_name}@acme.example", "type": "work"}]
    return document | {"userName": user_name, "displayName": user_name, "emails": email}


@settings(max_examples=100, deadline=None, suppress_health_check=QUIET)
@given(data=st.data(), kind=st.sampled_from(sorted(KINDS)), mended=st.booleans())
def test_what_is_accepted_comes_back_as_the_schemas_say(
    okta: Caller, data: Any, kind: str, mended: bool
) -> None:
    document, another = data.draw(documents(okta, kind)), data.draw(documents(okta, kind))
    if mended:
        with in_tenant(okta.tenant):
            document = sound(document, user_name=f"n{User.objects.count()}-{Group.objects.count()}")
    made = okta("POST", f"/{kind}", document)
    assert made.status_code in {201, 400, 409}
    if made.status_code != 201:
        return
    path = f"/{kind}/{made.json()['id']}"
    answers = [made.json(), okta("GET", path).json()]
    put = okta("PUT", path, answers[1])
    assert put.status_code == 200, put.content
    for answer in (*answers, put.json()):
        assert answer == answers[0] | {"meta": answer["meta"]}
        KINDS[kind][1].model_validate(answer, scim_ctx=Context.RESOURCE_QUERY_RESPONSE)
    changed = okta("PUT", path, another)
    assert changed.status_code in {200, 400, 409}
    if changed.status_code != 200:
        assert okta("GET", path).json() == put.json()


def test_the_schemas_are_what_is_tried(okta: Caller) -> None:
    """The control: an empty strategy would try nothing, and a sound document is accepted."""
    names = {schema: {each["name"] for each in described} for schema, described in told(okta).items()}
    assert {"userName", "emails", "active", "name"} <= names[USER]
    assert {"displayName", "members"} <= names[GROUP]
    assert "department" in names[ENTERPRISE_USER]
    for kind in KINDS:
        assert okta("POST", f"/{kind}", sound({}, user_name="mia")).status_code == 201
