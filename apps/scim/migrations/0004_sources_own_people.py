import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("scim", "0003_tokens_to_sources")]

    operations = [
        migrations.RemoveConstraint("externalidentity", "identity_once"),
        migrations.RemoveConstraint("externalidentity", "identity_external_id"),
        migrations.RemoveField("externalidentity", "token"),
        migrations.RemoveField("scimtoken", "name"),
        migrations.AlterField("scimtoken", "source", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="scim.source")),
        migrations.AlterField("externalidentity", "source", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="identities", to="scim.source")),
        migrations.AddConstraint("externalidentity", models.UniqueConstraint(fields=("source", "user"), name="identity_once")),
        migrations.AddConstraint("externalidentity", models.UniqueConstraint(condition=models.Q(("external_id", ""), _negated=True), fields=("source", "external_id"), name="identity_external_id")),
        migrations.AddConstraint("externalidentity", models.UniqueConstraint(fields=("source", "user_name_key"), name="identity_user_name")),
        migrations.AddIndex("externalidentity", models.Index(condition=models.Q(("deleted_at", None), _negated=True), fields=["source", "deleted_at"], name="identity_deleted")),
    ]
