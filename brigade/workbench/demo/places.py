"""Roads, crossings and responsible organisations of the demo brigade, and who answers for them.

Towns, villages and the numbers of the roads are real. Courses, stakes and keepers of the roads are drawn by hand and
marked synthetic; so are the people.
"""

from __future__ import annotations

import re
from itertools import pairwise
from random import Random
from typing import NamedTuple

from brigade.audit.actions import SYSTEM
from brigade.kit.geo import Point, distance, stake_text
from brigade.org import actions as org
from brigade.org.models import Unit
from brigade.org.states import Tree, UnitKind
from brigade.reference.models import Road, Town, Village
from brigade.reference.queries import district
from brigade.reference.states import RoadClass
from brigade.workbench.demo.world import ACCOUNTS, FOUNDED, World, enrol, grant
from enforcement.hazards.actions import load_categories, set_owner
from enforcement.hazards.rules import Place, is_in_district, located
from enforcement.hazards.states import CoordSystem, Direction, GeoSource, OwnerType


class Organisation(NamedTuple):
    """A unit outside the police: of which type it answers for hazards (none for the road safety office), and who."""

    code: str
    name: str
    short: str
    type: OwnerType | None
    liaison: str = ""


ORGANISATIONS = (
    Organisation("DAB", "东昌府区道路交通安全工作办公室", "区道安办", None),
    Organisation("GLZX", "东昌府区公路事业发展中心", "区公路中心", OwnerType.HIGHWAY, "马会良"),
    Organisation("JTJ", "东昌府区交通运输局", "区交通运输局", OwnerType.TRANSPORT, "谢立新"),
    Organisation("ZJJ", "东昌府区住房和城乡建设局", "区住建局", OwnerType.HOUSING, "田志远"),
    Organisation("CGJ", "东昌府区综合行政执法局", "区综合行政执法局", OwnerType.URBAN, "杜红梅"),
    Organisation("SLJ", "东昌府区水利局", "区水利局", OwnerType.WATER, "石庆华"),
    Organisation("SZGS", "聊城演示市政工程有限公司", "演示市政公司", OwnerType.ENTERPRISE, "雷建军"),
    Organisation("ZF-HY", "侯营镇人民政府", "侯营镇政府", OwnerType.TOWN, "范广林"),
    Organisation("ZF-SZ", "沙镇镇人民政府", "沙镇镇政府", OwnerType.TOWN, "任学文"),
    Organisation("ZF-TY", "堂邑镇人民政府", "堂邑镇政府", OwnerType.TOWN, "姚保国"),
    Organisation("ZF-LS", "梁水镇人民政府", "梁水镇政府", OwnerType.TOWN, "卢金生"),
    Organisation("ZF-DH", "斗虎屯镇人民政府", "斗虎屯镇政府", OwnerType.TOWN, "贾传喜"),
    Organisation("ZF-ZJ", "郑家镇人民政府", "郑家镇政府", OwnerType.TOWN, "郑会斌"),
    Organisation("ZF-ZLJ", "张炉集镇人民政府", "张炉集镇政府", OwnerType.TOWN, "薛秀兰"),
    Organisation("ZF-YJ", "于集镇人民政府", "于集镇政府", OwnerType.TOWN, "于德胜"),
    Organisation("ZF-XY", "许营镇人民政府", "许营镇政府", OwnerType.TOWN, "许凤英"),
    Organisation("ZF-YS", "闫寺街道办事处", "闫寺街道办", OwnerType.TOWN, "熊长青"),
    Organisation("ZF-DKP", "道口铺街道办事处", "道口铺街道办", OwnerType.TOWN, "段雨桐"),
    Organisation("ZF-JGT", "蒋官屯街道办事处", "蒋官屯街道办", OwnerType.TOWN, "蒋思远"),
    Organisation("ZF-LHW", "李海务街道办事处", "李海务街道办", OwnerType.TOWN, "白晓燕"),
)

TOWNS = {
    "古楼街道": (36.452, 115.972),
    "柳园街道": (36.460, 115.992),
    "新区街道": (36.447, 116.008),
    "闫寺街道": (36.525, 115.925),
    "湖西街道": (36.445, 115.942),
    "北城街道": (36.492, 115.985),
    "东城街道": (36.463, 116.036),
    "蒋官屯街道": (36.502, 116.045),
    "道口铺街道": (36.468, 115.880),
    "李海务街道": (36.382, 116.050),
    "侯营镇": (36.405, 115.888),
    "沙镇镇": (36.347, 115.800),
    "堂邑镇": (36.520, 115.802),
    "郑家镇": (36.432, 115.745),
    "张炉集镇": (36.458, 115.812),
    "梁水镇": (36.588, 115.862),
    "斗虎屯镇": (36.642, 115.830),
    "于集镇": (36.345, 115.952),
    "许营镇": (36.420, 116.095),
}
"""Roughly where each lies, to within some kilometres."""

CROSSINGS = (
    ("东昌路与柳园路口", "柳园街道", 36.4565, 115.9905),
    ("湖南路与柳园路口", "古楼街道", 36.4400, 115.9895),
    ("光岳路与湖南路口", "新区街道", 36.4402, 116.0180),
    ("光岳路与利民路口", "东城街道", 36.4630, 116.0195),
    ("兴华路与花园路口", "柳园街道", 36.4628, 115.9800),
    ("昌润路与东昌路口", "湖西街道", 36.4560, 115.9560),
    ("昌润路与聊阳路口", "湖西街道", 36.4330, 115.9535),
    ("建设路与东昌路口", "古楼街道", 36.4562, 115.9700),
    ("卫育路与利民路口", "北城街道", 36.4780, 115.9850),
    ("黄山路与东昌路口", "东城街道", 36.4570, 116.0420),
    ("建设路北延", "北城街道", 36.4880, 115.9720),
    ("柳园路南段", "新区街道", 36.4300, 115.9950),
)

STEP_M = 100
"""How far apart the hand-drawn stakes stand."""


class Course(NamedTuple):
    """A road as drawn: number, name, who keeps it, the stake of its beginning in metres, and its bends."""

    code: str
    name: str
    road_class: RoadClass
    owner: str
    first_m: int
    bends: tuple[tuple[float, float], ...]
    is_divided: bool = False


COURSES = (
    Course(
        "G309",
        "国道309",
        RoadClass.NATIONAL,
        "GLZX",
        548_000,
        ((36.506, 115.775), (36.482, 115.870), (36.486, 115.985), (36.490, 116.085)),
        True,
    ),
    Course(
        "S254",
        "省道254",
        RoadClass.PROVINCIAL,
        "GLZX",
        46_000,
        ((36.625, 115.872), (36.530, 115.928), (36.430, 115.958), (36.325, 115.962)),
    ),
    Course(
        "X012",
        "县道012",
        RoadClass.COUNTY,
        "JTJ",
        0,
        ((36.412, 116.080), (36.382, 116.040), (36.345, 115.952), (36.343, 115.815)),
    ),
    Course("X009", "县道009", RoadClass.COUNTY, "JTJ", 0, ((36.402, 115.890), (36.455, 115.820), (36.520, 115.800))),
    Course(
        "Y031", "乡道031", RoadClass.TOWNSHIP, "ZF-LS", 0, ((36.586, 115.865), (36.610, 115.850), (36.640, 115.835))
    ),
)


class Spot(NamedTuple):
    """Where something lies: columns of a hazard, its town, and in words."""

    columns: dict
    town: Town
    words: str
    where: str = ""
    direction: str = Direction.NA
    village: Village | None = None


def build(world: World) -> None:
    """Open the organisations with their liaisons, and lay the roads."""
    load_categories()
    for order, one in enumerate(ORGANISATIONS, 40):
        world.units[one.code] = org.open_unit(
            by=SYSTEM,
            tree=Tree.OUTSIDE,
            kind=UnitKind.ORGANISATION,
            code=one.code,
            name=one.name,
            short_name=one.short,
            opened_on=FOUNDED,
            parent=world.units["DD"],
            order=order,
            now=world.now,
        )
    outside = {one.code for one in ORGANISATIONS}
    for account in ACCOUNTS:
        if account.office in outside:
            enrol(world, account.police_no, account.name, account.office, account.title, account.kind)
            for role, code in account.roles:
                grant(world, account.police_no, role, code)
    _owners(world)
    Road.objects.bulk_create(_road(course, world.units[course.owner]) for course in COURSES)


def _owners(world: World) -> None:
    accounts = {account.office: world.people[account.police_no] for account in ACCOUNTS if account.name in LIAISONS}
    for n, one in enumerate(ORGANISATIONS):
        if one.type is not None:
            set_owner(
                by=SYSTEM,
                unit=world.units[one.code],
                owner_type=one.type,
                liaison_name=one.liaison,
                liaison=accounts.get(one.code),
                phone=f"1380000{7000 + n}",
            )


LIAISONS = {one.liaison for one in ORGANISATIONS if one.liaison}


def _road(course: Course, owner: Unit) -> Road:
    stakes, metres = [], course.first_m
    for start, end in pairwise(course.bends):
        length = distance(Point(*start), Point(*end))
        for n in range(int(length // STEP_M)):
            part = n * STEP_M / length
            spot = [round(a + (b - a) * part, 6) for a, b in zip(start, end, strict=True)]
            stakes.append([metres + n * STEP_M, *spot])
        metres += int(length // STEP_M) * STEP_M
    return Road(
        code=course.code,
        name=course.name,
        road_class=course.road_class,
        owner=owner,
        is_divided=course.is_divided,
        stakes=stakes,
        is_synthetic=True,
    )


class Map:
    """Draws places at random: on a road, at a crossing in the city, near a village."""

    def __init__(self, random: Random, codes: set[str]) -> None:
        self.random = random
        self.towns = {town.name: town for town in Town.objects.filter(name__in=codes & TOWNS.keys())}
        self.villages: dict[int, list[Village]] = {}
        for village in Village.objects.filter(town__in=self.towns.values()).order_by("code"):
            self.villages.setdefault(village.town_id, []).append(village)
        self.roads = list(Road.objects.select_related("owner").order_by("code"))

    def on_road(self) -> Spot:
        road = self.random.choices(self.roads, weights=[len(road.stakes) for road in self.roads])[0]
        metres = self.random.randrange(road.stakes[0][0], road.stakes[-1][0], 10)
        columns = located(Place(road=road, stake_start=stake_text(metres)), (), district())
        return self._beside(road, columns)

    def _beside(self, road: Road, columns: dict) -> Spot:
        point = Point(float(columns["lat"]), float(columns["lon"]))
        name = min(self.towns, key=lambda name: distance(point, Point(*TOWNS[name])))
        direction = self.random.choice((Direction.UP, Direction.DOWN)) if road.is_divided else Direction.NA
        return Spot(columns, self.towns[name], f"{name}{road.name}", direction=direction)

    def at_crossing(self) -> Spot:
        words, town, lat, lon = self.random.choice(CROSSINGS)
        return Spot(self._picked(lat, lon, 0.0006), self.towns[town], words, words)

    def near_village(self) -> Spot:
        name = self.random.choice([name for name, town in self.towns.items() if not town.is_urban])
        town = self.towns[name]
        village = self.random.choice(self.villages[town.pk])
        where = re.sub("(村民委员会|居民委员会|居委会|村委会)$", "", village.name) + "路口"
        return Spot(self._picked(*TOWNS[name], 0.018), town, f"{name}{where}", where, village=village)

    def _picked(self, lat: float, lon: float, spread: float) -> dict:
        """Somewhere around, picked on the map, inside the outline."""
        while True:
            point = Point(lat + self.random.uniform(-spread, spread), lon + self.random.uniform(-spread, spread))
            if is_in_district(point, district()):
                place = Place(lat=point.lat, lon=point.lon, coord_sys=CoordSystem.WGS84, geo_source=GeoSource.MAP_CLICK)
                return located(place, (), district())
