"""Drawings: the outline keeps its shape inside its frame; bars and lines compare from zero."""

from decimal import Decimal

from brigade.kit.drawing import Outline, bars, curves
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


def test_the_number_stands_over_its_own_bar_also_beside_a_higher_one():
    [group] = bars([("2月", "4", Decimal(4), Decimal(9))], width=100, height=184)
    assert group.now.x <= group.at <= group.now.x + group.now.width
    assert group.top == group.now.y > group.then.y


def test_nothing_but_zeros_and_nothing_at_all_are_drawn_too():
    [flat] = bars([("1月", "0", Decimal(0), None)], width=100, height=184)
    assert flat.now.height == 0
    [empty] = bars([("1月", "", None, None)], width=100, height=184)
    assert empty.now is empty.then is None
    assert bars([], width=100, height=184) == []


def months(*pairs):
    return [
        (f"{at}月", [str(n) for n in pair], [n if n is None else Decimal(n) for n in pair])
        for at, pair in enumerate(pairs, 1)
    ]


def test_lines_run_over_a_round_grid_from_zero_and_lie_in_per_cent_across():
    drawn = curves(months((2, 4), (12, 18), (11, 17)), height=266)
    assert [number for _y, number in drawn.grid] == [0, 5, 10, 15, 20]
    assert drawn.grid[0][0] == 236 and drawn.grid[-1][0] == 36
    assert [stop.x for stop in drawn.now] == ["8.00%", "52.00%", "96.00%"]
    assert [stop.y for stop in drawn.now] == [216, 116, 126]
    assert drawn.now[0].before is None and drawn.now[1].before == ("8.00%", 216)
    [(_then, _stops, over), (_now, _own, under)] = drawn.lines
    assert over < 0 < under, "the numbers of the ends stay off the lines"


def test_numbers_of_lines_that_end_near_the_ground_stand_above_each_other_and_off_the_names():
    for pair in ((0, 0), (2, 0), (0, 3)):
        drawn = curves(months((4, 4), pair), height=266)
        ends = [stops[-1].y + below for _name, stops, below in drawn.lines]
        assert max(ends) <= 236
        assert abs(ends[0] - ends[1]) >= 14


def test_a_line_begins_anew_after_a_month_without_anything():
    drawn = curves(months((1, None), (None, None), (3, None)), height=266)
    assert [stop.before for stop in drawn.now] == [None, None]
    assert drawn.then == []


def test_lines_of_nothing_but_zeros_and_of_one_month_are_drawn_too():
    drawn = curves(months((0, 0)), height=266)
    assert [number for _y, number in drawn.grid] == [0, 1]
    assert drawn.now[0].y == drawn.then[0].y == 236
    assert curves([], height=266).names == []
