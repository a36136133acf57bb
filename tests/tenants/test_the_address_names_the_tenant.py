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


def test_health_stands_outside_tenants(client, tenant):
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").json() == {"ready": True, "problem": ""}
    assert client.get("/t/acme/healthz").status_code == 404
