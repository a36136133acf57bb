"""A plan says in one line what each change is about, and holds the exact JSON below it."""

import json

import pytest
from lxml import html

from apps.console.plan_view import in_short
from apps.directory.actions import add_member, add_user
from apps.provisioning.models import Attempt, Job
from apps.tenants.context import in_tenant


@pytest.mark.parametrize(
    ("document", "line"),
    [
        ({"schemas": ["…"], "userName": "mia", "active": True}, "mia"),
        ({"displayName": "Engineering", "members": []}, "Engineering"),
        ([{"op": "replace", "path": "active", "value": False}], "active: false"),
        (
            [{"op": "Replace", "path": "title", "value": "Lead"}, {"op": "remove", "path": "timezone"}],
            "title: Lead, remove timezone",
        ),
        (
            [
                {"op": "remove", "path": 'members[value eq "u1"]'},
                {"op": "remove", "path": 'members[value eq "u2"]'},
                {"op": "add", "path": "members", "value": [{"value": "u3"}]},
            ],
            "members: remove 2, members: add 1",
        ),
        (
            [{"op": "replace", "path": 'emails[type eq "work"].value', "value": "m@a.example"}],
            'emails[type eq "work"].value: m@a.example',
        ),
        (None, ""),
    ],
)
def test_a_change_in_one_line(document, line):
    assert in_short(document) == line


def test_the_plan_holds_the_exact_json_and_no_markup_of_anybodys(alice, engineering, path, active, system):
    hostile = "<script>alert(1)</script>"
    with in_tenant(alice.tenant):
        carol = add_user(actor=system, username="carol", email="carol@acme.example", first_name=hostile)
        add_member(engineering, carol, actor=system)
    page = alice.get(f"{path}plan/").content.decode()
    assert hostile not in page
    assert "&#x27;" not in page  # no Python
    shown = [json.loads(pre.text_content()) for pre in html.fromstring(page).xpath("//td//pre")]
    answer = alice.get(f"{path}plan/").context
    assert shown == [row.document for _, row, _ in answer["rows"] if row.document]
    assert [each["name"]["givenName"] for each in shown] == [hostile]


def test_an_attempt_shows_json_as_it_was_sent(alice, bob, path, active):
    with in_tenant(alice.tenant):
        job, sent = Job.objects.get(), Attempt.objects.get().steps[-1]["request"]
    page = alice.get(f"{path}jobs/{job.pk}/").content.decode()
    assert "{&#x27;" not in page
    shown = [pre.text_content() for pre in html.fromstring(page).xpath("//pre")]
    assert json.dumps(sent, indent=2, ensure_ascii=False) in shown
