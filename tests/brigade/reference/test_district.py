from brigade.kit.geo import Point
from brigade.reference.queries import district

LIAOCHENG = Point(36.4560, 115.9855)


def test_the_district_holds_the_old_town_and_not_the_provincial_capital():
    assert district().contains(LIAOCHENG)
    assert not district().contains(Point(36.6512, 117.1201))


def test_swapped_coordinates_lie_outside_the_district():
    assert not district().contains(Point(LIAOCHENG.lon, LIAOCHENG.lat))


def test_the_outline_is_the_size_of_a_county():
    south_west, north_east = district().bounds
    assert 0.4 < north_east.lat - south_west.lat < 0.5
    assert 0.5 < north_east.lon - south_west.lon < 0.6
