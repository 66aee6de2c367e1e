"""What a report says: figures and duties of a unit in a period, compared and put into words once and for all.

Only figures and obligations are read, never records. The answer is plain text and whole numbers, ready to be kept: a
reader of next year sees the words of today, whatever indicators and units are called by then.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.utils.translation import gettext as _

from brigade.files.queries import version_in_use
from brigade.indicators.queries import Standing, by_facet, by_unit, parts_of, shown, since, standings
from brigade.indicators.rules import FIGURES, Indicator, Kind
from brigade.kit.clocks import Period, at
from brigade.kit.crypto import sm3
from brigade.kit.templatetags.ui import NOTHING, rounded
from brigade.obligations.models import Obligation
from brigade.obligations.queries import funnel
from brigade.obligations.rules import RULES
from brigade.obligations.states import ObligationState
from brigade.org.models import Person, Unit
from brigade.reports import rules
from brigade.reports.models import Report
from brigade.reports.rules import Section, Series, Verdict
from brigade.reports.states import ReportState

Content = dict[str, Any]
LATE_SHOWN = 30
"""So many late duties are named, the rest is counted."""
FORM = "reports.report"
"""The Word form; which version of it prints a report is kept with it."""
LAYOUT = 1
"""How the content is laid out, for those who read what is kept."""


def canonical(content: Content) -> bytes:
    """The content written in one way whatever database kept it, so that the same content is the same bytes."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def digest_of(content: Content) -> str:
    return sm3(canonical(content)).hex()


def is_intact(report: Report) -> bool:
    """Whether what is kept is what was made."""
    return digest_of(report.snapshot.content) == report.snapshot.digest


def that_counts(series: Series, unit: Unit, period: Period) -> Report | None:
    """The edition of a report that counts; None where there is none yet."""
    rows = Report.objects.filter(unit=unit, series=series.code, period=period.code)
    return rows.exclude(state=ReportState.SUPERSEDED).first()


def editions_of(report: Report) -> QuerySet[Report]:
    """All editions of the same report, the last one first."""
    rows = Report.objects.filter(unit=report.unit_id, series=report.series, period=report.period)
    return rows.select_related("confirmed_by", "created_by").order_by("-edition")


def kept(user: Person, code: str, unit: Unit, period: Period) -> Report | None:
    """The edition that counts of a report that the user may see."""
    rows = Report.objects.visible_to(user).filter(unit=unit, series=code, period=period.code)
    return rows.exclude(state=ReportState.SUPERSEDED).first()


def units_of(series: Series, on: date) -> QuerySet[Unit]:
    """Whom the series is made for."""
    return Unit.objects.filter(kind=series.unit_kind).open_on(on).order_by("path")


# The content


@dataclass(frozen=True, slots=True)
class Then:
    """An earlier period beside the present one: what stood in it, and from when on there are figures at all."""

    period: Period
    found: Mapping[str, Standing]
    known: Collection[str]
    none: str
    zero: str
    gone: str


def content_of(series: Series, unit: Unit, period: Period, *, cut_off: datetime) -> Content | None:
    """The report as it stands at `cut_off`; None where there is nothing to report: no figure, nothing due.

    A constant number of queries. Periods are compared with the same one of last year (同比) and the one before (环比).
    """
    codes = [code for section in series.sections for code in section.codes if code in FIGURES]
    now = _by_code(codes, unit, period)
    duties = _duties(unit, period, cut_off)
    if not duties["due"] and not any(_happened(one) for one in now.values()):
        return None
    first = since(codes)
    year = _then(
        codes, unit, rules.a_year_before(period), first, (_("上年同期数据不全"), _("上年同期为0"), _("上年同期没有数"))
    )
    before = _then(codes, unit, period.previous, first, (_("上期数据不全"), _("上期为0"), _("上期没有数")))
    sections = [_section(section, now, period, (year, before), series.by_unit) for section in series.sections]
    sheet = rules.SHEETS.get(series.code)
    table = sheet.table(unit, period, cut_off) if sheet else None
    return {
        "layout": LAYOUT,
        "formula": rules.FORMULA,
        "form": version_in_use(sheet.form if sheet and table else FORM),
        "series": str(series.code),
        "label": str(series.code.label),
        "title": title_of(series, unit, period),
        "unit": unit.name,
        "period": {"code": period.code, "label": period.label, **_days(period)},
        "compared": [_days(year.period), _days(before.period)],
        "cut_off": timezone.localtime(cut_off).isoformat(timespec="seconds"),
        "sections": [section for section in sections if any(row["code"] in first for row in section["rows"])],
        "table": table,
        "duties": duties,
        "notes": _notes(),
    }


def _happened(one: Standing) -> bool:
    """What is left over from before did not happen in the period."""
    return one.indicator.kind != Kind.STOCK and bool(one.value or one.base)


def title_of(series: Series, unit: Unit, period: Period) -> str:
    return f"{unit.short_name}{period.label}{series.name or series.code.label}"


def _by_code(codes: list[str], unit: Unit, period: Period) -> dict[str, Standing]:
    return {one.indicator.code: one for one in standings(codes, unit, period.start, period.end)}


def _then(codes: list[str], unit: Unit, period: Period, first: Mapping[str, date], words: tuple[str, str, str]) -> Then:
    known = {code for code, day in first.items() if day.replace(day=1) <= period.start}
    return Then(period, _by_code(codes, unit, period), known, *words)


def _section(
    section: Section, now: Mapping[str, Standing], period: Period, earlier: Iterable[Then], units: bool
) -> dict[str, Any]:
    found = [now[code] for code in section.codes if code in now]
    rows = [_row(one, period, earlier) for one in found]
    return {"label": str(section.label), "rows": rows, "units": _units(found, period) if units and found else None}


def _row(one: Standing, period: Period, earlier: Iterable[Then]) -> dict[str, Any]:
    indicator = one.indicator
    return {
        "code": indicator.code,
        "unit": one.unit.pk,
        "label": str(indicator.label),
        "suffix": str(indicator.suffix),
        "basis": str(indicator.basis),
        **_amount(indicator, one.value, one.base),
        "facets": _facets(one, period),
        "against": [_against(one, period, then) for then in earlier],
    }


def _amount(indicator: Indicator, value: Decimal, base: Decimal) -> dict[str, str]:
    """A figure in words, with numerator and denominator of a share."""
    is_share = indicator.kind == Kind.RATIO
    amount = (value * 100 / base if base else None) if is_share else value
    words = NOTHING if amount is None else shown(amount, indicator) + ("%" if is_share else "")
    return {"value": words, "parts": parts_of(indicator, value, base)}


def _facets(one: Standing, period: Period) -> str:
    """一般12、重大1, in the order of the indicator's own list."""
    indicator = one.indicator
    if not indicator.facets or indicator.kind == Kind.RATIO or not one.value:
        return ""
    found = by_facet(indicator.code, one.unit, period.start, period.end)
    named = ((label, found.get(code)) for code, label in indicator.facets.items())
    return "、".join(f"{label}{shown(amount, indicator)}" for label, amount in named if amount)


def _against(one: Standing, period: Period, then: Then) -> dict[str, str]:
    """What stood there in an earlier period, by how much it differs, and whether that is more than chance."""
    indicator = one.indicator
    other = then.found.get(indicator.code)
    nothing = {"value": NOTHING, "parts": "", "change": then.none, "verdict": ""}
    if other is None or indicator.code not in then.known:
        return nothing
    said = _amount(indicator, other.value, other.base)
    if indicator.ripens:
        return {**said, "change": _("不作比较"), "verdict": ""}
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


def _signed(gap: Decimal, unit: str) -> str:
    """−40.0%, +3.2个百分点; a real minus sign."""
    amount = rounded(abs(gap), 1)
    return f"{'−' if gap < 0 else '+'}{amount:,}{unit}"


def _length(period: Period) -> int:
    return (period.end - period.start).days + 1


def _units(found: list[Standing], period: Period) -> dict[str, Any] | None:
    """A line a unit in the fixed order of units, never ranked; None where the top has nobody below it."""
    codes = [one.indicator.code for one in found]
    lines = by_unit(codes, found[0].unit, period.start, period.end)
    if len(lines) < 2:
        return None
    return {
        "heads": [str(one.indicator.label) for one in found],
        "lines": [{"name": unit.short_name, "cells": [_cell(one, sums) for one in found]} for unit, sums in lines],
    }


def _cell(one: Standing, sums: Mapping[str, tuple[Decimal, Decimal]]) -> dict[str, str]:
    if one.indicator.code not in sums:
        return {"value": NOTHING, "parts": ""}
    return _amount(one.indicator, *sums[one.indicator.code])


def _duties(unit: Unit, period: Period, cut_off: datetime) -> dict[str, Any]:
    """How what fell due in the period ended, by rule; and everything that is late at the cut-off."""
    start, end = at(period.start, time.min), at(period.end + timedelta(days=1), time.min)
    below = Unit.objects.below(unit).values("pk")
    whole = funnel(below, start, end, cut_off)
    late = Obligation.objects.open().filter(unit__in=below, due_at__lt=cut_off)
    return {
        "due": whole.due,
        "met": whole.met,
        "on_time": whole.on_time,
        "late": whole.late,
        "excused": whole.excused,
        "rules": _by_rule(below, start, end, cut_off),
        "open_late": late.count(),
        "oldest": [
            {
                "title": row.title,
                "unit": row.unit.short_name,
                "due": timezone.localdate(row.due_at).isoformat(),
                "days": (timezone.localdate(cut_off) - timezone.localdate(row.due_at)).days,
            }
            for row in late.select_related("unit").order_by("due_at", "pk")[:LATE_SHOWN]
        ],
    }


def _by_rule(below: Any, start: datetime, end: datetime, cut_off: datetime) -> list[dict[str, Any]]:
    """The same counts for each kind of duty that had any, in the order of the rules' names."""
    met = Q(state=ObligationState.MET)
    gone = Q(due_at__lt=cut_off, state__in=[ObligationState.OPEN, ObligationState.MISSED])
    rows = (
        Obligation.objects.filter(met | gone, unit__in=below, due_at__gte=start, due_at__lt=end)
        .values("rule")
        .annotate(
            due=Count("pk"), met=Count("pk", filter=met), on_time=Count("pk", filter=met & Q(met_at__lte=F("due_at")))
        )
        .order_by("rule")
    )
    return [
        {"label": str(RULES[row["rule"]].label), "due": row["due"], "met": row["met"], "on_time": row["on_time"],
         "late": row["due"] - row["met"]}
        for row in rows
        if row["rule"] in RULES
    ]  # fmt: skip


def _notes() -> list[str]:
    return [
        _("同比与上年同期比，环比与上一期比；比率的变化用百分点。"),
        _("数量用泊松分布的精确条件检验，按两期天数折算；比率用两个比率的z检验；p小于0.05为差异显著，每项单独检验。"),
        _("样本不足指两期数量太少，怎样分布都看不出差别。"),
        _("口径第%(n)d版。") % {"n": rules.FORMULA},
    ]


def _days(period: Period) -> dict[str, str]:
    start, end = (date_format(day, "Y年n月j日") for day in (period.start, period.end))
    return {
        "start": period.start.isoformat(),
        "end": period.end.isoformat(),
        "days": start if start == end else _("%(start)s至%(end)s") % {"start": start, "end": end},
    }
