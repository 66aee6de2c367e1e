"""Many records of one kind at once, in few queries: new ones of an import, a hand-over, a change of units, an import
that is taken back; and all duties by the clock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import F, Model
from django.utils.translation import gettext as _

from brigade.audit import actions as audit
from brigade.audit.actions import SYSTEM
from brigade.indicators import actions as indicators
from brigade.kit.inserting import Rows, insert, made_ready
from brigade.kit.refusals import NotAllowed
from brigade.kit.searching import haystack
from brigade.notices import actions as notices
from brigade.obligations import actions as obligations
from brigade.obligations.models import Key
from brigade.org.models import Person, Record, Station, Unit
from brigade.reference.actions import confirm_recomputed
from brigade.reference.queries import years_to_recompute
from brigade.search import actions as search
from brigade.workflow.differences import changes_between, values_of
from brigade.workflow.rules import BACK, SAME, Move, check, check_may

R = TypeVar("R", bound=Record)
BATCH = 200
"""Records that one statement changes at once."""


@dataclass(frozen=True, slots=True)
class Ready:
    """New records with what goes along with them: index entries, audit events, the duties and figures that they move;
    all rows turned for the database."""

    rows: Sequence[Rows]
    keys: list[Key]
    marks: indicators.Marks


def make_ready(
    records: Sequence[R], move: Move, *, by: Any, now: datetime, parts: Sequence[Sequence[Model]] = ()
) -> Ready:
    """All that `bulk` will write along with these new records; `parts` are their child rows, those of one model each.
    Nothing is written: on SQLite everybody who writes waits for a transaction to end, so what can be made before it
    begins is made here."""
    for record in records:
        record.search_text = haystack(record.search_words())
    marks = indicators.cells_of_all(records)
    told = _told(records, move, by, now)
    new: list[Sequence[Model]] = [records, *parts, search.made(records), audit.made(told), indicators.made(marks)]
    return Ready([made_ready(rows) for rows in new], _keys(records), marks)


def _told(records: Sequence[Record], move: Move, by: Any, now: datetime) -> list[audit.Entry]:
    return [audit.Entry(verb=move.audit, target=record, by=by, now=record.created_at or now) for record in records]


def _keys(records: Sequence[Record]) -> list[Key]:
    return sorted({key for record in records for key in obligations.keys_of(record)})


def bulk(
    records: Sequence[R],
    move: Move,
    *,
    by: Any,
    now: datetime,
    write: Callable[[Sequence[R]], None] | None = None,
    ready: Ready | None = None,
) -> None:
    """Create many records at once, each in the state that it carries, with one audit row each, in one transaction.

    For imports and the demo world; obligations and figures are brought up to date for all of them together.
    A person needs the right of `move` on every unit; the portal itself may. `ready` is what `make_ready` made of them.
    """
    if not records:
        return
    with transaction.atomic(savepoint=False):
        for record in records:
            if not by.is_system:
                check_may(record, move, by)
            if ready is None:
                record.search_text = haystack(record.search_words())
        if ready is None:
            type(records[0])._base_manager.bulk_create(records, batch_size=500)
            if write is not None:
                write(records)
            search.enter(records)
            audit.record_many(_told(records, move, by, now))
            marks = indicators.cells_of_all(records)
            indicators.mark(marks)
        else:
            for rows in ready.rows:
                insert(rows)
            marks = ready.marks
        keys = ready.keys if ready else _keys(records)
        indicators.mark(_touch_all(keys, now) - marks)


def hand_over(
    records: Sequence[R], *, by: Any, field: str, to: Person, now: datetime, audit_verb: str, reason: str = ""
) -> list[R]:
    """Name another person in `field` of records of one kind, whatever their state; for the hand-over of a leaving one.

    Leaders of the brigade, and the portal itself on the day. Whether `to` may take them is the slice's to say before.
    """
    with transaction.atomic(savepoint=False):
        changed = _change_all(records, by, "org.hand_over_person", lambda row: {field: to}, now, audit_verb, reason)
        if changed:
            what = changed[0]._meta.verbose_name
            notices.post(
                "workflow.handed_over",
                to=[to],
                target=changed[0] if len(changed) == 1 else None,
                context={"count": len(changed), "what": what, "who": by.name},
                stage=f"{changed[0].kind()}|{now.isoformat()}",
                now=now,
            )
    return changed


def move_unit(records: Sequence[R], *, out_of: int, to: Unit, since: date, now: datetime, reason: str) -> list[R]:
    """Take open records of one kind along to another unit, from a day on: a unit went into another, a town to another.

    Every column of a record that names the unit `out_of` as answering for it (see `Record.ANSWERING`) names the other
    one then. The portal's own, as two administrators have decided. Numbers stay. Days before `since` go on counting for
    the unit in which each record stood, and so do duties that were settled there. Returns those that went.
    """

    def goes(row: R) -> Mapping[str, Unit]:
        return {name: to for name in type(row).ANSWERING if getattr(row, f"{name}_id") == out_of}

    def stay(rows: Sequence[R]) -> None:
        Station.objects.bulk_create(
            [
                Station(kind=row.kind(), record=row.pk, unit_id=out_of, until=since)
                for row in rows
                if row.unit_id == out_of
            ]
        )

    return _change_all(records, SYSTEM, "org.change_unit", goes, now, "record.moved", reason, stay)


def _change_all(
    records: Sequence[R],
    by: Any,
    perm: str,
    changes: Callable[[R], Mapping[str, Person | Unit]],
    now: datetime,
    audit_verb: str,
    reason: str,
    write: Callable[[Sequence[R]], None] | None = None,
) -> list[R]:
    """One change of many records of one kind in one transaction, in few queries, with one audit row each.

    `changes` says what becomes of a record; one and the same thing for each that has it. Those that stand so already
    are left alone; `write` sees the others, locked, as they were.
    """
    if not records:
        return []
    manager = type(records[0])._base_manager
    with transaction.atomic(savepoint=False):
        rows = manager.select_for_update(of=("self",)).select_related("unit")
        locked: list[R] = []
        rows_of: dict[str, list[R]] = defaultdict(list)
        told: dict[str, Person | Unit] = {}
        for row in rows.filter(pk__in=[record.pk for record in records]).order_by("pk"):
            new = {name: to for name, to in changes(row).items() if getattr(row, f"{name}_id") != to.pk}
            if not new:
                continue
            if not by.has_perm(perm, row):
                raise NotAllowed(_("“%s”不在你的职责里，请找有这项职责的人办") % row.title)
            told |= new
            locked.append(row)
            for name in new:
                rows_of[name].append(row)
        if not locked:
            return []
        keys = {key for record in locked for key in obligations.keys_of(record)}
        marks = indicators.cells_of_all(locked)
        before = [values_of(record) for record in locked]
        if write is not None:
            write(locked)
        for name, some in rows_of.items():
            manager.filter(pk__in=[record.pk for record in some]).update(**{name: told[name]})
            for record in some:
                setattr(record, name, told[name])
        manager.filter(pk__in=[record.pk for record in locked]).update(version=F("version") + 1)
        entries, reworded = [], []
        for record, was in zip(locked, before, strict=True):
            record.version += 1
            if record.search_text != (words := haystack(record.search_words())):
                record.search_text = words
                reworded.append(record)
            changed = changes_between(was, values_of(record))
            entries.append(audit.Entry(verb=audit_verb, target=record, by=by, changes=changed, note=reason, now=now))
        manager.bulk_update(reworded, ["search_text"], batch_size=BATCH)
        keys |= {key for record in locked for key in obligations.keys_of(record)}
        marks |= indicators.cells_of_all(locked)
        indicators.mark(marks | _touch_all(keys, now))
        search.keep(locked)
        audit.record_many(entries)
    return locked


def advance_many(
    records: Sequence[R],
    move: Move,
    *,
    by: Any,
    now: datetime,
    reason: str,
    changes: Mapping[str, Any] | None = None,
    along: Sequence[str] = (),
) -> None:
    """Take many records of one kind through one move, with one audit row each, in one transaction: all or none.

    For taking an import back. `changes` are the same for all; nobody is told, so a move with a notice cannot come here.
    `along` names the child rows that figures ask for, read for all of them at once.
    """
    if move.notice or move.target in (SAME, BACK):
        raise LookupError(f"{move.kind}.{move.code} is made one by one")
    if not records:
        return
    manager, fields = type(records[0])._base_manager, {"state": move.target, **(changes or {})}
    with transaction.atomic(savepoint=False):
        rows = manager.select_for_update(of=("self",)).select_related("unit").prefetch_related(*along)
        locked = list(rows.filter(pk__in=[record.pk for record in records]).order_by("pk"))
        keys: set[Key] = set()
        entries = []
        for record in locked:
            check(record, move, by, now)
            keys |= obligations.keys_of(record)
        marks = indicators.cells_of_all(locked)
        manager.filter(pk__in=[record.pk for record in locked]).update(version=F("version") + 1, **fields)
        for record in locked:
            shown = {name: [getattr(record, name), value] for name, value in fields.items()}
            for name, value in fields.items():
                setattr(record, name, value)
            entries.append(audit.Entry(verb=move.audit, target=record, by=by, changes=shown, note=reason, now=now))
            keys |= obligations.keys_of(record)
        marks |= indicators.cells_of_all(locked)
        indicators.mark(marks | _touch_all(keys, now))
        audit.record_many(entries)


def _touch_all(keys: Collection[Key], now: datetime) -> indicators.Marks:
    """Bring these duties up to date, a batch after the other; returns the figures that follow them."""
    ordered, marks = sorted(keys), set()
    for start in range(0, len(ordered), obligations.BATCH):
        marks |= indicators.cells_after(obligations.touch(ordered[start : start + obligations.BATCH], now=now))
    return marks


def settle(*, now: datetime, rules: Iterable[str] | None = None) -> str:
    """Bring all obligations up to date with clock and calendar, and mark what follows. A timed job, each night."""
    revisions = years_to_recompute()
    changed = obligations.reconcile(now=now, rules=rules)
    confirm_recomputed(revisions)
    with transaction.atomic():
        indicators.mark(indicators.cells_after(changed))
    return _("核对应办事项，变动%(n)d项") % {"n": len(changed)}
