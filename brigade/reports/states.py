"""States of a report, and which series of reports there are."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ReportState(models.TextChoices):
    DRAFT = "draft", _("待确认")
    CONFIRMED = "confirmed", _("已确认")
    SUPERSEDED = "superseded", _("已有新版")


class SeriesCode(models.TextChoices):
    """How often a report is made; what stands in it is in `rules.SERIES`."""

    DAILY = "daily", _("每日简报")
    WEEKLY = "weekly", _("周报")
    MONTHLY = "monthly", _("月报")
