"""A file of people, as whoever exported it may have written it: its encoding, its separator, and the headings of its columns."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from apps.directory.actions import USER_FIELDS
from apps.directory.errors import FieldsInvalid
from apps.directory.validators import fold
from apps.lib.spreadsheets import FORMULA_STARTS

MOST_BYTES = 10_000_000
MOST_ROWS = 20_000
LONGEST = 1000  # of one value; the columns are shorter, and say so
ALIASES = {
    "username": ("user_name", "login", "benutzername"),
    "email": ("e_mail", "mail", "email_address", "e_mail_address", "company_email", "company_e_mail"),
    "first_name": ("firstname", "given_name", "givenname", "vorname"),
    "last_name": ("lastname", "surname", "family_name", "familyname", "nachname"),
    "display_name": ("displayname", "full_name", "name"),
    "job_title": ("jobtitle", "title"),
    "work_phone": ("phone", "telephone"),
    "mobile_phone": ("mobile", "cell"),
    "timezone": ("time_zone",),
    "employee_number": ("employee_id", "employeenumber"),
    "cost_center": ("costcenter", "cost_centre"),
    "groups": ("group", "user_groups"),
}
KNOWN = {name: name for name in (*USER_FIELDS, "groups")} | {
    alias: name for name, aliases in ALIASES.items() for alias in aliases
}


@dataclass
class Line:
    """One person as written. `problem` is a sentence when this line cannot even be read."""

    number: int
    fields: dict[str, str] = field(default_factory=dict)
    groups: list[str] = field(default_factory=list)
    problem: str = ""

    @property
    def name(self) -> str:
        """What a list calls it, within 255 characters."""
        whole = f"{self.fields.get('first_name', '')} {self.fields.get('last_name', '')}".strip()
        words = self.fields.get("display_name") or whole or self.fields.get("email") or ""
        return (words or self.fields.get("username", "") or _("Line %(number)s") % {"number": self.number})[
            :255
        ]

    def key(self, name: str) -> str:
        return fold(self.fields.get(name, ""))[:300]


@dataclass(frozen=True)
class PeopleFile:
    encoding: str
    ignored: list[str]
    lines: list[Line]


def read_people(content: bytes) -> PeopleFile:
    """Raises FieldsInvalid about `file`, for what is no list of people at all."""
    if len(content) > MOST_BYTES:
        raise _refused(_("The file is larger than %(most)s megabytes.") % {"most": MOST_BYTES // 1_000_000})
    text, encoding = _decoded(content)
    first = text.lstrip().split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        headings = next((row for row in reader if any(row)), [])
        names = [KNOWN.get(_plain(heading), "") for heading in headings]
        if "email" not in names:
            raise _refused(_("There is no column “email”. The first line names the columns."))
        if twice := sorted({name for name in names if name and names.count(name) > 1}):
            raise _refused(_("More than one column is “%(name)s”.") % {"name": twice[0]})
        lines = list(_lines(reader, names))
    except csv.Error as error:
        raise _refused(_("Line %(number)s cannot be read as CSV.") % {"number": reader.line_num}) from error
    if not lines:
        raise _refused(_("The file names nobody: there is nothing below its first line."))
    ignored = [
        heading.strip()[:80].replace("\x00", "")
        for heading, name in zip(headings, names, strict=True)
        if not name
    ]
    return PeopleFile(encoding, [heading for heading in ignored if heading], lines)


def _lines(reader: Iterator[list[str]], names: list[str]) -> Iterator[Line]:
    count = 0
    for row in reader:
        if not any(value.strip() for value in row):
            continue
        count += 1
        if count > MOST_ROWS:
            raise _refused(_("More than %(most)s people. Please divide the file.") % {"most": MOST_ROWS})
        yield _line(reader.line_num, row, names)  # type: ignore[attr-defined]  # csv.reader's own


def _line(number: int, row: list[str], names: list[str]) -> Line:
    line = Line(number)
    if any("\x00" in value for value in row):
        line.problem = _("This contains control characters.")
    elif len(row) > len(names) and any(row[len(names) :]):
        line.problem = _("This line has more values than there are columns.")
    elif any(len(value) > LONGEST for value in row):
        line.problem = _("A value is longer than %(most)s characters.") % {"most": LONGEST}
    for name, value in zip(names, row, strict=False):
        text = _unguarded(value.replace("\x00", "\ufffd").strip())[:LONGEST]
        if name == "groups":
            line.groups = [part.strip() for part in re.split("[;|]", text) if part.strip()]
        elif name and text:
            line.fields[name] = text
    if not line.fields.get("username") and (email := line.fields.get("email")):
        line.fields["username"] = email
    return line


def _unguarded(text: str) -> str:
    """Without the sign that our own files put before what a spreadsheet would run (apps.lib.spreadsheets)."""
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA_STARTS) else text


def _plain(heading: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", heading.strip().lower()).strip("_")


def _decoded(content: bytes) -> tuple[str, str]:
    """A byte order mark is believed; then UTF-8; then what Windows writes where nobody asked it for anything else."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            return _strictly(content, encoding), encoding
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return _strictly(content, "cp1252"), "cp1252"


def _strictly(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise _refused(_("This is no text. Save the table as CSV, encoded as UTF-8.")) from error


def _refused(sentence: str) -> FieldsInvalid:
    return FieldsInvalid({"file": [sentence]})
