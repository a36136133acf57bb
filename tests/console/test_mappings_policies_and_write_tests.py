"""The console's pages around an integration: its mapping, its policy for leavers, what the application can do, the write test."""

import pytest
from lxml import html

from apps.applications.actions import add_application, assign_group
from apps.outbox import relay
from apps.provisioning import engine
from apps.provisioning.models import Integration, PreparedPlan
from apps.provisioning.plans import actions as plans
from apps.provisioning.plans import tasks as plan_tasks
from apps.provisioning.plans import work as plan_work
from apps.tenants.context import in_tenant
from tests.console.test_identity_management import connection, integration


@pytest.fixture
def path(gitlab):
    return f"/console/applications/{gitlab.pk}/identity-management/"


@pytest.fixture
def work(alice):
    """The relay and the worker come by until nothing is due."""

    def run() -> None:
        with in_tenant(alice.tenant):
            while relay.drain():
                continue
            while engine.work(Integration.objects.get().pk):
                continue

    return run


# --- attribute mapping


@pytest.fixture
def generic(alice, engineering, system, target, work):
    """Engineering opens it, and Bob is provisioned."""
    with in_tenant(alice.tenant):
        application = add_application(actor=system, connector="custom_saml", display_label="Shop")
        assign_group(application, engineering, actor=system)
    address = f"/console/applications/{application.pk}/identity-management/"
    alice.post(f"{address}connection/", connection(target))
    work()
    return address


def typed(alice, address, **changes):
    """The mapping's form as it is rendered, with some fields changed."""
    root = html.fromstring(alice.get(f"{address}mapping/").content.decode())
    (form,) = [each for each in root.forms if "attributes-TOTAL_FORMS" in each.fields]
    return dict(form.form_values()) | changes


def row_of(fields, path):
    (name,) = [name for name, value in fields.items() if name.endswith("-scim") and value == path]
    return name.removesuffix("-scim")


def test_a_mapping_is_reviewed_as_a_plan_before_it_is_saved(alice, bob, generic, target, work):
    target.journal.clear()
    fields = typed(alice, generic)
    title = row_of(fields, "title")
    fields |= {f"{title}-source": "username"}
    page = alice.post(f"{generic}mapping/", fields).content.decode()
    assert "What this changes" in page
    assert "Nothing is saved or sent yet." in page
    assert "title: bob" in page
    assert "&quot;path&quot;: &quot;title&quot;" in page
    assert integration(alice).mapping == {}
    (form,) = [each for each in html.fromstring(page).forms if "reviewed" in each.fields]
    assert not target.wrote()
    response = alice.post(f"{generic}mapping/", dict(form.form_values()) | {"save": "1"}, follow=True)
    assert "The mapping was saved." in response.content.decode()
    assert integration(alice).mapping == {"title": {"source": "username"}}
    work()
    assert target.named("bob")["title"] == "bob"
    assert "changed here" in alice.get(generic).content.decode()


def test_with_many_people_a_worker_makes_the_plan_of_the_review(alice, bob, generic, target, monkeypatch):
    monkeypatch.setattr(plans, "AT_ONCE", 0)
    monkeypatch.setattr(plan_tasks, "ring", lambda *ids: None)
    fields = typed(alice, generic)
    page = alice.post(
        f"{generic}mapping/", fields | {f"{row_of(fields, 'title')}-source": "username"}
    ).content.decode()
    with in_tenant(alice.tenant):
        plan = PreparedPlan.objects.get()
        assert not plan_work.work(plan.pk)
    address = f"{generic}plans/{plan.pk}/"
    assert f'href="/t/acme{address}"' in page
    shown = alice.get(address).content.decode()
    assert "title: bob" in shown
    assert "with the mapping that you are trying" in shown
    assert 'name="plan"' not in shown  # it cannot be synchronised before it is saved
    (form,) = [each for each in html.fromstring(page).forms if "reviewed" in each.fields]
    alice.post(f"{generic}mapping/", dict(form.form_values()) | {"save": "1"})
    assert integration(alice).mapping == {"title": {"source": "username"}}


def test_what_was_changed_after_the_review_is_reviewed_again(alice, bob, generic):
    fields = typed(alice, generic)
    page = alice.post(f"{generic}mapping/", fields).content.decode()
    (form,) = [each for each in html.fromstring(page).forms if "reviewed" in each.fields]
    fields = dict(form.form_values()) | {"save": "1"}
    fields |= {f"{row_of(fields, 'userName')}-source": "email"}
    page = alice.post(f"{generic}mapping/", fields).content.decode()
    assert "1 account in Shop gets another name" in page
    assert integration(alice).mapping == {}


def test_a_broken_mapping_is_refused_on_the_page(alice, bob, generic):
    fields = typed(alice, generic)
    fields |= {f"{row_of(fields, 'userName')}-source": "", "save": "1"}
    response = alice.post(f"{generic}mapping/", fields)
    assert response.status_code == 422
    assert "userName: choose a directory attribute or enter a constant." in response.content.decode()
    assert integration(alice).mapping == {}


def test_the_connectors_table_comes_back_by_review_too(alice, bob, generic, system):
    with in_tenant(alice.tenant):
        Integration.objects.update(
            mapping={"title": {"enabled": False}, "userType": {"constant": "Employee"}}
        )
    assert "userType" in alice.get(f"{generic}mapping/").content.decode()
    page = alice.post(f"{generic}mapping/", {"defaults": "1"}).content.decode()
    assert integration(alice).mapping != {}
    (form,) = [each for each in html.fromstring(page).forms if "reviewed" in each.fields]
    alice.post(f"{generic}mapping/", dict(form.form_values()) | {"save": "1"})
    assert integration(alice).mapping == {}


def test_the_values_of_anybody_are_shown_beside_the_rows(alice, bob, generic):
    page = alice.get(f"{generic}mapping/?user={alice.user.pk}").content.decode()
    assert "What is told about Alice" in page
    assert alice.user.email in page
    assert alice.user.username in alice.get(f"{generic}mapping/?q=alice").content.decode()
    for nobody in ("no-id", "00000000-0000-0000-0000-000000000000"):
        assert alice.get(f"{generic}mapping/?user={nobody}").status_code == 404


def test_the_page_says_what_a_change_does_at_this_application(alice, generic, path, target):
    page = alice.get(f"{generic}mapping/").content.decode()
    assert "fill the empty rows to add" in page
    assert "what is there stays as it is" in page
    alice.post(f"{path}connection/", connection(target))
    page = alice.get(f"{path}mapping/").content.decode()
    assert "GitLab takes these attributes and no others." in page
    assert "a change reaches new accounts only" in page


def test_there_is_no_mapping_to_change_before_it_is_configured(alice, path):
    assert alice.get(f"{path}mapping/").status_code == 404


# --- what becomes of leavers, and what the application can do


def test_each_policy_says_what_it_does_at_this_application(alice, path, generic):
    gitlab = alice.get(f"{path}connection/").content.decode()
    assert "GitLab removes them from the group" in gitlab
    assert "deleted there for good" not in gitlab
    other = alice.get(f"{generic}connection/").content.decode()
    assert "deleted there for good" in other
    assert "stays active: whoever has another way in keeps it" in other


def test_the_chosen_policy_is_told_on_the_tab_with_its_days(alice, generic):
    with in_tenant(alice.tenant):
        Integration.objects.update(deprovisioning="delete", delete_after_days=9)
    assert "That is 9 days." in alice.get(generic).content.decode()


def test_what_the_application_says_of_itself_is_shown(alice, bob, generic):
    assert "It publishes nothing (ServiceProviderConfig)" in alice.get(generic).content.decode()
    with in_tenant(alice.tenant):
        Integration.objects.update(capabilities={"patch": False, "filter": False}, updates_by_put=True)
    page = alice.get(generic).content.decode()
    assert "Accounts are changed by PUT" in page
    assert "Everybody there is listed to find one" in page


# --- the write test


def test_a_write_test_shows_each_step_and_what_is_left(alice, bob, generic, target):
    before = dict(target.users)
    page = alice.get(f"{generic}write-test/").content.decode()
    assert "gatehouse-test-" in page
    assert target.users == before
    page = alice.post(f"{generic}write-test/", {"email": "test@acme.example"}).content.decode()
    assert "It worked" in page
    assert "Nothing is left there." in page
    assert "DELETE /Users/" in page
    assert target.users == before
    refused = alice.post(f"{generic}write-test/", {"email": alice.user.email})
    assert refused.status_code == 422
    assert "Somebody here has this address." in refused.content.decode()
