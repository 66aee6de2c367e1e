"""The legal moves of meetings, decisions, waivers and leave."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.kit.clocks import at
from brigade.kit.refusals import Refused
from brigade.workflow import NEW, SAME, Move
from partybuilding.branches.models import PartyGroup
from partybuilding.meetings import queries, rules
from partybuilding.meetings.models import Decision, Leave, Meeting, Segment, Waiver
from partybuilding.meetings.states import DecisionState as D
from partybuilding.meetings.states import LeaveState as L
from partybuilding.meetings.states import MeetingState as S
from partybuilding.meetings.states import WaiverState as W

MEETING, DECISION, WAIVER, LEAVE = (model._meta.label_lower for model in (Meeting, Decision, Waiver, Leave))


def _is_complete(meeting: Meeting, by: Any, now: datetime) -> None:
    rules.check_complete(queries.facts_of(meeting), now)


def _is_ahead(meeting: Meeting, by: Any, now: datetime) -> None:
    if meeting.starts_at <= now:
        raise Refused(_("开始时间已经过了，改到以后的时间再通知，或直接记录"), field="starts_at")


def _is_day_over(meeting: Meeting, by: Any, now: datetime) -> None:
    if meeting.ends_at > at(timezone.localdate(now), time.min):
        raise Refused(_("会议当天还没有过完"))


def _is_backfilled(meeting: Meeting, by: Any, now: datetime) -> None:
    if not meeting.backfill:
        raise Refused(_("不是补录的记录，不用批准"))
    if meeting.backfill_approved_by_id is not None:
        raise Refused(_("已经同意过补录"))


def _is_chair(meeting: Meeting, by: Any) -> bool:
    return meeting.chair_id is not None and meeting.chair_id == by.pk


def _is_owner(decision: Decision, by: Any) -> bool:
    return decision.owner_id == by.pk


def _is_own_leave(leave: Leave, by: Any) -> bool:
    return leave.person_id == by.pk


def _is_not_asker(waiver: Waiver, by: Any, now: datetime) -> None:
    if not by.is_system and by.pk == waiver.created_by_id:
        raise Refused(_("不能批自己的申请"))


def _is_not_on_leave(leave: Leave, by: Any, now: datetime) -> None:
    """Whoever only wrote down the leave that another told him may decide it."""
    if not by.is_system and by.pk == leave.person_id:
        raise Refused(_("不能批自己的申请"))


def led_groups(by: Any, unit_id: int) -> set[int]:
    return set(PartyGroup.objects.filter(branch=unit_id, leader=by.pk).values_list("pk", flat=True))


def _is_in_own_group(meeting: Meeting, by: Any, now: datetime) -> None:
    """A group leader without another role keeps to the meetings of his group."""
    if by.has_perm("meetings.record_any_meeting", meeting):
        return
    spans = Segment.objects.filter(meeting=meeting).values_list("kind", "group")
    led = led_groups(by, meeting.unit_id)
    if any(kind != "GM" or group not in led for kind, group in spans):
        raise Refused(_("党小组长只能记本组的党小组会，其他会议请记录员或书记来记"))


def _may_notify(meeting: Meeting, by: Any, now: datetime) -> None:
    _is_ahead(meeting, by, now)
    _is_in_own_group(meeting, by, now)


RECORD_PERM = "meetings.record_meeting"

PLAN = Move(
    code="plan",
    kind=MEETING,
    label=gettext_lazy("列入计划"),
    sources=frozenset({NEW}),
    target=S.DRAFT,
    perm=RECORD_PERM,
    audit="meeting.planned",
)
RECORD = Move(
    code="record",
    kind=MEETING,
    label=gettext_lazy("记录会议"),
    sources=frozenset({NEW}),
    target=S.RECORDED,
    perm=RECORD_PERM,
    audit="meeting.recorded",
)
EDIT = Move(
    code="edit",
    kind=MEETING,
    label=gettext_lazy("修改"),
    sources=frozenset({S.DRAFT, S.NOTIFIED, S.POSTPONED, S.RECORDED}),
    target=SAME,
    perm=RECORD_PERM,
    audit="meeting.edited",
    guard=_is_in_own_group,
    merges=True,
)
NOTIFY = Move(
    code="notify",
    kind=MEETING,
    label=gettext_lazy("发出通知"),
    sources=frozenset({S.DRAFT, S.POSTPONED}),
    target=S.NOTIFIED,
    perm=RECORD_PERM,
    audit="meeting.notified",
    guard=_may_notify,
    notice="meeting.notified",
)
SUBMIT = Move(
    code="submit",
    kind=MEETING,
    label=gettext_lazy("提交主持人确认"),
    sources=frozenset({S.DRAFT, S.NOTIFIED, S.EXPIRED}),
    target=S.RECORDED,
    perm=RECORD_PERM,
    audit="meeting.submitted",
    guard=_is_in_own_group,
)
CONFIRM = Move(
    code="confirm",
    kind=MEETING,
    label=gettext_lazy("确认会议记录"),
    sources=frozenset({S.RECORDED}),
    target=S.CONFIRMED,
    perm="meetings.confirm_meeting",
    may=_is_chair,
    whom=gettext_lazy("主持人"),
    audit="meeting.confirmed",
    guard=_is_complete,
    notice="meeting.confirmed",
)
ARCHIVE = Move(
    code="archive",
    kind=MEETING,
    label=gettext_lazy("归档"),
    sources=frozenset({S.CONFIRMED}),
    target=S.ARCHIVED,
    perm="meetings.archive_meeting",
    audit="meeting.archived",
)
POSTPONE = Move(
    code="postpone",
    kind=MEETING,
    label=gettext_lazy("延期"),
    sources=frozenset({S.NOTIFIED, S.EXPIRED}),
    target=S.POSTPONED,
    perm=RECORD_PERM,
    audit="meeting.postponed",
    guard=_is_in_own_group,
    needs_reason=True,
    notice="meeting.postponed",
)
CANCEL = Move(
    code="cancel",
    kind=MEETING,
    label=gettext_lazy("取消会议"),
    sources=frozenset({S.NOTIFIED, S.POSTPONED, S.EXPIRED}),
    target=S.CANCELLED,
    perm=RECORD_PERM,
    audit="meeting.cancelled",
    guard=_is_in_own_group,
    needs_reason=True,
    notice="meeting.cancelled",
)
EXPIRE = Move(
    code="expire",
    kind=MEETING,
    label=gettext_lazy("转为过期未记录"),
    sources=frozenset({S.NOTIFIED}),
    target=S.EXPIRED,
    perm="meetings.expire_meeting",
    audit="meeting.expired",
    guard=_is_day_over,
    by_system=True,
)
APPROVE_BACKFILL = Move(
    code="approve_backfill",
    kind=MEETING,
    label=gettext_lazy("同意补录"),
    sources=frozenset({S.RECORDED}),
    target=SAME,
    perm="meetings.approve_backfill_meeting",
    audit="meeting.backfill_approved",
    guard=_is_backfilled,
)
REOPEN = Move(
    code="reopen",
    kind=MEETING,
    label=gettext_lazy("重新打开"),
    sources=frozenset({S.CONFIRMED, S.ARCHIVED}),
    target=S.RECORDED,
    perm="meetings.reopen_meeting",
    audit="meeting.reopened",
    needs_reason=True,
    notice="meeting.reopened",
)
MAKE_UP = Move(
    code="make_up",
    kind=MEETING,
    label=gettext_lazy("登记补课"),
    sources=frozenset({S.CONFIRMED, S.ARCHIVED}),
    target=SAME,
    perm=RECORD_PERM,
    audit="meeting.made_up",
    guard=_is_in_own_group,
)
VOID = Move(
    code="void",
    kind=MEETING,
    label=gettext_lazy("作废"),
    sources=frozenset({S.DRAFT, S.RECORDED, S.EXPIRED}),
    target=S.VOID,
    perm="meetings.void_meeting",
    audit="meeting.voided",
    needs_reason=True,
)

DECIDE = Move(
    code="decide",
    kind=DECISION,
    label=gettext_lazy("议定"),
    sources=frozenset({NEW}),
    target=D.OPEN,
    perm=RECORD_PERM,
    audit="decision.made",
    notice="decision.assigned",
)
CHANGE_DECISION = Move(
    code="change",
    kind=DECISION,
    label=gettext_lazy("修改议定事项"),
    sources=frozenset({D.OPEN}),
    target=SAME,
    perm=RECORD_PERM,
    audit="decision.changed",
)
FINISH_DECISION = Move(
    code="finish",
    kind=DECISION,
    label=gettext_lazy("办结"),
    sources=frozenset({D.OPEN}),
    target=D.DONE,
    perm="meetings.finish_decision",
    may=_is_owner,
    whom=gettext_lazy("责任人"),
    audit="decision.finished",
)
DROP_DECISION = Move(
    code="drop",
    kind=DECISION,
    label=gettext_lazy("不再办理"),
    sources=frozenset({D.OPEN}),
    target=D.DROPPED,
    perm="meetings.drop_decision",
    audit="decision.dropped",
    needs_reason=True,
)
VOID_DECISION = Move(
    code="void",
    kind=DECISION,
    label=gettext_lazy("作废议定事项"),
    sources=frozenset({D.OPEN}),
    target=D.VOID,
    perm=RECORD_PERM,
    audit="decision.voided",
    needs_reason=True,
)

ASK_WAIVER = Move(
    code="ask",
    kind=WAIVER,
    label=gettext_lazy("申请豁免"),
    sources=frozenset({NEW}),
    target=W.ASKED,
    perm="meetings.ask_waiver",
    audit="waiver.asked",
    notice="waiver.asked",
)
APPROVE_WAIVER = Move(
    code="approve",
    kind=WAIVER,
    label=gettext_lazy("批准豁免"),
    sources=frozenset({W.ASKED}),
    target=W.APPROVED,
    perm="meetings.decide_waiver",
    audit="waiver.approved",
    guard=_is_not_asker,
    notice="waiver.decided",
)
RETURN_WAIVER = Move(
    code="return",
    kind=WAIVER,
    label=gettext_lazy("退回申请"),
    sources=frozenset({W.ASKED}),
    target=W.RETURNED,
    perm="meetings.decide_waiver",
    audit="waiver.returned",
    guard=_is_not_asker,
    needs_reason=True,
    notice="waiver.decided",
)

ASK_LEAVE = Move(
    code="ask",
    kind=LEAVE,
    label=gettext_lazy("请假"),
    sources=frozenset({NEW}),
    target=L.ASKED,
    perm="meetings.ask_leave",
    may=_is_own_leave,
    whom=gettext_lazy("请假人"),
    audit="leave.asked",
    notice="leave.asked",
)
APPROVE_LEAVE = Move(
    code="approve",
    kind=LEAVE,
    label=gettext_lazy("准假"),
    sources=frozenset({L.ASKED}),
    target=L.APPROVED,
    perm="meetings.decide_leave",
    audit="leave.approved",
    guard=_is_not_on_leave,
    notice="leave.decided",
)
RETURN_LEAVE = Move(
    code="return",
    kind=LEAVE,
    label=gettext_lazy("不准假"),
    sources=frozenset({L.ASKED}),
    target=L.RETURNED,
    perm="meetings.decide_leave",
    audit="leave.returned",
    guard=_is_not_on_leave,
    needs_reason=True,
    notice="leave.decided",
)

MOVES = [
    PLAN,
    RECORD,
    SUBMIT,
    NOTIFY,
    EDIT,
    CONFIRM,
    ARCHIVE,
    POSTPONE,
    CANCEL,
    EXPIRE,
    APPROVE_BACKFILL,
    REOPEN,
    MAKE_UP,
    VOID,
    DECIDE,
    CHANGE_DECISION,
    FINISH_DECISION,
    DROP_DECISION,
    VOID_DECISION,
    ASK_WAIVER,
    APPROVE_WAIVER,
    RETURN_WAIVER,
    ASK_LEAVE,
    APPROVE_LEAVE,
    RETURN_LEAVE,
]
