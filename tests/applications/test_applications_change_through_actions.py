import io

import pytest
from PIL import Image

from apps.applications import access, actions
from apps.applications.catalog import CATALOG
from apps.applications.errors import ApplicationInvalid, ApplicationTaken
from apps.applications.models import Application, Colour
from apps.directory.actions import add_group, add_member, add_user, deactivate_user, remove_group

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inside")]


@pytest.fixture
def gitlab(inside, system):
    return actions.add_application(
        actor=system, connector="gitlab_saas", display_label="GitLab", parameters={"group_path": "acme"}
    )


def picture(kind="PNG", size=(600, 300)):
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize("slug", ["Git Lab", "git_lab", "-x", "../x", "a" * 64])
def test_an_address_that_is_not_a_slug_is_refused(system, slug):
    with pytest.raises(ApplicationInvalid) as refusal:
        actions.add_application(actor=system, connector="custom_saml", display_label="X", slug=slug)
    assert "slug" in refusal.value.fields


def test_an_address_in_use_is_refused(gitlab, system):
    with pytest.raises(ApplicationTaken):
        actions.add_application(actor=system, connector="custom_saml", display_label="Other", slug="gitlab")


def test_without_an_address_the_label_gives_one(gitlab, system):
    second = actions.add_application(actor=system, connector="custom_saml", display_label="GitLab")
    third = actions.add_application(actor=system, connector="custom_saml", display_label="_git_lab")
    assert (gitlab.slug, second.slug, third.slug) == ("gitlab", "gitlab-2", "git-lab")


@pytest.mark.parametrize("value", ["", "a/b", "a b", "acme?x=1", "acme#", "https://evil"])
def test_a_parameter_that_would_change_the_address_is_refused(system, value):
    with pytest.raises(ApplicationInvalid) as refusal:
        actions.add_application(
            actor=system, connector="gitlab_saas", display_label="G", parameters={"group_path": value}
        )
    assert "group_path" in refusal.value.fields


@pytest.mark.parametrize("url", ["", "javascript:alert(1)", "ftp://x.example", "x"])
def test_a_bookmark_opens_web_addresses_only(system, url):
    with pytest.raises(ApplicationInvalid) as refusal:
        actions.add_application(actor=system, connector="bookmark", display_label="B", bookmark_url=url)
    assert "bookmark_url" in refusal.value.fields


@pytest.mark.parametrize(
    "upload",
    [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<html>", b"\x89PNG\r\n\x1a\nbroken", picture()[:60]],
)
def test_an_upload_that_is_no_picture_is_refused(system, upload):
    with pytest.raises(ApplicationInvalid) as refusal:
        actions.add_application(actor=system, connector="custom_saml", display_label="X", logo=upload)
    assert "logo" in refusal.value.fields


def test_a_picture_is_written_again_small_and_as_png(system):
    application = actions.add_application(
        actor=system, connector="custom_saml", display_label="X", logo=picture("JPEG")
    )
    with Image.open(io.BytesIO(application.logo)) as stored:
        assert (stored.format, stored.size) == ("PNG", (256, 128))


def test_nobody_has_access_until_a_group_is_bound(gitlab, system):
    mia = add_user(actor=system, username="mia", email="mia@example.com")
    group = add_group(actor=system, name="Engineering")
    add_member(group, mia, actor=system)
    assert not access.has_access(mia, gitlab)
    actions.assign_group(gitlab, group, actor=system)
    assert access.has_access(mia, gitlab)
    assert list(access.people_with(gitlab)) == [mia]
    assert not access.has_access(deactivate_user(mia, actor=system), gitlab)


def test_deleting_the_group_takes_the_access(gitlab, system):
    mia = add_user(actor=system, username="mia", email="mia@example.com")
    group = add_group(actor=system, name="Engineering")
    add_member(group, mia, actor=system)
    actions.assign_group(gitlab, group, actor=system)
    remove_group(group, actor=system)
    assert not access.has_access(mia, gitlab)


def test_a_person_in_two_bound_groups_is_listed_once(gitlab, system):
    mia = add_user(actor=system, username="mia", email="mia@example.com")
    for name in ("Engineering", "Everybody"):
        group = add_group(actor=system, name=name)
        add_member(group, mia, actor=system)
        actions.assign_group(gitlab, group, actor=system)
    assert list(access.people_with(gitlab)) == [mia]
    assert list(Application.objects.assigned_to(mia)) == [gitlab]


@pytest.mark.parametrize("connector", CATALOG.values(), ids=lambda connector: connector.key)
def test_every_connector_is_complete(connector):
    assert connector.icon or connector.colour in Colour.values
    for template in (connector.saml.acs_url, connector.saml.sp_entity_id) if connector.saml else ():
        filled = connector.fill(
            template, {parameter.name: parameter.placeholder for parameter in connector.parameters}
        )
        assert "{" not in filled
