import pytest

from brigade.jobs import actions


@pytest.fixture(autouse=True)
def small_schedule(settings):
    settings.SCHEDULE = "tests.brigade.jobs.lines"
    actions._silence["until"] = 0.0
