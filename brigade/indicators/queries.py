"""Reads over figures: what a unit and everything under it in the same tree came to in a period."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Min, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import TruncMonth

from brigade.indicators.models import DrainLock, Figure
from brigade.indicators.rules import FIGURES, Indicator, Kind
from brigade.kit.clocks import add_months
from brigade.org.models import Unit, UnitPlacement


@dataclass(frozen=True, slots=True)
class Standing:
    """How an indicator stands: the amount of the period, and of the same period a year before."""

    indicator: Indicator
    unit: Unit
    start: date
    end: date
    value: Decimal
    base: Decimal
    last_value: Decimal
    last_base: Decimal
    has_last_year: bool

    @property
    def amount(self) -> Decimal | None:
        return _amount(self.indicator, self.value, self.base)

    @property
    def last_amount(self) -> Decimal | None:
        return _amount(self.indicator, self.last_value, self.last_base) if self.has_last_year else None

    @property
    def change(self) -> Decimal | None:
        """Against last year: points for a ratio, per cent otherwise; None where there is nothing to compare with."""
        now, then = self.amount, self.last_amount
        if now is None or then is None:
            return None
        if self.indicator.kind == Kind.RATIO:
            return now - then
        return (now - then) * 100 / then if then else None

    @property
    def url(self) -> str:
        return self.indicator.drill(self.unit, self.start, self.end)


def standings(codes: Collection[str], unit: Unit, start: date, end: date) -> list[Standing]:
    """The named indicators for `unit` with all below it, from `start` to `end` inclusive: three queries each."""
    found = []
    last = (add_months(start, -12), add_months(end, -12))
    for indicator in (FIGURES[code] for code in codes):
        top = top_of(indicator, unit)
        if top is None:
            continue
        value, base = _sum(indicator, top, start, end)
        last_value, last_base = _sum(indicator, top, *last)
        since = _recorded_since(indicator)
        known = since is not None and since <= last[0]
        found.append(Standing(indicator, top, start, end, value, base, last_value, last_base, known))
    return found


def by_month(code: str, unit: Unit, start: date, end: date) -> list[tuple[date, Decimal, Decimal]]:
    """(first of month, value, base) for each month that has figures, oldest first."""
    indicator = FIGURES[code]
    rows = (
        _rows(indicator, unit, start, end)
        .annotate(month=TruncMonth("day"))
        .values("month")
        .annotate(value=Sum("value"), base=Sum("base"))
        .order_by("month")
    )
    return [(row["month"], row["value"], row["base"]) for row in rows]


def by_unit(code: str, unit: Unit, start: date, end: date) -> list[tuple[Unit, Decimal, Decimal]]:
    """(unit, value, base) of each unit that has figures, in the fixed order of units: never ranked by result."""
    indicator = FIGURES[code]
    rows = _rows(indicator, unit, start, end).values("unit").annotate(value=Sum("value"), base=Sum("base")).order_by()
    sums = {row["unit"]: row for row in rows}
    units = Unit.objects.filter(pk__in=sums).order_by("order", "pk")
    return [(found, sums[found.pk]["value"], sums[found.pk]["base"]) for found in units]


def by_facet(code: str, unit: Unit, start: date, end: date) -> dict[str, Decimal]:
    """Facet → value."""
    rows = _rows(FIGURES[code], unit, start, end).values("facet").annotate(value=Sum("value")).order_by()
    return {row["facet"]: row["value"] for row in rows}


def as_of(codes: Collection[str]) -> datetime | None:
    """The moment up to which all the named indicators have been computed."""
    return DrainLock.objects.filter(indicator__in=codes).aggregate(at=Min("drained_at"))["at"]


def top_of(indicator: Indicator, unit: Unit) -> Unit | None:
    """Where the indicator's tree begins at or below `unit`."""
    if unit.tree == indicator.tree:
        return unit
    return Unit.objects.below(unit).filter(tree=indicator.tree).order_by("path").first()


def _amount(indicator: Indicator, value: Decimal, base: Decimal) -> Decimal | None:
    if indicator.kind == Kind.RATIO:
        return value * 100 / base if base else None
    return value


def _rows(indicator: Indicator, unit: Unit, start: date, end: date) -> QuerySet[Figure]:
    """Figures of the unit and of all that stood under it, in its tree, at the period's end."""
    below = UnitPlacement.objects.on(end).filter(unit__tree=unit.tree, path__startswith=unit.path)
    rows = Figure.objects.filter(indicator=indicator.code, unit__in=below.values("unit"), day__range=(start, end))
    if indicator.kind == Kind.STOCK:
        same = Figure.objects.filter(indicator=indicator.code, unit=OuterRef("unit"), day__range=(start, end))
        rows = rows.filter(day=Subquery(same.order_by("-day").values("day")[:1]))
    return rows


def _recorded_since(indicator: Indicator) -> date | None:
    """The month from which on there are figures at all: before it, nothing is not zero."""
    first = Figure.objects.filter(indicator=indicator.code).aggregate(first=Min("day"))["first"]
    return first and first.replace(day=1)


def _sum(indicator: Indicator, unit: Unit, start: date, end: date) -> tuple[Decimal, Decimal]:
    found = _rows(indicator, unit, start, end).aggregate(value=Sum("value"), base=Sum("base"))
    return found["value"] or Decimal(), found["base"] or Decimal()
