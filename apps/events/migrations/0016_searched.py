from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('events', '0015_webhooks'),
        ('tenants', '0002_names_are_text'),
    ]

    operations = [
        migrations.AlterField(
            model_name='event',
            name='type',
            field=models.CharField(choices=[('user_create', 'User created'), ('user_update', 'User updated'), ('user_delete', 'User deleted'), ('user_suspended', 'User deactivated'), ('user_activated', 'User reactivated'), ('user_password_change', 'Password changed'), ('group_create', 'Group created'), ('group_update', 'Group updated'), ('group_delete', 'Group deleted'), ('association_change', 'Membership or access changed'), ('user_login_attempt', 'Sign-in'), ('user_logout', 'Sign-out'), ('user_invite', 'Person invited'), ('user_lockout', 'Account locked'), ('user_unlock', 'Account unlocked'), ('user_password_link', 'Link for a new password sent'), ('user_mfa_create', 'Second factor set up'), ('user_mfa_delete', 'Second factor removed'), ('recovery_codes_create', 'Recovery codes made'), ('recovery_code_use', 'Recovery code used'), ('passkey_create', 'Passkey added'), ('passkey_delete', 'Passkey removed'), ('session_end', 'Session ended from elsewhere'), ('sign_in_policy_update', 'Sign-in policy changed'), ('admin_create', 'Administrator added'), ('admin_update', "Administrator's role changed"), ('admin_delete', 'Administrator removed'), ('application_create', 'Application created'), ('application_update', 'Application updated'), ('application_delete', 'Application deleted'), ('sso_auth', 'Single sign-on'), ('sso_preview', 'Sign-on previewed'), ('sso_logout', 'Single logout'), ('certificate_create', 'Certificate created'), ('certificate_update', 'Certificate promoted or retired'), ('certificate_expiring', 'Certificate expires soon'), ('certificate_expired', 'Certificate expired'), ('metadata_refresh', 'Metadata refreshed'), ('metadata_change_waits', 'Metadata change waits for approval'), ('metadata_change_accept', 'Metadata change accepted'), ('metadata_change_reject', 'Metadata change rejected'), ('idm_integration_activate', 'Identity Management activated'), ('idm_integration_update', 'Identity Management updated'), ('idm_integration_reauth', 'Identity Management credentials changed'), ('idm_integration_delete', 'Identity Management deactivated'), ('user_create_provision', 'Account created in the application'), ('user_update_provision', 'Account updated in the application'), ('user_deprovision', 'Account deactivated in the application'), ('user_delete_provision', 'Account deleted in the application'), ('user_lookup_provision', 'Account look-up in the application'), ('group_create_provision', 'Group created in the application'), ('group_update_provision', 'Group updated in the application'), ('group_delete_provision', 'Group deleted in the application'), ('idm_import_start', 'Accounts of the application read'), ('idm_import_select', 'Accounts chosen for import'), ('idm_import_finish', 'Import finished'), ('user_import', 'Account imported'), ('api_key_create', 'API key created'), ('api_key_delete', 'API key revoked'), ('scim_source_create', 'Identity source added'), ('scim_source_update', 'Identity source changed'), ('scim_source_delete', 'Identity source removed'), ('scim_link_waits', 'Link to an identity source waits'), ('scim_link_accept', 'Linked to an identity source'), ('scim_link_reject', 'Link to an identity source refused'), ('scim_unlink', 'Unlinked from an identity source'), ('scim_user_delete', 'Person deleted by an identity source'), ('scim_token_create', 'SCIM token created'), ('scim_token_delete', 'SCIM token revoked'), ('webhook_create', 'Webhook created'), ('webhook_update', 'Webhook changed'), ('webhook_delete', 'Webhook deleted'), ('webhook_secret_create', 'Signing secret of a webhook made'), ('webhook_secret_delete', 'Signing secret of a webhook ended'), ('webhook_quarantine', 'Webhook quarantined'), ('webhook_resume', 'Webhook well again'), ('webhook_replay', 'Events sent to a webhook again'), ('webhook_test', 'Webhook tested'), ('organization_create', 'Organisation created'), ('organization_update', 'Organisation changed'), ('organization_suspend', 'Organisation suspended'), ('organization_resume', 'Organisation resumed'), ('organization_delete', 'Organisation deleted'), ('operator_create', 'Operator added'), ('events_export', 'Events exported'), ('mail_send', 'Mail sent')], max_length=40),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['tenant', 'type', 'created_at'], name='event_type'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['tenant', 'client_ip', 'created_at'], name='event_address'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(condition=models.Q(('success', False)), fields=['tenant', 'created_at'], name='event_failure'),
        ),
    ]
