"""A figure in words, beside what stood there in earlier periods, and whether the difference is more than chance."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django.utils.dateformat import format as date_format
from django.utils.translation import gettext as _

from brigade.indicators.queries import Standing, parts_of, shown, standings
from brigade.indicators.rules import Indicator, Kind
from brigade.kit.clocks import Calendar, Period
from brigade.kit.templatetags.ui import NOTHING, rounded
from brigade.org.models import Unit
from brigade.reports import rules
from brigade.reports.rules import Verdict

Sums = Mapping[str, tuple[Decimal, Decimal]]
"""Code → value and base."""
ZERO = (Decimal(), Decimal())


@dataclass(frozen=True, slots=True)
class Then:
    """An earlier period beside the present one: what it is called, what stood in it, and of which indicators there are
    figures as early as that at all."""

    name: str
    period: Period
    found: Mapping[str, Standing]
    known: Collection[str]
    unlike: str = ""
    """Why it is not to be compared: it was a day of another kind."""

    @property
    def none(self) -> str:
        return _("%s数据不全") % self.name

    @property
    def zero(self) -> str:
        return _("%s为0") % self.name

    @property
    def gone(self) -> str:
        return _("%s没有数") % self.name


def by_code(codes: Collection[str], unit: Unit, period: Period) -> dict[str, Standing]:
    return {one.indicator.code: one for one in standings(codes, unit, period.start, period.end)}


def earlier(
    codes: Collection[str], unit: Unit, period: Period, first: Mapping[str, date], calendar: Calendar
) -> tuple[Then, Then]:
    """The same period of last year (同比) and the one before (环比), with their figures."""

    def then(name: str, at: Period) -> Then:
        known = {code for code, day in first.items() if day.replace(day=1) <= at.start}
        return Then(name, at, by_code(codes, unit, at), known)

    before, year = rules.the_one_before(period, calendar), then(_("上年同期"), rules.a_year_before(period))
    return replace(year, unlike=_unlike(period, year.period, calendar)), then(name_of(before, period, calendar), before)


def _unlike(period: Period, year: Period, calendar: Calendar) -> str:
    """Of a day: that the same date of last year was a working day and this one is none, or the other way round."""
    works = calendar.is_workday(year.start)
    if period.kind != "day" or works == calendar.is_workday(period.start):
        return ""
    return _("上年这天是工作日") if works else _("上年这天是休息日")


def name_of(before: Period, period: Period, calendar: Calendar) -> str:
    """What the period before is called: 上期, of a day which day it is."""
    if period.kind != "day":
        return _("上期")
    if before.start.weekday() == period.start.weekday():
        return _("上周同日")
    return _("前一工作日") if calendar.is_workday(before.start) else _("前一休息日")


def compared_said(then: Sequence[Then]) -> str:
    """With what a report is compared, in a sentence of its notes."""
    _year, before = then
    if before.period.kind != "day":
        return _("同比与上年同期比，环比与上一期比；比率的变化用百分点。")
    return _("同比与上年同一天比，环比与%(name)s（%(day)s）比；工作日与休息日不作比较；比率的变化用百分点。") % {
        "name": before.name, "day": date_format(before.period.start, "Y年n月j日"),
    }  # fmt: skip


def amount_said(indicator: Indicator, value: Decimal, base: Decimal) -> dict[str, str]:
    """A figure in words, with numerator and denominator of a share."""
    is_share = indicator.kind == Kind.RATIO
    amount = (value * 100 / base if base else None) if is_share else value
    words = NOTHING if amount is None else shown(amount, indicator) + ("%" if is_share else "")
    return {"value": words, "parts": parts_of(indicator, value, base)}


def against(one: Standing, other: Standing | None, period: Period, then: Then) -> dict[str, str]:
    """What stood there in an earlier period, by how much it differs, and whether that is more than chance."""
    indicator = one.indicator
    if other is None or indicator.code not in then.known:
        return {"value": NOTHING, "parts": "", "change": then.none, "verdict": ""}
    said = amount_said(indicator, other.value, other.base)
    if indicator.ripens:
        return {**said, "change": _("不作比较"), "verdict": ""}
    if then.unlike and indicator.kind != Kind.STOCK:
        return {**said, "change": then.unlike, "verdict": ""}
    if indicator.kind == Kind.RATIO:
        if not other.base or not one.base:
            return {**said, "change": then.gone if not other.base else "", "verdict": ""}
        gap = one.value * 100 / one.base - other.value * 100 / other.base
        change = _signed(gap, _("个百分点"))
    elif not other.value:
        return {**said, "change": then.zero, "verdict": ""}
    else:
        gap = (one.value - other.value) * 100 / other.value
        change = _signed(gap, "%")
    if not rounded(gap, 1):
        return {**said, "change": _("持平"), "verdict": ""}
    verdict = verdict_on(one, other, _length(period), _length(then.period))
    return {**said, "change": change, "verdict": verdict.words if verdict else ""}


def verdict_on(one: Standing, other: Standing, days: int, days_then: int) -> Verdict | None:
    """By the test that fits; None for what does not count separate events (hours, days saved, what is left over)."""
    indicator = one.indicator
    if not indicator.counts or indicator.kind == Kind.STOCK:
        return None
    if indicator.kind == Kind.RATIO:
        return rules.compare_shares(int(one.value), int(one.base), int(other.value), int(other.base))
    return rules.compare_counts(int(one.value), int(other.value), days, days_then)


def cell(
    whole: Standing, sums: Sums, past: Sequence[Sums | None], period: Period, then: Sequence[Then]
) -> dict[str, object]:
    """The same figure of one unit or town, now and in each earlier period; None where it was not there yet.

    Nothing at all is a dash; what was and is no more is 0. What ripens is not compared.
    """
    code = whole.indicator.code
    if not any(code in found for found in (sums, *past) if found):
        return {"value": NOTHING, "parts": "", "against": []}

    def of(found: Sums) -> Standing:
        value, base = found.get(code, ZERO)
        return replace(whole, value=value, base=base)

    now = of(sums)
    others = [None if found is None else of(found) for found in past]
    pairs = () if now.indicator.ripens else zip(others, then, strict=True)
    return {
        **amount_said(now.indicator, now.value, now.base),
        "against": [against(now, other, period, one) for other, one in pairs],
    }


def _signed(gap: Decimal, unit: str) -> str:
    """−40.0%, +3.2个百分点; a real minus sign."""
    amount = rounded(abs(gap), 1)
    return f"{'−' if gap < 0 else '+'}{amount:,}{unit}"


def _length(period: Period) -> int:
    return (period.end - period.start).days + 1
