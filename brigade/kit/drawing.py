"""Drawings as numbers for an SVG: the outline of an area with places on it, bars beside each other. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from math import cos, radians

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
    """What stands over one name: this period's bar, the one to compare it with, the middle and the top of both."""

    name: str
    words: str
    middle: int
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
    for at, (name, words, *pair) in enumerate(rows):
        middle = at * step + step // 2
        now, then = bar(pair[0], middle - thick), bar(pair[1], middle)
        top = min((one.y for one in (now, then) if one), default=height - NAME)
        groups.append(Group(name, words, middle, top, now, then))
    return groups
