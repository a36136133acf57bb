from django.db.models import Q
from django.utils import timezone

from apps.provisioning.models import Import, ImportState
from apps.tenants.leases import Leases

UNDER_WAY = (ImportState.READING, ImportState.IMPORTING)


def _rested() -> Q:
    return Q(not_before=None) | Q(not_before__lte=timezone.now())


IMPORTS = Leases(Import, lambda: Q(state__in=UNDER_WAY), due=_rested, related=("integration__application",))
