"""A brigade with two squadrons."""

import pytest

from tests.brigade.assignments.world import World
from tests.brigade.assignments.world import world as build


@pytest.fixture(autouse=True)
def today(time_machine):
    time_machine.move_to("2026-11-20 10:00 +0800", tick=False)


@pytest.fixture
def world(db) -> World:
    return build()
