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


# A page's address without its slash ------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["/t/acme/console", "/t/acme/console/users", "/t/acme/login"])
@pytest.mark.parametrize("method", ["get", "head"])
def test_a_page_without_its_slash_leads_to_the_page(client, tenant, address, method):
    answer = getattr(client, method)(f"{address}?state=active&q=a%2Fb")
    assert (answer.status_code, answer["Location"]) == (301, f"{address}/?state=active&q=a%2Fb")


@pytest.mark.parametrize("address", ["/t/acme/console/users", "/t/acme/login", "/t/acme/language"])
def test_a_form_sent_without_the_slash_is_not_led_on(client, tenant, address):
    assert client.post(address).status_code == 404


@pytest.mark.parametrize(
    "path", ["api/v1", "api/v1/users", "scim/v2", "scim/v2/Nothing", "saml2/nothing/metadat", "nothing"]
)
def test_programs_and_addresses_that_are_nowhere_are_not_found(client, tenant, path):
    assert client.get(f"/t/acme/{path}").status_code in {401, 404}


@pytest.mark.parametrize(
    "path",
    ["/t/acme//elsewhere.example", "//elsewhere.example/t/acme/console", "/t/acme/%5Celsewhere.example"],
)
def test_no_address_leads_to_another_host(client, tenant, path):
    answer = client.get("/", PATH_INFO=path.replace("%5C", "\\"))
    assert (answer.status_code, "Location" in answer) == (404, False)
