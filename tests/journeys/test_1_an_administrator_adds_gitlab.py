"""Journey 1, as an administrator does it: only pages and their forms, the sandbox as GitLab's side."""

import hashlib
import re
import ssl

import pytest

from tests.installation import Demo
from tests.journeys.browser import Browser, eventually


@pytest.fixture(scope="module")
def mira(demo: Demo) -> Browser:
    return demo.browser("administrator")


@pytest.fixture(scope="module")
def application(mira: Browser) -> str:
    """Catalogue → create → its address in the console."""
    catalogue = mira.open("console/catalog/")
    page = mira.open(catalogue.link("GitLab"))
    created = mira.submit(
        page,
        having="display_label",
        display_label="GitLab for robots",
        description="Firmware and its CI",
        slug="gitlab-robots",
        parameter_group_path="acme-robots",
        show_in_launcher=True,
    )
    assert created.status == 200, created.text
    return created.link("Configure")


def test_an_address_in_use_is_refused_and_nothing_typed_is_lost(mira: Browser, application: str) -> None:
    page = mira.open("console/catalog/gitlab_saas/")
    refused = mira.submit(
        page,
        having="display_label",
        display_label="Another GitLab",
        slug="gitlab-robots",
        parameter_group_path="other-group",
    )
    assert refused.status == 422
    assert refused.form(having="display_label").fields["display_label"] == "Another GitLab"
    assert refused.form(having="display_label").fields["parameter_group_path"] == "other-group"


def test_the_sso_idp_url_is_fixed_for_good(mira: Browser, application: str) -> None:
    general = mira.open(application.replace("/sso/", "/"))
    form = general.form(having="display_label")
    assert "slug" not in form.fields
    mira.submit(general, having="display_label", slug="elsewhere", display_label="GitLab for robots")
    assert mira.open("saml2/gitlab-robots/metadata").status == 200
    assert mira.open("saml2/elsewhere/metadata").status == 404


def test_metadata_is_exchanged_both_ways_and_the_fingerprints_are_those_of_the_certificate(
    demo: Demo, mira: Browser, application: str
) -> None:
    sso = f"{application.rstrip('/')}/" if "/sso/" in application else f"{application.rstrip('/')}/sso/"
    page = mira.open(sso)
    assert (
        page.form(having="sp_entity_id").fields["sp_entity_id"] == "https://gitlab.com/groups/acme-robots"
    )  # prefilled

    mira.submit(
        mira.open("sandbox/"),
        to="/service-providers",
        **{"provider-label": "Robots", "provider-kind": "generic"},
    )
    sandbox_metadata = mira.session.get(f"{demo.base}/sandbox/sp/robots/metadata", timeout=10).content
    taken = mira.submit(
        page, having="metadata", files={"metadata": ("metadata.xml", sandbox_metadata, "application/xml")}
    )
    assert taken.status == 200, taken.text
    assert taken.form(having="sp_entity_id").fields["sp_entity_id"].endswith("/sandbox/sp/robots/metadata")

    exported = mira.session.get(f"{demo.base}/saml2/gitlab-robots/metadata?download", timeout=10)
    assert "Gatehouse-gitlab-robots-metadata.xml" in exported.headers["Content-Disposition"]
    assert b"IDPSSODescriptor" in exported.content

    pem = mira.session.get(f"{demo.base}/saml2/gitlab-robots/certificate", timeout=10).text
    der = ssl.PEM_cert_to_DER_cert(pem)
    for algorithm in ("sha1", "sha256"):
        digest = hashlib.new(algorithm, der).hexdigest().upper()
        assert ":".join(re.findall("..", digest)) in taken.text


def test_a_file_that_is_no_service_provider_metadata_is_refused_in_place(
    mira: Browser, application: str
) -> None:
    sso = f"{application.rstrip('/')}/" if "/sso/" in application else f"{application.rstrip('/')}/sso/"
    before = mira.open(sso).form(having="sp_entity_id").fields["sp_entity_id"]
    for hostile in (
        b"no xml",
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
        b"<html/>",
    ):
        refused = mira.submit(
            mira.open(sso), having="metadata", files={"metadata": ("m.xml", hostile, "application/xml")}
        )
        assert refused.status == 422
        assert "root:" not in refused.text
    assert mira.open(sso).form(having="sp_entity_id").fields["sp_entity_id"] == before


def test_a_refused_token_is_a_form_error_and_an_event_and_the_right_one_brings_the_members(
    demo: Demo, mira: Browser, application: str
) -> None:
    base = re.match(r".*/applications/[0-9a-f-]+/", application)
    assert base is not None
    groups = mira.open(f"{base[0]}groups/")
    design = groups.html.xpath(
        "//label[contains(., 'Design')]//input/@value | //tr[contains(., 'Design')]//input[@name='groups']/@value"
    )
    assert design, groups.text
    assert mira.submit(groups, having="groups", groups=design).status == 200

    token = _new_target(mira)
    scim = f"{demo.base}/sandbox/scim/gitlab-robots"
    tab = mira.open(f"{base[0]}identity-management/")
    connection = mira.submit(tab, to="/connection/")
    refused = mira.submit(connection, having="base_url", base_url=scim, token="not-the-token", activate="1")
    assert refused.status == 422, refused.text
    assert "not-the-token" not in refused.answer.text
    events = mira.open("console/events/?type=idm_integration_activate&result=failed")
    assert "GitLab for robots" in events.text

    active = mira.submit(refused, having="base_url", base_url=scim, token=token, activate="1")
    assert active.status == 200, active.text
    assert "Active" in active.text
    assert token not in active.answer.text
    eventually(
        lambda: "aiko.tanaka@acme.example" in mira.open("sandbox/targets/gitlab-robots/accounts/").text
    )


def _new_target(mira: Browser) -> str:
    """The sandbox shows a new token once, as GitLab does."""
    wanted = {"target-label": "GitLab robots", "target-kind": "gitlab_saas"}
    shown = mira.submit(mira.open("sandbox/"), to="/sandbox/targets", **wanted)
    found = re.search(r"sandbox_scim_\w+", shown.answer.text)
    assert found is not None, shown.text
    return found[0]
