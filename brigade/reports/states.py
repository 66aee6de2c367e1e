"""States of a report, and which series of reports there are."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ReportState(models.TextChoices):
    DRAFT = "draft", _("待确认")
    CONFIRMED = "confirmed", _("已确认")
    SUPERSEDED = "superseded", _("已有新版")


class SeriesCode(models.TextChoices):
    """Whose report of what period; what stands in it and who confirms it is in `rules.SERIES`."""

    DAILY = "daily", _("每日简报")
    WEEKLY = "weekly", _("周报")
    MONTHLY = "monthly", _("月报")
    UNIT_WEEKLY = "unit_weekly", _("中队周报")
    UNIT_MONTHLY = "unit_monthly", _("中队月报")
    HALL_DAILY = "hall_daily", _("大厅日报")
    PARTY_RETURN = "party_return", _("党建季报")
