from django.db.models import Q

from apps.outbox import turns
from apps.provisioning.models import Import, ImportState
from apps.tenants.leases import Leases

UNDER_WAY = (ImportState.READING, ImportState.IMPORTING)

IMPORTS = Leases(
    Import, lambda: Q(state__in=UNDER_WAY), due=turns.unpaused, related=("integration__application",)
)
