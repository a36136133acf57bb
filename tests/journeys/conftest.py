"""One installation for all of this folder, as a stranger starts it."""

from collections.abc import Iterator

import pytest

from tests.installation import Demo, serving


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with serving(tmp_path_factory.mktemp("demo")) as running:
        yield running
