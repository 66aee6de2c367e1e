"""What is found on the spot or put on paper about a hazard: photos, verifications, rechecks, documents."""

from __future__ import annotations

from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from brigade.org.models import Person, Unit
from enforcement.hazards.states import (
    DocumentKind,
    NoFix,
    PhotoKind,
)


class HazardPhoto(models.Model):
    """A picture of a hazard: what it shows, when it was taken and by whom; `dhash` finds the same picture again.

    `came_with` is the merged hazard that brought it along, to which it goes back when the merger comes to nothing.
    """

    hazard = models.ForeignKey("hazards.Hazard", models.PROTECT, related_name="photos", verbose_name=_("隐患"))
    file = models.ForeignKey("files.File", models.PROTECT, related_name="+", verbose_name=_("照片"))
    kind = models.CharField(_("类别"), max_length=12, choices=PhotoKind.choices)
    taken_at = models.DateTimeField(_("拍摄时间"))
    by = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("上传人"))
    note = models.CharField(_("说明"), max_length=80, blank=True)
    dhash = models.CharField(max_length=16, editable=False)
    came_with = models.ForeignKey(
        "hazards.Hazard", models.PROTECT, null=True, related_name="+", verbose_name=_("随并案带来")
    )

    class Meta:
        verbose_name = _("隐患照片")
        constraints = [models.UniqueConstraint(fields=["hazard", "file"], name="hazardphoto_once")]


class Verification(models.Model):
    """What two police found on the spot after the owner said it was mended; one that passed is the closing record.

    `owner` and `due_at` are kept as they were, so that a hazard that comes back does not change last month;
    `reopened_at` says until when a closing held.
    """

    hazard = models.ForeignKey("hazards.Hazard", models.PROTECT, related_name="verifications", verbose_name=_("隐患"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("单位"))
    owner = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("责任单位"))
    at = models.DateTimeField(_("核验时间"))
    submitted_at = models.DateTimeField(_("提交核验"))
    due_at = models.DateTimeField(_("整改期限"))
    has_passed = models.BooleanField(_("通过"))
    first = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("核验人"))
    second = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name=_("核验人"))
    checks = models.JSONField(_("核验项"), default=dict)
    distance_m = models.PositiveIntegerField(_("距隐患（米）"), null=True)
    no_fix = models.CharField(_("没有定位的原因"), max_length=12, choices=NoFix.choices, blank=True)
    note = models.CharField(_("说明"), max_length=300, blank=True)
    reopened_at = models.DateTimeField(_("反弹重开"), null=True)

    class Meta:
        verbose_name = _("核验")
        indexes = [models.Index(fields=["unit", "at"], name="verification_of_unit")]
        constraints = [
            models.CheckConstraint(
                condition=Q(has_passed=False) | Q(second__isnull=False), name="verification_passed_by_two"
            ),
            models.CheckConstraint(
                condition=Q(second__isnull=True) | ~Q(second=F("first")), name="verification_by_two_people"
            ),
            models.CheckConstraint(
                condition=Q(has_passed=True) | Q(note__gt=""), name="verification_failed_with_a_reason"
            ),
        ]

    @property
    def is_on_time(self) -> bool:
        """Whether the owner was in time; a late verification is the police's."""
        return self.submitted_at <= self.due_at


class Recheck(models.Model):
    """That somebody went back to a closed hazard (回访) and found it still mended; `closed_at` says which closing."""

    hazard = models.ForeignKey("hazards.Hazard", models.PROTECT, related_name="rechecks", verbose_name=_("隐患"))
    closed_at = models.DateTimeField(_("销号"))
    at = models.DateTimeField(_("回访时间"))
    by = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("回访人"))
    note = models.CharField(_("情况"), max_length=300)

    class Meta:
        verbose_name = _("回访")
        constraints = [
            models.CheckConstraint(condition=Q(at__gte=F("closed_at")), name="recheck_after_closing"),
        ]


class HazardDocument(models.Model):
    """A document that was issued (文书): its number never comes again, and `facts` are what it was printed from.

    `step` is the day of the overdue ladder that wrote it, 0 for all others; one step writes once for one limit.
    """

    hazard = models.ForeignKey("hazards.Hazard", models.PROTECT, related_name="documents", verbose_name=_("隐患"))
    kind = models.CharField(_("文书"), max_length=12, choices=DocumentKind.choices)
    number = models.CharField(_("文号"), max_length=40, unique=True)
    issued_at = models.DateTimeField(_("制发时间"))
    issued_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name=_("制发人"))
    signed_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name=_("签发人"))
    step = models.PositiveSmallIntegerField(_("逾期天数"), default=0)
    due_at = models.DateTimeField(_("整改期限"), null=True)
    facts: Any = models.JSONField(encoder=DjangoJSONEncoder)

    class Meta:
        verbose_name = _("隐患文书")
        indexes = [models.Index(fields=["kind", "-issued_at", "-id"], name="hazarddocument_by_kind")]
        constraints = [
            models.UniqueConstraint(
                fields=["hazard", "due_at", "step"], condition=Q(step__gt=0), name="escalated_once_a_step"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}{self.number}"
