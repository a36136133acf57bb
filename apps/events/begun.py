from django.db import models

from apps.events.actors import Actor


class BegunBySomebody(models.Model):
    """Base of long runs: who acts, as events name them."""

    actor_kind = models.CharField(max_length=20)
    actor_id = models.CharField(max_length=64, blank=True)
    actor_name = models.CharField(max_length=255)

    class Meta:
        abstract = True

    @property
    def actor(self) -> Actor:
        return Actor(self.actor_kind, self.actor_id, self.actor_name)


def begun_by(actor: Actor) -> dict[str, str]:
    """The columns."""
    return {"actor_kind": actor.kind, "actor_id": actor.id, "actor_name": actor.name[:255]}
