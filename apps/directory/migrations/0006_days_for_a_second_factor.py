import django.core.validators
from django.db import migrations, models


def days(default):
    return models.PositiveSmallIntegerField(
        default=default,
        validators=[django.core.validators.MaxValueValidator(90)],
        verbose_name='days to set a second factor up',
    )


class Migration(migrations.Migration):
    """An organisation that has said of whom a second factor is required goes on asking for it at the next sign-in."""

    dependencies = [
        ('directory', '0005_addresses_that_are_shared'),
    ]

    operations = [
        migrations.AddField(model_name='signinpolicy', name='second_factor_days', field=days(0)),
        migrations.AlterField(model_name='signinpolicy', name='second_factor_days', field=days(7)),
        migrations.AlterField(
            model_name='signinpolicy',
            name='second_factor',
            field=models.CharField(
                choices=[
                    ('optional', 'Nobody: whoever wants one sets it up'),
                    ('owners', 'Owners'),
                    ('administrators', 'Everybody with a role in the console'),
                    ('everybody', 'Everybody'),
                ],
                default='owners',
                max_length=20,
                verbose_name='second factor required of',
            ),
        ),
    ]
