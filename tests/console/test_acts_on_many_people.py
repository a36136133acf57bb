"""Ticked people, or all that match: a review that tells the consequences, a bar while it lasts, and a result that stays."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.accounts.models import PeopleRow, PeopleRun, RunState
from apps.accounts.people_runs import actions, work
from apps.applications.actions import add_application, assign_group
from apps.applications.models import Application
from apps.directory.actions import add_group, add_member, add_members, add_user
from apps.directory.models import Membership, User
from apps.events.models import Event
from apps.tenants.context import in_tenant

PATH = "/console/users/"
MOST = 12  # queries


def act(person, name, *people, **values):
    data = {"act": name, "user": [user.pk for user in people]} | values
    return person.post(f"{PATH}acts/", data, follow=True)


def newest(alice):
    with in_tenant(alice.tenant):
        return PeopleRun.objects.first()


def active(alice):
    with in_tenant(alice.tenant):
        return set(User.objects.filter(active=True).values_list("username", flat=True))


@pytest.fixture
def two(alice, system, engineering):
    """Two colleagues in Engineering, the second of them in Sales, too."""
    with in_tenant(alice.tenant):
        people = [
            add_user(actor=system, username=name, email=f"{name}@acme.example") for name in ("una", "ulf")
        ]
        add_members(engineering, people, actor=system)
        sales = add_group(actor=system, name="Sales")
        add_member(sales, people[1], actor=system)
    return [*people, sales]


def test_the_review_tells_what_happens_in_which_applications_and_changes_nobody(alice, two, gitlab):
    page = act(alice, "deactivate", *two[:2]).content.decode()
    assert "Their sessions end at once" in page
    assert "GitLab" in page
    assert "They can no longer sign in." in page
    assert "Deactivate: 2 people" in page
    assert {"una", "ulf"} <= active(alice)


def test_the_review_says_when_accounts_wait_for_an_approval(alice, engineering, active, work, gitlab, system):
    with in_tenant(alice.tenant):
        people = [
            add_user(actor=system, username=f"p{number}", email=f"p{number}@example.com")
            for number in range(12)
        ]
        add_members(engineering, people, actor=system)
    work()
    few = act(alice, "deactivate", *people[:10]).content.decode()
    assert "Their accounts there are deactivated at once." in few
    many = act(alice, "deactivate", *people).content.decode()
    assert "until an administrator approves it" in many
    assert "deactivated at once" not in many
    nobody = alice.get(f"/console/applications/{gitlab.pk}/groups/consequence/").content.decode()
    assert "<strong>13 people</strong> lose it" in nobody
    assert "until an administrator approves it" in nobody


def test_a_bookmark_that_is_active_comes_at_once(alice, two, system, engineering):
    with in_tenant(alice.tenant):
        canteen = add_application(
            actor=system,
            connector="bookmark",
            display_label="Canteen",
            bookmark_url="https://canteen.example.com",
        )
        assign_group(canteen, two[2], actor=system)
    assert "Comes into their launcher.<" in act(alice, "join", two[0], to_group=two[2].pk).content.decode()
    with in_tenant(alice.tenant):
        Application.objects.update(active=False)
    page = act(alice, "join", two[0], to_group=two[2].pk).content.decode()
    assert "Comes into their launcher, once it is active." in page


def test_what_was_reviewed_is_done_and_its_result_stays(alice, two):
    act(alice, "deactivate", *two[:2])
    run = newest(alice)
    page = alice.post(f"{PATH}runs/{run.pk}/start/", follow=True).content.decode()
    assert 'role="status"' in page
    assert active(alice) == {"alice", "bob"}
    assert "Deactivate" in alice.get(f"{PATH}runs/").content.decode()
    again = alice.post(f"{PATH}runs/{run.pk}/start/", follow=True).content.decode()
    assert "started or dropped already" in again


def test_leaving_counts_only_who_has_no_other_way_in(alice, two, gitlab, engineering, system):
    una, ulf, sales = two
    with in_tenant(alice.tenant):
        assign_group(gitlab, sales, actor=system)
    page = act(alice, "leave", una, ulf, to_group=engineering.pk).content.decode()
    assert '<td class="num">1</td><td>They can no longer sign in.' in page
    alice.post(f"{PATH}runs/{newest(alice).pk}/start/")
    with in_tenant(alice.tenant):
        assert set(Membership.objects.values_list("user__username", "group__name")) == {
            ("bob", "Engineering"),
            ("ulf", "Sales"),
        }


def test_joining_counts_only_who_has_it_not_already(alice, two, gitlab, engineering, bob):
    page = act(alice, "join", two[0], alice.user, to_group=engineering.pk).content.decode()
    assert '<td class="num">1</td><td>They can sign in.' in page


def test_joining_a_group_that_opens_nothing_says_so(alice, two):
    page = act(alice, "join", alice.user, to_group=two[2].pk).content.decode()
    assert "Nothing changes in any application." in page


def test_without_a_group_an_act_or_a_tick_the_list_comes_back_with_its_filters(alice, two):
    for name in ("join", "", "import"):
        page = act(alice, name, two[0], query="?q=una")
        assert page.redirect_chain[-1][0].endswith("/console/users/?q=una")
    assert newest(alice) is None
    assert b"Tick at least one person" in act(alice, "deactivate").content


def test_a_list_to_come_back_to_is_one_of_ours(alice, two):
    page = alice.post(f"{PATH}acts/", {"act": "", "query": "https://evil.example/"})
    assert page["Location"] == alice.url(PATH)


def test_all_that_match_are_more_than_one_page(alice, system):
    with in_tenant(alice.tenant):
        for number in range(30):
            add_user(actor=system, username=f"p{number}", email=f"p{number}@acme.example")
    act(alice, "deactivate", everybody="1", q="p", state="pending")
    assert newest(alice).total == 30


def test_another_tenants_people_are_not_there(alice, charlie):
    assert b"Tick at least one person" in act(alice, "deactivate", charlie.user).content
    assert newest(alice) is None


def test_a_group_of_another_tenant_is_not_there(alice, two, charlie, system):
    with in_tenant(charlie.tenant):
        strange = add_group(actor=system, name="Strange")
    act(alice, "join", two[0], to_group=strange.pk)
    assert newest(alice) is None


def test_many_show_a_bar_and_may_be_stopped(alice, two, monkeypatch):
    monkeypatch.setattr(actions, "AT_ONCE", 1)
    monkeypatch.setattr("apps.accounts.people_runs.tasks.ring", lambda *_: None)
    act(alice, "deactivate", *two[:2])
    run = newest(alice)
    page = alice.post(f"{PATH}runs/{run.pk}/start/", follow=True).content.decode()
    assert '<progress class="progress" value="0" max="2"' in page
    assert "You can leave this page" in page
    assert '<noscript><meta http-equiv="refresh"' in page  # without scripts it is looked at again by itself
    alice.post(f"{PATH}runs/{run.pk}/stop/")
    with in_tenant(alice.tenant):
        work.work(run.pk)
    assert {"una", "ulf"} <= active(alice)
    assert "Stopped" in alice.get(f"{PATH}runs/{run.pk}/").content.decode()


def upload(alice, text, **values):
    file = SimpleUploadedFile("people.csv", text.encode())
    return alice.post(f"{PATH}import/", {"file": file} | values, follow=True)


def test_a_file_is_looked_at_line_by_line_before_anybody_is_added(alice, bob, gitlab):
    page = upload(
        alice,
        "email,first_name,groups\nada@acme.example,<b>Ada</b>,Engineering\nbob@acme.example,Bob,\n,Nobody,\n",
    ).content.decode()
    assert "&lt;b&gt;Ada" in page
    assert "<b>Ada" not in page
    assert "The e-mail address is missing." in page
    assert "Bob Example has this e-mail address already." in page
    assert "1 line cannot be imported" in page
    assert '<td class="num">1</td><td>They can sign in.' in page
    assert active(alice) == {"alice", "bob"}
    page = alice.post(f"{PATH}runs/{newest(alice).pk}/start/", follow=True).content.decode()
    assert active(alice) == {"alice", "bob", "ada@acme.example"}
    with in_tenant(alice.tenant):
        assert Membership.objects.filter(user__username="ada@acme.example").count() == 1


@pytest.mark.parametrize("text", ["phone\n1\n", "email\n"])
def test_what_is_no_list_of_people_is_a_form_error(alice, text):
    response = upload(alice, text)
    assert response.status_code == 422
    assert b'href="#id_file"' in response.content


def test_the_reasons_are_downloaded_without_formulas(alice):
    upload(alice, "email,first_name\n=cmd()@x,Ada\n,=1+1\n")
    run = newest(alice)
    text = b"".join(alice.get(f"{PATH}runs/{run.pk}/export/?show=refused").streaming_content).decode()
    assert "'=1+1" in text
    with in_tenant(alice.tenant):
        event = Event.objects.get(type="user_export")
    assert (event.actor_name, event.target_id) == ("alice", str(run.pk))
    assert event.details == {"people": text.count("\r\n") - 1, "filter": {"outcome": "refused"}}
    assert "\r\n3," in text
    assert ",=" not in text


def test_a_run_asks_at_most_twelve_questions_however_many_people_and_applications(
    alice, system, engineering, django_assert_max_num_queries
):
    with in_tenant(alice.tenant):
        people = [
            add_user(actor=system, username=f"p{number}", email=f"p{number}@acme.example")
            for number in range(60)
        ]
        add_members(engineering, people, actor=system)
        for number in range(20):
            made = add_application(actor=system, connector="custom_saml", display_label=f"App {number}")
            assign_group(made, engineering, actor=system)
    for name in ("deactivate", "reactivate", "leave", "join", "invite"):
        act(alice, name, *people, to_group=engineering.pk)
        with django_assert_max_num_queries(MOST):
            assert alice.get(f"{PATH}runs/{newest(alice).pk}/?show=waiting").status_code == 200
    upload(alice, "email,groups\n" + "".join(f"q{n}@acme.example,Engineering\n" for n in range(80)))
    with django_assert_max_num_queries(MOST):
        alice.get(f"{PATH}runs/{newest(alice).pk}/")
    with in_tenant(alice.tenant):
        assert PeopleRow.objects.count() == 60 * 5 + 80
        assert PeopleRun.objects.filter(state=RunState.REVIEW).count() == 6
