"""A real worker process, on the broker and the database of the run."""

import os
import signal
import time

import pytest
from django.utils import timezone

from brigade.config import celery_app
from brigade.jobs import actions, queries
from brigade.jobs.models import Job
from brigade.jobs.states import JobState

pytestmark = pytest.mark.django_db(transaction=True)


def wait_until(fact, seconds=120):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if fact():
            return True
        time.sleep(0.1)
    return False


def is_done(job):
    return Job.objects.filter(pk=job.pk, state=JobState.DONE).exists()


def test_a_job_that_a_page_asks_for_is_done_by_the_worker(start_worker):
    start_worker()
    job = actions.enqueue("jobs.forget_old", key="asked for")
    assert wait_until(lambda: is_done(job))


def test_the_tick_reaches_the_worker_and_is_heard_of(start_worker):
    start_worker()
    celery_app.send_task("brigade.jobs.tasks.tick")
    assert wait_until(lambda: queries.tick_ok(timezone.now()))


def test_a_job_outlives_its_killed_worker(start_worker):
    killed = start_worker()
    first = actions.enqueue("jobs.forget_old", key="before")
    assert wait_until(lambda: is_done(first))
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    job = actions.enqueue("jobs.forget_old", key="while nobody listens")
    start_worker()
    celery_app.send_task("brigade.jobs.tasks.tick")
    assert wait_until(lambda: is_done(job))
