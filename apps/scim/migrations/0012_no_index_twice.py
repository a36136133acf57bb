
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('scim', '0011_tokens_that_end_are_told'),
        ('tenants', '0003_settings_and_logo'),
    ]

    operations = [
        migrations.AlterField(
            model_name='externalidentity',
            name='source',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='identities', to='scim.source'),
        ),
        migrations.AlterField(
            model_name='receivedrequest',
            name='source',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='scim.source'),
        ),
        migrations.AlterField(
            model_name='receivedrequest',
            name='tenant',
            field=models.ForeignKey(db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tenants.tenant'),
        ),
    ]
