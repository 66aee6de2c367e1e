"""Reads over figures: what a unit and everything under it in the same tree came to in a period."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Min, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth

from brigade.indicators.models import DrainLock, Figure
from brigade.indicators.rules import FIGURES, Indicator, Kind
from brigade.kit.clocks import add_months
from brigade.kit.templatetags.ui import rounded
from brigade.org.models import Unit, UnitPlacement

NOTHING = (Decimal(), Decimal())
ALL_BUT = Decimal("99.9")


@dataclass(frozen=True, slots=True)
class Standing:
    """How an indicator stands: the amount of the period, and of the same days `back` months before (a year, unless
    asked otherwise)."""

    indicator: Indicator
    unit: Unit
    start: date
    end: date
    value: Decimal
    base: Decimal
    last_value: Decimal
    last_base: Decimal
    has_last_year: bool
    back: int = 12
    first: date | None = None
    """The first day that has a figure of it anywhere."""

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

    @property
    def last(self) -> Standing:
        """What it is compared with, as it stood then."""
        start, end = add_months(self.start, -self.back), add_months(self.end, -self.back)
        nothing = (*NOTHING, False)
        return Standing(self.indicator, self.unit, start, end, self.last_value, self.last_base, *nothing, self.back)


def standings(codes: Collection[str], unit: Unit, start: date, end: date, *, back: int = 12) -> list[Standing]:
    """The named indicators for `unit` with all below it, from `start` to `end` inclusive; two queries a tree and 4.

    Beside each stands the same span `back` months earlier.
    """
    last = (add_months(start, -back), add_months(end, -back))
    by_tree: dict[str, list[Indicator]] = defaultdict(list)
    for code in codes:
        by_tree[FIGURES[code].tree].append(FIGURES[code])
    tops, first_days = _tops(by_tree, unit), since(codes)
    paths, last_paths = _paths(tops.values(), end), _paths(tops.values(), last[1])
    found: dict[str, Standing] = {}
    for tree, top in tops.items():
        now = _sums(by_tree[tree], tree, paths[top.pk], start, end)
        then = _sums(by_tree[tree], tree, last_paths[top.pk], *last)
        for indicator in by_tree[tree]:
            first = first_days.get(indicator.code)
            known = first is not None and first.replace(day=1) <= last[0]
            amounts = (*now.get(indicator.code, NOTHING), *then.get(indicator.code, NOTHING))
            found[indicator.code] = Standing(indicator, top, start, end, *amounts, known, back, first)
    return [found[code] for code in codes if code in found]


def by_month(code: str, unit: Unit, start: date, end: date) -> list[tuple[date, Decimal, Decimal]]:
    """(first of month, value, base) for each month that has figures, oldest first; of a stock, what there was at its
    end, for each month from `start` on."""
    indicator = FIGURES[code]
    rows = (
        _rows(indicator, unit, start, end)
        .annotate(month=TruncMonth("day"))
        .values("month")
        .annotate(value=Sum("value"), base=Sum("base"))
        .order_by("month")
    )
    found = [(row["month"], row["value"], row["base"]) for row in rows]
    return list(_levels(found, start, end)) if indicator.kind == Kind.STOCK else found


def _levels(
    changes: list[tuple[date, Decimal, Decimal]], start: date, end: date
) -> Iterator[tuple[date, Decimal, Decimal]]:
    """What there was at the end of each month, from by how much each month changed it."""
    month = start.replace(day=1)
    while changes and month <= end:
        yield month, sum((value for when, value, _base in changes if when <= month), Decimal()), Decimal()
        month = add_months(month, 1)


def by_unit(
    codes: Collection[str], unit: Unit, start: date, end: date
) -> list[tuple[Unit, dict[str, tuple[Decimal, Decimal]]]]:
    """(unit, code → (value, base)) of each unit that has figures of these indicators, all of one tree.

    In the fixed order of units: never ranked by result.
    """
    sums: dict[int, dict[str, tuple[Decimal, Decimal]]] = defaultdict(dict)
    path = _paths([unit], end)[unit.pk]
    for rows in _rows_of([FIGURES[code] for code in codes], unit.tree, path, start, end):
        grouped = rows.values("unit", "indicator").annotate(sum=Sum("value"), whole=Sum("base")).order_by()
        for row in grouped:
            sums[row["unit"]][row["indicator"]] = (row["sum"], row["whole"])
    return [(one, sums[one.pk]) for one in Unit.objects.filter(pk__in=sums).order_by("order", "pk")]


def by_facet(code: str, unit: Unit, start: date, end: date) -> dict[str, Decimal]:
    """Facet → value."""
    rows = _rows(FIGURES[code], unit, start, end).values("facet").annotate(value=Sum("value")).order_by()
    return {row["facet"]: row["value"] for row in rows}


def by_town(
    codes: Collection[str], unit: Unit, start: date, end: date
) -> dict[int, dict[str, tuple[Decimal, Decimal]]]:
    """Town → code of what is split → (value, base), of indicators that split by town; two queries."""
    sums: dict[int, dict[str, tuple[Decimal, Decimal]]] = defaultdict(dict)
    path = _paths([unit], end)[unit.pk]
    for rows in _rows_of([FIGURES[code] for code in codes], unit.tree, path, start, end):
        grouped = rows.values("facet", "indicator").annotate(sum=Sum("value"), whole=Sum("base")).order_by()
        for row in grouped:
            sums[int(row["facet"])][FIGURES[row["indicator"]].towns_of] = (row["sum"], row["whole"])
    return dict(sums)


def as_of(codes: Collection[str]) -> datetime | None:
    """The moment up to which all the named indicators have been computed."""
    return DrainLock.objects.filter(indicator__in=codes).aggregate(at=Min("drained_at"))["at"]


def top_of(indicator: Indicator, unit: Unit) -> Unit | None:
    """Where the indicator's tree begins at or below `unit`."""
    return _tops([indicator.tree], unit).get(indicator.tree)


def _tops(trees: Iterable[str], unit: Unit) -> dict[str, Unit]:
    """Where each of the trees begins at or below `unit`; one query at most."""
    own = {tree: unit for tree in trees if tree == unit.tree}
    below = Unit.objects.below(unit).filter(tree__in=[tree for tree in trees if tree != unit.tree])
    first = below.order_by().values("tree").annotate(first=Min("path")).values("first")
    return own | {top.tree: top for top in Unit.objects.filter(path__in=first)}


def _paths(units: Collection[Unit], day: date) -> dict[int, str]:
    """Where each unit stood on a day; where it stands now, for a day before it was there."""
    then = UnitPlacement.objects.on(day).filter(unit__in=[unit.pk for unit in units])
    return {unit.pk: unit.path for unit in units} | dict(then.values_list("unit", "path"))


def shown(amount: Decimal, indicator: Indicator) -> str:
    """A figure as it reads: one decimal for ratios and for what counts in halves, so that columns stand in line.

    What is not all is never rounded to 100.
    """
    if indicator.kind == Kind.RATIO and ALL_BUT <= amount < 100:
        amount = ALL_BUT
    return f"{rounded(amount, int(indicator.kind == Kind.RATIO or indicator.halves)):,}"


def parts_of(indicator: Indicator, value: Decimal, base: Decimal) -> str:
    """Numerator and denominator of a ratio, empty for anything else."""
    return f"{_count(value)}/{_count(base)}" if indicator.kind == Kind.RATIO and base else ""


def _count(amount: Decimal) -> str:
    return f"{amount.normalize():f}"


def _amount(indicator: Indicator, value: Decimal, base: Decimal) -> Decimal | None:
    if indicator.kind == Kind.RATIO:
        return value * 100 / base if base else None
    return value


def _rows(indicator: Indicator, unit: Unit, start: date, end: date) -> QuerySet[Figure]:
    [rows] = _rows_of([indicator], unit.tree, _paths([unit], end)[unit.pk], start, end)
    return rows


def _rows_of(indicators: Collection[Indicator], tree: str, path: str, start: date, end: date) -> list[QuerySet[Figure]]:
    """Figures of the unit that stood at `path` at the period's end, and of all that stood under it, in its tree.

    One queryset for all that are summed over the days, and one for the stocks, of which all changes up to the end
    count. A unit that was closed before the end counts in the sums where it stood last; it has no stock any more.
    """
    below = UnitPlacement.objects.on(end).filter(unit__tree=tree, path__startswith=path)
    stocks = [indicator.code for indicator in indicators if indicator.kind == Kind.STOCK]
    summed = [indicator.code for indicator in indicators if indicator.kind != Kind.STOCK]
    found = []
    if summed:
        rows = Figure.objects.filter(indicator__in=summed, day__range=(start, end))
        found.append(rows.filter(unit__in=below.values("unit")))
    if stocks:
        lasting = below.filter(Q(unit__closed_on__isnull=True) | Q(unit__closed_on__gt=end))
        rows = Figure.objects.filter(indicator__in=stocks, day__lte=end)
        found.append(rows.filter(unit__in=lasting.values("unit")))
    return found


def _sums(
    indicators: Collection[Indicator], tree: str, path: str, start: date, end: date
) -> dict[str, tuple[Decimal, Decimal]]:
    return {
        row["indicator"]: (row["sum"], row["whole"])
        for rows in _rows_of(indicators, tree, path, start, end)
        for row in rows.values("indicator").annotate(sum=Sum("value"), whole=Sum("base")).order_by()
    }


def since(codes: Collection[str]) -> dict[str, date]:
    """Since when there are figures at all: before that, nothing is not zero."""
    rows = Figure.objects.filter(indicator__in=codes)
    return dict(rows.values("indicator").annotate(first=Min("day")).order_by().values_list("indicator", "first"))
