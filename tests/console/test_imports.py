"""Manual import in the console; the worker comes by when the test says so."""

import csv
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.directory.models import User
from apps.mail.models import Letter
from apps.provisioning import actions as integrations
from apps.provisioning.imports import export, notices
from apps.provisioning.imports import tasks as import_tasks
from apps.provisioning.imports import work as import_work
from apps.provisioning.models import Import, ImportRow, Integration, RemoteUser
from apps.tenants.context import in_tenant


@pytest.fixture
def imports(path, active, monkeypatch):
    monkeypatch.setattr(import_tasks, "ring", lambda *ids: None)
    return f"{path}imports/"


@pytest.fixture
def come_by(alice):
    def run():
        with in_tenant(alice.tenant):
            while import_work.work(Import.objects.first().pk):
                continue

    return run


def row(alice, user_name):
    with in_tenant(alice.tenant):
        return ImportRow.objects.get(user_name=user_name)


def people(alice):
    with in_tenant(alice.tenant):
        return set(User.objects.values_list("username", flat=True))


def begun(alice, imports):
    """The address of the import that the button begins."""
    response = alice.post(imports)
    assert response.status_code == 302
    return response["Location"].removeprefix(f"/t/{alice.tenant.slug}")


def html(response):
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_identity_management_leads_to_the_import(alice, path, imports):
    assert imports in html(alice.get(path))
    page = html(alice.get(imports))
    assert "Read the accounts" in page
    assert "Nothing is changed in" in page


def test_while_it_is_read_the_page_follows_and_nobody_can_be_ticked(alice, active, imports, come_by):
    active.add_user("noah@acme.example", "noah@acme.example")
    address = begun(alice, imports)
    page = html(alice.get(address))
    assert 'hx-trigger="every 1s"' in page
    assert "<progress" in page
    come_by()
    page = html(alice.get(address))
    assert "hx-trigger" not in page
    assert "<progress" not in page
    assert f'value="{row(alice, "noah@acme.example").pk}"' in page
    assert alice.get(imports)["Location"].endswith(address)


def test_new_users_only_leaves_the_new_ones_on_top(alice, active, imports, come_by):
    active.add_user("noah@acme.example", "noah@acme.example", displayName="Noah Rae")
    active.add_user("olga@acme.example", "olga@acme.example")
    address = begun(alice, imports)
    come_by()
    with in_tenant(alice.tenant):
        ImportRow.objects.filter(user_name="noah@acme.example").update(state="imported")
    page = html(alice.get(f"{address}?show=new"))
    assert "olga@acme.example" in page
    assert "Noah Rae" not in page
    page = html(alice.get(address))
    assert page.index("Noah Rae") < page.index("olga@acme.example")
    page = html(alice.get(f"{address}?q=NOAH"))
    assert "olga@acme.example" not in page
    assert "No account is like that" in html(alice.get(f"{address}?q=nobody"))


def test_ticked_users_are_imported_in_sight_without_a_mail(alice, active, imports, come_by):
    active.add_user("noah@acme.example", "noah@acme.example", displayName="Noah Rae")
    active.add_user("nobody", "")
    address = begun(alice, imports)
    come_by()
    chosen = row(alice, "noah@acme.example").pk
    response = alice.post(f"{address}selection/", {"rows": [chosen, "nonsense"]})
    assert response["Location"].endswith(f"{address}?show=selected")
    page = html(alice.get(f"{address}?show=selected"))
    assert 'hx-trigger="every 1s"' in page
    assert "Waiting" in page
    assert "a mail tells you" not in page
    come_by()
    page = html(alice.get(f"{address}?show=selected"))
    assert "Imported" in page
    assert "Next: put them into a user group" in page
    assert "noah@acme.example" in people(alice)
    with in_tenant(alice.tenant):
        assert not Letter.objects.exists()
    assert "The account has no e-mail address there." in html(alice.get(address))


def test_a_second_account_of_somebody_is_said_to_be_one_before_it_is_chosen(
    alice, bob, active, imports, come_by
):
    active.add_user("bob2", bob.user.email)
    page = begun(alice, imports)
    come_by()
    assert "who has another account there: cannot be linked." in html(alice.get(page))
    with in_tenant(alice.tenant):
        RemoteUser.objects.all().delete()
    assert "Has the e-mail address of Bob Example: will be linked." in html(alice.get(page))


def test_all_new_users_are_asked_about_first(alice, active, imports, come_by):
    for name in ("noah", "olga"):
        active.add_user(f"{name}@acme.example", f"{name}@acme.example")
    address = begun(alice, imports)
    come_by()
    question = html(alice.get(f"{address}selection/"))
    assert "Import all 2 new users?" in question
    assert "no access until they are in a user group" in question
    alice.post(f"{address}selection/", {"all": "1"})
    come_by()
    assert {"noah@acme.example", "olga@acme.example"} <= people(alice)


def test_above_a_hundred_a_mail_tells_whoever_chose_them(alice, active, imports, come_by, monkeypatch):
    monkeypatch.setattr(notices, "IN_SIGHT", 2)
    for number in range(3):
        active.add_user(f"p{number}@acme.example", f"p{number}@acme.example")
    active.add_user("taken", "taken@elsewhere.example")
    with in_tenant(alice.tenant):
        User.objects.filter(username="bob").update(username="taken", username_key="taken")
    address = begun(alice, imports)
    come_by()
    alice.post(f"{address}selection/", {"all": "1"})
    with in_tenant(alice.tenant):
        assert not Letter.objects.exists()
    come_by()
    with in_tenant(alice.tenant):
        letter = Letter.objects.get()
        assert letter.address == alice.user.email
        assert letter.subject.endswith("accounts are in")
        text = letter.text
        assert f"{address}?show=selected" in text
        assert letter.html
    assert alice.get(f"{address}?show=selected").status_code == 200


def test_nobody_ticked_is_said(alice, imports, come_by):
    address = begun(alice, imports)
    come_by()
    response = alice.post(f"{address}selection/", {}, follow=True)
    assert "Choose at least one account that is new." in html(response)


def test_it_can_be_stopped_and_a_failure_says_why(alice, active, imports, come_by):
    address = begun(alice, imports)
    alice.post(f"{address}stop/")
    assert "Import ticked" in html(alice.get(address)) or "No accounts" in html(alice.get(address))
    active.token = "another"
    address = begun(alice, imports)
    come_by()
    page = html(alice.get(address))
    assert "The accounts could not be read." in page
    assert f"{address}resumption/" in page
    assert alice.post(f"{address}resumption/").status_code == 302


def test_without_an_active_connection_it_says_what_to_do(alice, imports, system):
    with in_tenant(alice.tenant):
        integrations.deactivate_integration(Integration.objects.get(), actor=system)
    assert "Activate Identity Management first." in html(alice.get(imports))
    assert "not active" in html(alice.post(imports, follow=True))


def test_hostile_names_are_text_on_the_page(alice, active, imports, come_by):
    """C15: what an application lists is nobody's markup, and never more than one row of the table."""
    payloads = [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "=HYPERLINK(1)",
        "{{ 7*7 }}",
        "</table><h1>",
    ]
    for number, payload in enumerate(payloads):
        active.add_user(
            payload, f"p{number}@acme.example", displayName=payload, roles=[{"value": "owner"}], admin=True
        )
    address = begun(alice, imports)
    come_by()
    page = html(alice.get(address))
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "<h1></" not in page
    assert page.count("&lt;script&gt;alert(1)") >= 2
    assert "49" not in page.split("import-title")[1].split("{{ 7*7 }}")[0][-20:]


def test_the_accounts_are_exported_and_run_nothing_in_a_spreadsheet(alice, active, imports, come_by):
    active.add_user("=cmd|'/c calc'!A1", "evil@elsewhere.example", name={"formatted": "+1 Evil"})
    active.add_user("zoe", "", name={"formatted": "Zoë, Example"})
    address = begun(alice, imports)
    come_by()

    def exported(show=""):
        answer = alice.get(f"{address}export/{show}")
        assert answer.status_code == 200
        assert answer["Content-Type"].startswith("text/csv")
        assert answer.streaming
        return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))

    everybody = {each["user_name"]: each for each in exported()}
    evil = everybody["'=cmd|'/c calc'!A1"]
    assert (evil["name"], evil["email"]) == ("'+1 Evil", "evil@elsewhere.example")
    assert everybody["zoe"]["name"] == "Zoë, Example"
    assert "bob" in {each["person"] for each in exported()}
    new, failed = exported("?show=new"), exported("?show=failed")
    assert {each["status"] for each in new} == {"new"}
    assert "zoe" not in {each["user_name"] for each in new}
    assert [each["user_name"] for each in failed if each["user_name"] == "zoe"] == ["zoe"]
    assert all(each["problem"] for each in failed)
    assert len(everybody) > len(new)
    assert alice.get(f"{address}export/?show=others").status_code == 404
    assert "attachment; filename=" in alice.get(f"{address}export/")["Content-Disposition"]


def test_the_export_is_written_while_it_is_read(alice, active, imports, come_by, monkeypatch):
    address = begun(alice, imports)
    come_by()
    with in_tenant(alice.tenant):
        run = Import.objects.get()
        ImportRow.objects.bulk_create(
            ImportRow(run=run, remote_id=f"x{number}", user_name=f"x{number}") for number in range(2500)
        )
        monkeypatch.setattr(export, "CHUNK", 500)
        with CaptureQueriesContext(connection) as queries:
            pieces = export.as_table(export.part_of(run, "all"))
            next(pieces)
            assert len(queries) == 1
            assert sum(1 for _ in pieces) > 2500
    assert alice.get(f"{address}export/").status_code == 200
