"""
"Password forgotten": the page only notes what was typed, so that it does, says and takes the same whoever that is. A worker finds out
whether it is somebody, and writes to them (forgotten_answers.py).
"""

import datetime as dt

from django.db import transaction
from django.utils import timezone

from apps.accounts import tasks
from apps.accounts.client_addresses import address_key
from apps.accounts.models import ResetRequest
from apps.directory.validators import fold

WINDOW = dt.timedelta(hours=1)
PER_NAME = 3  # requests within the window that are answered
PER_ADDRESS = 20
PER_TENANT = 1000


@transaction.atomic
def ask_for_reset_link(username: str, *, client_ip: str) -> None:
    """Beyond the limits nothing is noted and nobody is told: neither whose mailbox is full, nor that there is one."""
    key, address = fold(username)[:300], address_key(client_ip)
    recent = ResetRequest.objects.filter(created_at__gt=timezone.now() - WINDOW)
    of_the_name = recent.filter(account_key=key).count()
    of_the_address = recent.filter(client_ip=address).count() if address else 0
    if of_the_name < PER_NAME and of_the_address < PER_ADDRESS and recent.count() < PER_TENANT:
        ResetRequest.objects.create(account_key=key, client_ip=address)
    tasks.ring_on_commit()
