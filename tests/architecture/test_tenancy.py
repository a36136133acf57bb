"""Every row belongs to a tenant: the scoped manager of TenantOwned is what keeps customers apart."""

from collections.abc import Iterable

from django.apps import apps
from django.db import models
from django.test.utils import isolate_apps

from apps.tenants.models import TenantOwned

# label: why it belongs to no tenant
WITHOUT_TENANT = {
    "tenants.Tenant": "it is the tenant",
}


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
