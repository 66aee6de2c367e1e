"""Who may make and confirm reports, what stands in which series, and when a difference is more than chance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from math import erfc, exp, lgamma, log, sqrt
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.kit.clocks import Calendar, Day, Period, add_months, add_workdays, at, natural_due, period_of
from brigade.kit.refusals import Refused
from brigade.org.models import Unit
from brigade.org.states import Role, UnitKind
from brigade.reports.models import VIEW, Report
from brigade.reports.states import SeriesCode

BUILD, CONFIRM = "reports.build_report", "reports.confirm_report"
LEADERS = (Role.BRIGADE_LEADER, Role.POLITICAL_OFFICER, Role.DEPUTY_LEADER)
ANSWERING = (*LEADERS, Role.CLERK, Role.SQUADRON_LEADER, Role.HALL_HEAD, Role.WINDOW_LEAD, Role.PARTY_OFFICE)
"""Who answers for reports of the unit on which he has the role, and of all below it."""
GRANTS: dict[str, tuple[Role, ...]] = {
    VIEW: (*ANSWERING, Role.GENERAL_SECRETARY, Role.INSPECTOR),
    BUILD: ANSWERING,
    CONFIRM: ANSWERING,
}

FORMULA = 2
"""Raised when what is compared, tested or left out changes; every report keeps the one that it was made by."""
BUILT_AT = time(6, 0)
"""When a report of yesterday, of last week or of last month is made: figures are settled, nobody is in yet."""
HALL_CLOSED_AT = time(17, 40)
"""When the brief of a hall is made, of the same day."""


# What stands in a report


@dataclass(frozen=True)
class Section:
    """A part of a report: figures of one field by the codes of their indicators, in this order."""

    label: str | Promise
    codes: tuple[str, ...]
    towns: tuple[str, ...] = ()
    """Splits by street and town (`Indicator.towns_of`), for series that show them."""


PARTS = (
    Section(
        gettext_lazy("道路隐患"),
        (
            "hazards.registered",
            "hazards.closed",
            "hazards.closing",
            "hazards.on_time",
            "hazards.closed_on_time",
            "hazards.overdue",
            "hazards.open",
        ),
        towns=("hazards.registered_in_town", "hazards.closed_in_town", "hazards.on_time_in_town"),
    ),
    Section(
        gettext_lazy("窗口服务"),
        ("requests.received", "requests.completed", "requests.on_time", "requests.first_time_right"),
    ),
    Section(
        gettext_lazy("组织生活"),
        ("party.meetings", "party.attendance", "party.compliance", "party.decisions"),
    ),
)


@dataclass(frozen=True)
class Series:
    """A kind of report: whose, about what period, when it is made, what stands in it; one line of a table.

    `due(end, calendar)` is the day on which the report about a period that ended on `end` is made. After a standstill
    the last `keeps` periods are made up for: after two months every week and month are there, and the days of the
    longest holiday. Older days are left to who wants one: a pile of stale briefs to confirm helps nobody.
    """

    code: SeriesCode
    unit_kind: UnitKind
    period: str
    due: Callable[[date, Calendar], Day]
    keeps: int
    sections: tuple[Section, ...]
    by_unit: bool = True
    """Whether each unit has a line of its own."""
    by_town: bool = False
    """Whether each street and town has one, where a section is split so."""
    hour: time = BUILT_AT
    post: Role = Role.CLERK
    """Who has to confirm it."""
    told: tuple[Role, ...] = LEADERS
    """Who of the unit hears that it is confirmed."""
    name: str | Promise = ""
    """What its title calls it, where that is not the name of the series."""


@dataclass(frozen=True)
class Sheet:
    """What a slice adds to the series of the same code: a table in words, kept with the figures, and a Word form.

    `table(unit, period, cut_off)` gives label, heads, lines and basis, all text, or None where there is nothing;
    `fields(report)` what the Word form `form` may name, from what was kept alone.
    """

    code: SeriesCode
    form: str
    table: Callable[[Unit, Period, datetime], dict[str, Any] | None]
    fields: Callable[[Report], dict[str, Any]]


SHEETS: dict[str, Sheet] = {}
"""By series; filled when the application starts, from `documents.SHEETS`."""


def _next_day(end: date, calendar: Calendar) -> Day:
    return natural_due(end, 1, calendar, roll=False)


def _same_day(end: date, calendar: Calendar) -> Day:
    return natural_due(end, 0, calendar, roll=False)


def _second_workday(end: date, calendar: Calendar) -> Day:
    return add_workdays(end, 2, calendar)


def _third_workday(end: date, calendar: Calendar) -> Day:
    return add_workdays(end, 3, calendar)


KEPT = {"day": 10, "week": 9, "month": 3, "quarter": 2}
"""How many periods are made up for after a standstill; a daily one reaches over a Spring Festival of nine days."""


def _of_squadron(code: SeriesCode, period: str, due: Callable[[date, Calendar], Day], name: SeriesCode) -> Series:
    leader = Role.SQUADRON_LEADER
    return Series(
        code, UnitKind.SQUADRON, period, due, keeps=KEPT[period], sections=PARTS[:1], by_unit=False, by_town=True,
        post=leader, told=(leader,), name=name.label,
    )  # fmt: skip


SERIES: dict[str, Series] = {
    series.code: series
    for series in (
        Series(SeriesCode.DAILY, UnitKind.BRIGADE, "day", _next_day, KEPT["day"], PARTS, by_unit=False),
        Series(SeriesCode.WEEKLY, UnitKind.BRIGADE, "week", _next_day, KEPT["week"], PARTS, by_town=True),
        Series(SeriesCode.MONTHLY, UnitKind.BRIGADE, "month", _third_workday, KEPT["month"], PARTS, by_town=True),
        _of_squadron(SeriesCode.UNIT_WEEKLY, "week", _next_day, SeriesCode.WEEKLY),
        _of_squadron(SeriesCode.UNIT_MONTHLY, "month", _third_workday, SeriesCode.MONTHLY),
        Series(
            SeriesCode.HALL_DAILY,
            UnitKind.HALL,
            "day",
            _same_day,
            keeps=KEPT["day"],
            sections=PARTS[1:2],
            by_unit=False,
            hour=HALL_CLOSED_AT,
            post=Role.WINDOW_LEAD,
            told=(Role.HALL_HEAD,),
            name=gettext_lazy("日报"),
        ),  # fmt: skip
        Series(
            SeriesCode.PARTY_RETURN,
            UnitKind.GENERAL_BRANCH,
            "quarter",
            _second_workday,
            keeps=KEPT["quarter"],
            sections=PARTS[2:],
            by_unit=False,
            post=Role.PARTY_OFFICE,
            told=(Role.GENERAL_SECRETARY,),
            name=gettext_lazy("党建报表"),
        ),  # fmt: skip
    )
}
"""Weekly on Monday, monthly on the third working day, the quarter on the second, the hall's brief when it closes."""


def due_at(series: Series, period: Period, calendar: Calendar) -> datetime:
    """When the report about that period is made."""
    return at(series.due(period.end, calendar).date, series.hour)


def periods_due(series: Series, now: datetime, calendar: Calendar) -> list[Period]:
    """The periods whose report should be there by now, as far back as is made up for, oldest first."""
    found: list[Period] = []
    period = period_of(timezone.localdate(now), series.period)
    while len(found) < series.keeps:
        if due_at(series, period, calendar) <= now:
            found.append(period)
        period = period.previous
    return found[::-1]


def a_year_before(period: Period) -> Period:
    """The same period of last year: the same month, and of a day or week the same dates.

    A week of dates and not of the same number: the 1st of October stays in its week. A day that was of another kind
    then, a working day or one off, is shown beside it and not compared.
    """
    start = add_months(period.start, -12)
    if period.kind in ("day", "week"):
        return Period(period.code, period.kind, start, add_months(period.end, -12))
    return period_of(start, period.kind)


def the_one_before(period: Period, calendar: Calendar) -> Period:
    """What a period is compared with beside last year: the week, the month or the quarter before it.

    A day is compared with the same weekday of the week before, as a Saturday is not like the Friday before it. Where
    only one of the two is a working day (a holiday, a weekend worked instead), it is the last day before of its kind.
    """
    if period.kind != "day":
        return period.previous
    works, week = calendar.is_workday(period.start), timedelta(days=7)
    days = (period.start - timedelta(days=back) for back in range(1, 31))
    alike = [day for day in days if calendar.is_workday(day) == works]
    return period_of(period.start - week if period.start - week in alike else alike[0], "day")


def check_over(series: Series, period: Period, now: datetime, calendar: Calendar) -> None:
    """A period is over with its last day; of a hall, with the hour at which its brief is made."""
    first = min(due_at(series, period, calendar), at(period.next.start, time.min))
    if now < first:
        start = timezone.localtime(first)
        words = f"{start:%Y-%m-%d}" if start.time() == time.min else f"{start:%Y-%m-%d %H:%M}"
        raise Refused(_("%(period)s还没结束，%(day)s起才能生成") % {
            "period": period.label, "day": words,
        }, field="day")  # fmt: skip


# When a difference is more than chance

SIGNIFICANT = 0.05
TOO_FEW = gettext_lazy("样本不足")
LEAST_EXPECTED = 5
"""Below this in any of the four cells the approximation behind the test of two shares does not hold."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a test says of two figures; `p` is None where there is too little to say anything."""

    p: float | None

    @property
    def is_significant(self) -> bool:
        return self.p is not None and self.p < SIGNIFICANT

    @property
    def words(self) -> str:
        if self.p is None:
            return str(TOO_FEW)
        if self.is_significant:
            return _("差异显著 %s") % said_p(self.p)
        return _("差异不显著 %s") % said_p(self.p)


def said_p(p: float) -> str:
    """p=0.11, p=0.007; never rounded across the border between chance and more than chance."""
    if p < 0.001:
        return "p<0.001"
    places = Decimal("0.01") if p >= 0.1 else Decimal("0.001")
    return f"p={Decimal(p).quantize(places, ROUND_DOWN if p < SIGNIFICANT else ROUND_HALF_UP)}"


def compare_counts(now: int, then: int, days: int, days_then: int) -> Verdict:
    """Whether two counts of events differ by more than chance: the exact conditional test of two Poisson rates.

    Given their sum, the first is binomial with the share of its days; two-sided by doubling the smaller tail
    (Przyborowski and Wilenski 1940). 30 and 18 in equal times give p=0.11. Where not even
    "all in one period" would be more than chance, there is too little: 5 in all, in equal times.
    """
    total, share = now + then, days / (days + days_then)
    if not total or 2 * min(share, 1 - share) ** total >= SIGNIFICANT:
        return Verdict(None)
    return Verdict(min(1.0, 2 * min(_upper_tail(now, total, share), _upper_tail(then, total, 1 - share))))


def _upper_tail(k: int, n: int, p: float) -> float:
    """P(X ≥ k) of a binomial; summed from its greatest term outwards until nothing is added any more."""
    if k <= 0:
        return 1.0
    if k <= n * p:
        return 1.0 - _upper_tail(n - k + 1, n, 1 - p)
    term = exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + k * log(p) + (n - k) * log(1 - p))
    total = 0.0
    while k <= n and term > total * 1e-17:
        total += term
        term *= (n - k) / (k + 1) * p / (1 - p)
        k += 1
    return total


def compare_shares(part: int, whole: int, part_then: int, whole_then: int) -> Verdict:
    """Whether two shares differ by more than chance: the pooled two-proportion z test.

    255/300 → 276/300 gives z=2.687, p=0.0072. Too little where fewer than five are expected in any of the four cells.
    """
    if not whole or not whole_then:
        return Verdict(None)
    pooled = (part + part_then) / (whole + whole_then)
    if min(pooled, 1 - pooled) * min(whole, whole_then) < LEAST_EXPECTED:
        return Verdict(None)
    z = (part / whole - part_then / whole_then) / sqrt(pooled * (1 - pooled) * (1 / whole + 1 / whole_then))
    return Verdict(erfc(abs(z) / sqrt(2)))
