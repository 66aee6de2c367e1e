"""What the code registers as jobs, and how the machinery is doing."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import cache
from importlib import import_module

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from django.utils.module_loading import import_string

from brigade.jobs.models import Job, Pulse
from brigade.jobs.rules import Timed
from brigade.jobs.states import JobState

BROKER, TICK = "broker", "tick"


def schedule() -> dict[str, Timed]:
    """The timed work by code."""
    return _registered(settings.SCHEDULE)[0]


def runners() -> dict[str, str]:
    """Jobs that a person's action queues: name → dotted path of an action `(*, job) -> str`."""
    return _registered(settings.SCHEDULE)[1]


@cache
def _registered(module: str) -> tuple[dict[str, Timed], dict[str, str]]:
    lists = import_module(module)
    timed = {line.code: line for line in lists.SCHEDULE}
    if len(timed) < len(lists.SCHEDULE) or timed.keys() & lists.RUNNERS.keys():
        raise ImproperlyConfigured(f"{module}: a job is declared twice")
    return timed, dict(lists.RUNNERS)


def runner(name: str) -> Callable[[Job], str]:
    """What runs a job of that name. Only code can register one; any other name is a bug: LookupError."""
    if timed := schedule().get(name):
        call = import_string(timed.call)
        return lambda job: call(now=timezone.localtime(job.planned_at))
    if path := runners().get(name):
        call = import_string(path)
        return lambda job: call(job=job)
    raise LookupError(f"no job is called {name!r}")


def failed_of(keys: Iterable[str]) -> list[str]:
    """Those of `keys` whose job was given up."""
    return list(Job.objects.filter(key__in=keys, state=JobState.FAILED).values_list("key", flat=True))


def broker_ok() -> bool:
    """False from a failed wake-up until the broker is heard of again; jobs then wait, and nothing is lost."""
    return not Pulse.objects.filter(name=BROKER, ok=False).exists()


def tick_ok(now: datetime, within: timedelta = timedelta(minutes=5)) -> bool:
    """Whether the schedule has been looked at lately, that is, whether beat and a worker are alive."""
    return Pulse.objects.filter(name=TICK, at__gte=now - within).exists()
