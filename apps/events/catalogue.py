"""What each type of event says: of which service it is, who does it, what it is about and what it holds (docs/events.md)."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.events.types import EventType

T = EventType


class Area(models.TextChoices):
    """Where in the product something happened, as Directory Insights names services where it has one."""

    DIRECTORY = "directory", _("Directory")
    SSO = "sso", _("Single sign-on")
    IDM = "idm", _("Identity Management")
    SCIM = "scim", _("Inbound SCIM")
    API = "api", _("REST API")
    CONSOLE = "console", _("Console")
    NOTIFICATIONS = "notifications", _("Notifications")


@dataclass(frozen=True, slots=True)
class Described:
    """`by` are the kinds of actor, `target` and `details` what the columns of these names hold; `changes` whether there may be any."""

    service: Area
    by: str
    target: str
    details: str = ""
    changes: bool = False

    @property
    def keys(self) -> set[str]:
        return set(self.details.split())


ANYBODY, STAFF, SYSTEM, PERSON = (
    "administrator person scim_source api_key system",
    "administrator api_key",
    "system",
    "person administrator",
)
OWN = f"{STAFF} person scim_source {SYSTEM}"
D = Described

DESCRIBED: dict[EventType, Described] = {
    T.USER_CREATE: D(Area.DIRECTORY, OWN, "user", "", changes=True),
    T.USER_UPDATE: D(Area.DIRECTORY, OWN, "user", changes=True),
    T.USER_DELETE: D(Area.DIRECTORY, OWN, "user", "sessions_ended"),
    T.USER_SUSPENDED: D(Area.DIRECTORY, OWN, "user", "sessions_ended", changes=True),
    T.USER_ACTIVATED: D(Area.DIRECTORY, OWN, "user", changes=True),
    T.USER_PASSWORD_CHANGE: D(Area.DIRECTORY, OWN, "user"),
    T.GROUP_CREATE: D(Area.DIRECTORY, OWN, "group"),
    T.GROUP_UPDATE: D(Area.DIRECTORY, OWN, "group", changes=True),
    T.GROUP_DELETE: D(Area.DIRECTORY, OWN, "group", "members"),
    T.ASSOCIATION_CHANGE: D(Area.DIRECTORY, OWN, "user, with the group in details; or group, with the application", "association group group_name"),
    T.USER_LOGIN_ATTEMPT: D(Area.DIRECTORY, PERSON, "user", "reauthentication"),
    T.USER_LOGOUT: D(Area.DIRECTORY, PERSON, "user"),
    T.USER_INVITE: D(Area.DIRECTORY, OWN, "user", "address"),
    T.USER_LOCKOUT: D(Area.DIRECTORY, PERSON, "user"),
    T.USER_UNLOCK: D(Area.DIRECTORY, f"{STAFF} {SYSTEM}", "user"),
    T.USER_PASSWORD_LINK: D(Area.DIRECTORY, f"{STAFF} person", "user", "address"),
    T.USER_MFA_CREATE: D(Area.DIRECTORY, PERSON, "user"),
    T.USER_MFA_DELETE: D(Area.DIRECTORY, PERSON, "user", "reset"),
    T.RECOVERY_CODES_CREATE: D(Area.DIRECTORY, PERSON, "user"),
    T.RECOVERY_CODE_USE: D(Area.DIRECTORY, PERSON, "user", "left"),
    T.PASSKEY_CREATE: D(Area.DIRECTORY, PERSON, "user", "name"),
    T.PASSKEY_DELETE: D(Area.DIRECTORY, PERSON, "user", "name"),
    T.SESSION_END: D(Area.DIRECTORY, OWN, "user", "client_ip started_at"),
    T.SIGN_IN_POLICY_UPDATE: D(Area.CONSOLE, f"administrator {SYSTEM}", "policy", changes=True),
    T.ADMIN_CREATE: D(Area.DIRECTORY, f"{STAFF} {SYSTEM}", "user", "role"),
    T.ADMIN_UPDATE: D(Area.DIRECTORY, f"{STAFF} {SYSTEM}", "user", changes=True),
    T.ADMIN_DELETE: D(Area.DIRECTORY, f"{STAFF} {SYSTEM}", "user", "role"),
    T.APPLICATION_CREATE: D(Area.SSO, f"{STAFF} {SYSTEM}", "application", "connector"),
    T.APPLICATION_UPDATE: D(Area.SSO, f"{STAFF} {SYSTEM}", "application", "metadata url forgotten", changes=True),
    T.APPLICATION_DELETE: D(Area.SSO, f"{STAFF} {SYSTEM}", "application"),
    T.SSO_AUTH: D(Area.SSO, PERSON, "user", "acs_url idp_initiated request_id refusal"),
    T.SSO_PREVIEW: D(Area.SSO, "administrator", "user", "sp_initiated problems"),
    T.SSO_LOGOUT: D(Area.SSO, f"{PERSON} {SYSTEM}", "user", "request_id session_index applications asked_by refusal"),
    T.CERTIFICATE_CREATE: D(Area.SSO, f"{STAFF} {SYSTEM}", "certificate", "not_after origin", changes=True),
    T.CERTIFICATE_UPDATE: D(Area.SSO, f"{STAFF} {SYSTEM}", "certificate", "not_after", changes=True),
    T.CERTIFICATE_EXPIRING: D(Area.SSO, SYSTEM, "certificate", "state not_after days_left threshold_days"),
    T.CERTIFICATE_EXPIRED: D(Area.SSO, SYSTEM, "certificate", "state not_after days_left threshold_days"),
    T.METADATA_REFRESH: D(Area.SSO, f"administrator {SYSTEM}", "application", "metadata url", changes=True),
    T.METADATA_CHANGE_WAITS: D(Area.SSO, f"administrator {SYSTEM}", "application", "metadata url", changes=True),
    T.METADATA_CHANGE_ACCEPT: D(Area.SSO, "administrator", "application", "metadata url", changes=True),
    T.METADATA_CHANGE_REJECT: D(Area.SSO, "administrator", "application", "url fields"),
    T.IDM_INTEGRATION_ACTIVATE: D(Area.IDM, STAFF, "application", "idm_client_id", changes=True),
    T.IDM_INTEGRATION_UPDATE: D(Area.IDM, f"{STAFF} {SYSTEM}", "application", "idm_client_id state reason and what was decided, tried or compared", changes=True),
    T.IDM_INTEGRATION_REAUTH: D(Area.IDM, STAFF, "application", "idm_client_id"),
    T.IDM_INTEGRATION_DELETE: D(Area.IDM, STAFF, "application", "idm_client_id removed"),
    **dict.fromkeys(
        (T.USER_CREATE_PROVISION, T.USER_UPDATE_PROVISION, T.USER_DEPROVISION, T.USER_DELETE_PROVISION, T.USER_LOOKUP_PROVISION),
        D(Area.IDM, SYSTEM, "user", "idm_client_id job attempt linked"),
    ),
    T.USER_KEEP_PROVISION: D(Area.IDM, STAFF, "user", "idm_client_id job"),
    **dict.fromkeys(
        (T.GROUP_CREATE_PROVISION, T.GROUP_UPDATE_PROVISION, T.GROUP_DELETE_PROVISION),
        D(Area.IDM, SYSTEM, "group", "idm_client_id job attempt linked"),
    ),
    T.GROUP_KEEP_PROVISION: D(Area.IDM, STAFF, "group", "idm_client_id job"),
    T.IDM_IMPORT_START: D(Area.IDM, STAFF, "application", "import resumed"),
    T.IDM_IMPORT_SELECT: D(Area.IDM, STAFF, "application", "import selected"),
    T.IDM_IMPORT_FINISH: D(Area.IDM, STAFF, "application", "import selected created linked refused stopped"),
    T.USER_IMPORT: D(Area.IDM, STAFF, "user", "import account outcome"),
    T.API_KEY_CREATE: D(Area.API, f"administrator {SYSTEM}", "token", "owner"),
    T.API_KEY_DELETE: D(Area.API, f"administrator {SYSTEM}", "token"),
    T.SCIM_SOURCE_CREATE: D(Area.SCIM, f"administrator {SYSTEM}", "source", changes=True),
    T.SCIM_SOURCE_UPDATE: D(Area.SCIM, f"administrator {SYSTEM}", "source", changes=True),
    T.SCIM_SOURCE_DELETE: D(Area.SCIM, f"administrator {SYSTEM}", "source"),
    T.SCIM_LINK_WAITS: D(Area.SCIM, f"scim_source {SYSTEM}", "user or group", "source source_name external_id user_name"),
    T.SCIM_LINK_ACCEPT: D(Area.SCIM, f"administrator {SYSTEM}", "user or group", "source source_name external_id user_name"),
    T.SCIM_LINK_REJECT: D(Area.SCIM, f"administrator {SYSTEM}", "user or group", "source source_name external_id user_name"),
    T.SCIM_UNLINK: D(Area.SCIM, f"administrator {SYSTEM}", "group", "source source_name"),
    T.SCIM_USER_DELETE: D(Area.SCIM, "scim_source", "user"),
    T.SCIM_TOKEN_CREATE: D(Area.SCIM, f"administrator {SYSTEM}", "token"),
    T.SCIM_TOKEN_EXPIRING: D(Area.SCIM, SYSTEM, "token", "expires_at days_left threshold_days"),
    T.SCIM_TOKEN_EXPIRED: D(Area.SCIM, SYSTEM, "token", "expires_at days_left threshold_days"),
    T.SCIM_TOKEN_DELETE: D(Area.SCIM, f"administrator {SYSTEM}", "token"),
    T.ORGANIZATION_CREATE: D(Area.CONSOLE, "administrator", "organization"),
    T.ORGANIZATION_UPDATE: D(Area.CONSOLE, f"administrator {SYSTEM}", "organization", changes=True),
    T.ORGANIZATION_SUSPEND: D(Area.CONSOLE, "administrator", "organization"),
    T.ORGANIZATION_RESUME: D(Area.CONSOLE, "administrator", "organization"),
    T.ORGANIZATION_DELETE: D(Area.CONSOLE, "administrator", "organization", "slug name"),
    T.OPERATOR_CREATE: D(Area.CONSOLE, SYSTEM, "user"),
    T.OPERATOR_DELETE: D(Area.CONSOLE, f"administrator {SYSTEM}", "user"),
    T.USER_EXPORT: D(Area.DIRECTORY, f"{STAFF} person", "users, or the run they are rows of", "people filter"),
    T.EVENTS_EXPORT: D(Area.CONSOLE, STAFF, "", "format filters"),
    T.ACCESS_EXPORT: D(Area.CONSOLE, "administrator", "application, where it is of one alone"),
    T.EVENT_RETENTION_UPDATE: D(Area.CONSOLE, "administrator", "organization", changes=True),
    T.EVENT_ARCHIVE: D(Area.CONSOLE, SYSTEM, "archive", "events from to sha256 not_sent"),
    T.EVENT_ARCHIVE_DOWNLOAD: D(Area.CONSOLE, "administrator", "archive", "sha256"),
    T.WEBHOOK_CREATE: D(Area.NOTIFICATIONS, f"{STAFF} {SYSTEM}", "webhook", changes=True),
    T.WEBHOOK_UPDATE: D(Area.NOTIFICATIONS, f"{STAFF} {SYSTEM}", "webhook", changes=True),
    T.WEBHOOK_DELETE: D(Area.NOTIFICATIONS, f"{STAFF} {SYSTEM}", "webhook"),
    T.WEBHOOK_SECRET_CREATE: D(Area.NOTIFICATIONS, f"{STAFF} {SYSTEM}", "webhook", "secret"),
    T.WEBHOOK_SECRET_DELETE: D(Area.NOTIFICATIONS, f"{STAFF} {SYSTEM}", "webhook", "secret"),
    T.WEBHOOK_QUARANTINE: D(Area.NOTIFICATIONS, SYSTEM, "webhook", "reason state"),
    T.WEBHOOK_RESUME: D(Area.NOTIFICATIONS, f"{STAFF} {SYSTEM}", "webhook"),
    T.WEBHOOK_REPLAY: D(Area.NOTIFICATIONS, f"{STAFF} {SYSTEM}", "webhook", "from to total"),
    T.WEBHOOK_TEST: D(Area.NOTIFICATIONS, f"{STAFF} {SYSTEM}", "webhook"),
    T.MAIL_SEND: D(Area.NOTIFICATIONS, SYSTEM, "letter", "subject address"),
}  # fmt: skip


def service_of(event_type: str) -> str:
    """ "" for a type of a later version of the product."""
    described = DESCRIBED.get(event_type)  # type: ignore[call-overload]  # a member is its text
    return str(described.service) if described else ""


def types_of(*services: str) -> Collection[EventType]:
    return [event_type for event_type, described in DESCRIBED.items() if described.service in services]
