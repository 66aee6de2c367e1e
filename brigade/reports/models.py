"""Reports of a unit about a day, a week or a month: what stood in the figures when they were made, for good."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from brigade.org.models import Person, Record, RecordQuerySet
from brigade.reports.states import ReportState, SeriesCode

VIEW = "reports.view_report"


class Report(Record):
    """One edition (版次) of a report: made by the clock or by a person, confirmed by a person, never changed.

    What it says is in its `Snapshot`; only `sentence` is somebody's own words. Making it again gives the next edition
    under the same number, and of a period only the last edition counts.
    """

    # It speaks of a unit as it was: it stays with that unit when the unit goes into another one.
    OPEN = frozenset()

    state = models.CharField(_("状态"), max_length=24, choices=ReportState.choices)
    series = models.CharField(_("种类"), max_length=12, choices=SeriesCode.choices)
    period = models.CharField(_("期间"), max_length=10)
    starts_on = models.DateField(_("起"))
    ends_on = models.DateField(_("止"))
    edition = models.PositiveSmallIntegerField(_("版次"), default=1)
    cut_off_at = models.DateTimeField(_("数据截至"))
    formula = models.PositiveSmallIntegerField(_("口径版本"))
    reason = models.CharField(_("重新生成的原因"), max_length=200, blank=True)
    sentence = models.CharField(_("补充一句"), max_length=200, blank=True)
    confirmed_at = models.DateTimeField(_("确认时间"), null=True)
    confirmed_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name=_("确认人"))

    objects = RecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("报告")
        indexes = [
            models.Index(fields=["unit", "-ends_on", "-id"], name="report_of_unit"),
            models.Index(fields=["-ends_on", "-id"], name="report_by_end"),
            models.Index(fields=["state", "-ends_on"], name="report_by_state"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["unit", "series", "period", "edition"], name="report_once_an_edition"),
            models.UniqueConstraint(
                fields=["unit", "series", "period"], condition=~Q(state="superseded"), name="report_one_that_counts"
            ),
            models.UniqueConstraint(fields=["unit", "number", "edition"], name="report_number_once"),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="report_ends_after_start"),
            models.CheckConstraint(
                condition=~Q(state="confirmed") | Q(confirmed_at__isnull=False, confirmed_by__isnull=False),
                name="report_confirmed_by_somebody",
            ),
            models.CheckConstraint(condition=Q(edition=1) | ~Q(reason=""), name="report_again_with_reason"),
        ]

    def search_words(self) -> Iterable[str]:
        return (self.title, self.number, self.sentence)


class Snapshot(models.Model):
    """What a report says, figures and words alike, as it was made; nothing writes to it again.

    `digest` is the SM3 of the content written in one fixed way, so that anybody can see that it is the same still.
    """

    report = models.OneToOneField(Report, models.PROTECT, related_name="snapshot", verbose_name=_("报告"))
    content = models.JSONField(_("内容"))
    digest = models.CharField(_("校验值"), max_length=64)

    class Meta:
        verbose_name = _("报告内容")
