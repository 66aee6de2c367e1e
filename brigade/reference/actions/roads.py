"""Roads: written down one by one or from a sheet."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from brigade.audit.actions import Entry, record, record_many
from brigade.kit.refusals import NotAllowed, Refused
from brigade.kit.text import fitting, needed, normalise_code
from brigade.reference.models import Road
from brigade.reference.rules import ROAD_LETTERS
from brigade.reference.states import RoadClass


@dataclass(frozen=True, kw_only=True)
class RoadFacts:
    """A road as somebody writes it down; `owner` is the unit that keeps it, `stakes` and `breaks` as in `Road`."""

    code: str
    name: str
    road_class: str
    is_urban: bool = False
    is_divided: bool = False
    owner: Any = None
    stakes: Sequence[Sequence[float]] = ()
    breaks: Sequence[Sequence[int]] = ()


def road_of(facts: RoadFacts) -> Road:
    """The facts as a row that is not saved yet. Refuses a number that is none, or one of another class."""
    code = normalise_code(needed(facts.code, "code", _("写明道路编号；城市道路没有编号的，自己编一个")))
    if facts.road_class not in RoadClass.values:
        raise Refused(_("类别只能是：%s") % "、".join(map(str, RoadClass.labels)), field="road_class")
    letter = code[:1] if re.fullmatch(r"[GSXYC]\d{1,6}", code) else ""
    if ROAD_LETTERS.get(letter, RoadClass.STREET) != facts.road_class:
        label = RoadClass(facts.road_class).label
        raise Refused(
            _("编号%(code)s不是%(label)s的编号：G国道、S省道、X县道、Y乡道、C村道加数字")
            % {"code": code, "label": label},
            field="code",
        )
    return Road(
        code=fitting(code, 12, "code"),
        name=fitting(needed(facts.name, "name", _("写明道路名称")), 40, "name"),
        road_class=facts.road_class,
        is_urban=facts.is_urban,
        is_divided=facts.is_divided,
        owner=facts.owner,
        stakes=[list(spot) for spot in facts.stakes],
        breaks=[list(pair) for pair in facts.breaks],
    )


ROAD_FIELDS = ("code", "name", "road_class", "is_urban", "is_divided", "owner_id", "stakes", "breaks")


@transaction.atomic
def set_road(*, by: Any, facts: RoadFacts, road: Road | None = None) -> Road:
    """Write a road down, or change one; for clerk and business administrator. Audited.

    Places that were worked out from its stakes before stay as they are: the record says where somebody stood.
    """
    if not by.has_perm("reference.change_road"):
        raise NotAllowed(_("道路由内勤或业务管理员登记"))
    new = road_of(facts)
    twin = Road.objects.filter(code=new.code).first()
    if twin is not None and (road is None or twin.pk != road.pk):
        raise Refused(_("%(code)s已经登记为%(name)s") % {"code": twin.code, "name": twin.name}, field="code")
    old = Road.objects.select_for_update().get(pk=road.pk) if road is not None else None
    if old is not None:
        new.pk, new.is_synthetic = old.pk, old.is_synthetic
    changes = {
        name: [_road_value(old, name), _road_value(new, name)]
        for name in ROAD_FIELDS
        if _road_value(old, name) != _road_value(new, name)
    }
    if changes:
        new.save()
        record("road.set", new, by=by, changes=changes)
    return new


def _road_value(road: Road | None, name: str) -> Any:
    """Of a long course the trail keeps how many stakes it has."""
    value = None if road is None else getattr(road, name)
    return _("%d个桩号") % len(value) if name == "stakes" and value is not None else value


@transaction.atomic
def enter_roads(roads: Sequence[Road], *, by: Any) -> list[Road]:
    """Write down many roads that `road_of` has looked at; for clerk and business administrator. One audit row each."""
    if not by.has_perm("reference.change_road"):
        raise NotAllowed(_("道路由内勤或业务管理员登记"))
    made = Road.objects.bulk_create(roads)
    record_many([Entry(verb="road.set", target=road, by=by, changes={"code": [None, road.code]}) for road in made])
    return made


@transaction.atomic
def take_back_roads(keys: Sequence[Any], *, by: Any, reason: str) -> None:
    """Take back roads that an import brought in and nothing refers to; for clerk and business administrator."""
    if not by.has_perm("reference.change_road"):
        raise NotAllowed(_("道路由内勤或业务管理员登记"))
    roads = list(Road.objects.filter(pk__in=keys))
    record_many([Entry(verb="road.taken_back", target=road, by=by, note=reason) for road in roads])
    Road.objects.filter(pk__in=keys).delete()
