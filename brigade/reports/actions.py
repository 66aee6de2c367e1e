"""Every write to reports: made, confirmed, made again. All go through the door."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade import workflow
from brigade.audit.actions import SYSTEM
from brigade.indicators.actions import drain
from brigade.kit.clocks import Period, parse_period
from brigade.kit.refusals import Refused
from brigade.kit.text import clean_text, fitting, needed
from brigade.org.models import Unit
from brigade.org.states import UnitKind
from brigade.reference.actions import next_number
from brigade.reference.queries import calendar
from brigade.reports import moves, queries, rules
from brigade.reports.models import Report, Snapshot
from brigade.reports.rules import Series


def build_due(*, now: datetime) -> str:
    """Make every report that should be there by `now` and is not; a timed job.

    What was missed is made up for as far back as its series says. Each report is a transaction of its own: a worker
    killed in the middle leaves whole reports, and the next run makes the rest.
    """
    # A run that was made up for has a planned moment of long ago, but the figures are those of now.
    cut_off = max(now, timezone.now())
    drain(now=cut_off)
    made = empty = 0
    for series in rules.SERIES.values():
        for period in rules.periods_due(series, now, calendar()):
            for unit in queries.units_of(series, period.end):
                if queries.that_counts(series, unit, period) is not None:
                    continue
                if _build(series, unit, period, by=SYSTEM, now=cut_off) is None:
                    empty += 1
                else:
                    made += 1
    return _("生成%(made)d份，没有数据的%(empty)d份") % {"made": made, "empty": empty}


def build(*, by: Any, series: Series, unit: Unit, period: Period, now: datetime) -> Report:
    """Make the report of a period that is over, if there is none: the one that counts comes back. Who answers for it.

    Refused: a period that still runs, one without any data, a unit that the series is not made for.
    """
    rules.check_over(series, period, now, calendar())
    if unit.kind != series.unit_kind:
        raise Refused(_("%(series)s按%(kind)s生成，%(unit)s没有") % {
            "series": series.code.label, "kind": UnitKind(series.unit_kind).label, "unit": unit.name,
        }, field="unit")  # fmt: skip
    found = queries.that_counts(series, unit, period)
    if found is not None:
        return found
    drain(now=now)
    made = _build(series, unit, period, by=by, now=now)
    if made is None:
        raise _nothing(period)
    return made


def confirm(*, by: Any, report: Report, now: datetime, sentence: str = "", version: int | None = None) -> Report:
    """Say that the report may go out, with a sentence of one's own or without. Who answers for the unit.

    Whom its series names is told. What it says does not change.
    """
    changes = {
        "sentence": fitting(clean_text(sentence), 200, "sentence"),
        "confirmed_at": now,
        "confirmed_by": by,
    }
    return workflow.advance(report, moves.CONFIRM, by=by, now=now, version=version, changes=changes)


def rebuild(*, by: Any, report: Report, now: datetime, reason: str, version: int | None = None) -> Report:
    """Make the report again from the figures of now, as its next edition under the same number, with a reason.

    Who answers for the unit. The present edition stays as it is, as 已有新版, and the new one has to be confirmed.
    """
    reason = fitting(needed(reason, "reason", _("写明为什么重新生成")), 200, "reason")
    series, period = rules.SERIES[report.series], parse_period(report.period)
    drain(now=now)
    with transaction.atomic():
        old = workflow.advance(report, moves.REBUILD, by=by, now=now, version=version, reason=reason)
        made = _build(series, old.unit, period, by=by, now=now, before=old, reason=reason)
        if made is None:
            raise _nothing(period)
    return made


def _nothing(period: Period) -> Refused:
    return Refused(_("%s没有数据，不生成报告；补录以后再来") % period.label, field="day")


@transaction.atomic
def _build(
    series: Series,
    unit: Unit,
    period: Period,
    *,
    by: Any,
    now: datetime,
    before: Report | None = None,
    reason: str = "",
) -> Report | None:
    """The next edition, with what it says, in one transaction; None where there is nothing to say."""
    content = queries.content_of(series, unit, period, cut_off=now)
    if content is None:
        return None
    edition = before.edition + 1 if before else 1
    report = Report(
        id=_id(series, unit, period, edition),
        unit=unit,
        number=before.number if before else "",
        title=content["title"],
        series=series.code,
        period=period.code,
        starts_on=period.start,
        ends_on=period.end,
        edition=edition,
        cut_off_at=now,
        formula=rules.FORMULA,
        reason=reason,
    )

    def write(new: Report) -> dict[str, Any]:
        if not new.number:
            year = timezone.localdate(now).year
            new.number = f"{unit.code}-BG-{year}-{next_number(unit.pk, 'report', year):04}"
        return {"digest": ["", digest], "edition": ["", edition]}

    digest = queries.digest_of(content)
    made = workflow.begin(report, moves.BUILD, by=by, now=now, write=write)
    if made is report:  # not what another worker made at the same moment
        Snapshot.objects.create(report=made, content=content, digest=digest)
    return made


def _id(series: Series, unit: Unit, period: Period, edition: int) -> UUID:
    """The same for everybody who makes the same edition, so that two at once make one."""
    return uuid5(NAMESPACE_URL, f"report:{series.code}:{unit.pk}:{period.code}:{edition}")


MAKE: dict[str, Callable[..., Report]] = {"confirm": confirm, "rebuild": rebuild}
"""Move → the action that makes it; the page and the API both come here."""
