"""A20: PYTHONOPTIMIZE takes every assert away. No check of ours is one, and the doors still refuse without them."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import files_under, text
from tests.processes import ROOT, embedded_environment

DOORS = """
import json, os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
import django
django.setup()
from django.core.management import call_command
call_command("check", verbosity=0)
from django.contrib.auth.hashers import check_password, make_password
from apps.saml.errors import RequestRefused
from apps.saml.front_door import from_form, from_redirect
from tests.saml.conftest import Keys
from tests.saml.service_provider import authn_request, form, redirect, signed
from apps.lib.crypto import new_key_pair

def keys(name):
    pair = new_key_pair(name, 30)
    return Keys(pair.private_key, pair.certificate)

ours, strange = keys("sp"), keys("stranger")

def taken(call):
    try:
        return bool(call().signed)
    except RequestRefused:
        return False

def posted(by):
    fields = {name: [value] for name, value in form(signed(authn_request(), by)).items()}
    return taken(lambda: from_form(fields, [ours.certificate]))

made = make_password("right")
print(json.dumps({
    "asserts": __debug__,
    "right password": check_password("right", made), "wrong password": check_password("wrong", made),
    "own signature in the query": taken(lambda: from_redirect(redirect(authn_request(), keys=ours), [ours.certificate])),
    "a stranger's in the query": taken(lambda: from_redirect(redirect(authn_request(), keys=strange), [ours.certificate])),
    "own signature in the message": posted(ours), "a stranger's in the message": posted(strange),
}))
"""


def test_nothing_of_ours_leans_on_an_assert() -> None:
    asserts = [
        f"{path}:{node.lineno}"
        for folder in ("apps", "portal")
        for path in files_under(folder)
        if path.suffix == ".py"
        for node in ast.walk(ast.parse(text(path)))
        if isinstance(node, ast.Assert)
    ]
    assert asserts == []


@pytest.mark.parametrize("optimised", [True, False])
def test_doors_refuse_with_and_without_asserts(tmp_path: Path, optimised: bool) -> None:
    run = subprocess.run(
        [sys.executable, *(["-O"] if optimised else []), "-W", "ignore", "-c", DOORS],
        cwd=ROOT, env=embedded_environment(DATA_DIR=str(tmp_path)), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout.splitlines()[-1])
    assert found.pop("asserts") is not optimised  # negative control: it was that Python
    assert {name for name, taken in found.items() if taken} == {
        "right password",
        "own signature in the query",
        "own signature in the message",
    }
