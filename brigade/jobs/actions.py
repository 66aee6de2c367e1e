"""Queueing, claiming, running and planning work. Nobody but the machine calls these, so they have no `by`."""

import contextlib
import logging
import time
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from celery import current_app
from django.db import OperationalError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.jobs import rules
from brigade.jobs.models import Job, Plan, Pulse
from brigade.jobs.queries import BROKER, TICK, runner, schedule
from brigade.jobs.rules import Timed
from brigade.jobs.states import JobState
from brigade.kit.clocks import Calendar
from brigade.kit.refusals import Refused
from brigade.reference.queries import calendar

log = logging.getLogger(__name__)

WAKE_TASK = "brigade.jobs.tasks.wake"
PUBLISH_TIMEOUT_SECONDS = 1
SILENT_SECONDS = 15
_silence = {"until": 0.0}
"""Per process: until when the broker is left alone after a failure."""


class LeaseLost(RuntimeError):
    """Another worker has taken the job over; this one must stop."""


def enqueue(name: str, *, key: str, payload: dict[str, Any] | None = None, due_at: datetime | None = None) -> Job:
    """Ask for a piece of work once: a second call with the same key gives the same job.

    The row is written in the caller's transaction; a worker is woken when that commits. A broker that is away costs
    the request nothing but one short timeout, and the job runs at the next tick.
    """
    runner(name)
    now = timezone.now()
    due_at = due_at or now
    Job.objects.bulk_create(
        [Job(name=name, key=key, payload=payload or {}, planned_at=due_at, due_at=due_at, created_at=now)],
        ignore_conflicts=True,
    )
    job = Job.objects.get(key=key)
    if job.state == JobState.QUEUED and job.due_at <= now:
        transaction.on_commit(lambda: _wake(job.pk))
    return job


@transaction.atomic
def claim(*, owner: str, now: datetime, limit: int = 1, job_id: int | None = None) -> list[Job]:
    """Take due jobs, oldest first, for one lease; what another worker is taking at the same moment is skipped.

    On PostgreSQL the rows are locked; on SQLite the transaction itself is the lock (IMMEDIATE).
    """
    due = Job.objects.due(now)
    if job_id is not None:
        due = due.filter(pk=job_id)
    jobs = list(due.select_for_update(skip_locked=True).order_by("due_at", "id")[:limit])
    Job.objects.filter(pk__in=[job.pk for job in jobs]).update(
        state=JobState.RUNNING,
        lease_owner=owner,
        lease_until=now + rules.LEASE,
        attempts=F("attempts") + 1,
        progress=0,
    )
    for job in jobs:
        job.lease_owner, job.attempts = owner, job.attempts + 1
    return jobs


def run(job_id: int, *, now: datetime | None = None) -> bool:
    """Run one job if it is due and free; False when there is nothing to do, as after a message delivered twice."""
    jobs = claim(owner=str(uuid4()), now=now or timezone.now(), job_id=job_id)
    for job in jobs:
        _execute(job)
    return bool(jobs)


def drain(*, seconds: float = rules.DRAIN_SECONDS) -> int:
    """Run due jobs until there are none, but start none after `seconds`; returns how many were run."""
    started, done = time.monotonic(), 0
    while time.monotonic() - started < seconds and Job.objects.due(timezone.now()).exists():
        jobs = claim(owner=str(uuid4()), now=timezone.now())
        for job in jobs:
            _execute(job)
        done += len(jobs)
    return done


def progress(job: Job, percent: int) -> None:
    """Tell how far a long job is, and hold it for another lease. LeaseLost when it is no longer this worker's.

    Inside an open transaction nobody sees it before the commit, so long jobs work in batches.
    """
    held = Job.objects.filter(pk=job.pk, lease_owner=job.lease_owner, state=JobState.RUNNING)
    if not held.update(progress=max(0, min(percent, 100)), lease_until=timezone.now() + rules.LEASE):
        raise LeaseLost(job.key)


def _execute(job: Job) -> None:
    try:
        result = runner(job.name)(job)
    except LeaseLost:
        log.warning("job %s went to another worker", job.pk)
    except Refused as refusal:
        _give_back(job, str(refusal), None)
    except Exception as error:  # whatever a job raises must not take the worker down
        log.exception("job %s failed", job.pk)
        _give_back(job, f"{type(error).__name__}: {error}", rules.next_attempt(timezone.now(), job.attempts))
    else:
        _held(job).update(
            state=JobState.DONE,
            progress=100,
            result=(result or "")[:400],
            error="",
            finished_at=timezone.now(),
            lease_owner="",
            lease_until=None,
        )


def _give_back(job: Job, error: str, due_at: datetime | None) -> None:
    """Queue the job for its next attempt, or give it up when there is none."""
    if due_at is None:
        changes: dict[str, Any] = {"state": JobState.FAILED, "finished_at": timezone.now(), "result": error[:400]}
    else:
        changes = {"state": JobState.QUEUED, "due_at": due_at}
    _held(job).update(error=error[:2000], lease_owner="", lease_until=None, **changes)


def _held(job: Job) -> Any:
    return Job.objects.filter(pk=job.pk, state=JobState.RUNNING, lease_owner=job.lease_owner)


@transaction.atomic
def sweep(*, now: datetime) -> int:
    """Take back jobs whose worker died; those that have killed ATTEMPTS workers are given up. Returns how many."""
    lapsed = list(Job.objects.lapsed(now).select_for_update(skip_locked=True).order_by("id"))
    for job in lapsed:
        _give_back(job, _("工作进程中断"), now if job.attempts < rules.ATTEMPTS else None)
    return len(lapsed)


def tick(*, now: datetime) -> int:
    """Plan what the schedule says is due since each job's last planned moment, and take back what was left lying.

    Two ticks at once plan once: the plan row is locked and each run has one key. Returns how many runs were planned.
    """
    days = calendar()
    known = dict(Plan.objects.values_list("code", "planned_until"))
    planned = 0
    for timed in schedule().values():
        after = known.get(timed.code)
        if after is None or after - now > rules.ASTRAY or next(iter(timed.at.moments(after, now, days)), None):
            planned += _plan(timed, now, days)
    sweep(now=now)
    _pulse(TICK, ok=True, now=now)
    Pulse.objects.filter(name=BROKER, ok=False).update(ok=True, at=now, note="")
    return planned


@transaction.atomic
def _plan(timed: Timed, now: datetime, days: Calendar) -> int:
    """A job seen for the first time starts from now: what would have been due before it existed is not missed.

    So does one that a wrong clock has planned far ahead: it would stand still until then. What has run does not run
    again, for each run has one key.
    """
    Plan.objects.bulk_create([Plan(code=timed.code, planned_until=now)], ignore_conflicts=True)
    plan = Plan.objects.select_for_update().get(code=timed.code)
    if plan.planned_until - now > rules.ASTRAY:
        Plan.objects.filter(pk=plan.pk).update(planned_until=now)
        return 0
    moments = rules.runs_to_plan(timed, plan.planned_until, now, days)
    for moment in moments:
        enqueue(timed.code, key=f"{timed.code}|{moment.isoformat()}", due_at=moment)
    Plan.objects.filter(pk=plan.pk, planned_until__lt=now).update(planned_until=now)
    return len(moments)


@transaction.atomic
def forget_old(*, now: datetime) -> str:
    """Remove finished runs of timed jobs after KEPT_DAYS; jobs that people asked for, and failed ones, stay."""
    old = Job.objects.filter(
        state=JobState.DONE, name__in=list(schedule()), finished_at__lt=now - timedelta(days=rules.KEPT_DAYS)
    )
    count, _models = old.delete()
    return _("清理%(count)s条") % {"count": count}


def _wake(job_id: int) -> None:
    """Tell a worker that there is something to do. Never fails and never waits long: the tick finds the job anyway.

    After a failure the process leaves the broker alone for SILENT_SECONDS, so that a page pays for it at most once.
    """
    if time.monotonic() < _silence["until"]:
        return
    try:
        with current_app.connection_for_write(connect_timeout=PUBLISH_TIMEOUT_SECONDS) as connection:
            connection.transport_options = {
                **connection.transport_options,
                "socket_connect_timeout": PUBLISH_TIMEOUT_SECONDS,
                "socket_timeout": PUBLISH_TIMEOUT_SECONDS,
                "max_retries": 0,
            }
            current_app.send_task(
                WAKE_TASK, kwargs={"job_id": job_id}, connection=connection, retry=False, ignore_result=True
            )
    except Exception as error:  # noqa: BLE001 a broker can fail in many ways, and none of them concerns the request
        _silence["until"] = time.monotonic() + SILENT_SECONDS
        log.warning("the broker cannot be reached: %s", type(error).__name__)
        with contextlib.suppress(OperationalError):  # on a disk that is full for both, the log line has to do
            _pulse(BROKER, ok=False, now=timezone.now(), note=type(error).__name__)


def _pulse(name: str, *, ok: bool, now: datetime, note: str = "") -> None:
    Pulse.objects.update_or_create(name=name, defaults={"ok": ok, "at": now, "note": note})
