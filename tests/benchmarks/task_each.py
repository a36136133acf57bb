"""
The negative example: one Celery task for each person, as it is usually written. It reads the person, looks the account up, creates
it, and writes down the account and the event; a connection for each request, acknowledged late, tried again with back-off.
"""

import http.client
import json
from urllib.parse import quote, urlsplit
from uuid import UUID

from celery import shared_task
from django.db import transaction

from apps.directory.models import User
from apps.events.actions import record
from apps.events.actors import Actor, Target
from apps.events.types import EventType
from apps.provisioning import directory_now, documents
from apps.provisioning.models import Integration, RemoteUser
from apps.tenants.tasks import TenantTask


@shared_task(base=TenantTask, autoretry_for=(Exception,), max_retries=5, retry_backoff=1)
def provision(tenant_id: str, integration_id: str, user_id: str) -> None:
    integration = Integration.objects.select_related("application").get(pk=UUID(integration_id))
    user = User.objects.get(pk=UUID(user_id))
    if not directory_now.entitled(integration).filter(pk=user.pk).exists():
        return
    values = documents.values_of(user, integration.dialect.attributes)
    name = quote(f'userName eq "{user.username}"')
    found = _ask(integration, "GET", f"/Users?filter={name}")["Resources"]
    document = documents.user_document(values, integration.dialect)
    made = found[0] if found else _ask(integration, "POST", "/Users", document)
    with transaction.atomic():
        RemoteUser.objects.update_or_create(
            integration=integration,
            user_id=user.pk,
            defaults={"name": str(user), "remote_id": made["id"], "sent": values},
        )
        record(
            EventType.USER_CREATE_PROVISION,
            actor=Actor.system(),
            target=Target.of("user", user),
            application=Target.of("application", integration.application),
        )


def _ask(integration, method, path, document=None):
    split = urlsplit(integration.base_url)
    connection = http.client.HTTPConnection(split.hostname, split.port, timeout=30)
    headers = {"Authorization": f"Bearer {integration.token}", "Content-Type": "application/scim+json"}
    try:
        connection.request(method, split.path + path, json.dumps(document) if document else None, headers)
        answer = connection.getresponse()
        content = answer.read()
    finally:
        connection.close()
    if answer.status >= 300:
        raise RuntimeError(f"{method} answered {answer.status}")
    return json.loads(content)
