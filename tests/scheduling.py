"""Which tests stay together on one worker: those of a folder that share an installation, or of a file that share a database, dear to start."""

from xdist.scheduler import LoadScopeScheduling

TOGETHER = (
    "tests/chaos/",
    "tests/conformance/provisioning/",
    "tests/conformance/saml/",
    "tests/journeys/",
    "tests/portal/test_management_commands_speak_in_sentences.py",  # by processes of their own: half a minute of migrations
)


def scope_of(nodeid: str) -> str:
    """What is given out as one piece: a folder or file of those above, everywhere else a single test."""
    return next((folder for folder in TOGETHER if nodeid.startswith(folder)), nodeid)


class ByFolder(LoadScopeScheduling):  # type: ignore[misc]
    """In place of --dist=loadgroup, whose marks pytest 9.2 does not let pytest-xdist 3.8 write into the tests' ids: it groups nothing."""

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)
