import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import apps.directory.validators

KINDS = [
    ("okta", "Okta"),
    ("entra", "Microsoft Entra ID"),
    ("onelogin", "OneLogin"),
    ("jumpcloud", "JumpCloud"),
    ("other", "Another identity provider"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("scim", "0001_initial"),
        ("tenants", "0002_names_are_text"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Source",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=120, validators=[apps.directory.validators.validate_text], verbose_name="name")),
                ("name_key", models.CharField(editable=False, max_length=240)),
                ("kind", models.CharField(choices=KINDS, default="other", max_length=20, verbose_name="identity provider")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("tenant", models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tenants.tenant")),
            ],
            options={
                "ordering": ["name_key"],
                "abstract": False,
                "base_manager_name": "unscoped",
                "constraints": [models.UniqueConstraint(fields=("tenant", "name_key"), name="source_name")],
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddField("scimtoken", "source", models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="scim.source")),
        migrations.AddField("externalidentity", "source", models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name="identities", to="scim.source")),
        migrations.AddField("externalidentity", "user_name", models.CharField(default="", max_length=150, validators=[apps.directory.validators.validate_text]), preserve_default=False),
        migrations.AddField("externalidentity", "user_name_key", models.CharField(default="", editable=False, max_length=300), preserve_default=False),
        migrations.AddField("externalidentity", "created_person", models.BooleanField(default=True, editable=False)),
        migrations.AddField("externalidentity", "deleted_at", models.DateTimeField(blank=True, editable=False, null=True)),
    ]
