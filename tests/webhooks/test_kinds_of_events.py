"""Groups of types: each type belongs to one, and what nobody thought of to the last."""

import pytest

from apps.events.types import EventType
from apps.webhooks.selection import GROUPS, group_of, types_of, wanted_types


@pytest.mark.parametrize(
    ("event_type", "group"),
    [("user_create", "people"), ("user_create_provision", "provisioning"), ("user_lockout", "sign_ins"), ("sso_auth", "sign_ins"),
     ("sso_preview", "applications"), ("group_delete_provision", "provisioning"), ("association_change", "people"), ("mail_send", "other"),
     ("user_import", "provisioning"), ("scim_token_create", "identity_sources"), ("webhook_test", "administration"), ("never_heard_of", "other")],
)  # fmt: skip
def test_a_type_belongs_where_people_look_for_it(event_type, group):
    assert group_of(event_type) == group


def test_every_type_is_in_one_group_and_no_group_is_empty():
    counted = [each for name in GROUPS for each in types_of([name])]
    assert sorted(counted) == sorted(EventType.values)
    assert all(types_of([name]) for name in GROUPS)


def test_nothing_chosen_is_everything_and_something_is_both_lists_together():
    assert wanted_types([], []) is None
    assert wanted_types(["mail_send"], ["identity_sources"]) == {"mail_send"} | types_of(["identity_sources"])
