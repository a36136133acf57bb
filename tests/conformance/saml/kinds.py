"""The service providers, what each needs, and what each can do at all."""

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

NODE = Path(__file__).parent / "node"
PYTHON = (sys.executable, "-m", "tests.conformance.saml.wsgi")
# What not every library can do, as docs/conformance.md calls it.
ABILITIES = {
    "metadata": "It reads our metadata by itself",
    "post": "It sends its request by POST",
    "context": "It asks how people sign in",
    "index": "It names its address by its index",
    "oaep-sha256": "RSA-OAEP with SHA-256",
    "sha384": "RSA-SHA384",
    "format": "It tells the NameID's format",
}
EVERYTHING = frozenset(ABILITIES)


@dataclass(frozen=True)
class Kind:
    """`can` are abilities of the library, not wishes of ours: python3-saml never sends a request by POST."""

    name: str
    command: tuple[str, ...]
    can: frozenset[str] = EVERYTHING
    programs: tuple[str, ...] = ()

    def missing(self) -> str:
        """Why it cannot run here; "" when it can."""
        absent = [program for program in self.programs if shutil.which(program) is None]
        packages = " ".join("nodejs" if program == "node" else program for program in absent)
        needs = f"{self.name} needs {' and '.join(absent)} (on Debian and Ubuntu: apt-get install {packages})"
        return needs if absent else ""


KINDS = (
    Kind(
        "python3-saml",
        (*PYTHON, "tests.conformance.saml.python3_saml_site"),
        can=EVERYTHING - {"post", "index"},
    ),
    Kind(
        "djangosaml2",
        (*PYTHON, "tests.conformance.saml.djangosaml2_process"),
        can=EVERYTHING - {"index", "oaep-sha256"},
        programs=("xmlsec1",),
    ),
    Kind(
        "passport-saml",
        ("node", str(NODE / "site.js"), "passport_saml"),
        can=EVERYTHING - {"metadata", "index", "oaep-sha256", "sha384"},
        programs=("node", "npm"),
    ),
    Kind(
        "samlify",
        ("node", str(NODE / "site.js"), "samlify"),
        can=EVERYTHING - {"context", "oaep-sha256", "sha384", "format"},
        programs=("node", "npm"),
    ),
)


def those_that(*abilities: str) -> pytest.MarkDecorator:
    """Parametrises a test over the service providers that can do all of this."""
    able = [kind for kind in KINDS if kind.can.issuperset(abilities)]
    return pytest.mark.parametrize("kind", able, ids=[kind.name for kind in able], indirect=True)


def do_without(reason: str) -> NoReturn:
    """A developer's machine may lack a program; CI may not."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
