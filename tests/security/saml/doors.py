"""
Every door by which a name enters, for test_names_enter.py. A new text field of a form, a writable one of the REST API, a SCIM attribute or
an argument of a command needs a line here, in DOORS or in NO_NAMES; the test says which is missing.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from django.core.management import CommandError, call_command
from django.http import HttpResponse
from lxml import html

from apps.lib.scim.schemas import ENTERPRISE_USER, GROUP, PATCH_OP, USER
from apps.sandbox.actions import add_target
from apps.tenants.context import in_tenant

EMAIL = "mia{}@acme.example"


@dataclass(frozen=True)
class Door:
    """`fields` are good; a test puts a bad value into each of `names` in turn. `{}` in a value is where it goes."""

    way: str  # form, rest, scim or command
    path: str
    fields: dict[str, Any]
    names: dict[str, str]  # field: what it is declared as, "ProfileForm.username"
    method: str = "POST"

    def __str__(self) -> str:
        return f"{self.way} {self.method} {self.path}"


def form(path: str, declared_by: str, fields: dict[str, Any], *names: str, **others: str) -> Door:
    prefix = next((f"{name.partition('-')[0]}-" for name in fields if name.count("-") == 1), "")
    declared = {name: f"{declared_by}.{name.removeprefix(prefix)}" for name in names}
    return Door("form", path, fields, declared | others)


def rest(path: str, declared_by: str, fields: dict[str, Any], *names: str, method: str = "POST") -> Door:
    return Door("rest", path, fields, {name: f"{declared_by}.{name}" for name in names}, method)


PERSON = {"username": "mia{}", "email": EMAIL, "first_name": "Mia{}", "last_name": "Rae{}", "display_name": "Mia Rae{}",
          "job_title": "Engineer{}", "work_phone": "+44 1{}", "mobile_phone": "+44 7{}", "employee_number": "7{}", "department": "R&D{}",
          "division": "North{}", "organization": "Acme{}", "cost_center": "C1{}", "manager": "boss{}"}  # fmt: skip
GROUP_FORM = {"name": "Ops{}", "description": "Keeps it up{}"}
LABEL = {"display_label": "Shop{}", "description": "Buys things{}"}
# Into the tab as it is rendered: its choices stay as they are.
SSO = {"attributes-0-name": "plan{}", "attributes-0-constant": "gold{}", "attributes-0-name_format": "urn:acme:x{}",
       "groups_name_format": "urn:acme:x{}", "sp_entity_id": "https://sp.example/{}", "default_relay_state": "/deep{}",
       "groups_attribute_name": "Groups{}"}  # fmt: skip
MAPPING = {"attributes-TOTAL_FORMS": "10", "attributes-INITIAL_FORMS": "9", "attributes-MIN_NUM_FORMS": "0", "attributes-MAX_NUM_FORMS": "60",
           "attributes-0-scim": "userName", "attributes-0-source": "username", "attributes-0-enabled": "on",
           "attributes-9-scim": "userType{}", "attributes-9-constant": "gold{}"}  # fmt: skip
SCIM_USER = {
    "schemas": [USER], "userName": "mia{}", "displayName": "Mia Rae{}", "title": "Engineer{}", "externalId": "00u1{}",
    "name": {"givenName": "Mia{}", "familyName": "Rae{}"}, "emails": [{"value": EMAIL}], "phoneNumbers": [{"value": "+44 1{}"}],
}  # fmt: skip
SCIM_NAMES = ("userName", "displayName", "title", "externalId", "name.givenName", "name.familyName", "emails.value",
              "phoneNumbers.value")  # fmt: skip
SCIM_ENTERPRISE = ("employeeNumber", "department", "division", "organization", "costCenter", "manager.value")
SCIM_GROUP = {"schemas": [GROUP], "displayName": "Ops{}", "externalId": "g1{}"}

DOORS = [
    # The console
    form("/console/users/new/", "ProfileForm", PERSON, *PERSON),
    form("/console/users/<user>/", "ProfileForm", PERSON, *PERSON),
    form("/console/groups/new/", "GroupForm", GROUP_FORM, *GROUP_FORM),
    form("/console/groups/<group>/", "GroupForm", GROUP_FORM, *GROUP_FORM),
    form("/console/catalog/custom_saml/", "GeneralForm", LABEL, *LABEL),
    form("/console/applications/<application>/", "GeneralForm", LABEL, *LABEL),
    form("/console/applications/<application>/sso/", "SsoForm", SSO, "sp_entity_id", "default_relay_state", "groups_attribute_name",
         "groups_name_format",
         **{"attributes-0-name": "AttributeForm.name", "attributes-0-constant": "AttributeForm.constant", "attributes-0-name_format": "AttributeForm.name_format"}),
    form("/console/applications/<application>/identity-management/mapping/", "MappingRowForm", MAPPING,
         **{"attributes-9-scim": "MappingRowForm.scim", "attributes-9-constant": "MappingRowForm.constant"}),
    form("/console/applications/<application>/sso/certificates/", "NewCertificateForm", {"common_name": "Wiki{}"}, "common_name"),
    form("/console/sources/", "SourceForm", {"name": "Okta{}", "kind": "okta"}, "name"),
    form("/console/sources/<source>/settings/", "SourceForm", {"name": "Okta{}", "kind": "okta"}, "name"),
    form("/console/settings/webhooks/new/", "WebhookForm", {"name": "SIEM{}", "url": "https://siem.example/", "which": "all"}, "name"),
    form("/console/settings/webhooks/<webhook>/settings/", "WebhookForm", {"name": "SIEM{}", "url": "https://siem.example/", "which": "all"}, "name"),
    form("/console/api-keys/", "KeyForm", {"name": "Script{}"}, "name"),
    # The sandbox, which the demo and journeys sign in to
    form("/sandbox/service-providers", "NewForm", {"provider-label": "Shop{}", "provider-kind": "generic"}, "provider-label"),
    form("/sandbox/targets", "NewForm", {"target-label": "Shop{}", "target-kind": "generic"}, "target-label"),
    form("/sandbox/targets/<target>/settings/", "TargetForm", {"group_links": "Ops{}", "email_domains": "acme{}.example"},
         "group_links", "email_domains"),
    # The REST API
    rest("/users/", "UserSerializer", PERSON, *PERSON),
    rest("/users/<user>/", "UserSerializer", PERSON, *PERSON, method="PATCH"),
    rest("/groups/", "GroupSerializer", GROUP_FORM, *GROUP_FORM),
    rest("/groups/<group>/", "GroupSerializer", GROUP_FORM, *GROUP_FORM, method="PATCH"),
    rest("/applications/", "ApplicationFields", LABEL | {"connector": "custom_saml"}, *LABEL),
    rest("/applications/", "ApplicationFields",
         {"connector": "gitlab_saas", "display_label": "GitLab", "parameters": {"group_path": "acme{}"}}, "parameters"),
    rest("/applications/<application>/", "ApplicationFields", LABEL, *LABEL, method="PATCH"),
    rest("/applications/<application>/sso/", "SsoSerializer",
         {"sp_entity_id": "https://sp.example/{}", "default_relay_state": "/deep{}", "groups_attribute_name": "Groups{}",
          "groups_name_format": "urn:acme:x{}", "attributes": [{"name": "plan{}", "constant": "gold{}"}]},
         "sp_entity_id", "default_relay_state", "groups_attribute_name", "groups_name_format", "attributes", method="PATCH"),
    Door("rest", "/applications/<application>/identity-management/mapping/",
         {"attributes": [{"scim": "userName", "source": "username"}, {"scim": "userType", "constant": "gold{}"}]},
         {"attributes": "MappingRowToSet.constant"}, "PUT"),
    rest("/applications/<application>/sso/certificates/", "NewCertificateSerializer", {"common_name": "Wiki{}"}, "common_name"),
    rest("/scim-tokens/", "ScimTokenToCreate", {"name": "Okta{}"}, "name"),
    rest("/webhooks/", "WebhookToCreate", {"name": "SIEM{}", "url": "https://siem.example/"}, "name"),
    rest("/webhooks/<webhook>/", "WebhookToChange", {"name": "SIEM{}"}, "name", method="PATCH"),
    rest("/api-keys/", "ApiKeyToCreate", {"name": "Script{}"}, "name"),
    # SCIM
    Door("scim", "/Users", SCIM_USER, {name: f"scim.{name}" for name in SCIM_NAMES}),
    Door("scim", "/Users/<scim user>", SCIM_USER, {name: f"scim.{name}" for name in SCIM_NAMES}, "PUT"),
    Door("scim", "/Users/<scim user>", {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "value": {"displayName": "Mia{}"}}]},
         {"Operations": "scim.displayName"}, "PATCH"),
    *(Door("scim", "/Users/<scim user>",
           {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": f"{ENTERPRISE_USER}:{name.partition('.')[0]}", "value": "x{}"}]},
           {"Operations": f"scim.{name}"}, "PATCH") for name in SCIM_ENTERPRISE),
    Door("scim", "/Groups", SCIM_GROUP, {"displayName": "scim.displayName", "externalId": "scim.externalId"}),
    form("/console/settings/organisation/", "OrganisationForm", {"name": "Acme{}"}, "name"),
    form(
        "/console/settings/announcement/",
        "AnnouncementForm",
        {"announcement-text": "Closed{}"},
        "announcement-text",
    ),
    form("/console/settings/administrators/new/", "NewAdministratorForm", {"person": EMAIL, "role": "read_only"}, "person"),
    # Commands
    Door("command", "createtenant", {"slug": "initech", "--name": "Initech{}", "--admin": "ada{}", "--email": "ada{}@initech.example"},
         {"--name": "createtenant.name", "--admin": "createtenant.admin", "--email": "createtenant.email"}),
    Door("command", "addoperator", {"username": "ada{}", "--email": "ada{}@host.example"},
         {"username": "addoperator.username", "--email": "addoperator.email"}),
    Door("command", "createscimtoken", {"--tenant": "acme", "--name": "Okta{}"}, {"--name": "createscimtoken.name"}),
    Door("command", "createapikey", {"--tenant": "acme", "--admin": "alice", "--name": "Script{}"}, {"--name": "createapikey.name"}),
]  # fmt: skip

ADDRESS = "an address: only ASCII without controls passes (apps/saml/locations.py, apps/lib/addresses.py)"
LOOKED_FOR = "is looked for and stored nowhere"
SECRET = "hashed or sealed, never shown"
CLOSED = "one of a closed list, or of its own narrow form"
XML = "XML: its own front door (test_xml_corpus.py), what it says is checked like the form's fields"
PEM = "base64 of a certificate"
DEVICE = (
    "needs a device that answers: tests/accounts/test_passkeys.py::test_a_name_that_cannot_be_seen_is_refused"
)
OPERATOR = (
    "operators alone reach it: tests/platform/test_operators.py::test_a_name_that_cannot_be_seen_is_refused"
)
# Patterns of fields that hold no name, or are not knocked at here, and why.
NO_NAMES = {
    "createscimtoken.kind": CLOSED,
    "NewPasskeyForm.name": DEVICE,
    **dict.fromkeys(("OrganisationForm.name", "NewOrganisationForm.name", "NewOrganisationForm.owner", "NewOperatorForm.username", "NewOperatorForm.email"), OPERATOR),
    **dict.fromkeys(("ProfileForm.timezone", "UserSerializer.timezone", "SsoSerializer.name_id_source", "NewApplicationForm.slug", "ApplicationToCreate.slug", "createtenant.slug", "scim.timezone", "NewOrganisationForm.slug",
                     "DeletionForm.number", "MappingRowToSet.source", "MappingRowToSet.scim", "WriteTestForm.email", "WriteTestToRun.email", "*.event_types", "*.event_groups"), CLOSED),
    **dict.fromkeys(("*.password", "*.passphrase", "*.token", "*.private_key", "PasswordChangeForm.*", "NewPasswordForm.*", "CodeForm.code", "*.credential"), SECRET),
    **dict.fromkeys(("*.url", "*_url", "*_urls"), ADDRESS),
    **dict.fromkeys(("SignInForm.username", "ForgottenForm.username", "DeletionForm.name", "EventFilterForm.person", "*.q", "UserQuery.username",
                     "EventFilterForm.actor", "EventFilterForm.address", "EventFilterForm.correlation", "EventQuery.client_ip", "EventListQuery.search_after",
                     "EventQuery.application", "EventQuery.user", "EventQuery.group", "EventQuery.actor", "EventQuery.event_type", "EventQuery.service",
                     "Question.search_term", "Question.service", "ListQuestion.search_after", "IntervalQuestion.timezone",
                     "IntervalQuery.timezone", "Selection.rows", "createscimtoken.tenant", "createapikey.tenant", "createapikey.admin", "removeoperator.username",
                     "verifyevents.tenant", "verifyevents.key", "checkpointevents.tenant", "AccountToLink.remote_id", "NewAdministratorForm.person", "SeenPlan.plan", "GroupsOfApplicationForm.seen", "MetadataChoice.entity_id", "MetadataAddress.entity_id", "*.digest",
                     "MetadataForm.entity_id", "scim.members.value"), LOOKED_FOR),
    "*certificate*": PEM,
    "IdentityProviderForm.xml": XML,
}  # fmt: skip


def filled(value: Any, what: str) -> Any:
    """With `what` in the place of each {}."""
    if isinstance(value, str):
        return value.replace("{}", what)
    if isinstance(value, list):
        return [filled(one, what) for one in value]
    return {name: filled(one, what) for name, one in value.items()} if isinstance(value, dict) else value


def with_bad(fields: dict[str, Any], name: str, what: str) -> dict[str, Any]:
    """Good everywhere but in `name`, which may be "emails.value": a path."""
    first, _dot, rest = name.partition(".")
    if rest and not isinstance(fields.get(name), str):
        inner = fields[first]
        bad = [with_bad(inner[0], rest, what)] if isinstance(inner, list) else with_bad(inner, rest, what)
        return filled({**fields, first: None}, "") | {first: bad}
    return {other: filled(value, what if other == name else "") for other, value in fields.items()}


@dataclass
class Doorman:
    """Knocks as whoever has the right to: `ids` stand in for the <words> of a path."""

    alice: Any
    api: Any
    okta: Any
    ids: dict[str, str] = field(default_factory=dict)

    def knock(self, door: Door, fields: dict[str, Any]) -> tuple[int, str]:
        """The status and what was said."""
        path = door.path
        for word, value in self.ids.items():
            path = path.replace(f"<{word}>", value)
        if door.way == "command":
            return _run(path, fields)
        response: HttpResponse
        if door.way == "form":
            typed = self._as_rendered(path) if door.fields is SSO else {}
            response = self.alice.post(path, typed | fields)
        else:
            caller = self.api if door.way == "rest" else self.okta
            response = caller(door.method, path, json.dumps(fields).encode())
        return response.status_code, response.content.decode()

    def _as_rendered(self, path: str) -> dict[str, str]:
        page = html.fromstring(self.alice.get(path).content)
        tab = next(one for one in page.forms if "sp_entity_id" in one.fields)
        return {name: value for name, value in tab.form_values() if not name.startswith("attributes-0-")}


def _run(command: str, fields: dict[str, Any]) -> tuple[int, str]:
    arguments = [
        part for name, value in fields.items() for part in ((name, value) if "--" in name else (value,))
    ]
    try:
        call_command(command, *arguments)
    except CommandError as refused:
        return 400, str(refused)
    return 200, ""


def target_slug(tenant: Any) -> str:
    with in_tenant(tenant):
        return add_target(slug="target", label="Target")[0].slug
