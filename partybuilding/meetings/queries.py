"""Reads over meetings: who is due, what a record has and lacks, how the requirements stand, what a form will bring."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import Count as CountOf
from django.db.models import Min, prefetch_related_objects
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.kit.clocks import Day, Period, add_months, at, parse_period, period_of, periods_between
from brigade.obligations.models import Obligation
from brigade.obligations.rules import Answer, Key
from brigade.obligations.states import ObligationState
from brigade.org.states import Role, UnitKind
from brigade.reference.queries import calendar, parameter
from partybuilding.branches.models import PartyBranch, PartyGroup
from partybuilding.branches.queries import Due, Structure, structure
from partybuilding.meetings import rules
from partybuilding.meetings.models import Attendance, Decision, Leave, Meeting, Segment, Session, Vote, Waiver
from partybuilding.meetings.rules import Check, Facts, Limits, Sheet, Span, Tally
from partybuilding.meetings.states import (
    COMMITTEE_KINDS,
    COUNTED,
    EARNING,
    HELD,
    ON_LEAVE,
    REQUIRED,
    AgendaKind,
    DecisionState,
    LeaveState,
    MakeUp,
    Presence,
    SegmentKind,
    WaiverState,
)

BRANCH_KIND = "branches.partybranch"
GROUP_KIND = "branches.partygroup"
ASSEMBLY_KINDS = frozenset({SegmentKind.MM, SegmentKind.TD, SegmentKind.PL})
"""What an assembly of the general branch may count for in the branches whose roll was called."""
MONTHS_BACK = 24


# Who is due


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


# What a record has


def limits(day: date) -> Limits:
    return Limits(
        lesson_minutes=parameter("party.lesson_minutes", day),
        backfill_reason_days=parameter("party.backfill_reason_days", day),
        backfill_approval_days=parameter("party.backfill_approval_days", day),
        first_topic_blocks=parameter("party.first_topic_blocks", day),
        same_person_blocks=parameter("party.same_person_blocks", day),
    )


def spans_of(meeting: Meeting) -> tuple[Span, ...]:
    prefetch_related_objects([meeting], "segments")
    rows = sorted(meeting.segments.all(), key=lambda row: (row.starts_at, row.pk))
    return tuple(Span(row.kind, row.starts_at, row.ends_at, row.topic, row.lecturer_id, row.group_id) for row in rows)


def facts_of(meeting: Meeting) -> Facts:
    """What the checks look at, of a saved record."""
    spans = spans_of(meeting)
    marks = list(Attendance.objects.filter(meeting=meeting).values_list("person", "status", "reason", "person__name"))
    agenda = meeting.agenda.annotate(ballots=CountOf("votes")).values_list("seq", "kind", "ballots")
    topics = sorted(agenda)
    votes = sum(ballots for _seq, _kind, ballots in topics)
    day = meeting.held_on
    has_committee = SegmentKind.CM not in {span.kind for span in spans} or structure({meeting.unit_id}).has_committee(
        meeting.unit_id, day
    )
    return Facts(
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        entered_on=timezone.localdate(meeting.recorded_at or meeting.created_at),
        chair_id=meeting.chair_id,
        recorder_id=meeting.recorder_id,
        spans=spans,
        statuses={person: status for person, status, _reason, _name in marks},
        without_reason=tuple(name for _p, status, reason, name in marks if _needs_reason(status) and not reason),
        unmarked=tuple(name for _p, status, _reason, name in marks if status == Presence.UNMARKED),
        sessions=Session.objects.filter(meeting=meeting).count() if votes else 0,
        votes=votes,
        first_topic_seq=next((seq for seq, kind, _ballots in topics if kind == AgendaKind.FIRST_TOPIC), None),
        has_committee=has_committee,
        backfill_reason=meeting.backfill_reason,
        backfill_approved=meeting.backfill_approved_by_id is not None,
        limits=limits(day),
    )


def checks_of(meeting: Meeting, now: datetime) -> list[Check]:
    """确认前再看一眼, of a saved record."""
    return rules.checks(facts_of(meeting), now)


def _needs_reason(status: str) -> bool:
    return status == Presence.ABSENT or status in ON_LEAVE and status != Presence.LEAVE_SICK


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


def record_deadline(held_on: date) -> Day:
    return rules.record_deadline(held_on, parameter("party.record_deadline_workdays", held_on), calendar())


def sheet_of(meeting: Meeting) -> Sheet:
    """A saved meeting as its form shows it, with only the exceptions of the roll: saving it again changes nothing."""
    rows = list(meeting.attendances.values_list("person", "status", "reason", "sessions", "branch"))
    batches = tuple(
        rules.Batch(
            row.starts_at, row.ends_at, frozenset(pk for pk, _s, _r, bits, _b in rows if bits & 1 << row.seq - 1)
        )
        for row in meeting.sessions.order_by("seq")
    )
    leaders = {meeting.chair_id, meeting.recorder_id}
    usual = {Presence.PRESENT, Presence.EXEMPT}
    if batches or meeting.state not in HELD:
        usual.add(Presence.UNMARKED)
    return Sheet(
        unit_id=meeting.unit_id,
        title=meeting.title,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        spans=spans_of(meeting),
        theme=meeting.theme,
        place=meeting.place,
        mode=meeting.mode,
        chair_id=meeting.chair_id,
        recorder_id=meeting.recorder_id,
        summary=meeting.summary,
        attributed_year=meeting.attributed_year,
        backfill_reason=meeting.backfill_reason,
        marks=tuple(
            rules.Mark(person, status, reason)
            for person, status, reason, _bits, _branch in rows
            if status not in usual and not (status == Presence.OBSERVER and person in leaders)
        ),
        batches=batches,
        topics=_topics_of(meeting),
        photos=tuple(rules.Picture(p.file_id, p.caption) for p in meeting.photos.order_by("seq")),
        branches=tuple(sorted({b for *_rest, b in rows if b is not None and b != meeting.unit_id})),
    )


def _topics_of(meeting: Meeting) -> tuple[rules.Topic, ...]:
    tasks: dict[int | None, list[rules.Task]] = defaultdict(list)
    for row in Decision.objects.filter(meeting=meeting).exclude(state=DecisionState.VOID).order_by("pk"):
        tasks[row.agenda_id].append(rules.Task(row.title, row.owner_id, row.due_on, row.pk))
    votes: dict[int, list[rules.Count]] = defaultdict(list)
    for vote in Vote.objects.filter(agenda__meeting=meeting).prefetch_related("opinions").order_by("pk"):
        votes[vote.agenda_id].append(
            rules.Count(
                vote.kind,
                vote.ayes,
                vote.noes,
                vote.abstain,
                vote.ballot,
                (vote.candidate_id,) if vote.candidate_id else (),
                tuple(rules.Opinion(o.person_id, o.handed_in_at, o.is_aye) for o in vote.opinions.all()),
            )
        )
    return tuple(
        rules.Topic(
            row.kind, row.title, row.speaker, row.summary, row.dissent, row.resolution,
            tuple(votes[row.pk]), tuple(tasks[row.pk]),
        )
        for row in meeting.agenda.order_by("seq")
    )  # fmt: skip


def last_meeting(unit_id: int, kind: str, before: datetime) -> Meeting | None:
    """The one to copy from: the latest meeting of that kind that was held before."""
    rows = Meeting.objects.filter(unit=unit_id, state__in=HELD, starts_at__lt=before).of_kind(kind)
    return rows.order_by("-starts_at", "-pk").first()


def open_decisions(unit_id: int) -> list[Decision]:
    """What earlier meetings of the unit decided and nobody has finished: it comes back on the next agenda."""
    return list(
        Decision.objects.filter(unit=unit_id, state=DecisionState.OPEN)
        .select_related("owner", "meeting")
        .order_by("due_on", "pk")[:20]
    )


# Requirements


@dataclass(frozen=True, slots=True)
class Held:
    """That a meeting counts for a requirement of a subject."""

    meeting_id: str
    kind: str
    branch_id: int
    group_id: int | None
    held_on: date
    confirmed_at: datetime
    record_late: bool = False


def rule_of(requirement: str) -> str:
    return f"party.{requirement}"


def requirement_of(rule: str) -> str:
    return rule.removeprefix("party.")


REQUIREMENT_RULES = tuple(rule_of(code) for code in REQUIRED)


def requirement_key(requirement: str, day: date, *, branch_id: int, group_id: int | None = None) -> Key:
    """The key of a requirement in the period in which a day lies; of a group meeting the subject is the group."""
    period = period_of(day, rules.period_kind(requirement)).code
    if requirement == SegmentKind.GM:
        return Key(rule_of(requirement), GROUP_KIND, str(group_id), period)
    return Key(rule_of(requirement), BRANCH_KIND, str(branch_id), period)


class Requirements:
    """How requirements stand, for many keys in a constant number of queries. Source: party-building §1.8 and §2.1."""

    def __init__(self, keys: Collection[Key]) -> None:
        self.keys = [key for key in keys if key.period]
        self.requirements = {requirement_of(key.rule) for key in self.keys}
        periods = [parse_period(key.period) for key in self.keys]
        self.first = min((period.start for period in periods), default=date.max)
        self.last = max((period.end for period in periods), default=date.min)

    @cached_property
    def groups(self) -> dict[int, PartyGroup]:
        ids = [int(key.subject) for key in self.keys if key.kind == GROUP_KIND]
        return {group.pk: group for group in PartyGroup.objects.filter(pk__in=ids)} if ids else {}

    @cached_property
    def whole(self) -> Structure:
        direct = {int(key.subject) for key in self.keys if key.kind == BRANCH_KIND}
        return structure(direct | {group.branch_id for group in self.groups.values()})

    @cached_property
    def waived(self) -> set[tuple[int, str, str]]:
        rows = Waiver.objects.filter(
            unit__in=self.whole.branch_ids,
            state=WaiverState.APPROVED,
            requirement__in=self.requirements,
            period__in={key.period for key in self.keys},
        )
        return set(rows.values_list("unit", "requirement", "period"))

    @cached_property
    def held(self) -> list[Held]:
        """Confirmed meetings of the branches in the periods, and assemblies at which their roll was called."""
        counted = Segment.objects.filter(
            kind__in=self.requirements,
            meeting__state__in=COUNTED,
            meeting__starts_at__gte=at(self.first, time.min),
            meeting__starts_at__lt=at(self.last + timedelta(days=1), time.min),
        )
        columns = ("meeting", "kind", "group", "meeting__starts_at", "meeting__confirmed_at", "meeting__record_late")
        above = {pk for branch in self.whole.branches.values() for pk in branch.unit.lineage[:-1]}
        rows = list(
            counted.filter(meeting__unit__in=self.whole.branch_ids | above).values_list("meeting__unit", *columns)
        )
        if any(row[0] in above for row in rows):
            assemblies = counted.filter(
                kind__in=ASSEMBLY_KINDS, meeting__unit__in=above, meeting__attendances__branch__in=self.whole.branch_ids
            )
            rows += assemblies.values_list("meeting__attendances__branch", *columns).distinct()
        return [
            Held(str(meeting), kind, branch, group, timezone.localdate(starts_at), confirmed_at, late)
            for branch, meeting, kind, group, starts_at, confirmed_at, late in rows
        ]

    @cached_property
    def _by_key(self) -> dict[Key, list[Held]]:
        return _by_key(self.held)

    def answers(self, now: datetime) -> Iterable[Answer]:
        for key in self.keys:
            answer = self.answer(key, now)
            if answer is not None:
                yield answer

    def answer(self, key: Key, now: datetime, extra: Sequence[Held] = (), leave_out: str = "") -> Answer | None:
        """How one key stands; with `extra`, how it would stand if those meetings counted too."""
        requirement, period = requirement_of(key.rule), parse_period(key.period)
        group = self.groups.get(int(key.subject)) if key.kind == GROUP_KIND else None
        branch = self.whole.branches.get(group.branch_id if group else int(key.subject))
        if branch is None or branch.is_general != (requirement == SegmentKind.GB):
            return None
        found = {row.meeting_id: row for row in self._by_key.get(key, ()) if row.meeting_id != leave_out}
        found |= {row.meeting_id: row for row in _by_key(extra).get(key, ())}
        held = sorted(found.values(), key=lambda row: (row.confirmed_at, row.meeting_id))
        needed = parameter(f"party.minimum.{requirement}", period.start)
        na_reason, note = self._not_applicable(requirement, branch, group, period)
        missing = not na_reason and len(held) < needed
        waived = missing and (branch.pk, requirement, key.period) in self.waived
        due_at = at(period.end, time.max)
        state = rules.requirement_state(
            count=len(held), needed=needed, waived=waived, na_reason=na_reason, closed=due_at < now
        )
        met = held[needed - 1] if len(held) >= needed else None
        return Answer(
            key=key,
            unit_id=branch.pk,
            title=_title(requirement, period, group),
            opens_at=at(period.start, time.min),
            warn_at=_warn_at(period),
            due_at=due_at,
            state=state,
            post=Role.GENERAL_SECRETARY if branch.is_general else Role.BRANCH_SECRETARY,
            count=len(held),
            needed=needed,
            met_kind=Meeting.kind() if met else "",
            met_id=met.meeting_id if met else "",
            met_at=met.confirmed_at if met else None,
            reason=na_reason or (_("总支批准豁免") if state == ObligationState.WAIVED else _late(met) or note),
        )

    def _not_applicable(
        self, requirement: str, branch: PartyBranch, group: PartyGroup | None, period: Period
    ) -> tuple[str, str]:
        """(why it does not apply or '', a note where it does), as things stood on the first day of the period."""
        day = period.start
        if not branch.is_active(day):
            founded = branch.established_on > day
            return (_("期初尚未成立") if founded else _("支部已撤销")), ""
        if requirement == SegmentKind.GM and (group is None or not group.is_valid(day)):
            return _("期初没有这个党小组"), ""
        if requirement == SegmentKind.CM and not self.whole.has_committee(branch.pk, day):
            if self.whole.committee_overdue(branch.pk, day):
                return "", _("应设未设支委会")
            if self.whole.full_since(branch.pk, day) is not None:
                return _("未设支委会；正式党员已满7人，应设立"), ""
            return _("未设支委会"), ""
        return "", ""


def _by_key(held: Iterable[Held]) -> dict[Key, list[Held]]:
    found: dict[Key, list[Held]] = defaultdict(list)
    for row in held:
        found[requirement_key(row.kind, row.held_on, branch_id=row.branch_id, group_id=row.group_id)].append(row)
    return found


def _late(met: Held | None) -> str:
    return _("记录超过5个工作日") if met is not None and met.record_late else ""


def _warn_at(period: Period) -> datetime:
    days = parameter(f"party.warning_days.{period.kind}", period.start)
    return at(period.end - timedelta(days=days), time.min)


def _title(requirement: str, period: Period, group: PartyGroup | None) -> str:
    label = SegmentKind(requirement).label
    if period.kind == "quarter":
        return _("%(quarter)s季度%(kind)s") % {"quarter": "一二三四"[period.start.month // 3], "kind": label}
    if group is not None:
        return _("%(month)s月%(kind)s（%(group)s）") % {"month": period.start.month, "kind": label, "group": group.name}
    return _("%(month)s月%(kind)s") % {"month": period.start.month, "kind": label}


def held_by(meeting: Meeting) -> list[Held]:
    """What a counted meeting counts for: its branch, or at an assembly each branch whose roll was called."""
    if meeting.state not in COUNTED:
        return []
    rows = [(row.kind, row.group_id) for row in meeting.segments.all() if row.kind in REQUIRED]
    found = [_held(meeting, kind, meeting.unit_id, group) for kind, group in rows]
    kinds = {kind for kind, _group in rows} & ASSEMBLY_KINDS
    if kinds and meeting.unit.kind == UnitKind.GENERAL_BRANCH:
        branches = Attendance.objects.filter(meeting=meeting).exclude(branch=meeting.unit_id)
        for branch in branches.exclude(branch=None).order_by().values_list("branch", flat=True).distinct():
            found += [_held(meeting, kind, branch, None) for kind in kinds]
    return found


def _held(meeting: Meeting, kind: str, branch_id: int, group_id: int | None) -> Held:
    confirmed_at = meeting.confirmed_at or meeting.starts_at
    return Held(str(meeting.pk), kind, branch_id, group_id, meeting.held_on, confirmed_at, meeting.record_late)


def keys_of_meeting(meeting: Meeting) -> set[Key]:
    return {
        requirement_key(row.kind, row.held_on, branch_id=row.branch_id, group_id=row.group_id)
        for row in held_by(meeting)
    }


def keys_of_waiver(waiver: Waiver) -> set[Key]:
    """What an approved waiver waives; a waiver of group meetings is for every group of the branch."""
    if waiver.state != WaiverState.APPROVED:
        return set()
    start = parse_period(waiver.period).start
    if waiver.requirement != SegmentKind.GM:
        return {requirement_key(waiver.requirement, start, branch_id=waiver.unit_id)}
    groups = PartyGroup.objects.filter(branch=waiver.unit_id).values_list("pk", flat=True)
    return {requirement_key(waiver.requirement, start, branch_id=waiver.unit_id, group_id=pk) for pk in groups}


def keys_due(now: datetime) -> set[Key]:
    """Every requirement of the running month and quarter, and of earlier ones since the first record that nobody
    has asked for yet."""
    today = timezone.localdate(now)
    first = Meeting.objects.aggregate(at=Min("starts_at"))["at"]
    start = min(today, max(timezone.localdate(first), add_months(today, -MONTHS_BACK))) if first else today
    wanted = set(_keys_between(start, today))
    known = Obligation.objects.filter(
        rule__in=REQUIREMENT_RULES, opens_at__gte=at(start.replace(month=1, day=1), time.min)
    )
    closed = known.filter(due_at__lt=now).exclude(state=ObligationState.OPEN)
    return wanted - {Key(*row) for row in closed.values_list("rule", "kind", "subject", "period")}


def _keys_between(start: date, end: date) -> Iterable[Key]:
    branches = list(PartyBranch.objects.all())
    groups = list(PartyGroup.objects.all())
    for requirement in REQUIRED:
        for period in periods_between(rules.period_kind(requirement), start, end):
            if requirement == SegmentKind.GM:
                for group in groups:
                    if group.start_on <= period.end and (group.end_on is None or group.end_on > period.start):
                        yield requirement_key(requirement, period.start, branch_id=group.branch_id, group_id=group.pk)
                continue
            for branch in branches:
                standing = branch.dissolved_on is None or branch.dissolved_on > period.start
                if (
                    branch.is_general == (requirement == SegmentKind.GB)
                    and branch.established_on <= period.end
                    and standing
                ):
                    yield requirement_key(requirement, period.start, branch_id=branch.pk)


# What is shown


USUAL_ORDER = ("TD", "MM", "GB", "OL", "DA", "CM", "GM", "PL", "ST", "DL", "VO")


def usual_title(branch: PartyBranch, kinds: Collection[str], day: date) -> str:
    """What a meeting is called when nobody calls it anything: 城区一中队党支部11月主题党日."""
    kind = next((code for code in USUAL_ORDER if code in kinds), SegmentKind.ST)
    return _("%(branch)s%(month)s月%(kind)s") % {
        "branch": branch.unit.short_name,
        "month": day.month,
        "kind": SegmentKind(kind).label,
    }


def leave_marks(meeting: Meeting) -> tuple[rules.Mark, ...]:
    """How those who asked for leave stand on the roll before anybody taps: late leave counts once it is approved."""
    rows = Leave.objects.filter(meeting=meeting).exclude(state=LeaveState.RETURNED)
    rows = rows.exclude(late=True, state=LeaveState.ASKED)
    return tuple(rules.Mark(row.person_id, row.leave_kind, row.reason) for row in rows)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A requirement that a meeting counts for: how it stands now, and how it will stand."""

    title: str
    unit_id: int
    state: str
    count: int
    needed: int
    before_state: str
    before_count: int
    note: str = ""

    @property
    def is_changed(self) -> bool:
        return (self.state, self.count) != (self.before_state, self.before_count)


@dataclass(frozen=True, slots=True)
class Preview:
    """What one record will complete: the side panel 记这一次，同时完成."""

    outcomes: list[Outcome]
    due: list[Due]
    statuses: dict[int, str]
    tally: Tally
    hours_each: Decimal
    hours_total: Decimal
    volunteer_hours: Decimal
    documents: list[str]
    tasks: list[rules.Task]
    checks: list[Check]
    record_due: Day
    secretary_lectures: int


def preview(sheet: Sheet, *, now: datetime, meeting: Meeting | None = None) -> Preview:
    """What the form as it stands would bring; nothing is written. `meeting` is the record being edited."""
    whole = structure({sheet.unit_id, *sheet.branches})
    due = due_for(sheet, whole)
    statuses = statuses_for(sheet, due)
    hours = rules.study_hours((span.starts_at, span.ends_at) for span in sheet.spans if span.kind in EARNING)
    earners = sum(rules.earns(status, MakeUp.NONE) for status in statuses.values() if status != Presence.OBSERVER)
    secretary = whole.secretary(sheet.unit_id, sheet.day)
    lessons = [span for span in sheet.spans if span.kind == SegmentKind.PL and secretary is not None]
    volunteering = sum(span.minutes for span in sheet.spans if span.kind == SegmentKind.VO)
    return Preview(
        outcomes=_outcomes(sheet, now, str(meeting.pk) if meeting else ""),
        due=due,
        statuses=statuses,
        tally=rules.tally((status, MakeUp.NONE) for status in statuses.values()),
        hours_each=hours,
        hours_total=hours * earners,
        volunteer_hours=rules.segment_hours(volunteering),
        documents=[_("会议记录"), _("签到表"), _("支部台账")],
        tasks=[task for topic in sheet.topics for task in topic.tasks],
        checks=rules.checks(_facts_of_sheet(sheet, due, statuses, whole, now, meeting), now),
        record_due=record_deadline(sheet.day),
        secretary_lectures=sum(span.minutes for span in lessons if secretary and span.lecturer_id == secretary.pk),
    )


def _outcomes(sheet: Sheet, now: datetime, own_id: str) -> list[Outcome]:
    extra = [
        Held("new", span.kind, branch, span.group_id, sheet.day, now)
        for span in sheet.spans
        if span.kind in REQUIRED and not (span.kind == SegmentKind.GM and span.group_id is None)
        for branch in (sheet.unit_id, *(sheet.branches if span.kind in ASSEMBLY_KINDS else ()))
    ]
    keys = list(_by_key(extra))
    if not keys:
        return []
    asked = Requirements(keys)
    found = []
    for key in keys:
        before = asked.answer(key, now, leave_out=own_id)
        after = asked.answer(key, now, extra, leave_out=own_id)
        if before is not None and after is not None:
            found.append(
                Outcome(
                    title=after.title,
                    unit_id=after.unit_id,
                    state=after.state,
                    count=after.count,
                    needed=after.needed,
                    before_state=before.state,
                    before_count=before.count,
                    note=after.reason,
                )
            )
    return found


def _facts_of_sheet(
    sheet: Sheet, due: list[Due], statuses: dict[int, str], whole: Structure, now: datetime, meeting: Meeting | None
) -> Facts:
    names = {row.person_id: row.name for row in due}
    reasons = {mark.person_id for mark in sheet.marks if mark.reason.strip()}
    entered_at = meeting.recorded_at if meeting is not None and meeting.recorded_at else now
    return Facts(
        starts_at=sheet.starts_at,
        ends_at=sheet.ends_at,
        entered_on=timezone.localdate(entered_at),
        chair_id=sheet.chair_id,
        recorder_id=sheet.recorder_id,
        spans=sheet.spans,
        statuses=statuses,
        without_reason=tuple(
            names[pk] for pk, status in statuses.items() if pk in names and pk not in reasons and _needs_reason(status)
        ),
        unmarked=tuple(names[pk] for pk, status in statuses.items() if status == Presence.UNMARKED),
        sessions=len(sheet.batches),
        votes=sum(len(topic.votes) for topic in sheet.topics),
        first_topic_seq=next(
            (seq for seq, topic in enumerate(sheet.topics, start=1) if topic.kind == AgendaKind.FIRST_TOPIC), None
        ),
        has_committee=whole.has_committee(sheet.unit_id, sheet.day),
        backfill_reason=sheet.backfill_reason,
        backfill_approved=meeting is not None and meeting.backfill_approved_by_id is not None,
        limits=limits(sheet.day),
    )


# The matrix of three meetings and one lesson


@dataclass(frozen=True, slots=True)
class Item:
    """One requirement in one cell; a branch's groups stand together as one."""

    requirement: str
    label: str
    state: str
    warning: bool
    count: int
    needed: int
    due_at: datetime
    reason: str
    met_ids: tuple[str, ...]
    parts: tuple[Obligation, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """One branch in one month: the month's requirements and, in its last month, the quarter's."""

    month: Period
    items: tuple[Item, ...] = ()
    absent: str = ""
    """Why the branch did not stand in the month at all; empty where it did."""

    @property
    def needed(self) -> int:
        return sum(item.state != ObligationState.NOT_APPLICABLE for item in self.items)

    @property
    def done(self) -> int:
        return sum(item.state in (ObligationState.MET, ObligationState.WAIVED) for item in self.items)

    @property
    def state(self) -> str:
        """future, missed, warning, open, na, waived or met: the worst of what stands in the cell."""
        states = {item.state for item in self.items}
        if not self.items:
            return "na" if self.absent else "future"
        if ObligationState.MISSED in states:
            return "missed"
        if ObligationState.OPEN in states:
            return "warning" if any(item.warning for item in self.items) else "open"
        if states == {ObligationState.NOT_APPLICABLE}:
            return "na"
        return "waived" if ObligationState.WAIVED in states and ObligationState.MET not in states else "met"

    @property
    def reason(self) -> str:
        return self.absent or next((item.reason for item in self.items if item.reason), "")


@dataclass(frozen=True, slots=True)
class Line:
    """One branch of the matrix."""

    branch: PartyBranch
    members: int
    cells: tuple[Cell, ...]
    share: rules.Share


@dataclass(frozen=True, slots=True)
class Matrix:
    """The year of the branches that a person may see; the same figures go to screen, sheet and Word."""

    year: int
    kind: str
    months: tuple[Period, ...]
    lines: tuple[Line, ...]

    @property
    def share(self) -> rules.Share:
        return sum((line.share for line in self.lines), rules.Share())

    def count(self, state: str) -> int:
        return sum(cell.state == state for line in self.lines for cell in line.cells)

    def cell(self, branch_id: int, month: int) -> Cell | None:
        """One cell, with the list behind it."""
        return next((line.cells[month - 1] for line in self.lines if line.branch.pk == branch_id), None)


def matrix(user: Any, year: int, kind: str, now: datetime) -> Matrix:
    """How each branch stands in each month of a year, of all requirements (kind '') or one, in constant queries."""
    today = timezone.localdate(now)
    start, end = date(year, 1, 1), date(year, 12, 31)
    branches = [
        branch
        for branch in PartyBranch.objects.visible_to(user).in_order()
        if branch.established_on <= end and (branch.dissolved_on is None or branch.dissolved_on > start)
        if kind == "" or branch.is_general == (kind == SegmentKind.GB)
    ]
    whole = structure([branch.pk for branch in branches])
    rows = _obligations_of(branches, start, end, (kind,) if kind else REQUIRED)
    months = tuple(periods_between("month", start, end))
    lines = []
    for branch in branches:
        cells = tuple(_cell(branch, month, rows[branch.pk, month.code], now) for month in months)
        states = [item.state for cell in cells for item in cell.items]
        lines.append(Line(branch, len(whole.belongings(branch.pk, min(today, end))), cells, rules.share(states)))
    return Matrix(year, kind, months, tuple(lines))


def _obligations_of(
    branches: Iterable[PartyBranch], start: date, end: date, kinds: Iterable[str]
) -> dict[tuple[int, str], list[Obligation]]:
    """(unit, month of the period's end) → the requirements that stand there."""
    found: dict[tuple[int, str], list[Obligation]] = defaultdict(list)
    rows = Obligation.objects.filter(
        rule__in=[rule_of(kind) for kind in kinds],
        unit__in=[branch.pk for branch in branches],
        due_at__gte=at(start, time.min),
        due_at__lte=at(end, time.max),
    ).exclude(state=ObligationState.VOID)
    for row in rows.order_by("rule", "subject"):
        found[row.unit_id, period_of(timezone.localdate(row.due_at), "month").code].append(row)
    return found


def _cell(branch: PartyBranch, month: Period, rows: Iterable[Obligation], now: datetime) -> Cell:
    by_rule: dict[str, list[Obligation]] = defaultdict(list)
    for row in rows:
        by_rule[requirement_of(row.rule)].append(row)
    items = tuple(_item(code, by_rule[code], now) for code in REQUIRED if code in by_rule)
    return Cell(month, items, "" if items else _absent(branch, month))


def _absent(branch: PartyBranch, month: Period) -> str:
    """That the branch was not founded yet in a month, or dissolved before it."""
    if branch.established_on > month.start:
        return _("%(month)s月成立") % {"month": branch.established_on.month}
    if branch.dissolved_on is not None and branch.dissolved_on <= month.start:
        return _("%(month)s月撤销") % {"month": branch.dissolved_on.month}
    return ""


def _item(requirement: str, rows: list[Obligation], now: datetime) -> Item:
    """Of several groups all must be met: the count is how many are."""
    applicable = [row for row in rows if row.state != ObligationState.NOT_APPLICABLE] or rows
    several = requirement == SegmentKind.GM
    return Item(
        requirement=requirement,
        label=str(SegmentKind(requirement).label),
        state=worst([row.state for row in applicable]),
        warning=any(row.is_warning(now) for row in applicable),
        count=sum(row.state == ObligationState.MET for row in applicable) if several else applicable[0].count,
        needed=len(applicable) if several else applicable[0].needed,
        due_at=applicable[0].due_at,
        reason=next((row.reason for row in applicable if row.reason), ""),
        met_ids=tuple(row.met_id for row in applicable if row.met_id),
        parts=tuple(applicable),
    )


WORST_FIRST = (
    ObligationState.MISSED,
    ObligationState.OPEN,
    ObligationState.WAIVED,
    ObligationState.MET,
    ObligationState.NOT_APPLICABLE,
)


def worst(states: Collection[str]) -> str:
    """What several groups come to together; some met and some waived is met."""
    if set(states) == {ObligationState.MET, ObligationState.WAIVED}:
        return ObligationState.MET
    return next(state for state in WORST_FIRST if state in states)


@dataclass(frozen=True, slots=True)
class QuarterResult:
    """A branch's quarter: met when each of its requirements is met, waived or not applicable."""

    branch: PartyBranch
    state: str
    items: tuple[Item, ...]


def quarter_results(branch_ids: Collection[int], quarter: str, now: datetime) -> list[QuarterResult]:
    """The quarter of many branches in constant queries. Source: party-building §2.1."""
    period = parse_period(quarter)
    branches = [b for b in PartyBranch.objects.in_order().filter(pk__in=branch_ids) if not b.is_general]
    rows = _obligations_of(branches, period.start, period.end, rules.BRANCH_REQUIREMENTS)
    found = []
    for branch in branches:
        months = periods_between("month", period.start, period.end)
        items = tuple(item for month in months for item in _cell(branch, month, rows[branch.pk, month.code], now).items)
        found.append(QuarterResult(branch, rules.branch_result(item.state for item in items), items))
    return found


# A person's own


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
