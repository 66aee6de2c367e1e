"""The figures that meetings yield, of the party tree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from brigade.indicators.rules import Cell, Indicator, Kind, Value
from brigade.kit.clocks import at
from brigade.obligations.models import Obligation
from brigade.obligations.states import ObligationState
from brigade.org.models import Unit
from brigade.org.states import Tree
from partybuilding.meetings import queries, rules
from partybuilding.meetings.models import Attendance, Decision, Leave, Meeting, Segment
from partybuilding.meetings.queries import REQUIREMENT_RULES
from partybuilding.meetings.states import COUNTED, EARNING, NOT_DUE, THERE, DecisionState, SegmentKind

MEETING, DECISION, LEAVE = (model._meta.label_lower for model in (Meeting, Decision, Leave))
ONE_DAY = timedelta(days=1)


def _of_meeting(record: Any) -> Iterable[Cell]:
    """The unit and day of a counted meeting, or of the meeting that a leave is for."""
    meeting = record.meeting if isinstance(record, Leave) else record
    return [Cell(meeting.unit_id, meeting.held_on)] if meeting.state in COUNTED else []


def _of_decision(decision: Decision) -> Iterable[Cell]:
    return [Cell(decision.unit_id, decision.due_on)]


def _of_obligation(obligation: Obligation) -> Iterable[Cell]:
    return [Cell(obligation.unit_id, timezone.localdate(obligation.due_at))]


def _in_cells(cells: Collection[Cell] | None, unit: str, moment: str) -> Q:
    """Rows that lie in the cells: of a unit, from midnight to midnight."""
    if cells is None:
        return Q()
    days: dict[int, list[date]] = defaultdict(list)
    for cell in cells:
        days[cell.unit_id].append(cell.day)
    where = Q(pk__in=[])
    for unit_id, some in days.items():
        for first, last in _runs(sorted(some)):
            span = {f"{moment}__gte": at(first, time.min), f"{moment}__lt": at(last + ONE_DAY, time.min)}
            where |= Q(**{unit: unit_id}, **span)
    return where


def _runs(days: list[date]) -> Iterator[tuple[date, date]]:
    """Neighbouring days as (first, last)."""
    first = last = days[0]
    for day in days[1:]:
        if day - last > ONE_DAY:
            yield first, last
            first = day
        last = day
    yield first, last


def _cell(unit_id: int, moment: datetime) -> Cell:
    return Cell(unit_id, timezone.localdate(moment))


def _meetings(cells: Collection[Cell] | None) -> Iterable[Value]:
    counts: dict[Cell, int] = defaultdict(int)
    rows = Meeting.objects.counted().filter(_in_cells(cells, "unit", "starts_at"))
    for unit_id, starts_at in rows.values_list("unit", "starts_at"):
        counts[_cell(unit_id, starts_at)] += 1
    return (Value(cell, count) for cell, count in counts.items())


def _activities(cells: Collection[Cell] | None) -> Iterable[Value]:
    """Each kind once a meeting, however many segments of it there were."""
    seen = set()
    rows = _counted(Segment.objects).filter(_in_cells(cells, "meeting__unit", "meeting__starts_at"))
    for meeting, kind, unit_id, starts_at in rows.values_list("meeting", "kind", "meeting__unit", "meeting__starts_at"):
        seen.add((meeting, kind, _cell(unit_id, starts_at)))
    counts: dict[tuple[Cell, str], int] = defaultdict(int)
    for _meeting, kind, cell in seen:
        counts[cell, kind] += 1
    return (Value(cell, count, facet=kind) for (cell, kind), count in counts.items())


def _attendance(cells: Collection[Cell] | None) -> Iterable[Value]:
    there: dict[Cell, int] = defaultdict(int)
    due: dict[Cell, int] = defaultdict(int)
    for unit_id, starts_at, status in _roll(cells).values_list("meeting__unit", "meeting__starts_at", "status"):
        cell = _cell(unit_id, starts_at)
        due[cell] += 1
        there[cell] += status in THERE
    return (Value(cell, there[cell], due[cell]) for cell in due)


def _hours(cells: Collection[Cell] | None) -> Iterable[Value]:
    """Hours earned by all who were there, each held to the caps of his own day."""
    spans: dict[tuple[Cell, int], list[tuple[datetime, datetime]]] = defaultdict(list)
    rows = _roll(cells).filter(meeting__segments__kind__in=EARNING)
    for unit_id, at_, person, status, makeup, starts_at, ends_at in rows.values_list(
        "meeting__unit",
        "meeting__starts_at",
        "person",
        "status",
        "makeup",
        "meeting__segments__starts_at",
        "meeting__segments__ends_at",
    ):
        if rules.earns(status, makeup):
            spans[_cell(unit_id, at_), person].append((starts_at, ends_at))
    hours: dict[Cell, Decimal] = defaultdict(Decimal)
    for (cell, _person), some in spans.items():
        hours[cell] += rules.study_hours(some)
    return (Value(cell, total) for cell, total in hours.items())


def _compliance(cells: Collection[Cell] | None) -> Iterable[Value]:
    """Requirements met among those met or missed; the groups of a branch stand together as one."""
    rows = Obligation.objects.filter(_in_cells(cells, "unit", "due_at"), rule__in=REQUIREMENT_RULES)
    wanted = [ObligationState.MET, ObligationState.MISSED, ObligationState.OPEN, ObligationState.WAIVED]
    states: dict[tuple[Cell, str], list[str]] = defaultdict(list)
    for unit_id, due_at, rule, period, state in rows.filter(state__in=wanted).values_list(
        "unit", "due_at", "rule", "period", "state"
    ):
        states[_cell(unit_id, due_at), f"{rule}|{period}"].append(state)
    found: dict[Cell, rules.Share] = defaultdict(rules.Share)
    for (cell, _rule), some in states.items():
        found[cell] += rules.share([queries.worst(some)])
    return (Value(cell, s.met, s.met + s.missed) for cell, s in found.items() if s.met or s.missed)


def _decisions(cells: Collection[Cell] | None) -> Iterable[Value]:
    """Of the decisions due on a day: how many were carried out by then."""
    rows = Decision.objects.filter(state__in=[DecisionState.OPEN, DecisionState.DONE])
    if cells is not None:
        rows = rows.filter(unit__in={c.unit_id for c in cells}, due_on__in={c.day for c in cells})
    done: dict[Cell, int] = defaultdict(int)
    due: dict[Cell, int] = defaultdict(int)
    for unit_id, due_on, finished_at in rows.values_list("unit", "due_on", "finished_at"):
        cell = Cell(unit_id, due_on)
        due[cell] += 1
        done[cell] += finished_at is not None and timezone.localdate(finished_at) <= due_on
    return (Value(cell, done[cell], due[cell]) for cell in due)


def _counted(rows: Any) -> QuerySet[Any]:
    found: QuerySet[Any] = rows.filter(meeting__state__in=COUNTED)
    return found


def _roll(cells: Collection[Cell] | None) -> QuerySet[Attendance]:
    due = _counted(Attendance.objects).exclude(status__in=NOT_DUE)
    return due.filter(_in_cells(cells, "meeting__unit", "meeting__starts_at"))


def _list(address: str, days: str, **fixed: str) -> Callable[[Unit, date, date], str]:
    """The list behind a figure: the same unit with all below it, the same days."""

    def drill(unit: Unit, start: date, end: date) -> str:
        asked = {"unit": unit.pk, f"{days}_after": start, f"{days}_before": end, **fixed}
        return f"{reverse(address)}?{urlencode(asked)}"

    return drill


def _matrix(unit: Unit, start: date, end: date) -> str:
    return f"{reverse('meetings:matrix')}?{urlencode({'year': end.year})}"


FIGURES = [
    Indicator(
        code="party.meetings",
        headline=True,
        label=_("组织生活次数"),
        basis=_("已确认的会议记录，一次活动算一次"),
        kind=Kind.FLOW,
        tree=Tree.PARTY,
        suffix=_("次"),
        touched=_of_meeting,
        compute=_meetings,
        drill=_list("meetings:meeting_list", "starts_at", state="counted"),
        perm="meetings.view_meeting",
        kinds=frozenset({MEETING}),
        good=0,
    ),
    Indicator(
        code="party.activities",
        label=_("三会一课和主题党日"),
        basis=_("已确认的会议记录按内容分别计，一次活动含几项计几项"),
        kind=Kind.FLOW,
        tree=Tree.PARTY,
        suffix=_("次"),
        touched=_of_meeting,
        compute=_activities,
        drill=_list("meetings:meeting_list", "starts_at", state="counted"),
        perm="meetings.view_meeting",
        kinds=frozenset({MEETING}),
        facets={kind.value: str(kind.label) for kind in SegmentKind},
    ),
    Indicator(
        code="party.attendance",
        headline=True,
        label=_("到会率"),
        basis=_("实到除以应到；准假的仍算应到，豁免和列席不算"),
        kind=Kind.RATIO,
        tree=Tree.PARTY,
        suffix=_("%"),
        touched=_of_meeting,
        compute=_attendance,
        drill=_list("meetings:meeting_list", "starts_at", state="counted"),
        perm="meetings.view_meeting",
        kinds=frozenset({MEETING, LEAVE}),
        good=1,
    ),
    Indicator(
        code="party.study_hours",
        label=_("学习学时"),
        basis=_("学习和党课每满30分钟0.5学时，半天最多4学时、一天最多8学时"),
        kind=Kind.FLOW,
        tree=Tree.PARTY,
        suffix=_("学时"),
        halves=True,
        counts=False,
        touched=_of_meeting,
        compute=_hours,
        drill=_list("meetings:meeting_list", "starts_at", state="counted"),
        perm="meetings.view_meeting",
        kinds=frozenset({MEETING, LEAVE}),
    ),
    Indicator(
        code="party.compliance",
        headline=True,
        label=_("三会一课达标率"),
        basis=_("达标除以达标加未达标；豁免和不适用不计，期未满的不计"),
        kind=Kind.RATIO,
        tree=Tree.PARTY,
        suffix=_("%"),
        touched=lambda record: (),
        compute=_compliance,
        drill=_matrix,
        perm="meetings.view_meeting",
        rules=frozenset(REQUIREMENT_RULES),
        followed=_of_obligation,
        good=1,
    ),
    Indicator(
        code="party.decisions",
        label=_("议定事项按期办结率"),
        basis=_("按期限所在日计：期限内办结的除以应办结的"),
        kind=Kind.RATIO,
        tree=Tree.PARTY,
        suffix=_("%"),
        touched=_of_decision,
        compute=_decisions,
        drill=_list("meetings:decision_list", "due_on"),
        perm="meetings.view_decision",
        kinds=frozenset({DECISION}),
        good=1,
    ),
]
