"""The reports that the clock would have made by this morning, each from what was known when it was made; the clerk has
confirmed all but those of today."""

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
from brigade.reference.queries import calendar
from brigade.reports.actions import build as make
from brigade.reports.actions import confirm
from brigade.reports.models import Report
from brigade.reports.rules import SERIES, Series, due_at
from brigade.workbench.demo.world import World
from enforcement.hazards.models import Hazard
from enforcement.hazards.states import HazardState

CLERK = "D10011"
BACK = {"daily": 10, "weekly": 8, "monthly": 12}
"""So many of each series lie in the archive."""
SENTENCES = {"monthly": "窗口办件高峰在月末三天，下月起月末加开一个窗口。"}
NEWS = timedelta(days=4)
"""What was told longer ago, its readers have read."""
RIPE = ("hazards.overdue", "hazards.closing")
"""Figures of a past day that go on changing: they stood otherwise when an old report was made."""


class Due(NamedTuple):
    moment: datetime
    series: Series
    period: Period


def build(world: World, now: datetime) -> None:
    """Make and confirm them one after the other, in the order of their mornings."""
    dues = sorted(_dues(now), key=lambda due: due.moment)
    last = {due.series.code: due for due in dues}
    with _as_it_stood(dues[0].moment, now) as wind_on:
        for due in dues:
            wind_on(due.moment)
            try:
                report = make(by=SYSTEM, series=due.series, unit=world.units["DD"], period=due.period, now=due.moment)
            except Refused:
                continue  # a day without anything to report
            read_at = at(workday_on_or_after(due.moment.date(), calendar()).date, time(8, 40))
            waits = due.series.code == "daily" and due == last["daily"]
            if read_at < now and not waits:
                sentence = SENTENCES.get(due.series.code, "") if due == last[due.series.code] else ""
                confirm(by=world.people[CLERK], report=report, now=read_at, sentence=sentence)
    Report.objects.update(is_synthetic=True)
    Message.objects.filter(code="reports.confirmed", created_at__lt=now - NEWS).update(read_at=F("created_at"))


def _last(series: Series, now: datetime) -> Period:
    return period_of(timezone.localdate(now), series.period).previous


def _dues(now: datetime) -> Iterator[Due]:
    for series in SERIES.values():
        period, left = _last(series, now), BACK[series.code]
        while left:
            if (moment := due_at(series, period, calendar())) <= now:
                yield Due(moment, series, period)
                left -= 1
            period = period.previous


@contextmanager
def _as_it_stood(start: datetime, now: datetime) -> Iterator:
    """Duties and ripening figures put back to `start`; what is yielded winds them on. Afterwards all is as it was."""
    later = Obligation.objects.filter(state=ObligationState.MET, met_at__gt=start)
    later.update(state=ObligationState.OPEN)
    put_back = Obligation.objects.filter(state=ObligationState.OPEN, met_at__isnull=False)

    def wind_on(moment: datetime) -> None:
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
