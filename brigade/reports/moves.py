"""The table of legal moves of a report: state, target, who, what must hold."""

from django.utils.translation import gettext_lazy as _

from brigade.reports import rules
from brigade.reports.states import ReportState
from brigade.workflow import NEW, Move

KIND = "reports.report"
DRAFT, CONFIRMED, SUPERSEDED = ReportState.DRAFT, ReportState.CONFIRMED, ReportState.SUPERSEDED

MOVES = [
    BUILD := Move(
        "build",
        KIND,
        _("生成报告"),
        frozenset({NEW}),
        DRAFT,
        perm=rules.BUILD,
        audit="report.built",
        by_system=True,
    ),
    CONFIRM := Move(
        "confirm",
        KIND,
        _("确认"),
        frozenset({DRAFT}),
        CONFIRMED,
        perm=rules.CONFIRM,
        audit="report.confirmed",
        notice="reports.confirmed",
    ),
    REBUILD := Move(
        "rebuild",
        KIND,
        _("重新生成"),
        frozenset({DRAFT, CONFIRMED}),
        SUPERSEDED,
        perm=rules.BUILD,
        audit="report.superseded",
        needs_reason=True,
    ),
]
"""Making a report again takes the present edition out of use and makes the next one, in one transaction."""
