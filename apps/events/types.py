"""
Event types. Names of provisioning events are the seeds' own (Directory Insights); the others follow JumpCloud's API document.
A type's name is data in people's alerts: it is never renamed, only added to.
"""

from django.db import models


class EventType(models.TextChoices):
    # People and groups
    USER_CREATE = "user_create", "User created"
    USER_UPDATE = "user_update", "User updated"
    USER_DELETE = "user_delete", "User deleted"
    USER_SUSPENDED = "user_suspended", "User deactivated"
    USER_ACTIVATED = "user_activated", "User reactivated"
    USER_PASSWORD_CHANGE = "user_password_change", "Password changed"
    GROUP_CREATE = "group_create", "Group created"
    GROUP_UPDATE = "group_update", "Group updated"
    GROUP_DELETE = "group_delete", "Group deleted"
    ASSOCIATION_CHANGE = "association_change", "Membership or access changed"
    # Signing in
    USER_LOGIN_ATTEMPT = "user_login_attempt", "Sign-in"
    USER_LOGOUT = "user_logout", "Sign-out"
    USER_LOCKOUT = "user_lockout", "Account locked"
    ADMIN_CREATE = "admin_create", "Administrator added"
    ADMIN_DELETE = "admin_delete", "Administrator removed"
    # Applications
    APPLICATION_CREATE = "application_create", "Application created"
    APPLICATION_UPDATE = "application_update", "Application updated"
    APPLICATION_DELETE = "application_delete", "Application deleted"
    SSO_AUTH = "sso_auth", "Single sign-on"
    SSO_PREVIEW = "sso_preview", "Sign-on previewed"
    SSO_LOGOUT = "sso_logout", "Single logout"
    CERTIFICATE_CREATE = "certificate_create", "Certificate created"
    CERTIFICATE_UPDATE = "certificate_update", "Certificate promoted or retired"
    CERTIFICATE_EXPIRING = "certificate_expiring", "Certificate expires soon"
    CERTIFICATE_EXPIRED = "certificate_expired", "Certificate expired"
    METADATA_REFRESH = "metadata_refresh", "Metadata refreshed"
    METADATA_CHANGE_WAITS = "metadata_change_waits", "Metadata change waits for approval"
    METADATA_CHANGE_ACCEPT = "metadata_change_accept", "Metadata change accepted"
    METADATA_CHANGE_REJECT = "metadata_change_reject", "Metadata change rejected"
    # Identity Management (SCIM client)
    IDM_INTEGRATION_ACTIVATE = "idm_integration_activate", "Identity Management activated"
    IDM_INTEGRATION_UPDATE = "idm_integration_update", "Identity Management updated"
    IDM_INTEGRATION_REAUTH = "idm_integration_reauth", "Identity Management credentials changed"
    IDM_INTEGRATION_DELETE = "idm_integration_delete", "Identity Management deactivated"
    USER_CREATE_PROVISION = "user_create_provision", "Account created in the application"
    USER_UPDATE_PROVISION = "user_update_provision", "Account updated in the application"
    USER_DEPROVISION = "user_deprovision", "Account deactivated in the application"
    USER_DELETE_PROVISION = "user_delete_provision", "Account deleted in the application"
    USER_LOOKUP_PROVISION = "user_lookup_provision", "Account look-up in the application"
    GROUP_CREATE_PROVISION = "group_create_provision", "Group created in the application"
    GROUP_UPDATE_PROVISION = "group_update_provision", "Group updated in the application"
    GROUP_DELETE_PROVISION = "group_delete_provision", "Group deleted in the application"
    IDM_IMPORT_START = "idm_import_start", "Accounts of the application read"
    IDM_IMPORT_SELECT = "idm_import_select", "Accounts chosen for import"
    IDM_IMPORT_FINISH = "idm_import_finish", "Import finished"
    USER_IMPORT = "user_import", "Account imported"
    # Programs
    API_KEY_CREATE = "api_key_create", "API key created"
    API_KEY_DELETE = "api_key_delete", "API key revoked"
    SCIM_TOKEN_CREATE = "scim_token_create", "SCIM token created"
    SCIM_TOKEN_DELETE = "scim_token_delete", "SCIM token revoked"
    # What the portal tells by itself
    MAIL_SEND = "mail_send", "Mail sent"
