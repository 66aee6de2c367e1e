"""Drawings: the outline keeps its shape inside its frame, bars stand on one line and compare from zero."""

from decimal import Decimal

from brigade.kit.drawing import Outline, bars
from brigade.kit.geo import Area, Point

SQUARE = Area((((Point(60, 10), Point(60, 12), Point(61, 12), Point(61, 10), Point(60, 10)),),))


def test_an_outline_fits_its_frame_with_north_up_and_keeps_its_shape():
    """Two degrees of longitude at 60.5° north are about as wide as one of latitude is high."""
    outline = Outline(SQUARE, 400, 200)
    south_west, north_east = outline.place(Point(60, 10)), outline.place(Point(61, 12))
    assert south_west[1] == 200 and north_east[1] == 0
    wide = north_east[0] - south_west[0]
    assert abs(wide - 197) <= 1
    assert south_west[0] == 400 - north_east[0]


def test_an_outline_is_one_closed_path_a_ring_without_points_said_twice():
    path = Outline(SQUARE, 400, 200).path
    assert path.count("M") == path.count("Z") == 1
    assert path.count("L") == 3


def test_bars_stand_on_one_line_and_the_highest_fills_the_room():
    high, low = bars([("1月", "8", Decimal(8), None), ("2月", "4", Decimal(4), Decimal(2))], width=100, height=184)
    assert high.then is None
    assert high.now.height == 100 and low.now.height == 50 and low.then.height == 25
    assert {bar.y + bar.height for bar in (high.now, low.now, low.then)} == {140}
    assert low.now.x + low.now.width == low.middle == low.then.x


def test_nothing_but_zeros_and_nothing_at_all_are_drawn_too():
    [flat] = bars([("1月", "0", Decimal(0), None)], width=100, height=184)
    assert flat.now.height == 0
    [empty] = bars([("1月", "", None, None)], width=100, height=184)
    assert empty.now is empty.then is None
    assert bars([], width=100, height=184) == []
