"""Asking to be excused from a meeting, and the answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.utils.translation import gettext as _

from brigade import workflow
from brigade.kit.ids import new_id
from brigade.kit.refusals import Refused
from brigade.kit.text import fitting
from brigade.org.models import Person
from partybuilding.meetings import moves, rules
from partybuilding.meetings.models import Attendance, Leave, Meeting
from partybuilding.meetings.states import LEAVE_OPEN, NOT_DUE, ON_LEAVE, THERE, LeaveState, Presence, Source


def file_leave(
    *,
    by: Any,
    meeting: Meeting,
    person: Person,
    kind: str,
    reason: str,
    now: datetime,
    leave_id: UUID | None = None,
) -> Leave:
    """Ask to be excused from a meeting. The person himself, or whoever keeps the record for him.

    Filed before the start it counts as leave at once and the secretary decides; filed later it is 补假, and the
    person is absent until it is approved.
    """
    reason = fitting(reason, 120, "reason")
    if kind not in ON_LEAVE:
        raise Refused(_("选请假的类别"), field="kind")
    if not reason:
        raise Refused(_("写明请假的事由"), field="reason")
    if meeting.state not in LEAVE_OPEN:
        raise Refused(_("这次会议现在不能请假"))
    row = Attendance.objects.filter(meeting=meeting, person=person).exclude(status__in=NOT_DUE).first()
    if row is None:
        raise Refused(_("%(name)s不在这次会议的应到名单里") % {"name": person.name}, field="person")
    if row.status in THERE:
        raise Refused(_("%(name)s在这次会议上记的是到会，记错了先改会议记录") % {"name": person.name}, field="person")
    leave = Leave(
        pk=leave_id or new_id(),
        unit=meeting.unit,
        title=_("%(name)s请假：%(meeting)s") % {"name": person.name, "meeting": meeting.title[:80]},
        meeting=meeting,
        person=person,
        leave_kind=kind,
        reason=reason,
        late=rules.is_late_leave(now, meeting.starts_at),
    )
    same = Leave.objects.filter(meeting=meeting, person=person).exclude(pk=leave.pk)
    asked = Refused(_("%(name)s已经为这次会议请过假") % {"name": person.name}, field="person")
    if same.exclude(state=LeaveState.RETURNED).exists():
        raise asked
    try:
        return workflow.begin(leave, moves.ASK_LEAVE, by=by, now=now)
    except IntegrityError:  # asked twice in the same moment
        raise asked from None


def approve_leave(*, by: Any, leave: Leave, now: datetime, version: int | None = None) -> Leave:
    """Excuse the person. Secretary. Where the roll has him absent it is corrected, and the rates with it."""

    def write(locked: Leave) -> Mapping[str, Any]:
        away = {Presence.ABSENT, *ON_LEAVE}
        rows = Attendance.objects.filter(meeting=locked.meeting_id, person=locked.person_id, status__in=away)
        changed = rows.update(
            status=locked.leave_kind,
            source=Source.LEAVE,
            reason=locked.reason,
            late_leave=locked.late,
            approved_by=by.pk,
        )
        return {"attendance": [Presence.ABSENT, locked.leave_kind]} if changed else {}

    changes = {"decided_by_id": by.pk, "decided_at": now}
    return workflow.advance(leave, moves.APPROVE_LEAVE, by=by, now=now, version=version, changes=changes, write=write)


def return_leave(*, by: Any, leave: Leave, reason: str, now: datetime, version: int | None = None) -> Leave:
    """Refuse leave, with a reason. Secretary. Where the roll has him on leave he is absent."""

    def write(locked: Leave) -> Mapping[str, Any]:
        rows = Attendance.objects.filter(meeting=locked.meeting_id, person=locked.person_id, status__in=ON_LEAVE)
        changed = rows.update(status=Presence.ABSENT, source=Source.LEAVE)
        return {"attendance": [locked.leave_kind, Presence.ABSENT]} if changed else {}

    changes = {"decided_by_id": by.pk, "decided_at": now, "answer": fitting(reason, 200, "reason")}
    return workflow.advance(
        leave, moves.RETURN_LEAVE, by=by, now=now, version=version, reason=reason, changes=changes, write=write
    )
