"""Meetings out of a branch's old ledger: recorded one like the other, and voided together when the sheet was wrong."""

from __future__ import annotations

from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from brigade import workflow
from brigade.ledgers.rules import WRITTEN_AT_ONCE
from brigade.org.models import Person
from brigade.reference.actions import next_numbers
from brigade.reference.models import Counter
from partybuilding.branches.queries import Structure, structure
from partybuilding.meetings import moves
from partybuilding.meetings.actions.sheets import NUMBER_KIND, blank_meeting, enter_as, fresh_roll, segments_of
from partybuilding.meetings.models import Meeting
from partybuilding.meetings.rules import Sheet
from partybuilding.meetings.states import MeetingState, Presence, Source


@dataclass(frozen=True, slots=True)
class PastBatch:
    """Meetings of the past with the numbers that they will get, unless somebody takes one before."""

    sheets: Sequence[Sheet]
    serials: list[int]
    meetings: list[Meeting]
    ready: workflow.Ready


def ready_past(sheets: Sequence[Sheet], *, by: Any, now: datetime) -> Iterator[PastBatch]:
    """All that `record_past` will write, made before its transaction: branches write meanwhile. Nothing is written.

    The roll is that of the day of each; it says that it came out of a sheet.
    """
    whole = structure({sheet.unit_id for sheet in sheets})
    last: dict[tuple[int, int], int] = defaultdict(int)
    counters = Counter.objects.filter(kind=NUMBER_KIND, unit__in=whole.branch_ids)
    for branch, year, number in counters.values_list("unit", "year", "last"):
        last[branch, year] = number
    for start in range(0, len(sheets), WRITTEN_AT_ONCE):
        batch = sheets[start : start + WRITTEN_AT_ONCE]
        serials = []
        for sheet in batch:
            last[_series(sheet)] += 1
            serials.append(last[_series(sheet)])
        yield _batch(batch, serials, whole, by, now)


def _batch(sheets: Sequence[Sheet], serials: list[int], whole: Structure, by: Any, now: datetime) -> PastBatch:
    meetings = [_meeting(sheet, serial, whole, by, now) for sheet, serial in zip(sheets, serials, strict=True)]
    rolls = [fresh_roll(meeting, sheet, whole, now) for meeting, sheet in zip(meetings, sheets, strict=True)]
    people = Person.objects.in_bulk({row.person_id for roll in rolls for row in roll})
    for meeting, sheet, roll in zip(meetings, sheets, rolls, strict=True):
        for row in roll:
            row.person = people[row.person_id]
            if row.status != Presence.EXEMPT:
                row.source = Source.IMPORT
        meeting.brought_segments, meeting.brought_roll = segments_of(meeting, sheet), roll
    segments = [row for meeting in meetings for row in meeting.brought_segments or ()]
    attendances = [row for roll in rolls for row in roll]
    ready = workflow.make_ready(meetings, moves.RECORD, by=by, now=now, parts=[segments, attendances])
    return PastBatch(sheets, serials, meetings, ready)


@transaction.atomic
def record_past(batch: PastBatch, *, by: Any, now: datetime) -> list[Meeting]:
    """Write down meetings of the past, each to be confirmed by its chair. Recorder, secretary, Party office."""
    series = [_series(sheet) for sheet in batch.sheets]
    numbers = {
        (branch, year): iter(next_numbers(branch, NUMBER_KIND, year, count))
        for (branch, year), count in sorted(Tally(series).items())
    }
    serials = [next(numbers[key]) for key in series]
    if serials != batch.serials:
        batch = _batch(batch.sheets, serials, structure({sheet.unit_id for sheet in batch.sheets}), by, now)
    workflow.bulk(batch.meetings, moves.RECORD, by=by, now=now, ready=batch.ready)
    return batch.meetings


def _series(sheet: Sheet) -> tuple[int, int]:
    return sheet.unit_id, sheet.day.year


def _meeting(sheet: Sheet, serial: int, whole: Structure, by: Any, now: datetime) -> Meeting:
    branch = whole.branches[sheet.unit_id]
    meeting = blank_meeting(sheet, branch, None)
    meeting.state, meeting.created_at, meeting.created_by = MeetingState.RECORDED, now, by
    enter_as(meeting, branch, serial, now)
    return meeting


def take_back_meetings(keys: Sequence[Any], *, by: Any, now: datetime, reason: str) -> None:
    """Void recorded meetings that an import brought in. Recorder, secretary, Party office."""
    meetings = list(Meeting.objects.filter(pk__in=keys))
    workflow.advance_many(meetings, moves.VOID, by=by, now=now, reason=reason, changes={"state_reason": reason[:200]})
