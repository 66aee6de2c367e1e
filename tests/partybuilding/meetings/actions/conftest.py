"""A branch of eighteen."""

import pytest

from tests.partybuilding import factories as make


@pytest.fixture
def world():
    return make.world()


@pytest.fixture
def a(world):
    return make.branch(world, full=18)
