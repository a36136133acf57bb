"""Refusals first: every address of the console, asked by people who must not see it."""

from collections import defaultdict
from uuid import uuid4

import pytest
from django.urls import get_resolver, reverse
from django.urls.resolvers import URLPattern
from django.utils import timezone

from apps.accounts.actions import add_administrator
from apps.accounts.models import Administrator, PeopleAct, PortalSession, Role
from apps.accounts.people_runs.actions import prepare
from apps.console import urls
from apps.directory.actions import add_group, add_user, deactivate_user
from apps.directory.models import Group, User
from apps.events.actors import Actor
from apps.events.models import Event, EventCheckpoint
from apps.insights.receipts import offboardings
from apps.provisioning.actions import configure_integration
from apps.provisioning.models import Integration, Job, PreparedPlan
from apps.saml.actions.key_pairs import certificates_of
from apps.scim.actions.group_links import link_group, note_refused_group
from apps.scim.actions.links import note_refusal
from apps.scim.actions.people import add_person
from apps.scim.actions.sources import add_scim_token
from apps.scim.errors import EmailExists, GroupExists
from apps.scim.models import ExternalIdentity, PendingGroupLink, PendingLink, Source
from apps.tenants.context import in_tenant
from apps.webhooks.models import Delivery, Replay, Webhook, WebhookSecret
from tests.security.world import a_webhook, an_event_archive

# What each name's arguments stand for. An address that nobody described here fails the walk below.
ARGUMENTS = {
    "key": lambda things: "gitlab_saas",
    "form": lambda things: "csv",
    "group_pk": lambda things: things["group"],
    "application_pk": lambda things: things["application"],
    "certificate_pk": lambda things: things["certificate"],
    "job_pk": lambda things: things["job"],
    "plan_pk": lambda things: things["plan"],
    "session_pk": lambda things: things["session"],
    "delivery_pk": lambda things: things["delivery"],
    "secret_pk": lambda things: things["webhook_secret"],
    "replay_pk": lambda things: things["replay"],
}
ONLY_POST = {
    "announcement",
    "webhook_delivery_retries",
    "webhook_test",
    "webhook_pause",
    "webhook_resumption",
    "webhook_replay_cancellation",
    "webhook_secrets",
    "people_run_start",
    "people_run_stop",
    "user_unlocking",
    "user_sessions_end",
    "user_session_end",
    "user_activation",
    "pending_link_rejection",
    "pending_group_rejection",
    "user_password_link",
    "user_group_removal",
    "application_sso_activation",
    "application_sso_defaults",
    "application_sso_metadata_refresh",
    "application_sso_metadata_removal",
    "application_sso_metadata_acceptance",
    "application_sso_metadata_rejection",
    "application_identity_activation",
    "application_identity_resumption",
    "application_identity_pause",
    "application_rejection",
    "application_job_reopening",
    "application_synchronization_cancellation",
    "application_import_stop",
    "application_import_resumption",
    "application_synchronizations",
    "application_job_retries",
}
# No picture, no file with several to choose from, no import.
NOT_THERE = {
    "application_logo",
    "application_sso_metadata_choice",
    "application_import",
    "application_import_export",
    "application_import_selection",
}
# Nothing ticked, or a form that stands on another page.
TO_A_FORM = {
    "applications_metadata",
    "people_acts",
    "application_deletion",
    "group_member_removal",
    "application_sso_metadata",
    "application_certificate_upload",
}
KIND = {
    "user": "user",
    "group": "group",
    "application": "application",
    "event": "event",
    "scim": "token",
    "source": "source",
    "pending": "pending_link",
    "people": "people_run",
    "webhook": "webhook",
    "administrator": "administrator",
    "external": "external_group",
    "access": "application",
    "receipt": "receipt",
}
OF_ONE = {
    "pending_group_rejection": "pending_group",
    "external_identity_removal": "external_identity",
    "event_archive": "event_archive",
}


class Things(dict):
    """Keys of things by kind; what takes long (a key pair) is made when an address asks for it."""

    def __init__(self, alice, application, **known):
        super().__init__(known, application=application.pk)
        self.alice, self.gitlab = alice, application

    def __missing__(self, kind):
        with in_tenant(self.alice.tenant):
            self[kind] = getattr(self, kind)().pk
        return self[kind]

    def certificate(self):
        return certificates_of(self.gitlab)[0]

    def pending_link(self):
        source = Source.objects.get()
        person = User.objects.get(pk=self["user"])
        note_refusal(source, EmailExists().about(person, external_id="", user_name=""), actor=Actor.system())
        return PendingLink.objects.get()

    def session(self):
        now = timezone.now()
        person = User.objects.get(pk=self["user"])
        return PortalSession.objects.create(user=person, session_key="x", started_at=now, last_seen_at=now)

    def people_run(self):
        people = User.objects.filter(pk=self["user"])
        return prepare(PeopleAct.DEACTIVATE, people, actor=Actor.system())

    def webhook(self):
        return Webhook.objects.get(pk=a_webhook("Endpoint")["webhook"])

    def delivery(self):
        return Delivery.objects.get(webhook=self["webhook"])

    def webhook_secret(self):
        return WebhookSecret.objects.get(webhook=self["webhook"])

    def replay(self):
        return Replay.objects.get(webhook=self["webhook"])

    def administrator(self):
        return Administrator.objects.get(user=self.alice.user)

    def external_group(self):
        group = add_group(actor=Actor.system(), name="Sales")
        return link_group(group, source=Source.objects.get(), actor=Actor.system())

    def pending_group(self):
        refusal = GroupExists().about(Group.objects.get(pk=self["group"]), external_id="")
        note_refused_group(Source.objects.get(), refusal, actor=Actor.system())
        return PendingGroupLink.objects.get()

    def external_identity(self):
        fields = {"username": "nora", "email": "nora@acme.example"}
        source = Source.objects.get()
        nora = add_person(source=source, actor=Actor.system(), external_id="1", secondary=[], **fields)
        return ExternalIdentity.objects.get(user=nora)

    def event(self):
        return Event.objects.first()

    def event_archive(self):
        return EventCheckpoint.objects.get(pk=an_event_archive())

    def receipt(self):
        left = add_user(actor=Actor.system(), username="lena", email="lena@acme.example")
        deactivate_user(left, actor=Actor.system())
        return offboardings().get()

    def plan(self):
        assert self["job"]
        return PreparedPlan.objects.create(integration=Integration.objects.get())

    def job(self):
        base_url = "https://gitlab.com/api/scim/v2/groups/acme"
        integration = configure_integration(
            self.gitlab, actor=Actor.system(), base_url=base_url, token="not-one"
        )
        job = Job(integration=integration, kind="user", resource_id=self["user"], resource_name="Bob")
        job.save()
        return job


@pytest.fixture
def things(alice, bob, engineering, gitlab, system):
    with in_tenant(alice.tenant):
        token, _secret = add_scim_token(actor=system, name="Okta")
    return Things(
        alice, gitlab, user=bob.user.pk, group=engineering.pk, token=token.pk, source=token.source_id
    )


def address(pattern: URLPattern, things: dict) -> str:
    arguments = {}
    for name in pattern.pattern.converters:
        kind = OF_ONE.get(str(pattern.name)) or KIND.get(str(pattern.name).partition("_")[0])
        arguments[name] = ARGUMENTS[name](things) if name in ARGUMENTS else things[kind]
    return reverse(f"console:{pattern.name}", urlconf="portal.tenant_urls", kwargs=arguments)


def pages() -> list[URLPattern]:
    return list(urls.urlpatterns)


def naming_a_thing() -> list[URLPattern]:
    return [pattern for pattern in pages() if pattern.pattern.converters.keys() & {"pk"}]


every_page = pytest.mark.parametrize("pattern", pages(), ids=lambda pattern: pattern.name)
every_things_page = pytest.mark.parametrize("pattern", naming_a_thing(), ids=lambda pattern: pattern.name)


def test_the_walk_sees_the_whole_console():
    resolver = get_resolver("portal.tenant_urls")
    namespaces = {name for name, _ in resolver.namespace_dict.items()}
    assert "console" in namespaces
    assert len(pages()) > 25


@every_page
def test_anonymous_people_sign_in_first(pattern, things, alice, client):
    response = client.get(alice.url(address(pattern, things)))
    assert response.status_code == 302
    assert "/t/acme/login" in response["Location"]


@every_page
def test_people_without_a_role_are_refused(pattern, things, bob):
    path = address(pattern, things)
    assert bob.get(path).status_code == 403
    assert bob.post(path).status_code == 403


@every_things_page
def test_another_tenants_administrator_finds_nothing(pattern, things, charlie):
    path = address(pattern, things)
    for method in (charlie.get, charlie.post):
        response = method(path)
        assert response.status_code in {404, 405}
        assert b"GitLab" not in response.content
        assert b"Engineering" not in response.content


@every_things_page
def test_nothing_that_does_not_exist_is_an_error(pattern, things, alice):
    nothing = defaultdict(uuid4)
    assert alice.get(address(pattern, nothing)).status_code in {404, 405}


def test_a_connector_that_does_not_exist_is_not_there(alice):
    assert alice.get("/console/catalog/no-such-connector/").status_code == 404


@every_page
def test_a_read_only_administrator_sees_but_does_not_write(pattern, things, bob, system):
    with in_tenant(bob.tenant):
        add_administrator(bob.user, actor=system, role=Role.READ_ONLY)
    path = address(pattern, things)
    response = bob.get(path)
    assert response.status_code in {200, 302, 404, 405}
    assert bob.post(path).status_code == 403


@every_page
def test_the_owner_opens_every_page(pattern, things, alice):
    assert things["job"]
    response = alice.get(address(pattern, things))
    if pattern.name in TO_A_FORM:
        assert response.status_code == 302
    elif pattern.name in NOT_THERE:
        assert response.status_code == 404
    elif pattern.name in ONLY_POST:
        assert response.status_code == 405
    else:
        assert response.status_code == 200


@pytest.mark.parametrize(
    "name",
    ["users", "people_runs", "runs", "groups", "applications", "catalog", "events", "search", "sources"],
)
def test_lists_ask_twelve_questions_at_most(name, things, alice, django_assert_max_num_queries):
    path = reverse(f"console:{name}", urlconf="portal.tenant_urls")
    with django_assert_max_num_queries(12):
        alice.get(path)


def test_the_overview_asks_a_fixed_number_of_questions(things, alice, django_assert_max_num_queries):
    assert things["job"]
    assert things["pending_link"]
    with django_assert_max_num_queries(12):
        alice.get("/console/")


@pytest.mark.parametrize("path", ["/console/", "/console/nothing-here/"])
def test_a_refusal_leads_back_to_where_one_may_be(bob, path):
    page = bob.get(path).content.decode()
    assert '<a class="button" href="/t/acme/">Back to Acme Robotics</a>' in page


def test_outside_an_organisation_a_refusal_leads_to_the_start_and_names_none(client, tenant):
    page = client.get("/t/nobody/").content.decode()
    assert '<a class="button" href="/">' in page
    assert "acme" not in page.lower()
