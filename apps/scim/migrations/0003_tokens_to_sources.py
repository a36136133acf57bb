from typing import Any

from django.db import migrations

from apps.directory.validators import fold
from apps.tenants.context import in_tenant


def sources_from_tokens(apps: Any, schema_editor: Any) -> None:
    """Each token becomes a source of its name; where several have one name, the later ones get a number."""
    Tenant, Token = apps.get_model("tenants", "Tenant"), apps.get_model("scim", "ScimToken")
    Source, Identity = apps.get_model("scim", "Source"), apps.get_model("scim", "ExternalIdentity")
    for tenant in Tenant.objects.all():
        with in_tenant(tenant):
            taken: set[str] = set()
            for token in Token.objects.filter(tenant=tenant).order_by("created_at"):
                name = free_name(token.name, taken)
                source = Source.objects.create(tenant=tenant, name=name, name_key=fold(name))
                Token.objects.filter(pk=token.pk).update(source=source)
                for identity in Identity.objects.filter(token=token).select_related("user"):
                    identity.source, identity.user_name = source, identity.user.username
                    identity.user_name_key = identity.user.username_key
                    identity.save()


def free_name(name: str, taken: set[str]) -> str:
    """`name`, or with the first number that makes it nobody else's; at most 120 characters."""
    tried, number = name, 1
    while fold(tried) in taken:
        number += 1
        tried = f"{name[: 119 - len(str(number))]} {number}"
    taken.add(fold(tried))
    return tried


class Migration(migrations.Migration):
    dependencies = [("scim", "0002_sources")]

    operations = [migrations.RunPython(sources_from_tokens, migrations.RunPython.noop)]
