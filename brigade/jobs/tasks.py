"""Celery shells: an id in, one action called."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from brigade.jobs import actions
from brigade.jobs.rules import HARD_LIMIT_SECONDS, SOFT_LIMIT_SECONDS

LIMITS = {"soft_time_limit": SOFT_LIMIT_SECONDS, "time_limit": HARD_LIMIT_SECONDS, "ignore_result": True}


@shared_task(**LIMITS)
def wake(*, job_id: int, **_later: Any) -> None:
    actions.run(job_id)
    actions.drain()


@shared_task(**LIMITS)
def tick(**_later: Any) -> None:
    actions.tick(now=timezone.now())
    actions.drain()
