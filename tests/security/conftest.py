import pytest

from tests.security.walk import Worlds
from tests.security.world import make_world


@pytest.fixture
def worlds(db: None) -> Worlds:
    return Worlds(make_world("acme"), make_world("globex"))
