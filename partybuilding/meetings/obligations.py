"""What branches owe each month and quarter, and what follows from a record: to confirm it, to carry out its decisions,
to answer a waiver or a leave."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime, time
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.kit.clocks import add_workdays, at, parse_period
from brigade.obligations.models import Key, Obligation
from brigade.obligations.rules import LADDER, Answer, Rule, Step, day_of_month, last_workday_of_month, workdays_from_due
from brigade.obligations.states import ObligationState
from brigade.org.models import Unit
from brigade.org.states import Role
from brigade.reference.queries import calendar
from partybuilding.branches.models import PartyBranch
from partybuilding.branches.queries import structure
from partybuilding.meetings import queries
from partybuilding.meetings.models import Decision, Leave, Meeting, Waiver
from partybuilding.meetings.queries import keys_due, requirement_of, rule_of
from partybuilding.meetings.states import (
    COUNTED,
    REQUIRED,
    DecisionState,
    LeaveState,
    MeetingState,
    SegmentKind,
    WaiverState,
)

MEETING, DECISION, WAIVER, LEAVE = (model._meta.label_lower for model in (Meeting, Decision, Waiver, Leave))
DAYS_TO_DECIDE = 3

SUPERIORS = (Role.GENERAL_SECRETARY, Role.PARTY_OFFICE)
NEXT_MONTH = workdays_from_due(1)
MONTHLY = (
    Step("20th", gettext_lazy("20日"), day_of_month(20)),
    Step("25th", gettext_lazy("25日"), day_of_month(25)),
    Step("last", gettext_lazy("最后一个工作日"), last_workday_of_month),
)
QUARTERLY = (
    Step("10th", gettext_lazy("季末10日"), day_of_month(10)),
    Step("20th", gettext_lazy("季末20日"), day_of_month(20)),
    Step("last", gettext_lazy("最后一个工作日"), last_workday_of_month),
)
LADDERS = {
    SegmentKind.GB: (*MONTHLY, Step("missed", gettext_lazy("次月"), NEXT_MONTH, (Role.POLITICAL_OFFICER,))),
    SegmentKind.MM: (*QUARTERLY, Step("missed", gettext_lazy("次月"), NEXT_MONTH, SUPERIORS)),
    SegmentKind.PL: (*QUARTERLY, Step("missed", gettext_lazy("次月"), NEXT_MONTH, SUPERIORS)),
    SegmentKind.CM: (*MONTHLY, Step("missed", gettext_lazy("次月"), NEXT_MONTH, SUPERIORS)),
    SegmentKind.GM: (*MONTHLY, Step("missed", gettext_lazy("次月"), NEXT_MONTH, SUPERIORS)),
    SegmentKind.TD: (*MONTHLY, Step("missed", gettext_lazy("次月"), NEXT_MONTH, SUPERIORS)),
}

BASES = {
    SegmentKind.GB: gettext_lazy("党总支会每月1次：大队党建安排"),
    SegmentKind.MM: gettext_lazy("党员大会一般每季度1次：《中国共产党支部工作条例（试行）》第十一条"),
    SegmentKind.CM: gettext_lazy("支委会一般每月1次：《中国共产党支部工作条例（试行）》第十二条"),
    SegmentKind.GM: gettext_lazy("党小组会一般每月1次：《中国共产党支部工作条例（试行）》第十三条"),
    SegmentKind.PL: gettext_lazy("党课每季度1次：各地规定不一，以县区组织部门要求为准"),
    SegmentKind.TD: gettext_lazy("主题党日每月1次：《中国共产党党员教育管理工作条例》第十六条"),
}


# Requirements: the six rules read meetings and waivers together, so the first of them speaks for all


def _touched(record: Any) -> Iterable[Key]:
    """The requirements that a meeting or a waiver counts for, of whichever of the six rules."""
    if isinstance(record, Waiver):
        return queries.keys_of_waiver(record)
    return queries.keys_of_meeting(record)


def _answer_requirements(keys: Collection[Key], now: datetime) -> Iterable[Answer]:
    return queries.Requirements(keys).answers(now)


def _record_it(obligation: Obligation) -> tuple[str, str]:
    """Where the duty is done: the form of a new meeting, of that kind and branch; or the record that is there and
    waits to be confirmed."""
    if obligation.met_id:
        return _("看记录"), reverse("meetings:meeting_detail", args=[obligation.met_id])
    kind = requirement_of(obligation.rule)
    day = min(timezone.localdate(obligation.due_at), timezone.localdate())
    group = f"&group={obligation.subject}" if kind == SegmentKind.GM else ""
    address = reverse("meetings:meeting_create")
    return _("去记录"), f"{address}?unit={obligation.unit_id}&kind={kind}&day={day.isoformat()}{group}"


def _cell(obligation: Obligation) -> str:
    """Where the duty stands: its cell of the matrix."""
    end = parse_period(obligation.period).end
    return f"{reverse('meetings:matrix')}?year={end.year}&cell={obligation.unit_id}-{end.month}"


def _requirement(code: str, **asked: Any) -> Rule:
    return Rule(
        code=rule_of(code),
        label=str(SegmentKind(code).label),
        basis=BASES[SegmentKind(code)],
        answer=_answer_requirements,
        action=_record_it,
        place=_cell,
        ladder=LADDERS[SegmentKind(code)],
        **asked,
    )


# To confirm a record


def _touched_meeting(meeting: Meeting) -> Iterable[Key]:
    if meeting.state in {MeetingState.RECORDED, MeetingState.VOID} | COUNTED:
        yield Key("party.confirm", MEETING, str(meeting.pk))


def _answer_confirm(keys: Collection[Key], now: datetime) -> Iterable[Answer]:
    rows = Meeting.objects.filter(pk__in=[key.subject for key in keys], state__in={MeetingState.RECORDED} | COUNTED)
    for meeting in rows.select_related("chair"):
        due = queries.record_deadline(meeting.held_on)
        done = meeting.state in COUNTED
        yield Answer(
            key=Key("party.confirm", MEETING, str(meeting.pk)),
            unit_id=meeting.unit_id,
            title=_("确认会议记录：%(title)s") % {"title": meeting.title},
            opens_at=min(meeting.starts_at, at(due.date, time.max)),
            due_at=at(due.date, time.max),
            state=ObligationState.MET if done else ObligationState.OPEN,
            post=Role.BRANCH_SECRETARY,
            person_id=meeting.chair_id if meeting.chair is None or meeting.chair.is_active else None,
            count=int(done),
            met_kind=MEETING if done else "",
            met_id=str(meeting.pk) if done else "",
            met_at=meeting.confirmed_at,
            reason=_("记录超过5个工作日") if meeting.record_late else "",
            provisional=due.provisional,
        )


# Decisions


def _touched_record(rule: str) -> Callable[[Any], Iterable[Key]]:
    return lambda record: [Key(rule, record.kind(), str(record.pk))]


def _answer_decision(keys: Collection[Key], now: datetime) -> Iterable[Answer]:
    rows = Decision.objects.filter(pk__in=[key.subject for key in keys])
    for decision in rows.filter(state__in=[DecisionState.OPEN, DecisionState.DONE]):
        done = decision.state == DecisionState.DONE
        due_at = at(decision.due_on, time.max)
        yield Answer(
            key=Key("party.decision", DECISION, str(decision.pk)),
            unit_id=decision.unit_id,
            title=decision.title,
            opens_at=min(decision.created_at, due_at),
            due_at=due_at,
            state=ObligationState.MET if done else ObligationState.OPEN,
            person_id=decision.owner_id,
            count=int(done),
            met_kind=DECISION if done else "",
            met_id=str(decision.pk) if done else "",
            met_at=decision.finished_at,
        )


# Waivers and leave


def _answer_waiver(keys: Collection[Key], now: datetime) -> Iterable[Answer]:
    rows = list(Waiver.objects.filter(pk__in=[key.subject for key in keys]).select_related("unit"))
    above = _general_branch_of({waiver.unit for waiver in rows})
    for waiver in rows:
        due = add_workdays(timezone.localdate(waiver.created_at), DAYS_TO_DECIDE, calendar())
        decided = waiver.state != WaiverState.ASKED
        yield Answer(
            key=Key("party.waiver", WAIVER, str(waiver.pk)),
            unit_id=above.get(waiver.unit_id, waiver.unit_id),
            title=_("批复豁免：%(branch)s%(title)s") % {"branch": waiver.unit.short_name, "title": waiver.title},
            opens_at=waiver.created_at,
            due_at=at(due.date, time.max),
            state=ObligationState.MET if decided else ObligationState.OPEN,
            post=Role.GENERAL_SECRETARY,
            count=int(decided),
            met_kind=WAIVER if decided else "",
            met_id=str(waiver.pk) if decided else "",
            met_at=waiver.decided_at,
            reason=waiver.reason,
            provisional=due.provisional,
        )


def _general_branch_of(units: Iterable[Unit]) -> dict[int, int]:
    """Unit → the general branch above it: its secretary answers."""
    general = PartyBranch.objects.filter(kind="general_branch").values_list("unit__path", "pk")
    paths = dict(general)
    return {unit.pk: pk for unit in units for path, pk in paths.items() if unit.path.startswith(path)}


def _answer_leave(keys: Collection[Key], now: datetime) -> Iterable[Answer]:
    """The secretary of the branch decides; of his own leave, and of leave from the general branch, its secretary.

    Leave is answered before the meeting begins, or by the next working day when it was asked at the last moment.
    """
    found = Leave.objects.filter(pk__in=[key.subject for key in keys])
    rows = list(found.select_related("meeting", "unit", "person"))
    above = _general_branch_of({leave.unit for leave in rows})
    whole = structure({leave.unit_id for leave in rows})
    for leave in rows:
        asked_on = timezone.localdate(leave.created_at)
        due = queries.record_deadline(leave.meeting.held_on) if leave.late else add_workdays(asked_on, 1, calendar())
        secretary = whole.secretary(leave.unit_id, leave.meeting.held_on)
        is_own = secretary is not None and secretary.pk == leave.person_id
        decider = above.get(leave.unit_id, leave.unit_id) if is_own else leave.unit_id
        is_for_general = decider in above.values()
        decided = leave.state != LeaveState.ASKED
        due_at = max(at(due.date, time.max), leave.created_at if leave.late else leave.meeting.starts_at)
        yield Answer(
            key=Key("party.leave", LEAVE, str(leave.pk)),
            unit_id=decider,
            title=_("批假：%(who)s，%(meeting)s") % {"who": leave.person.name, "meeting": leave.meeting.title},
            opens_at=leave.created_at,
            due_at=due_at,
            state=ObligationState.MET if decided else ObligationState.OPEN,
            post=Role.GENERAL_SECRETARY if is_for_general else Role.BRANCH_SECRETARY,
            count=int(decided),
            met_kind=LEAVE if decided else "",
            met_id=str(leave.pk) if decided else "",
            met_at=leave.decided_at,
            reason=leave.reason,
            provisional=due.provisional,
        )


def _open(label: Promise, address: str) -> Callable[[Obligation], tuple[str, str]]:
    return lambda obligation: (str(label), reverse(address, args=[obligation.subject]))


LATE = (*LADDER[:2], Step("late", gettext_lazy("逾期"), NEXT_MONTH, (Role.BRANCH_SECRETARY, *SUPERIORS)))
LATE_ABOVE = (*LADDER[:2], Step("late", gettext_lazy("逾期"), NEXT_MONTH, (Role.PARTY_OFFICE, Role.POLITICAL_OFFICER)))

RULES = [
    _requirement(REQUIRED[0], kinds=frozenset({MEETING, WAIVER}), touched=_touched, due_keys=keys_due),
    *(_requirement(code) for code in REQUIRED[1:]),
    Rule(
        code="party.confirm",
        label=gettext_lazy("确认会议记录"),
        basis=gettext_lazy("会议记录5个工作日内确认：产品默认"),
        kinds=frozenset({MEETING}),
        touched=_touched_meeting,
        answer=_answer_confirm,
        action=_open(gettext_lazy("去确认"), "meetings:meeting_detail"),
        ladder=LATE,
    ),
    Rule(
        code="party.decision",
        label=gettext_lazy("议定事项"),
        basis=gettext_lazy("会议议定的责任人和期限"),
        kinds=frozenset({DECISION}),
        touched=_touched_record("party.decision"),
        answer=_answer_decision,
        action=_open(gettext_lazy("去办结"), "meetings:decision_detail"),
        ladder=LATE,
    ),
    Rule(
        code="party.waiver",
        label=gettext_lazy("批复豁免申请"),
        basis=gettext_lazy("豁免申请3个工作日内批复：产品默认"),
        kinds=frozenset({WAIVER}),
        touched=_touched_record("party.waiver"),
        answer=_answer_waiver,
        action=_open(gettext_lazy("去批复"), "meetings:waiver_detail"),
        ladder=LATE_ABOVE,
    ),
    Rule(
        code="party.leave",
        label=gettext_lazy("批假"),
        basis=gettext_lazy("请假由支部书记批准，补假批准前按缺席算"),
        kinds=frozenset({LEAVE}),
        touched=_touched_record("party.leave"),
        answer=_answer_leave,
        action=_open(gettext_lazy("去批假"), "meetings:leave_detail"),
        ladder=LADDER[:2],
    ),
]
