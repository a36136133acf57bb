import re

import pytest
from django.test import Client

from apps.applications.actions import (
    deactivate_application,
    remove_assignment,
    update_application,
)
from apps.directory.actions import add_group, add_member, remove_member, update_user
from apps.tenants.context import in_tenant
from tests.conftest import sign_in
from tests.launcher.pictures import png

pytestmark = pytest.mark.django_db


def labels(response):
    """Of the tiles that are to be seen."""
    tiles = re.findall(r'<li class="tile[^>]*>.*?</li>', response.content.decode(), re.DOTALL)
    seen = [tile for tile in tiles if not re.match(r"<li[^>]* hidden>", tile)]
    return [re.search(r"<strong>(.*?)</strong>", tile)[1] for tile in seen]


# Refusals


def test_a_stranger_signs_in_first(wiki):
    response = Client().get("/t/acme/")
    assert (response.status_code, response.url) == (302, "/t/acme/login/?next=/t/acme/")


def test_the_person_of_another_tenant_is_a_stranger(wiki, charlie):
    assert charlie.client.get("/t/acme/").status_code == 302
    assert labels(charlie.client.get("/t/globex/")) == []


def test_unassigned_hidden_and_deactivated_applications_are_not_shown(bob, give, system):
    give("Unassigned", assigned=False)
    give("Hidden", show_in_launcher=False)
    off = give("Off")
    left = give("Left")
    give("Shown")
    with in_tenant(bob.tenant):
        deactivate_application(off, actor=system)
        remove_assignment(left, left.groups.get(), actor=system)
    assert labels(bob.get("/")) == ["Shown"]


def test_what_is_not_set_up_is_shown_to_nobody_who_cannot_set_it_up(bob, alice, engineering, give, system):
    """It would refuse everybody. Alice is an owner."""
    unready = give("Expenses", ready=False)
    give("GitLab", connector="gitlab_saas", parameters={"group_path": "acme"}, ready=False)  # prefilled
    with in_tenant(bob.tenant):
        add_member(engineering, alice.user, actor=system)
    assert labels(bob.get("/")) == ["GitLab"]
    assert labels(alice.get("/")) == ["Expenses", "GitLab"]
    page = alice.get("/").content.decode()
    assert "Not set up yet" in page
    assert f'href="/t/acme/console/applications/{unready.pk}/sso/"' in page


def test_the_owner_sees_no_more_than_their_groups_open(alice, wiki):
    assert labels(alice.get("/")) == []


def test_what_goes_with_the_group_is_gone_at_the_next_look(bob, wiki, engineering, system):
    assert labels(bob.get("/")) == ["Wiki"]
    with in_tenant(bob.tenant):
        remove_member(engineering, bob.user, actor=system)
    assert labels(bob.get("/")) == []


def test_other_methods_are_refused(bob):
    assert bob.post("/").status_code == 405


def test_words_of_an_administrator_are_text(bob, give):
    give("<script>alert(1)</script>", description='"><img src=x onerror=alert(1)>')
    page = bob.get("/").content.decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page


# Tiles


def test_an_application_of_two_groups_is_one_tile(bob, wiki, system):
    with in_tenant(bob.tenant):
        second = add_group(actor=system, name="Support")
        add_member(second, bob.user, actor=system)
        wiki.groups.add(second, through_defaults={"tenant": bob.tenant})
    assert labels(bob.get("/")) == ["Wiki"]


def test_tiles_stand_in_the_order_people_read(bob, give):
    for label in ("zebra", "Émile", "Apple", "banana"):
        give(label)
    assert labels(bob.get("/")) == ["Apple", "banana", "Émile", "zebra"]


def test_a_tile_shows_logo_then_brand_then_letter(bob, give, system):
    pictured = give("Pictured", logo=png())
    give("Branded", connector="gitlab_saas", parameters={"group_path": "acme"})
    give("Plum", colour="plum")
    page = bob.get("/").content.decode()
    assert f'src="/t/acme/applications/{pictured.slug}/logo?v=' in page
    assert "#FC6D26" in page.upper()  # GitLab's own colour
    assert 'tone-plum" aria-hidden="true">P</span>' in page


def test_a_bookmark_opens_in_a_new_tab_and_says_so(bob, wiki):
    page = bob.get("/").content.decode()
    assert 'href="/t/acme/launch/wiki" target="_blank" rel="noopener"' in page
    assert "(opens in a new tab)" in page


def test_a_single_sign_on_application_opens_here(bob, give):
    give("Expenses", description="Money back")
    page = bob.get("/").content.decode()
    assert 'href="/t/acme/launch/expenses"><strong>Expenses</strong></a><small>Money back</small>' in page


# Search without scripts


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("", ["Émigré relocation", "Payroll"]),
        ("EMIGRE", ["Émigré relocation"]),
        ("money", ["Payroll"]),
        ("every pay", ["Payroll"]),
        ("pay nothing", []),
        ("<script>", []),
        ("x" * 5000, []),
    ],
)
def test_the_search_hides_what_does_not_match(bob, give, words, found):
    give("Émigré relocation")
    give("Payroll", description="Every month's money")
    response = bob.get("/", data={"q": words})
    assert labels(response) == found
    hint = re.search(r"<p[^>]*data-filter-empty( hidden)?>", response.content.decode())
    assert (hint[1] is None) is (not found)


# Empty


def test_who_has_nothing_reads_where_applications_come_from(bob, engineering):
    page = bob.get("/").content.decode()
    assert "No applications yet" in page
    assert "Yours is Engineering, and no application is open to it yet." in page
    assert "/t/acme/console/" not in page


def test_who_is_in_no_group_reads_that(bob):
    page = bob.get("/").content.decode()
    assert "you are in none yet" in page


def test_a_first_administrator_is_sent_to_the_console(alice):
    page = alice.get("/").content.decode()
    assert "You are an administrator: the console is where you add applications" in page
    assert "/t/acme/console/" in page


# Greeting


@pytest.mark.parametrize(
    ("zone", "greeting"),
    [
        ("Europe/Berlin", "Good evening, Bob"),  # 18:30
        ("America/New_York", "Good afternoon, Bob"),  # 12:30
        ("America/Los_Angeles", "Good morning, Bob"),  # 9:30
        ("Pacific/Auckland", "Good evening, Bob"),  # 4:30
        ("", "Hello, Bob"),
    ],
)
def test_the_greeting_goes_by_the_persons_clock(bob, system, time_machine, zone, greeting):
    time_machine.move_to("2026-06-15T16:30:00Z")
    with in_tenant(bob.tenant):
        update_user(bob.user, actor=system, timezone=zone)
    sign_in(bob)
    assert f'<h1 class="txt-large">{greeting}</h1>' in bob.get("/").content.decode()


def test_a_changed_logo_has_another_address(bob, give, system, time_machine):
    time_machine.move_to("2026-06-15T16:30:00Z", tick=False)
    application = give("Pictured", logo=png())
    before = bob.get("/").content.decode()
    time_machine.move_to("2026-06-15T16:30:05Z", tick=False)
    with in_tenant(bob.tenant):
        update_application(application, actor=system, logo=png("red"))
    address = re.compile(r"/logo\?v=\d+")
    assert address.search(before)[0] != address.search(bob.get("/").content.decode())[0]
