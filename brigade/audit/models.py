"""The audit trail: one row for each thing somebody did, and the seals that make a later change show."""

from __future__ import annotations

import json
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from brigade.audit.states import Result


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    def visible_to(self, user: Any) -> AuditEventQuerySet:
        """Events of the units whose audit the person reads; what belongs to no unit is read by every auditor."""
        units = user.units_for("audit.view_auditevent")
        return self.filter(Q(unit_id__in=units) | Q(unit_id=None)) if units else self.none()

    def of(self, target: Any) -> AuditEventQuerySet:
        """The history of one record, in the order in which it happened."""
        return self.filter(target_type=target._meta.label_lower, target_id=str(target.pk)).order_by("at", "id")


class AuditEvent(models.Model):
    """Who did what to what, when, from where, with what result. Never changed and never removed.

    No foreign keys and all names as text: the row outlives the person and the record that it speaks of. `changes_text`
    is canonical JSON, kept as text so that the digest comes out the same on every database.
    """

    at = models.DateTimeField(_("时间"))
    actor_id = models.BigIntegerField(null=True)
    actor_no = models.CharField(_("警号"), max_length=16, blank=True)
    actor_name = models.CharField(_("姓名"), max_length=40)
    unit_id = models.BigIntegerField(null=True)
    verb = models.CharField(_("事项"), max_length=80)
    target_type = models.CharField(max_length=80, blank=True)
    target_id = models.CharField(max_length=40, blank=True)
    target_number = models.CharField(_("编号"), max_length=40, blank=True)
    target_title = models.CharField(_("对象"), max_length=160, blank=True)
    sentence = models.TextField(_("内容"))
    changes_text = models.TextField(blank=True)
    note = models.TextField(_("理由"), blank=True)
    result = models.CharField(_("结果"), max_length=8, choices=Result.choices, default=Result.OK)
    request_id = models.CharField(max_length=64, blank=True)
    ip = models.CharField(_("地址"), max_length=45, blank=True)
    terminal = models.CharField(_("终端"), max_length=200, blank=True)
    digest = models.CharField(max_length=64)
    seal = models.BigIntegerField(null=True)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("审计记录")
        indexes = [
            models.Index(fields=["target_type", "target_id", "-at"], name="audit_target_at"),
            models.Index(fields=["actor_id", "-at"], name="audit_actor_at"),
            models.Index(fields=["verb", "-at"], name="audit_verb_at"),
            models.Index(fields=["unit_id", "-at"], name="audit_unit_at"),
            models.Index(fields=["-at", "-id"], name="audit_at"),
            models.Index(fields=["result", "-at", "-id"], name="audit_result_at"),
            models.Index(fields=["id"], name="audit_unsealed", condition=Q(seal=None)),
        ]

    def __str__(self) -> str:
        return self.sentence

    @property
    def changes(self) -> dict[str, Any]:
        """Field → [before, after], with sensitive values masked."""
        return json.loads(self.changes_text) if self.changes_text else {}


class Seal(models.Model):
    """A batch of events closed for good: their ids and digests, chained to the seal before."""

    n = models.BigIntegerField(primary_key=True)
    prev = models.CharField(max_length=64)
    at = models.DateTimeField()
    count = models.PositiveIntegerField()
    digests = models.TextField()
    digest = models.CharField(max_length=64)

    objects = models.Manager["Seal"]()

    class Meta:
        verbose_name = _("审计封存")

    def __str__(self) -> str:
        return f"{self.n} {self.digest}"
