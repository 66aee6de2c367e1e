"""Meetings out of a branch's old ledger: recorded one like the other, and voided together when the sheet was wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from brigade import workflow
from partybuilding.meetings import moves
from partybuilding.meetings.actions.meetings import record_meeting
from partybuilding.meetings.models import Attendance, Meeting
from partybuilding.meetings.rules import Sheet
from partybuilding.meetings.states import Presence, Source


@transaction.atomic
def record_past_meetings(sheets: Sequence[Sheet], *, by: Any, now: datetime) -> list[Meeting]:
    """Write down meetings of the past, each to be confirmed by its chair. Recorder, secretary, Party office.

    The roll is that of the day of each; it says that it came out of a sheet.
    """
    meetings = [record_meeting(by=by, sheet=sheet, now=now) for sheet in sheets]
    rows = Attendance.objects.filter(meeting__in=[meeting.pk for meeting in meetings])
    rows.exclude(status=Presence.EXEMPT).update(source=Source.IMPORT)
    return meetings


def take_back_meetings(keys: Sequence[Any], *, by: Any, now: datetime, reason: str) -> None:
    """Void recorded meetings that an import brought in. Recorder, secretary, Party office."""
    meetings = list(Meeting.objects.filter(pk__in=keys))
    workflow.advance_many(meetings, moves.VOID, by=by, now=now, reason=reason, changes={"state_reason": reason[:200]})
