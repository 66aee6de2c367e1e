"""Enumerations of exports and imports."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from brigade.kit.exporting import MEDIA_TYPE


class ExportFormat(models.TextChoices):
    XLSX = "xlsx", _("表格")
    CSV = "csv", _("CSV")

    @property
    def media_type(self) -> str:
        return MEDIA_TYPE if self == ExportFormat.XLSX else "text/csv; charset=utf-8"


class ExportState(models.TextChoices):
    WAITING = "waiting", _("等待")
    RUNNING = "running", _("正在导出")
    DONE = "done", _("已生成")
    FAILED = "failed", _("没有导出")
    EXPIRED = "expired", _("已过期")


class ImportState(models.TextChoices):
    """Where an import stands: nothing of it is in the ledger before `done`, and nothing after `undone`."""

    UPLOADED = "uploaded", _("待对列")
    CHECKED = "checked", _("已预检")
    WAITING = "waiting", _("等待入库")
    RUNNING = "running", _("正在入库")
    DONE = "done", _("已入库")
    FAILED = "failed", _("没有入库")
    UNDOING = "undoing", _("正在撤销")
    UNDONE = "undone", _("已撤销")
    EXPIRED = "expired", _("已过期")


CHECKABLE = frozenset({ImportState.UPLOADED, ImportState.CHECKED, ImportState.FAILED})
"""The file may be checked anew, by another mapping too."""
AT_WORK = frozenset({ImportState.WAITING, ImportState.RUNNING, ImportState.UNDOING})
