"""Rates of attendance, hours of study, and the days by which something is late.

Hours are reckoned as local conversion tables do, within caps.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from django.utils import timezone

from brigade.kit.clocks import Calendar, Day, add_workdays
from partybuilding.meetings.states import NOT_DUE, ON_LEAVE, THERE, MakeUp, Presence


def percent(part: int | Decimal, whole: int | Decimal) -> Decimal | None:
    """With one decimal, half up; None (shown as a dash) where there is nothing to divide by."""
    if not whole:
        return None
    return (Decimal(part) * 100 / Decimal(whole)).quantize(Decimal("0.1"), ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Tally:
    """How a roll-call came out. Approved leave stays among those due; rates of a period are sums over sums."""

    due: int = 0
    present: int = 0
    leave: int = 0
    absent: int = 0
    unmarked: int = 0
    exempt: int = 0
    observers: int = 0
    made_up: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))

    @property
    def rate(self) -> Decimal | None:
        """到会率"""
        return percent(self.present, self.due)

    @property
    def coverage(self) -> Decimal | None:
        """覆盖率: those who made it up count too."""
        return percent(self.present + self.made_up, self.due)

    @property
    def absence(self) -> Decimal | None:
        """缺席率"""
        return percent(self.absent, self.due)


def tally(rows: Iterable[tuple[str, str]]) -> Tally:
    """Count (status, make-up) pairs."""
    counts: dict[str, int] = defaultdict(int)
    for status, makeup in rows:
        counts["due"] += status not in NOT_DUE
        counts["present"] += status in THERE
        counts["leave"] += status in ON_LEAVE
        counts["absent"] += status == Presence.ABSENT
        counts["unmarked"] += status == Presence.UNMARKED
        counts["exempt"] += status == Presence.EXEMPT
        counts["observers"] += status == Presence.OBSERVER
        counts["made_up"] += makeup == MakeUp.DONE and status not in THERE | NOT_DUE
    return Tally(**counts)


def is_late_leave(filed_at: datetime, starts_at: datetime) -> bool:
    """Leave filed once the meeting has begun is 补假: absent until the secretary approves it."""
    return filed_at >= starts_at


MINUTES_OF_HALF_AN_HOUR = 30
MOST_A_HALF_DAY = Decimal(4)
MOST_A_DAY = Decimal(8)


def segment_hours(minutes: int) -> Decimal:
    """An hour for sixty minutes, by whole halves."""
    return Decimal(minutes // MINUTES_OF_HALF_AN_HOUR) / 2


def study_hours(spans: Iterable[tuple[datetime, datetime]]) -> Decimal:
    """What one person earns by these stretches of study: no more than 4 hours a half-day and 8 a day."""
    halves: dict[tuple[date, bool], Decimal] = defaultdict(Decimal)
    for starts_at, ends_at in spans:
        local = timezone.localtime(starts_at)
        halves[local.date(), local.hour < 12] += segment_hours(int((ends_at - starts_at) / timedelta(minutes=1)))
    days: dict[date, Decimal] = defaultdict(Decimal)
    for (day, _morning), hours in halves.items():
        days[day] += min(hours, MOST_A_HALF_DAY)
    return sum((min(hours, MOST_A_DAY) for hours in days.values()), Decimal())


def earns(status: str, makeup: str) -> bool:
    """Whether somebody earns the hours of a meeting: he was there, or made it up."""
    return status in THERE or makeup == MakeUp.DONE


def record_deadline(held_on: date, workdays: int, calendar: Calendar) -> Day:
    """Until when a record should be confirmed; later it counts all the same but is marked late."""
    return add_workdays(held_on, workdays, calendar)


def is_record_late(confirmed_on: date, held_on: date, workdays: int, calendar: Calendar) -> bool:
    return confirmed_on > record_deadline(held_on, workdays, calendar).date


def is_backfill(entered_on: date, held_on: date, days: int) -> bool:
    return (entered_on - held_on).days > days
