"""Time limits, working days, session minutes and periods: pure functions, no database and no look at the clock.

Days are `date`s of the wall calendar in Asia/Shanghai; moments are aware `datetime`s. A result that leans on a year
whose holidays are not loaded is *provisional* (暂算): Mon–Fri is assumed there, and the result is computed again later.
"""

import re
from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

CHINA = ZoneInfo("Asia/Shanghai")
ONE_DAY = timedelta(days=1)

Sessions = tuple[tuple[time, time], ...]
SESSIONS: Sessions = ((time(8, 30), time(12, 0)), (time(13, 30), time(17, 0)))
"""Opening hours of the hall where nothing else is set: 420 minutes a day, closing at 17:00."""


@dataclass(frozen=True)
class Calendar:
    """The work calendar: Mon–Fri but for the listed exceptions (True: make-up working day, False: day off)."""

    exceptions: Mapping[date, bool] = field(default_factory=dict)
    loaded_years: frozenset[int] = frozenset()

    def is_workday(self, day: date) -> bool:
        return self.exceptions.get(day, day.weekday() < 5)

    def knows(self, day: date) -> bool:
        """Whether the holidays of the day's year are loaded."""
        return day.year in self.loaded_years


@dataclass(frozen=True, slots=True)
class Day:
    """A day that was computed; `provisional` when a year without loaded holidays had a say in it."""

    date: date
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment that was computed; `provisional` as in `Day`."""

    at: datetime
    provisional: bool = False


# Days


def add_workdays(start: date, count: int, calendar: Calendar) -> Day:
    """The last day of a limit of `count` working days: day 1 is the working day after `start`, 0 is `start` itself.

    A negative count goes back: -3 is the third working day before `start`.
    """
    step = ONE_DAY if count > 0 else -ONE_DAY
    day, left, provisional = start, abs(count), False
    while left:
        day += step
        provisional = provisional or not calendar.knows(day)
        left -= calendar.is_workday(day)
    return Day(day, provisional)


def workdays_between(after: date, until: date, calendar: Calendar) -> int:
    """Working days in (after, until]; negative when `until` lies before `after`."""
    if until < after:
        return -workdays_between(until, after, calendar)
    return sum(calendar.is_workday(after + timedelta(days=n)) for n in range(1, (until - after).days + 1))


def workday_on_or_after(day: date, calendar: Calendar) -> Day:
    return _roll(day, ONE_DAY, calendar)


def workday_on_or_before(day: date, calendar: Calendar) -> Day:
    return _roll(day, -ONE_DAY, calendar)


def _roll(day: date, step: timedelta, calendar: Calendar) -> Day:
    provisional = not calendar.knows(day)
    while not calendar.is_workday(day):
        day += step
        provisional = provisional or not calendar.knows(day)
    return Day(day, provisional)


def natural_due(start: date, days: int, calendar: Calendar, roll: bool) -> Day:
    """The last day of a limit in natural days, the day after `start` being day 1.

    With `roll` a last day off moves to the next working day (公安部令第163号); without it nothing moves, and the
    calendar has no say.
    """
    last = start + timedelta(days=days)
    return workday_on_or_after(last, calendar) if roll else Day(last)


def add_months(day: date, months: int) -> date:
    """The same day `months` later, or the last day of that month where it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def suspended_days(suspended_on: date, resumed_on: date, calendar: Calendar) -> int:
    """Working days by which a suspension moves a limit: those in (suspended_on, resumed_on]."""
    return workdays_between(suspended_on, resumed_on, calendar)


# Minutes


def at(day: date, clock: time) -> datetime:
    """That wall-clock time on that day, in Asia/Shanghai."""
    return datetime.combine(day, clock, tzinfo=CHINA)


def closing(day: date, sessions: Sessions = SESSIONS) -> datetime:
    """When the hall closes on that day: the moment at which a limit in days is over."""
    return at(day, sessions[-1][1])


def next_opening(moment: datetime, calendar: Calendar, sessions: Sessions = SESSIONS) -> Moment:
    """`moment` itself while the hall is open, else when it next opens: from then on an online application counts."""
    provisional = False
    for start, end, known in _sessions_from(moment, calendar, sessions):
        provisional = provisional or not known
        if moment < end:
            return Moment(max(start, moment.astimezone(CHINA)), provisional)
    raise AssertionError("sessions go on for ever")


def session_minutes(start: datetime, end: datetime, calendar: Calendar, sessions: Sessions = SESSIONS) -> float:
    """Minutes between the two moments in which the hall was open; 0 when `end` is not after `start`."""
    total = timedelta()
    if end > start:
        for opens, closes, _known in _sessions_from(start, calendar, sessions):
            if opens >= end:
                break
            total += max(min(closes, end) - max(opens, start), timedelta())
    return total / timedelta(minutes=1)


def add_session_minutes(start: datetime, minutes: float, calendar: Calendar, sessions: Sessions = SESSIONS) -> Moment:
    """When a limit of so many open minutes is over: a limit that ends at closing time ends then, not next morning."""
    left, provisional = timedelta(minutes=minutes), False
    for opens, closes, known in _sessions_from(start, calendar, sessions):
        provisional = provisional or not known
        begins = max(opens, start.astimezone(CHINA))
        if begins >= closes:
            continue
        if begins + left <= closes:
            return Moment(begins + left, provisional)
        left -= closes - begins
    raise AssertionError("sessions go on for ever")


def _sessions_from(
    moment: datetime, calendar: Calendar, sessions: Sessions
) -> Iterator[tuple[datetime, datetime, bool]]:
    """(opening, closing, is the year loaded) of every session from the day of `moment` on, without end."""
    day = moment.astimezone(CHINA).date()
    while True:
        if calendar.is_workday(day):
            for opens, closes in sessions:
                yield at(day, opens), at(day, closes), calendar.knows(day)
        day += ONE_DAY


# Periods


@dataclass(frozen=True, slots=True)
class Period:
    """A named stretch of days, both ends included: 2026-06-30, 2026-W09, 2026-06, 2026-Q2, 2026-H1 or 2026."""

    code: str
    kind: str
    start: date
    end: date

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.start <= day <= self.end

    @property
    def next(self) -> "Period":
        return period_of(self.end + ONE_DAY, self.kind)

    @property
    def previous(self) -> "Period":
        return period_of(self.start - ONE_DAY, self.kind)

    @property
    def label(self) -> str:
        """The period as a reader calls it: 2026年6月, 2026年第二季度."""
        year, month = self.start.year, self.start.month
        match self.kind:
            case "day":
                return _("%(year)s年%(month)s月%(day)s日") % {"year": year, "month": month, "day": self.start.day}
            case "week":
                iso = self.start.isocalendar()
                return _("%(year)s年第%(week)s周") % {"year": iso.year, "week": iso.week}
            case "month":
                return _("%(year)s年%(month)s月") % {"year": year, "month": month}
            case "quarter":
                return _("%(year)s年第%(quarter)s季度") % {"year": year, "quarter": "一二三四"[month // 3]}
            case "half":
                return _("%(year)s年上半年") % {"year": year} if month == 1 else _("%(year)s年下半年") % {"year": year}
        return _("%(year)s年") % {"year": year}


PERIOD_KINDS = ("day", "week", "month", "quarter", "half", "year")


def period_of(day: date, kind: str) -> Period:
    """The period of that kind in which the day lies; weeks are ISO weeks, so 2027-01-01 is in 2026-W53."""
    match kind:
        case "day":
            return Period(day.isoformat(), kind, day, day)
        case "week":
            year, week, weekday = day.isocalendar()
            monday = day - timedelta(days=weekday - 1)
            return Period(f"{year}-W{week:02}", kind, monday, monday + timedelta(days=6))
        case "month":
            return _months(day.year, day.month, 1, kind, f"{day.year:04}-{day.month:02}")
        case "quarter":
            quarter = (day.month + 2) // 3
            return _months(day.year, quarter * 3 - 2, 3, kind, f"{day.year:04}-Q{quarter}")
        case "half":
            half = 1 if day.month <= 6 else 2
            return _months(day.year, half * 6 - 5, 6, kind, f"{day.year:04}-H{half}")
        case "year":
            return _months(day.year, 1, 12, kind, f"{day.year:04}")
    raise ValueError(f"no such kind of period: {kind!r}")


_CODES = {
    "day": re.compile(r"(\d{4})-(\d\d)-(\d\d)"),
    "week": re.compile(r"(\d{4})-W(\d\d)"),
    "month": re.compile(r"(\d{4})-(\d\d)"),
    "quarter": re.compile(r"(\d{4})-Q([1-4])"),
    "half": re.compile(r"(\d{4})-H([12])"),
    "year": re.compile(r"(\d{4})"),
}


def parse_period(code: str) -> Period:
    """The period of that code; ValueError when there is none such (2026-02-30, 2025-W53, 2026-Q5)."""
    for kind, pattern in _CODES.items():
        if found := pattern.fullmatch(code):
            year, *rest = (int(part) for part in found.groups())
            match kind:
                case "day":
                    return period_of(date(year, *rest), kind)
                case "week":
                    return period_of(date.fromisocalendar(year, rest[0], 1), kind)
            months = {"month": 1, "quarter": 3, "half": 6, "year": 12}[kind]
            return period_of(date(year, (rest[0] - 1) * months + 1 if rest else 1, 1), kind)
    raise ValueError(f"not a period: {code!r}")


def periods_between(kind: str, first: date, last: date) -> list[Period]:
    """Every period of that kind that touches [first, last], in order."""
    found: list[Period] = []
    day = first
    while day <= last:
        found.append(period_of(day, kind))
        day = found[-1].end + ONE_DAY
    return found


def last_workday(period: Period, calendar: Calendar) -> Day:
    """The last working day of the period: where a monthly duty is due and the last reminder goes out."""
    return workday_on_or_before(period.end, calendar)


def _months(year: int, month: int, count: int, kind: str, code: str) -> Period:
    start = date(year, month, 1)
    last = month + count - 1
    return Period(code, kind, start, date(year, last, monthrange(year, last)[1]))
