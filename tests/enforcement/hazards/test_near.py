"""What lies near what, to the metre: duplicates by stakes and over ground, datums, and where verifiers stand."""

import pytest

from brigade.kit.geo import Datum, Point, distance, from_wgs84, parse_stake
from brigade.kit.refusals import NotAllowed
from brigade.org.states import PersonKind, Role
from brigade.reference.models import Road
from brigade.reference.queries import district
from enforcement.hazards import actions, queries
from enforcement.hazards.models import Category
from enforcement.hazards.rules import Place, located
from tests.brigade.org.factories import person
from tests.enforcement.hazards.world import (
    ALL_PASSED,
    HERE,
    at,
    category,
    graded,
    handed_in,
    later,
    photo,
    rectifying,
    reported,
    submitted,
    verified,
)
from tests.moves import refusal

pytestmark = pytest.mark.django_db
DAY = "2025-05-06T08:00"
METRE = 1 / 111_195.08
"""Degrees of latitude."""


def north(metres: float) -> Point:
    return Point(HERE.lat + metres * METRE, HERE.lon)


def spot(metres: float, source: str = "map_click", **more) -> Place:
    """So far north of the usual place."""
    point = north(metres)
    return Place(**({"lat": point.lat, "lon": point.lon, "coord_sys": "wgs84", "geo_source": source} | more))


def found(world, place: Place, code: str = "signs", direction: str = "na"):
    columns = located(place, Road.objects.surveyed(), district()) | {"direction": direction}
    return [(one.hazard, one.metres) for one in queries.near_place(columns, category(code), at(DAY))]


# Over ground


@pytest.mark.parametrize(("metres", "acc_here", "acc_there", "is_near"), [
    (49.9, None, None, True),
    (50.2, None, None, False),
    (79.9, 80, None, True),
    (79.9, None, 80, True),
    (80.2, 80, 30, False),
    (119.9, 60, 120, True),
    (149.9, 5_000, None, True),
    (150.2, None, 5_000, False),
])  # fmt: skip
def test_fifty_metres_or_the_inaccuracy_of_either_up_to_a_hundred_and_fifty(
    world, metres, acc_here, acc_there, is_near
):
    known = reported(world, DAY, place=spot(0, acc_m=acc_there), category=category("signs"))
    assert found(world, spot(metres, acc_m=acc_here)) == ([(known, round(metres))] if is_near else [])


def test_each_category_has_its_own_radius_and_nought_turns_it_off(world):
    Category.objects.filter(code="works").update(radius_m=0)
    for code, metres in (("school", 99.9), ("through_village", 149.9), ("works", 0)):
        reported(world, DAY, place=spot(0), category=category(code))
        assert bool(found(world, spot(metres), code)) is (code != "works"), code
        assert found(world, spot(metres + 0.3), code) == [], code


# Along a road


def on(world, stake: str, end: str = "", **more) -> Place:
    return Place(road=world.road, stake_start=stake, stake_end=end, **more)


@pytest.mark.parametrize(("stake", "end", "metres"), [
    ("K6+050", "", None),
    ("K6+149", "", None),
    ("K6+150", "", 50),
    ("K6+300", "", 0),
    ("K6+850", "", 50),
    ("K6+851", "", None),
    ("K5+000", "K6+149", None),
    ("K5+000", "K6+160", 40),
    ("K6+400", "K6+500", 0),
    ("K5+000", "K9+000", 0),
])  # fmt: skip
def test_a_stretch_is_near_from_its_beginning_to_its_end(world, stake, end, metres):
    known = reported(world, DAY, place=on(world, "K6+200", "K6+800"), direction="up", category=category("signs"))
    expected = [] if metres is None else [(known, metres)]
    assert found(world, on(world, stake, end), direction="up") == expected
    assert found(world, on(world, stake, end), direction="down") == []


def test_what_was_measured_near_is_near_whatever_the_stakes_say(world):
    """By stakes or over ground: a misread post hides nothing that two devices saw in one place."""
    at_post = {"road": world.road, "stake_start": "K6+222"}
    known = reported(world, DAY, place=spot(0, "gps", **at_post), direction="up", category=category("signs"))
    misread = {"road": world.road, "stake_start": "K6+622"}
    assert found(world, spot(30, "gps", **misread), direction="up") == [(known, 30)]
    assert found(world, spot(30, "gps", **misread), direction="down") == []
    assert found(world, on(world, "K6+290"), direction="up") == [], "a point that was computed from a stake is no proof"


# Stakes


@pytest.mark.parametrize(("text", "stake"), [
    ("＋Ｋ", None),
    ("Ｇ１０５　Ｋ１２３＋４５０．５", (123_451, "G105")),
    ("K9999+999.9", (10_000_000, "")),
    ("0K", (0, "")),
    ("K12+0", (12_000, "")),
    ("12公里0.4米", (12_000, "")),
    ("K12+999", (12_999, "")),
    ("12千米999米", (12_999, "")),
    ("K10000", None),
    ("K12+1000", None),
    ("K12+-5", None),
    ("12.35公里", None),
    ("K12+35０", (12_350, "")),
])  # fmt: skip
def test_a_stake_is_read_or_refused(text, stake):
    if stake is None:
        assert "桩号" in refusal(lambda: parse_stake(text))
    else:
        assert parse_stake(text) == stake


# Datums


@pytest.mark.parametrize(("datum", "right", "within"), [
    (Datum.GCJ02, "gcj02", 0.2), (Datum.BD09, "bd09", 0.5), (Datum.WGS84, "cgcs2000", 0.2),
])  # fmt: skip
def test_a_pair_of_each_datum_comes_to_one_place(world, datum, right, within):
    typed = from_wgs84(HERE, datum)
    place = Place(lat=typed.lat, lon=typed.lon, coord_sys=right, geo_source="import")
    made = reported(world, DAY, place=place)
    assert distance(made.point, HERE) < within
    assert abs(float(made.entered_lon) - typed.lon) < 1e-6


@pytest.mark.parametrize(("really", "typed_as", "named"), [
    (Datum.GCJ02, "wgs84", "GCJ-02"),
    (Datum.BD09, "wgs84", "BD-09"),
    (Datum.BD09, "gcj02", "BD-09"),
    (Datum.GCJ02, "bd09", "GCJ-02"),
    (Datum.WGS84, "gcj02", "WGS-84"),
    (Datum.WGS84, "bd09", "WGS-84"),
])  # fmt: skip
def test_a_pair_read_in_the_wrong_datum_is_told_which_it_is(world, really, typed_as, named):
    typed = from_wgs84(HERE, really)
    given = {"road": world.road, "lat": typed.lat, "lon": typed.lon, "coord_sys": typed_as, "geo_source": "gps"}
    said = refusal(lambda: reported(world, DAY, place=Place(**given), direction="up"))
    assert f"按{named}" in said and "500米" not in said
    sure = Place(**given, is_datum_confirmed=True)
    assert reported(world, DAY, place=sure, direction="up").coord_sys == typed_as


# Verifiers


@pytest.mark.parametrize(("metres", "may"), [(199.9, True), (200.0, True), (200.4, False), (201, False)])
def test_verifiers_stand_within_two_hundred_metres(world, metres, may):
    hazard = submitted(world, DAY)
    call = lambda **more: verified(world, hazard, later(DAY, hours=7), here=north(metres), **more)  # noqa: E731
    if may:
        assert call().verifications.get().distance_m == 200
    else:
        assert "定位距隐患201米，超过200米" in refusal(call)
        assert call(no_fix="controlled").verifications.get().no_fix == "controlled"


def test_where_the_hazard_has_no_coordinates_the_device_is_enough(world):
    road = Road.objects.create(code="Y123", name="乡道123", road_class="township")
    hazard = submitted(world, DAY, place=Place(road=road, stake_start="K1+200"))
    assert "要现场定位" in refusal(lambda: verified(world, hazard, later(DAY, hours=7), here=None))
    made = verified(world, hazard, later(DAY, hours=7)).verifications.get()
    assert (made.distance_m, made.no_fix) == (None, "")


def test_a_photo_of_before_the_work_was_handed_in_verifies_nothing(world):
    hazard = submitted(world, DAY)  # at 14:00
    old = [photo(world.other, later(DAY, hours=6))]
    call = lambda photos: verified(world, hazard, later(DAY, hours=7), photos=photos)  # noqa: E731
    assert "核验的照片要在提交核验之后拍摄" in refusal(lambda: call(old))
    assert call([photo(world.other, later(DAY, hours=6, seconds=1))]).state == "closed"


def test_all_four_checks_are_passed_and_nothing_else_counts(world):
    hazard = submitted(world, DAY)
    for checks in ({}, {"works": True}, dict.fromkeys(ALL_PASSED, False), {"x": True, **ALL_PASSED, "matches": False}):
        said = refusal(lambda checks=checks: verified(world, hazard, later(DAY, hours=7), checks=checks))
        assert "核验项没有全部通过" in said


@pytest.mark.parametrize(("first", "second", "may"), [
    ("officer", "other", True),
    ("other", "officer", True),
    ("captain", "deputy", True),
    ("leader", "clerk", True),
    ("other", "other", False),
    ("other", "auxiliary", False),
    ("other", "liaison", False),
    ("clerk", "other", False),
    ("auxiliary", "other", False),
    ("inspector", "other", False),
    ("office", "other", False),
])  # fmt: skip
def test_which_two_may_verify(world, first, second, may):
    hazard = submitted(world, DAY)
    given = {"by": getattr(world, first), "second": getattr(world, second)}
    call = lambda: verified(world, hazard, later(DAY, hours=7), **given)  # noqa: E731
    if may:
        assert call().state == "closed"
    else:
        assert refusal(call)


def test_police_who_answer_for_the_owner_verify_nothing_of_his(world):
    lent = person(Role.OFFICER, at=world.squadron, name="兼职联络员")
    lent.grants.create(role=Role.OWNER_LIAISON, unit=world.highway, starts_on="2020-01-01", granted_by="测试")
    hazard = submitted(world, DAY)
    assert "是责任单位的人" in refusal(lambda: verified(world, hazard, later(DAY, hours=7), by=lent), NotAllowed)
    assert "是责任单位的人" in refusal(lambda: verified(world, hazard, later(DAY, hours=7), second=lent), NotAllowed)


def test_an_auxiliary_who_leads_nobody_registers_what_others_reported(world):
    helper = person(Role.CLERK, at=world.squadron, name="辅警内勤", kind=PersonKind.AUXILIARY)
    by_other = reported(world, DAY)
    assert actions.register(by=helper, hazard=by_other, now=at(DAY), note="看了照片").state == "registered"
    own = reported(world, DAY, by=helper, category=category("works"))
    given = {"by": helper, "hazard": own, "now": at(DAY)}
    assert "辅警不能核实自己" in refusal(lambda: actions.register(note="看了照片", **given), NotAllowed)
    assert "辅警不能核实自己" in refusal(lambda: actions.invalidate(reason="不属实", **given), NotAllowed)


# Owners


def test_the_lead_owner_is_none_of_the_partners(world):
    hazard = graded(world, DAY)
    given = {"by": world.clerk, "hazard": hazard, "now": later(DAY, hours=3), "signed_by": world.deputy}
    due_on = at("2025-06-05T00:00").date()
    hazard = actions.notify(owner=world.highway, due_on=due_on, partners=[world.highway, world.housing], **given)
    assert list(hazard.partners.all()) == [world.housing]
    given |= {"hazard": hazard, "now": later(DAY, hours=4), "reason": "路权已移交"}
    hazard = actions.transfer(owner=world.housing, due_on=due_on, **given)
    assert list(hazard.partners.all()) == []


def test_what_was_mended_is_shown_as_it_is_after_the_notice_of_this_owner(world):
    hazard = rectifying(world, DAY)
    now = later(DAY, hours=6)
    hazard = actions.progress(by=world.liaison, hazard=hazard, now=now, note="进场", photos=[photo(world.liaison, now)])
    hazard = actions.transfer(
        by=world.clerk, hazard=hazard, now=later(DAY, hours=7), owner=world.housing, signed_by=world.deputy,
        due_on=at("2025-06-05T00:00").date(), reason="路权已移交",
    )  # fmt: skip
    hazard = actions.accept(by=world.stranger, hazard=hazard, now=later(DAY, hours=8))
    hazard = actions.start(by=world.stranger, hazard=hazard, now=later(DAY, hours=8))
    given = {"by": world.stranger, "hazard": hazard, "now": later(DAY, hours=9), "note": "装好了"}
    given["completed_on"] = at(DAY).date()
    assert "传至少1张整改后的照片" in refusal(lambda: actions.submit(**given))
    early = [photo(world.stranger, later(DAY, hours=7))]
    assert "要在整改通知之后拍摄" in refusal(lambda: actions.submit(photos=early, **given))
    fresh = [photo(world.stranger, later(DAY, hours=7, seconds=1))]
    assert actions.submit(photos=fresh, **given).state == "submitted"


def test_work_that_ended_today_is_handed_in_and_tomorrow_s_is_not(world):
    hazard = rectifying(world, DAY)
    late_evening = at("2025-05-06T23:50")
    assert "不能晚于今天" in refusal(
        lambda: handed_in(world, hazard, late_evening, completed_on=at("2025-05-07T00:00").date())
    )
    assert handed_in(world, hazard, late_evening, completed_on=at(DAY).date()).state == "submitted"
