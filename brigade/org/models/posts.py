"""Where people work, which roles they hold, who leads a shift; which squadron polices which town."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from brigade.org.models.dates import Dated, DatedQuerySet
from brigade.org.models.units import Unit
from brigade.org.states import Role

if TYPE_CHECKING:
    from brigade.org.models.people import Person


class Posting(Dated):
    """Where a person works (任职), and when; a secondment (借调) lies over the post at home and ends by itself."""

    person = models.ForeignKey("org.Person", models.PROTECT, related_name="postings", verbose_name=_("人员"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="postings", verbose_name=_("单位"))
    title = models.CharField(_("职务"), max_length=40, blank=True)
    is_secondment = models.BooleanField(_("借调"), default=False)

    class Meta:
        verbose_name = _("任职")
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(ends_on__isnull=True), name="person_works_in_one_place"
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")), name="posting_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(is_secondment=False) | Q(ends_on__isnull=False), name="posting_secondment_ends"
            ),
        ]

    def __str__(self) -> str:
        return "·".join(filter(None, (self.unit.short_name, self.title)))


class GrantQuerySet(DatedQuerySet):
    def visible_to(self, user: Person) -> GrantQuerySet:
        return self.filter(unit__in=user.units_for("org.view_person"))

    def reaching(self, day: date) -> GrantQuerySet:
        """Valid on `day` or later."""
        return self.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=day)).exclude(ends_on=F("starts_on"))


class Grant(Dated):
    """A role that a person holds on a unit and everything under it, until `ends_on` (exclusive)."""

    person = models.ForeignKey("org.Person", models.PROTECT, related_name="grants", verbose_name=_("人员"))
    role = models.CharField(_("角色"), max_length=20, choices=Role.choices)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="grants", verbose_name=_("单位"))
    granted_by = models.CharField(_("授权人"), max_length=60)
    reason = models.CharField(_("事由"), max_length=200, blank=True)

    objects = GrantQuerySet.as_manager()

    class Meta:
        verbose_name = _("授权")
        indexes = [models.Index(fields=["unit", "role"])]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "role", "unit"], condition=Q(ends_on__isnull=True), name="grant_held_once"
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")), name="grant_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person.name}·{self.get_role_display()}·{self.unit.short_name}"

    @property
    def title(self) -> str:
        return str(self)


class DutyTurn(models.Model):
    """Who leads the shift of a unit on a day (带班领导)."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="duty_turns", verbose_name=_("单位"))
    day = models.DateField(_("日期"))
    person = models.ForeignKey("org.Person", models.PROTECT, related_name="duty_turns", verbose_name=_("带班领导"))

    class Meta:
        verbose_name = _("带班安排")
        constraints = [models.UniqueConstraint(fields=["unit", "day"], name="duty_led_by_one")]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d} {self.person}"


class Beat(Dated):
    """Which squadron polices a street or town (辖区), and when."""

    town = models.ForeignKey("reference.Town", models.PROTECT, related_name="beats", verbose_name=_("乡镇街道"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="beats", verbose_name=_("单位"))

    class Meta:
        verbose_name = _("辖区")
        constraints = [
            models.UniqueConstraint(fields=["town"], condition=Q(ends_on__isnull=True), name="beat_of_one_unit"),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")), name="beat_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return str(self.town)
