"""The writers of figures: marks are appended by the door, a drain computes what they name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from brigade.indicators.models import Dirty, DrainLock, Figure
from brigade.indicators.rules import FIGURES, Cell, Indicator, Kind, Value
from brigade.org.models import Station

BATCH = 2000
CELLS_AT_ONCE = 200

Marks = set[tuple[str, Cell]]


def cells_of(record: Any) -> Marks:
    """The cells that `record` counts in as it stands now; days before it came to its unit are its former unit's.

    A stock changes on the day on which it came, too: it is less there and more here.
    """
    return _cells(record, marks, record.stations) if (marks := _touched(record)) else set()


def cells_of_all(records: Collection[Any]) -> Marks:
    """The same of many records as they came to stand by now, in one query; none where none was ever changed."""
    touched = [(record, marks) for record in records if (marks := _touched(record))]
    old = [record.pk for record, _marks in touched if record.version > 1]
    stations: dict[Any, list[tuple[date, int]]] = defaultdict(list)
    if old:
        rows = Station.objects.filter(record__in=old).order_by("until")
        for pk, until, unit_id in rows.values_list("record", "until", "unit"):
            stations[pk].append((until, unit_id))
    return set().union(*(_cells(record, marks, stations[record.pk]) for record, marks in touched))


def _cells(record: Any, marks: Marks, stations: list[tuple[date, int]]) -> Marks:
    return {
        (code, _at_its_time(cell, record.unit_id, stations)) for code, cell in marks | _moves(record, marks, stations)
    }


def _touched(record: Any) -> Marks:
    return {
        (indicator.code, cell)
        for indicator in FIGURES.values()
        if record.kind() in indicator.kinds
        for cell in indicator.touched(record)
    }


def _moves(record: Any, marks: Marks, stations: list[tuple[date, int]]) -> Marks:
    """The days on which a record that is part of a stock went to another unit: of the unit it left, and of its own."""
    stocks = {code for code, _cell in marks if FIGURES[code].kind == Kind.STOCK}
    return {
        (code, Cell(unit_id, until))
        for code in stocks
        for until, left in stations
        for unit_id in (left, record.unit_id)
    }


def _at_its_time(cell: Cell, unit_id: int, stations: list[tuple[date, int]]) -> Cell:
    if cell.unit_id != unit_id:
        return cell
    return cell._replace(unit_id=next((unit for until, unit in stations if until > cell.day), unit_id))


def cells_after(obligations: Iterable[Any]) -> Marks:
    """The cells that a change of these obligations moves."""
    return {
        (indicator.code, cell)
        for obligation in obligations
        for indicator in FIGURES.values()
        if indicator.followed is not None and obligation.rule in indicator.rules
        for cell in indicator.followed(obligation)
    }


def mark(marks: Marks) -> None:
    """Say that these cells must be computed again; part of the caller's transaction."""
    Dirty.objects.bulk_create(made(marks))


def made(marks: Marks) -> list[Dirty]:
    """What `mark` writes."""
    return [Dirty(indicator=code, unit_id=cell.unit_id, day=cell.day) for code, cell in sorted(marks)]


def drain(*, now: datetime) -> str:
    """Compute every marked cell. A mark made while it runs stays for the next run; running it again changes nothing."""
    done = 0
    for code in Dirty.objects.order_by().values_list("indicator", flat=True).distinct():
        while batch := _drain_once(FIGURES.get(code), code, now):
            done += batch
    DrainLock.objects.filter(drained_at__lt=now).update(drained_at=now)  # what had no mark is as it was
    return _("重算%(n)d处") % {"n": done}


def rebuild(*, now: datetime, codes: Iterable[str] | None = None) -> str:
    """Compute the named indicators (or all) from nothing; equals what the drains would have made."""
    for code in codes if codes is not None else FIGURES:
        with transaction.atomic():
            _lock(code, now)
            Dirty.objects.filter(indicator=code).delete()
            Figure.objects.filter(indicator=code).delete()
            _write(FIGURES[code], FIGURES[code].compute(None))
    return _("重建%(n)d项指标") % {"n": len(FIGURES)}


def _drain_once(indicator: Indicator | None, code: str, now: datetime) -> int:
    """One locked batch: delete the marks that were read before computing, so that a later mark is never lost."""
    with transaction.atomic():
        _lock(code, now)
        read = list(Dirty.objects.filter(indicator=code).order_by("pk")[:BATCH])
        Dirty.objects.filter(pk__in=[mark.pk for mark in read]).delete()
        if indicator is None:
            return len(read)
        cells = sorted({Cell(mark.unit_id, mark.day) for mark in read})
        for start in range(0, len(cells), CELLS_AT_ONCE):
            some = cells[start : start + CELLS_AT_ONCE]
            Figure.objects.filter(_at(some), indicator=code).delete()
            _write(indicator, (value for value in indicator.compute(some) if value.cell in some))
        return len(read)


def _lock(code: str, now: datetime) -> None:
    DrainLock.objects.get_or_create(indicator=code)
    DrainLock.objects.select_for_update().get(indicator=code)
    DrainLock.objects.filter(indicator=code).update(drained_at=now)


def _at(cells: Collection[Cell]) -> Q:
    where = Q(pk__in=[])
    for unit_id in {cell.unit_id for cell in cells}:
        where |= Q(unit_id=unit_id, day__in=[cell.day for cell in cells if cell.unit_id == unit_id])
    return where


def _write(indicator: Indicator, values: Iterable[Value]) -> None:
    Figure.objects.bulk_create(
        [
            Figure(
                indicator=indicator.code,
                unit_id=value.cell.unit_id,
                day=value.cell.day,
                facet=value.facet,
                value=value.value,
                base=value.base,
            )
            for value in values
        ],
        batch_size=BATCH,
    )
