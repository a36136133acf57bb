"""What an application knows a person by: chosen by the administrator, never two people's, never the next person's."""

import re

import pytest

from apps.applications.actions import add_application, assign_group
from apps.directory.actions import (
    add_member,
    add_user,
    deactivate_user,
    reactivate_user,
    remove_user,
    update_user,
)
from apps.saml.actions.metadata import import_metadata
from apps.saml.actions.settings import sso_of, update_sso
from apps.saml.errors import SsoInvalid
from apps.saml.models import PersistentNameId
from apps.saml.name_ids import persistent_name_id
from apps.tenants.context import in_tenant
from tests.saml.conftest import ACS, SP, sp_metadata
from tests.saml.service_provider import posted

pytestmark = pytest.mark.django_db


@pytest.fixture
def random_names(engineer, wiki, system):
    with in_tenant(engineer.tenant):
        update_sso(sso_of(wiki), actor=system, name_id_format="persistent")
    return wiki


def name_id(who, slug="wiki"):
    node = posted(who.get(f"/launch/{slug}")).one("//saml:Subject/saml:NameID")
    return node.text, node.get("Format").rpartition(":")[2]


# --- persistent and random (threat S13)


def test_a_random_name_is_the_same_at_every_sign_in(engineer, random_names, system):
    value, format_ = name_id(engineer)
    assert format_ == "persistent"
    assert re.fullmatch("[0-9a-f]{40}", value)
    with in_tenant(engineer.tenant):
        update_user(
            engineer.user, actor=system, username="robert", email="robert@acme.example", last_name="Else"
        )
        deactivate_user(engineer.user, actor=system)
        reactivate_user(engineer.user, actor=system)
        assert persistent_name_id(engineer.user, random_names) == value


def test_every_application_has_its_own_name_of_a_person(engineer, random_names, system):
    with in_tenant(engineer.tenant):
        other = add_application(actor=system, connector="custom_saml", display_label="Other")
        update_sso(sso_of(other), actor=system, sp_entity_id=SP, acs_urls=[ACS], name_id_format="persistent")
        assign_group(other, random_names.groups.get(), actor=system)
    assert name_id(engineer)[0] != name_id(engineer, "other")[0]


def test_whoever_comes_after_somebody_removed_gets_another_name(engineer, random_names, system):
    """With the same e-mail address, user name and group; and the old name is kept, so that nobody ever gets it."""
    before = name_id(engineer)[0]
    with in_tenant(engineer.tenant):
        group, old = random_names.groups.get(), engineer.user.pk
        remove_user(engineer.user, actor=system)
        again = add_user(
            actor=system, username="bob", email="bob@acme.example", first_name="Bob", last_name="Example"
        )
        add_member(group, again, actor=system)
        after = persistent_name_id(again, random_names)
        assert after != before
        assert PersistentNameId.objects.get(person_id=old).value == before


def test_nobody_has_a_name_who_was_not_let_in(bob, random_names, engineer):
    with in_tenant(bob.tenant):
        random_names.groups.get().memberships.all().delete()
    assert bob.get("/launch/wiki").status_code == 403
    with in_tenant(bob.tenant):
        assert not PersistentNameId.objects.exists()


def test_two_people_never_share_a_name(engineer, random_names):
    from django.db import IntegrityError, transaction

    with in_tenant(engineer.tenant):
        value = persistent_name_id(engineer.user, random_names)
        with pytest.raises(IntegrityError), transaction.atomic():
            PersistentNameId.objects.create(application=random_names, person_id=random_names.pk, value=value)


# --- the other formats


def test_a_transient_name_is_new_each_time(engineer, wiki, system):
    with in_tenant(engineer.tenant):
        update_sso(sso_of(wiki), actor=system, name_id_format="transient")
    (first, format_), (second, _) = name_id(engineer), name_id(engineer)
    assert format_ == "transient"
    assert first != second
    assert min(len(first), len(second)) == 41
    with in_tenant(engineer.tenant):
        assert not PersistentNameId.objects.exists()


@pytest.mark.parametrize("format_", ["emailAddress", "persistent", "unspecified"])
@pytest.mark.parametrize(("source", "value"), [("email", "bob@acme.example"), ("username", "bob")])
def test_a_field_of_the_person_is_what_the_administrator_chose(
    engineer, wiki, system, format_, source, value
):
    with in_tenant(engineer.tenant):
        update_sso(sso_of(wiki), actor=system, name_id_format=format_, name_id_source=source)
    assert name_id(engineer) == (value, format_)


# --- format and value follow each other


def test_a_random_name_is_no_address(inside, wiki, system):
    with pytest.raises(SsoInvalid, match="no e-mail address"):
        update_sso(sso_of(wiki), actor=system, name_id_format="emailAddress", name_id_source="persistent_id")
    with pytest.raises(SsoInvalid, match="no e-mail address"):
        update_sso(sso_of(wiki), actor=system, name_id_source="persistent_id")
    assert (
        update_sso(
            sso_of(wiki), actor=system, name_id_format="unspecified", name_id_source="persistent_id"
        ).name_id_source
        == "persistent_id"
    )  # negative control


def test_a_random_name_is_no_attribute(inside, wiki, system):
    with pytest.raises(SsoInvalid):
        update_sso(sso_of(wiki), actor=system, attributes=[{"name": "uid", "source": "persistent_id"}])


def test_persistent_alone_means_random_where_the_connector_has_no_other_rule(inside, wiki, system):
    def change(**fields):
        saved = update_sso(sso_of(wiki), actor=system, **fields)
        return saved.name_id_format, saved.name_id_source

    assert change(name_id_format="persistent") == ("persistent", "persistent_id")
    assert change(name_id_format="persistent", login_url="https://sp.example/")[1] == "persistent_id"
    assert change(name_id_format="emailAddress") == ("emailAddress", "email")
    assert change(name_id_format="persistent", name_id_source="email") == ("persistent", "email")
    assert change(login_url="")[1] == "email"  # chosen is chosen
    assert change(name_id_format="unspecified")[1] == "email"


@pytest.mark.parametrize(
    ("connector", "parameters"),
    [
        ("gitlab_saas", {"group_path": "acme"}),
        ("pulumi", {"organization": "acme"}),
        ("blogin", {"subdomain": "acme"}),
    ],
)
def test_a_connector_keeps_its_own_value(inside, system, connector, parameters):
    made = add_application(actor=system, connector=connector, display_label="X", parameters=parameters)
    assert sso_of(made).name_id_source == "email"
    update_sso(sso_of(made), actor=system, name_id_format="emailAddress")
    assert update_sso(sso_of(made), actor=system, name_id_format="persistent").name_id_source == "email"


def test_metadata_that_wants_persistent_names_gets_random_ones(inside, wiki, system):
    formats = "<md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat>"
    saved = import_metadata(wiki, sp_metadata(formats=formats), actor=system)
    assert (saved.name_id_format, saved.name_id_source) == ("persistent", "persistent_id")
