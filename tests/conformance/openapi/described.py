"""
Requests that schemathesis makes of an OpenAPI document: of each operation some that the document allows and some that it does not. They are the same every
time, and each is undone after its answer, so that none sees what another one changed.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import requests
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable

from tests.conformance.programs import do_without

try:
    import schemathesis
    from schemathesis import GenerationMode
    from schemathesis.core import NotSet
    from schemathesis.core.transport import Response
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    )
except ModuleNotFoundError as error:  # an environment that is older than the lock
    if (error.name or "").partition(".")[0] != "schemathesis":
        raise
    schemathesis = None

Answer = Any  # django.test's
Path = Callable[[Any], str]
Judge = Callable[[Any, Answer], None]


def ask_everything(document: dict[str, Any], client: Client, *, each: int, path: Path, judge: Judge) -> int:
    """`each`: requests to an operation, of either sort. `path` says where a case goes. Returns how many were sent."""
    if schemathesis is None:
        do_without(
            "schemathesis is not installed: python -m pip install --require-hashes -r requirements/dev.txt"
        )
    sent = 0
    for found in schemathesis.openapi.from_dict(document).get_all_operations():
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            sent += _ask(found.ok(), mode, client, each=each, path=path, judge=judge)
    return sent


def _ask(operation: Any, mode: Any, client: Client, *, each: int, path: Path, judge: Judge) -> int:
    asked: list[Any] = []

    @settings(
        max_examples=each,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        asked.append(case)
        with transaction.atomic():
            judge(case, _answered(client, case, path(case)))
            transaction.set_rollback(True)

    with suppress(Unsatisfiable):  # what takes nothing but texts cannot be asked wrongly
        ask()
    return len(asked)


def as_described(case: Any, answer: Answer) -> None:
    """Status, media type and body are among those that the document tells of."""
    request = requests.Request(case.method, f"http://testserver{answer.request['PATH_INFO']}").prepare()
    told = Response(
        status_code=answer.status_code,
        headers={name.lower(): [value] for name, value in answer.headers.items()},
        content=answer.getvalue(),
        request=request,
        elapsed=0.0,
        verify=False,
    )
    case.validate_response(
        told, checks=[status_code_conformance, content_type_conformance, response_schema_conformance]
    )


def _answered(client: Client, case: Any, path: str) -> Answer:
    """The test client raises what a view does not catch."""
    body = b"" if isinstance(case.body, NotSet) else case.body
    sent = body if isinstance(body, bytes) else json.dumps(body, default=str).encode()
    query = urlencode({name: _texts(value) for name, value in (case.query or {}).items()}, doseq=True)
    address = f"{path}?{query}" if query else path
    return client.generic(case.method, address, sent, content_type=case.media_type or "application/json")


def _texts(value: Any) -> Any:
    return [str(each) for each in value] if isinstance(value, list | tuple) else str(value)
