"""Configured Applications: found by name or state, ticked to export their metadata or to delete them; pages stay small."""

import io
import zipfile

import pytest
from lxml import etree

from apps.applications.actions import add_application, assign_group, deactivate_application
from apps.directory.actions import add_group
from apps.provisioning.actions import configure_integration
from apps.provisioning.models import Integration, IntegrationState
from apps.tenants.context import in_tenant

PATH = "/console/applications/"
ENTITY = "{urn:oasis:names:tc:SAML:2.0:metadata}EntityDescriptor"
MOST_BYTES = 150_000


@pytest.fixture
def several(alice, gitlab, system):
    """GitLab is bound and fails; Wiki is inactive; Canteen, a bookmark, is nobody's."""
    with in_tenant(alice.tenant):
        wiki = add_application(actor=system, connector="custom_saml", display_label="Wiki")
        assign_group(wiki, gitlab.groups.get(), actor=system)
        deactivate_application(wiki, actor=system)
        menu = add_application(
            actor=system, connector="bookmark", display_label="Canteen", bookmark_url="https://menu.example/"
        )
        configure_integration(gitlab, actor=system, base_url="https://gitlab.example/scim", token="t" * 20)
        Integration.objects.update(state=IntegrationState.QUARANTINED)
    return {"GitLab": gitlab, "Wiki": wiki, "Canteen": menu}


@pytest.mark.parametrize(
    ("query", "labels"),
    [
        ("", {"GitLab", "Wiki", "Canteen"}),
        ("?q=wik", {"Wiki"}),
        ("?state=active", {"GitLab", "Canteen"}),
        ("?state=inactive", {"Wiki"}),
        ("?state=managed", {"GitLab"}),
        ("?state=failing", {"GitLab"}),
        ("?state=unbound", {"Canteen"}),
        ("?state=nonsense", {"GitLab", "Wiki", "Canteen"}),
        ("?state=unbound&q=git", set()),
    ],
)
def test_it_is_found_by_name_and_state(alice, several, query, labels):
    page = alice.get(f"{PATH}{query}").content.decode()
    assert {label for label in several if f'aria-label="{label}"' in page} == labels


def test_the_metadata_of_one_is_its_file(alice, several):
    response = alice.get(f"{PATH}metadata/?application={several['Wiki'].pk}")
    assert response["Content-Disposition"] == 'attachment; filename="Gatehouse-wiki-metadata.xml"'
    assert etree.fromstring(response.content).tag == ENTITY


def test_the_metadata_of_several_is_an_archive_without_bookmarks(alice, several):
    query = "&".join(f"application={each.pk}" for each in several.values())
    response = alice.get(f"{PATH}metadata/?{query}")
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        assert sorted(archive.namelist()) == ["Gatehouse-gitlab-metadata.xml", "Gatehouse-wiki-metadata.xml"]
        documents = [etree.fromstring(archive.read(name)) for name in archive.namelist()]
    assert len({document.get("entityID") for document in documents}) == 2


@pytest.mark.parametrize("ticked", ["", "Canteen"])
def test_without_any_that_has_metadata_the_list_says_so(alice, several, ticked):
    query = f"?application={several[ticked].pk}" if ticked else ""
    page = alice.get(f"{PATH}metadata/{query}", follow=True).content.decode()
    assert "Tick applications with single sign-on first." in page


def test_another_tenants_metadata_is_not_exported(charlie, several):
    response = charlie.get(f"{PATH}metadata/?application={several['Wiki'].pk}")
    assert response.status_code == 302


def test_an_applications_page_has_less_than_150_kilobytes(alice, gitlab, system):
    with in_tenant(alice.tenant):
        for number in range(200):
            add_group(actor=system, name=f"Group {number}", description="People who do something together")
    for tab in ("", "sso/", "identity-management/", "groups/", "events/", "preview/"):
        response = alice.get(f"{PATH}{gitlab.pk}/{tab}")
        assert response.status_code == 200
        assert len(response.content) < MOST_BYTES, tab
    for page in (PATH, "/console/catalog/", "/console/users/?size=100", "/console/groups/?size=100"):
        assert len(alice.get(page).content) < MOST_BYTES, page


def test_the_list_asks_twelve_questions_at_most_however_many(alice, system, django_assert_max_num_queries):
    with in_tenant(alice.tenant):
        for number in range(40):
            add_application(actor=system, connector="custom_saml", display_label=f"App {number}")
    for query in ("", "?state=failing", "?size=100&q=app"):
        with django_assert_max_num_queries(12):
            alice.get(f"{PATH}{query}")
