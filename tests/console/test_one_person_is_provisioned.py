from apps.directory.actions import remove_member
from apps.provisioning.models import Job
from apps.tenants.context import in_tenant
from tests.console.conftest import connection
from tests.fakes.scim_target import TOKEN


def test_a_person_is_chosen_planned_and_provisioned_step_by_step(alice, bob, path, active, system, work):
    from apps.directory.actions import update_user

    address = f"{path}provision/"
    assert "Bob Example" in alice.get(address).content.decode()
    assert "Nobody matches" in alice.get(f"{address}?q=nobody-at-all").content.decode()
    with in_tenant(alice.tenant):
        update_user(bob.user, actor=system, job_title="Lead")
    before = len(active.journal)
    page = alice.get(f"{address}?user={bob.user.pk}").content.decode()
    assert "Nothing was sent" in page
    assert len(active.journal) == before
    asked = alice.post(address, {"user": str(bob.user.pk)})
    assert "Under way" in alice.get(asked.url.partition("/t/acme")[2] or asked.url).content.decode()
    work()
    said = alice.get(asked.url.partition("/t/acme")[2] or asked.url).content.decode()
    assert "Under way" not in said
    assert TOKEN not in said
    assert "Last 24 hours" in alice.get(path).content.decode()


def test_it_says_why_somebody_should_have_an_account_or_not(
    alice, bob, path, active, engineering, system, work
):
    from apps.directory.actions import deactivate_user

    with in_tenant(alice.tenant):
        job = Job.objects.get(kind="user")
    pages = [f"{path}provision/?user={bob.user.pk}", f"{path}jobs/{job.pk}/"]
    for page in pages:
        assert "which is bound to" in alice.get(page).content.decode()
    with in_tenant(alice.tenant):
        deactivate_user(bob.user, actor=system)
    for page in pages:
        assert "This person is deactivated." in alice.get(page).content.decode()
    with in_tenant(alice.tenant):
        remove_member(engineering, bob.user, actor=system)
    for page in pages:
        shown = alice.get(page).content.decode()
        assert "In none of the user groups that are bound to it." in shown
        assert "SSO is" not in shown  # which has no say in it


def test_who_has_nothing_to_do_with_it_is_told_so(alice, path, active):
    response = alice.post(f"{path}provision/", {"user": str(alice.user.pk)}, follow=True)
    assert "no access to it and no account there" in response.content.decode()
    for nobody in ("no-id", "00000000-0000-0000-0000-000000000000"):
        assert alice.get(f"{path}provision/?user={nobody}").status_code == 404
        assert alice.post(f"{path}provision/", {"user": nobody}).status_code == 404
    assert alice.get(f"{path}provision/?user={alice.user.pk}&since=nan").status_code == 200


def test_an_account_that_is_there_already_is_linked_by_hand(alice, bob, path, target, engineering, work):
    target.add_user(bob.user.email, "old@example.com", displayName="Bob of old")
    alice.post(f"{path}connection/", connection(target))
    work()
    with in_tenant(alice.tenant):
        job = Job.objects.get(kind="user")
    page = f"{path}jobs/{job.pk}/"
    assert "Link to an existing account…" in alice.get(page).content.decode()
    fix = f'href="/t/acme{page}account/"'
    assert fix in alice.get(path).content.decode()  # beside Retry now
    assert fix in alice.get(f"{path}provision/?user={bob.user.pk}").content.decode()
    asked = len(target.journal)
    assert f'value="{bob.user.email}"' in alice.get(f"{page}account/").content.decode()
    assert len(target.journal) == asked  # what it was looked for by stands there, and nobody was asked
    assert "shows no such account" in alice.get(f"{page}account/?account=nobody").content.decode()

    found = alice.get(f"{page}account/?account=u1").content.decode()
    assert "Bob of old" in found
    assert "This is Bob Example" in found
    answer = alice.post(f"{page}account/", {"remote_id": "u1"}, follow=True)
    assert "is linked to the account" in answer.content.decode()
    assert (
        answer.redirect_chain[-1][0] == f"/t/acme{path}"
    )  # not the job's page: it would go on saying that it failed
    work()
    with in_tenant(alice.tenant):
        assert Job.objects.get(kind="user").state == "done"
    assert "Link to an existing account…" not in alice.get(page).content.decode()
    assert fix not in alice.get(path).content.decode()


def test_every_application_of_a_person_tells_how_their_account_is(
    alice, bob, path, active, engineering, system, work
):
    applications = f"/console/users/{bob.user.pk}/applications/"
    with in_tenant(alice.tenant):
        job = Job.objects.get(kind="user")
    page = alice.get(applications).content.decode()
    assert f'href="/t/acme{path}jobs/{job.pk}/"' in page
    detail = alice.get(f"{path}jobs/{job.pk}/").content.decode()
    for words in ("In sync", "Last success", "Next try", "Account there"):
        assert words in detail
    with in_tenant(alice.tenant):
        remove_member(engineering, bob.user, actor=system)
    work()
    page = alice.get(applications).content.decode()
    assert "No active account" in page
