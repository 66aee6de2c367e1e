"""When an owner's limit ends, and by how much a pause moves it."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.utils import timezone

from brigade.kit.clocks import at

DAY_END = time(23, 59, 59)


def end_of(day: date) -> datetime:
    """The last moment of a day: a limit in calendar days holds until then."""
    return at(day, DAY_END)


def due_after(start: datetime, days: int) -> datetime:
    """The end of the last of `days` calendar days, the day after `start` being day 1."""
    return end_of(timezone.localdate(start) + timedelta(days=days))


def moved_by_pause(due_at: datetime, started_at: datetime, ended_at: datetime) -> datetime:
    """The limit after the clock stood still: it moves by the days on which it did."""
    return due_at + timedelta(days=(timezone.localdate(ended_at) - timezone.localdate(started_at)).days)
