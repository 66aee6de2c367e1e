"""What is planned for people and units from a day on, and where records stood before."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from brigade.org.models.people import Person
from brigade.org.models.posts import Posting
from brigade.org.models.units import Unit
from brigade.org.states import ChangeKind, ChangeState, Role


class SecondmentQuerySet(models.QuerySet):
    def visible_to(self, user: Person) -> SecondmentQuerySet:
        return self.filter(posting__person__in=Person.objects.visible_to(user))


class Secondment(models.Model):
    """What goes with a seconded person: the roles he is to have there, and whether he keeps those at home meanwhile.

    The system administrator sends him, the security administrator settles the roles; `settled_by` is empty till then.
    """

    posting = models.OneToOneField(Posting, models.PROTECT, related_name="secondment")
    roles = models.JSONField(_("角色"), default=list)
    given = models.JSONField(default=list)
    resumed = models.JSONField(default=list)
    """Ids of the grants that were given for the time, and of those that begin again after it."""
    keeps_home = models.BooleanField(_("原单位的角色照留"), default=False)
    reason = models.CharField(_("事由"), max_length=200, blank=True)
    ordered_by = models.CharField(_("经办人"), max_length=60)
    settled_by = models.CharField(_("授权人"), max_length=60, blank=True)

    objects = SecondmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("借调")

    @property
    def unit(self) -> Unit:
        return self.posting.unit

    @property
    def what(self) -> str:
        return str(_("%(name)s借调%(unit)s") % {"name": self.posting.person.name, "unit": self.posting.unit})

    @property
    def role_labels(self) -> str:
        return "、".join(str(Role(role).label) for role in self.roles)


class Departure(models.Model):
    """That a person leaves (离任): from which day, who takes over what, and whether his account has been closed.

    `heirs` maps a group of what he holds, as `<code>.<unit>`, to the id of who takes it: what comes to him between the
    decision and the day goes the same way.
    """

    person = models.ForeignKey(Person, models.PROTECT, related_name="departures", verbose_name=_("人员"))
    leaves_on = models.DateField(_("离任日期"))
    reason = models.CharField(_("事由"), max_length=200)
    heirs = models.JSONField(default=dict)
    decided_by = models.CharField(_("经办人"), max_length=60)
    decided_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("离任")
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(closed_at__isnull=True), name="departure_planned_once"
            )
        ]


class UnitChangeQuerySet(models.QuerySet):
    def open(self) -> UnitChangeQuerySet:
        return self.filter(state__in=[ChangeState.WAITING, ChangeState.READY, ChangeState.RUNNING])

    def due(self, day: date) -> UnitChangeQuerySet:
        """To be carried out by that day, what was broken off first."""
        return self.filter(state__in=[ChangeState.READY, ChangeState.RUNNING], since__lte=day).order_by("since", "pk")

    def visible_to(self, user: Person) -> UnitChangeQuerySet:
        return self.filter(unit__in=user.units_for("org.view_unit"))


class UnitChange(models.Model):
    """A unit that goes into another, hangs below another, or takes over towns, from a day on (机构调整).

    The system administrator plans it; where roles go along, the security administrator agrees first. `total` and
    `moved` say how far its open records are.
    """

    kind = models.CharField(_("调整"), max_length=8, choices=ChangeKind.choices)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="changes", verbose_name=_("单位"))
    into = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+", verbose_name=_("并入、移到"))
    towns = models.JSONField(default=list)
    since = models.DateField(_("从哪天起"))
    reason = models.CharField(_("依据"), max_length=200)
    state = models.CharField(_("状态"), max_length=8, choices=ChangeState.choices)
    grants = models.JSONField(default=list)
    planned_by = models.CharField(_("经办人"), max_length=60)
    planned_at = models.DateTimeField()
    agreed_by = models.CharField(_("同意人"), max_length=60, blank=True)
    total = models.PositiveIntegerField(_("未办结的记录"), default=0)
    moved = models.PositiveIntegerField(_("已转"), default=0)
    done_at = models.DateTimeField(null=True)

    objects = UnitChangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("机构调整")
        constraints = [
            models.UniqueConstraint(
                fields=["unit"], condition=Q(state__in=["waiting", "ready", "running"]), name="unit_changes_once_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.unit.name}·{self.get_kind_display()}"

    @property
    def title(self) -> str:
        return str(self)

    @property
    def what(self) -> str:
        return f"{self.unit}{self.get_kind_display()}{self.into or ''}"

    @property
    def receiver(self) -> Unit:
        """Who takes over: the unit into or below which it goes, or the one that takes the towns."""
        return self.into or self.unit

    @property
    def percent(self) -> int:
        return min(100, self.moved * 100 // self.total) if self.total else 0


class Station(models.Model):
    """Where a record stood before it went to another unit: till `until` (exclusive) it counts for `unit`.

    Figures of the days before ask here, so that a change of units leaves the past as it was.
    """

    kind = models.CharField(max_length=48)
    record = models.UUIDField()
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    until = models.DateField()

    class Meta:
        indexes = [
            models.Index(fields=["record", "until"], name="station_of_record"),
            models.Index(fields=["unit", "kind"], name="station_of_unit"),
        ]
