"""The door: the only writers of records.

Each of `begin`, `edit` and `advance` is one transaction: lock the record, compare its version, ask whether the move is
legal from its state, whether this person may and whether the guard holds; then write, audit, post the notice, and bring
obligations and figures up to date for what the record was before and for what it is after (a moved date touches both
days). Locks are taken in one order everywhere: record, counter, obligation, then inserts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from django.db import IntegrityError, transaction
from django.db.models import F, Field, Model
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from brigade.audit import actions as audit
from brigade.audit.actions import SYSTEM
from brigade.indicators import actions as indicators
from brigade.kit.discover import rooms
from brigade.kit.inserting import Rows, insert, made_ready
from brigade.kit.refusals import NotAllowed, Refused
from brigade.kit.searching import haystack
from brigade.notices import actions as notices
from brigade.notices.rules import NOTICES
from brigade.obligations import actions as obligations
from brigade.obligations.models import Key, Obligation
from brigade.org.models import Person, Record, Station, Unit
from brigade.org.rules import check_fresh
from brigade.reference.actions import confirm_recomputed
from brigade.reference.queries import years_to_recompute
from brigade.search import actions as search
from brigade.search.rules import basis_of

R = TypeVar("R", bound=Record)
BATCH = 200
"""Records that one statement changes at once."""
NEW = ""
"""The source of a move that creates a record."""
SAME = ""
"""The target of a move that leaves the state as it is."""
BACK = "<"
"""The target of a move that goes back to where the record came from, as it keeps in `state_before`."""

Guard = Callable[[Any, Any, datetime], None]
Write = Callable[[Any], Mapping[str, Any] | None]


@dataclass(frozen=True)
class Move:
    """One legal move of one kind of record; a slice's `moves.py` lists them all.

    `may(record, by)` widens the permission to whom the record itself names, `whom` in words. `guard(record, by, now)`
    refuses while something is missing. `by_system` lets the portal itself make the move. `merges` says of an edit that
    its form opens with what the record holds: two people's changes are then put together (kit/merging.py) before the
    move is made; every other move refuses what is stale.
    """

    code: str
    kind: str
    label: str | Promise
    sources: frozenset[str]
    target: str
    perm: str
    audit: str
    guard: Guard | None = None
    may: Callable[[Any, Person], bool] | None = None
    whom: str | Promise = ""
    notice: str = ""
    needs_reason: bool = False
    by_system: bool = False
    merges: bool = False

    @property
    def creates(self) -> bool:
        return NEW in self.sources


@dataclass(frozen=True, slots=True)
class Option:
    """A move that a person may make of a record now; `why_not` says what is missing while it cannot be made."""

    move: Move
    why_not: str = ""


def begin(record: R, move: Move, *, by: Any, now: datetime, write: Write | None = None) -> R:
    """Create `record` (built by the caller, not saved) in the move's target state.

    The id is minted with the blank form, so sending the form twice finds the record of the first time and returns it
    unchanged. `write(record)` sets what needs the transaction (a number) and inserts child rows; it returns what the
    audit shall show of them.
    """
    try:
        with transaction.atomic():
            twin = type(record)._base_manager.filter(pk=record.pk).first()
            if twin is None:
                return _create(record, move, by, now, write)
    except IntegrityError:
        twin = type(record)._base_manager.filter(pk=record.pk).first()
        if twin is None:
            raise
    if twin.created_by_id != by.pk:
        raise Refused(_("这个编号已经用过，请重新打开空白表单再填"))
    return twin


def edit(
    record: R,
    move: Move,
    *,
    by: Any,
    now: datetime,
    version: int | None = None,
    changes: Mapping[str, Any] | None = None,
    write: Write | None = None,
) -> R:
    """Change fields or child rows of `record` by a move that keeps its state; see `advance`."""
    return advance(record, move, by=by, now=now, version=version, changes=changes, write=write)


def advance(
    record: R,
    move: Move,
    *,
    by: Any,
    now: datetime,
    version: int | None = None,
    reason: str = "",
    changes: Mapping[str, Any] | None = None,
    write: Write | None = None,
) -> R:
    """Take `record` through `move`; returns the fresh record.

    `version` is the one that the person saw: another's change since then refuses with `Stale`. `changes` are fields to
    set; `write(record)` may change child rows and returns what the audit shall show of them, nothing where it left them
    as they were.
    """
    with transaction.atomic(savepoint=False):
        locked = _lock(record)
        check_fresh(locked, version)
        check(locked, move, by, now)
        if move.needs_reason and not reason.strip():
            raise Refused(_("%(label)s要写明原因") % {"label": move.label}, field="reason")
        keys, marks = obligations.keys_of(locked), indicators.cells_of(locked)
        before, basis = _values(locked), _found_by(locked)
        for name, value in (changes or {}).items():
            setattr(locked, name, value)
        extra = dict(write(locked) or {}) if write else {}
        if move.target:
            locked.state = locked.state_before if move.target == BACK else move.target
        locked.version += 1
        locked.search_text = haystack(locked.search_words())
        locked.save()
        if basis is None or basis != _found_by(locked) or (extra and locked.READERS_IN_ROWS):
            search.keep([locked])
        _finish(locked, move, by, now, keys, marks, _diff(before, _values(locked)) | extra, reason)
    return locked


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
                _may(record, move, by)
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
        moved: indicators.Marks = set()
        for start in range(0, len(keys), obligations.BATCH):
            moved |= indicators.cells_after(obligations.touch(keys[start : start + obligations.BATCH], now=now))
        indicators.mark(moved - marks)


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
        before = [_values(record) for record in locked]
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
            diff = _diff(was, _values(record))
            entries.append(audit.Entry(verb=audit_verb, target=record, by=by, changes=diff, note=reason, now=now))
        manager.bulk_update(reworded, ["search_text"], batch_size=BATCH)
        keys |= {key for record in locked for key in obligations.keys_of(record)}
        marks |= indicators.cells_of_all(locked)
        ordered = sorted(keys)
        for start in range(0, len(ordered), obligations.BATCH):
            marks |= indicators.cells_after(obligations.touch(ordered[start : start + obligations.BATCH], now=now))
        indicators.mark(marks)
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
        ordered = sorted(keys)
        for start in range(0, len(ordered), obligations.BATCH):
            marks |= indicators.cells_after(obligations.touch(ordered[start : start + obligations.BATCH], now=now))
        indicators.mark(marks)
        audit.record_many(entries)


def settle(*, now: datetime, rules: Iterable[str] | None = None) -> str:
    """Bring all obligations up to date with clock and calendar, and mark what follows. A timed job, each night."""
    revisions = years_to_recompute()
    changed = obligations.reconcile(now=now, rules=rules)
    confirm_recomputed(revisions)
    with transaction.atomic():
        indicators.mark(indicators.cells_after(changed))
    return _("核对应办事项，变动%(n)d项") % {"n": len(changed)}


def check(record: Record, move: Move, by: Any, now: datetime) -> None:
    """Refuse with the reason why `by` cannot take `record` through `move` now."""
    try:
        if record.state not in move.sources:
            raise Refused(
                _("现在是“%(state)s”，不能%(move)s；可以办的是：%(next)s")
                % {
                    "state": _state_label(record),
                    "move": move.label,
                    "next": "、".join(str(m.label) for m in moves_from(record)) or _("没有"),
                }
            )
        _may(record, move, by)
        if move.guard is not None:
            move.guard(record, by, now)
    except Refused as refusal:
        refusal.target, refusal.verb = record, move.audit
        raise


def moves_from(record: Record) -> list[Move]:
    """The moves that lead on from the record's state, in the order of the list."""
    return [
        move
        for move in MOVES.values()
        if move.kind == record.kind() and record.state in move.sources and not move.creates
    ]


def moves_for(record: Record, user: Person, now: datetime) -> list[Option]:
    """What `user` may do with `record` now, with what is still missing: the buttons and the API's available moves."""
    options = []
    for move in moves_from(record):
        try:
            check(record, move, user, now)
        except NotAllowed:
            continue
        except Refused as refusal:
            options.append(Option(move, str(refusal)))
        else:
            options.append(Option(move))
    return options


def _create(record: R, move: Move, by: Any, now: datetime, write: Write | None) -> R:
    _may(record, move, by)
    if move.guard is not None:
        move.guard(record, by, now)
    record.state = move.target
    record.created_at = now
    record.created_by_id = by.pk
    extra = dict(write(record) or {}) if write else {}
    record.search_text = haystack(record.search_words())
    record.save(force_insert=True)
    search.enter([record])
    _finish(record, move, by, now, set(), set(), extra, "")
    return record


def _finish(
    record: Record,
    move: Move,
    by: Any,
    now: datetime,
    keys: set,
    marks: indicators.Marks,
    changes: Mapping[str, Any],
    reason: str,
) -> None:
    """All that follows a write: obligations and figures before and after, the audit row, the notice."""
    changed: list[Obligation] = obligations.touch(keys | obligations.keys_of(record), now=now)
    indicators.mark(marks | indicators.cells_of(record) | indicators.cells_after(changed))
    audit.record(move.audit, record, by=by, changes=changes, note=reason, now=now)
    if move.notice:
        notice = NOTICES[move.notice]
        if notice.to is None:
            raise LookupError(f"notice {notice.code!r} does not say whom a move tells")
        notices.post(
            notice.code,
            to=notice.to(record),
            target=record,
            stage=f"v{record.version}",
            context={"record": record, "by": by, "reason": reason},
            now=now,
        )


def _found_by(record: Record) -> tuple[tuple, ...] | None:
    """What the search finds the record by, but for readers in child rows; None where readers come from elsewhere."""
    is_alone = record.READERS_IN_ROWS or type(record).own_readers is Record.own_readers
    return basis_of(record) if is_alone else None


def _lock(record: R) -> R:
    rows = type(record)._base_manager.select_for_update(of=("self",)).select_related(*record.LOCKED_WITH)
    return rows.get(pk=record.pk)


def _may(record: Record, move: Move, by: Any) -> None:
    if by.is_system:
        allowed = move.by_system
    else:
        allowed = by.has_perm(move.perm, record) or (move.may is not None and move.may(record, by))
    if not allowed:
        raise NotAllowed(_("%(label)s不在你的职责里，请找有这项职责的人办") % {"label": move.label})


def _columns(record: Record) -> Iterable[Field]:
    return (field for field in record._meta.concrete_fields if field.name not in {"version", "search_text"})


def _values(record: Record) -> dict[str, Any]:
    return {field.name: getattr(record, field.attname) for field in _columns(record)}


def _diff(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    return {name: [before[name], after[name]] for name in after if before[name] != after[name]}


def _state_label(record: Record) -> str:
    return str(dict(record._meta.get_field("state").flatchoices).get(record.state, record.state))


MOVES: dict[str, Move] = {}
"""Every slice's moves by kind and code."""


def gather_moves() -> None:
    """Collect the slices' `MOVES` when the application starts."""
    MOVES.clear()
    for module in rooms("moves"):
        for move in getattr(module, "MOVES", ()):
            key = f"{move.kind}.{move.code}"
            if key in MOVES:
                raise ValueError(f"{module.__name__}: move {key!r} is declared twice")
            MOVES[key] = move
