"""The verbs of a meeting, from the plan to the archive. It is written down in one call, by one `Sheet`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, replace
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade import workflow
from brigade.audit.actions import SYSTEM
from brigade.kit.clocks import at
from brigade.kit.refusals import Refused
from brigade.kit.text import fitting
from brigade.reference.queries import calendar, parameter
from partybuilding.meetings import moves, queries, rules
from partybuilding.meetings.actions.sheets import (
    blank_meeting,
    checked_branch,
    due_of,
    header_of,
    write_roll,
    writer_of,
)
from partybuilding.meetings.models import Attendance, Decision, Leave, Meeting, MeetingEdition, Segment, Session
from partybuilding.meetings.rules import Sheet
from partybuilding.meetings.states import HELD, NOT_DUE, THERE, DecisionState, MakeUp, MeetingState


def plan_meeting(*, by: Any, sheet: Sheet, now: datetime, meeting_id: UUID | None = None) -> Meeting:
    """Put a meeting on the plan as a draft. Recorder, secretary, Party office; a group leader for his own group.

    The same `meeting_id` sent twice is one meeting.
    """
    branch = checked_branch(by, sheet, None)
    meeting = blank_meeting(sheet, branch, meeting_id)
    return workflow.begin(meeting, moves.PLAN, by=by, now=now, write=writer_of(sheet, branch, by, now))


def record_meeting(
    *,
    by: Any,
    sheet: Sheet,
    now: datetime,
    meeting: Meeting | None = None,
    meeting_id: UUID | None = None,
    version: int | None = None,
) -> Meeting:
    """Write down a meeting that was held, straight away or from the plan, and hand it to the chair to confirm.

    Recorder, secretary, Party office; a group leader for his own group. Whoever is not marked otherwise was there; the
    roll is that of the start date. Each decision becomes a duty of its owner. Refused for a meeting that has not begun.
    """
    if sheet.starts_at > now:
        raise Refused(_("会议还没有开始，不能记录"), field="starts_at")
    branch = checked_branch(by, sheet, meeting)
    if meeting is None:
        blank = blank_meeting(sheet, branch, meeting_id)
        return workflow.begin(blank, moves.RECORD, by=by, now=now, write=writer_of(sheet, branch, by, now))
    return workflow.advance(
        meeting,
        moves.SUBMIT,
        by=by,
        now=now,
        version=version,
        changes=header_of(sheet, branch),
        write=writer_of(sheet, branch, by, now, submits=True),
    )


def edit_meeting(*, by: Any, meeting: Meeting, sheet: Sheet, version: int, now: datetime) -> Meeting:
    """Change a meeting that is planned, announced or waiting to be confirmed. Whoever may record it.

    `version` is the one that the person saw; somebody else's change since then refuses and loses nothing.
    """
    branch = checked_branch(by, sheet, meeting)
    if meeting.state in HELD and sheet.starts_at > now:
        raise Refused(_("已经记录的会议，开始时间不能晚于现在"), field="starts_at")
    return workflow.edit(
        meeting,
        moves.EDIT,
        by=by,
        now=now,
        version=version,
        changes=header_of(sheet, branch),
        write=writer_of(sheet, branch, by, now),
    )


def submit_meeting(*, by: Any, meeting: Meeting, version: int | None = None, now: datetime) -> Meeting:
    """Hand a planned or announced meeting to its chair as it stands: all who were due were there but those on leave."""
    sheet = replace(queries.sheet_of(meeting), marks=queries.leave_marks(meeting))
    return record_meeting(by=by, meeting=meeting, sheet=sheet, version=version, now=now)


def notify_meeting(*, by: Any, meeting: Meeting, version: int | None = None, now: datetime) -> Meeting:
    """Announce a planned or postponed meeting to all who are due. Whoever may record it. Refused when it is past.

    Leave that was asked too late for an earlier day is in time for this one.
    """

    def write(locked: Meeting) -> Mapping[str, Any]:
        Leave.objects.filter(meeting=locked, late=True).update(late=False)
        sheet = queries.sheet_of(locked)
        return {"due": len(write_roll(locked, sheet, due_of(locked, sheet, frozen=False), now))}

    return workflow.advance(meeting, moves.NOTIFY, by=by, now=now, version=version, write=write)


def confirm_meeting(*, by: Any, meeting: Meeting, version: int | None = None, now: datetime) -> Meeting:
    """The chair or the secretary stands by the record: from now on it counts for every requirement and figure.

    Refused while anybody is unmarked or another check blocks. Late after five working days, which is only marked.
    """

    def write(locked: Meeting) -> Mapping[str, Any]:
        if locked.edition == 1:
            days = parameter("party.record_deadline_workdays", locked.held_on)
            locked.record_late = rules.is_record_late(timezone.localdate(now), locked.held_on, days, calendar())
        return {}

    changes = {"confirmed_at": now, "confirmed_by_id": by.pk}
    return workflow.advance(meeting, moves.CONFIRM, by=by, now=now, version=version, changes=changes, write=write)


def archive_meeting(*, by: Any, meeting: Meeting, version: int | None = None, now: datetime) -> Meeting:
    """Put a confirmed record away; it goes on counting. Recorder, secretary, Party office."""
    return workflow.advance(meeting, moves.ARCHIVE, by=by, now=now, version=version)


def postpone_meeting(
    *,
    by: Any,
    meeting: Meeting,
    reason: str,
    now: datetime,
    starts_at: datetime | None = None,
    version: int | None = None,
) -> Meeting:
    """Put off an announced meeting, with a reason; to another start, its length kept, or to one still to be named.

    Whoever may record it. Postponed, it is announced anew.
    """

    def write(locked: Meeting) -> Mapping[str, Any]:
        if starts_at is not None:
            shift = starts_at - locked.starts_at
            locked.starts_at, locked.ends_at = locked.starts_at + shift, locked.ends_at + shift
            moved = {"starts_at": F("starts_at") + shift, "ends_at": F("ends_at") + shift}
            Segment.objects.filter(meeting=locked).update(**moved)
            Session.objects.filter(meeting=locked).update(**moved)
        return {}

    changes = {"state_reason": fitting(reason, 200, "reason")}
    return workflow.advance(
        meeting, moves.POSTPONE, by=by, now=now, version=version, reason=reason, changes=changes, write=write
    )


def cancel_meeting(*, by: Any, meeting: Meeting, reason: str, now: datetime, version: int | None = None) -> Meeting:
    """Call off an announced meeting, with a reason; it counts for nothing. Whoever may record it."""
    changes = {"state_reason": fitting(reason, 200, "reason")}
    return workflow.advance(meeting, moves.CANCEL, by=by, now=now, version=version, reason=reason, changes=changes)


def approve_backfill(*, by: Any, meeting: Meeting, version: int | None = None, now: datetime) -> Meeting:
    """Agree that a meeting is entered long after it was held. Party office, general secretary."""
    changes = {"backfill_approved_by_id": by.pk}
    return workflow.edit(meeting, moves.APPROVE_BACKFILL, by=by, now=now, version=version, changes=changes)


def reopen_meeting(*, by: Any, meeting: Meeting, reason: str, now: datetime, version: int | None = None) -> Meeting:
    """Open a confirmed record for correction, with a reason. Secretary, Party office.

    What it said so far is kept as an edition; it counts for nothing until it is confirmed again.
    """
    why = fitting(reason, 200, "reason")

    def write(locked: Meeting) -> Mapping[str, Any]:
        MeetingEdition.objects.create(
            meeting=locked,
            edition=locked.edition,
            content=_content(Meeting.objects.get(pk=locked.pk)),
            reason=why,
            at=now,
            by_id=by.pk,
        )
        locked.edition += 1
        return {}

    changes = {"confirmed_at": None, "confirmed_by_id": None, "state_reason": why}
    return workflow.advance(
        meeting, moves.REOPEN, by=by, now=now, version=version, reason=reason, changes=changes, write=write
    )


def void_meeting(*, by: Any, meeting: Meeting, reason: str, now: datetime, version: int | None = None) -> Meeting:
    """Take a draft or a mistaken record out of use, with a reason; its number stays, its open decisions fall with it.

    For who keeps the records: recorders, secretaries, the Party office. A confirmed record is reopened first.
    """

    def write(locked: Meeting) -> Mapping[str, Any]:
        rows = list(Decision.objects.filter(meeting=locked, state=DecisionState.OPEN))
        for row in rows:
            workflow.advance(row, moves.VOID_DECISION, by=by, now=now, reason=reason)
        return {"decisions": len(rows)} if rows else {}

    changes = {"state_reason": fitting(reason, 200, "reason")}
    return workflow.advance(
        meeting, moves.VOID, by=by, now=now, version=version, reason=reason, changes=changes, write=write
    )


def make_up(
    *, by: Any, meeting: Meeting, people: Collection[int], on: date, now: datetime, version: int | None = None
) -> Meeting:
    """Note that people who were not there made the study up; they earn its hours once. Whoever may record it."""
    if not meeting.held_on <= on <= timezone.localdate(now):
        raise Refused(_("补课日期要在会议之后、今天以前"), field="on")

    def write(locked: Meeting) -> Mapping[str, Any]:
        rows = Attendance.objects.filter(meeting=locked, person__in=people).exclude(status__in=THERE | NOT_DUE)
        names = list(rows.exclude(makeup=MakeUp.DONE).values_list("person__name", flat=True))
        if not names:
            raise Refused(_("选的人都到会了，或已经补过课"), field="people")
        rows.update(makeup=MakeUp.DONE, made_up_on=on)
        return {"makeup": [None, "、".join(names)]}

    return workflow.edit(meeting, moves.MAKE_UP, by=by, now=now, version=version, write=write)


def expire_meetings(*, now: datetime) -> str:
    """Announced meetings whose day went by without a word become 过期未记录. A timed job, early each day."""
    midnight = at(timezone.localdate(now), time.min)
    rows = list(Meeting.objects.filter(state=MeetingState.NOTIFIED, ends_at__lte=midnight).order_by("pk"))
    for meeting in rows:
        workflow.advance(meeting, moves.EXPIRE, by=SYSTEM, now=now)
    return _("过期未记录%(n)d次") % {"n": len(rows)}


def _content(meeting: Meeting) -> dict[str, Any]:
    """The record as it stands, with the names and words of today, fit to be read without the rows behind it."""
    sheet = asdict(queries.sheet_of(meeting))
    for batch in sheet["batches"]:
        batch["present"] = sorted(batch["present"])
    roll: Iterable[Attendance] = meeting.attendances.select_related("person").order_by("pk")
    return {
        "sheet": sheet,
        "roll": [
            {"name": row.person.name, "status": row.status, "reason": row.reason, "is_voter": row.is_voter}
            for row in roll
        ],
        "number": meeting.number,
        "version": meeting.version,
        "confirmed_at": meeting.confirmed_at,
    }
