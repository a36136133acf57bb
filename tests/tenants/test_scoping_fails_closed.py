import uuid

import pytest
from django.db import IntegrityError, models, transaction

from apps.directory.actions import add_group, add_user
from apps.directory.models import Group, User
from apps.tenants.context import every_tenant, in_tenant
from apps.tenants.errors import NoTenantError, TenantError

pytestmark = pytest.mark.django_db


def test_a_query_outside_any_tenant_is_refused(tenant):
    with pytest.raises(NoTenantError):
        User.objects.count()


def test_a_row_outside_any_tenant_is_refused(tenant):
    with pytest.raises(NoTenantError):
        Group(name="Engineering").save()


def test_rows_of_another_tenant_do_not_exist(tenant, other_tenant, system):
    with in_tenant(other_tenant):
        theirs = add_group(actor=system, name="Engineering")
    with in_tenant(tenant):
        assert not Group.objects.filter(pk=theirs.pk).exists()
    with every_tenant():  # negative control: it is there, the manager hides it
        assert Group.unscoped.filter(pk=theirs.pk).exists()


def test_whoever_looks_at_every_tenant_is_in_none(tenant, other_tenant):
    with every_tenant():
        with pytest.raises(NoTenantError):
            User.objects.count()
        with pytest.raises(NoTenantError):
            Group(name="Engineering").save()


def test_a_row_of_another_tenant_cannot_be_written_from_here(tenant, other_tenant, system):
    with in_tenant(other_tenant):
        theirs = add_group(actor=system, name="Engineering")
    with in_tenant(tenant), pytest.raises(TenantError):
        theirs.save()


@pytest.mark.parametrize("how", [{}, {"update_fields": ["name"]}])
def test_a_row_that_somebody_deleted_is_not_brought_back_by_a_late_save(tenant, system, how):
    with in_tenant(tenant):
        late = add_group(actor=system, name="Engineering")
        Group.objects.filter(pk=late.pk).delete()
        with pytest.raises(Group.DoesNotExist), transaction.atomic():
            late.save(**how)
        assert not Group.objects.exists()
        models.Model.save(late)  # negative control: Django's own would have
        assert Group.objects.exists()


def test_a_new_row_with_a_key_of_its_own_is_created(tenant):
    with in_tenant(tenant):
        Group(pk=uuid.uuid4(), name="Research", name_key="research").save()
        assert Group.objects.exists()


def test_what_the_database_refuses_is_its_own_error(tenant, system):
    with in_tenant(tenant):
        add_group(actor=system, name="Research")
        sales = add_group(actor=system, name="Sales")
        sales.name_key = "research"
        with pytest.raises(IntegrityError), transaction.atomic():
            sales.save()


def test_the_same_name_in_two_tenants_is_two_people(tenant, other_tenant, system):
    for each in (tenant, other_tenant):
        with in_tenant(each):
            add_user(actor=system, username="mia", email="mia@example.com")
    with in_tenant(tenant):
        assert User.objects.filter(username="mia").count() == 1


def test_rows_that_come_from_a_generator_are_all_created(tenant):
    with in_tenant(tenant):
        Group.objects.bulk_create(Group(name=name, name_key=name) for name in ("Research", "Sales"))
        assert set(Group.objects.values_list("name", flat=True)) == {"Research", "Sales"}
