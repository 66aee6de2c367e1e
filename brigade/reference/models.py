"""Work calendar, number counters, dated parameters, towns, villages and roads."""

from datetime import date
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from brigade.reference.states import DayReason, RoadClass, Scope, TownKind, Trust


class CalendarYear(models.Model):
    """One calendar year and where its list of holidays comes from.

    A year without a row, or with `is_published` false, is worked out as Monday to Friday and everything computed from
    it is provisional (暂算). `revision` grows with each change; while it is ahead of `recomputed_revision`, due dates
    that touch the year still have to be worked out again.
    """

    year = models.PositiveSmallIntegerField(_("年份"), unique=True)
    is_published = models.BooleanField(_("已公布"), default=False)
    source = models.CharField(_("来源"), max_length=200)
    revision = models.PositiveIntegerField(default=1)
    recomputed_revision = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("工作日历年份")

    def __str__(self) -> str:
        return str(self.year)


class WorkCalendarDay(models.Model):
    """A date that the State Council's notice or the brigade names: a day off, or a make-up working day (调休)."""

    date = models.DateField(_("日期"), unique=True)
    is_workday = models.BooleanField(_("工作日"))
    reason = models.CharField(_("原因"), max_length=8, choices=DayReason.choices)
    note = models.CharField(_("说明"), max_length=100, blank=True)
    source = models.CharField(_("来源"), max_length=200)

    class Meta:
        verbose_name = _("工作日历")

    def __str__(self) -> str:
        return self.date.isoformat()


class Counter(models.Model):
    """The last number given out for one unit, kind of document and year; numbers have no gaps."""

    unit = models.ForeignKey("org.Unit", models.PROTECT, related_name="+")
    kind = models.CharField(max_length=60)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("编号")
        constraints = [models.UniqueConstraint(fields=["unit", "kind", "year"], name="counter_runs_once")]


class ParameterQuerySet(models.QuerySet["Parameter"]):
    def on(self, day: date) -> "ParameterQuerySet":
        return self.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=day), valid_from__lte=day)


class Parameter(models.Model):
    """A figure that a rule works with, valid from `valid_from` up to but not including `valid_to`."""

    code = models.CharField(_("代码"), max_length=60)
    label = models.CharField(_("名称"), max_length=80)
    value = models.JSONField(_("值"))
    measure = models.CharField(_("单位"), max_length=20, blank=True)
    valid_from = models.DateField(_("起"))
    valid_to = models.DateField(_("止"), null=True)
    source = models.CharField(_("依据"), max_length=200)
    note = models.CharField(_("说明"), max_length=200, blank=True)
    verified = models.CharField(_("可信程度"), max_length=10, choices=Trust.choices)

    objects = ParameterQuerySet.as_manager()

    class Meta:
        verbose_name = _("参数")
        constraints = [
            models.UniqueConstraint(fields=["code", "valid_from"], name="parameter_starts_once_a_day"),
            models.UniqueConstraint(
                fields=["code"], condition=Q(valid_to__isnull=True), name="parameter_has_one_open_value"
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")), name="parameter_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def shown(self) -> str:
        """The value as people write it: yes or no, spans of time, figures."""
        if isinstance(self.value, bool):
            return str(_("是") if self.value else _("否"))
        if isinstance(self.value, list):
            spans = self.value if isinstance(self.value[0], list) else [self.value]
            return "、".join("–".join(map(str, span)) for span in spans)
        return str(self.value)


class Town(models.Model):
    """A street or town of the district; whether the brigade polices it is for the brigade to say."""

    code = models.CharField(_("区划代码"), max_length=12, unique=True, null=True)
    name = models.CharField(_("名称"), max_length=40, unique=True)
    kind = models.CharField(_("类别"), max_length=8, choices=TownKind.choices)
    is_urban = models.BooleanField(_("城区"), default=False)
    in_jurisdiction = models.CharField(_("辖区"), max_length=8, choices=Scope.choices, default=Scope.CHECK)
    note = models.CharField(_("说明"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("乡镇街道")

    def __str__(self) -> str:
        return self.name


class Village(models.Model):
    """A village or community (村、社区) of a town."""

    code = models.CharField(_("区划代码"), max_length=12, unique=True)
    name = models.CharField(_("名称"), max_length=60)
    town = models.ForeignKey(Town, models.PROTECT, related_name="villages", verbose_name=_("乡镇街道"))

    class Meta:
        verbose_name = _("村社区")

    def __str__(self) -> str:
        return self.name


class RoadQuerySet(models.QuerySet["Road"]):
    def surveyed(self) -> "RoadQuerySet":
        """Those whose course is known."""
        return self.exclude(stakes=[])

    def visible_to(self, user: Any) -> "RoadQuerySet":
        """Roads are no secret among those who work with them."""
        return self.all() if user.has_perm("reference.view_road") else self.none()


class Road(models.Model):
    """A road or a street, and who keeps it.

    `stakes` is its course as surveyed: [metres, latitude, longitude] in WGS-84, by rising stakes; empty where nobody
    surveyed it. `breaks` are its chainage equations (断链): [back, ahead] says that the stake `back` is the stake
    `ahead` at the same place, so that metres between two stakes are not their difference.
    """

    code = models.CharField(_("编号"), max_length=12, unique=True)
    name = models.CharField(_("名称"), max_length=40)
    road_class = models.CharField(_("类别"), max_length=10, choices=RoadClass.choices)
    is_urban = models.BooleanField(_("城区"), default=False)
    is_divided = models.BooleanField(_("有中央隔离"), default=False)
    owner = models.ForeignKey(
        "org.Unit", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("管养单位")
    )
    stakes = models.JSONField(_("桩号坐标"), default=list, blank=True)
    breaks = models.JSONField(_("断链"), default=list, blank=True)
    is_synthetic = models.BooleanField(_("演示数据"), default=False)

    objects = RoadQuerySet.as_manager()

    class Meta:
        verbose_name = _("道路")

    def __str__(self) -> str:
        return f"{self.name}（{self.code}）"

    @property
    def surveyed(self) -> int:
        """Of how many of its stakes the place is known."""
        return len(self.stakes)
