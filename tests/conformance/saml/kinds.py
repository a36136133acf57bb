"""The service providers, what each needs, and what each can do at all."""

import sys
from dataclasses import dataclass

import pytest

from tests.conformance.node_modules import NODE
from tests.conformance.programs import Program

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


@dataclass(frozen=True, kw_only=True)
class Kind(Program):
    """`can` are abilities of the library, not wishes of ours: python3-saml never sends a request by POST."""

    can: frozenset[str] = EVERYTHING


KINDS = (
    Kind(
        name="python3-saml",
        command=(*PYTHON, "tests.conformance.saml.python3_saml_site"),
        can=EVERYTHING - {"post", "index"},
    ),
    Kind(
        name="djangosaml2",
        command=(*PYTHON, "tests.conformance.saml.djangosaml2_process"),
        can=EVERYTHING - {"index", "oaep-sha256"},
        programs=("xmlsec1",),
    ),
    Kind(
        name="passport-saml",
        command=("node", str(NODE / "site.js"), "passport_saml"),
        can=EVERYTHING - {"metadata", "index", "oaep-sha256", "sha384"},
        programs=("node", "npm"),
    ),
    Kind(
        name="samlify",
        command=("node", str(NODE / "site.js"), "samlify"),
        can=EVERYTHING - {"context", "oaep-sha256", "sha384", "format"},
        programs=("node", "npm"),
    ),
)


def those_that(*abilities: str) -> pytest.MarkDecorator:
    """Parametrises a test over the service providers that can do all of this."""
    able = [kind for kind in KINDS if kind.can.issuperset(abilities)]
    return pytest.mark.parametrize("kind", able, ids=[kind.name for kind in able], indirect=True)
