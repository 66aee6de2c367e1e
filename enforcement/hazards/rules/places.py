"""Where a hazard lies: what is typed becomes WGS-84, and what cannot be right is refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from brigade.kit.geo import (
    Area,
    Datum,
    Point,
    Stake,
    distance_to_course,
    from_plane,
    from_wgs84,
    parse_stake,
    point_at,
    to_wgs84,
)
from brigade.kit.refusals import Refused
from brigade.reference.models import Road
from enforcement.hazards.states import CoordSystem, GeoSource

SUSPECT_OFF_M, SUSPECT_NEAR_M = 250, 80
"""A point this far from its road that lies this near to it in another datum was most likely read in that one: the
shift is 508 m here, and no road is that wide."""
BIN = Decimal("0.000001")
IN_METRES, HOME_ZONE = 1_000, 39
"""Numbers above are a surveyor's metres (EPSG:4548, or 4527 with the zone in front of the easting), not degrees."""
MARGIN = 0.005
"""Degrees around the district's box: its outline is coarse, and a hazard on the border belongs to somebody."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something lies, as it was typed: road and stakes, or a pair of coordinates with their datum, or both."""

    road: Road | None = None
    stake_start: str = ""
    stake_end: str = ""
    lat: float | None = None
    lon: float | None = None
    coord_sys: str = ""
    acc_m: int | None = None
    geo_source: str = ""
    is_datum_confirmed: bool = False


def located(place: Place, roads: Iterable[Road], district: Area) -> dict[str, Any]:
    """The place as columns of a hazard. Refuses what is missing, swapped, outside, or read in the wrong datum.

    `roads` are the surveyed ones; the hazard's own road is asked first. Stakes of a surveyed road give the point
    where no other was typed.
    """
    start = _stake(place.stake_start, place.road, "stake_start")
    end = _stake(place.stake_end, place.road, "stake_end") if place.stake_end.strip() else start
    if start is None and end is not None:
        raise Refused(_("先写起点桩号"), field="stake_start")
    if start is not None and place.road is None:
        raise Refused(_("有桩号就要选道路"), field="road")
    if start is not None and end is not None and end < start:
        raise Refused(_("止点桩号小于起点桩号，请核对"), field="stake_end")
    found = {
        "road": place.road,
        "stake_start_m": start,
        "stake_end_m": end,
        **dict.fromkeys(("lat", "lon", "entered_lat", "entered_lon", "acc_m")),
        "coord_sys": "",
        "geo_source": "",
    }
    if place.lat is not None and place.lon is not None:
        return found | _typed(place, roads, district)
    if place.lat is not None or place.lon is not None:
        raise Refused(_("经度和纬度要一起填"), field="lon" if place.lon is None else "lat")
    if start is None:
        raise Refused(_("写明位置：定位、在地图上点，或者选道路填桩号"), field="place")
    if place.road is not None and place.road.stakes and (spot := point_at(place.road.stakes, start)) is not None:
        point, acc_m = spot
        found |= _columns(point) | {"coord_sys": CoordSystem.WGS84, "geo_source": GeoSource.STAKE_CALC, "acc_m": acc_m}
    return found


def _stake(text: str, road: Road | None, field: str) -> int | None:
    if not text.strip():
        return None
    try:
        stake: Stake = parse_stake(text)
    except Refused as refusal:
        raise Refused(refusal.reason, field=field) from refusal
    if stake.road and road is not None and stake.road != road.code:
        raise Refused(
            _("桩号写的是%(typed)s，选的道路是%(road)s，请核对") % {"typed": stake.road, "road": road.code}, field=field
        )
    return stake.metres


def _typed(place: Place, roads: Iterable[Road], district: Area) -> dict[str, Any]:
    if place.coord_sys not in CoordSystem.values:
        raise Refused(_("选坐标系：手机定位是WGS-84，高德、腾讯是GCJ-02，百度是BD-09"), field="coord_sys")
    if place.geo_source not in GeoSource.values:
        raise Refused(_("写明位置来源"), field="geo_source")
    typed = Point(float(place.lat or 0), float(place.lon or 0))
    if place.coord_sys == CoordSystem.CGCS2000 and min(typed) > IN_METRES:
        typed = _surveyed(typed.lat, typed.lon)
    _check_order(typed)
    point = to_wgs84(typed, _datum(place.coord_sys))
    if not is_in_district(point, district):
        raise Refused(_("这个位置不在辖区内，请核对经纬度"), field="lat")
    is_sure = place.is_datum_confirmed or place.geo_source == GeoSource.MAP_CLICK  # our own map is WGS-84
    if not is_sure and (words := suspected(point, place.coord_sys, place.road, roads)):
        raise Refused(
            _("这个位置不在路上，按%s正好在路上，请改选坐标系；确认没错的，勾选“坐标系无误”") % words,
            field="coord_sys",
        )
    return _columns(point) | {
        "coord_sys": place.coord_sys,
        "geo_source": place.geo_source,
        "entered_lat": _rounded(typed.lat),
        "entered_lon": _rounded(typed.lon),
        "acc_m": place.acc_m,
    }


def _columns(point: Point) -> dict[str, Any]:
    return {"lat": _rounded(point.lat), "lon": _rounded(point.lon)}


def _rounded(degrees: float) -> Decimal:
    return Decimal(degrees).quantize(BIN)


def _datum(coord_sys: str) -> Datum:
    return {CoordSystem.GCJ02: Datum.GCJ02, CoordSystem.BD09: Datum.BD09}.get(CoordSystem(coord_sys), Datum.WGS84)


def _surveyed(north: float, east: float) -> Point:
    if not (1_000_000 <= north < 10_000_000 and east < 100_000_000):
        raise Refused(_("投影坐标填反了：纬度列写北坐标（40开头的七位数），经度列写东坐标"), field="lat")
    return from_plane(north, east, HOME_ZONE)


def _check_order(typed: Point) -> None:
    """China lies between 3° and 54° north and between 73° and 136° east: the two never look like each other."""
    if 73 <= typed.lat <= 136 and 3 <= typed.lon <= 54:
        raise Refused(_("经度和纬度填反了：纬度是36开头，经度是115或116开头"), field="lat")
    if not (3 <= typed.lat <= 54 and 73 <= typed.lon <= 136):
        raise Refused(_("经纬度不对：纬度是36开头，经度是115或116开头"), field="lat")


def is_in_district(point: Point, district: Area) -> bool:
    """Inside the outline, or so near to it that the coarse line may be to blame."""
    if district.contains(point):
        return True
    near = [
        Point(point.lat + north, point.lon + east)
        for north in (-MARGIN, 0, MARGIN)
        for east in (-MARGIN, 0, MARGIN)
        if north or east
    ]
    return any(district.contains(spot) for spot in near)


def suspected(point: Point, coord_sys: str, road: Road | None, roads: Iterable[Road]) -> str:
    """The coordinate system in which the point would lie on its road, when it does not in its own; else empty."""
    courses = [road.stakes] if road is not None and road.stakes else [one.stakes for one in roads]
    if not courses:
        return ""
    if _nearest(courses, point) <= SUSPECT_OFF_M:
        return ""
    typed = from_wgs84(point, _datum(coord_sys))
    for other in (CoordSystem.GCJ02, CoordSystem.BD09, CoordSystem.WGS84):
        if _datum(other) != _datum(coord_sys) and _nearest(courses, to_wgs84(typed, _datum(other))) <= SUSPECT_NEAR_M:
            return str(other.label)
    return ""


def _nearest(courses: Iterable[Any], point: Point) -> float:
    return min(distance_to_course(course, point) for course in courses)
