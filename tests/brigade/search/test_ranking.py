"""The right row stands first or second: a small believable world, and what people type to find it."""

from itertools import count
from typing import Any

import pytest
from django.utils import timezone

from brigade.kit.ids import new_id
from brigade.org.models import Person
from brigade.org.states import Role, Tree, UnitKind
from brigade.search import actions
from brigade.search.queries import find
from enforcement.hazards.models import Hazard
from services.requests.actions import Citizen
from services.requests.models import ServiceRequest
from tests.brigade.org import factories
from tests.brigade.org.factories import grant, person, unit
from tests.enforcement.hazards.conftest import world as roads
from tests.enforcement.hazards.world import category
from tests.services.requests.world import taken_in

pytestmark = pytest.mark.django_db
__all__ = ["roads"]

OFFICERS = {
    "曾伟": "371001",
    "张文": "371002",
    "单立": "371003",
    "仇强": "371004",
    "乐平": "371005",
    "李行": "371006",
    "解静": "371007",
    "万俟海": "371008",
    "吕布": "371009",
    "王刚": "371010",
    "王刚明": "371011",
}
CITIZENS = [
    ("刘建国", "13863510024"),
    ("曾伟", "13863514321"),
    ("周芳", "13863518888"),
    ("赵敏", "15206350371"),
    ("曾文", "13563590007"),
]
HAZARDS = [
    ("G105国道K12+300路口缺让行标志", "于集镇王庄村口"),
    ("重庆路与朝阳路交叉口信号灯不亮", "重庆路"),
    ("徒骇河桥护栏破损", "湖南路桥头"),
    ("银行门前行人过街标线磨损", "柳园路"),
    ("鲁P·12A45大货车掉落石块未清", "X012县道"),
    ("鲁P12A88农用车占道", "X012县道"),
]


@pytest.fixture(autouse=True)
def numbers(monkeypatch):
    """Numbers of people and units that nobody types here, whatever was made before."""
    monkeypatch.setattr(factories, "_serial", count(550_001))


@pytest.fixture
def town(world, roads) -> dict[str, Any]:
    """Everything under the name by which it is expected; `reader` sees all of it."""
    things: dict[str, Any] = {}
    squad = unit("聊城市公安局交警支队东昌府大队城区一中队", parent=world.brigade, short_name="一中队", code="DCF-01")
    things["一中队"] = squad
    things["二中队"] = unit("聊城市公安局交警支队东昌府大队城区二中队", parent=world.brigade, short_name="二中队")
    things["道口铺中队"] = unit("道口铺中队", parent=world.brigade)
    kinds = {"tree": Tree.HALL, "kind": UnitKind.HALL}
    things["分所"] = unit("新区车管分所", parent=world.brigade, **kinds)
    for name, police_no in OFFICERS.items():
        things[name] = person(Role.OFFICER, at=squad, name=name, police_no=police_no)
    for n, (name, phone) in enumerate(CITIZENS):
        citizen = Citizen(name=name, phone=phone)
        things[f"办{n + 1}"] = taken_in(world, "PL01", f"2026-06-1{n}T10:00", citizen=citizen)
    for n, (title, place) in enumerate(HAZARDS, 1):
        things[f"患{n}"] = hazard(roads, n, title, place)
    reader: Person = person(Role.BRIGADE_LEADER, Role.HALL_HEAD, at=world.brigade, name="吴队长")
    for role in (Role.BRIGADE_LEADER, Role.SYSTEM_ADMIN):
        grant(reader, role, roads.brigade)
    actions.catch_up(now=timezone.now())
    return things | {"reader": reader}


def hazard(roads: Any, n: int, title: str, place: str) -> Hazard:
    now = timezone.now()
    return Hazard.objects.create(
        id=new_id(),
        unit=roads.squadron,
        number=f"371502-YH-2026-{n:05}",
        title=title,
        place=place,
        state="reported",
        created_at=now,
        source="patrol",
        category=category(),
        lat=36.41,
        lon=115.92 + n * 0.01,
        coord_sys="wgs84",
        geo_source="gps",
        town=roads.town,
        discovered_at=now,
    )


FIRST_OR_SECOND = {
    # people: the same initials, readings of surnames, parts of names, police numbers
    "曾伟": [
        "曾伟",
        "zengwei",
        "ZENGWEI",
        "zeng wei",
        " 曾伟 ",
        "曾 伟",
        "371001",
        "３７１００１",
        "zw",
        "cengwei",
        "曾w",
    ],
    "张文": ["张文", "zhangwen", "zw", "ZW", "zhangw"],
    "单立": ["单立", "shanli", "sl", "danli", "dl", "371003"],
    "仇强": ["仇强", "qiuqiang", "qq", "chouqiang", "371004", "1004"],
    "乐平": ["乐平", "yueping", "leping", "yp", "lp"],
    "李行": ["李行", "lixing", "lihang", "lx", "lh"],
    "解静": ["xiejing", "xj", "jiejing", "解静"],
    "万俟海": ["万俟海", "moqihai", "mqh", "万俟"],
    "吕布": ["lvbu", "lb", "吕布"],
    "王刚": ["王刚", "wanggang", "wg", "371010"],
    "王刚明": ["王刚明", "wanggangming", "wgm"],
    # units: short names, full names, letters, codes
    "一中队": ["一中队", "yizhongdui", "yzd", "城区一中队", "dcf-01", "DCF01", "ＤＣＦ－０１", "cqyzd", "城区 一中队"],
    "二中队": ["二中队", "ezd", "城区-二中队"],
    "道口铺中队": ["道口铺", "道口铺中队", "dkp", "dkpzd", "daokoupu"],
    "分所": ["新区车管分所", "xqcgfs", "车管分所", "新区 分所"],
    # requests: citizens, tails of phones, numbers in every shape
    "办1": [
        "刘建国",
        "liujianguo",
        "ljg",
        "0024",
        "13863510024",
        "138 6351 0024",
        "138-6351-0024",
        "024",
        "１３８６３５１００２４",
    ],
    "办2": ["4321", "13863514321", " 4321 ", "曾伟 4321", "zw 4321"],
    "办3": ["周芳", "zhoufang", "zf", "8888", "周芳 8888"],
    "办4": ["0371", "15206350371"],
    "办5": ["曾文", "zengwen", "0007", "13563590007"],
    # hazards: words of the title, places, stakes, roads with two readings, plates
    "患1": [
        "g105",
        "G105国道",
        "K12+300",
        "k12 300",
        "105国道",
        "王庄村口",
        "让行标志",
        "yh202600001",
        "371502-YH-2026-00001",
    ],
    "患2": [
        "重庆路",
        "chongqinglu",
        "朝阳路",
        "chaoyanglu",
        "cyl",
        "信号灯",
        "重庆路 信号灯",
        "2026-00002",
        "2026—00002",
    ],
    "患3": ["徒骇河", "thh", "护栏", "徒骇河桥护栏破损", "湖南路", "37150２YH２０２６００００３"],
    "患4": ["yinhang", "xingren", "银行", "行人过街", "过街标线", "2026/00004"],
    "患5": ["鲁P12A45", "鲁P·12A45", "鲁p 12a45", "鲁P-12A45", "12A45", "ｐ１２ａ４５", "P12A4", "鲁P12A"],
    "患6": ["鲁P12A88", "12a88", "鲁P·12A88", "农用车"],
}


def test_the_right_row_stands_first_or_second(town):
    missed = {}
    for expected, texts in FIRST_OR_SECOND.items():
        for typed in texts:
            rows = [row for group in find(town["reader"], typed) for row in group.rows]
            if town[expected] not in rows[:2]:
                missed[typed] = (expected, [str(row) for row in rows[:4]])
    assert not missed, missed


@pytest.mark.parametrize("name", ["number", "numbers_without_signs", "end_of_number"])
def test_so_does_the_request_whose_number_or_its_end_is_typed(town, name):
    requests = [town[f"办{n}"] for n in range(1, len(CITIZENS) + 1)]
    for request in requests:
        typed = {
            "number": f" {request.number.lower()} ",
            "numbers_without_signs": request.number.replace("-", ""),
            "end_of_number": request.number[-10:],
        }[name]
        rows = [row for group in find(town["reader"], typed) for row in group.rows]
        assert request in rows[:2], typed


def test_what_is_voided_is_found_behind_its_equals(town):
    older, younger = (ServiceRequest.objects.get(pk=town[name].pk) for name in ("办1", "办3"))
    younger.state, younger.citizen_name = "voided", older.citizen_name
    younger.save(update_fields=["state", "citizen_name"])
    actions.keep([younger])
    rows = [row for group in find(town["reader"], "刘建国") for row in group.rows]
    assert rows[:2] == [older, younger]
    assert find(town["reader"], younger.number)[0].rows[0] == younger
