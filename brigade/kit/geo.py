"""Places on the map: distances, the three datums that Chinese maps use, and areas. Pure functions, WGS-84 inside.

A phone gives WGS-84. 高德 and 腾讯 give GCJ-02, 百度 gives BD-09: read as WGS-84 a point of theirs lies half a
kilometre or more off, so whoever takes coordinates asks for the datum with them. CGCS2000 differs from WGS-84 by less
than a metre and counts as the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import asin, atan2, cos, hypot, pi, radians, sin, sqrt
from typing import NamedTuple

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
    return 2 * EARTH_RADIUS * asin(sqrt(chord))


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
