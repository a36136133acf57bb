"""Run by test_bombs.py in a process of its own: how many KiB the largest resident set grew by, as JSON. `python -m tests.security.saml.bombs`"""

import base64
import json
import os
import resource
import sys
import zlib
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.utils import timezone  # noqa: E402

from apps.lib.errors import XmlRefused  # noqa: E402
from apps.lib.xml import inflate  # noqa: E402
from apps.saml.errors import MetadataRefused, RequestRefused  # noqa: E402
from apps.saml.front_door import from_form, from_redirect  # noqa: E402
from apps.saml.metadata_import import read_document  # noqa: E402
from tests.saml.service_provider import authn_request, deflated, redirect  # noqa: E402

KILOBYTES = (1, 4, 11, 64, 190, 1024)  # of compressed bomb; 11 fills a query, 190 a form


def peak() -> int:
    """KiB. On Linux ru_maxrss begins with what the parent had when it forked (getrusage(2)), which hides our own growth."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(
            next(line for line in status.read_text().splitlines() if line.startswith("VmHWM")).split()[1]
        )
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def bomb(kilobytes: int) -> bytes:
    """Deflate reaches 1032:1. Made in pieces: making it must not be what grows."""
    packer, packed = zlib.compressobj(9, zlib.DEFLATED, -15), bytearray()
    blank = b" " * 100_000
    while len(packed) < kilobytes * 1000:
        packed += packer.compress(blank)
    return bytes(packed + packer.flush())


def refused(call: object) -> str:
    try:
        call()  # type: ignore[operator]
    except (RequestRefused, MetadataRefused, XmlRefused) as refusal:
        return type(refusal).__name__
    return "taken"


def main() -> None:
    bombs = [bomb(size) for size in KILOBYTES]
    fields = [{"SAMLRequest": [base64.b64encode(one).decode()]} for one in bombs]
    texts = [{"SAMLRequest": [base64.b64encode(b"<x>" + b" " * size * 1000).decode()]} for size in KILOBYTES]
    queries = [f"SAMLRequest={base64.b64encode(one).decode()}" for one in bombs]
    from_redirect(redirect(authn_request()), [])  # whatever a first request loads
    from_form({"SAMLRequest": [base64.b64encode(deflated(authn_request())).decode()]}, [])
    refused(lambda: read_document(b"<x/>" * 1000, now=timezone.now()))
    before, outcomes = peak(), []
    for one, query, form, text in zip(bombs, queries, fields, texts, strict=True):
        outcomes += [
            refused(lambda one=one: inflate(one)),
            refused(lambda query=query: from_redirect(query, [])),
            refused(lambda form=form: from_form(form, [])),
            refused(lambda text=text: from_form(text, [])),
            refused(lambda one=one: read_document(one, now=timezone.now())),
        ]
    guarded = peak() - before
    naive = len(zlib.decompress(bombs[3], -15))  # negative control: 64 KiB of it, as it stands
    found = {
        "guarded": guarded,
        "naive": peak() - before - guarded,
        "inflated": naive,
        "outcomes": outcomes,
    }
    sys.stdout.write(json.dumps(found))


main()
