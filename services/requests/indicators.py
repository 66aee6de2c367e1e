"""Figures of the hall: taken in, settled, settled in time, right the first time, and how much faster than the law."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from brigade.indicators.rules import Cell, Indicator, Kind, Value
from brigade.kit.clocks import CHINA
from brigade.org.models import Unit
from brigade.org.queries import ever_in, stood_in
from brigade.org.states import Tree
from services.requests.models import ServiceRequest
from services.requests.states import CLOCK_RUNS, DONE, Category, RequestState

KIND = frozenset({"requests.servicerequest"})
Cells = Collection[Cell] | None


def _received(request: ServiceRequest) -> Iterator[Cell]:
    if request.state != RequestState.VOIDED:
        yield Cell(request.unit_id, timezone.localdate(request.received_at))


def _completed(request: ServiceRequest) -> Iterator[Cell]:
    if request.state in DONE and request.completed_at is not None:
        yield Cell(request.unit_id, timezone.localdate(request.completed_at))


def _due(request: ServiceRequest) -> Iterator[Cell]:
    """The day of completion, or the day on which an open request falls due: there it counts while it is overdue."""
    yield from _completed(request)
    if request.state in CLOCK_RUNS and request.promised_due_at is not None:
        yield Cell(request.unit_id, timezone.localdate(request.promised_due_at))


def _rows(found: QuerySet, moment: str, cells: Cells) -> QuerySet:
    """The requests whose `moment` lies in one of the cells, with its local day, and where it stood that day."""
    if cells is not None:
        where = Q(pk__in=[])
        for unit_id in {cell.unit_id for cell in cells}:
            ever = ever_in(ServiceRequest, unit_id)
            for day in {cell.day for cell in cells if cell.unit_id == unit_id}:
                start = datetime.combine(day, datetime.min.time(), CHINA)
                where |= ever & Q(**{f"{moment}__gte": start, f"{moment}__lt": start + timedelta(days=1)})
        found = found.filter(where)
    found = found.annotate(day=TruncDate(moment, tzinfo=CHINA))
    return found.annotate(stood=stood_in(ServiceRequest, "day")).order_by()


def _flow(rows: Callable[[], QuerySet], moment: str) -> Callable[[Cells], Iterable[Value]]:
    def compute(cells: Cells) -> Iterable[Value]:
        found = _rows(rows(), moment, cells).values("stood", "day", "item__category").annotate(n=Count("pk"))
        for row in found:
            yield Value(Cell(row["stood"], row["day"]), row["n"], facet=row["item__category"])

    return compute


def _ratio(part: Q) -> Callable[[Cells], Iterable[Value]]:
    def compute(cells: Cells) -> Iterable[Value]:
        found = _rows(_done(), "completed_at", cells).values("stood", "day")
        for row in found.annotate(n=Count("pk", distinct=True), part=Count("pk", filter=part, distinct=True)):
            yield Value(Cell(row["stood"], row["day"]), row["part"], base=row["n"])

    return compute


def _on_time(cells: Cells) -> Iterable[Value]:
    """Completed in time ÷ (completed + still open and already overdue)."""
    parts: dict[Cell, list[int]] = {}
    in_time = Count("pk", filter=Q(completed_at__lte=F("promised_due_at")))
    for row in _rows(_done(), "completed_at", cells).values("stood", "day").annotate(n=Count("pk"), part=in_time):
        parts[Cell(row["stood"], row["day"])] = [row["part"], row["n"]]
    late = ServiceRequest.objects.overdue(timezone.now())
    for row in _rows(late, "promised_due_at", cells).values("stood", "day").annotate(n=Count("pk")):
        parts.setdefault(Cell(row["stood"], row["day"]), [0, 0])[1] += row["n"]
    for cell, (part, base) in parts.items():
        yield Value(cell, part, base=base)


def _saving(cells: Cells) -> Iterable[Value]:
    """1 − Σ promised ÷ Σ statutory days over what was completed and has both."""
    both = _done().filter(item__statutory_days__gt=0)
    days = {"law": Sum("item__statutory_days"), "ours": Sum("item__promised_days")}
    for row in _rows(both, "completed_at", cells).values("stood", "day").annotate(**days):
        yield Value(Cell(row["stood"], row["day"]), row["law"] - row["ours"], base=row["law"])


def _all() -> QuerySet:
    return ServiceRequest.objects.exclude(state=RequestState.VOIDED)


def _done() -> QuerySet:
    return ServiceRequest.objects.filter(state__in=DONE)


def _drill(moment: str, **filters: str) -> Callable[[Unit, date, date], str]:
    def drill(unit: Unit, start: date, end: date) -> str:
        asked: dict[str, Any] = {"unit": unit.pk, f"{moment}_after": start, f"{moment}_before": end, **filters}
        query = "&".join(f"{name}={value}" for name, value in asked.items())
        return f"{reverse('requests:servicerequest_list')}?{query}"

    return drill


FIGURES = [
    Indicator(
        code="requests.received",
        headline=True,
        label=_("收件"),
        basis=_("按收件日期，不含作废"),
        kind=Kind.FLOW,
        tree=Tree.HALL,
        suffix=_("件"),
        kinds=KIND,
        touched=_received,
        compute=_flow(_all, "received_at"),
        drill=_drill("received_at"),
        perm="requests.view_servicerequest",
        facets={category.value: category.label for category in Category},
    ),
    Indicator(
        code="requests.completed",
        label=_("办结"),
        basis=_("按办结日期"),
        kind=Kind.FLOW,
        tree=Tree.HALL,
        suffix=_("件"),
        kinds=KIND,
        touched=_completed,
        compute=_flow(_done, "completed_at"),
        drill=_drill("completed_at"),
        perm="requests.view_servicerequest",
        facets={category.value: category.label for category in Category},
    ),
    Indicator(
        code="requests.on_time",
        headline=True,
        label=_("按时办结率"),
        basis=_("承诺期限内办结÷（已办结＋未办结且已逾期）"),
        kind=Kind.RATIO,
        tree=Tree.HALL,
        suffix="%",
        kinds=KIND,
        touched=_due,
        compute=_on_time,
        drill=_drill("completed_at"),
        perm="requests.view_servicerequest",
        good=1,
    ),
    Indicator(
        code="requests.first_time_right",
        headline=True,
        label=_("一次办结率"),
        basis=_("没有补正告知且只来一次÷办结"),
        kind=Kind.RATIO,
        tree=Tree.HALL,
        suffix="%",
        kinds=KIND,
        touched=_completed,
        compute=_ratio(Q(round=1, notices__isnull=True)),
        drill=_drill("completed_at"),
        perm="requests.view_servicerequest",
        good=1,
    ),
    Indicator(
        code="requests.saving",
        label=_("承诺提速率"),
        basis=_("办结件的承诺时限比法定时限短多少，只算两种时限都有的"),
        kind=Kind.RATIO,
        tree=Tree.HALL,
        suffix="%",
        kinds=KIND,
        touched=_completed,
        compute=_saving,
        drill=_drill("completed_at"),
        perm="requests.view_servicerequest",
        counts=False,
        good=1,
    ),
]
