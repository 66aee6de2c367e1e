"""When an owner's limit ends, and by how much a pause moves it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone

from brigade.kit.clocks import at
from brigade.reference.queries import parameter
from enforcement.hazards.models import ClockPause, Hazard

DAY_END = time(23, 59, 59)


def value_for(hazard: Hazard, code: str, day: date) -> Any:
    """A parameter as it was on the day that a clock of the hazard goes by; where that lies before the hazard stood
    here, as it was when its old ledger was entered: no rule is older than the portal."""
    return parameter(code, max(day, timezone.localdate(hazard.created_at)))


def end_of(day: date) -> datetime:
    """The last moment of a day: a limit in calendar days holds until then."""
    return at(day, DAY_END)


def due_after(start: datetime, days: int) -> datetime:
    """The end of the last of `days` calendar days, the day after `start` being day 1."""
    return end_of(timezone.localdate(start) + timedelta(days=days))


def moved_by_pause(due_at: datetime, started_at: datetime, ended_at: datetime) -> datetime:
    """The limit after the clock stood still: it moves by the days on which it did."""
    return due_at + timedelta(days=(timezone.localdate(ended_at) - timezone.localdate(started_at)).days)


def days_paused(pauses: Iterable[ClockPause]) -> set[date]:
    """The days by which these pauses, as far as they are over, have moved a limit; each counts once."""
    found: set[date] = set()
    for row in pauses:
        if row.ended_at is not None:
            start, end = timezone.localdate(row.started_at), timezone.localdate(row.ended_at)
            found |= {start + timedelta(days=n) for n in range(1, (end - start).days + 1)}
    return found
