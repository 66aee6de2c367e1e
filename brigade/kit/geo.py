"""Places on the map: distances, the three datums that Chinese maps use, areas, stakes along a road. Pure functions,
WGS-84 inside.

A phone gives WGS-84. 高德 and 腾讯 give GCJ-02, 百度 gives BD-09: read as WGS-84 a point of theirs lies half a
kilometre or more off, so whoever takes coordinates asks for the datum with them. CGCS2000 differs from WGS-84 by less
than a metre and counts as the same.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from math import asin, atan2, cos, cosh, degrees, hypot, pi, radians, sin, sinh, sqrt
from typing import NamedTuple

from django.utils.translation import gettext as _

from brigade.kit.refusals import Refused

EARTH_RADIUS = 6_371_008.8
"""Mean radius in metres."""
_KRASSOVSKY_AXIS = 6_378_245.0
_KRASSOVSKY_E2 = 0.006_693_421_622_965_943
_BD_TURN = pi * 3000 / 180
_STEPS = 5


class Datum(StrEnum):
    WGS84 = "wgs84"
    GCJ02 = "gcj02"
    BD09 = "bd09"


class Point(NamedTuple):
    """Latitude and longitude in degrees, in this order; GeoJSON writes them the other way round."""

    lat: float
    lon: float


Ring = tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Area:
    """Polygons on the map, each an outer ring with its holes."""

    polygons: tuple[tuple[Ring, ...], ...]

    def contains(self, point: Point) -> bool:
        """Whether the point lies inside; one on the border itself may fall on either side."""
        return any(sum(_inside(ring, point) for ring in rings) % 2 for rings in self.polygons)

    @property
    def bounds(self) -> tuple[Point, Point]:
        """The south-western and the north-eastern corner of the box around it."""
        outer = [point for rings in self.polygons for point in rings[0]]
        lats, lons = [point.lat for point in outer], [point.lon for point in outer]
        return Point(min(lats), min(lons)), Point(max(lats), max(lons))


def area(geometry: dict) -> Area:
    """The area of a GeoJSON geometry, a Polygon or a MultiPolygon."""
    polygons: Sequence = geometry["coordinates"]
    if geometry["type"] == "Polygon":
        polygons = [polygons]
    return Area(tuple(tuple(tuple(Point(lat, lon) for lon, lat in ring) for ring in rings) for rings in polygons))


def distance(a: Point, b: Point) -> float:
    """Metres over ground between two points of one datum."""
    half_lat, half_lon = radians(b.lat - a.lat) / 2, radians(b.lon - a.lon) / 2
    chord = sin(half_lat) ** 2 + cos(radians(a.lat)) * cos(radians(b.lat)) * sin(half_lon) ** 2
    return 2 * EARTH_RADIUS * asin(sqrt(min(max(chord, 0), 1)))  # at the other end of the world it may round beyond 1


def to_wgs84(point: Point, datum: Datum) -> Point:
    """The point as WGS-84: exact to a millimetre from GCJ-02, to a quarter of a metre from BD-09."""
    match datum:
        case Datum.GCJ02:
            return _unshift(point)
        case Datum.BD09:
            return _unshift(_gcj02_of_bd09(point))
    return point


def from_wgs84(point: Point, datum: Datum) -> Point:
    """The WGS-84 point as a map of that datum draws it."""
    match datum:
        case Datum.GCJ02:
            return _shift(point)
        case Datum.BD09:
            return _bd09_of_gcj02(_shift(point))
    return point


def _shift(point: Point) -> Point:
    """WGS-84 to GCJ-02 by the published series over the Krassovsky ellipsoid."""
    x, y = point.lon - 105, point.lat - 35
    waves = (20 * sin(6 * x * pi) + 20 * sin(2 * x * pi)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + waves
    north += (20 * sin(y * pi) + 40 * sin(y / 3 * pi)) * 2 / 3
    north += (160 * sin(y / 12 * pi) + 320 * sin(y / 30 * pi)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + waves
    east += (20 * sin(x * pi) + 40 * sin(x / 3 * pi)) * 2 / 3
    east += (150 * sin(x / 12 * pi) + 300 * sin(x / 30 * pi)) * 2 / 3
    squeeze = 1 - _KRASSOVSKY_E2 * sin(radians(point.lat)) ** 2
    metres_north = radians(_KRASSOVSKY_AXIS * (1 - _KRASSOVSKY_E2) / (squeeze * sqrt(squeeze)))
    metres_east = radians(_KRASSOVSKY_AXIS / sqrt(squeeze) * cos(radians(point.lat)))
    return Point(point.lat + north / metres_north, point.lon + east / metres_east)


def _unshift(point: Point) -> Point:
    """GCJ-02 to WGS-84. The series has no inverse; walking back by the miss shrinks it a hundredfold a step."""
    guess = point
    for _step in range(_STEPS):
        shifted = _shift(guess)
        guess = Point(guess.lat - (shifted.lat - point.lat), guess.lon - (shifted.lon - point.lon))
    return guess


def _bd09_of_gcj02(point: Point) -> Point:
    length = hypot(point.lon, point.lat) + 0.00002 * sin(point.lat * _BD_TURN)
    angle = atan2(point.lat, point.lon) + 0.000003 * cos(point.lon * _BD_TURN)
    return Point(length * sin(angle) + 0.006, length * cos(angle) + 0.0065)


def _gcj02_of_bd09(point: Point) -> Point:
    lat, lon = point.lat - 0.006, point.lon - 0.0065
    length = hypot(lon, lat) - 0.00002 * sin(lat * _BD_TURN)
    angle = atan2(lat, lon) - 0.000003 * cos(lon * _BD_TURN)
    return Point(length * sin(angle), length * cos(angle))


def _inside(ring: Ring, point: Point) -> bool:
    """Whether a ray to the east leaves the ring an odd number of times."""
    inside = False
    before = ring[-1]
    for here in ring:
        if (here.lat > point.lat) != (before.lat > point.lat):
            crossing = before.lon + (point.lat - before.lat) / (here.lat - before.lat) * (here.lon - before.lon)
            inside ^= point.lon < crossing
        before = here
    return inside


# Stakes: how far along a road, in metres from its beginning

_ROAD = re.compile(r"([GSXYC]\d{1,6})(?:线\s*|\s+(?=\d)|\s*(?=K|桩号))(.*)")
"""A road's number before the stake; before a figure it needs a blank or 线, else where would it end?"""
_METRES = r"(?P<m>\d+(?:\.\d+)?)"
_STAKES = (
    re.compile(rf"K(?P<km>\d{{1,4}})(?:\+{_METRES}(?:米|M)?)?"),
    re.compile(rf"(?P<km>\d{{1,4}})K(?:\+{_METRES}(?:米|M)?)?"),
    re.compile(rf"(?P<km>\d{{1,4}})(?:公里|千米|KM)(?:{_METRES}(?:米|M))?"),
)


class Stake(NamedTuple):
    """A place along a road: metres from its beginning, and the road's number where it was written with it."""

    metres: int
    road: str = ""


def parse_stake(text: str) -> Stake:
    """The place that a stake names, however it is written: K12+350, 12K+350, G105 K123+450.5, 12公里350米, 2237K,
    S254线K12+350, 桩号K12+350米.

    Rounded to the metre. Refused when the metres reach a thousand: that stake does not exist, and whoever wrote it
    may have meant another.
    """
    plain, road = unicodedata.normalize("NFKC", text).strip().upper(), ""
    if split := _ROAD.fullmatch(plain):
        road, plain = split.groups()
    plain = re.sub(r"\s+", "", plain).removeprefix("桩号").removeprefix(":")
    found = next(filter(None, (pattern.fullmatch(plain) for pattern in _STAKES)), None)
    if found is None:
        raise Refused(_("认不出桩号“%s”，请写成 K12+350 这样") % text.strip()[:60], field="stake")
    metres = float(found["m"] or 0)
    if metres >= 1000:
        raise Refused(_("桩号“%s”的米数不能到1000，请对照现场桩号牌改") % text.strip()[:60], field="stake")
    return Stake(int(found["km"]) * 1000 + int(metres + 0.5), road)


def stake_text(metres: int) -> str:
    """K12+350, as the posts beside the road have it."""
    return f"K{metres // 1000}+{metres % 1000:03}"


def metres_between(a: int, b: int, breaks: Sequence[Sequence[int]] = ()) -> int:
    """Metres over ground between two stakes of a road with these chainage equations, each [back, ahead].

    Where the numbers jump ahead the road is shorter than their difference; where they fall back it is longer.
    """
    first, last = sorted((a, b))
    jumps = sum(ahead - back for back, ahead in breaks if first <= min(back, ahead) and max(back, ahead) <= last)
    return max(last - first - jumps, 0)


Course = Sequence[tuple[int, float, float]]
"""Surveyed stakes of a road by rising metres: (metres, latitude, longitude)."""


def point_at(course: Course, metres: int) -> tuple[Point, int] | None:
    """Where a stake lies, between the two surveyed ones around it, and how many metres that may be off.

    None off the surveyed part: nothing is made up beyond it.
    """
    for (m1, lat1, lon1), (m2, lat2, lon2) in pairwise(course):
        if m1 <= metres <= m2:
            part = (metres - m1) / (m2 - m1) if m2 > m1 else 0.0
            return Point(lat1 + (lat2 - lat1) * part, lon1 + (lon2 - lon1) * part), (m2 - m1 + 1) // 2
    return None


_SPOT = re.compile(r"(?P<stake>[^\s,，]+)[\s,，]+(?P<lat>\d{1,3}\.\d+)[\s,，]+(?P<lon>\d{1,3}\.\d+)")
_BREAK = re.compile(r"(?P<back>[^\s=]+)\s*=\s*(?P<ahead>[^\s=]+)")


def parse_course(text: str) -> list[list[float]]:
    """Surveyed stakes as people write them, a line (or a part between semicolons) each: K12+350 36.456123 115.985512,
    latitude first, WGS-84. By rising stakes; at least two, or none."""
    course: list[list[float]] = []
    for line in filter(None, (part.strip() for part in re.split(r"[\n;；]+", unicodedata.normalize("NFKC", text)))):
        found = _SPOT.fullmatch(line)
        if found is None:
            raise Refused(_("认不出“%s”，一行写一个：K12+350 36.456123 115.985512") % line[:60], field="stakes")
        metres, lat, lon = parse_stake(found["stake"]).metres, float(found["lat"]), float(found["lon"])
        if not (3 <= lat <= 54 and 73 <= lon <= 136):
            raise Refused(
                _("“%s”的经纬度不对：先写纬度（36开头），后写经度（115或116开头）") % line[:60], field="stakes"
            )
        course.append([metres, lat, lon])
    course.sort(key=lambda spot: spot[0])
    if len({spot[0] for spot in course}) < len(course):
        raise Refused(_("同一个桩号写了两次，请核对"), field="stakes")
    if len(course) == 1:
        raise Refused(_("至少写两个桩号的坐标，才能推算中间的位置"), field="stakes")
    return course


def course_text(course: Sequence[Sequence[float]]) -> str:
    return "\n".join(f"{stake_text(int(metres))} {lat:.6f} {lon:.6f}" for metres, lat, lon in course)


def parse_breaks(text: str) -> list[list[int]]:
    """Chainage equations, a line each: K10+200=K10+350 says that the one is the other at the same place."""
    breaks = []
    for line in filter(None, (part.strip() for part in re.split(r"[\n;；]+", unicodedata.normalize("NFKC", text)))):
        found = _BREAK.fullmatch(line)
        if found is None:
            raise Refused(_("认不出断链“%s”，写成 K10+200=K10+350") % line[:60], field="breaks")
        pair = [parse_stake(found["back"]).metres, parse_stake(found["ahead"]).metres]
        if pair[0] == pair[1]:
            raise Refused(_("断链“%s”两边一样，不用写") % line[:60], field="breaks")
        breaks.append(pair)
    return sorted(breaks)


def breaks_text(breaks: Sequence[Sequence[int]]) -> str:
    return "\n".join(f"{stake_text(back)}={stake_text(ahead)}" for back, ahead in breaks)


def distance_to_course(course: Course, point: Point) -> float:
    """Metres from a point to the nearest place of a road."""
    scale = cos(radians(point.lat))

    def flat(lat: float, lon: float) -> tuple[float, float]:
        return (radians(lon - point.lon) * scale * EARTH_RADIUS, radians(lat - point.lat) * EARTH_RADIUS)

    spots = [flat(lat, lon) for _m, lat, lon in course]
    if len(spots) == 1:
        return hypot(*spots[0])
    return min(_to_line(a, b) for a, b in pairwise(spots))


def _to_line(a: tuple[float, float], b: tuple[float, float]) -> float:
    """From the origin to the stretch between `a` and `b` on the plane."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = dx * dx + dy * dy
    part = 0.0 if length == 0 else max(0.0, min(1.0, -(a[0] * dx + a[1] * dy) / length))
    return hypot(a[0] + part * dx, a[1] + part * dy)


class Box(NamedTuple):
    south: float
    west: float
    north: float
    east: float


def box_around(point: Point, metres: float) -> Box:
    """The box that holds every place as near as that: what an index can look up before distances are measured."""
    north = degrees(metres / EARTH_RADIUS)
    east = north / cos(radians(point.lat))
    return Box(point.lat - north, point.lon - east, point.lat + north, point.lon + east)


# CGCS2000 on the plane, Gauss-Krüger in zones of 3 degrees: what surveyors hand over

_AXIS, _FLATTENING, _FALSE_EAST = 6_378_137.0, 1 / 298.257222101, 500_000.0
_N = _FLATTENING / (2 - _FLATTENING)
_RADIUS = _AXIS / (1 + _N) * (1 + _N**2 / 4 + _N**4 / 64)
_BACK = (_N / 2 - 2 * _N**2 / 3 + 37 * _N**3 / 96, _N**2 / 48 + _N**3 / 15, 17 * _N**3 / 480)
_LATITUDE = (2 * _N - 2 * _N**2 / 3 - 2 * _N**3, 7 * _N**2 / 3 - 8 * _N**3 / 5, 56 * _N**3 / 15)


def from_plane(north: float, east: float, zone: int) -> Point:
    """Metres to degrees by Krüger's series to the third order, within a millimetre; zone 39 lies around 117°E
    (EPSG:4548). An easting of eight digits begins with its zone (EPSG:4527) and needs no other."""
    if east >= 1_000_000:
        zone, east = int(east // 1_000_000), east % 1_000_000
    xi, eta = north / _RADIUS, (east - _FALSE_EAST) / _RADIUS
    forth = xi - sum(b * sin(2 * j * xi) * cosh(2 * j * eta) for j, b in enumerate(_BACK, 1))
    right = eta - sum(b * cos(2 * j * xi) * sinh(2 * j * eta) for j, b in enumerate(_BACK, 1))
    chi = asin(sin(forth) / cosh(right))
    lat = chi + sum(d * sin(2 * j * chi) for j, d in enumerate(_LATITUDE, 1))
    return Point(degrees(lat), 3 * zone + degrees(atan2(sinh(right), cos(forth))))
