import pytest

from apps.directory import actions
from apps.directory.errors import FieldsInvalid, FieldsTaken
from apps.directory.models import User
from apps.events.models import Event
from apps.outbox.models import Entry

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inside")]


@pytest.fixture
def mia(inside, system):
    return actions.add_user(
        actor=system, username="mia", email="mia@example.com", first_name="Mia", last_name="Example"
    )


@pytest.mark.parametrize("username", ["MIA", "ｍｉａ", " mia "])
def test_a_user_name_that_folds_to_a_taken_one_is_refused(mia, system, username):
    with pytest.raises(FieldsTaken) as refusal:
        actions.add_user(actor=system, username=username, email="other@example.com")
    assert "username" in refusal.value.fields


@pytest.mark.parametrize("name", ["Mi\x00a", "Mi\x0ba", "Mi\ufffea", "Mi\u202ea", "Mi\u200ba"])
def test_characters_that_would_break_xml_or_deceive_are_refused(system, name):
    with pytest.raises(FieldsInvalid) as refusal:
        actions.add_user(actor=system, username="x", email="x@example.com", first_name=name)
    assert set(refusal.value.fields) == {"first_name"}
    assert not User.objects.exists()


def test_an_unknown_field_is_refused(mia, system):
    with pytest.raises(actions.DirectoryError):
        actions.update_user(mia, actor=system, is_staff="1")


def test_a_weak_password_is_refused_in_words(mia, system):
    with pytest.raises(FieldsInvalid) as refusal:
        actions.set_password(mia, "12345", actor=system)
    assert "password" in refusal.value.fields


def test_a_new_person_is_recorded_and_published(mia):
    assert list(Event.objects.values_list("type", "target_name")) == [("user_create", "Mia Example")]
    assert list(Entry.objects.values_list("topic", "subject_id")) == [("user_changed", str(mia.id))]


def test_an_update_that_changes_nothing_is_not_recorded(mia, system):
    before = Event.objects.count()
    actions.update_user(mia, actor=system, first_name="Mia")
    assert Event.objects.count() == before


def test_deactivation_ends_sessions_and_reactivation_does_not_revive_them(mia, system):
    session = mia.get_session_auth_hash()
    gone = actions.deactivate_user(mia, actor=system)
    back = actions.reactivate_user(gone, actor=system)
    assert back.active
    assert back.get_session_auth_hash() != session


def test_a_rolled_back_change_leaves_no_event_and_no_entry(mia, system):
    from django.db import transaction

    events, entries = Event.objects.count(), Entry.objects.count()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        actions.update_user(mia, actor=system, first_name="Maria")
        1 / 0  # noqa: B018
    assert (Event.objects.count(), Entry.objects.count()) == (events, entries)


def test_deleting_a_group_publishes_every_member(mia, system):
    group = actions.add_group(actor=system, name="Engineering")
    actions.add_member(group, mia, actor=system)
    Entry.objects.all().delete()
    group_id = str(group.id)
    actions.remove_group(group, actor=system)
    assert set(Entry.objects.values_list("topic", "subject_id")) == {
        ("group_changed", group_id),
        ("user_changed", str(mia.id)),
    }


def test_joining_twice_is_recorded_once(mia, system):
    group = actions.add_group(actor=system, name="Engineering")
    actions.add_member(group, mia, actor=system)
    actions.add_member(group, mia, actor=system)
    assert Event.objects.filter(type="association_change").count() == 1
