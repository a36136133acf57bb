"""The vendor's guide as data: ordered steps in the vendor's own words, with our values in braces where they are copied from."""

from dataclasses import dataclass
from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# What a page fills in, besides the connector's own parameters. The other side's addresses are those that were saved.
PLACEHOLDERS = frozenset(
    {
        "sso_url",
        "entity_id",
        "metadata_url",
        "certificate",
        "certificate_url",
        "fingerprint_sha1",
        "fingerprint_sha256",
        "sp_entity_id",
        "acs_url",
        "login_url",
        "label",
    }
)


@dataclass(frozen=True, slots=True)
class Value:
    """`field` is what the vendor calls it, `value` what goes in: a template."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do. `page` is the page of ours where it is done, "" for the vendor's; `done` is what tells us that it was."""

    text: str | Promise
    values: tuple[Value, ...] = ()
    page: Literal["", "general", "sso", "groups", "identity", "preview", "launch"] = ""
    done: Literal["", "sso", "groups", "sign_in", "identity"] = ""


@dataclass(frozen=True, slots=True)
class Guide:
    """`sign_on` makes people sign in, `accounts` lets SCIM make their accounts. `source` is where the words come from."""

    source: str
    sign_on: tuple[Step, ...] = ()
    accounts: tuple[Step, ...] = ()


BIND = Step(
    _(
        "Open User groups, tick the groups whose members may use {label}, and save. Until then nobody has access."
    ),
    page="groups",
    done="groups",
)
TRY = Step(
    _("Look at the preview for one of them, then sign in once yourself from the launcher."),
    page="preview",
    done="sign_in",
)
