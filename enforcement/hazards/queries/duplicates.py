"""What may be the same hazard: near on the road or over ground."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
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
    road: Road | None = None,
    stake_m: int | None = None,
    direction: str = Direction.NA,
    now: datetime,
    but: Any = None,
) -> list[Near]:
    """The up to five nearest hazards of the same category, open or closed lately, the newest first.

    Two are near by stakes on the same road in a compatible direction, or over ground; opposite carriageways are not.
    Two queries, each over an index: a box around the point, a stretch of the road.
    """
    if not category.radius_m:
        return []
    today = timezone.localdate(now)
    after = now - timedelta(days=parameter("hazards.duplicate_days", today))
    alive = Hazard.objects.filter(
        Q(state__in=OPEN) | Q(state=HazardState.CLOSED, closed_at__gte=after), category=category
    )
    if but is not None:
        alive = alive.exclude(pk=but)
    found: list[Near] = []
    if point is not None:
        widest = parameter("hazards.duplicate_radius_max_m", today)
        for other in _in_box(alive, point, widest):
            if stake_m is not None and other.stake_start_m is not None and _is_on(other, road):
                continue  # the stakes say it better
            metres = distance(point, other.point) if other.point else widest + 1
            radius = min(max(category.radius_m, acc_m or 0, other.acc_m or 0), widest)
            if metres <= radius and _is_same_way(direction, other, road):
                found.append(Near(other, round(metres)))
    if road is not None and stake_m is not None:
        reach = parameter("hazards.duplicate_stake_m", today)
        for other in _along(alive, road, stake_m, reach):
            metres = metres_between(stake_m, other.stake_start_m or 0, road.breaks)
            if metres <= reach and _is_same_way(direction, other, road):
                found.append(Near(other, metres))
    nearest = sorted(found, key=lambda one: one.metres)[:SHOWN]
    return sorted(nearest, key=lambda one: one.hazard.discovered_at, reverse=True)


def _in_box(alive: QuerySet[Hazard], point: Point, metres: float) -> QuerySet[Hazard]:
    box = box_around(point, metres)
    here = {
        "lat__range": (degrees(box.south), degrees(box.north)),
        "lon__range": (degrees(box.west), degrees(box.east)),
    }
    return alive.filter(**here).select_related("town", "road")


def _along(alive: QuerySet[Hazard], road: Road, stake_m: int, reach: int) -> QuerySet[Hazard]:
    """Wide enough for what chainage equations add or take away."""
    slack = reach + sum(abs(ahead - back) for back, ahead in road.breaks)
    stretch = (max(stake_m - slack, 0), stake_m + slack)
    return alive.filter(road=road, stake_start_m__range=stretch).select_related("town", "road")


def near_place(place: dict[str, Any], category: Category, now: datetime) -> list[Near]:
    """What lies near a place as `rules.located` gives it."""
    point = None if place["lat"] is None else Point(float(place["lat"]), float(place["lon"]))
    return near(
        category=category,
        point=point,
        acc_m=place["acc_m"],
        road=place["road"],
        stake_m=place["stake_start_m"],
        direction=place.get("direction", Direction.NA),
        now=now,
    )


def near_hazard(hazard: Hazard, now: datetime) -> list[Near]:
    """What may be the same as a hazard that is written down."""
    return near(
        category=hazard.category,
        point=hazard.point,
        acc_m=hazard.acc_m,
        road=hazard.road,
        stake_m=hazard.stake_start_m,
        direction=hazard.direction,
        now=now,
        but=hazard.pk,
    )


def degrees(value: float) -> Decimal:
    return Decimal(value).quantize(Decimal("0.000001"))


def _is_on(other: Hazard, road: Road | None) -> bool:
    return road is not None and other.road_id == road.pk


def _is_same_way(direction: str, other: Hazard, road: Road | None) -> bool:
    """Opposite carriageways of one road are two places."""
    return not _is_on(other, road) or {direction, other.direction} != {Direction.UP, Direction.DOWN}
