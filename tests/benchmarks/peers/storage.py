"""scim2-server's storage over one table: a resource is its JSON. What a unique name finds costs one query; other filters read everything."""

import datetime as dt
import uuid

from django.db.models import Max
from scim2_models import Context, Meta, NotFoundException, PreconditionFailedException, UniquenessException
from scim2_models.path import CompareOperator, Comparison
from scim2_server.storage import ScimStorage, SearchPage

from tests.benchmarks.peers.models import Document

NAMES = {"User": "user_name", "Group": "display_name"}


class TableStorage(ScimStorage):
    def __init__(self, kinds):
        self.kinds = kinds  # name → resource class

    def get(self, resource_type, resource_id, *, response_parameters=None):
        return self._read(self._row(resource_type, resource_id))

    def search(self, resource_types, search_request, *, position=None):
        rows = Document.objects.filter(kind__in=[each.name for each in resource_types]).order_by("number")
        found = rows
        if search_request.filter is not None:
            name = _name_asked_for(search_request.filter.ast)
            found = rows.filter(name_key=name.casefold()) if name else self._matching(rows, search_request)
        total = len(found) if isinstance(found, list) else found.count()
        start = search_request.start_index_0 or 0
        page = found[start : start + (search_request.count or 0)]
        return SearchPage(total, [self._read(row) for row in page])

    def create(self, resource_type, resource):
        now = dt.datetime.now(dt.UTC)
        resource = resource.model_copy(deep=True)
        resource.id = str(uuid.uuid4())
        resource.meta = Meta(
            resource_type=resource_type.name, created=now, last_modified=now, version='W/"1"'
        )
        row = self._filled(Document(id=resource.id, kind=resource_type.name), resource)
        row.number = (Document.objects.aggregate(last=Max("number"))["last"] or 0) + 1
        self._check_name(row)
        row.save(force_insert=True)
        return self._read(row)

    def update(self, resource_type, resource, *, expected_version=None):
        row = self._row(resource_type, resource.id)
        meta = self._read(row).meta
        if expected_version is not None and expected_version != meta.version:
            raise PreconditionFailedException
        updated = resource.model_copy(deep=True)
        version = int(meta.version.strip('W/"')) + 1
        now = dt.datetime.now(dt.UTC)
        updated.meta = meta.model_copy(update={"last_modified": now, "version": f'W/"{version}"'})
        self._check_name(self._filled(row, updated))
        row.save(force_update=True)
        return self._read(row)

    def delete(self, resource_type, resource_id, *, expected_version=None):
        self._row(resource_type, resource_id).delete()

    def _row(self, resource_type, resource_id):
        row = Document.objects.filter(kind=resource_type.name, pk=resource_id).first()
        if row is None:
            raise NotFoundException
        return row

    def _read(self, row):
        return self.kinds[row.kind].model_validate_json(row.content, scim_ctx=Context.DEFAULT)

    def _filled(self, row, resource):
        row.name_key = getattr(resource, NAMES[row.kind]).casefold()
        row.content = resource.model_dump_json(scim_ctx=Context.DEFAULT)
        return row

    def _check_name(self, row):
        if Document.objects.filter(kind=row.kind, name_key=row.name_key).exclude(pk=row.pk).exists():
            raise UniquenessException

    def _matching(self, rows, search_request):
        return [row for row in rows if search_request.filter.match(self._read(row))]


def _name_asked_for(node):
    equals = isinstance(node, Comparison) and node.op == CompareOperator.eq
    named = equals and node.attr_path.attr.casefold() in {"username", "displayname"}
    return node.value if named and isinstance(node.value, str) else ""
