"""The reports that the clock would have made by now, each from what was known when it was made; all but the newest are
confirmed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from typing import NamedTuple

from django.db.models import F, Q
from django.utils import timezone

from brigade.audit.actions import SYSTEM
from brigade.indicators.actions import rebuild
from brigade.indicators.models import Figure
from brigade.kit.clocks import Period, at, period_of, workday_on_or_after
from brigade.kit.refusals import Refused
from brigade.notices.models import Message
from brigade.obligations.models import Obligation
from brigade.obligations.states import ObligationState
from brigade.org.models import Unit
from brigade.org.queries import holders
from brigade.reference.queries import calendar
from brigade.reports.actions import build as make
from brigade.reports.actions import confirm
from brigade.reports.models import Report
from brigade.reports.queries import units_of
from brigade.reports.rules import SERIES, Series, due_at
from brigade.workbench.demo.world import World
from enforcement.hazards.models import Hazard
from enforcement.hazards.states import HazardState

BACK = {"monthly": 12, "party_return": 3}
"""So many of these series lie in the archive; of the others, what the clock makes up for."""
SENTENCES = {"monthly": "窗口办件高峰在月末三天，下月起月末加开一个窗口。"}
NEWS = timedelta(days=4)
"""What was told longer ago, its readers have read."""
RIPE = ("hazards.overdue", "hazards.closing")
"""Figures of a past day that go on changing: they stood otherwise when an old report was made."""


class Due(NamedTuple):
    moment: datetime
    series: Series
    period: Period
    unit: Unit


def build(world: World, now: datetime) -> None:
    """Make and confirm them one after the other, in the order of their mornings."""
    dues = sorted(_dues(now), key=lambda due: due.moment)
    last = {due.series.code: due.period for due in dues}
    unread: dict[tuple, tuple[Due, Report]] = {}
    with _as_it_stood(dues[0].moment, now) as wind_on:
        for due in dues:
            wind_on(due.moment)
            try:
                report = make(by=SYSTEM, series=due.series, unit=due.unit, period=due.period, now=due.moment)
            except Refused:
                continue  # a day without anything to report
            read, key = (due, report), (due.series.code, due.unit.pk)
            if due.series.period == "day":  # the newest that there is waits for its reader
                read, unread[key] = unread.get(key), read
            if read:
                _read(*read, world, now, is_last=read[0].period == last[due.series.code])
    Report.objects.update(is_synthetic=True)
    Message.objects.filter(code="reports.confirmed", created_at__lt=now - NEWS).update(read_at=F("created_at"))


def _read(due: Due, report: Report, world: World, now: datetime, *, is_last: bool) -> None:
    """Confirmed in the morning by who holds its post, if that morning has come."""
    read_at = at(workday_on_or_after((due.moment + BED).date(), calendar()).date, time(8, 40))
    if read_at < now:
        by = next(iter(holders(due.unit.pk, due.series.post, world.today, up=True)))
        confirm(by=by, report=report, now=read_at, sentence=SENTENCES.get(due.series.code, "") if is_last else "")


BED = timedelta(hours=12)
"""What is made in the evening is read the next morning."""


def _dues(now: datetime) -> Iterator[Due]:
    for series in SERIES.values():
        period, left = period_of(timezone.localdate(now), series.period), BACK.get(series.code, series.keeps)
        while left:
            if (moment := due_at(series, period, calendar())) <= now:
                yield from (Due(moment, series, period, unit) for unit in units_of(series, period.end))
                left -= 1
            period = period.previous


@contextmanager
def _as_it_stood(start: datetime, now: datetime) -> Iterator:
    """Duties and ripening figures put back to `start`; what is yielded winds them on. Afterwards all is as it was."""
    later = Obligation.objects.filter(state=ObligationState.MET, met_at__gt=start)
    later.update(state=ObligationState.OPEN)
    put_back = Obligation.objects.filter(state=ObligationState.OPEN, met_at__isnull=False)

    stands_at: datetime | None = None

    def wind_on(moment: datetime) -> None:
        nonlocal stands_at
        if moment == stands_at:
            return
        stands_at = moment
        put_back.filter(met_at__lte=moment).update(state=ObligationState.MET)
        Figure.objects.filter(indicator__in=RIPE).delete()
        Figure.objects.bulk_create([*_overdue(moment), *_closing(moment)])

    yield wind_on
    put_back.update(state=ObligationState.MET)
    rebuild(now=now, codes=RIPE)


def _overdue(moment: datetime) -> Iterator[Figure]:
    """Past their limit and not handed in, at that moment."""
    owed = Hazard.objects.filter(Q(submitted_at__isnull=True) | Q(submitted_at__gt=moment), due_at__lt=moment)
    rows = owed.filter(disputed_at__isnull=True).values_list("unit", "due_at", "grade")
    for (unit, day, grade), n in Counter((unit, timezone.localdate(due), grade) for unit, due, grade in rows).items():
        yield Figure(indicator="hazards.overdue", unit_id=unit, day=day, facet=grade, value=n, base=0)


def _closing(moment: datetime) -> Iterator[Figure]:
    """Closed by that moment, of those that were registered."""
    found = Hazard.objects.filter(registered_at__lte=moment).exclude(state=HazardState.MERGED)
    all_of, closed = Counter(), Counter()
    for unit, registered_at, closed_at in found.values_list("unit", "registered_at", "closed_at"):
        cell = (unit, timezone.localdate(registered_at))
        all_of[cell] += 1
        closed[cell] += closed_at is not None and closed_at <= moment
    for (unit, day), n in all_of.items():
        yield Figure(indicator="hazards.closing", unit_id=unit, day=day, facet="", value=closed[unit, day], base=n)
