"""
A14, S13: what XML cannot hold, controls, and what nobody can see are refused at every door by which a name enters. One of them in one
name would end every sign-in of that person in an error, or make one name look like another.
"""

import importlib
import inspect
import unicodedata
from dataclasses import asdict
from fnmatch import fnmatch
from pkgutil import iter_modules
from typing import Any

import pytest
from django import forms
from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.management import get_commands, load_command_class
from django.db import models
from rest_framework import serializers

from apps.api.serializers.base import Strict
from apps.applications.actions import add_application
from apps.applications.catalog import custom_saml
from apps.directory.actions import add_group, add_user
from apps.lib.names import validate_text
from apps.lib.xml import is_xml_text
from apps.provisioning.actions import configure_integration
from apps.provisioning.imports.candidates import read_candidate
from apps.scim.resources import ATTRIBUTES
from apps.tenants.context import every_tenant, in_tenant
from apps.tenants.models import slug_validator
from apps.webhooks.actions import add_webhook
from tests.api.conftest import script_of
from tests.scim.conftest import caller
from tests.security.saml.doors import (
    DOORS,
    NO_NAMES,
    SCIM_NAMES,
    SCIM_USER,
    Doorman,
    filled,
    target_slug,
    with_bad,
)

pytestmark = pytest.mark.django_db

# Every kind goes through one door; at all the others one of each refusal's reason knocks.
BAD = {
    "NUL": "\x00", "vertical tab": "\x0b", "escape": "\x1b", "delete": "\x7f", "next line": "\x85", "noncharacter": "\ufffe",
    "right-to-left override": "\u202e", "left-to-right mark": "\u200e", "right-to-left mark": "\u200f", "Arabic letter mark": "\u061c",
    "isolate": "\u2066", "zero width space": "\u200b", "zero width joiner": "\u200d", "byte order mark": "\ufeff",
    "soft hyphen": "\u00ad", "word joiner": "\u2060", "line separator": "\u2028", "paragraph separator": "\u2029", "tag": "\U000e0041",
}  # fmt: skip
HALF = "\ud800"  # a form cannot carry it: UTF-8 has no spelling for half a character
GOOD = " Zoë 日本 😀"
NARROW = {"person", "email", "emails", "--email", "email_domains", "sp_entity_id", "parameters", "attributes-0-name_format", "groups_name_format", "attributes-9-scim"}  # fmt: skip


@pytest.fixture
def doorman(alice, bob, tenant, system, monkeypatch, django_db_blocker) -> Doorman:
    monkeypatch.setenv("PORTAL_ADMIN_PASSWORD", "correct horse battery")
    with in_tenant(tenant):
        user = add_user(actor=system, username="olga", email="olga@acme.example")
        group = add_group(actor=system, name="Support")
        application = add_application(actor=system, connector="custom_saml", display_label="Wiki")
        configure_integration(application, actor=system, base_url="https://wiki.example/scim")
        webhook, _secret = add_webhook(actor=system, name="SIEM", url="https://siem.example/")
    okta = caller(tenant, "Okta")
    ids = {"user": str(user.pk), "group": str(group.pk), "application": str(application.pk)}
    ids |= {
        "scim user": okta.create("pushed")["id"],
        "target": target_slug(tenant),
        "source": str(okta.source.pk),
        "webhook": str(webhook.pk),
    }
    return Doorman(alice, script_of(alice), okta, ids)


def columns() -> list[tuple[type[models.Model], str]]:
    texts = (models.CharField, models.TextField, models.JSONField)
    return [
        (model, one.name)
        for model in apps.get_models()
        for one in model._meta.get_fields()
        if model.__module__.startswith("apps.") and isinstance(one, texts)
    ]


def stored_anywhere(what: str) -> list[str]:
    """The columns, of any tenant, that hold `what`."""
    found = []
    with every_tenant():
        for model, name in columns():
            manager = getattr(model, "unscoped", model._default_manager)
            if any(what in _flat(value) for value in manager.values_list(name, flat=True)):
                found.append(f"{model.__name__}.{name}")
    return found


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return "".join(map(_flat, [*value, *value.values()]))
    return "".join(map(_flat, value)) if isinstance(value, list | tuple) else str(value)


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_a_name_that_cannot_be_written_or_seen_is_refused(door, doorman):
    for name in door.names:
        for bad in ("\x00", "\x0b", "\u202e", *([HALF] if door.way in {"rest", "scim"} else [])):
            status, said = doorman.knock(door, with_bad(door.fields, name, f"a{bad}b"))
            assert status == (422 if door.way == "form" else 400), (name, bad, status, said)
    for bad in ("\x0b", "\u202e"):
        assert stored_anywhere(f"a{bad}b") == []
    # Negative control: nothing else about these requests is wrong, and a name of any language passes.
    fields = {name: filled(value, "" if name in NARROW else GOOD) for name, value in door.fields.items()}
    status, said = doorman.knock(door, fields)
    assert status < 400, said


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_every_kind_of_them_is_refused_in_words(bad, doorman):
    for path, fields in (
        ("/users/", {"username": f"a{bad}b", "email": "a@acme.example"}),
        ("/groups/", {"name": f"a{bad}b"}),
    ):
        answer = doorman.api("POST", path, fields)
        said = answer.json()["errors"][next(iter(fields))][0].lower()
        assert answer.status_code == 400
        assert any(word in said for word in ("control characters", "invisible", "null characters")), said


def test_what_metadata_says_is_a_name_too(doorman, tenant):
    from tests.saml.conftest import sp_metadata

    path = f"/applications/{doorman.ids['application']}/sso/service-provider-metadata/"
    bad = sp_metadata(entity_id="https://sp.example/\u202e")
    assert doorman.api("PUT", path, bad, content_type="application/xml").status_code == 400
    good = sp_metadata(entity_id="https://sp.example/é")
    assert doorman.api("PUT", path, good, content_type="application/xml").status_code == 200


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_what_an_application_lists_for_import_is_a_name_too(bad):
    """The whole account is refused, and not even shown as it is."""
    dialect = custom_saml.CONNECTOR.scim
    for name in SCIM_NAMES:
        found = read_candidate(with_bad(SCIM_USER, name, f"a{bad}b") | {"id": "1"}, dialect)
        if name != "externalId":  # which is not read
            assert found.problem, name
        assert bad not in _flat(asdict(found)), name
    assert read_candidate(filled(SCIM_USER, "") | {"id": f"a{bad}b"}, dialect) is None
    # Negative control: nothing else about this account is wrong.
    assert read_candidate(filled(SCIM_USER, "") | {"id": "1", "displayName": GOOD}, dialect).problem == ""


def test_what_is_taken_can_be_signed():
    """Whatever one character the rule takes, XML takes."""
    for code in range(0x110000):
        if unicodedata.category(chr(code)) in {"Cc", "Cf", "Zl", "Zp", "Cs"} or not is_xml_text(chr(code)):
            with pytest.raises(ValidationError):
                validate_text(chr(code))


# --- nobody forgets a door


def _every(kind: type) -> set[type]:
    below = {cls for one in kind.__subclasses__() for cls in (one, *_every(one))}
    return {cls for cls in below if cls.__module__.startswith("apps.")}


def _declared(cls: type, fields: str, name: str) -> str:
    """The class that brings the field in: its heirs need no line of their own."""
    owners = [
        parent
        for parent in cls.__mro__
        if name in getattr(parent, fields, {}) and parent.__module__.startswith("apps.")
    ]
    return f"{owners[-1].__name__}.{name}"


def form_fields() -> set[str]:
    for config in apps.get_app_configs():
        if config.name.startswith("apps."):
            _import_below(f"{config.name}.forms")
    found = set()
    for cls in _every(forms.BaseForm):
        texts = [name for name, one in cls.base_fields.items() if isinstance(one, forms.CharField)]
        found |= {_declared(cls, "base_fields", name) for name in texts}
    return found


def _import_below(module: str) -> None:
    try:
        package = importlib.import_module(module)
    except ModuleNotFoundError as missing:
        if missing.name != module:
            raise
        return
    for folder in getattr(package, "__path__", []):
        for one in iter_modules([folder]):
            importlib.import_module(f"{module}.{one.name}")


def serializer_fields() -> set[str]:
    importlib.import_module("apps.api.urls")
    texts = (serializers.CharField, serializers.ListField, serializers.DictField, serializers.JSONField)
    return {
        _declared(cls, "_declared_fields", name)
        for cls in _every(Strict)
        for name, one in cls._declared_fields.items()
        if isinstance(one, texts) and not one.read_only
    }


def command_arguments() -> set[str]:
    found = set()
    for name, app in get_commands().items():
        if isinstance(app, str) and app.startswith("apps."):
            command = load_command_class(app, name)
            own = inspect.getsource(type(command).add_arguments)
            parser = command.create_parser("manage.py", name)
            found |= {
                f"{name}.{action.dest}"
                for action in parser._actions
                if action.type is None
                and action.nargs != 0
                and f'"{(action.option_strings or [action.dest])[0]}"' in own
            }
    return found


DECLARED = {
    "forms": form_fields,
    "the REST API": serializer_fields,
    "commands": command_arguments,
    "SCIM": lambda: {f"scim.{name}" for name in ATTRIBUTES.values()},
}


@pytest.mark.parametrize("where", DECLARED)
def test_every_field_that_takes_a_text_is_a_door_or_says_why_not(where):
    named = {declared for door in DOORS for declared in door.names.values()}
    others = {
        one for one in DECLARED[where]() - named if not any(fnmatch(one, pattern) for pattern in NO_NAMES)
    }
    assert others == set(), "say so in tests/security/saml/doors.py"


# --- nor a column

NOT_TYPED = {
    "a key, a digest, a hint or a random value of ours": {"*.key_id", "*.digest", "*.token_digest", "*.account_digest", "Passkey.credential_id", "PortalSession.*", "*.token_hint", "User.password", "FormerPassword.password", "*_key", "PersistentNameId.*"},
    "a closed list": {"*.connector_key", "*.kind", "*.state", "*.type", "*.role", "User.timezone", "User.language", "Tenant.timezone", "Tenant.language"},
    "written by apps.events and apps.provisioning from rows that were checked": {"Event.*", "EventChain.*", "Letter.*", "Synchronization.*", "PreparedPlan.*", "PlannedChange.*"},
    "a file's lines and what became of them, shown escaped; what enters goes through add_user": {"PeopleRun.*", "PeopleRow.*"},
    "written by us, or by an application that answers (cleaned in apps/provisioning/wire.py)": {
        "Integration.last_*", "Integration.capabilities", "RemoteUser.*", "RemoteGroup.*", "Job.*", "Attempt.*", "Entry.*",
        "Import.*", "ImportRow.*", "SignOfLife.worker",
    },
    "types of events, an event as it was recorded, and what an endpoint answered (cleaned in apps/lib/transcripts.py)": {"Webhook.event_*", "Webhook.last_problem", "Delivery.*", "DeliveryAttempt.*", "Replay.*", "WebhookSecret.hint"},
    "an address or certificate, checked by apps/saml/validation.py": {
        "*_url", "*.url", "*_urls", "*certificate*", "Application.parameters",
    },
    "a name, checked by apps/saml/validation.py": {
        "SsoSettings.sp_entity_id", "SsoSettings.attributes", "SsoSettings.groups_attribute_name", "SsoSettings.groups_name_format",
        "SsoSettings.name_id_source",
    },
    "the other side, as it was sent; shown in the sandbox alone": {
        "SandboxServiceProvider.idp_*", "SandboxAuthnRequest.*", "SandboxSignIn.*", "SandboxTarget.*", "SandboxAccount.*",
        "SandboxTeam.*", "SandboxRequest.*",
    },
    "an identity source's request and our answer, without control characters, shown escaped": {"ReceivedRequest.*"},
    "out of a message that was XML, or what an assertion already said": {"Pending*.*", "SsoSession.*", "Logout*.*"},
    "a service provider's file, which XML held; kept to be compared, shown escaped": {"*Metadata*.*"},
    "paths and constants, checked by apps/provisioning/mapping.py": {"Integration.mapping"},
    "written by apps.events about its own rows": {"EventCheckpoint.*"},
    "addresses that apps/scim/actions/secondary_emails.py has checked, and the same folded": {"ExternalIdentity.secondary_emails", "SecondaryEmail.key"},
    "looked for, never shown": {"FailedSignIn.*", "ResetRequest.*"},
}  # fmt: skip


def test_every_column_of_text_refuses_them_or_says_why_not():
    known = [pattern for patterns in NOT_TYPED.values() for pattern in patterns]
    unguarded = []
    for model, name in columns():
        one = model._meta.get_field(name)
        guarded = one.choices or validate_text in one.validators or slug_validator in one.validators
        if not guarded and not any(fnmatch(f"{model.__name__}.{name}", pattern) for pattern in known):
            unguarded.append(f"{model.__name__}.{name}")
    assert unguarded == [], "give it apps.lib.names.validate_text, or say above why not"
