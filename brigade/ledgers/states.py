"""Enumerations of exports."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ExportFormat(models.TextChoices):
    XLSX = "xlsx", _("表格")
    CSV = "csv", _("CSV")

    @property
    def media_type(self) -> str:
        book = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        return book if self == ExportFormat.XLSX else "text/csv; charset=utf-8"


class ExportState(models.TextChoices):
    WAITING = "waiting", _("等待")
    RUNNING = "running", _("正在导出")
    DONE = "done", _("已生成")
    FAILED = "failed", _("没有导出")
    EXPIRED = "expired", _("已过期")
