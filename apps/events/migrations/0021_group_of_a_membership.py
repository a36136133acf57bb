import django.db.models.fields.json
from django.db import migrations, models


class AddReadColumn(migrations.AddField):
    """SQLite adds no stored column to a table that has rows. One that is worked out when it is read it does; the index keeps it."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor == 'sqlite':
            field = to_state.apps.get_model(app_label, self.model_name)._meta.get_field(self.name)
            field.db_persist = False
            field.null = True  # a column that may be empty is added; for another Django makes the whole table anew
        super().database_forwards(app_label, schema_editor, from_state, to_state)


class Migration(migrations.Migration):

    dependencies = [
        ('events', '0020_failures_of_one_person'),
        ('tenants', '0003_settings_and_logo'),
    ]

    operations = [
        AddReadColumn(
            model_name='event',
            name='group_id',
            field=models.GeneratedField(db_persist=True, expression=django.db.models.fields.json.KeyTextTransform('group', 'details'), output_field=models.TextField(null=True)),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(condition=models.Q(('group_id__isnull', False)), fields=['tenant', 'group_id', '-created_at'], name='event_group'),
        ),
    ]
