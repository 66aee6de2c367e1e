"""The matrix of three meetings and one lesson, and the result of a branch's quarter."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.kit.clocks import Period, at, parse_period, period_of, periods_between
from brigade.obligations.models import Obligation
from brigade.obligations.states import ObligationState
from partybuilding.branches.models import PartyBranch
from partybuilding.branches.queries import structure
from partybuilding.meetings import rules
from partybuilding.meetings.queries.requirements import requirement_of, rule_of
from partybuilding.meetings.states import REQUIRED, SegmentKind


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
        states = [item.state for cell in cells for item in cell.items if item.due_at < now]
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
    """A branch's quarter: met when it is over and each of its requirements is met, waived or not applicable."""

    branch: PartyBranch
    state: str
    items: tuple[Item, ...]


def quarter_results(branch_ids: Collection[int], quarter: str, now: datetime) -> list[QuarterResult]:
    """The quarter of many branches in constant queries."""
    branches = [b for b in PartyBranch.objects.in_order().filter(pk__in=branch_ids) if not b.is_general]
    period = parse_period(quarter)
    closed = at(period.end, time.max) < now
    found = items_of(branches, period, rules.BRANCH_REQUIREMENTS, now)
    return [
        QuarterResult(b, rules.branch_result((item.state for item in found[b.pk]), closed=closed), found[b.pk])
        for b in branches
    ]


def items_of(
    branches: Collection[PartyBranch], period: Period, kinds: Iterable[str], now: datetime
) -> dict[int, tuple[Item, ...]]:
    """Branch → what stands in each month of a period, in one query."""
    rows = _obligations_of(branches, period.start, period.end, kinds)
    months = periods_between("month", period.start, period.end)
    return {
        branch.pk: tuple(
            item for month in months for item in _cell(branch, month, rows[branch.pk, month.code], now).items
        )
        for branch in branches
    }
