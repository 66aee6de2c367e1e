"""What an indicator is; the indicators themselves stand in each slice's `indicators.py`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from django.utils.functional import Promise

from brigade.org.models import Unit
from brigade.org.states import Role, Tree

LEADERS = (
    Role.BRIGADE_LEADER,
    Role.POLITICAL_OFFICER,
    Role.DEPUTY_LEADER,
    Role.SQUADRON_LEADER,
    Role.GENERAL_SECRETARY,
    Role.PARTY_OFFICE,
    Role.HALL_HEAD,
    Role.INSPECTOR,
)
GRANTS: dict[str, tuple[Role, ...]] = {"indicators.view_figure": LEADERS}


class Kind(StrEnum):
    """How values of one indicator add up: flows over the days of a period, ratios both parts; of a stock each day keeps
    by how much it changed, and all changes up to a day are what there was."""

    FLOW = "flow"
    STOCK = "stock"
    RATIO = "ratio"


class Cell(NamedTuple):
    """Where a figure stands."""

    unit_id: int
    day: date


class Value(NamedTuple):
    """What a cell holds for one facet."""

    cell: Cell
    value: Decimal | int
    base: Decimal | int = 0
    facet: str = ""


@dataclass(frozen=True)
class Indicator:
    """One figure in general.

    `touched(record)` names the cells a record counts in as it stands now; `compute(cells)` gives their values from the
    records, in a constant number of queries, and all cells when `cells` is None. `drill(unit, start, end)` is the
    address of the list behind the figure, which holders of `perm` may open. `rules` names obligations whose change
    moves it, `followed` in which cells.
    """

    code: str
    label: str | Promise
    basis: str | Promise
    kind: Kind
    tree: Tree
    suffix: str | Promise
    touched: Callable[[Any], Iterable[Cell]]
    compute: Callable[[Collection[Cell] | None], Iterable[Value]]
    drill: Callable[[Unit, date, date], str]
    perm: str
    kinds: frozenset[str] = frozenset()
    rules: frozenset[str] = frozenset()
    followed: Callable[[Any], Iterable[Cell]] | None = None
    facets: dict[str, str] = field(default_factory=dict)
    headline: bool = False
    """Whether it stands among this month's figures of the workbench."""
    halves: bool = False
    """Whether it counts in halves too, so that all its figures have one decimal."""
    counts: bool = True
    """Whether value and base count separate events, so that a test can tell a difference from chance; hours do not."""
    ripens: bool = False
    """Whether a period comes nearer to its figure the longer ago it is, so that two periods are not to be compared."""
    towns_of: str = ""
    """The code of the indicator that this one splits by street or town: its facets are their keys. It stands in no list
    of its own, a report and the board show it as lines; the list behind it can be narrowed by `town`."""
    good: int = 0
    """+1 where more is better, -1 where less is, 0 where neither."""


FIGURES: dict[str, Indicator] = {}
"""Every slice's indicators by code; filled when the application starts."""


def listed() -> list[str]:
    """The codes of all that stand by themselves on boards and screens."""
    return [code for code, indicator in FIGURES.items() if not indicator.towns_of]
