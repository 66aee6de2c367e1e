"""One record through one move: begun, edited, advanced; and all that follows such a write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from brigade.audit import actions as audit
from brigade.indicators import actions as indicators
from brigade.kit.refusals import Refused
from brigade.kit.searching import haystack
from brigade.notices import actions as notices
from brigade.notices.rules import NOTICES
from brigade.obligations import actions as obligations
from brigade.obligations.models import Obligation
from brigade.org.models import Record
from brigade.org.rules import check_fresh
from brigade.search import actions as search
from brigade.search.rules import basis_of
from brigade.workflow.differences import changes_between, values_of
from brigade.workflow.rules import BACK, Move, check, check_may

R = TypeVar("R", bound=Record)
Write = Callable[[Any], Mapping[str, Any] | None]


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
        before, basis = values_of(locked), _found_by(locked)
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
        _finish(locked, move, by, now, keys, marks, changes_between(before, values_of(locked)) | extra, reason)
    return locked


def _create(record: R, move: Move, by: Any, now: datetime, write: Write | None) -> R:
    check_may(record, move, by)
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
