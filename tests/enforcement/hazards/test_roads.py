"""Roads: their list, a surveyed course as people write it, and what a hazard makes of it."""

import time

import pytest

from brigade.audit.models import AuditEvent
from brigade.kit.geo import breaks_text, course_text, parse_breaks, parse_course
from brigade.kit.refusals import NotAllowed, Refused
from brigade.ledgers.states import ImportState
from brigade.org.states import Role
from brigade.reference.actions import RoadFacts, set_road
from brigade.reference.models import Road
from enforcement.hazards.models import Hazard
from enforcement.hazards.rules import Place
from tests.brigade.ledgers.books import into, work
from tests.brigade.org.factories import person
from tests.enforcement.hazards.world import COURSE, reported

URL = "/enforcement/hazards/roads/"
pytestmark = pytest.mark.django_db
SURVEY = "K0+000 36.400000 115.985500\nＫ5＋000，36.445000，115.985500；10公里 36.49 115.9855"


def test_a_course_is_read_as_people_write_it_and_written_back():
    assert parse_course(SURVEY) == COURSE
    assert parse_course(course_text(COURSE)) == COURSE
    assert parse_course("K5+000 36.445 115.9855\nK0 36.4 115.9855") == COURSE[:2], "by rising stakes"
    assert parse_course(" ") == []
    assert parse_breaks("K10+200=K10+350；K3+000 = K2+900") == [[3_000, 2_900], [10_200, 10_350]]
    assert parse_breaks(breaks_text([[10_200, 10_350]])) == [[10_200, 10_350]]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("K0+000", "认不出“K0"),
        ("K0+000 115.9855 36.4\nK1 36.4 115.9", "先写纬度"),
        ("K0+1350 36.4 115.9\nK1 36.4 115.9", "米数不能到1000"),
        ("K0 36.4 115.9\nK0+000 36.5 115.9", "同一个桩号写了两次"),
        ("K0 36.4 115.9", "至少写两个桩号"),
    ],
)
def test_a_course_that_cannot_be_right_is_refused_in_a_sentence(text, sentence):
    with pytest.raises(Refused, match=sentence):
        parse_course(text)


@pytest.mark.parametrize("text", ["K1" + "," * 100_000, "K1" * 50_000 + " 36.4 115.9"], ids=["commas", "stakes"])
def test_a_heap_of_signs_is_refused_at_once_and_not_said_again(text):
    """As many as the form takes: looked at from every comma on they would keep the whole portal busy for minutes."""
    begun = time.process_time()
    with pytest.raises(Refused) as refused:
        parse_course(text)
    assert time.process_time() - begun < 5
    assert len(str(refused.value)) < 150


@pytest.mark.parametrize("text", ["K10+200", "K1=K1+000", "一二=三"])
def test_a_break_that_is_none_is_refused(text):
    with pytest.raises(Refused):
        parse_breaks(text)


def test_the_clerk_writes_a_road_down_and_a_stake_on_it_has_a_place(client, world):
    client.force_login(world.clerk)
    answer = client.post(
        f"{URL}new/",
        {"code": "s254", "name": "省道254", "road_class": "provincial", "owner": world.highway.pk, "stakes": SURVEY},
    )
    assert answer.status_code == 302, answer.content.decode()
    road = Road.objects.get(code="S254")
    assert (road.stakes, road.owner, road.is_divided) == (COURSE, world.highway, False)
    assert AuditEvent.objects.filter(verb="road.set").count() == 1
    assert "省道254" in client.get(URL).content.decode()
    hazard = reported(world, "2025-05-06T08:00", place=Place(road=road, stake_start="K2+500"))
    assert (float(hazard.lat), hazard.geo_source) == (36.4225, "stake_calc")
    page = client.get(hazard.get_absolute_url()).content.decode()
    assert f"/enforcement/hazards/?road={road.pk}" in page
    assert hazard.title in client.get(f"/enforcement/hazards/?road={road.pk}").content.decode()
    assert hazard.title not in client.get(f"/enforcement/hazards/?road={world.road.pk}").content.decode()


def test_a_road_opens_with_what_is_known_and_keeps_what_is_not_changed(client, world):
    client.force_login(world.clerk)
    form = client.get(f"{URL}{world.road.pk}/").context["form"]
    sent = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    assert sent["stakes"] == course_text(COURSE)
    client.post(f"{URL}{world.road.pk}/", sent | {"name": "县道012线"})
    road = Road.objects.get(pk=world.road.pk)
    assert (road.name, road.stakes, road.is_divided, road.owner) == ("县道012线", COURSE, True, world.highway)
    assert AuditEvent.objects.get(verb="road.set").changes == {"name": ["县道012", "县道012线"]}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"code": "X012", "road_class": "county"}, "X012已经登记为县道012"),
        ({"code": "G254"}, "编号G254不是省道的编号"),
        ({"code": "振兴街"}, "编号振兴街不是省道的编号"),
        ({"stakes": "K0 115.9 36.4\nK1 115.9 36.5"}, "先写纬度"),
        ({"name": ""}, "写明名称"),
    ],
)
def test_what_is_wrong_with_a_road_is_said_and_nothing_lost(client, world, change, sentence):
    client.force_login(world.clerk)
    sent = {"code": "S254", "name": "省道254", "road_class": "provincial"} | change
    answer = client.post(f"{URL}new/", sent)
    assert answer.status_code == 422 and sentence in answer.content.decode()
    assert Road.objects.count() == 1


def test_police_read_the_roads_and_change_none(client, world):
    facts = RoadFacts(code="S254", name="省道254", road_class="provincial")
    with pytest.raises(NotAllowed):
        set_road(by=world.captain, facts=facts)
    client.force_login(world.officer)
    assert client.get(URL).status_code == 200
    assert client.post(f"{URL}{world.road.pk}/", {"name": "改名"}).status_code == 403
    assert Road.objects.get().name == world.road.name
    client.force_login(world.liaison)
    assert client.get(URL).status_code in (403, 404)
    keeper = person(Role.BUSINESS_ADMIN, at=world.brigade)
    assert set_road(by=keeper, facts=facts).pk


HEAD = ["路线编号", "路名", "行政等级", "养护单位", "中央隔离", "桩号坐标"]
_upload, bring_in = into(URL, HEAD)


def test_a_list_of_roads_comes_in_and_goes_again_while_no_hazard_lies_on_one(client, world):
    client.force_login(world.clerk)
    lines = [
        ["S254", "省道254", "省道", "区公路中心", "是", "K0 36.4 115.9855；K10 36.49 115.9855"],
        ["ZXJ", "振兴街", "城市道路", None, None, None],
        ["X012", "县道012", "县道", None, None, None],
    ]
    run = bring_in(client, lines)
    assert (run.state, run.counts["new"], run.counts["known"]) == (ImportState.DONE, 2, 1)
    road = Road.objects.get(code="S254")
    assert (road.owner, road.is_divided, len(road.stakes)) == (world.highway, True, 2)
    hazard = reported(world, "2025-05-06T08:00", place=Place(road=road, stake_start="K2+500"), direction="up")
    answer = client.post(f"{URL}?import={run.pk}&undo=1", {"reason": "导错县"})
    assert "省道254" in answer.content.decode() and Road.objects.count() == 3
    Hazard.objects.filter(pk=hazard.pk).update(road=world.road)
    client.post(f"{URL}?import={run.pk}&undo=1", {"reason": "导错县"})
    work()
    assert set(Road.objects.values_list("code", flat=True)) == {"X012"}


def test_faults_of_a_list_of_roads(client, world):
    client.force_login(world.clerk)
    lines = [["G254", "省道254", "省道", "没有的单位", None, "12"], ["S2", "省道2", "省道", None, None, "K0 36.4"]]
    run = bring_in(client, lines)
    text = client.get(f"{URL}?import={run.pk}").content.decode()
    assert run.counts["faulty"] == 2 and Road.objects.count() == 1
    assert "这里写桩号坐标" in text and "没有“没有的单位”这个单位" in text and "认不出“K0 36.4”" in text
