"""What becomes of an owner's time: turns, extensions, pauses of the clock, and listings by a government."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from brigade.org.models import Person, Unit
from enforcement.hazards.states import (
    ListingLevel,
    PauseKind,
)


class OwnerTurn(models.Model):
    """The time that one owner had a hazard; with another owner a new turn begins, and the old one keeps its own."""

    hazard = models.ForeignKey("hazards.Hazard", models.PROTECT, related_name="turns", verbose_name=_("隐患"))
    owner = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("责任单位"))
    delivered_at = models.DateTimeField(_("送达"))
    due_at = models.DateTimeField(_("期限"))
    ended_at = models.DateTimeField(_("止"), null=True)
    reason = models.CharField(_("转办理由"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("责任单位经手")
        constraints = [
            models.UniqueConstraint(fields=["hazard"], condition=Q(ended_at__isnull=True), name="ownerturn_one_open"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("delivered_at")),
                name="ownerturn_ends_after_start",
            ),
        ]

    def days(self, now: datetime) -> int:
        """Whole days that the owner has had it."""
        return ((self.ended_at or now) - self.delivered_at).days


class Extension(models.Model):
    """That the owner asked for more time before its limit, and what was answered."""

    hazard = models.ForeignKey("hazards.Hazard", models.PROTECT, related_name="extensions", verbose_name=_("隐患"))
    seq = models.PositiveSmallIntegerField(_("次数"))
    days = models.PositiveSmallIntegerField(_("延长天数"))
    reason = models.CharField(_("理由"), max_length=300)
    old_due_at = models.DateTimeField(_("原期限"))
    new_due_at = models.DateTimeField(_("新期限"))
    asked_at = models.DateTimeField(_("申请时间"))
    asked_by = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("申请人"))
    decided_at = models.DateTimeField(_("审批时间"), null=True)
    decided_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name=_("审批人"))
    is_granted = models.BooleanField(_("同意"), null=True)
    answer = models.CharField(_("审批意见"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("延期")
        constraints = [
            models.UniqueConstraint(fields=["hazard", "seq"], name="extension_in_order"),
            models.UniqueConstraint(fields=["hazard"], condition=Q(decided_at__isnull=True), name="extension_one_open"),
            models.CheckConstraint(condition=Q(new_due_at__gt=F("old_due_at")), name="extension_goes_forward"),
            models.CheckConstraint(
                condition=Q(decided_at__isnull=True, is_granted__isnull=True)
                | Q(decided_at__isnull=False, is_granted__isnull=False),
                name="extension_decided_with_an_answer",
            ),
        ]


class ClockPause(models.Model):
    """A stretch in which the owner's clock stood still: while 会商 decided whose it is, or while it was deferred."""

    hazard = models.ForeignKey("hazards.Hazard", models.PROTECT, related_name="pauses", verbose_name=_("隐患"))
    kind = models.CharField(_("原因"), max_length=8, choices=PauseKind.choices)
    started_at = models.DateTimeField(_("起"))
    ended_at = models.DateTimeField(_("止"), null=True)
    note = models.CharField(_("说明"), max_length=300, blank=True)
    by = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("经办人"))

    class Meta:
        verbose_name = _("计时暂停")
        constraints = [
            models.UniqueConstraint(
                fields=["hazard", "kind"], condition=Q(ended_at__isnull=True), name="clockpause_one_open"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")),
                name="clockpause_ends_after_start",
            ),
        ]


class SupervisionListing(models.Model):
    """That a level of government put a hazard on its list (挂牌督办); only that level takes it off again."""

    hazard = models.ForeignKey("hazards.Hazard", models.PROTECT, related_name="listings", verbose_name=_("隐患"))
    level = models.CharField(_("级别"), max_length=8, choices=ListingLevel.choices)
    document_no = models.CharField(_("挂牌文号"), max_length=60)
    leader = models.CharField(_("挂牌责任领导"), max_length=60)
    listed_on = models.DateField(_("挂牌日期"))
    due_on = models.DateField(_("挂牌期限"), null=True, blank=True)
    is_public = models.BooleanField(_("公示"), default=False)
    listed_by = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("登记人"))
    delisted_on = models.DateField(_("摘牌日期"), null=True)
    delisting_no = models.CharField(_("摘牌文号"), max_length=60, blank=True)
    delisted_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name=_("摘牌登记人"))

    class Meta:
        verbose_name = _("挂牌督办")
        constraints = [
            models.UniqueConstraint(
                fields=["hazard", "level"], condition=Q(delisted_on__isnull=True), name="listing_once_a_level"
            ),
            models.CheckConstraint(
                condition=Q(delisted_on__isnull=True, delisting_no="")
                | Q(delisted_on__gte=F("listed_on"), delisting_no__gt=""),
                name="listing_ends_by_document",
            ),
        ]
