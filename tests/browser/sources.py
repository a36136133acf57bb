"""An identity source with something on each of its tabs."""

from apps.directory.actions import add_group
from apps.directory.models import Group, User
from apps.events.actors import Actor
from apps.scim.actions.group_links import link_group, note_refused_group
from apps.scim.actions.groups import add_group as add_pushed_group
from apps.scim.actions.links import note_refusal
from apps.scim.actions.people import add_person
from apps.scim.actions.sources import add_scim_token
from apps.scim.errors import EmailExists, GroupExists
from apps.scim.models import ReceivedRequest, Source


def furnished_source(waiting: User, system: Actor) -> Source:
    """With people and groups of its own, some who wait, one that was given, and a request that was refused."""
    token, _secret = add_scim_token(actor=system, name="Okta prod", kind="okta")
    fields = {"username": "nora", "email": "nora@acme.example"}
    secondary = [{"value": "nora@home.example", "type": "home"}, {"value": "n.ray@acme.example"}]
    add_person(source=token.source, actor=system, external_id="00u1", secondary=secondary, **fields)
    refusal = EmailExists().about(waiting, external_id="00u2", user_name="robert")
    note_refusal(token.source, refusal, actor=system)
    told = {"detail": str(refusal), "request": '{"userName": "robert"}', "answer": '{"status": "409"}'}
    ReceivedRequest(
        source=token.source, method="POST", path="/Users", status=409, seconds=0.02, **told
    ).save()
    refused = GroupExists().about(Group.objects.get(name="Engineering"), external_id="g1")
    note_refused_group(token.source, refused, actor=system)
    link_group(add_group(actor=system, name="Sales"), source=token.source, actor=system)
    add_pushed_group(source=token.source, actor=system, name="Everybody", external_id="g2", members=[])
    return token.source
