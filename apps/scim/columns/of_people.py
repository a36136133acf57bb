"""The attributes of a person, as one source sees them: `externalId` and `userName` are what that source sent (RFC 7643 section 3.1)."""

from typing import Any

from django.db.models import Case, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce, Concat, Lower, NullIf, Trim
from scim2_models.path import CompareOperator as Op

from apps.scim.columns.comparing import (
    Columns,
    Compare,
    Element,
    boolean,
    constant,
    exact_text,
    identifier,
    key,
    moment,
    part_of,
    presence,
    text,
)
from apps.scim.models import ExternalIdentity, SecondaryEmail, Source

WHOLE_NAME = Trim(Concat(F("first_name"), Value(" "), F("last_name")))
FULL_NAME = Case(When(display_name="", then=WHOLE_NAME), default=F("display_name"))
TEXTS = {
    ("name", "formatted"): WHOLE_NAME,
    ("name", "given_name"): F("first_name"),
    ("name", "family_name"): F("last_name"),
    ("display_name", None): F("display_name"),
    ("title", None): F("job_title"),
    ("timezone", None): F("timezone"),
    ("employee_number", None): F("employee_number"),
    ("cost_center", None): F("cost_center"),
    ("organization", None): F("organization"),
    ("division", None): F("division"),
    ("department", None): F("department"),
}


def of_person(source: Source) -> Columns:
    single = {name: text(column) for name, column in TEXTS.items()} | {
        ("id", None): identifier("pk"),
        ("external_id", None): _external_id(source),
        ("user_name", None): _user_name(source),
        ("name", None): presence(text(WHOLE_NAME)),
        ("active", None): boolean("active"),
        ("manager", None): exact_text("manager"),  # Entra ID compares it without ".value"
        ("manager", "value"): exact_text("manager"),
        ("meta", "resource_type"): constant("User"),
        ("meta", "created"): moment("created_at"),
        ("meta", "last_modified"): moment("updated_at"),
    }
    email = {
        "value": key("email_key"),
        "type": constant("work"),
        "primary": constant(True),  # noqa: FBT003 - the attribute's value
    }
    return Columns(
        single,
        {
            "emails": (Element(email, lambda condition: condition), _secondary_email(source)),
            "phone_numbers": (_phone("work", "work_phone"), _phone("mobile", "mobile_phone")),
        },
        _order(source),
    )


FEW = 10  # people


def _secondary_email(source: Source) -> Element:
    """In the rows of SecondaryEmail. Few people are looked up now: an OR over two tables would read everybody."""
    own = SecondaryEmail.objects.filter(identity__source=source, identity__deleted_at=None)

    def holds(condition: Q) -> Q:
        told = own.filter(condition).values_list("identity__user", flat=True)
        found = list(told[: FEW + 1])
        return Q(pk__in=told if len(found) > FEW else found)

    parts = {
        "value": key("key"),
        "type": text(F("kind")),
        "primary": constant(False),  # noqa: FBT003 - the attribute's value
    }
    return Element(parts, holds)


def _phone(kind: str, column: str) -> Element:
    there = ~Q(**{column: ""})
    return Element({"value": text(F(column)), "type": constant(kind)}, lambda condition: there & condition)


def _user_name(source: Source) -> Compare:
    """What this source sent, where it sent one: the portal's own user name may differ. Whoever else has that name stands back."""
    ours, theirs = key("user_name_key"), key("username_key")

    def compare(op: Op, value: Any) -> Q | None:
        of_ours, of_theirs = ours(op, value), theirs(op, value)
        if of_ours is None or of_theirs is None:
            return None
        own = ExternalIdentity.objects.filter(source=source, deleted_at=None)
        named = own.filter(of_ours).values_list("user")
        others = of_theirs & ~Q(pk__in=own.values("user"))
        if op != Op.eq:
            return Q(pk__in=named) | others
        # Looked up now: an OR over two tables would read every person.
        found = named.first()
        return Q(pk=found[0]) if found else others

    return compare


def _external_id(source: Source) -> Compare:
    """A subquery, so that `not` and `ne` also find who has none."""
    own = ExternalIdentity.objects.filter(source=source).exclude(external_id="")

    def compare(op: Op, value: Any) -> Q:
        if value is None:
            return ~Q(pk__in=own.values("user"))
        return Q(pk__in=own.filter(part_of(F("external_id"), op, value)).values("user"))

    return compare


def _order(source: Source) -> dict[tuple[str, str | None], Any]:
    own = ExternalIdentity.objects.filter(source=source, user=OuterRef("pk"))
    nothing = Value("")
    phone = Coalesce(NullIf(F("work_phone"), nothing), NullIf(F("mobile_phone"), nothing))
    return {name: Lower(NullIf(column, nothing)) for name, column in TEXTS.items()} | {
        ("id", None): F("pk"),
        ("external_id", None): Subquery(own.exclude(external_id="").values("external_id")[:1]),
        ("user_name", None): Coalesce(Subquery(own.values("user_name_key")[:1]), F("username_key")),
        ("active", None): F("active"),
        ("emails", "value"): F("email_key"),
        ("phone_numbers", "value"): Lower(phone),
        ("manager", "value"): NullIf(F("manager"), nothing),
        ("meta", "created"): F("created_at"),
        ("meta", "last_modified"): F("updated_at"),
    }
