"""Units, and where they stood when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from brigade.kit.addresses import record_address
from brigade.org.models.dates import DatedQuerySet
from brigade.org.states import Tree, UnitKind

if TYPE_CHECKING:
    from brigade.org.models.people import Person


class UnitQuerySet(models.QuerySet):
    def below(self, unit: Unit | int) -> UnitQuerySet:
        """The unit and everything under it as the trees stand today."""
        top = unit if isinstance(unit, Unit) else Unit.objects.only("path").get(pk=unit)
        return self.filter(path__startswith=top.path)

    def below_any(self, paths: Iterable[str]) -> UnitQuerySet:
        """The units at these paths and everything under them."""
        found = Q(pk__in=[])
        for path in paths:
            found |= Q(path__startswith=path)
        return self.filter(found)

    def above(self, unit: Unit) -> UnitQuerySet:
        """The unit and everything that it stands under, today."""
        return self.filter(pk__in=unit.lineage)

    def open_on(self, day: date) -> UnitQuerySet:
        return self.filter(Q(closed_on__isnull=True) | Q(closed_on__gt=day), opened_on__lte=day)

    def visible_to(self, user: Person) -> UnitQuerySet:
        return self.filter(pk__in=user.units_for("org.view_unit"))

    def as_tree(self) -> list[tuple[int, Unit]]:
        """(depth, unit) of each, below its parent as far as that is among them, siblings in their fixed order."""
        units: dict[int, Unit] = {unit.pk: unit for unit in self.order_by("order", "code")}
        below: dict[int | None, list[Unit]] = defaultdict(list)
        for unit in units.values():
            below[next((pk for pk in unit.lineage[-2::-1] if pk in units), None)].append(unit)
        rows: list[tuple[int, Unit]] = []
        waiting = [(0, unit) for unit in reversed(below[None])]
        while waiting:
            depth, unit = waiting.pop()
            rows.append((depth, unit))
            waiting += [(depth + 1, child) for child in reversed(below[unit.pk])]
        return rows


class Unit(models.Model):
    """A place that answers for something: a squadron, a branch, a hall, an outside organisation.

    `path` is the ids from the root down, each with a trailing slash; a branch or hall hangs below the brigade, so that
    a grant on the brigade covers it, while figures roll up only as far as `tree` stays the same.
    """

    tree = models.CharField(_("序列"), max_length=8, choices=Tree.choices)
    kind = models.CharField(_("类别"), max_length=16, choices=UnitKind.choices)
    code = models.CharField(_("代码"), max_length=24, unique=True)
    name = models.CharField(_("名称"), max_length=80)
    short_name = models.CharField(_("简称"), max_length=24)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("上级")
    )
    path = models.CharField(max_length=120, db_index=True, editable=False)
    order = models.PositiveSmallIntegerField(_("次序"), default=0)
    opened_on = models.DateField(_("设立日期"))
    closed_on = models.DateField(_("撤销日期"), null=True, blank=True)

    objects = UnitQuerySet.as_manager()

    class Meta:
        verbose_name = _("单位")
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_on__isnull=True) | Q(closed_on__gt=F("opened_on")), name="unit_closes_after_opening"
            )
        ]

    def __str__(self) -> str:
        return self.short_name

    def get_absolute_url(self) -> str:
        return record_address("workbench:unit_detail", self.pk)

    @property
    def lineage(self) -> list[int]:
        """Ids from the root down to the unit itself."""
        return [int(part) for part in self.path.split("/") if part]

    @property
    def unit(self) -> Unit:
        return self

    @property
    def unit_id(self) -> int:
        return self.pk

    @property
    def number(self) -> str:
        return self.code

    @property
    def title(self) -> str:
        return self.name

    def search_words(self) -> Iterable[str]:
        return (self.name, self.short_name, self.code)


class UnitPlacement(models.Model):
    """Where a unit stood in its tree, and when: last year's roll-up uses last year's tree."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="placements")
    parent = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+")
    path = models.CharField(max_length=120)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True)

    objects = DatedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["path", "starts_on"])]
        constraints = [
            models.UniqueConstraint(fields=["unit"], condition=Q(ends_on__isnull=True), name="unit_stands_in_one_place")
        ]
