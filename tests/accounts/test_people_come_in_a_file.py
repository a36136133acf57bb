"""A file as spreadsheets, exports and strangers write it: what may enter is added, everything else is told with its line and its reason."""

import pytest
from django.utils import translation

from apps.accounts.actions import add_administrator
from apps.accounts.models import PeopleRow, Role, RowOutcome, RunState
from apps.accounts.people_runs import actions, reading, work
from apps.accounts.people_runs.reading import read_people
from apps.directory.actions import add_group, add_user
from apps.directory.errors import FieldsInvalid
from apps.directory.models import Membership, User
from apps.events.actors import Actor
from apps.lib.spreadsheets import as_csv
from apps.mail.models import Letter

pytestmark = pytest.mark.usefixtures("inside")


@pytest.fixture
def actor(system):
    user = add_user(
        actor=system, username="olga", email="olga@acme.example", password="correct horse battery"
    )
    add_administrator(user, actor=system, role=Role.OWNER)
    return Actor("administrator", str(user.pk), "olga")


def looked_at(text, actor, *, invites=False):
    content = text if isinstance(text, bytes) else text.encode()
    return actions.prepare_import(content, file_name="people.csv", invites=invites, actor=actor)


def problems(run):
    return {row.position: row.problem for row in PeopleRow.objects.filter(run=run).exclude(problem="")}


def test_a_file_is_checked_before_anybody_is_added(actor):
    run = looked_at("email,first_name\nann@acme.example,Ann\n", actor)
    assert (run.state, run.total, run.left) == (RunState.REVIEW, 1, 1)
    assert User.objects.count() == 1
    run = actions.start(run, actor=actor)
    assert (run.state, run.done) == (RunState.DONE, 1)
    ann = User.objects.get(username="ann@acme.example")
    assert (ann.first_name, ann.has_usable_password()) == ("Ann", False)
    assert not Letter.objects.exists()


def test_each_line_says_why_it_cannot_enter(actor, system):
    add_group(actor=system, name="Engineering")
    run = looked_at(
        "E-mail;User name;First name;Time zone;Groups\n"
        "ann@acme.example;ann;Ann;Europe/London;engineering\n"
        ";bob;Bob;;\n"
        "not-an-address;carl;Carl;;\n"
        "ANN@acme.example;ann2;Ann;;\n"
        "dora@acme.example;ANN;Dora;;\n"
        "emil@acme.example;emil;Emil;Middle/Earth;\n"
        "olga@acme.example;olga2;Olga;;\n"
        "fred@acme.example;olga;Fred;;\n"
        "gina@acme.example;gina;Gina;;Nobodys | Engineering\n"
        "\n"
        "hugo@acme.example;hugo;Hu\u202ego;;\n",
        actor,
    )
    found = problems(run)
    assert found.keys() == {3, 4, 5, 6, 7, 8, 9, 10, 12}
    assert found[3] == "The e-mail address is missing."
    assert found[4].startswith("email: ")
    assert "email: line 2 has the same." in found[5]
    assert "username: line 2 has the same." in found[6]
    assert "not an IANA time zone" in found[7]
    assert "has this e-mail address already" in found[8]
    assert "has it already" in found[9]
    assert found[10] == "groups: there is no user group “Nobodys” whose members are changed here."
    assert "invisible" in found[12]
    assert (run.refused, run.unchanged, run.left) == (8, 1, 1)
    run = actions.start(run, actor=actor)
    assert (run.done, run.refused, run.unchanged) == (1, 8, 1)
    assert User.objects.count() == 2
    assert Membership.objects.get().group.name == "Engineering"


def test_invitations_are_sent_where_they_were_asked_for(actor):
    run = looked_at("email\nann@acme.example\n", actor, invites=True)
    assert not Letter.objects.exists()
    actions.start(run, actor=actor)
    assert Letter.objects.count() == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_whatever_wrote_it_names_are_read_right(actor, encoding, delimiter, end):
    text = end.join(
        [delimiter.join(["email", "first_name"]), delimiter.join(["jo@acme.example", "Jörg-Renée"])]
    )
    people = read_people((text + end).encode(encoding))
    assert people.lines[0].fields["first_name"] == "Jörg-Renée"


def test_what_was_no_utf_8_is_told(actor):
    run = looked_at("email,first_name,shoe size\njo@acme.example,Jörg,43\n".encode("cp1252"), actor)
    assert run.told == {"encoding": "cp1252", "ignored": ["shoe size"]}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no column"),
        (b"name,phone\nAnn,1\n", "no column"),
        (b"email\n", "nobody"),
        (b"email,e-mail\na@b.example,c@d.example\n", "More than one"),
        (b"\x89PNG\r\n\x1a\n\x81\x8d\x8f\x90\x9d", "no text"),
        (b"email\n" + b"a" * 140_000 + b"\n", "cannot be read"),
        (b"\xff\xfee", "no text"),
    ],
)
def test_what_is_no_list_of_people_is_refused_as_a_whole(actor, content, words):
    with pytest.raises(FieldsInvalid) as refusal:
        looked_at(content, actor)
    assert words in str(refusal.value)


def test_a_file_has_its_limits(actor, monkeypatch):
    monkeypatch.setattr(reading, "MOST_ROWS", 2)
    with pytest.raises(FieldsInvalid, match="More than 2"):
        looked_at("email\na@b.example\nc@d.example\ne@f.example\n", actor)
    monkeypatch.setattr(reading, "MOST_BYTES", 10)
    with pytest.raises(FieldsInvalid, match="megabytes"):
        looked_at("email\na@b.example\n", actor)


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@x", "'quoted"])
def test_what_our_own_files_put_before_a_formula_is_taken_off_again(value):
    written = b"".join(as_csv(["email", "job_title"], [("a@b.example", value)]))
    assert read_people(written).lines[0].fields["job_title"] == value


def test_a_sign_that_the_database_refuses_is_a_reason_not_an_error(actor):
    run = looked_at(b"email,first_name\nann@acme.example,An\x00n\nbob@acme.example,Bob\n", actor)
    assert (run.refused, run.left) == (1, 1)
    assert "control characters" in problems(run)[2]


def test_a_line_of_another_shape_is_a_reason(actor):
    run = looked_at('email,first_name\nann@acme.example,Ann,what,is,this\n"b@c.example","x\ny"\n', actor)
    assert "more values" in problems(run)[2]
    assert "control characters" in problems(run)[4]  # the line it ends on


def test_who_was_added_meanwhile_is_told(actor, system):
    run = looked_at("email\nann@acme.example\nbob@acme.example\n", actor)
    add_user(actor=system, username="ann", email="ann@acme.example")
    run = actions.start(run, actor=actor)
    assert (run.done, run.refused) == (1, 1)


def test_a_long_file_is_checked_by_a_worker_with_few_questions(actor, django_assert_max_num_queries):
    lines = "".join(f"p{n}@acme.example,P{n}\n" for n in range(1000))
    run = looked_at(f"email,first_name\n{lines}", actor)
    assert (run.state, run.checked) == (RunState.CHECKING, 0)
    with django_assert_max_num_queries(100):  # five chunks
        while work.work(run.pk):  # a slice of time each
            continue
    run.refresh_from_db()
    assert (run.state, run.checked, run.refused) == (RunState.REVIEW, 1000, 0)
    assert PeopleRow.objects.filter(run=run, outcome=RowOutcome.WAITING).count() == 1000


def test_nobody_is_put_into_a_group_that_somebody_else_decides_about(actor, system):
    closed, own = add_group(actor=system, name="Pushed"), add_group(actor=system, name="Own")
    content = b"email,groups\nann@acme.example,pushed\nbob@acme.example,own\n"
    run = actions.prepare_import(content, file_name="x.csv", invites=False, actor=actor, closed=[closed])
    assert "Pushed".lower() in problems(run)[2]
    actions.start(run, actor=actor)
    assert list(Membership.objects.values_list("group__name", "user__email")) == [
        (own.name, "bob@acme.example")
    ]


def test_a_reason_that_is_kept_is_in_one_language_whoever_asked(actor):
    with translation.override("de"):
        run = looked_at("email,first_name\n,Nobody\n", actor)
    assert problems(run) == {2: "The e-mail address is missing."}
