"""Every write to meetings, decisions, waivers and leave. Who may do it and from which state stands in `moves.py`.

This room is a package: what it offers stands here, by its part.
"""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy

from partybuilding.meetings.actions.decisions import drop_decision, finish_decision
from partybuilding.meetings.actions.history import ready_past, record_past, take_back_meetings
from partybuilding.meetings.actions.leaves import approve_leave, file_leave, return_leave
from partybuilding.meetings.actions.leaving import HOLDINGS
from partybuilding.meetings.actions.meetings import (
    approve_backfill,
    archive_meeting,
    cancel_meeting,
    confirm_meeting,
    edit_meeting,
    expire_meetings,
    make_up,
    notify_meeting,
    plan_meeting,
    postpone_meeting,
    record_meeting,
    reopen_meeting,
    submit_meeting,
    void_meeting,
)
from partybuilding.meetings.actions.sheets import NUMBER_KIND
from partybuilding.meetings.actions.waivers import approve_waiver, ask_waiver, return_waiver

VERBS = {"decision.handed_over": gettext_lazy("移交议定事项")}

MAKE: dict[str, Callable[..., Any]] = {
    "meeting.submit": submit_meeting,
    "meeting.notify": notify_meeting,
    "meeting.confirm": confirm_meeting,
    "meeting.archive": archive_meeting,
    "meeting.approve_backfill": approve_backfill,
    "meeting.postpone": postpone_meeting,
    "meeting.cancel": cancel_meeting,
    "meeting.reopen": reopen_meeting,
    "meeting.void": void_meeting,
    "meeting.make_up": make_up,
    "decision.finish": finish_decision,
    "decision.drop": drop_decision,
    "waiver.approve": approve_waiver,
    "waiver.return": return_waiver,
    "leave.approve": approve_leave,
    "leave.return": return_leave,
}
"""Move → the action that makes it; the page and the API both come here."""
