"""季度报表: how the branches of a general branch stood in a quarter, from obligations and figures alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.indicators.queries import as_of, by_unit
from brigade.kit.clocks import Period
from brigade.obligations.states import EXCUSED, ObligationState
from partybuilding.branches.models import PartyBranch
from partybuilding.branches.queries import structure
from partybuilding.meetings import rules
from partybuilding.meetings.queries.matrices import Item, items_of
from partybuilding.meetings.rules import BRANCH_REQUIREMENTS, QUARTERLY, Share
from partybuilding.meetings.states import REQUIRED, SegmentKind

MEETINGS, ATTENDANCE, HOURS = "party.meetings", "party.attendance", "party.study_hours"
NOTHING = (Decimal(), Decimal())
SAID: dict[str, Promise] = {
    ObligationState.MISSED: gettext_lazy("未达标"),
    ObligationState.OPEN: gettext_lazy("未到期"),
    ObligationState.WAIVED: gettext_lazy("豁免"),
}


@dataclass(frozen=True, slots=True)
class ReturnCell:
    """One requirement of a branch in the quarter: one item, or one for each month."""

    requirement: str
    items: tuple[Item, ...]
    closed: bool

    @property
    def state(self) -> str:
        """What is asked for each month is not met before the quarter is over."""
        closed = self.closed or self.requirement in QUARTERLY
        return rules.quarter_state((item.state for item in self.items), closed=closed)

    @property
    def done(self) -> int:
        return sum(min(item.count, item.needed) for item in self._asked)

    @property
    def needed(self) -> int:
        return sum(item.needed for item in self._asked)

    @property
    def _asked(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.state not in EXCUSED)

    @property
    def note(self) -> str:
        """Which months differ from the others: 5月未达标、7月豁免; of a requirement that does not apply, why."""
        if self.state == ObligationState.NOT_APPLICABLE:
            return next((item.reason for item in self.items if item.reason), "")
        if len(self.items) == 1:
            return ""
        return "、".join(
            _("%(month)d月%(word)s") % {"month": timezone.localdate(item.due_at).month, "word": SAID[item.state]}
            for item in self.items
            if item.state in SAID
        )

    @property
    def month(self) -> int:
        """The month to look at: the first that wants something, else the last; 0 where there is none."""
        wanted = [item for item in self.items if item.state in (ObligationState.MISSED, ObligationState.OPEN)]
        shown = wanted[:1] or self.items[-1:]
        return timezone.localdate(shown[0].due_at).month if shown else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What was held, who came, what was learnt; of one branch or of all together."""

    meetings: int = 0
    present: int = 0
    due: int = 0
    hours: Decimal = Decimal()

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            meetings=self.meetings + other.meetings,
            present=self.present + other.present,
            due=self.due + other.due,
            hours=self.hours + other.hours,
        )

    @property
    def rate(self) -> Decimal | None:
        """到会率, sums over sums."""
        return rules.percent(self.present, self.due)


@dataclass(frozen=True, slots=True)
class ReturnLine:
    """One branch of the return."""

    branch: PartyBranch
    members: int
    cells: tuple[ReturnCell, ...]
    sums: Sums
    closed: bool

    @property
    def state(self) -> str:
        return rules.return_state((cell.state for cell in self.cells), closed=self.closed)


@dataclass(frozen=True, slots=True)
class QuarterReturn:
    """The quarter of a general branch; screen, chart, sheet and Word take their figures from here alone."""

    top: PartyBranch
    period: Period
    now: datetime
    as_of: datetime | None
    lines: tuple[ReturnLine, ...]
    own: ReturnLine | None
    """The general branch itself, which owes meetings of its own kind; None where only a branch is reported."""

    @property
    def is_open(self) -> bool:
        return timezone.localdate(self.now) <= self.period.end

    @property
    def share(self) -> Share:
        """Branches that met their quarter among those that met or missed it."""
        return rules.share(line.state for line in self.lines)

    def count(self, state: str) -> int:
        return sum(line.state == state for line in self.lines)

    def shares(self) -> list[tuple[str, Share]]:
        """(requirement, branches that met it among those that met or missed it)."""
        return [
            (code, rules.share(line.cells[at].state for line in self.lines))
            for at, code in enumerate(BRANCH_REQUIREMENTS)
        ]

    @property
    def has_result(self) -> bool:
        """Whether anything is met or missed yet, which a chart could show."""
        return any(share.met or share.missed for _code, share in self.shares())

    @property
    def members(self) -> int:
        return sum(line.members for line in self.lines)

    @property
    def sums(self) -> Sums:
        every = [*self.lines, *([self.own] if self.own else [])]
        return sum((line.sums for line in every), Sums())


def return_tops(user: Any) -> list[PartyBranch]:
    """For what the user may see a return: each general branch in his reach, else each branch."""
    rows = list(PartyBranch.objects.filter(unit__in=user.units_for("meetings.view_meeting")).in_order())
    return [branch for branch in rows if branch.is_general] or rows


def quarter_return(top: PartyBranch, period: Period, now: datetime) -> QuarterReturn:
    """The return of a general branch with all below it (or of one branch alone), in constant queries."""
    rows = PartyBranch.objects.in_order().filter(unit__path__startswith=top.unit.path)
    branches = [
        branch
        for branch in rows
        if branch.established_on <= period.end and (branch.dissolved_on is None or branch.dissolved_on > period.start)
    ]
    items = items_of(branches, period, REQUIRED, now)
    last = min(period.end, timezone.localdate(now))
    closed = last < timezone.localdate(now)
    whole = structure([branch.pk for branch in branches])
    codes = (MEETINGS, ATTENDANCE, HOURS)
    figures = {unit.pk: sums for unit, sums in by_unit(codes, top.unit, period.start, last)}
    lines = [
        ReturnLine(
            branch,
            len(whole.belongings(branch.pk, last)),
            _cells(items[branch.pk], (SegmentKind.GB,) if branch.is_general else BRANCH_REQUIREMENTS, closed),
            _sums(figures.get(branch.pk, {})),
            closed,
        )
        for branch in branches
    ]
    return QuarterReturn(
        top,
        period,
        now,
        as_of(codes),
        tuple(line for line in lines if not line.branch.is_general),
        next((line for line in lines if line.branch.is_general), None),
    )


def _cells(items: tuple[Item, ...], kinds: tuple[str, ...], closed: bool) -> tuple[ReturnCell, ...]:
    return tuple(ReturnCell(kind, tuple(item for item in items if item.requirement == kind), closed) for kind in kinds)


def _sums(figures: dict[str, tuple[Decimal, Decimal]]) -> Sums:
    present, due = figures.get(ATTENDANCE, NOTHING)
    return Sums(
        meetings=int(figures.get(MEETINGS, NOTHING)[0]),
        present=int(present),
        due=int(due),
        hours=figures.get(HOURS, NOTHING)[0],
    )
