"""What people keep of their ledgers: named views, and exports too long to wait for."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from brigade.kit.ids import new_id
from brigade.ledgers.states import ExportFormat, ExportState

LONGEST_QUERY = 2_000


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def offered_to(self, user: Any, perm: str) -> SavedViewQuerySet:
        """One's own views, and those shared to a unit whose rows one may see with `perm`."""
        return self.filter(Q(owner=user) | Q(unit__in=user.units_for(perm)))


class SavedView(models.Model):
    """Filters, columns and sorting of one ledger under a name, kept by a person, perhaps shared to a unit.

    `listing` is the URL name of the ledger, `query` the query string that opens it so.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    unit = models.ForeignKey("org.Unit", models.PROTECT, null=True, related_name="+", verbose_name=_("共享给"))
    listing = models.CharField(max_length=80)
    name = models.CharField(_("名称"), max_length=20)
    query = models.CharField(max_length=LONGEST_QUERY)
    is_default = models.BooleanField(_("打开台账时就用它"), default=False)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        verbose_name = _("视图")
        indexes = [models.Index(fields=["listing", "owner"]), models.Index(fields=["listing", "unit"])]
        constraints = [
            models.UniqueConstraint(fields=["owner", "listing", "name"], name="view_named_once"),
            models.UniqueConstraint(
                fields=["owner", "listing"], condition=Q(is_default=True), name="view_one_default_a_ledger"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ExportRunQuerySet(models.QuerySet["ExportRun"]):
    def open(self) -> ExportRunQuerySet:
        return self.filter(state__in=[ExportState.WAITING, ExportState.RUNNING])

    def lapsed(self, now: datetime) -> ExportRunQuerySet:
        return self.filter(state=ExportState.DONE, expires_at__lte=now)


class ExportRun(models.Model):
    """An export made by the worker: who asked for which rows of which ledger, how far it is, and until when it is kept.

    Only the owner sees or downloads it. `path` and `query` are the address of the ledger as it stood on the screen.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    listing = models.CharField(max_length=80)
    path = models.CharField(max_length=200)
    query = models.CharField(max_length=LONGEST_QUERY, blank=True)
    title = models.CharField(_("台账"), max_length=60)
    conditions = models.CharField(_("条件"), max_length=400, blank=True)
    format = models.CharField(_("格式"), max_length=4, choices=ExportFormat.choices)
    state = models.CharField(_("状态"), max_length=8, choices=ExportState.choices, default=ExportState.WAITING)
    total = models.PositiveIntegerField(_("总条数"), default=0)
    written = models.PositiveIntegerField(_("已写条数"), default=0)
    error = models.CharField(_("原因"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("提出时间"))
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(_("保留到"), null=True)

    objects = ExportRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("导出")
        indexes = [
            models.Index(fields=["owner", "listing", "-created_at"]),
            models.Index(fields=["state", "expires_at"]),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def file(self) -> Path:
        return Path(settings.MEDIA_ROOT) / "exports" / f"{self.pk}.{self.format}"

    def is_kept(self, now: datetime) -> bool:
        return self.state == ExportState.DONE and self.expires_at is not None and self.expires_at > now

    @property
    def percent(self) -> int:
        return min(100, self.written * 100 // self.total) if self.total else 0
