"""五必 of many branches and months, from the meetings that count, with the records behind each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Min
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.kit.clocks import Period, at, period_of, periods_between
from brigade.obligations.states import ObligationState
from brigade.reference.queries import parameter
from partybuilding.branches.models import PartyBranch
from partybuilding.branches.queries import Structure, structure
from partybuilding.meetings import rules
from partybuilding.meetings.models import Attendance, Meeting, Segment
from partybuilding.meetings.rules import FiveMusts, Learner, MonthOfStudy, MustLimits, Span
from partybuilding.meetings.states import COUNTED, EARNING, NOT_DUE, THERE, MakeUp, Must, SegmentKind


@dataclass(frozen=True, slots=True)
class Part:
    """How a person who was due at a study stands: the day he took part or made it up, None while he has not."""

    person_id: int
    name: str
    took_part_on: date | None


@dataclass(frozen=True, slots=True)
class Study:
    """A meeting of a branch that holds study: its longest stretch in minutes, who lectured, who was due."""

    meeting_id: str
    title: str
    held_on: date
    branch_id: int
    longest: int
    lecturers: frozenset[int] = frozenset()
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class MustCell:
    """五必 of one branch in one month, with what lies behind it; without `five` the cell says why in `absent`."""

    branch: PartyBranch
    month: Period
    five: FiveMusts | None = None
    absent: str = ""
    studies: tuple[Study, ...] = ()
    lessons: tuple[Study, ...] = ()
    not_passed: tuple[str, ...] = ()
    pass_until: date | None = None

    @property
    def state(self) -> str:
        """future, na, open, missed or met."""
        if self.five is None:
            return "na" if self.absent else "future"
        return str(self.five.state.value)

    def behind(self, must: str) -> tuple[Study, ...]:
        """The records that a result comes from."""
        return {Must.STUDY: self.studies, Must.LECTURE: self.lessons, Must.PASS: self.studies}.get(Must(must), ())


@dataclass(frozen=True, slots=True)
class MustTable:
    """五必 of a year: a line a branch, a cell a month; screen and sheet take their figures from here alone."""

    year: int
    months: tuple[Period, ...]
    lines: tuple[tuple[MustCell, ...], ...]

    def count(self, state: str) -> int:
        return sum(cell.state == state for line in self.lines for cell in line)

    def cell(self, branch_id: int, month: int) -> MustCell | None:
        return next(
            (c for line in self.lines for c in line if (c.branch.pk, c.month.start.month) == (branch_id, month)), None
        )


MISSING = ObligationState.MISSED
WANTING = frozenset({ObligationState.MISSED, ObligationState.OPEN})


def must_table(user: Any, year: int, now: datetime) -> MustTable:
    """五必 of the branches whose meetings a person may see, in constant queries."""
    start, end = date(year, 1, 1), date(year, 12, 31)
    branches = [
        branch
        for branch in PartyBranch.objects.filter(unit__in=user.units_for("meetings.view_meeting")).in_order()
        if branch.established_on <= end and (branch.dissolved_on is None or branch.dissolved_on > start)
        if not branch.is_general
    ]
    months = tuple(periods_between("month", start, end))
    found = five_musts(branches, months, now)
    return MustTable(
        year, months, tuple(tuple(found[branch.pk, month.code] for month in months) for branch in branches)
    )


def must_limits(day: date) -> MustLimits:
    return MustLimits(
        study_minutes=parameter("party.musts.study_minutes", day),
        pass_days=parameter("party.musts.pass_days", day),
        pass_score=parameter("party.musts.pass_score", day),
    )


def five_musts(
    branches: Collection[PartyBranch],
    months: Sequence[Period],
    now: datetime,
    *,
    whole: Structure | None = None,
    extra: Sequence[Study] = (),
    leave_out: str = "",
) -> dict[tuple[int, str], MustCell]:
    """(branch, month) → how the five stand, in a constant number of queries.

    With `extra`, how they would stand if those studies counted too. Directives and plans are no records yet: what they
    ask for does not apply.
    """
    ids = {branch.pk for branch in branches}
    whole = whole or structure(ids)
    first, last = period_of(months[0].start, "quarter").start, months[-1].end
    studies: dict[int, list[Study]] = defaultdict(list)
    for study in (*_studies(branches, first, last), *extra):
        if study.meeting_id != leave_out and study.branch_id in ids:
            studies[study.branch_id].append(study)
    since = min((day.replace(day=1) for day in (_since(), *(study.held_on for study in extra)) if day), default=None)
    return {
        (branch.pk, month.code): _cell(branch, month, studies[branch.pk], whole, since, now)
        for branch in branches
        for month in months
    }


def longest_study(spans: Iterable[Span]) -> int:
    return max((span.minutes for span in spans if span.kind in EARNING), default=0)


def lecturers(spans: Iterable[Span]) -> frozenset[int]:
    return frozenset(span.lecturer_id for span in spans if span.kind == SegmentKind.PL and span.lecturer_id is not None)


def _cell(
    branch: PartyBranch, month: Period, studies: list[Study], whole: Structure, since: date | None, now: datetime
) -> MustCell:
    today = timezone.localdate(now)
    if not branch.is_active(month.start):
        founded = branch.established_on > month.start
        return MustCell(branch, month, absent=_("期初尚未成立") if founded else _("支部已撤销"))
    if since is None or since > month.end:
        return MustCell(branch, month, absent=_("启用前没有记录"))
    if month.start > today:
        return MustCell(branch, month)
    limits = must_limits(month.start)
    own = tuple(study for study in studies if study.held_on in month)
    lessons = tuple(_lessons(branch, month, studies, whole))
    found = MonthOfStudy(
        month=month,
        longest_study=max((study.longest for study in own), default=0),
        lectures=len(lessons),
        learners=tuple(_learners(own)),
    )
    return MustCell(
        branch,
        month,
        five=rules.five_musts(found, limits, today),
        studies=own,
        lessons=lessons,
        not_passed=tuple(rules.not_passed(found, limits)),
        pass_until=rules.pass_deadline(month, limits),
    )


def _lessons(branch: PartyBranch, month: Period, studies: Iterable[Study], whole: Structure) -> Iterable[Study]:
    """Lessons that whoever was the secretary on the day gave in the quarter, up to the end of the month."""
    start = period_of(month.start, "quarter").start
    for study in studies:
        if start <= study.held_on <= month.end and study.lecturers:
            secretary = whole.secretary(branch.pk, study.held_on)
            if secretary is not None and secretary.pk in study.lecturers:
                yield study


def _learners(studies: Iterable[Study]) -> Iterable[Learner]:
    names: dict[int, str] = {}
    days: dict[int, list[date | None]] = defaultdict(list)
    for study in studies:
        for part in study.parts:
            names[part.person_id] = part.name
            days[part.person_id].append(part.took_part_on)
    return (Learner(names[pk], tuple(some)) for pk, some in days.items())


def _studies(branches: Collection[PartyBranch], first: date, last: date) -> list[Study]:
    """Meetings with study of the branches from day to day, and assemblies at which their roll was called."""
    ids = {branch.pk for branch in branches}
    above = {pk for branch in branches for pk in branch.unit.lineage[:-1]}
    rows = Segment.objects.filter(
        kind__in=EARNING,
        meeting__state__in=COUNTED,
        meeting__starts_at__gte=at(first, time.min),
        meeting__starts_at__lt=at(last + timedelta(days=1), time.min),
        meeting__unit__in=ids | above,
    ).select_related("meeting")
    spans: dict[Meeting, list[Span]] = defaultdict(list)
    for row in rows.order_by("meeting__starts_at", "meeting_id").only(
        "kind", "starts_at", "ends_at", "lecturer", "meeting__title", "meeting__starts_at", "meeting__unit"
    ):
        spans[row.meeting].append(Span(row.kind, row.starts_at, row.ends_at, lecturer_id=row.lecturer_id))
    parts = _parts([meeting.pk for meeting in spans])
    return [
        Study(
            str(meeting.pk), meeting.title, meeting.held_on, branch_id, longest_study(some), lecturers(some),
            tuple(parts[meeting.pk, branch_id]),
        )
        for meeting, some in spans.items()
        for branch_id in ({meeting.unit_id} & ids or {pk for one, pk in parts if one == meeting.pk} & ids)
    ]  # fmt: skip


def _parts(meetings: list) -> dict[tuple, list[Part]]:
    """(meeting, branch) → those who were due."""
    found: dict[tuple, list[Part]] = defaultdict(list)
    rows = Attendance.objects.filter(meeting__in=meetings).exclude(status__in=NOT_DUE).order_by("pk")
    for meeting, branch, person, name, status, makeup, made_up_on, starts_at in rows.values_list(
        "meeting", "branch", "person", "person__name", "status", "makeup", "made_up_on", "meeting__starts_at"
    ):
        took_part_on = timezone.localdate(starts_at) if status in THERE else None
        if took_part_on is None and makeup == MakeUp.DONE:
            took_part_on = made_up_on
        found[meeting, branch].append(Part(person, name, took_part_on))
    return found


def _since() -> date | None:
    """Since when there are records at all: before that, nothing is not missing."""
    first = Meeting.objects.aggregate(at=Min("starts_at"))["at"]
    return timezone.localdate(first) if first else None
