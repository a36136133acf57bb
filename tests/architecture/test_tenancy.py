"""Every row belongs to a tenant: the scoped manager of TenantOwned is what keeps customers apart."""

import ast
from collections.abc import Iterable

from django.apps import apps
from django.db import models
from django.test.utils import isolate_apps

from apps.tenants.models import TenantOwned
from tests.architecture.source import dotted, files_under, text

# label: why it belongs to no tenant
WITHOUT_TENANT = {
    "tenants.Tenant": "it is the tenant",
    "outbox.SignOfLife": "a worker works for every tenant",
}

# (path, function): the question that goes over every tenant
OVER_EVERY_TENANT = {
    ("apps/outbox/relay.py", "waiting_tenant_ids"): "whose entries wait for the relay",
    (
        "apps/platform/counts.py",
        "people_and_applications",
    ): "how large each organisation is, for the operators",
    ("apps/platform/counts.py", "everywhere"): "how much waits in the installation, for the operators",
    ("apps/mail/delivery.py", "tenants_with_due_letters"): "whose letters are due",
    ("apps/accounts/forgotten_answers.py", "tenants_with_open_requests"): "who forgot a password",
    ("apps/saml/expiry.py", "tenants_to_warn"): "whose certificates end soon",
    (
        "apps/saml/old_requests.py",
        "tenants_with_old_requests",
    ): "whose requests and sessions at applications are too old",
    ("apps/saml/metadata_refresh.py", "due_tenant_ids"): "whose metadata is fetched again",
    ("apps/events/chain.py", "unsealed_tenant_ids"): "whose events are not sealed",
    ("apps/tenants/leases.py", "due_everywhere"): "whose long runs are due",
    ("apps/events/archiving/work.py", "tenants_that_archive"): "who keeps events for a time only",
    ("apps/provisioning/nightly/schedule.py", "due_everywhere"): "whose nightly comparison is due",
    ("apps/provisioning/retention.py", "tenants_with_old"): "whose attempts are too old to be kept",
    ("apps/webhooks/queue.py", "webhooks_due"): "whose endpoints are owed something",
    ("apps/webhooks/retention.py", "tenants_with_old"): "whose deliveries may be too old to be kept",
    ("apps/provisioning/passwords.py", "tenants_with_expired"): "whose passwords were not sent in time",
    ("apps/scim/deletions.py", "tenants_with_due_deletions"): "whose deletions are carried out",
    ("apps/insights/digest.py", "due_tenant_ids"): "who gets this week's digest",
    ("apps/scim/token_expiry.py", "tenants_to_warn"): "whose SCIM tokens end soon",
    ("apps/scim/recording.py", "tenants_with_old_requests"): "whose requests of sources are too old",
    ("apps/provisioning/jobs.py", "integrations_due"): "whose integrations have work that is due",
}
WHERE_IT_IS_DEFINED = {"apps/tenants/context.py", "apps/tenants/models.py"}


def loose(found: Iterable[type[models.Model]]) -> list[str]:
    """Our models that do not derive from TenantOwned. Automatic tables of a ManyToManyField are loose too: name a `through`."""
    return [
        model._meta.label
        for model in found
        if model.__module__.startswith("apps.")
        and not issubclass(model, TenantOwned)
        and model._meta.label not in WITHOUT_TENANT
    ]


@isolate_apps("apps.directory")
def test_a_model_without_tenant_is_found() -> None:
    class Loose(models.Model):  # noqa: DJ008
        __module__ = "apps.directory.models"

        class Meta:
            app_label = "directory"

    assert loose([Loose]) == ["directory.Loose"]


def test_every_model_of_ours_belongs_to_a_tenant() -> None:
    assert loose(apps.get_models(include_auto_created=True)) == []


def test_no_reason_outlives_its_model() -> None:
    assert WITHOUT_TENANT.keys() <= {model._meta.label for model in apps.get_models()}


def over_every_tenant(source: str) -> set[str]:
    """Functions that look past the tenant in context; "" for what stands outside functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and looks_past(node):
            found.add(node.name)
        elif isinstance(node, ast.Module | ast.ClassDef):
            inner = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
            found |= {"" for one in node.body if not isinstance(one, inner) and looks_past(one)}
    return found


def looks_past(tree: ast.AST) -> bool:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in {"unscoped", "_base_manager"}:
            return True
        if isinstance(node, ast.Call) and dotted(node.func).split(".")[-1] == "every_tenant":
            return True
    return False


def everywhere() -> set[tuple[str, str]]:
    return {
        (str(path), function)
        for path in files_under("apps", "portal")
        if str(path) not in WHERE_IT_IS_DEFINED
        for function in over_every_tenant(text(path))
    }


def test_a_look_past_the_tenant_is_found() -> None:
    assert over_every_tenant("def f():\n    return User.unscoped.all()\ndef g(): ...") == {"f"}
    assert over_every_tenant("class A:\n    def f(self):\n        with context.every_tenant(): ...") == {"f"}
    assert over_every_tenant("people = User.unscoped.all()") == {""}
    assert over_every_tenant("def f():\n    return User._base_manager.all()") == {"f"}
    assert not over_every_tenant("def f():\n    return User.objects.all()")


def test_every_tenant_is_looked_at_only_where_a_reason_is_given() -> None:
    assert everywhere() - OVER_EVERY_TENANT.keys() == set()
    assert OVER_EVERY_TENANT.keys() - everywhere() == set()
