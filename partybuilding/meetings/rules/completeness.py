"""What cannot even be written down, and what a record must have before it is confirmed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.kit.refusals import Refused
from partybuilding.meetings.rules.attendance import is_backfill
from partybuilding.meetings.rules.sheets import Sheet, Span
from partybuilding.meetings.rules.votes import check_votes
from partybuilding.meetings.states import (
    EARNING,
    FIRST_TOPIC_EXPECTED,
    NOT_DUE,
    THERE,
    AgendaKind,
    Presence,
    SegmentKind,
)


def check_sheet(sheet: Sheet, photo_limit: int) -> None:
    """Refuse what cannot even be written down. What may still be completed is asked for when it is confirmed."""
    if sheet.ends_at <= sheet.starts_at:
        raise Refused(_("结束时间要晚于开始时间"), field="ends_at")
    if not sheet.spans:
        raise Refused(_("至少选一项这次包含的内容"), field="spans")
    for span in sheet.spans:
        _check_span(span, sheet)
    _check_batches(sheet)
    for topic in sheet.topics:
        check_votes(topic.votes)
    marked = [mark.person_id for mark in sheet.marks]
    if len(set(marked)) < len(marked):
        raise Refused(_("同一个人标了两次"), field="marks")
    if len(sheet.photos) > photo_limit:
        raise Refused(_("照片最多%(n)d张") % {"n": photo_limit}, field="photos")
    _check_study_apart(sheet.spans)


def _check_batches(sheet: Sheet) -> None:
    """Shifts follow each other, and nothing is voted on in them."""
    if len(sheet.batches) > 1 and any(topic.votes or topic.kind == AgendaKind.VOTE for topic in sheet.topics):
        raise Refused(_("分场次开的会不能表决，表决要一次到齐"), field="topics")
    before = None
    for number, batch in enumerate(sheet.batches, start=1):
        if batch.ends_at <= batch.starts_at:
            raise Refused(_("第%d场的结束时间要晚于开始时间") % number, field="start")
        if before is not None and batch.starts_at < before:
            raise Refused(_("第%d场要在前一场结束以后开始，按先后填") % number, field="start")
        if not sheet.starts_at <= batch.starts_at < batch.ends_at <= sheet.ends_at:
            raise Refused(_("第%d场不在会议起止时间以内") % number, field="start")
        before = batch.ends_at


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
    return Check("time", True, _("起止时间齐全，会议已经开始"))


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
