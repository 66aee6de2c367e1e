"""What a report makes due: somebody looks at it and confirms it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, time

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.kit.clocks import add_workdays, at
from brigade.obligations.models import Key, Obligation
from brigade.obligations.rules import Answer, Rule, Step, workdays_from_due
from brigade.obligations.states import ObligationState
from brigade.org.states import Role
from brigade.reference.queries import calendar, parameter
from brigade.reports.models import VIEW, Report
from brigade.reports.rules import SERIES
from brigade.reports.states import ReportState

KIND = "reports.report"
CONFIRM = "reports.confirm"


def _touched(report: Report) -> Iterable[Key]:
    return [Key(CONFIRM, KIND, str(report.pk))]


def _due_keys(now: datetime) -> Iterator[Key]:
    for pk in Report.objects.filter(state=ReportState.DRAFT).values_list("pk", flat=True):
        yield Key(CONFIRM, KIND, str(pk))


def answer(keys: Collection[Key], now: datetime) -> Iterator[Answer]:
    """Whom the series names confirms it within so many working days; an edition that was replaced is nobody's duty."""
    rows = Report.objects.filter(pk__in={key.subject for key in keys}).exclude(state=ReportState.SUPERSEDED)
    found = {str(report.pk): report for report in rows}
    for key in keys:
        report = found.get(key.subject)
        if report is None:
            continue
        made_on = timezone.localdate(report.created_at)
        due = add_workdays(made_on, parameter("reports.confirm_workdays", made_on), calendar())
        confirmed = report.state == ReportState.CONFIRMED
        yield Answer(
            key,
            unit_id=report.unit_id,
            post=SERIES[report.series].post,
            title=_("确认%s") % report.title,
            opens_at=report.created_at,
            due_at=at(due.date, time.max),
            state=ObligationState.MET if confirmed else ObligationState.OPEN,
            count=int(confirmed),
            met_kind=KIND if confirmed else "",
            met_id=str(report.pk) if confirmed else "",
            met_at=report.confirmed_at,
            provisional=due.provisional,
        )


def _action(row: Obligation) -> tuple[str, str]:
    return _("去确认"), Report(pk=row.subject).get_absolute_url()


RULES = [
    Rule(
        code=CONFIRM,
        label=gettext_lazy("确认报告"),
        basis=gettext_lazy("日调度、周研判、月考评"),
        kinds=frozenset({KIND}),
        touched=_touched,
        answer=answer,
        due_keys=_due_keys,
        action=_action,
        ladder=(
            Step("due", gettext_lazy("到期当日"), workdays_from_due(0)),
            Step("late", gettext_lazy("逾期1个工作日"), workdays_from_due(1), (Role.DEPUTY_LEADER,)),
        ),
        sees=VIEW,
    )
]
