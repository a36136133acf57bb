from django.db.models import Q

from apps.provisioning.models import PreparedPlan
from apps.tenants.leases import Leases

PLANS = Leases(
    PreparedPlan, lambda: Q(ready_at=None), related=("integration__application", "synchronization")
)
