import pytest

from tests.attack.town import Town
from tests.attack.town import town as build


@pytest.fixture
def town(db) -> Town:
    return build()
