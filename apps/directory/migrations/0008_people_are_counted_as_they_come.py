import django.db.models.deletion
import django.db.models.manager
import uuid
from django.db import migrations, models


def uncount(apps, schema_editor):
    """On the way back: the triggers name the table that is about to go. On the way here apps.directory.headcount makes them, after the migrations."""
    from apps.directory.headcount import drop_triggers

    drop_triggers(schema_editor.connection)


class Migration(migrations.Migration):

    dependencies = [
        ('directory', '0007_no_index_twice'),
        ('tenants', '0003_settings_and_logo'),
    ]

    operations = [
        migrations.CreateModel(
            name='Headcount',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('since', models.DateTimeField()),
                ('people', models.IntegerField()),
                ('tenant', models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.tenant')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'unscoped',
                'indexes': [models.Index(fields=['tenant', 'since'], name='headcount_since')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('unscoped', django.db.models.manager.Manager()),
            ],
        ),
        migrations.RunPython(migrations.RunPython.noop, uncount),
    ]
