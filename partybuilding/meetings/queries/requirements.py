"""How the requirements stand: which meetings count for which key, and which keys are due."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property

from django.db.models import Min
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.kit.clocks import Period, add_months, at, parse_period, period_of, periods_between
from brigade.obligations.models import Key, Obligation
from brigade.obligations.rules import Answer
from brigade.obligations.states import ObligationState
from brigade.org.states import Role, UnitKind
from brigade.reference.queries import parameter
from partybuilding.branches.models import PartyBranch, PartyGroup
from partybuilding.branches.queries import Structure, structure
from partybuilding.meetings import rules
from partybuilding.meetings.models import Attendance, Meeting, Segment, Waiver
from partybuilding.meetings.states import COUNTED, HELD, REQUIRED, SegmentKind, WaiverState

BRANCH_KIND = "branches.partybranch"
GROUP_KIND = "branches.partygroup"
ASSEMBLY_KINDS = frozenset({SegmentKind.MM, SegmentKind.TD, SegmentKind.PL})
"""What an assembly of the general branch may count for in the branches whose roll was called."""
UNMET = frozenset({ObligationState.OPEN, ObligationState.MISSED})
MONTHS_BACK = 24


@dataclass(frozen=True, slots=True)
class Held:
    """That a meeting counts for a requirement of a subject, or will when it is confirmed (`is_waiting`)."""

    meeting_id: str
    kind: str
    branch_id: int
    group_id: int | None
    held_on: date
    confirmed_at: datetime
    record_late: bool = False
    is_waiting: bool = False


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
    """How requirements stand, for many keys in a constant number of queries. Source: 支部工作条例第十一至十六条."""

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
        """Meetings of the branches in the periods that are confirmed or wait to be, and assemblies at which their
        roll was called."""
        counted = Segment.objects.filter(
            kind__in=self.requirements,
            meeting__state__in=HELD,
            meeting__starts_at__gte=at(self.first, time.min),
            meeting__starts_at__lt=at(self.last + timedelta(days=1), time.min),
        )
        columns = (
            "meeting", "kind", "group", "meeting__starts_at", "meeting__confirmed_at", "meeting__record_late",
            "meeting__state",
        )  # fmt: skip
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
            Held(
                str(meeting),
                kind,
                branch,
                group,
                timezone.localdate(starts_at),
                confirmed_at,
                late,
                state not in COUNTED,
            )
            for branch, meeting, kind, group, starts_at, confirmed_at, late, state in rows
        ]

    @cached_property
    def _by_key(self) -> dict[Key, list[Held]]:
        return by_key(self.held)

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
        rows = [row for row in self._by_key.get(key, ()) if row.meeting_id != leave_out]
        found = {row.meeting_id: row for row in rows if not row.is_waiting}
        found |= {row.meeting_id: row for row in by_key(extra).get(key, ())}
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
        waits = next((row for row in rows if row.is_waiting), None) if state in UNMET else None
        meets = met or waits
        return Answer(
            key=key,
            unit_id=branch.pk,
            title=_title(requirement, period, group),
            opens_at=at(period.start, time.min),
            warn_at=_warn_at(period),
            due_at=due_at,
            state=state,
            post=Role.GENERAL_SECRETARY if branch.is_general else Role.BRANCH_SECRETARY,
            helper=Role.PARTY_OFFICE if branch.is_general else Role.RECORDER,
            count=len(held),
            needed=needed,
            met_kind=Meeting.kind() if meets else "",
            met_id=meets.meeting_id if meets else "",
            met_at=met.confirmed_at if met else None,
            reason=na_reason or _why(state, met, waits) or note,
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


def by_key(held: Iterable[Held]) -> dict[Key, list[Held]]:
    found: dict[Key, list[Held]] = defaultdict(list)
    for row in held:
        found[requirement_key(row.kind, row.held_on, branch_id=row.branch_id, group_id=row.group_id)].append(row)
    return found


def _why(state: str, met: Held | None, waits: Held | None) -> str:
    """What is to be said of a requirement that applies: waived, recorded late, or waiting for the chair."""
    if state == ObligationState.WAIVED:
        return _("总支批准豁免")
    if waits is not None:
        return _("已有记录，等主持人确认")
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
    """What a meeting counts for once it is confirmed: its branch, or at an assembly each branch whose roll was
    called."""
    if meeting.state not in HELD:
        return []
    segments = meeting.brought_segments or meeting.segments.all()
    rows = [(row.kind, row.group_id) for row in segments if row.kind in REQUIRED]
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
