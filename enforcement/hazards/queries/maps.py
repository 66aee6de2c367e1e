"""What stands on the map, and how the towns stand."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Avg, Count, FloatField, IntegerField, Max, Min, Q, QuerySet, Value
from django.db.models.functions import Cast
from django.utils import timezone

from brigade.kit.geo import Box
from brigade.reference.models import Road
from brigade.reference.queries import district, outline
from enforcement.hazards.models import Hazard, past_limit
from enforcement.hazards.queries.duplicates import degrees
from enforcement.hazards.states import (
    OPEN,
    WITH_OWNER,
)

ALONE = 300
"""Up to so many places of a view stand one by one; more are drawn together."""
ACROSS = 20
"""Squares from west to east in which places are drawn together."""


def ground() -> dict[str, Any]:
    """What a map is drawn on: the district, and each road as far as its surveyed stakes lie in the district's box."""
    (south, west), (north, east) = district().bounds
    drawn = outline()
    for road in Road.objects.surveyed().order_by("code"):
        line = [[lon, lat] for _m, lat, lon in road.stakes if south <= lat <= north and west <= lon <= east]
        if len(line) > 1:
            shape = {"type": "LineString", "coordinates": line}
            drawn["features"].append({"type": "Feature", "properties": {"name": road.name}, "geometry": shape})
    return drawn


def on_map(hazards: QuerySet[Hazard], box: Box, now: datetime) -> dict[str, Any]:
    """What of these lies inside the box: `places` one by one, or `groups` of those in one square; two queries.

    A place: latitude, longitude, tone, number, title, state, due day, address. A group: middle, how many, how many of
    them late, and its corners.
    """
    inside = hazards.filter(
        lat__range=(degrees(box.south), degrees(box.north)), lon__range=(degrees(box.west), degrees(box.east))
    ).order_by()
    if inside.values("pk")[: ALONE + 1].count() > ALONE:
        return {"groups": _groups(inside, box, now), "places": []}
    fields = ("pk", "lat", "lon", "number", "title", "state", "due_at", "disputed_at")
    return {"groups": [], "places": [_spot(row, now) for row in inside.select_related(None).only(*fields)]}


def _groups(inside: QuerySet[Hazard], box: Box, now: datetime) -> list[list[Any]]:
    side = (box.east - box.west) / ACROSS
    late = past_limit(now)
    squares = inside.annotate(column=_square("lon", side), row=_square("lat", side)).values("column", "row")
    found: Any = squares.annotate(
        n=Count("pk"),
        late=Count("pk", filter=late),
        middle_lat=Avg("lat"),
        middle_lon=Avg("lon"),
        south=Min("lat"),
        west=Min("lon"),
        north=Max("lat"),
        east=Max("lon"),
    )
    names = ("middle_lat", "middle_lon", "n", "late", "south", "west", "north", "east")
    return [[row[name] if name in ("n", "late") else round(float(row[name]), 6) for name in names] for row in found]


def _square(name: str, side: float) -> Cast:
    return Cast(Cast(name, FloatField()) / Value(side), IntegerField())


def _spot(hazard: Hazard, now: datetime) -> list[Any]:
    due = timezone.localtime(hazard.due_at) if hazard.due_at and hazard.state in WITH_OWNER else None
    return [
        float(hazard.lat or 0),
        float(hazard.lon or 0),
        tone_of(hazard, now),
        hazard.number,
        hazard.title,
        str(hazard.get_state_display()),
        f"{due:%Y-%m-%d}" if due else "",
        hazard.get_absolute_url(),
    ]


SOON = timedelta(days=7)


def tone_of(hazard: Hazard, now: datetime) -> str:
    """How urgent it is on a map: late, warn in the last week of its limit, open, or off once settled."""
    if hazard.state not in OPEN:
        return "off"
    if hazard.is_overdue(now):
        return "late"
    return "warn" if hazard.due_at and hazard.state in WITH_OWNER and hazard.due_at < now + SOON else "open"


def by_town(hazards: QuerySet[Hazard], now: datetime) -> list[dict[str, Any]]:
    """How many there are in each town, open, late, and without coordinates; the towns with most open ones first."""
    late = past_limit(now)
    rows: Any = hazards.order_by().values("town", "town__name")
    return list(
        rows.annotate(
            n=Count("pk"),
            open=Count("pk", filter=Q(state__in=OPEN)),
            late=Count("pk", filter=late),
            unplaced=Count("pk", filter=Q(lat__isnull=True)),
        ).order_by("-open", "town")
    )
