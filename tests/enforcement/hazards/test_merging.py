"""Joining reports of one place (并案): what may be one, and what happens when it comes to nothing."""

from datetime import timedelta

import pytest

from brigade.audit.models import AuditEvent
from brigade.notices.models import Message
from brigade.obligations.models import Obligation
from brigade.reference.models import Road
from enforcement.hazards import actions
from enforcement.hazards.models import Category, Hazard
from enforcement.hazards.rules import Place
from tests.enforcement.hazards.world import HERE, at, category, closed, later, registered, reported
from tests.moves import refusal

pytestmark = pytest.mark.django_db
DAY = "2025-05-06T08:00"
METRE = 1 / 111_195.08
"""Degrees of latitude."""


def spot(metres: float, **more) -> Place:
    """So far north of the usual place."""
    given = {"lat": HERE.lat + metres * METRE, "lon": HERE.lon, "coord_sys": "wgs84", "geo_source": "map_click"}
    return Place(**(given | more))


def join(world, hazard, target, now=None):
    return actions.merge(by=world.clerk, hazard=hazard, target=target, now=now or later(DAY, hours=2))


# What may be one


@pytest.mark.parametrize(("metres", "acc_m", "code"), [
    (49.9, None, "signs"),
    (99.9, 100, "signs"),
    (149.9, 9_000, "signs"),
    (99.9, None, "school"),
    (149.9, None, "through_village"),
])  # fmt: skip
def test_what_is_as_near_as_a_duplicate_is_joined(world, metres, acc_m, code):
    known = reported(world, DAY, place=spot(0))
    again = reported(world, DAY, place=spot(metres, acc_m=acc_m), category=category(code))
    assert join(world, again, known).dup_of == known


@pytest.mark.parametrize(("metres", "acc_m", "code", "limit"), [
    (50.2, None, "signs", 50),
    (100.2, 100, "signs", 100),
    (150.2, 9_000, "signs", 150),
    (150.2, None, "through_village", 150),
])  # fmt: skip
def test_what_lies_further_off_is_another_place(world, metres, acc_m, code, limit):
    known = reported(world, DAY, place=spot(0))
    again = reported(world, DAY, place=spot(metres, acc_m=acc_m), category=category(code))
    said = refusal(lambda: join(world, again, known))
    assert f"{known.number}不在同一条路上，又相距{limit + 1}米，超过{limit}米" in said


def test_the_inaccuracy_of_the_known_one_counts_too(world):
    known = reported(world, DAY, place=spot(0, acc_m=120))
    assert join(world, reported(world, DAY, place=spot(119)), known).dup_of == known


def test_a_category_that_is_never_searched_may_be_joined_by_hand(world):
    Category.objects.update(radius_m=0)
    known = reported(world, DAY, place=spot(0))
    assert join(world, reported(world, DAY, place=spot(49)), known).dup_of == known


def test_one_road_in_a_compatible_direction_is_one_wherever_on_it(world):
    on = lambda stake, side: reported(  # noqa: E731
        world, DAY, direction=side, place=Place(road=world.road, stake_start=stake)
    )
    up = on("K6+200", "up")
    assert join(world, on("K7+100", "up"), up).dup_of == up
    assert join(world, on("K6+900", "both"), up).dup_of == up
    assert "分在道路两侧" in refusal(lambda: join(world, on("K6+200", "down"), up))


def test_two_roads_that_nobody_surveyed_cannot_be_compared(world):
    one, other = (Road.objects.create(code=code, name=code, road_class="township") for code in ("Y001", "Y002"))
    known = reported(world, DAY, place=Place(road=one, stake_start="K1+200"))
    again = reported(world, DAY, place=Place(road=other, stake_start="K1+200"))
    said = refusal(lambda: join(world, again, known))
    assert f"{known.number}和这一处不在同一条路上，又没有坐标可比" in said
    assert "先“补充修改”写上坐标或者道路" in said


@pytest.mark.parametrize(("after", "is_joined"), [
    (timedelta(days=180), True),
    (timedelta(days=180, seconds=1), False),
])  # fmt: skip
def test_what_was_closed_takes_in_for_a_hundred_and_eighty_days(world, after, is_joined):
    old = closed(world, DAY)
    again = reported(world, "2025-10-30T08:00")
    now = old.closed_at + after
    if is_joined:
        assert join(world, again, old, now).dup_of == old
    else:
        assert "180天内销号" in refusal(lambda: join(world, again, old, now))


def test_what_was_found_not_to_be_so_takes_nothing_in(world):
    gone, again = reported(world, DAY), reported(world, DAY)
    gone = actions.invalidate(by=world.captain, hazard=gone, now=at(DAY), reason="现场没有缺口")
    assert "是“不属实”" in refusal(lambda: join(world, again, gone))


def test_a_circle_cannot_be_closed_by_way_of_a_third(world):
    a, b, c = (reported(world, DAY) for _n in range(3))
    join(world, b, a)
    b.refresh_from_db()
    assert f"请并入{a.number}" in refusal(lambda: join(world, c, b))
    assert "请反过来" in refusal(lambda: join(world, a, c))


# What comes back


def test_what_was_joined_comes_back_with_its_photos_when_it_proves_not_so(world):
    """Nobody said of the second report that it is not so: it waits for its own verification again."""
    known, again, known_before = reported(world, DAY), reported(world, DAY, by=world.other), registered(world, DAY)
    for one in (again, known_before):
        join(world, one, known)
    known.refresh_from_db()
    assert (known.reporter_count, known.photos.count()) == (3, 3)
    known = actions.invalidate(by=world.captain, hazard=known, now=later(DAY, hours=3), reason="位置写错")
    again.refresh_from_db()
    known_before.refresh_from_db()
    assert (known.state, known.reporter_count, known.photos.count()) == ("invalid", 1, 1)
    assert (again.state, again.dup_of, again.ended_at, again.photos.count()) == ("reported", None, None, 1)
    assert (known_before.state, known_before.photos.count()) == ("registered", 1)
    waiting = Obligation.objects.filter(state="open").values_list("rule", "subject")
    assert set(waiting) == {("hazards.check", str(again.pk)), ("hazards.grade", str(known_before.pk))}
    told = Message.objects.filter(code="hazards.given_back", target_id=str(again.pk))
    assert {row.recipient for row in told} == {world.other, world.captain}
    event = AuditEvent.objects.get(target_id=str(again.pk), verb="hazard.given_back")
    assert event.changes["state"] == ["merged", "reported"]
    assert join(world, again, known_before, later(DAY, hours=4)).dup_of == known_before


def test_taking_it_up_again_leaves_those_that_came_back_where_they_are(world):
    known, again = reported(world, DAY), reported(world, DAY)
    join(world, again, known)
    known = actions.invalidate(by=world.captain, hazard=Hazard.objects.get(pk=known.pk), now=at(DAY), reason="查错了")
    known = actions.revive(by=world.clerk, hazard=known, now=later(DAY, days=1), reason="复查属实")
    again.refresh_from_db()
    assert (known.state, known.reporter_count, again.state) == ("reported", 1, "reported")
    assert join(world, again, known, later(DAY, days=1)).dup_of == known
