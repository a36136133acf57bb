"""A tile says when the person's account in the application is still on its way."""

import re

import pytest

from apps.provisioning.models import Integration, IntegrationState, RemoteUser
from apps.tenants.context import in_tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def managed(bob, give):
    """Expenses with Identity Management in the given state."""

    def add(state=IntegrationState.ACTIVE):
        application = give("Expenses", description="Money back")
        with in_tenant(bob.tenant):
            return Integration.objects.create(
                application=application, base_url="https://expenses.example/scim", state=state
            )

    return add


def account(integration, person, **fields):
    with in_tenant(person.tenant):
        RemoteUser.objects.create(
            integration=integration,
            user=person.user,
            name=str(person.user),
            remote_id=person.user.username,
            **fields,
        )


def tile(person):
    return re.search(r'<li class="tile.*?</li>', person.get("/").content.decode(), re.DOTALL)[0]


def test_an_application_without_identity_management_waits_for_nothing(bob, give):
    give("Expenses")
    assert "Being set up" not in tile(bob)


def test_neither_does_one_whose_integration_never_ran(bob, managed):
    managed(IntegrationState.CONFIGURED)
    assert "Being set up" not in tile(bob)


def test_a_tile_waits_for_the_account_and_stays_a_link(bob, managed):
    managed()
    assert "tile--waiting" in tile(bob)
    assert "Being set up for you" in tile(bob)
    assert 'href="/t/acme/launch/expenses"' in tile(bob)


def test_somebody_elses_account_is_not_ones_own(alice, bob, managed):
    account(managed(), alice)
    assert "Being set up for you" in tile(bob)


def test_a_deactivated_account_is_not_there(bob, managed):
    account(managed(), bob, active=False)
    assert "Being set up for you" in tile(bob)


def test_once_the_account_is_there_the_tile_tells_of_the_application(bob, managed):
    account(managed(), bob)
    assert "Being set up" not in tile(bob)
    assert "Money back" in tile(bob)
