"""One branch of eighteen, its recorder signed in, on the evening of 20 November 2026."""

from __future__ import annotations

import pytest
from django.utils import timezone

from tests.partybuilding import factories
from tests.partybuilding.factories import Branch, World
from tests.partybuilding.meetings.pages.sending import NOW


@pytest.fixture(autouse=True)
def evening(monkeypatch):
    """It is the evening of 20 November 2026 for everybody."""
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def world() -> World:
    return factories.world()


@pytest.fixture
def branch(world) -> Branch:
    return factories.branch(world, full=18)


@pytest.fixture
def recorder(client, branch):
    client.force_login(branch.recorder)
    return client
