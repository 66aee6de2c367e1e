"""A year of Party life of the demo brigade: meetings, roll-calls, decisions, waivers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from brigade import workflow
from brigade.audit.actions import SYSTEM
from brigade.kit.clocks import (
    Calendar,
    Period,
    add_workdays,
    at,
    period_of,
    periods_between,
    workday_on_or_after,
)
from brigade.org.models import Person
from brigade.reference.actions import next_number
from brigade.reference.queries import calendar
from brigade.workbench.demo.world import ACCOUNTS, World
from partybuilding.branches.actions import send_transfer
from partybuilding.branches.models import PartyBranch, Transfer
from partybuilding.branches.moves import ISSUE
from partybuilding.branches.queries import Due, Structure, structure
from partybuilding.branches.states import TransferState
from partybuilding.meetings import moves
from partybuilding.meetings.actions import NUMBER_KIND
from partybuilding.meetings.models import AgendaItem, Attendance, Decision, Meeting, Segment, Waiver
from partybuilding.meetings.states import (
    COMMITTEE_KINDS,
    COUNTED,
    EARNING,
    AgendaKind,
    DecisionState,
    MakeUp,
    MeetingState,
    Presence,
    SegmentKind,
    WaiverState,
)

SETTLED = timedelta(days=45)
"""After this a confirmed record of the demo world is archived."""

THEMES = (
    "学习延安精神，守好冬季农村路口",
    "党旗红引领警营蓝，减量控大当先锋",
    "铭记光辉历程，传承红色基因",
    "一盔一带一反光衣，守护平安进村口",
    "恪守社会公德，遵章文明出行",
    "家风馆里话廉洁",
    "夏季百日行动，党员冲在前",
    "千路万盏工程现场党课",
    "爱民实践大走访",
    "警示教育：守住执法最小单元",
    "一警双派：简易事故快处体会",
    "巾帼文明岗：微笑服务进窗口",
)
STUDIES = (
    "传达学习：上级关于道路交通安全工作的部署",
    "学习党章党规，谈个人体会",
    "学习英模事迹",
    "传达学习：纪律教育通报",
)
MATTERS = (
    ("平交路口整治，党员怎么分片包路口", "重点路口由党员先锋队分包，挂牌公示"),
    ("头盔佩戴率怎么再提高", "每周两次进村宣传，党员带头"),
    ("农村老人夜间出行怎么提醒", "每月进村一次，帮老人贴反光条"),
    ("夜间勤务怎么排更合理", "党员先锋岗先上夜班，按周轮换"),
    ("支路哨兵点位怎么选", "联合镇街踏勘，列出清单"),
    ("辅警学习怎么补上", "轮班人员周五集中补课"),
)
PLACES = ("大队党建活动室", "中队会议室", "大队三楼会议室", "市直机关党性教育体验馆")


@dataclass
class Plan:
    """One meeting to be made: what it was, when, and of whom."""

    branch: PartyBranch
    title: str
    theme: str
    spans: list[tuple[SegmentKind, datetime, datetime, str, Person | None, int | None]]
    due: Sequence[Due]
    chair: Person
    recorder: Person
    decides: bool = False
    children: list = field(default_factory=list)


def build(world: World) -> None:
    """Make the meetings up to today, through the bulk door; part of the caller's transaction."""
    months = periods_between("month", world.start, world.today)
    whole = structure([branch.pk for branch in world.branches.values()])
    plans = [plan for month in months for plan in _month(world, whole, month) if _is_past(plan, world)]
    meetings = [_meeting(world, plan) for plan in plans]
    workflow.bulk(
        meetings,
        moves.RECORD,
        by=SYSTEM,
        now=world.now,
        write=lambda rows: _children(world, rows, plans),
    )
    decisions = [row for meeting, plan in zip(meetings, plans, strict=True) for row in _decisions(world, meeting, plan)]
    workflow.bulk(decisions, moves.DECIDE, by=SYSTEM, now=world.now)
    workflow.bulk(list(_waivers(world, months)), moves.ASK_WAIVER, by=SYSTEM, now=world.now)
    letter = _letter(world)
    workflow.bulk([letter], ISSUE, by=SYSTEM, now=world.now)
    send_transfer(by=letter.created_by, transfer=letter, now=letter.created_at + timedelta(hours=2))


def _is_past(plan: Plan, world: World) -> bool:
    return plan.spans[0][2] < world.now - timedelta(hours=1)


AHEAD = "CQ1"
"""The branch of the demo recorder has this month's theme day still ahead of it."""
MISSED = {("CQ2", SegmentKind.MM, 6), ("NC1", SegmentKind.TD, 4)}
ASKS = "NC1"
"""This branch holds no theme day this month: it asks for a waiver."""
WAIVED = (("LT", SegmentKind.TD, 1), ("LT", SegmentKind.TD, 7), ("NC2", SegmentKind.TD, 8))


def _month(world: World, whole: Structure, month: Period) -> Iterator[Plan]:
    """What the branches hold in a month: committee early, groups before the middle, the theme day around the 20th."""
    work = calendar()
    number = month.start.month
    for code, branch in world.branches.items():
        day = month.start
        if not branch.is_active(day):
            continue
        secretary = whole.secretary(branch.pk, day)
        if secretary is None:
            continue
        committee = whole.committee_due(branch.pk, day)
        recorder = _recorder(world, whole, branch, day, secretary)
        if branch.is_general:
            yield _committee(world, branch, SegmentKind.GB, _workday(month, 5, work), committee, secretary, recorder)
            continue
        if whole.has_committee(branch.pk, day):
            yield _committee(world, branch, SegmentKind.CM, _workday(month, 6, work), committee, secretary, recorder)
        for n, group in enumerate(whole.groups(branch.pk, day)):
            when = at(_workday(month, 11 + n, work), time(16, 0))
            due = whole.members_due(branch.pk, when.date(), [group.pk])
            title = f"{branch.unit.short_name}{number}月{group.name}会"
            leader = group.leader or secretary
            topic = world.random.choice(STUDIES)
            span = (SegmentKind.GM, when, when + timedelta(minutes=40), topic, None, group.pk)
            yield Plan(branch, title, "", [span], due, leader, recorder)
        if code == ASKS and month == period_of(world.today, "month"):
            continue
        if (code, SegmentKind.TD, number) in MISSED or any((code, SegmentKind.TD, number) == one for one in WAIVED):
            continue
        if code == AHEAD and month.end >= world.today:
            continue
        yield _theme_day(world, whole, code, branch, _workday(month, 20, work), secretary, recorder)


def _workday(month: Period, day: int, work: Calendar) -> date:
    return workday_on_or_after(month.start.replace(day=day), work).date


def _recorder(world: World, whole: Structure, branch: PartyBranch, day: date, secretary: Person) -> Person:
    """The holder of an office other than the secretary, else any member."""
    seats = [seat.person for seat in whole.seats(branch.pk, day) if seat.person_id != secretary.pk]
    named = [person for person in seats if person.police_no == "D10021"]
    if named or seats:
        return (named or seats)[0]
    others = [due for due in whole.members_due(branch.pk, day) if due.person_id != secretary.pk]
    return world.people[others[0].police_no]


def _committee(
    world: World,
    branch: PartyBranch,
    kind: SegmentKind,
    day: date,
    due: Sequence[Due],
    secretary: Person,
    recorder: Person,
) -> Plan:
    when = at(day, time(9, 0))
    title = f"{branch.unit.short_name}{day.month}月{kind.label}"
    span = (kind, when, when + timedelta(minutes=60), world.random.choice(MATTERS)[0], None, None)
    return Plan(branch, title, "", [span], due, secretary, recorder)


def _theme_day(
    world: World, whole: Structure, code: str, branch: PartyBranch, day: date, secretary: Person, recorder: Person
) -> Plan:
    """The basket day: study first, then a lesson and a members' meeting in the last month of a quarter, else work."""
    theme = THEMES[(day.month + branch.pk) % len(THEMES)]
    start = at(day, time(15, 0))
    half = timedelta(minutes=30)
    spans: list = [
        (SegmentKind.TD, start, start + 4 * half, theme, None, None),
        (SegmentKind.ST, start, start + half, world.random.choice(STUDIES), None, None),
    ]
    if day.month % 3 == 0:
        spans.append((SegmentKind.PL, start + half, start + 3 * half, f"党课：{theme}", secretary, None))
        if (code, SegmentKind.MM, day.month) not in MISSED:
            spans.append((SegmentKind.MM, start + 3 * half, start + 4 * half, "听取支委会工作报告", None, None))
    elif day.month % 2:
        spans.append((SegmentKind.VO, start + half, start + 3 * half, "文明交通志愿服务", None, None))
    else:
        spans.append((SegmentKind.DL, start + half, start + 2 * half, "民主议事", None, None))
    due = whole.members_due(branch.pk, day)
    title = f"{branch.unit.short_name}{day.month}月主题党日"
    return Plan(branch, title, theme, spans, due, secretary, recorder, decides=True)


def _meeting(world: World, plan: Plan) -> Meeting:
    """The record: older ones archived, recent ones confirmed, the newest of one branch waiting for its chair."""
    starts_at, ends_at = plan.spans[0][1], plan.spans[0][2]
    recorded_at = ends_at + timedelta(minutes=35)
    confirmed_at = recorded_at + timedelta(hours=world.random.choice((1, 22, 24, 46)))
    waits = confirmed_at > world.now or (
        plan.branch.unit.code == "DZ-CG" and plan.decides and _is_this_month(world, plan)
    )
    state = MeetingState.RECORDED if waits else MeetingState.CONFIRMED
    if state in COUNTED and world.now - starts_at > SETTLED:
        state = MeetingState.ARCHIVED
    held_on = starts_at.date()
    serial = next_number(plan.branch.pk, NUMBER_KIND, held_on.year)
    return Meeting(
        unit=plan.branch.unit,
        number=f"DJ-{plan.branch.unit.code}-{held_on:%Y%m%d}-{serial:03}",
        title=plan.title,
        theme=plan.theme,
        state=state,
        starts_at=starts_at,
        ends_at=ends_at,
        place=PLACES[plan.branch.pk % len(PLACES)] if plan.decides else "支部会议室",
        chair=plan.chair,
        recorder=plan.recorder,
        recorded_at=min(recorded_at, world.now),
        confirmed_at=None if waits else confirmed_at,
        confirmed_by=None if waits else plan.chair,
        created_at=min(recorded_at, world.now),
        created_by=plan.recorder,
        is_synthetic=True,
    )


def _is_this_month(world: World, plan: Plan) -> bool:
    return period_of(plan.spans[0][1].date(), "month") == period_of(world.today, "month")


def _children(world: World, meetings: Sequence[Meeting], plans: Sequence[Plan]) -> None:
    segments, roll, agenda = [], [], []
    for meeting, plan in zip(meetings, plans, strict=True):
        for kind, starts_at, ends_at, topic, lecturer, group_id in plan.spans:
            segments.append(
                Segment(
                    meeting=meeting,
                    kind=kind,
                    starts_at=starts_at,
                    ends_at=ends_at,
                    topic=topic,
                    lecturer=lecturer,
                    group_id=group_id,
                )
            )
        roll += [_attendance(world, meeting, plan, due) for due in plan.due]
        agenda += _agenda(world, meeting, plan)
    Segment.objects.bulk_create(segments, batch_size=500)
    Attendance.objects.bulk_create(roll, batch_size=500)
    AgendaItem.objects.bulk_create(agenda, batch_size=500)


def _attendance(world: World, meeting: Meeting, plan: Plan, due: Due) -> Attendance:
    """Nine of ten are there; chair and recorder always are, and the exempt stand beside the count."""
    status, reason = Presence.PRESENT, ""
    if due.is_exempt:
        status = Presence.EXEMPT
    elif due.person_id not in (plan.chair.pk, plan.recorder.pk):
        lot = world.random.random()
        if lot > 0.985:
            status, reason = Presence.ABSENT, "未请假"
        elif lot > 0.96:
            status, reason = Presence.LEAVE_SICK, "就医"
        elif lot > 0.90:
            status, reason = Presence.LEAVE_DUTY, "路面执勤"
    made_up_on = _made_up_on(world, plan) if reason else None
    return Attendance(
        meeting=meeting,
        person_id=due.person_id,
        branch_id=due.branch_id,
        status=status,
        is_voter=due.is_voter,
        at=meeting.created_at,
        reason=reason,
        makeup=MakeUp.DONE if made_up_on else MakeUp.NONE,
        made_up_on=made_up_on,
    )


def _made_up_on(world: World, plan: Plan) -> date | None:
    """Nearly all who missed a study make it up within the days that 五必 leaves them."""
    if not any(kind in EARNING for kind, *_rest in plan.spans) or world.random.random() > 0.93:
        return None
    day = plan.spans[0][1].date() + timedelta(days=world.random.randrange(3, 13))
    return day if day <= world.today else None


def _agenda(world: World, meeting: Meeting, plan: Plan) -> list[AgendaItem]:
    study = AgendaItem(meeting=meeting, seq=1, kind=AgendaKind.FIRST_TOPIC, title=world.random.choice(STUDIES))
    if not plan.decides and plan.spans[0][0] not in COMMITTEE_KINDS:
        study.kind = AgendaKind.STUDY
        return [study]
    matter, resolution = MATTERS[(meeting.held_on.month + plan.branch.pk) % len(MATTERS)]
    return [
        study,
        AgendaItem(meeting=meeting, seq=2, kind=AgendaKind.DELIBERATE, title=matter, resolution=resolution),
    ]


LEFT_OPEN = {"DZ-CQ1": ("D10020", -2), "DZ-CG": ("D10030", 0), "DZ-JG": ("D10010", 0)}
"""Unit code → who still owes what last month's theme day decided, and how many days from today it is due."""


def _decisions(world: World, meeting: Meeting, plan: Plan) -> Iterator[Decision]:
    """One decision a theme day; the old ones are carried out, most of them in time, the newest are open."""
    if not plan.decides:
        return
    matter, resolution = MATTERS[(meeting.held_on.month + plan.branch.pk) % len(MATTERS)]
    named = [due for due in plan.due if due.police_no in {account.police_no for account in ACCOUNTS}]
    owner = world.people[world.random.choice(named or plan.due).police_no]
    due_on = add_workdays(meeting.held_on, 15, calendar()).date
    late = world.random.random() > 0.93
    finished_at = at(due_on, time(17, 0)) + timedelta(days=3 if late else -world.random.randrange(1, 8))
    done = finished_at < world.now
    last_month = period_of(world.today, "month").previous
    if meeting.unit.code in LEFT_OPEN and meeting.held_on in last_month:
        police_no, days = LEFT_OPEN[meeting.unit.code]
        owner, due_on, done = world.people[police_no], world.today + timedelta(days=days), False
    yield Decision(
        unit=meeting.unit,
        title=resolution,
        state=DecisionState.DONE if done else DecisionState.OPEN,
        meeting=meeting,
        owner=owner,
        due_on=due_on,
        result=f"已办：{matter}" if done else "",
        finished_at=finished_at if done else None,
        created_at=meeting.created_at,
        created_by=meeting.recorder,
        is_synthetic=True,
    )


def _waivers(world: World, months: Sequence[Period]) -> Iterator[Waiver]:
    """Those that were approved for duty peaks and the aged, and one that waits for its answer."""
    secretary = world.people["D10002"]
    for code, kind, number in WAIVED:
        for month in months:
            branch = world.branches[code]
            if month.start.month != number or month.start > world.today or not branch.is_active(month.start):
                continue
            asked_at = at(min(month.start + timedelta(days=17), world.today), time(9, 0))
            yield _waiver(
                branch,
                kind,
                month,
                "老党员高温严寒不集中" if code == "LT" else "重大安保执勤",
                asked_at,
                secretary,
            )
    this = months[-1]
    asked_at = at(workday_on_or_after(max(this.start, world.today - timedelta(days=3)), calendar()).date, time(9, 0))
    yield _waiver(world.branches[ASKS], SegmentKind.TD, this, "岁末农村安保执勤高峰", min(asked_at, world.now), None)


def _waiver(
    branch: PartyBranch,
    kind: SegmentKind,
    month: Period,
    reason: str,
    asked_at: datetime,
    decided_by: Person | None,
) -> Waiver:
    return Waiver(
        unit=branch.unit,
        title=f"{month.label}{kind.label}",
        state=WaiverState.APPROVED if decided_by else WaiverState.ASKED,
        requirement=kind,
        period=month.code,
        reason=reason,
        decided_by=decided_by,
        decided_at=asked_at + timedelta(hours=5) if decided_by else None,
        created_at=asked_at,
        created_by=structure([branch.pk]).secretary(branch.pk, asked_at.date()),
        is_synthetic=True,
    )


def _letter(world: World) -> Transfer:
    """A member on his way from one branch to another: its secretary has something to accept."""
    old, new = world.branches["CQ2"], world.branches["CQ1"]
    plain = old.memberships.exclude(member__person__party_seats__isnull=False).exclude(
        member__person__led_groups__isnull=False
    )
    member = plain.select_related("member__person").order_by("-member__person__police_no")[0].member
    issued_on = world.today - timedelta(days=12)
    return Transfer(
        unit=old.unit,
        title=f"{member.person.name}转往{new.unit.short_name}",
        state=TransferState.ISSUED,
        member=member,
        to_branch=new,
        letter_no=f"东交组转〔{issued_on.year}〕6号",
        issued_on=issued_on,
        created_at=at(issued_on, time(10, 0)),
        created_by=world.people["D10010"],
        is_synthetic=True,
    )
