"""Who is due at a meeting, how a roll came out, and what a person earned by it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from brigade.kit.clocks import at
from partybuilding.branches.queries import Due, Structure, structure
from partybuilding.meetings import rules
from partybuilding.meetings.models import Attendance, Leave, Meeting
from partybuilding.meetings.rules import Sheet, Tally
from partybuilding.meetings.states import (
    COMMITTEE_KINDS,
    COUNTED,
    EARNING,
    LEAVE_OPEN,
    NOT_DUE,
    THERE,
    LeaveState,
    Presence,
    SegmentKind,
)


def due_list(
    whole: Structure,
    unit_id: int,
    kinds: Collection[str],
    group_ids: Collection[int],
    branches: Collection[int],
    day: date,
) -> list[Due]:
    """Who must be there: the committee for its own meetings, a group for its own, else all members of the branch.

    At an assembly of the general branch: the members of each branch whose roll is called. Nobody stands in it twice.
    """
    branch = whole.branches[unit_id]
    found: list[Due] = []
    if branch.is_general:
        if set(kinds) & COMMITTEE_KINDS or not branches:
            found += whole.committee_due(unit_id, day)
        for pk in branches:
            found += whole.members_due(pk, day)
    else:
        rest = set(kinds) - {SegmentKind.CM, SegmentKind.GM}
        if rest or not kinds:
            found += whole.members_due(unit_id, day)
        elif SegmentKind.GM in kinds:
            found += whole.members_due(unit_id, day, group_ids)
        if SegmentKind.CM in kinds:
            found += whole.committee_due(unit_id, day)
    once: dict[int, Due] = {}
    for due in found:
        once.setdefault(due.person_id, due)
    return list(once.values())


def due_for(sheet: Sheet, whole: Structure | None = None) -> list[Due]:
    """Who is due at a meeting that is being written down, on the day of its start."""
    whole = whole or structure({sheet.unit_id, *sheet.branches})
    return due_list(whole, sheet.unit_id, sheet.kinds, sheet.group_ids, sheet.branches, sheet.day)


def statuses_for(sheet: Sheet, due: Iterable[Due]) -> dict[int, str]:
    """Person → how he is marked: the exception that was tapped, else there (or exempt), else unmarked in shifts.

    Whoever is not due and not marked but chairs or records sits in as an observer.
    """
    marks = {mark.person_id: mark.status for mark in sheet.marks}
    came = frozenset().union(*(batch.present for batch in sheet.batches)) if sheet.batches else None
    found: dict[int, str] = {}
    for row in due:
        usual = Presence.EXEMPT if row.is_exempt else Presence.PRESENT
        if came is not None:
            usual = (
                Presence.PRESENT if row.person_id in came else Presence.EXEMPT if row.is_exempt else Presence.UNMARKED
            )
        found[row.person_id] = str(marks.get(row.person_id, usual))
    for person_id, status in marks.items():
        found.setdefault(person_id, str(status))
    for leader in (sheet.chair_id, sheet.recorder_id):
        if leader is not None:
            found.setdefault(leader, Presence.OBSERVER)
    return found


def tallies(meeting_ids: Collection[UUID]) -> dict[UUID, Tally]:
    """The roll of many meetings in one query."""
    found: dict[UUID, list[tuple[str, str]]] = defaultdict(list)
    for pk, status, makeup in Attendance.objects.filter(meeting__in=meeting_ids).values_list(
        "meeting", "status", "makeup"
    ):
        found[pk].append((status, makeup))
    return {pk: rules.tally(rows) for pk, rows in found.items()}


def tally_of(meeting: Meeting) -> Tally:
    return tallies([meeting.pk]).get(meeting.pk, Tally())


def leave_marks(meeting: Meeting) -> tuple[rules.Mark, ...]:
    """How those who asked for leave stand on the roll before anybody taps: late leave is absence until approved."""
    rows = Leave.objects.filter(meeting=meeting).exclude(state=LeaveState.RETURNED)
    return tuple(
        rules.Mark(
            row.person_id,
            Presence.ABSENT if row.late and row.state == LeaveState.ASKED else row.leave_kind,
            row.reason,
        )
        for row in rows
    )


def may_ask_leave(meeting: Meeting) -> list[tuple[int, str]]:
    """Those due who were not there, as far as it is known, and have not asked for leave."""
    if meeting.state not in LEAVE_OPEN:
        return []
    asked = Leave.objects.filter(meeting=meeting).exclude(state=LeaveState.RETURNED).values("person")
    rows = meeting.attendances.exclude(status__in=NOT_DUE | THERE).exclude(person__in=asked)
    return list(rows.order_by("pk").values_list("person", "person__name"))


def person_hours(person_id: int, year: int) -> Decimal:
    """Study hours that a person earned in a year; they stay his when he moves to another branch."""
    return hours_of(
        Attendance.objects.filter(
            person=person_id,
            meeting__starts_at__gte=at(date(year, 1, 1), time.min),
            meeting__starts_at__lt=at(date(year + 1, 1, 1), time.min),
        )
    ).get(person_id, Decimal())


def hours_of(attendances: Any) -> dict[int, Decimal]:
    """Person → study hours by these rows of attendance, of counted meetings only."""
    found: dict[int, list[tuple[datetime, datetime]]] = defaultdict(list)
    rows = attendances.filter(meeting__state__in=COUNTED, meeting__segments__kind__in=EARNING).exclude(
        status=Presence.OBSERVER
    )
    for person, status, makeup, starts_at, ends_at in rows.values_list(
        "person", "status", "makeup", "meeting__segments__starts_at", "meeting__segments__ends_at"
    ):
        if rules.earns(status, makeup):
            found[person].append((starts_at, ends_at))
    return {person: rules.study_hours(spans) for person, spans in found.items()}
