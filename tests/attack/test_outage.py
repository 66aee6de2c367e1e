"""Redis is gone: pages open, records are saved, sessions hold, and whoever can do something about it is told."""

import json
import subprocess
import sys

import pytest

from brigade.jobs.models import Job
from brigade.jobs.states import JobState
from brigade.org.states import Role
from tests.attack.test_input import desk
from tests.brigade.org.factories import person
from tests.conftest import ROOT


@pytest.mark.django_db(transaction=True)
def test_without_redis_the_day_goes_on(own_environment, town):
    admin = person(Role.AUDIT_ADMIN, at=town.brigade)
    environment = {**own_environment, "REDIS_URL": "redis://127.0.0.1:1/0", "DJANGO_SETTINGS_MODULE": "tests.settings"}
    command = [sys.executable, "-m", "tests.attack.without_redis", str(town.hall.clerk.pk), str(admin.pk)]
    done = subprocess.run(
        [*command, json.dumps(desk(town))], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert {found[page] for page in found if page.startswith("/") and page != "/readyz"} == {200}
    assert (found["saved"], found["record"], found["asked of the worker"]) == (302, 1, 200)
    assert (found["banner for the clerk"], found["banner for the administrator"]) == (False, True)
    assert found["seconds"] < 30
    assert Job.objects.filter(state=JobState.QUEUED).exists(), "what the worker was asked for waits"
