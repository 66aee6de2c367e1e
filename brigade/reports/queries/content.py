"""What a report says: figures and duties of a unit in a period, compared and put into words once and for all.

Only figures and obligations are read, never records. The answer is plain text and whole numbers, ready to be kept: a
reader of next year sees the words of today, whatever indicators and units are called by then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import Count, F, Q
from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.utils.translation import gettext as _

from brigade.files.queries import version_in_use
from brigade.indicators.queries import Standing, by_facet, by_town, by_unit, shown, since
from brigade.indicators.rules import FIGURES, Kind
from brigade.kit.clocks import Period, at
from brigade.obligations.models import Obligation
from brigade.obligations.queries import funnel
from brigade.obligations.rules import RULES
from brigade.obligations.states import ObligationState
from brigade.org.models import Unit
from brigade.reference.models import Town
from brigade.reference.queries import calendar
from brigade.reports import rules
from brigade.reports.queries.comparing import Then, against, amount_said, by_code, cell, compared_said, earlier
from brigade.reports.rules import Section, Series

Content = dict[str, Any]
LATE_SHOWN = 30
"""So many late duties are named, the rest is counted."""
FORM = "reports.report"
"""The Word form; which version of it prints a report is kept with it."""
LAYOUT = 2
"""How the content is laid out, for those who read what is kept."""


def content_of(series: Series, unit: Unit, period: Period, *, cut_off: datetime) -> Content | None:
    """The report as it stands at `cut_off`; None where there is nothing to report: no figure, nothing due.

    A constant number of queries. Periods are compared with the same one of last year (同比) and the one before (环比,
    see `rules.the_one_before`).
    """
    codes = [code for section in series.sections for code in section.codes if code in FIGURES]
    now = by_code(codes, unit, period)
    duties = _duties(unit, period, cut_off)
    if not duties["due"] and not any(_happened(one) for one in now.values()):
        return None
    first = since(codes)
    then = earlier(codes, unit, period, first, calendar())
    sections = [_section(section, series, now, period, then) for section in series.sections]
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
        "compared": [{"name": one.name, **_days(one.period)} for one in then],
        "cut_off": timezone.localtime(cut_off).isoformat(timespec="seconds"),
        "sections": [section for section in sections if any(row["code"] in first for row in section["rows"])],
        "table": table,
        "duties": duties,
        "notes": _notes(then),
    }


def _happened(one: Standing) -> bool:
    """What is left over from before did not happen in the period."""
    return one.indicator.kind != Kind.STOCK and bool(one.value or one.base)


def title_of(series: Series, unit: Unit, period: Period) -> str:
    return f"{unit.short_name}{period.label}{series.name or series.code.label}"


def _section(
    section: Section, series: Series, now: Mapping[str, Standing], period: Period, then: Sequence[Then]
) -> dict[str, Any]:
    found = [now[code] for code in section.codes if code in now]
    return {
        "label": str(section.label),
        "rows": [_row(one, period, then) for one in found],
        "units": _units(found, period, then) if series.by_unit and found else None,
        "towns": _towns(section, found, period, then) if series.by_town and found else None,
    }


def _row(one: Standing, period: Period, then: Iterable[Then]) -> dict[str, Any]:
    indicator = one.indicator
    return {
        "code": indicator.code,
        "unit": one.unit.pk,
        "label": str(indicator.label),
        "suffix": str(indicator.suffix),
        "basis": str(indicator.basis),
        **amount_said(indicator, one.value, one.base),
        "facets": _facets(one, period),
        "against": [against(one, other.found.get(indicator.code), period, other) for other in then],
    }


def _facets(one: Standing, period: Period) -> str:
    """一般12、重大1, in the order of the indicator's own list."""
    indicator = one.indicator
    if not indicator.facets or indicator.kind == Kind.RATIO or not one.value:
        return ""
    found = by_facet(indicator.code, one.unit, period.start, period.end)
    named = ((label, found.get(code)) for code, label in indicator.facets.items())
    return "、".join(f"{label}{shown(amount, indicator)}" for label, amount in named if amount)


def _units(found: list[Standing], period: Period, then: Sequence[Then]) -> dict[str, Any] | None:
    """A line a unit in the fixed order of units, never ranked; None where the top has nobody below it.

    A unit that was closed before the period's end has a line only where it has figures in it.
    """
    codes, top = [one.indicator.code for one in found], found[0].unit
    now, *past = (by_unit(codes, top, span.start, span.end) for span in (period, *(one.period for one in then)))
    here, units = {unit.pk: sums for unit, sums in now}, {unit.pk: unit for unit, _sums in now}
    gone = [{unit.pk: sums for unit, sums in lines} for lines in past]
    units |= {unit.pk: unit for lines in past for unit, _sums in lines if not _is_closed(unit, period)}
    if len(units) < 2:
        return None
    lines = []
    for unit in sorted(units.values(), key=lambda one: (one.order, one.pk)):
        was = [
            sums.get(unit.pk, {}) if unit.opened_on <= one.period.end else None
            for sums, one in zip(gone, then, strict=True)
        ]
        cells = [cell(one, here.get(unit.pk, {}), was, period, then) for one in found]
        lines.append({"name": unit.short_name, "cells": cells})
    return {"heads": [str(one.indicator.label) for one in found], "lines": lines}


def _is_closed(unit: Unit, period: Period) -> bool:
    return unit.closed_on is not None and unit.closed_on <= period.end


def _towns(section: Section, found: list[Standing], period: Period, then: Sequence[Then]) -> dict[str, Any] | None:
    """A line a street or town that had anything now or then, in the order of their codes, never ranked."""
    split = {FIGURES[code].towns_of: code for code in section.towns if code in FIGURES}
    whole = [one for one in found if one.indicator.code in split]
    if not whole:
        return None
    codes, top = list(split.values()), whole[0].unit
    now, *past = (by_town(codes, top, span.start, span.end) for span in (period, *(one.period for one in then)))
    towns = Town.objects.filter(pk__in={*now, *(pk for sums in past for pk in sums)}).order_by("code", "pk")
    lines = []
    for town in towns:
        was = [sums.get(town.pk, {}) for sums in past]
        cells = [cell(one, now.get(town.pk, {}), was, period, then) for one in whole]
        lines.append({"name": town.name, "cells": cells})
    return {"heads": [str(one.indicator.label) for one in whole], "lines": lines} if lines else None


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


def _notes(then: Sequence[Then]) -> list[str]:
    return [
        compared_said(then),
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
