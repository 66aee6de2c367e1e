"""Where a hazard lies: stakes in every shape, datums, what is refused, and what lies near."""

import pytest

from brigade.kit.geo import Point, distance, from_plane, metres_between, parse_stake, point_at, stake_text
from brigade.kit.refusals import Refused
from brigade.reference.models import Road
from brigade.reference.queries import district
from enforcement.hazards import queries
from enforcement.hazards.models import Category, Hazard
from enforcement.hazards.rules import Place, located
from tests.enforcement.hazards.world import HERE, at, category, closed, drawn, photo, reported

DAY = "2025-05-06T08:00"


# Scenario 7


@pytest.mark.parametrize(
    ("text", "metres", "road"),
    [
        ("K12+350", 12_350, ""),
        ("Ｋ12＋350", 12_350, ""),
        ("Ｋ１２＋３５０", 12_350, ""),
        ("12K+350", 12_350, ""),
        ("k12+350", 12_350, ""),
        ("12公里350米", 12_350, ""),
        ("12 公里 350 米", 12_350, ""),
        ("12公里", 12_000, ""),
        ("2237K", 2_237_000, ""),
        ("K5", 5_000, ""),
        ("K12+035", 12_035, ""),
        ("G105 K123+450.5", 123_451, "G105"),
        ("X012 12公里350米", 12_350, "X012"),
        ("K0+000", 0, ""),
        ("K12+350米", 12_350, ""),
        ("k12+350m", 12_350, ""),
        ("桩号K12+350", 12_350, ""),
        ("桩号：K12+350", 12_350, ""),
        ("S254线K12+350", 12_350, "S254"),
        ("S254 桩号 K12+350米", 12_350, "S254"),
    ],
)
def test_07_a_stake_is_read_in_every_shape(text, metres, road):
    assert parse_stake(text) == (metres, road)


@pytest.mark.parametrize("text", ["K12+1350", "12K+1000", "12公里1350米", "G105 K12+1000.5"])
def test_07_a_thousand_metres_are_no_stake(text):
    with pytest.raises(Refused, match="米数不能到1000"):
        parse_stake(text)


@pytest.mark.parametrize("text", ["", "十二公里", "K", "12+350", "K12+", "K12345+1", "K12+350+1", "K-1+2"])
def test_what_is_no_stake_says_how_to_write_one(text):
    with pytest.raises(Refused, match="请写成 K12"):
        parse_stake(text)


def test_a_stake_is_shown_as_on_the_posts():
    assert [stake_text(metres) for metres in (12_350, 12_035, 0)] == ["K12+350", "K12+035", "K0+000"]


def test_a_chainage_equation_makes_the_road_longer_or_shorter_than_its_numbers():
    assert metres_between(1_000, 3_000) == 2_000
    assert metres_between(1_000, 3_000, [[2_000, 2_400]]) == 1_600
    assert metres_between(3_000, 1_000, [[2_000, 1_900]]) == 2_100
    assert metres_between(1_000, 1_500, [[2_000, 2_400]]) == 500


def test_a_stake_lies_between_the_surveyed_ones_and_nowhere_beyond():
    course = [(0, 36.40, 115.98), (1_000, 36.41, 115.98)]
    point, off = point_at(course, 250)
    assert (round(point.lat, 6), point.lon, off) == (36.4025, 115.98, 500)
    assert point_at(course, 1_001) is None


@pytest.mark.parametrize(("east", "zone"), [(409_057.02, 39), (39_409_057.02, 1)])
def test_the_metres_of_a_surveyor_are_a_place_with_or_without_their_zone(east, zone):
    assert distance(from_plane(4_036_620.35, east, zone), HERE) < 0.01


# Scenario 8


@pytest.mark.django_db
def test_08_a_place_of_gaode_is_stored_as_the_phone_would_have_given_it(world):
    typed = {"lat": 36.456088, "lon": 115.991181, "geo_source": "import"}
    made = reported(world, DAY, place=Place(road=world.road, **typed, coord_sys="gcj02"), direction="up")
    assert distance(made.point, HERE) < 0.1
    assert (float(made.entered_lat), float(made.entered_lon), made.coord_sys) == (36.456088, 115.991181, "gcj02")
    with pytest.raises(Refused, match="GCJ-02"):
        reported(world, DAY, place=Place(road=world.road, **typed, coord_sys="wgs84"), direction="up")
    sure = Place(road=world.road, **typed, coord_sys="wgs84", is_datum_confirmed=True)
    wrong = reported(world, DAY, place=sure, direction="up")
    assert round(distance(wrong.point, HERE)) == 508


@pytest.mark.django_db
def test_a_road_that_was_not_named_gives_the_wrong_datum_away_too(world):
    with pytest.raises(Refused, match="GCJ-02"):
        reported(world, DAY, place=Place(lat=36.456088, lon=115.991181, coord_sys="wgs84", geo_source="import"))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ({}, "写明位置"),
        ({"lat": 115.9855, "lon": 36.456, "coord_sys": "wgs84", "geo_source": "gps"}, "填反了"),
        ({"lat": 39.9, "lon": 116.4, "coord_sys": "wgs84", "geo_source": "gps"}, "不在辖区内"),
        ({"lat": 364.56, "lon": 115.9, "coord_sys": "wgs84", "geo_source": "gps"}, "经纬度不对"),
        ({"lat": 36.456, "coord_sys": "wgs84", "geo_source": "gps"}, "要一起填"),
        ({"lat": 36.456, "lon": 115.9855, "geo_source": "gps"}, "选坐标系"),
        ({"stake_start": "K6+200"}, "要选道路"),
    ],
)
def test_a_place_that_cannot_be_right_says_what_to_mend(world, place, sentence):
    with pytest.raises(Refused, match=sentence):
        reported(world, DAY, place=Place(**place))
    assert not Hazard.objects.exists()


@pytest.mark.django_db
def test_a_stake_of_another_road_and_one_that_ends_before_it_begins(world):
    with pytest.raises(Refused, match="桩号写的是G105"):
        reported(world, DAY, place=Place(road=world.road, stake_start="G105 K6+200"), direction="up")
    with pytest.raises(Refused, match="止点桩号小于起点桩号"):
        reported(world, DAY, place=Place(road=world.road, stake_start="K6+200", stake_end="K6+100"), direction="up")
    with pytest.raises(Refused, match="要写明上行、下行还是双向"):
        reported(world, DAY, place=Place(road=world.road, stake_start="K6+200"))


@pytest.mark.django_db
def test_a_stake_of_a_surveyed_road_gives_the_point(world):
    made = reported(world, DAY, place=Place(road=world.road, stake_start="K6+222"), direction="up")
    assert (made.geo_source, made.acc_m, made.where) == ("stake_calc", 2_500, "县道012 K6+222 上行")
    assert distance(made.point, HERE) < 10


@pytest.mark.django_db
def test_a_road_that_nobody_surveyed_keeps_the_stake_alone(world):
    road = Road.objects.create(code="Y123", name="乡道123", road_class="township")
    made = reported(world, DAY, place=Place(road=road, stake_start="1K+200"))
    assert (made.point, made.stakes) == (None, "K1+200")


# Duplicates


def spot(lat: float, lon: float, **more) -> Place:
    return Place(lat=lat, lon=lon, coord_sys="wgs84", geo_source="map_click", **more)


def found(world, place: Place, moment: str = DAY, code: str = "intersection", direction: str = "na"):
    columns = located(place, [], district()) | {"direction": direction}
    return [one.hazard for one in queries.near_place(columns, category(code), at(moment))]


@pytest.mark.django_db
def test_what_lies_within_fifty_metres_may_be_the_same(world):
    known = reported(world, DAY, place=spot(36.456, 115.9855))
    assert found(world, spot(36.4563, 115.9856)) == [known]
    assert found(world, spot(36.4564, 115.9859)) == []
    assert found(world, spot(36.4564, 115.9859, acc_m=60)) == [known]
    assert found(world, spot(36.4563, 115.9856), code="signs") == []


@pytest.mark.django_db
def test_no_inaccuracy_reaches_beyond_a_hundred_and_fifty_metres(world):
    reported(world, DAY, place=spot(36.456, 115.9855, acc_m=9_000))
    assert found(world, spot(36.4575, 115.9855)) == []


@pytest.mark.django_db
def test_a_category_with_radius_nought_is_never_compared(world):
    reported(world, DAY)
    Category.objects.update(radius_m=0)
    assert found(world, spot(36.456, 115.9855)) == []


@pytest.mark.django_db
def test_the_other_carriageway_is_another_place(world):
    known = reported(world, DAY, place=Place(road=world.road, stake_start="K6+200"), direction="up")
    stake = Place(road=world.road, stake_start="K6+240")
    assert found(world, stake, direction="up") == [known]
    assert found(world, stake, direction="both") == [known]
    assert found(world, stake, direction="down") == []
    assert found(world, Place(road=world.road, stake_start="K6+251"), direction="up") == []


@pytest.mark.django_db
def test_what_was_closed_within_180_days_still_counts(world):
    old = closed(world, DAY)
    assert found(world, spot(36.456, 115.9855), "2025-11-02T08:00") == [old]
    assert found(world, spot(36.456, 115.9855), "2025-11-03T08:00") == []


@pytest.mark.django_db
def test_five_are_shown_and_the_newest_stands_first(world):
    made = [reported(world, f"2025-05-{day:02}T08:00") for day in range(1, 8)]
    assert len(found(world, spot(36.456, 115.9855))) == 5
    assert found(world, spot(36.456, 115.9855))[0] in made
    shown = [row.discovered_at for row in found(world, spot(36.456, 115.9855))]
    assert shown == sorted(shown, reverse=True)


@pytest.mark.django_db
def test_a_report_beside_another_is_stopped_until_somebody_has_looked(world):
    known = reported(world, DAY)
    with pytest.raises(Refused, match=known.number):
        reported(world, DAY, is_new=False, photos=[photo(world.officer, DAY, drawn())])
    assert reported(world, DAY, is_new=True) != known


@pytest.mark.django_db
def test_looking_for_duplicates_asks_once_for_places_and_once_for_what_is_near(world, django_assert_max_num_queries):
    for _n in range(6):
        reported(world, DAY, place=spot(36.456, 115.9855, road=world.road, stake_start="K6+222"), direction="up")
    known = Hazard.objects.select_related("category", "road").first()
    queries.near_hazard(known, at(DAY))
    with django_assert_max_num_queries(9) as asked:
        assert len(queries.near_hazard(known, at(DAY))) == 5
    assert sum("hazards_hazard" in query["sql"] for query in asked) == 2


def test_points_are_compared_by_metres_not_degrees():
    assert round(distance(Point(36.456, 115.9855), Point(36.4563, 115.9856)), 1) == 34.5
