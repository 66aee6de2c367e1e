"""What may be the same hazard: near on the road or over ground."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from brigade.kit.geo import Point, box_around, distance, metres_between
from brigade.reference.models import Road
from brigade.reference.queries import parameter
from enforcement.hazards.models import Category, Hazard
from enforcement.hazards.states import (
    OPEN,
    Direction,
    GeoSource,
    HazardState,
)


@dataclass(frozen=True, slots=True)
class Near:
    """A hazard that may be the same, and how far it lies."""

    hazard: Hazard
    metres: int


SHOWN = 5


def near(
    *,
    category: Category,
    point: Point | None = None,
    acc_m: int | None = None,
    is_measured: bool = True,
    road: Road | None = None,
    stakes: tuple[int, int] | None = None,
    direction: str = Direction.NA,
    now: datetime,
    but: Any = None,
) -> list[Near]:
    """The up to five nearest hazards of the same category, open or closed lately, the newest first.

    Two are near by stakes on the same road in a compatible direction, or over ground; opposite carriageways are not.
    One query for where the others lie, over an index for each: a box around the point, a stretch of the road. A second
    reads those that are near.
    """
    if not category.radius_m:
        return []
    limits = limits_on(timezone.localdate(now))
    alive = _alive(now).filter(category=category)
    if but is not None:
        alive = alive.exclude(pk=but)
    here = Spot(category.radius_m, point, acc_m, is_measured, road, stakes, direction)
    around = Q(pk__in=())
    if point is not None:
        around |= _in_box(point, limits.widest)
    if road is not None and stakes is not None:
        around |= _along(road, stakes, limits.reach)
    gaps = ((pk, gap(here, spot, limits)) for pk, spot in _spots(alive.filter(around), road))
    found = [(metres, pk) for pk, metres in gaps if metres is not None]
    nearest = {pk: metres for metres, pk in sorted(found)[:SHOWN]}
    rows = Hazard.objects.select_related("town", "road").filter(pk__in=nearest) if nearest else ()
    return sorted((Near(row, nearest[row.pk]) for row in rows), key=lambda one: one.hazard.discovered_at, reverse=True)


def _spots(rows: QuerySet[Hazard], road: Road | None) -> Iterator[tuple[Any, Spot]]:
    """Where each of the hazards lies; of roads only the one that is asked about counts."""
    names = ("pk", "lat", "lon", "acc_m", "geo_source", "road", "stake_start_m", "stake_end_m", "direction")
    for pk, lat, lon, acc_m, source, road_id, start_m, end_m, direction in rows.values_list(*names):
        point = None if lat is None else Point(float(lat), float(lon))
        on = road if road is not None and road.pk == road_id else None
        yield pk, Spot(0, point, acc_m, _is_measured(source), on, _stretch(start_m, end_m), direction)


def _is_measured(geo_source: str) -> bool:
    return geo_source != GeoSource.STAKE_CALC


def _stretch(start_m: int | None, end_m: int | None) -> tuple[int, int] | None:
    return None if start_m is None else (start_m, start_m if end_m is None else end_m)


@dataclass(frozen=True, slots=True)
class Limits:
    """How far apart two may lie and still be asked about: metres along a road, and at most over ground."""

    reach: int
    widest: int


def limits_on(day: date) -> Limits:
    return Limits(parameter("hazards.duplicate_stake_m", day), parameter("hazards.duplicate_radius_max_m", day))


@dataclass(frozen=True, slots=True)
class Spot:
    """What two hazards of one category are compared by; `radius_m` is the category's, `stakes` the first and the last
    metre of its stretch, and a point that is not `is_measured` was computed from them."""

    radius_m: int
    point: Point | None
    acc_m: int | None
    is_measured: bool
    road: Road | None
    stakes: tuple[int, int] | None
    direction: str


def spot_of(hazard: Hazard, radius_m: int = 0) -> Spot:
    stakes = _stretch(hazard.stake_start_m, hazard.stake_end_m)
    is_measured = _is_measured(hazard.geo_source)
    return Spot(radius_m, hazard.point, hazard.acc_m, is_measured, hazard.road, stakes, hazard.direction)


def gap(here: Spot, other: Spot, limits: Limits) -> int | None:
    """Metres between two that may be one, along the road or over ground; None where they cannot be. Opposite
    carriageways of one road are two places, and a point that was computed from a stake knows no more than the stake."""
    is_one_road = here.road is not None and other.road is not None and here.road.pk == other.road.pk
    if is_one_road and {here.direction, other.direction} == {Direction.UP, Direction.DOWN}:
        return None
    if is_one_road and here.road is not None and here.stakes is not None and other.stakes is not None:
        metres = _between(here.stakes, other.stakes, here.road)
        if metres <= limits.reach:
            return metres
        if not (here.is_measured and other.is_measured):
            return None
    if here.point is None or other.point is None:
        return None
    away = distance(here.point, other.point)
    radius = min(max(here.radius_m, here.acc_m or 0, other.acc_m or 0), limits.widest)
    return round(away) if away <= radius else None


def _between(one: tuple[int, int], other: tuple[int, int], road: Road) -> int:
    """Metres along the road from the end of the first stretch to the beginning of the next; 0 where they touch."""
    first, then = sorted((one, other))
    return metres_between(first[1], then[0], road.breaks) if first[1] < then[0] else 0


def _alive(now: datetime) -> QuerySet[Hazard]:
    """What a new report may repeat: open, or closed lately."""
    after = now - timedelta(days=parameter("hazards.duplicate_days", timezone.localdate(now)))
    return Hazard.objects.filter(Q(state__in=OPEN) | Q(state=HazardState.CLOSED, closed_at__gte=after))


SQUARE = 0.002
"""Degrees of the squares of a `Neighbourhood`: more than the widest radius, here and further north."""


class Neighbourhood:
    """What is near, asked for many places at once: for sheets. What is alive is read in one query; `enter` adds what
    the sheet itself brings."""

    def __init__(self, categories: Iterable[int], now: datetime) -> None:
        self._limits = limits_on(timezone.localdate(now))
        self._squares: dict[tuple[int, int, int], list[tuple[Spot, str]]] = defaultdict(list)
        self._roads: dict[tuple[int, int], list[tuple[Spot, str]]] = defaultdict(list)
        fields = (
            "number", "category", "lat", "lon", "acc_m", "geo_source", "road", "stake_start_m", "stake_end_m",
            "direction",
        )  # fmt: skip
        roads = Road.objects.in_bulk()
        for other in _alive(now).filter(category__in=set(categories)).only(*fields).iterator(chunk_size=2_000):
            other.road = roads.get(other.road_id)
            self._put(other.category_id, spot_of(other), other.number)

    def nearest(self, hazard: Hazard) -> tuple[int, str] | None:
        """(metres, name) of the nearest that may be the same as a hazard that is not written down yet."""
        if not hazard.category.radius_m:
            return None
        here = spot_of(hazard, hazard.category.radius_m)
        others = list(self._roads.get((hazard.category_id, here.road.pk), ())) if here.road is not None else []
        if here.point is not None:
            row, column = _square_of(here.point)
            for up in (-1, 0, 1):
                for right in (-1, 0, 1):
                    others += self._squares.get((hazard.category_id, row + up, column + right), ())
        gaps = ((gap(here, spot, self._limits), name) for spot, name in others)
        return min(((metres, name) for metres, name in gaps if metres is not None), default=None)

    def enter(self, hazard: Hazard, name: str) -> None:
        self._put(hazard.category_id, spot_of(hazard), name)

    def _put(self, category: int, spot: Spot, name: str) -> None:
        if spot.point is not None:
            self._squares[category, *_square_of(spot.point)].append((spot, name))
        if spot.road is not None and spot.stakes is not None:
            self._roads[category, spot.road.pk].append((spot, name))


def _square_of(point: Point) -> tuple[int, int]:
    return int(point.lat / SQUARE), int(point.lon / SQUARE)


def in_box(alive: QuerySet[Hazard], point: Point, metres: float) -> QuerySet[Hazard]:
    return alive.filter(_in_box(point, metres))


def _in_box(point: Point, metres: float) -> Q:
    box = box_around(point, metres)
    return Q(
        lat__range=(degrees(box.south), degrees(box.north)),
        lon__range=(degrees(box.west), degrees(box.east)),
    )


LONGEST = 1_000
"""Metres; how long a stretch may be and still be found from a place at its end: what bounds the search."""


def _along(road: Road, stakes: tuple[int, int], reach: int) -> Q:
    """Wide enough for what chainage equations add or take away."""
    slack = reach + sum(abs(ahead - back) for back, ahead in road.breaks)
    begins = (max(stakes[0] - slack - LONGEST, 0), stakes[1] + slack)
    return Q(road=road, stake_start_m__range=begins, stake_end_m__gte=stakes[0] - slack)


def near_place(place: dict[str, Any], category: Category, now: datetime) -> list[Near]:
    """What lies near a place as `rules.located` gives it."""
    point = None if place["lat"] is None else Point(float(place["lat"]), float(place["lon"]))
    return near(
        category=category,
        point=point,
        acc_m=place["acc_m"],
        is_measured=_is_measured(place["geo_source"]),
        road=place["road"],
        stakes=_stretch(place["stake_start_m"], place["stake_end_m"]),
        direction=place.get("direction", Direction.NA),
        now=now,
    )


def near_hazard(hazard: Hazard, now: datetime) -> list[Near]:
    """What may be the same as a hazard that is written down."""
    return near(
        category=hazard.category,
        point=hazard.point,
        acc_m=hazard.acc_m,
        is_measured=_is_measured(hazard.geo_source),
        road=hazard.road,
        stakes=_stretch(hazard.stake_start_m, hazard.stake_end_m),
        direction=hazard.direction,
        now=now,
        but=hazard.pk,
    )


def degrees(value: float) -> Decimal:
    return Decimal(value).quantize(Decimal("0.000001"))
