"""The reports that the clock would have made by this morning, all but the last day's and the week's confirmed."""

from __future__ import annotations

from datetime import datetime

from brigade.reports.actions import build_due, confirm
from brigade.reports.models import Report
from brigade.workbench.demo.world import World

CLERK = "D10011"
SENTENCES = {"monthly": "窗口办件高峰在月末三天，下月起月末加开一个窗口。"}


def build(world: World, now: datetime) -> None:
    """Make what is due; the clerk has confirmed the older ones, one with a sentence of hers."""
    build_due(now=now)
    waiting = {
        report.pk
        for series in ("daily", "weekly")
        for report in Report.objects.filter(series=series).order_by("-ends_on")[:1]
    }
    for report in Report.objects.exclude(pk__in=waiting).order_by("created_at", "pk"):
        confirm(by=world.people[CLERK], report=report, now=now, sentence=SENTENCES.get(report.series, ""))
    Report.objects.update(is_synthetic=True)
