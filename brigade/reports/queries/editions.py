"""Which reports and editions there are, whom they are made for, and whether one is what was made."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from django.db.models import QuerySet

from brigade.kit.clocks import Period
from brigade.kit.crypto import sm3
from brigade.org.models import Person, Unit
from brigade.reports.models import Report
from brigade.reports.rules import Series
from brigade.reports.states import ReportState


def canonical(content: dict[str, Any]) -> bytes:
    """The content written in one way whatever database kept it, so that the same content is the same bytes."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def digest_of(content: dict[str, Any]) -> str:
    return sm3(canonical(content)).hex()


def is_intact(report: Report) -> bool:
    """Whether what is kept is what was made."""
    return digest_of(report.snapshot.content) == report.snapshot.digest


def that_counts(series: Series, unit: Unit, period: Period) -> Report | None:
    """The edition of a report that counts; None where there is none yet."""
    rows = Report.objects.filter(unit=unit, series=series.code, period=period.code)
    return rows.exclude(state=ReportState.SUPERSEDED).first()


def editions_of(report: Report) -> QuerySet[Report]:
    """All editions of the same report, the last one first."""
    rows = Report.objects.filter(unit=report.unit_id, series=report.series, period=report.period)
    return rows.select_related("confirmed_by", "created_by").order_by("-edition")


def kept(user: Person, code: str, unit: Unit, period: Period) -> Report | None:
    """The edition that counts of a report that the user may see."""
    rows = Report.objects.visible_to(user).filter(unit=unit, series=code, period=period.code)
    return rows.exclude(state=ReportState.SUPERSEDED).first()


def units_of(series: Series, on: date) -> QuerySet[Unit]:
    """Whom the series is made for."""
    return Unit.objects.filter(kind=series.unit_kind).open_on(on).order_by("path")
