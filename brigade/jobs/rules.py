"""When timed work is due, what is caught up after a standstill, and how often a failed job is tried again."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal, Protocol

from brigade.kit.clocks import CHINA, ONE_DAY, Calendar

LEASE = timedelta(minutes=6)
"""Longer than the hard time limit of a task, so that a job whose lease has run out has no living worker."""
SOFT_LIMIT_SECONDS, HARD_LIMIT_SECONDS = 240, 300
DRAIN_SECONDS = 60
"""How long a woken worker goes on taking further jobs; what it starts last still has time before the soft limit."""
ATTEMPTS = 5
BACKOFF_MINUTES = (1, 5, 15, 60, 240)
GRACE = timedelta(minutes=10)
"""A run that is never caught up may still start this late: a tick is not always on the second."""
ASTRAY = timedelta(hours=2)
"""A plan that reaches so far beyond now was made by a clock that was wrong, as after an empty battery."""
KEPT_DAYS = 30

CatchUp = Literal["all", "latest", "none"]


class At(Protocol):
    """A rule that names moments."""

    def moments(self, after: datetime, until: datetime, calendar: Calendar) -> Iterator[datetime]:
        """The moments in (after, until], oldest first, in Asia/Shanghai."""
        ...


@dataclass(frozen=True)
class Every:
    """Each so many minutes, counted from midnight."""

    minutes: int

    def moments(self, after: datetime, until: datetime, calendar: Calendar) -> Iterator[datetime]:
        step = timedelta(minutes=self.minutes)
        local = after.astimezone(CHINA)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        moment = midnight + ((local - midnight) // step + 1) * step
        while moment <= until:
            yield moment
            moment += step


@dataclass(frozen=True)
class Daily:
    """Each day at one time."""

    at: time

    def moments(self, after: datetime, until: datetime, calendar: Calendar) -> Iterator[datetime]:
        return _on_days(self.at, after, until)


@dataclass(frozen=True)
class Workdays:
    """Each working day at one time, make-up Saturdays and Sundays too."""

    at: time

    def moments(self, after: datetime, until: datetime, calendar: Calendar) -> Iterator[datetime]:
        return (moment for moment in _on_days(self.at, after, until) if calendar.is_workday(moment.date()))


@dataclass(frozen=True)
class Timed:
    """A line of the schedule: `call` is the dotted path of an action `(*, now) -> str`, given the planned moment.

    After a standstill `all` missed runs are made, oldest first, or only the `latest`, or `none` that is not due now.
    """

    code: str
    label: str
    call: str
    at: At
    catch_up: CatchUp = "latest"


def runs_to_plan(timed: Timed, after: datetime, now: datetime, calendar: Calendar) -> list[datetime]:
    """Which of the moments since `after` are to be run now, oldest first."""
    moments = list(timed.at.moments(after, now, calendar))
    if timed.catch_up == "all":
        return moments
    latest = moments[-1:]
    if timed.catch_up == "none":
        return [moment for moment in latest if now - moment <= GRACE]
    return latest


def next_attempt(now: datetime, attempts: int) -> datetime | None:
    """When a job that has failed `attempts` times is tried again; None when it is given up."""
    if attempts >= ATTEMPTS:
        return None
    return now + timedelta(minutes=BACKOFF_MINUTES[attempts - 1])


def _on_days(at: time, after: datetime, until: datetime) -> Iterator[datetime]:
    day = after.astimezone(CHINA).date()
    while (moment := datetime.combine(day, at, CHINA)) <= until:
        if moment > after:
            yield moment
        day += ONE_DAY
