"""scim2-server over a table of documents, as one side of the SCIM benchmark."""

import django

django.setup()

from scim2_models import Meta, ScimProvider
from scim2_server.testserver.application import BEARER_TOKEN_SCHEME, BearerTokenApplication
from scim2_server.utils import (
    load_default_resource_types,
    load_default_schemas,
    load_default_service_provider_config,
)

from tests.benchmarks.peers.models import Document
from tests.benchmarks.peers.storage import TableStorage
from tests.benchmarks.scim_requests import Side, user_document

SECRET = "benchmark-token"


def side(people, members):
    config = load_default_service_provider_config()
    config.authentication_schemes = [BEARER_TOKEN_SCHEME]
    provider = ScimProvider.from_discovery(
        load_default_schemas().values(), load_default_resource_types().values(), config
    )
    kinds = {each.name: provider.model_for(each) for each in provider.resource_types}
    storage = TableStorage(kinds)
    ids = [str(number) for number in range(people)]
    rows = [
        _row(kinds["User"], "User", user_document(f"bench{each}@bench.example") | {"id": each})
        for each in ids
    ]
    everybody = {
        "id": "g1",
        "displayName": "Everybody",
        "members": [{"value": each} for each in ids[:members]],
    }
    rows.append(_row(kinds["Group"], "Group", everybody))
    for number, row in enumerate(rows):
        row.number = number
    Document.objects.bulk_create(rows, batch_size=500)
    application = BearerTokenApplication(storage, provider, bearer_tokens=[SECRET])
    return Side(application, "/v2", SECRET, ids, ids[members:], "g1")


def _row(kind, name, document):
    import datetime as dt

    now = dt.datetime.now(dt.UTC)
    resource = kind.model_validate({name: value for name, value in document.items() if name != "schemas"})
    resource.meta = Meta(resource_type=name, created=now, last_modified=now, version='W/"1"')
    row = Document(id=resource.id, kind=name)
    TableStorage({})._filled(row, resource)
    return row
