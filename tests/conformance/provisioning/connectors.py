"""What each connector has to tell an application, written down once more from the vendors' own pages: nothing of the product's catalog is read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

WORK_EMAIL = 'emails[type eq "work"].value'
WORK_PHONE = 'phoneNumbers[type eq "work"].value'


@dataclass(frozen=True)
class Person:
    id: str
    username: str
    email: str
    first_name: str = ""
    last_name: str = ""
    display_name: str = ""
    job_title: str = ""
    work_phone: str = ""
    timezone: str = ""

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}"


@dataclass(frozen=True)
class Group:
    id: str
    name: str


Tells = Mapping[str, Callable[[Person], str]]

NAMES: Tells = {
    "name.givenName": lambda person: person.first_name,
    "name.familyName": lambda person: person.last_name,
}
GITLAB: Tells = {
    **NAMES,
    WORK_EMAIL: lambda person: person.email,
    "userName": lambda person: person.email,
    "externalId": lambda person: person.email,
    "name.formatted": lambda person: person.full_name,
}
PULUMI: Tells = {
    **NAMES,
    "userName": lambda person: person.username,
    "displayName": lambda person: person.display_name,
    WORK_EMAIL: lambda person: person.email,
}
ALL_TEN: Tells = {
    **PULUMI,
    "name.formatted": lambda person: person.full_name,
    "title": lambda person: person.job_title,
    WORK_PHONE: lambda person: person.work_phone,
    "timezone": lambda person: person.timezone,
}


@dataclass(frozen=True, eq=False)
class Connector:
    """`sandbox` is whom the sandbox imitates for it. GitLab is not told of changes, because it would not take them."""

    name: str
    key: str
    sandbox: str
    tells: Tells
    parameters: Mapping[str, str] = field(default_factory=dict)
    groups: bool = True
    updates: bool = True
    deletes: bool = False
    reads_config: bool = False
    match: str = "userName"  # what accounts are looked for by


CONNECTORS = (
    Connector(
        "GitLab SaaS", "gitlab_saas", "gitlab_saas", GITLAB, {"group_path": "acme"},
        groups=False, updates=False, match="externalId",
    ),
    Connector(
        "GitLab self-managed", "gitlab_self_managed", "gitlab_self_managed", GITLAB, {"host": "gitlab.example.com"},
        updates=False, match="externalId",
    ),
    Connector("Pulumi", "pulumi", "pulumi", PULUMI, {"organization": "acme"}),
    Connector("BlogIn", "blogin", "blogin", ALL_TEN, {"subdomain": "acme"}),
    Connector("SCIM 2.0", "custom_saml", "generic", ALL_TEN, deletes=True, reads_config=True),
)  # fmt: skip
