"""The list of roads of a district, as the highway office keeps it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.kit.geo import parse_breaks, parse_course
from brigade.kit.importing import Column, Row
from brigade.kit.refusals import Refused
from brigade.kit.text import normalise_code
from brigade.ledgers.queries import in_use
from brigade.ledgers.rules import Import, Judged, Look
from brigade.org.imports import Units
from brigade.org.states import Tree
from brigade.reference.actions import RoadFacts, enter_roads, road_of, take_back_roads
from brigade.reference.models import Road
from brigade.reference.states import RoadClass
from enforcement.hazards.models import Hazard

PERM = "reference.change_road"
COLUMNS = (
    Column("code", gettext_lazy("编号"), "id", True, ("路线编号", "道路编号", "代码"), 12),
    Column("name", gettext_lazy("名称"), required=True, synonyms=("路名", "道路名称", "路线名称"), max_length=40),
    Column("road_class", gettext_lazy("类别"), "choice", True, ("道路类别", "行政等级"), choices=RoadClass.choices),
    Column("owner", gettext_lazy("管养单位"), synonyms=("养护单位", "责任单位"), max_length=80, width=18),
    Column("is_urban", gettext_lazy("城区"), "yes"),
    Column("is_divided", gettext_lazy("有中央隔离"), "yes", synonyms=("中央隔离",)),
    Column("stakes", gettext_lazy("桩号坐标"), synonyms=("坐标",), width=40),
    Column("breaks", gettext_lazy("断链"), width=20),
)


def judge(rows: Sequence[Row], *, by: Any, now: datetime) -> Iterator[Judged]:
    """A number that is there already is skipped; a road is changed on its page, not by a sheet."""
    units = Units(by, PERM, timezone.localdate(now), tree=Tree.OUTSIDE)
    known = set(Road.objects.values_list("code", flat=True))
    for row in rows:
        look = Look(row)
        if normalise_code(look.text("code")) in known:
            yield look.known("code", (), "")
            continue
        owner = look.find("owner", units.find)
        stakes, breaks = look.find("stakes", _course), look.find("breaks", parse_breaks)
        road = None
        if not look.row.faults:
            try:
                road = road_of(
                    RoadFacts(
                        code=look.text("code"),
                        name=look.text("name"),
                        road_class=look["road_class"],
                        is_urban=bool(look["is_urban"]),
                        is_divided=bool(look["is_divided"]),
                        owner=owner,
                        stakes=stakes or (),
                        breaks=breaks or (),
                    )
                )
            except Refused as refusal:
                look.fault("code", str(refusal))
        yield look.become(road)


def _course(text: str) -> list[list[float]]:
    """A cell of the export says only how many stakes there are."""
    if text.isdigit():
        raise Refused(_("这里写桩号坐标：K12+350 36.456123 115.985512，几个用分号隔开；没有测过的空着"))
    return parse_course(text)


def used(keys: Sequence[Any]) -> str:
    taken = set(Hazard.objects.filter(road__in=keys).values_list("road", flat=True)[:4])
    return in_use([str(road) for road in Road.objects.filter(pk__in=taken).order_by("code")])


ROADS = Import(
    code="hazards:road_list",
    title=gettext_lazy("道路"),
    perm=PERM,
    columns=COLUMNS,
    keys=("code",),
    notes={
        "code": gettext_lazy("G、S、X、Y、C加数字；城市道路自己编"),
        "stakes": gettext_lazy("K12+350 36.456123 115.985512，几个用分号隔开"),
        "breaks": gettext_lazy("K10+200=K10+350"),
    },
    explains=gettext_lazy("坐标要WGS-84，先纬度后经度。已有编号的跳过，更正请到道路页。"),
    judge=judge,
    write=lambda drafts, *, by, now: enter_roads(drafts, by=by),
    used=used,
    undo=lambda keys, *, by, now, reason: take_back_roads(keys, by=by, reason=reason),
    max_rows=2_000,
)
