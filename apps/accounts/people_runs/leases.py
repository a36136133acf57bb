from django.db.models import Q

from apps.accounts.models import PeopleRun, RunState
from apps.tenants.leases import Leases

RUNS = Leases(
    PeopleRun, lambda: Q(state__in=(RunState.CHECKING, RunState.WORKING)), related=("group", "tenant")
)
