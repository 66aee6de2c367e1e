"""Figures from the domain notes on places (computed there with eviltransform 0.1.1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brigade.kit.geo import Area, Datum, Point, area, distance, from_wgs84, to_wgs84

LIAOCHENG = Point(36.4560, 115.9855)
in_china = st.builds(Point, st.floats(18, 53), st.floats(74, 134))


def test_two_places_on_one_road_are_as_far_apart_as_on_the_ground():
    assert distance(LIAOCHENG, Point(36.456300, 115.985600)) == pytest.approx(34.5, abs=0.05)
    assert distance(LIAOCHENG, Point(36.456400, 115.985900)) == pytest.approx(57.1, abs=0.05)
    assert distance(LIAOCHENG, LIAOCHENG) == 0


@pytest.mark.parametrize(
    ("place", "metres"),
    [
        (LIAOCHENG, 508.2),
        (Point(39.9042, 116.4074), 554.9),
        (Point(31.2304, 121.4737), 481.3),
        (Point(23.1291, 113.2644), 621.0),
        (Point(43.8256, 87.6168), 265.0),
    ],
)
def test_a_point_of_gaode_read_as_a_phone_s_lies_half_a_kilometre_off(place, metres):
    assert distance(place, from_wgs84(place, Datum.GCJ02)) == pytest.approx(metres, abs=0.1)


def test_a_point_of_baidu_lies_further_off_still():
    assert distance(LIAOCHENG, from_wgs84(LIAOCHENG, Datum.BD09)) == pytest.approx(1271, abs=1)


def test_a_point_of_gaode_is_stored_within_a_decimetre_of_the_phone_s():
    assert distance(to_wgs84(Point(36.456088, 115.991181), Datum.GCJ02), LIAOCHENG) < 0.1


def test_a_phone_s_point_stays_as_it_is():
    assert to_wgs84(LIAOCHENG, Datum.WGS84) == from_wgs84(LIAOCHENG, Datum.WGS84) == LIAOCHENG


@given(in_china)
def test_there_and_back_is_the_same_place(place):
    assert distance(to_wgs84(from_wgs84(place, Datum.GCJ02), Datum.GCJ02), place) < 0.001
    assert distance(to_wgs84(from_wgs84(place, Datum.BD09), Datum.BD09), place) < 0.25


def square(south: float, west: float, side: float) -> list[list[float]]:
    north, east = south + side, west + side
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def test_an_area_holds_what_lies_in_it_but_not_in_its_holes():
    land = area({"type": "Polygon", "coordinates": [square(36, 115, 1), square(36.4, 115.4, 0.2)]})
    assert land.contains(Point(36.1, 115.1))
    assert not land.contains(Point(36.5, 115.5))
    assert not land.contains(Point(115.1, 36.1))
    assert land.bounds == (Point(36, 115), Point(37, 116))


def test_an_area_in_two_pieces_holds_both_and_nothing_between():
    land: Area = area({"type": "MultiPolygon", "coordinates": [[square(36, 115, 1)], [square(36, 117, 1)]]})
    assert land.contains(Point(36.5, 117.5))
    assert not land.contains(Point(36.5, 116.5))


def test_whatever_a_device_says_is_some_distance_away():
    """Rounding carries the other end of the world, and what is no latitude, beyond what an arc can be."""
    half = 20_015_000
    for lat in range(-9_000, 9_001, 45):
        here = Point(lat / 100, 115.9855)
        assert distance(here, Point(-here.lat, here.lon - 180)) == pytest.approx(half, abs=1_000)
        assert distance(here, Point(180 - here.lat, here.lon + 180)) == pytest.approx(0, abs=1)
        assert 0 <= distance(here, Point(1e300, -1e300)) <= half + 1_000
