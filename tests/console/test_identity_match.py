"""NameID beside what the account is known by; GitLab's most frequent trouble is that they differ."""

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from lxml import html

from apps.applications.actions import add_application, assign_group
from apps.applications.catalog import CATALOG
from apps.applications.identity_match import compared, verdict_on
from apps.applications.models import Application
from apps.console.identity_match import differing
from apps.directory.actions import add_member, add_members, add_user, update_user
from apps.directory.models import User
from apps.provisioning.actions import configure_integration
from apps.provisioning.documents import values_of
from apps.provisioning.identities import EMAIL, account_expressions, planned
from apps.provisioning.models import RemoteUser
from apps.saml.actions.settings import sso_of, update_sso
from apps.saml.name_id_choice import NAME_ID_SOURCES
from apps.saml.name_id_values import name_id_expression
from apps.saml.statement import Unwritable, statement_about
from apps.tenants.context import in_tenant

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_is_remembered():
    cache.clear()


@pytest.fixture
def managed(gitlab, system):
    """GitLab with Identity Management configured."""
    with in_tenant(gitlab.tenant):
        configure_integration(gitlab, actor=system, base_url="https://gitlab.com/api/scim/v2/groups/acme")
    return gitlab


def told(application, who, remote_id="", **sent):
    """What GitLab was told of somebody's account."""
    with in_tenant(application.tenant):
        RemoteUser.objects.create(
            integration=application.integration,
            user=who.user,
            name=str(who.user),
            remote_id=remote_id or sent["externalId"],
            sent=sent,
        )


def rows(application):
    with in_tenant(application.tenant):
        settings = sso_of(application)
        found = compared(application, name_id_expression(settings), account_expressions(application))
        return {row.username: (row, verdict_on(row, application)) for row in found}


def page(alice, application, query=""):
    return alice.get(f"/console/applications/{application.pk}/identity-match/{query}").content.decode()


def badge(alice, application):
    """The number on the tab, seen from another tab; "" where there is none."""
    root = html.fromstring(alice.get(f"/console/applications/{application.pk}/groups/").content.decode())
    return root.xpath("string(//nav[@class='tabs']/a[contains(., 'Identity match')]/span)")


def test_an_account_that_was_told_the_same_matches(alice, bob, managed):
    told(managed, bob, externalId="bob@acme.example", userName="bob@acme.example")
    row, verdict = rows(managed)["bob"]
    assert (row.name_id, row.external_id, row.remote_id) == ("bob@acme.example",) * 3
    assert (verdict.match, verdict.certain) == ("same", True)
    assert badge(alice, managed) == ""


def test_a_new_e_mail_address_is_not_what_gitlab_knows(alice, bob, managed, system):
    """Its accounts are not updated: the person signs in with the new address and is nobody."""
    told(managed, bob, externalId="bob@acme.example", userName="bob@acme.example")
    with in_tenant(alice.tenant):
        update_user(bob.user, actor=system, email="robert@acme.example")
    row, verdict = rows(managed)["bob"]
    assert (row.name_id, row.external_id) == ("robert@acme.example", "bob@acme.example")
    assert (verdict.match, verdict.sentence) == ("differs", "NameID is not the externalId.")
    shown = page(alice, managed)
    assert "1 person will not be recognised." in shown
    assert "let the person unlink and link it again" in shown
    assert badge(alice, managed) == "1"


def test_case_matters_to_gitlab_and_not_to_pulumi(alice, bob, managed, engineering, system):
    told(managed, bob, externalId="Bob@acme.example", userName="bob@acme.example")
    _row, verdict = rows(managed)["bob"]
    assert verdict.match == "differs"
    assert "upper and lower case" in verdict.sentence
    with in_tenant(alice.tenant):
        pulumi = add_application(
            actor=system, connector="pulumi", display_label="Pulumi", parameters={"organization": "acme"}
        )
        assign_group(pulumi, engineering, actor=system)
        update_user(bob.user, actor=system, username="BOB@acme.example")
        update_sso(sso_of(pulumi), actor=system, name_id_source="username")
    _row, verdict = rows(pulumi)["BOB@acme.example"]
    assert (verdict.match, verdict.certain) == ("same", False)


def test_gitlab_shows_the_external_id_as_its_id(bob, managed):
    told(managed, bob, remote_id="somebody-else", externalId="bob@acme.example")
    _row, verdict = rows(managed)["bob"]
    assert (verdict.match, verdict.sentence) == ("differs", "The id at GitLab is not the NameID.")


def test_a_setting_that_cannot_fit_is_said_before_anybody_has_an_account(alice, bob, managed, system):
    with in_tenant(alice.tenant):
        update_sso(sso_of(managed), actor=system, name_id_source="username")
    row, verdict = rows(managed)["bob"]
    assert (row.name_id, row.external_id, row.remote_id) == ("bob", "bob@acme.example", "")
    assert verdict.match == "differs"
    shown = page(alice, managed)
    assert "Choose the company email as NameID value." in shown
    assert "no account yet" in shown


def test_a_random_name_id_that_nobody_has_yet_is_not_judged(alice, bob, managed, system):
    with in_tenant(alice.tenant):
        update_sso(sso_of(managed), actor=system, name_id_source="persistent_id")
    row, verdict = rows(managed)["bob"]
    assert (row.name_id, verdict.match) == ("", "unknown")
    with in_tenant(alice.tenant):
        made = statement_about(bob.user, sso_of(managed), []).name_id
    row, verdict = rows(managed)["bob"]
    assert (row.name_id, verdict.match) == (made, "differs")


def test_without_identity_management_the_plan_is_compared_and_nothing_is_counted(alice, gitlab, system):
    with in_tenant(alice.tenant):
        update_sso(sso_of(gitlab), actor=system, name_id_source="username")
    assert "the values are those that it would send" in page(alice, gitlab)
    assert badge(alice, gitlab) == ""


def test_transient_name_ids_match_nothing_and_the_page_says_so(alice, engineering, system):
    with in_tenant(alice.tenant):
        wiki = add_application(actor=system, connector="custom_saml", display_label="Wiki")
        assign_group(wiki, engineering, actor=system)
        update_sso(sso_of(wiki), actor=system, name_id_format="transient")
    assert "no account can be found by them" in page(alice, wiki)
    assert rows(wiki)["bob"][1].match == "unknown"


def test_only_differing_and_the_search_narrow(alice, bob, managed, engineering, system):
    with in_tenant(alice.tenant):
        carol = add_user(actor=system, username="carol", email="carol@acme.example")
        add_member(engineering, carol, actor=system)
    told(managed, bob, externalId="old@acme.example")
    assert "carol@acme.example" in page(alice, managed)
    differing = page(alice, managed, "?show=differing")
    assert "old@acme.example" in differing
    assert "carol@acme.example" not in differing
    assert "old@acme.example" not in page(alice, managed, "?q=carol")
    assert "Nobody with access is like that." in page(alice, managed, "?q=zzz")


def test_people_without_access_are_not_there(alice, managed):
    assert "alice" not in rows(managed)


def test_a_page_costs_the_same_for_three_and_for_sixty(alice, managed, engineering, system):
    page(alice, managed)
    with CaptureQueriesContext(connection) as few:
        page(alice, managed)
    with in_tenant(alice.tenant):
        for number in range(60):
            person = add_user(actor=system, username=f"u{number}", email=f"u{number}@acme.example")
            add_member(engineering, person, actor=system)
    with CaptureQueriesContext(connection) as many:
        page(alice, managed)
    assert len(many) == len(few)


def test_the_tab_counts_once_a_minute_and_no_further_than_fifty(
    alice, managed, engineering, system, django_assert_num_queries
):
    with in_tenant(alice.tenant):
        update_sso(sso_of(managed), actor=system, name_id_source="username")
        application = Application.objects.select_related("sso", "integration").get(pk=managed.pk)
        people = [add_user(actor=system, username=f"u{n}", email=f"u{n}@acme.example") for n in range(50)]
        add_members(engineering, people[:49], actor=system)
        with django_assert_num_queries(1) as counted:
            assert differing(application) == "50"
        assert "LIMIT 51" in counted[0]["sql"]
        add_member(engineering, people[49], actor=system)
        with django_assert_num_queries(0):
            assert differing(application) == "50"
        assert differing(application, now=True) == "50+"
        with django_assert_num_queries(0):
            assert differing(application) == "50+"
    assert badge(alice, managed) == "50+"


def test_opening_the_page_counts_anew(alice, bob, managed, system):
    page(alice, managed)
    with in_tenant(alice.tenant):
        update_sso(sso_of(managed), actor=system, name_id_source="username")
    assert badge(alice, managed) == ""
    page(alice, managed)
    assert badge(alice, managed) == "1"


def test_a_bookmark_and_strangers_have_none(alice, bob, charlie, managed, system):
    path = f"/console/applications/{managed.pk}/identity-match/"
    assert bob.get(path).status_code == 403
    assert charlie.get(path).status_code == 404
    with in_tenant(alice.tenant):
        link = add_application(
            actor=system, connector="bookmark", display_label="Menu", bookmark_url="https://menu.example/"
        )
    assert alice.get(f"/console/applications/{link.pk}/identity-match/").status_code == 404


# --- the query says what the code says of one person

NAMES = [
    ("Ada", "Lovelace", "Ada"),
    ("Ada", "", ""),
    ("", "Lovelace", ""),
    ("", "", "Countess"),
    ("", "", ""),
]


@pytest.fixture
def people(inside, system):
    return [
        add_user(
            actor=system,
            username=f"P{number}",
            email=f"P{number}@acme.example",
            first_name=first,
            last_name=last,
            display_name=display,
            job_title="Analyst",
            work_phone="12",
            timezone="Europe/London",
        )
        for number, (first, last, display) in enumerate(NAMES)
    ]


@pytest.mark.parametrize(
    "connector", [each for each in CATALOG.values() if each.scim], ids=lambda each: each.key
)
def test_what_many_would_be_told_is_what_each_would_be_told(people, system, connector):
    application = add_application(
        actor=system,
        connector=connector.key,
        display_label="It",
        parameters={parameter.name: parameter.placeholder for parameter in connector.parameters},
    )
    many = {row.pk: row for row in User.objects.annotate(**account_expressions(application))}
    paths = {
        row.scim: planned(connector.scim.attributes, row.scim)
        for row in connector.scim.attributes
        if row.source != "active"
    }
    for number, (path, expression) in enumerate(paths.items()):
        values = dict(
            User.objects.annotate(**{f"path_{number}": expression}).values_list("pk", f"path_{number}")
        )
        for person in people:
            assert values[person.pk] == values_of(person, connector.scim.attributes).get(path, ""), path
    for person in people:
        wanted = values_of(person, connector.scim.attributes)
        row = many[person.pk]
        assert (row.user_name, row.external_id) == (wanted.get("userName", ""), wanted.get("externalId", ""))
        assert (row.account_email, row.remote_id) == (wanted.get(EMAIL, ""), "")


@pytest.mark.parametrize("source", NAME_ID_SOURCES)
def test_the_name_id_of_many_is_the_name_id_of_each(people, system, source):
    application = add_application(actor=system, connector="custom_saml", display_label="Wiki")
    settings = update_sso(
        sso_of(application), actor=system, name_id_format="unspecified", name_id_source=source
    )
    each = {}
    for person in people:
        try:
            each[person.pk] = statement_about(person, settings, []).name_id
        except Unwritable:
            each[person.pk] = ""
    many = dict(User.objects.annotate(name_id=name_id_expression(settings)).values_list("pk", "name_id"))
    assert many == each
    assert any(each.values())
