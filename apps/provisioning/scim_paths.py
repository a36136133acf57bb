"""Paths of a user's attributes as the mapping has them (RFC 7644 section 3.5.2): which may be told a text, and which clash."""

import re
from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _

LONGEST = 200

NAME = r"[A-Za-z][A-Za-z0-9_$-]*"
PLAIN = re.compile(rf"({NAME})(?:\.({NAME}))?")
TYPED = re.compile(r'(?P<attribute>\w+)\[type eq "(?P<type>\w+)"\]\.value')
EXTENSION = re.compile(rf"(?P<urn>urn:[A-Za-z0-9][A-Za-z0-9.:_-]*):(?P<attribute>{NAME}(?:\.{NAME})?)")

MANY_VALUED = ("emails", "phoneNumbers", "ims", "photos", "entitlements", "roles")
# Told by the plan, by the application itself, by groups, or never.
NOT_OURS = (
    "id",
    "meta",
    "schemas",
    "active",
    "groups",
    "members",
    "password",
    "addresses",
    "x509Certificates",
)
SUGGESTED = (
    "externalId",
    "nickName",
    "profileUrl",
    "userType",
    "preferredLanguage",
    "locale",
    "name.middleName",
    'emails[type eq "home"].value',
    'phoneNumbers[type eq "mobile"].value',
    *(
        f"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:{name}"
        for name in ("employeeNumber", "costCenter", "organization", "division", "department")
    ),
)  # RFC 7643 sections 4.1 and 4.3


def extension_of(path: str) -> tuple[str, str]:
    """(schema URN, attribute); ("", path) for an attribute of the core schema."""
    found = EXTENSION.fullmatch(path)
    return (found["urn"], found["attribute"]) if found else ("", path)


def refusal(path: str) -> str:
    """Why `path` cannot be told a text; "" when it can."""
    words = {"path": path[:LONGEST]}
    if len(path) > LONGEST:
        return _("A SCIM attribute's path has at most %(most)s characters.") % {"most": LONGEST}
    urn, attribute = extension_of(path)
    typed = None if urn else TYPED.fullmatch(attribute)
    plain = PLAIN.fullmatch(attribute)
    if typed is None and plain is None:
        return _("%(path)s is not a path of a SCIM attribute, such as title or name.middleName.") % words
    head = typed["attribute"] if typed else plain[1] if plain else ""
    many = head.casefold() in {name.casefold() for name in MANY_VALUED}
    if not urn and head.casefold() in {name.casefold() for name in NOT_OURS}:
        return _("%(path)s cannot be mapped.") % words
    if typed and not many:
        return _("%(path)s has no types: enter the attribute alone.") % words
    if not urn and not typed and many:
        return _(
            '%(path)s has several values: enter one of them, such as %(head)s[type eq "work"].value.'
        ) % (words | {"head": head})
    if not urn and attribute.casefold() == "name":
        return _("name has parts: enter one of them, such as name.middleName.")
    return ""


def conflicts(paths: Sequence[str]) -> Iterator[str]:
    """The same path twice, whatever its case, or one that is a part of another."""
    folded = [path.casefold() for path in paths]
    for path in dict.fromkeys(
        path for path, fold in zip(paths, folded, strict=True) if folded.count(fold) > 1
    ):
        yield _("%(path)s stands there twice.") % {"path": path}
    heads = {path.rpartition(".")[0].casefold(): path for path in paths if _has_part(path)}
    for path in paths:
        if path.casefold() in heads:
            yield _("%(path)s and %(part)s cannot both be sent.") % {
                "path": path,
                "part": heads[path.casefold()],
            }
    yield from _spellings(paths)


def _has_part(path: str) -> bool:
    return "." in extension_of(path)[1] and not TYPED.fullmatch(path)


def _spellings(paths: Sequence[str]) -> Iterator[str]:
    """ "Name.x" beside "name.y" would be two attributes in one document."""
    spelled: dict[str, str] = {}
    for path in paths:
        urn, attribute = extension_of(path)
        head = urn or re.split(r"[.\[]", attribute, maxsplit=1)[0]
        first = spelled.setdefault(head.casefold(), head)
        if first != head:
            yield _("Spell %(head)s as %(first)s.") % {"head": head, "first": first}
