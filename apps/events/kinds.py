"""What sort of thing an event is: how pages group the types, and how a person's timeline is told apart."""

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.events.types import EventType

T = EventType

# Every type once, in the order in which they are offered; the rest is about the organisation itself.
_NAMED: tuple[tuple[Any, tuple[EventType, ...]], ...] = (
    (_("People and groups"), (T.USER_CREATE, T.USER_UPDATE, T.USER_DELETE, T.USER_SUSPENDED, T.USER_ACTIVATED, T.USER_PASSWORD_CHANGE,
                              T.GROUP_CREATE, T.GROUP_UPDATE, T.GROUP_DELETE, T.ASSOCIATION_CHANGE)),
    (_("Signing in"), (T.USER_LOGIN_ATTEMPT, T.USER_LOGOUT, T.SSO_AUTH, T.SSO_LOGOUT, T.USER_INVITE, T.USER_LOCKOUT, T.USER_UNLOCK,
                       T.USER_PASSWORD_LINK, T.USER_MFA_CREATE, T.USER_MFA_DELETE, T.RECOVERY_CODES_CREATE, T.RECOVERY_CODE_USE,
                       T.PASSKEY_CREATE, T.PASSKEY_DELETE, T.SESSION_END)),
    (_("Identity Management"), (T.USER_CREATE_PROVISION, T.USER_UPDATE_PROVISION, T.USER_DEPROVISION, T.USER_DELETE_PROVISION,
                                T.USER_KEEP_PROVISION, T.USER_LOOKUP_PROVISION, T.GROUP_CREATE_PROVISION, T.GROUP_UPDATE_PROVISION, T.GROUP_DELETE_PROVISION, T.GROUP_KEEP_PROVISION,
                                T.IDM_INTEGRATION_ACTIVATE, T.IDM_INTEGRATION_UPDATE, T.IDM_INTEGRATION_REAUTH, T.IDM_INTEGRATION_DELETE,
                                T.IDM_IMPORT_START, T.IDM_IMPORT_SELECT, T.IDM_IMPORT_FINISH, T.USER_IMPORT)),
    (_("Applications"), (T.APPLICATION_CREATE, T.APPLICATION_UPDATE, T.APPLICATION_DELETE, T.SSO_PREVIEW, T.CERTIFICATE_CREATE,
                         T.CERTIFICATE_UPDATE, T.CERTIFICATE_EXPIRING, T.CERTIFICATE_EXPIRED, T.METADATA_REFRESH,
                         T.METADATA_CHANGE_WAITS, T.METADATA_CHANGE_ACCEPT, T.METADATA_CHANGE_REJECT)),
    (_("Identity sources"), (T.SCIM_SOURCE_CREATE, T.SCIM_SOURCE_UPDATE, T.SCIM_SOURCE_DELETE, T.SCIM_LINK_WAITS, T.SCIM_LINK_ACCEPT,
                             T.SCIM_LINK_REJECT, T.SCIM_UNLINK, T.SCIM_USER_DELETE, T.SCIM_TOKEN_CREATE, T.SCIM_TOKEN_DELETE)),
)  # fmt: skip
_LISTED = {one for _title, types in _NAMED for one in types}
GROUPS = (*_NAMED, (_("Organisation"), tuple(one for one in EventType if one not in _LISTED)))

_SOURCE = Q(actor_kind="scim_source")
_PEOPLE, _SIGN_IN, _IDM, _APPLICATIONS, _SOURCES, _ORGANISATION = (types for _title, types in GROUPS)

# Where something about a person came from, or went to. What an identity source did here is inbound, whatever its type.
KINDS = {
    "inbound": (_("Inbound SCIM"), _SOURCE | Q(type__in=_SOURCES)),
    "directory": (_("Directory"), ~_SOURCE & Q(type__in=(*_PEOPLE, *_ORGANISATION))),
    "application": (_("Applications"), Q(type__in=(*_IDM, *_APPLICATIONS))),
    "sign_in": (_("Sign-ins"), Q(type__in=_SIGN_IN)),
}
