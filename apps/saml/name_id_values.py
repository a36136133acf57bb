"""The NameID of many people at once, as part of a query; apps.saml.statement says the same of one."""

from typing import Any

from django.db.models import Case, F, OuterRef, Subquery, TextField, Value, When
from django.db.models.functions import Cast, Coalesce, Concat, NullIf, Trim

from apps.saml.models import NameIdFormat, PersistentNameId, SsoSettings
from apps.saml.name_ids import RANDOM


def name_id_expression(settings: SsoSettings) -> Any:
    """Over rows of User. "" where nobody can tell: a transient one, or a random one that the first sign-in will make."""
    if settings.name_id is NameIdFormat.TRANSIENT:
        return Value("", output_field=TextField())
    if settings.name_id_source == RANDOM:
        names = PersistentNameId.objects.filter(
            application_id=settings.application_id, person_id=OuterRef("pk")
        )
        return Coalesce(Subquery(names.values("value")[:1]), Value(""), output_field=TextField())
    if settings.name_id_source == "full_name":
        both = Trim(Concat("first_name", Value(" "), "last_name"))
        return Coalesce(NullIf(F("display_name"), Value("")), both, output_field=TextField())
    if settings.name_id_source == "email":
        return Case(When(shares_email=True, then=Value("")), default=F("email"), output_field=TextField())
    return Cast(settings.name_id_source, TextField())
