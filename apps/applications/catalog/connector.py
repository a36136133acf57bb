"""What a connector is. Pure data: adding an application is adding a file beside this one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from django.utils.functional import Promise

from apps.applications.catalog.guide import Guide

Text = str | Promise  # a sentence of ours, in the language of whoever reads it
NameIdFormat = Literal["emailAddress", "persistent", "transient", "unspecified"]
UserField = Literal[
    "username",
    "email",
    "first_name",
    "last_name",
    "full_name",
    "display_name",
    "job_title",
    "work_phone",
    "timezone",
]


NameIdSource = UserField | Literal["persistent_id"]  # the latter: random, one per person and application


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value of the customer's that stands in the connector's addresses as `{name}`."""

    name: str
    label: Text
    placeholder: str
    pattern: str  # a full match; keeps addresses addresses
    help: Text = ""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One row of the SAML attribute statement. `source` is a user field, or `constant` is sent as it is."""

    name: str
    source: UserField | None = None
    constant: str = ""
    required: bool = (
        False  # JIT: the service provider's name is fixed, the value may be changed, the row switched off
    )
    name_format: str = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"


@dataclass(frozen=True, slots=True)
class SamlDefaults:
    """What the SSO tab is prefilled with. Templates hold parameters in braces. Sources stand in each connector's file."""

    sp_entity_id: str = ""
    acs_url: str = ""
    login_url: str = ""  # where a person starts at the application (SP-initiated)
    default_relay_state: str = ""
    name_id_format: NameIdFormat = "emailAddress"
    name_id_source: NameIdSource = "email"
    persistent_name_id_source: NameIdSource = "email"  # taken when somebody changes the format to persistent
    attributes: tuple[Attribute, ...] = ()
    name_id_formats: tuple[NameIdFormat, ...] = ()  # those the application takes; none: any
    name_id_reason: Text = ""  # why no other, in a sentence


@dataclass(frozen=True, slots=True)
class IdentityRule:
    """By what the application tells that whoever signs in is the account that SCIM made there."""

    scim: Literal["userName", "externalId", "email"]  # what the NameID has to equal
    certain: bool = True  # False: usual, but the vendor does not say so
    case_matters: bool = True
    id_is_it: bool = False  # the application's own id of the account is that value, too
    otherwise: Text = ""  # what people meet where they differ
    repair: Text = ""  # what the vendor says to do about an account that has another value already


@dataclass(frozen=True, slots=True)
class MappedAttribute:
    """One row of the seeds' attribute table: directory field → SCIM path → the application's own word for it.

    Without a source, `constant` is sent for everybody.
    """

    source: UserField | Literal["active", ""]
    scim: str
    application_value: str
    constant: str = ""


@dataclass(frozen=True, slots=True)
class ScimDialect:
    """How one application speaks SCIM 2.0: every known deviation, as data (docs of each connector name the source)."""

    base_url: str = ""  # template; "" when only the administrator knows it
    attributes: tuple[MappedAttribute, ...] = ()
    required: tuple[str, ...] = ("userName",)  # paths without which an account cannot be there
    more_attributes: bool = False  # takes others than those above; False: they are refused or ignored
    renames_users: bool = (
        True  # False: another userName is refused for an account that is there, so it is not told
    )
    match_attribute: Literal["userName", "externalId"] = "userName"
    updates_users: bool = True  # GitLab answers 204 and changes nothing, so we do not pretend
    deletes_users: bool = False
    deactivated: Text = (
        ""  # what becomes of somebody whose account is deactivated, in a sentence for administrators
    )
    publishes_config: bool = (
        False  # has a ServiceProviderConfig (RFC 7643 section 5), which is read at activation
    )
    syncs_passwords: bool = False  # takes a password that is set here, if the administrator wants that
    filters: bool = True  # False: it says that it has none, so everybody is listed and compared here
    supports_groups: bool = False
    groups_by_default: bool = False
    group_patch_replaces: bool = True  # False: only add and remove of members are understood
    group_external_id: bool = True  # Pulumi: an error on groups
    group_members_on_create: bool = True  # False: ignored in POST, so they follow in a PATCH
    member_removal: Literal["filtered", "listed"] = (
        "filtered"  # members[value eq "x"], or a list as the value
    )
    leaves_groups_first: bool = False  # a person leaves their groups before they are deactivated
    patch_op_case: Literal["lower", "Capital"] = "lower"
    active_as_string: bool = False
    page_limit: int = 100
    exists_statuses: tuple[int, ...] = (409,)
    width: int = 8  # requests in flight at the most


@dataclass(frozen=True, slots=True)
class Connector:
    key: str
    label: str
    description: Text
    category: Text
    icon: str = ""  # slug of a Simple Icons logo
    colour: str = ""  # tile colour where there is no logo
    parameters: tuple[Parameter, ...] = ()
    saml: SamlDefaults | None = None
    scim: ScimDialect | None = None
    is_bookmark: bool = False
    identity: IdentityRule = IdentityRule("userName", certain=False, case_matters=False)
    guide: Guide | None = None  # None: there is nothing to set up on the other side
    notes: tuple[Text, ...] = field(default_factory=tuple)  # Important Considerations, for the page

    def fill(self, template: Text, parameters: Mapping[str, str]) -> str:
        """`{group_path}` and the like replaced; a parameter nobody gave stays visible in its braces."""
        return re.sub(r"\{(\w+)\}", lambda match: parameters.get(match[1]) or match[0], str(template))
