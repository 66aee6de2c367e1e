"""Who may do what with meetings; the sums of votes, attendance and study; what a record must have to be confirmed.

All pure: days and figures in, an answer out. The formulas are those of the Party rules named beside them; where they
leave something to the locality, the figure is a dated parameter and comes in from outside.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.kit.clocks import Calendar, Day, add_workdays
from brigade.kit.refusals import Refused
from brigade.obligations.states import EXCUSED, ObligationState
from brigade.org.states import Role
from partybuilding.meetings.states import (
    EARNING,
    FIRST_TOPIC_EXPECTED,
    NOT_DUE,
    ON_LEAVE,
    THERE,
    Ballot,
    MakeUp,
    Mode,
    Presence,
    SegmentKind,
    VoteKind,
)

KEEPERS = (Role.RECORDER, Role.BRANCH_SECRETARY, Role.PARTY_OFFICE, Role.GENERAL_SECRETARY)
READERS = (
    *KEEPERS,
    Role.GROUP_LEADER,
    Role.BRIGADE_LEADER,
    Role.DEPUTY_LEADER,
    Role.POLITICAL_OFFICER,
    Role.DISCIPLINE,
    Role.INSPECTOR,
)
SECRETARIES = (Role.BRANCH_SECRETARY, Role.GENERAL_SECRETARY)
DECIDERS = (Role.GENERAL_SECRETARY, Role.PARTY_OFFICE, Role.POLITICAL_OFFICER)

GRANTS: dict[str, tuple[Role, ...]] = {
    "meetings.view_meeting": READERS,
    "meetings.record_meeting": (*KEEPERS, Role.GROUP_LEADER),
    "meetings.record_any_meeting": KEEPERS,
    "meetings.confirm_meeting": SECRETARIES,
    "meetings.archive_meeting": KEEPERS,
    "meetings.reopen_meeting": (*SECRETARIES, Role.PARTY_OFFICE),
    "meetings.void_meeting": KEEPERS,
    "meetings.approve_backfill_meeting": (Role.PARTY_OFFICE, Role.GENERAL_SECRETARY),
    "meetings.view_decision": READERS,
    "meetings.finish_decision": (*SECRETARIES, Role.PARTY_OFFICE),
    "meetings.drop_decision": (*SECRETARIES, Role.PARTY_OFFICE),
    "meetings.view_waiver": READERS,
    "meetings.ask_waiver": (Role.RECORDER, *SECRETARIES, Role.PARTY_OFFICE),
    "meetings.decide_waiver": DECIDERS,
    "meetings.view_leave": (*KEEPERS, Role.GROUP_LEADER),
    "meetings.ask_leave": KEEPERS,
    "meetings.decide_leave": SECRETARIES,
}

QUARTERLY = frozenset({SegmentKind.MM, SegmentKind.PL})
BRANCH_REQUIREMENTS = (SegmentKind.MM, SegmentKind.CM, SegmentKind.GM, SegmentKind.PL, SegmentKind.TD)


def period_kind(requirement: str) -> str:
    """Whether a requirement is asked for each month or each quarter."""
    return "quarter" if requirement in QUARTERLY else "month"


# A meeting as it is written down


@dataclass(frozen=True, slots=True)
class Span:
    """A segment: what it was, from when to when."""

    kind: str
    starts_at: datetime
    ends_at: datetime
    topic: str = ""
    lecturer_id: int | None = None
    group_id: int | None = None

    @property
    def minutes(self) -> int:
        return int((self.ends_at - self.starts_at) / timedelta(minutes=1))


@dataclass(frozen=True, slots=True)
class Batch:
    """One shift of a meeting held in several, and who came to it."""

    starts_at: datetime
    ends_at: datetime
    present: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Mark:
    """An exception of the roll-call; whoever has none was there."""

    person_id: int
    status: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Opinion:
    """A written opinion on an admission or confirmation of somebody who could not come."""

    person_id: int
    handed_in_at: datetime
    is_aye: bool = True


@dataclass(frozen=True, slots=True)
class Count:
    """What a vote came to."""

    kind: str
    ayes: int
    noes: int = 0
    abstain: int = 0
    ballot: str = Ballot.HANDS
    candidates: tuple[int, ...] = ()
    opinions: tuple[Opinion, ...] = ()


@dataclass(frozen=True, slots=True)
class Task:
    """A decision: what, who, by when. `id` is that of a decision that is already known."""

    title: str
    owner_id: int
    due_on: date
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Topic:
    """A point of the agenda."""

    kind: str
    title: str
    speaker: str = ""
    summary: str = ""
    dissent: str = ""
    resolution: str = ""
    votes: tuple[Count, ...] = ()
    tasks: tuple[Task, ...] = ()


@dataclass(frozen=True, slots=True)
class Picture:
    """A photo that was stored before."""

    file_id: UUID
    caption: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A meeting as one form writes it down: only exceptions of the roll are in `marks`.

    `branches` names the branches whose roll was called at an assembly of the general branch.
    """

    unit_id: int
    title: str
    starts_at: datetime
    ends_at: datetime
    spans: tuple[Span, ...]
    theme: str = ""
    place: str = ""
    mode: str = Mode.ONSITE
    chair_id: int | None = None
    recorder_id: int | None = None
    summary: str = ""
    attributed_year: int | None = None
    backfill_reason: str = ""
    marks: tuple[Mark, ...] = ()
    batches: tuple[Batch, ...] = ()
    topics: tuple[Topic, ...] = ()
    photos: tuple[Picture, ...] = ()
    branches: tuple[int, ...] = ()

    @property
    def day(self) -> date:
        return timezone.localdate(self.starts_at)

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset(span.kind for span in self.spans)

    @property
    def group_ids(self) -> frozenset[int]:
        return frozenset(span.group_id for span in self.spans if span.group_id is not None)


def check_sheet(sheet: Sheet, photo_limit: int) -> None:
    """Refuse what cannot even be written down. What may still be completed is asked for when it is confirmed."""
    if sheet.ends_at <= sheet.starts_at:
        raise Refused(_("结束时间要晚于开始时间"), field="ends_at")
    if not sheet.spans:
        raise Refused(_("至少选一项这次包含的内容"), field="spans")
    for span in sheet.spans:
        _check_span(span, sheet)
    if sum(len(topic.votes) for topic in sheet.topics) and len(sheet.batches) > 1:
        raise Refused(_("分场次开的会不能表决，表决要一次到齐"), field="topics")
    for topic in sheet.topics:
        for count in topic.votes:
            check_candidates(count)
    marked = [mark.person_id for mark in sheet.marks]
    if len(set(marked)) < len(marked):
        raise Refused(_("同一个人标了两次"), field="marks")
    if len(sheet.photos) > photo_limit:
        raise Refused(_("照片最多%(n)d张") % {"n": photo_limit}, field="photos")
    _check_study_apart(sheet.spans)


def _check_span(span: Span, sheet: Sheet) -> None:
    label = SegmentKind(span.kind).label
    if span.ends_at <= span.starts_at:
        raise Refused(_("%(kind)s的结束时间要晚于开始时间") % {"kind": label}, field="spans")
    if span.starts_at < sheet.starts_at or span.ends_at > sheet.ends_at:
        raise Refused(_("%(kind)s的时段不在会议起止时间以内") % {"kind": label}, field="spans")
    if span.kind == SegmentKind.GM and span.group_id is None:
        raise Refused(_("党小组会要选是哪个党小组"), field="spans")


def _check_study_apart(spans: Iterable[Span]) -> None:
    """The same minutes must not earn study hours twice."""
    earning = sorted((span for span in spans if span.kind in EARNING), key=lambda span: span.starts_at)
    for earlier, later in zip(earning, earning[1:], strict=False):
        if later.starts_at < earlier.ends_at:
            raise Refused(_("学习和党课的时段不能重叠，否则学时会算两次"), field="spans")


def check_group_leader(sheet: Sheet, led: Collection[int]) -> None:
    """A group leader without another role writes down meetings of his own groups only."""
    if not sheet.spans or any(span.kind != SegmentKind.GM or span.group_id not in led for span in sheet.spans):
        raise Refused(_("党小组长只能记本组的党小组会，其他会议请记录员或书记来记"))


# Votes: integers only. Sources: 支部工作条例第十一、十二条; 发展党员工作细则; 基层组织选举工作条例


def may_vote(kind: str, present: int, base: int) -> bool:
    """Whether enough voters are there: half of those due, or for admission and confirmation more than half."""
    if base <= 0:
        return False
    if kind in (VoteKind.ADMISSION, VoteKind.CONFIRMATION):
        return 2 * present > base
    return 2 * present >= base


def passes(kind: str, ayes: int, written: int, base: int) -> bool:
    """Whether more than half of the voters *due* agreed; written ayes count for admission and confirmation only."""
    return 2 * (ayes + (written if takes_opinions(kind) else 0)) > base


def takes_opinions(kind: str) -> bool:
    return kind in (VoteKind.ADMISSION, VoteKind.CONFIRMATION)


def check_candidates(count: Count) -> None:
    """People are discussed and voted on one by one; only people are admitted and confirmed."""
    if len(count.candidates) > 1:
        raise Refused(_("每次只能表决一个人，两个人要分两次表决"), field="topics", article=_("发展党员工作细则"))
    if takes_opinions(count.kind) and not count.candidates:
        raise Refused(_("接收和转正要写明表决的是谁"), field="topics")


def written_ayes(
    opinions: Iterable[Opinion], starts_at: datetime, present: Collection[int], voters: Collection[int]
) -> int:
    """Written ayes that count: by voters who are absent, handed in before the meeting; whatever came later does not."""
    found = set()
    for opinion in opinions:
        check_voter(opinion.person_id, voters)
        if opinion.is_aye and opinion.handed_in_at < starts_at and opinion.person_id not in present:
            found.add(opinion.person_id)
    return len(found)


def check_voter(person_id: int, voters: Collection[int]) -> None:
    if person_id not in voters:
        raise Refused(_("预备党员、受留党察看处分的和权利中止的党员没有表决权，不能计票"), field="topics")


def check_count(count: Count, present: int, base: int) -> None:
    """Refuse a vote that could not be held, or with more ballots than voters who were there."""
    if not may_vote(count.kind, present, base):
        need = _("超过一半") if takes_opinions(count.kind) else _("一半以上")
        raise Refused(
            _("应到会有表决权%(base)d人、实到%(present)d人，不到%(need)s，不能表决")
            % {"base": base, "present": present, "need": need},
            field="topics",
            article=_("支部工作条例第十一条"),
        )
    if count.ayes + count.noes + count.abstain > present:
        raise Refused(
            _("票数%(n)d张，多于实到会有表决权的%(present)d人")
            % {"n": count.ayes + count.noes + count.abstain, "present": present},
            field="topics",
        )


def election_is_valid(present: int, base: int, issued: int | None = None, returned: int | None = None) -> bool:
    """At least four fifths of the voters due are there, and no more ballots come back than went out."""
    if issued is not None and returned is not None and returned > issued:
        return False
    return base > 0 and 5 * present >= 4 * base


def least_candidates(seats: int) -> int:
    """Seats and a fifth more, rounded up."""
    return seats + -(-seats // 5)


def is_elected(ayes: int, present: int) -> bool:
    """More than half of the voters who are *there*."""
    return 2 * ayes > present


def ayes_if_due(base: int) -> int:
    """How many ayes it would take if the voters due were the measure, as one handbook has it; shown as a note."""
    return base // 2 + 1


def voting_base(voters: Collection[int], excluded: Mapping[int, str]) -> int:
    """Voters due, less those left out with the superior's approval number; without a number nobody is left out."""
    return sum(1 for person_id in voters if not excluded.get(person_id))


# Attendance


def percent(part: int | Decimal, whole: int | Decimal) -> Decimal | None:
    """With one decimal, half up; None (shown as a dash) where there is nothing to divide by."""
    if not whole:
        return None
    return (Decimal(part) * 100 / Decimal(whole)).quantize(Decimal("0.1"), ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Tally:
    """How a roll-call came out. Approved leave stays among those due; rates of a period are sums over sums."""

    due: int = 0
    present: int = 0
    leave: int = 0
    absent: int = 0
    unmarked: int = 0
    exempt: int = 0
    observers: int = 0
    made_up: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))

    @property
    def rate(self) -> Decimal | None:
        """到会率"""
        return percent(self.present, self.due)

    @property
    def coverage(self) -> Decimal | None:
        """覆盖率: those who made it up count too."""
        return percent(self.present + self.made_up, self.due)

    @property
    def absence(self) -> Decimal | None:
        """缺席率"""
        return percent(self.absent, self.due)


def tally(rows: Iterable[tuple[str, str]]) -> Tally:
    """Count (status, make-up) pairs."""
    counts: dict[str, int] = defaultdict(int)
    for status, makeup in rows:
        counts["due"] += status not in NOT_DUE
        counts["present"] += status in THERE
        counts["leave"] += status in ON_LEAVE
        counts["absent"] += status == Presence.ABSENT
        counts["unmarked"] += status == Presence.UNMARKED
        counts["exempt"] += status == Presence.EXEMPT
        counts["observers"] += status == Presence.OBSERVER
        counts["made_up"] += makeup == MakeUp.DONE and status not in THERE | NOT_DUE
    return Tally(**counts)


def is_late_leave(filed_at: datetime, starts_at: datetime) -> bool:
    """Leave filed once the meeting has begun is 补假: absent until the secretary approves it."""
    return filed_at >= starts_at


# Study hours. Source: local conversion tables; parameters of party-building §2.4

MINUTES_OF_HALF_AN_HOUR = 30
MOST_A_HALF_DAY = Decimal(4)
MOST_A_DAY = Decimal(8)


def segment_hours(minutes: int) -> Decimal:
    """An hour for sixty minutes, by whole halves."""
    return Decimal(minutes // MINUTES_OF_HALF_AN_HOUR) / 2


def study_hours(spans: Iterable[tuple[datetime, datetime]]) -> Decimal:
    """What one person earns by these stretches of study: no more than 4 hours a half-day and 8 a day."""
    halves: dict[tuple[date, bool], Decimal] = defaultdict(Decimal)
    for starts_at, ends_at in spans:
        local = timezone.localtime(starts_at)
        halves[local.date(), local.hour < 12] += segment_hours(int((ends_at - starts_at) / timedelta(minutes=1)))
    days: dict[date, Decimal] = defaultdict(Decimal)
    for (day, _morning), hours in halves.items():
        days[day] += min(hours, MOST_A_HALF_DAY)
    return sum((min(hours, MOST_A_DAY) for hours in days.values()), Decimal())


def earns(status: str, makeup: str) -> bool:
    """Whether somebody earns the hours of a meeting: he was there, or made it up."""
    return status in THERE or makeup == MakeUp.DONE


# Deadlines


def record_deadline(held_on: date, workdays: int, calendar: Calendar) -> Day:
    """Until when a record should be confirmed; later it counts all the same but is marked late."""
    return add_workdays(held_on, workdays, calendar)


def is_record_late(confirmed_on: date, held_on: date, workdays: int, calendar: Calendar) -> bool:
    return confirmed_on > record_deadline(held_on, workdays, calendar).date


def is_backfill(entered_on: date, held_on: date, days: int) -> bool:
    return (entered_on - held_on).days > days


# Requirements


def requirement_state(*, count: int, needed: int, waived: bool, na_reason: str, closed: bool) -> ObligationState:
    """How a requirement stands in a period. Held is held; only what is missing can be waived or not apply."""
    if na_reason:
        return ObligationState.NOT_APPLICABLE
    if count >= needed:
        return ObligationState.MET
    if waived:
        return ObligationState.WAIVED
    return ObligationState.MISSED if closed else ObligationState.OPEN


@dataclass(frozen=True, slots=True)
class Share:
    """Requirements met among those that had to be; waived and not applicable stand on neither side."""

    met: int = 0
    missed: int = 0

    def __add__(self, other: Share) -> Share:
        return Share(self.met + other.met, self.missed + other.missed)

    @property
    def rate(self) -> Decimal | None:
        return percent(self.met, self.met + self.missed)


def share(states: Iterable[str]) -> Share:
    found = list(states)
    return Share(found.count(ObligationState.MET), found.count(ObligationState.MISSED))


def branch_result(states: Iterable[str]) -> ObligationState:
    """A branch's quarter from the states of all its requirements: met when each is met, waived or not applicable."""
    found = set(states)
    if ObligationState.MISSED in found:
        return ObligationState.MISSED
    if found - {ObligationState.MET} - EXCUSED:
        return ObligationState.OPEN
    return ObligationState.MET


# What a record must have before it is confirmed

BLOCK = "block"
WARN = "warn"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of 确认前再看一眼."""

    code: str
    ok: bool
    text: str
    level: str = BLOCK

    @property
    def blocks(self) -> bool:
        return not self.ok and self.level == BLOCK


@dataclass(frozen=True, slots=True)
class Limits:
    """The dated parameters that the checks go by."""

    lesson_minutes: int = 30
    backfill_reason_days: int = 15
    backfill_approval_days: int = 60
    first_topic_blocks: bool = False
    same_person_blocks: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that the checks look at, alike for a saved record and for a form that is still being filled."""

    starts_at: datetime
    ends_at: datetime
    entered_on: date
    chair_id: int | None
    recorder_id: int | None
    spans: tuple[Span, ...]
    statuses: Mapping[int, str]
    without_reason: tuple[str, ...] = ()
    unmarked: tuple[str, ...] = ()
    sessions: int = 0
    votes: int = 0
    first_topic_seq: int | None = None
    has_committee: bool = True
    backfill_reason: str = ""
    backfill_approved: bool = False
    limits: Limits = field(default_factory=Limits)

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset(span.kind for span in self.spans)

    @property
    def held_on(self) -> date:
        return timezone.localdate(self.starts_at)


def checks(facts: Facts, now: datetime) -> list[Check]:
    """What stands and what is missing, in the order in which the page shows it."""
    found = [
        _check_time(facts, now),
        _check_chair(facts),
        _check_recorder(facts),
        _check_same_person(facts),
        _check_marks(facts),
        *_check_lessons(facts),
        *_check_groups(facts),
        *_check_committee(facts),
        *_check_first_topic(facts),
        *_check_votes(facts),
        *_check_reasons(facts),
        *_check_backfill(facts),
    ]
    return found


def check_complete(facts: Facts, now: datetime) -> None:
    """Refuse to confirm while something is missing, and name it all in one sentence."""
    missing = [check.text for check in checks(facts, now) if check.blocks]
    if missing:
        raise Refused("；".join(missing))


def _check_time(facts: Facts, now: datetime) -> Check:
    if facts.ends_at <= facts.starts_at:
        return Check("time", False, _("结束时间要晚于开始时间"))
    if facts.starts_at > now:
        return Check("time", False, _("会议还没有开始，不能确认"))
    return Check("time", True, _("起止时间齐全，没有晚于现在"))


def _check_chair(facts: Facts) -> Check:
    there = facts.chair_id is not None and facts.statuses.get(facts.chair_id) in THERE | {Presence.OBSERVER}
    return Check("chair", there, _("主持人在场") if there else _("主持人没有填，或标成了没到"))


def _check_recorder(facts: Facts) -> Check:
    there = facts.recorder_id is not None and facts.statuses.get(facts.recorder_id) in THERE | {Presence.OBSERVER}
    return Check("recorder", there, _("记录人在场") if there else _("记录人没有填，或标成了没到"))


def _check_same_person(facts: Facts) -> Check:
    apart = facts.chair_id is None or facts.chair_id != facts.recorder_id
    text = _("主持人与记录人不是同一人") if apart else _("主持人与记录人是同一人")
    return Check("same_person", apart, text, BLOCK if facts.limits.same_person_blocks else WARN)


def _check_marks(facts: Facts) -> Check:
    if facts.unmarked:
        return Check("marks", False, _("%(names)s没有标到会情况") % {"names": "、".join(facts.unmarked)})
    due = sum(status not in NOT_DUE for status in facts.statuses.values())
    return Check("marks", due > 0, _("%(n)d名应到人员都有到会情况") % {"n": due} if due else _("应到名单是空的"))


def _check_lessons(facts: Facts) -> Iterable[Check]:
    lessons = [span for span in facts.spans if span.kind == SegmentKind.PL]
    if not lessons:
        return
    minutes = facts.limits.lesson_minutes
    ok = all(span.lecturer_id is not None and span.minutes >= minutes for span in lessons)
    text = _("党课有主讲人，满%(n)d分钟") if ok else _("党课要有主讲人，并且不少于%(n)d分钟")
    yield Check("lesson", ok, text % {"n": minutes})


def _check_groups(facts: Facts) -> Iterable[Check]:
    groups = [span for span in facts.spans if span.kind == SegmentKind.GM]
    if groups:
        ok = all(span.group_id is not None for span in groups)
        yield Check("group", ok, _("党小组会写明了党小组") if ok else _("党小组会要选是哪个党小组"))


def _check_committee(facts: Facts) -> Iterable[Check]:
    if SegmentKind.CM in facts.kinds:
        ok = facts.has_committee
        yield Check("committee", ok, _("开会当天有支委会") if ok else _("开会当天没有支委会，不能记支委会"))


def _check_first_topic(facts: Facts) -> Iterable[Check]:
    if facts.kinds & FIRST_TOPIC_EXPECTED:
        ok = facts.first_topic_seq == 1
        text = _("第一议题排在最前") if ok else _("没有把第一议题排在最前")
        yield Check("first_topic", ok, text, BLOCK if facts.limits.first_topic_blocks else WARN)


def _check_votes(facts: Facts) -> Iterable[Check]:
    if facts.votes:
        ok = facts.sessions <= 1
        yield Check("votes", ok, _("表决在一次到齐的会上进行") if ok else _("分场次开的会不能表决"))


def _check_reasons(facts: Facts) -> Iterable[Check]:
    if facts.without_reason:
        yield Check("reasons", False, _("%(names)s没有写原因") % {"names": "、".join(facts.without_reason)}, WARN)


def _check_backfill(facts: Facts) -> Iterable[Check]:
    if is_backfill(facts.entered_on, facts.held_on, facts.limits.backfill_reason_days):
        ok = bool(facts.backfill_reason.strip())
        yield Check(
            "backfill",
            ok,
            _("补录写明了原因")
            if ok
            else _("开会%(n)d天以后才记，要写明补录原因") % {"n": facts.limits.backfill_reason_days},
        )
    if is_backfill(facts.entered_on, facts.held_on, facts.limits.backfill_approval_days):
        ok = facts.backfill_approved
        text = _("党总支同意补录") if ok else _("开会%(n)d天以后才记，要党总支同意")
        yield Check("backfill_approval", ok, text if ok else text % {"n": facts.limits.backfill_approval_days})
