"""How a requirement stands in its period."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from brigade.obligations.states import EXCUSED, ObligationState
from partybuilding.meetings.rules.attendance import percent
from partybuilding.meetings.states import SegmentKind

QUARTERLY = frozenset({SegmentKind.MM, SegmentKind.PL})
BRANCH_REQUIREMENTS = (SegmentKind.MM, SegmentKind.CM, SegmentKind.GM, SegmentKind.PL, SegmentKind.TD)


def period_kind(requirement: str) -> str:
    """Whether a requirement is asked for each month or each quarter."""
    return "quarter" if requirement in QUARTERLY else "month"


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


def branch_result(states: Iterable[str], *, closed: bool) -> ObligationState:
    """A branch's quarter from the states of all its requirements: met when each is met, waived or not applicable.

    Nothing is met before the quarter is over: its later months have no requirements yet. Without any it did not stand.
    """
    found = set(states)
    if not found:
        return ObligationState.NOT_APPLICABLE
    if ObligationState.MISSED in found:
        return ObligationState.MISSED
    if not closed or found - {ObligationState.MET} - EXCUSED:
        return ObligationState.OPEN
    return ObligationState.MET


def quarter_state(states: Iterable[str], *, closed: bool) -> ObligationState:
    """One requirement of a branch over the months of a quarter; waived where nothing else was left to hold."""
    found = set(states)
    if found <= {ObligationState.NOT_APPLICABLE}:
        return ObligationState.NOT_APPLICABLE
    result = branch_result(found, closed=closed)
    return ObligationState.WAIVED if result == ObligationState.MET and ObligationState.MET not in found else result


def return_state(cells: Iterable[str], *, closed: bool) -> ObligationState:
    """A branch in the quarterly return, from its requirements; one that stands by a waiver is on neither side of the
    rate."""
    found = list(cells)
    result = quarter_state(found, closed=closed)
    waived = result == ObligationState.MET and ObligationState.WAIVED in found
    return ObligationState.WAIVED if waived else result
