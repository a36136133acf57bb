import pytest

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("slug", ["nobody", "ACME", "acme_x", "-"])
def test_an_unknown_tenant_is_not_found(client, tenant, slug):
    assert client.get(f"/t/{slug}/login/").status_code == 404


def test_a_suspended_tenant_looks_like_an_unknown_one(client, tenant):
    tenant.active = False
    tenant.save()
    suspended, unknown = client.get("/t/acme/login/"), client.get("/t/nobody/login/")
    assert (suspended.status_code, suspended.content) == (unknown.status_code, unknown.content)


@pytest.mark.parametrize("path", ["scim/v2/Users", "api/v1/users/"])
def test_programs_of_a_suspended_tenant_come_again_later(client, tenant, path):
    """An identity provider that is told "not found" takes the person as gone."""
    tenant.active = False
    tenant.save()
    answer = client.get(f"/t/acme/{path}")
    assert (answer.status_code, answer["Retry-After"]) == (503, "3600")
    assert answer["Content-Type"] in {"application/scim+json", "application/problem+json"}
    assert client.get(f"/t/nobody/{path}").status_code == 404  # the control


def test_health_stands_outside_tenants(client, tenant):
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").json() == {"ready": True, "problem": ""}
    assert client.get("/t/acme/healthz").status_code == 404
