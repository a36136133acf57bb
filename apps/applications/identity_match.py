"""Whether an application will know the person who signs in as the account that was made for them.

The two halves come from apps above that do not know each other: the NameID from apps.saml.name_id_values, the account's values from
apps.provisioning.identities. Both are parts of a query, so that a page of any list costs the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from apps.applications.access import people_with
from apps.applications.catalog import IdentityRule
from apps.applications.models import Application
from apps.directory.models import User

SAME, DIFFERS, UNKNOWN = "same", "differs", "unknown"
COLUMNS = {"userName": "user_name", "externalId": "external_id", "email": "account_email"}


def compared(application: Application, name_id: Any, account: Mapping[str, Any]) -> Any:
    """QuerySet of the people with access, each with name_id, user_name, external_id, account_email, remote_id and match."""
    rule = application.connector.identity
    rows = User.objects.filter(pk__in=people_with(application).values("pk"))
    rows = rows.annotate(name_id=name_id, **account)
    rows = rows.annotate(known_by=F(COLUMNS[rule.scim]), name_id_folded=Lower("name_id"))
    nothing = Q(name_id="") | Q(known_by="")
    return rows.annotate(
        match=Case(
            When(nothing, then=Value(UNKNOWN)), When(_differs(rule), then=Value(DIFFERS)), default=Value(SAME)
        )
    )


def _differs(rule: IdentityRule) -> Q:
    same = Q(name_id=F("known_by")) if rule.case_matters else Q(name_id_folded=Lower(F("known_by")))
    differs = ~same
    if rule.id_is_it:
        differs |= ~Q(remote_id="") & ~Q(remote_id=F("name_id"))
    return differs


@dataclass(frozen=True, slots=True)
class Verdict:
    """`certain`: the vendor says that the two have to be the same."""

    match: str
    certain: bool
    sentence: str


def verdict_on(row: Any, application: Application) -> Verdict:
    """About one of the rows that `compared` gives."""
    rule = application.connector.identity
    words = {"scim": _name(rule), "known": row.known_by, "label": application}
    if row.match == UNKNOWN:
        sentence = (
            _("There is no NameID to compare yet.") if not row.name_id else _("%(scim)s is not sent.") % words
        )
    elif row.match == SAME:
        sentence = _("NameID and %(scim)s are the same.") % words
    else:
        sentence = _difference(row, rule) % words
    return Verdict(row.match, rule.certain, sentence)


def _difference(row: Any, rule: IdentityRule) -> str:
    if row.name_id == row.known_by:  # then it is the application's own id that is another
        return _("The id at %(label)s is not the NameID.")
    if row.name_id.casefold() == row.known_by.casefold():
        return _("NameID and %(scim)s differ by upper and lower case, which matters there.")
    if rule.certain:
        return _("NameID is not the %(scim)s.")
    return _("NameID is not the %(scim)s: look whether %(label)s matches people by something else.")


def _name(rule: IdentityRule) -> str:
    return _("e-mail address") if rule.scim == "email" else rule.scim
