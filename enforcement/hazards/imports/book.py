"""What the cells of a sheet may name: towns, categories, roads, owners, units, people; and what is there already."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.kit.importing import Row
from brigade.kit.refusals import Refused
from brigade.org.imports import APART, People, Units
from brigade.org.models import Unit
from brigade.org.queries import squadrons_of
from brigade.org.states import Tree
from brigade.reference.models import Road, Town, Village
from brigade.reference.queries import district
from enforcement.hazards import queries
from enforcement.hazards.models import Category, Defect, Hazard
from enforcement.hazards.states import HazardState

PERM = "hazards.import_hazard"


class Book:
    """All that the rows may name, in a constant number of queries."""

    def __init__(self, rows: Sequence[Row], by: Any, now: datetime) -> None:
        today = timezone.localdate(now)
        self.by, self.area = by, district()
        self.units = Units(by, PERM, today, tree=Tree.LINE)
        self.people = People(name for row in rows for name in APART.split(row.values.get("verifiers") or ""))
        self._towns = {name: town for town in Town.objects.all() for name in (town.name, town.code)}
        self._beats = squadrons_of([town.pk for town in self._towns.values()], today)
        self._own = {unit.pk: unit for unit in Unit.objects.filter(pk__in=by.units_for(PERM), tree=Tree.LINE)}
        self._villages = {(one.town_id, one.name): one for one in Village.objects.all()}
        self._categories = {name: one for one in Category.objects.all() for name in (one.name, one.code)}
        self._defects = {(one.category_id, one.name): one for one in Defect.objects.all()}
        self._owners: dict[str, Unit] = {}
        for owner in queries.owners():
            self._owners |= dict.fromkeys((owner.unit.name, owner.unit.short_name, owner.unit.code), owner.unit)
        self.roads = list(Road.objects.all())
        self.surveyed = [road for road in self.roads if road.stakes]
        self._roads: dict[str, set[Road]] = defaultdict(set)
        for road in self.roads:
            self._roads[road.code.upper()].add(road)
            self._roads[road.name].add(road)
        there = Hazard.objects.exclude(state=HazardState.VOIDED)
        numbers = {row.values["number"] for row in rows if row.values.get("number")}
        self.numbers = set(there.filter(number__in=numbers).values_list("number", flat=True))
        moments = [row.values["discovered_at"] for row in rows if row.values.get("discovered_at")]
        alike = there.filter(discovered_at__range=(min(moments), max(moments))) if moments else there.none()
        self._alike = Counter(alike.values_list("town", "category", "discovered_at", "title"))
        named = {row.values.get("category") for row in rows}
        wanted = [one.pk for name, one in self._categories.items() if name in named]
        self.around = queries.Neighbourhood(wanted, now)

    def town(self, text: str) -> Town:
        if text not in self._towns:
            raise Refused(_("乡镇街道里没有“%s”，写全称，例如于集镇") % text)
        return self._towns[text]

    def village(self, town: Town, text: str) -> Village:
        if (town.pk, text) not in self._villages:
            raise Refused(_("%(town)s没有“%(name)s”，核对名称或者空着") % {"town": town.name, "name": text})
        return self._villages[town.pk, text]

    def category(self, text: str) -> Category:
        if text not in self._categories:
            offered = "、".join(dict.fromkeys(one.name for one in self._categories.values()))
            raise Refused(_("类别里没有“%(text)s”，可以写：%(offered)s") % {"text": text, "offered": offered})
        return self._categories[text]

    def defect(self, category: Category, text: str) -> Defect:
        if (category.pk, text) not in self._defects:
            raise Refused(
                _("“%(category)s”没有“%(text)s”这种缺陷，改一下或者空着") % {"category": category, "text": text}
            )
        return self._defects[category.pk, text]

    def owner(self, text: str) -> Unit:
        if text not in self._owners:
            raise Refused(_("责任单位里没有“%s”，先在“责任单位”里登记类型和联络员") % text)
        return self._owners[text]

    def road(self, text: str) -> Road:
        found = self._roads.get(text.upper()) or self._roads.get(text) or set()
        if len(found) > 1:
            raise Refused(_("有%(n)d条路叫“%(name)s”，请写编号，例如X012") % {"n": len(found), "name": text})
        if not found:
            raise Refused(_("道路里没有“%s”，先在“道路”里登记，或者写经纬度") % text)
        return next(iter(found))

    def road_in(self, text: str) -> Road | None:
        """The road that a sentence names, by the longest name; a code counts where no figure follows it."""
        plain = text.upper()
        named = [
            road
            for road in self.roads
            if road.name in text or re.search(rf"(?<![A-Z0-9]){re.escape(road.code.upper())}(?!\d)", plain)
        ]
        return max(named, key=lambda road: len(road.name), default=None)

    def unit(self, town: Town) -> Unit:
        """The squadron that polices the town, which must be the importer's to write for."""
        pk = self._beats.get(town.pk)
        if pk is None and self.by.unit_id in self._own:
            return self._own[self.by.unit_id]
        if pk not in self._own:
            raise Refused(_("%s归别的中队管，写明你范围内的负责中队，或者由大队内勤导入") % town.name)
        return self._own[pk]

    def has(self, hazard: Hazard) -> bool:
        key = (hazard.town_id, hazard.category_id, hazard.discovered_at, hazard.title)
        if not self._alike[key]:
            return False
        self._alike[key] -= 1
        return True
