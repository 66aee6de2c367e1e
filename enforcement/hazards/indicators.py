"""Figures of hazards: registered, closed, mended in time, and past their limit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from brigade.indicators.rules import Cell, Indicator, Kind, Value
from brigade.kit.clocks import CHINA, at
from brigade.org.models import Station, Unit
from brigade.org.queries import ever_in, stood_in
from brigade.org.states import Tree
from enforcement.hazards.models import Hazard, Verification
from enforcement.hazards.states import WITH_OWNER, Grade, HazardState

KIND = frozenset({"hazards.hazard"})
Cells = Collection[Cell] | None
OWED = Q(state__in=[*WITH_OWNER, HazardState.SUBMITTED], disputed_at__isnull=True)
"""With the owner, or handed in and not yet seen: its limit counts. A paused clock has none."""


def _registered(hazard: Hazard) -> Iterator[Cell]:
    if hazard.registered_at is not None and hazard.state != HazardState.MERGED:
        yield Cell(hazard.unit_id, timezone.localdate(hazard.registered_at))


def _closings(hazard: Hazard) -> Iterator[Verification]:
    """The closings that were; a hazard that comes back keeps them. That of an old ledger is not stored yet."""
    if hazard.closing is not None:
        yield hazard.closing
    elif hazard.verified_at is not None:
        yield from (row for row in hazard.verifications.all() if row.has_passed)


def _closed(hazard: Hazard) -> Iterator[Cell]:
    for row in _closings(hazard):
        yield Cell(row.unit_id, timezone.localdate(row.at))


def _due(hazard: Hazard) -> Iterator[Cell]:
    """The days on which its limits ended, of each closing and of the one that runs."""
    for row in _closings(hazard):
        yield Cell(row.unit_id, timezone.localdate(row.due_at))
    yield from _late(hazard)


def _late(hazard: Hazard) -> Iterator[Cell]:
    if hazard.due_at is not None and hazard.state not in (HazardState.CLOSED, HazardState.MERGED):
        yield Cell(hazard.unit_id, timezone.localdate(hazard.due_at))


def _moments(hazard: Hazard) -> Iterator[Cell]:
    """The days on which the stock changed by it: registered, closed, come back."""
    if hazard.registered_at is None or hazard.state == HazardState.MERGED:
        return
    yield from _registered(hazard)
    for row in _closings(hazard):
        yield Cell(row.unit_id, timezone.localdate(row.at))
        if row.reopened_at is not None:
            yield Cell(hazard.unit_id, timezone.localdate(row.reopened_at))


def _rows(found: QuerySet, moment: str, cells: Cells, record: str = "pk") -> QuerySet:
    """The rows whose `moment` lies in one of the cells, with its local day, and where the hazard stood that day.

    `record` is the column that names the hazard.
    """
    if cells is not None:
        where = Q(pk__in=[])
        for unit_id in {cell.unit_id for cell in cells}:
            ever = ever_in(Hazard, unit_id, record=record)
            for day in {cell.day for cell in cells if cell.unit_id == unit_id}:
                start = at(day, time.min)
                where |= ever & Q(**{f"{moment}__gte": start, f"{moment}__lt": start + timedelta(days=1)})
        found = found.filter(where)
    found = found.annotate(day=TruncDate(moment, tzinfo=CHINA))
    return found.annotate(stood=stood_in(Hazard, "day", record=record)).order_by()


def _flow(
    rows: Callable[[], QuerySet], moment: str, facet: str, record: str = "pk"
) -> Callable[[Cells], Iterable[Value]]:
    def compute(cells: Cells) -> Iterable[Value]:
        for row in _rows(rows(), moment, cells, record).values("stood", "day", facet).annotate(n=Count("pk")):
            yield Value(Cell(row["stood"], row["day"]), row["n"], facet=str(row[facet]))

    return compute


def _on_time(by_town: bool = False) -> Callable[[Cells], Iterable[Value]]:
    """Handed in by the limit and closed ÷ all whose limit ended that day, of each town where that is asked."""
    in_time = Count("pk", filter=Q(submitted_at__lte=F("due_at")))

    def compute(cells: Cells) -> Iterable[Value]:
        parts: dict[tuple[Cell, str], list[int]] = defaultdict(lambda: [0, 0])
        closings = _rows(_passed(), "due_at", cells, "hazard").annotate(where=F("hazard__town"))
        owed = _rows(Hazard.objects.filter(OWED), "due_at", cells).annotate(where=F("town"))
        names = ("stood", "day", "where") if by_town else ("stood", "day")
        for row in closings.values(*names).annotate(n=Count("pk"), part=in_time):
            found = parts[Cell(row["stood"], row["day"]), str(row.get("where", ""))]
            found[0] += row["part"]
            found[1] += row["n"]
        for row in owed.values(*names).annotate(n=Count("pk")):
            parts[Cell(row["stood"], row["day"]), str(row.get("where", ""))][1] += row["n"]
        return [Value(cell, part, base=base, facet=town) for (cell, town), (part, base) in parts.items()]

    return compute


def _on_time_of_closed(cells: Cells) -> Iterable[Value]:
    """Handed in by the limit ÷ all that were closed that day."""
    in_time = Count("pk", filter=Q(submitted_at__lte=F("due_at")))
    for row in _rows(_passed(), "at", cells, "hazard").values("stood", "day").annotate(n=Count("pk"), part=in_time):
        yield Value(Cell(row["stood"], row["day"]), row["part"], base=row["n"])


def _rate(cells: Cells) -> Iterable[Value]:
    """Closed by now ÷ all that were registered that day."""
    closed = Count("pk", filter=Q(state=HazardState.CLOSED))
    for row in _rows(_all(), "registered_at", cells).values("stood", "day").annotate(n=Count("pk"), part=closed):
        yield Value(Cell(row["stood"], row["day"]), row["part"], base=row["n"])


def _changes(by: str) -> Callable[[Cells], Iterable[Value]]:
    """By how much each day made the stock more or less: registered and come back, less closed; by grade or town."""

    def compute(cells: Cells) -> Iterable[Value]:
        sums: dict[tuple[Cell, str], int] = defaultdict(int)
        for rows, moment, record, facet, sign in (
            (_all(), "registered_at", "pk", by, 1),
            (_passed(), "at", "hazard", f"hazard__{by}", -1),
            (_passed().filter(reopened_at__isnull=False), "reopened_at", "hazard", f"hazard__{by}", 1),
        ):
            for row in _rows(rows, moment, cells, record).values("stood", "day", facet).annotate(n=Count("pk")):
                sums[Cell(row["stood"], row["day"]), str(row[facet])] += sign * row["n"]
        for cell, hazard, n in _moved(cells):
            sums[cell, str(hazard.serializable_value(by))] += n
        return (Value(cell, n, facet=facet) for (cell, facet), n in sums.items() if n)

    return compute


def _moved(cells: Cells) -> Iterator[tuple[Cell, Hazard, int]]:
    """What went along to another unit while it was open: less there, more here, from that day on."""
    moves = Station.objects.filter(kind__in=KIND)
    if cells is not None:
        moves = moves.filter(until__in={cell.day for cell in cells})
    if not moves.exists():
        return
    hazards = {hazard.pk: hazard for hazard in _all().filter(pk__in=moves.values("record"))}
    closings: dict[Any, list[Verification]] = defaultdict(list)
    for row in _passed().filter(hazard__in=moves.values("record")):
        closings[row.hazard_id].append(row)
    stations: dict[Any, list[Station]] = defaultdict(list)
    for station in Station.objects.filter(record__in=moves.values("record")).order_by("until"):
        stations[station.record].append(station)
    for move in moves:
        hazard, start = hazards.get(move.record), at(move.until, time.min)
        if hazard is None or hazard.registered_at >= start:
            continue
        rows = closings[hazard.pk]
        came = sum(row.reopened_at is not None and row.reopened_at < start for row in rows)
        if n := 1 + came - sum(row.at < start for row in rows):
            to = next((later.unit_id for later in stations[hazard.pk] if later.until > move.until), hazard.unit_id)
            yield Cell(move.unit_id, move.until), hazard, -n
            yield Cell(to, move.until), hazard, n


def _all() -> QuerySet:
    return Hazard.objects.filter(registered_at__isnull=False).exclude(state=HazardState.MERGED)


def _passed() -> QuerySet:
    return Verification.objects.filter(has_passed=True)


def _past_limit() -> QuerySet:
    return Hazard.objects.overdue(timezone.now())


def _drill(moment: str, **filters: str) -> Callable[[Unit, date, date], str]:
    def drill(unit: Unit, start: date, end: date) -> str:
        asked: dict[str, Any] = {"unit": unit.pk, f"{moment}_after": start, f"{moment}_before": end, **filters}
        query = "&".join(f"{name}={value}" for name, value in asked.items())
        return f"{reverse('hazards:hazard_list')}?{query}"

    return drill


def _drill_stock(unit: Unit, start: date, end: date) -> str:
    return f"{reverse('hazards:hazard_list')}?unit={unit.pk}&open_on={end}"


def _split(whole: Indicator, compute: Callable[[Cells], Iterable[Value]]) -> Indicator:
    """The same figure of each street and town."""
    return replace(
        whole, code=f"{whole.code}_in_town", towns_of=whole.code, compute=compute, facets={}, headline=False
    )  # fmt: skip


GRADES = {grade.value: grade.label for grade in Grade} | {"": _("未定级")}

FIGURES = [
    REGISTERED := Indicator(
        code="hazards.registered",
        headline=True,
        label=_("登记隐患"),
        basis=_("按登记日期，不含并案和不属实"),
        kind=Kind.FLOW,
        tree=Tree.LINE,
        suffix=_("处"),
        kinds=KIND,
        touched=_registered,
        compute=_flow(_all, "registered_at", "grade"),
        drill=_drill("registered_at"),
        perm="hazards.view_hazard",
        facets=GRADES,
    ),
    CLOSED := Indicator(
        code="hazards.closed",
        headline=True,
        label=_("销号隐患"),
        basis=_("按销号日期，反弹重开的不倒扣"),
        kind=Kind.FLOW,
        tree=Tree.LINE,
        suffix=_("处"),
        kinds=KIND,
        touched=_closed,
        compute=_flow(_passed, "at", "hazard__grade", "hazard"),
        drill=_drill("closed_at"),
        perm="hazards.view_hazard",
        facets=GRADES,
        good=1,
    ),
    Indicator(
        code="hazards.closing",
        label=_("整改率"),
        basis=_("登记在这段时间里的，到数据截至时已销号÷全部；登记越晚，整改的时间越短"),
        kind=Kind.RATIO,
        tree=Tree.LINE,
        suffix="%",
        kinds=KIND,
        touched=_registered,
        compute=_rate,
        drill=_drill("registered_at"),
        perm="hazards.view_hazard",
        ripens=True,
        good=1,
    ),
    ON_TIME := Indicator(
        code="hazards.on_time",
        headline=True,
        label=_("按期整改率"),
        basis=_("期限内提交并销号÷期限在这段时间里的全部；核验晚了不算责任单位逾期，暂停计时的不算"),
        kind=Kind.RATIO,
        tree=Tree.LINE,
        suffix="%",
        kinds=KIND,
        touched=_due,
        compute=_on_time(),
        drill=_drill("due_at"),
        perm="hazards.view_hazard",
        good=1,
    ),
    Indicator(
        code="hazards.closed_on_time",
        label=_("销号中按期的"),
        basis=_("期限内提交的÷这段时间里销号的全部；没销号的不在内，和按期整改率的分母不同"),
        kind=Kind.RATIO,
        tree=Tree.LINE,
        suffix="%",
        kinds=KIND,
        touched=_closed,
        compute=_on_time_of_closed,
        drill=_drill("closed_at"),
        perm="hazards.view_hazard",
        good=1,
    ),
    OVERDUE := Indicator(
        code="hazards.overdue",
        label=_("逾期未整改隐患"),
        basis=_("期限在这段时间里，现在还没提交核验；暂停计时的不算"),
        kind=Kind.FLOW,
        tree=Tree.LINE,
        suffix=_("处"),
        kinds=KIND,
        touched=_late,
        compute=_flow(_past_limit, "due_at", "grade"),
        drill=_drill("due_at", overdue="true"),
        perm="hazards.view_hazard",
        facets=GRADES,
        ripens=True,
        good=-1,
    ),
    OPEN := Indicator(
        code="hazards.open",
        label=_("存量隐患"),
        basis=_("到这一天24时已登记、没有销号，暂缓和反弹重开的在内，不含并案和不属实"),
        kind=Kind.STOCK,
        tree=Tree.LINE,
        suffix=_("处"),
        kinds=KIND,
        touched=_moments,
        compute=_changes("grade"),
        drill=_drill_stock,
        perm="hazards.view_hazard",
        facets=GRADES,
        good=-1,
    ),
    _split(REGISTERED, _flow(_all, "registered_at", "town")),
    _split(CLOSED, _flow(_passed, "at", "hazard__town", "hazard")),
    _split(ON_TIME, _on_time(by_town=True)),
    _split(OPEN, _changes("town")),
    _split(OVERDUE, _flow(_past_limit, "due_at", "town")),
]
