"""Drawings as numbers for an SVG: an outline with places on it, bars beside each other, lines. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import count
from math import ceil, cos, radians

from brigade.kit.geo import Area, Point

NAME, VALUE = 44, 40
"""Room for a line of text below the bars and above them."""


@dataclass(frozen=True)
class Outline:
    """An area as it is drawn, as large as fits into `width` and `height`; north is up."""

    area: Area
    width: int
    height: int

    @cached_property
    def _frame(self) -> tuple[float, float, float, float, float]:
        """West and north edge, what a degree of longitude is to one of latitude, pixels a degree, left margin."""
        low, high = self.area.bounds
        squeeze = cos(radians((low.lat + high.lat) / 2))
        wide, tall = (high.lon - low.lon) * squeeze, high.lat - low.lat
        scale = min(self.width / wide, self.height / tall)
        return low.lon, high.lat, squeeze, scale, (self.width - wide * scale) / 2

    def place(self, point: Point) -> tuple[int, int]:
        """Where a point lies in the drawing."""
        west, north, squeeze, scale, left = self._frame
        return round(left + (point.lon - west) * squeeze * scale), round((north - point.lat) * scale)

    @cached_property
    def path(self) -> str:
        """The outline as the `d` of a path."""
        rings = [ring for rings in self.area.polygons for ring in rings]
        lines = [dict.fromkeys(self.place(point) for point in ring) for ring in rings]
        return "".join("M" + "L".join(f"{x} {y}" for x, y in line) + "Z" for line in lines)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: left, top, width, height."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Group:
    """What stands over one name: this period's bar, the one to compare it with, and the middle of both. The words
    belong to this period's bar and stand over it, `at` and `top`: over the other one they would be read as its own."""

    name: str
    words: str
    middle: int
    at: int
    top: int
    now: Bar | None
    then: Bar | None


def bars(rows: Sequence[tuple[str, str, Decimal | None, Decimal | None]], *, width: int, height: int) -> list[Group]:
    """A group for each (name, words over it, amount, amount to compare with), from left to right, all from one zero."""
    amounts = [amount for _name, _words, *pair in rows for amount in pair if amount is not None]
    most = max(amounts, default=Decimal()) or Decimal(1)
    step = width // max(len(rows), 1)
    thick = step * 2 // 5

    def bar(amount: Decimal | None, x: int) -> Bar | None:
        if amount is None:
            return None
        tall = round(max(amount, Decimal()) / most * (height - NAME - VALUE))
        return Bar(x, height - NAME - tall, thick, tall)

    groups = []
    for place, (name, words, *pair) in enumerate(rows):
        middle = place * step + step // 2
        now, then = bar(pair[0], middle - thick), bar(pair[1], middle)
        top = now.y if now else height - NAME
        groups.append(Group(name, words, middle, middle - thick // 2, top, now, then))
    return groups


LINES = 5
"""So many lines a grid has at most above its zero."""
FIRST, LAST = Decimal(8), Decimal(96)
"""Where the first and the last point of a line lie, in per cent of the width; before them stand the numbers."""
ABOVE, BELOW = 36, 30
"""Room for the legend above a line, and for the names below it."""
OVER, UNDER, DIGITS = -9, 20, 16
"""How far below its point the number of a line stands that lies over or under it, and how tall it is."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A point of a line, and the one that the line comes from; None at the beginning of a line and after a gap."""

    x: str
    y: int
    words: str
    before: tuple[str, int] | None


@dataclass(frozen=True, slots=True)
class Curves:
    """Two lines over one row of names. Across everything is in per cent, so that the drawing fits any width.

    `grid` are heights with their numbers; `names` are (middle, left edge, width, name, what either line says there).
    """

    height: int
    grid: list[tuple[int, int]]
    names: list[tuple[str, str, str, str, Sequence[str]]]
    now: list[Stop]
    then: list[Stop]

    @property
    def lines(self) -> list[tuple[str, list[Stop], int]]:
        """Which line, its points, and how far below the last one its number stands; this period's lies on top.

        The number of the higher one stands over it and that of the lower one under it, or over it too where there is no
        room above the names.
        """
        ends = [line[-1].y for line in (self.now, self.then) if line]
        over, under = OVER, UNDER
        if ends and max(ends) + UNDER > self.height - BELOW:
            crowded = DIGITS - (max(ends) - min(ends)) if len(ends) > 1 else 0
            over, under = OVER - max(crowded, 0), OVER
        is_above = bool(self.now and self.then and self.now[-1].y < self.then[-1].y)
        return [("then", self.then, under if is_above else over), ("now", self.now, over if is_above else under)]


def curves(rows: Sequence[tuple[str, Sequence[str], Sequence[Decimal | None]]], *, height: int) -> Curves:
    """A point for each (name, words, amounts) and line, from left to right; this period first, then the other one."""
    most = max((amount for _name, _words, pair in rows for amount in pair if amount is not None), default=Decimal())
    step = next(size for size in _round_sizes() if size * LINES >= most)
    top = step * max(1, ceil(most / step))
    ground, stride = height - BELOW, (LAST - FIRST) / max(len(rows) - 1, 1)

    def level(amount: Decimal) -> int:
        return ground - round(max(amount, Decimal()) / top * (ground - ABOVE))

    def line(which: int) -> list[Stop]:
        stops: list[Stop] = []
        last: tuple[str, int] | None = None
        for at, (_name, words, pair) in enumerate(rows):
            amount = pair[which]
            here = None if amount is None else (_percent(FIRST + at * stride), level(amount))
            if here:
                stops.append(Stop(*here, words[which], last))
            last = here
        return stops

    names = [
        (_percent(x), _percent(x - stride / 2), _percent(stride), name, words)
        for x, (name, words, _pair) in ((FIRST + at * stride, row) for at, row in enumerate(rows))
    ]
    grid = [(level(Decimal(number)), number) for number in range(0, top + 1, step)]
    return Curves(height, grid, names, line(0), line(1))


def _percent(amount: Decimal) -> str:
    return f"{amount:.2f}%"


def _round_sizes() -> Iterator[int]:
    """1, 2, 5, 10, 20, 50, …"""
    return (first * 10**zeros for zeros in count() for first in (1, 2, 5))
