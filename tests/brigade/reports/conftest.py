"""A brigade with two squadrons, on the Monday morning on which the week is reported."""

import pytest

from tests.brigade.reports.world import World
from tests.brigade.reports.world import world as build


@pytest.fixture(autouse=True)
def today(time_machine):
    time_machine.move_to("2026-11-23 06:00 +0800", tick=False)


@pytest.fixture
def world(db) -> World:
    return build()
