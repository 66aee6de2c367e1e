"""The matrix of three meetings and one lesson, and the list behind a cell."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.kit.text import whole_number
from brigade.kit.web import download, page
from brigade.ledgers.actions import note_export
from brigade.org.states import Tree
from partybuilding.meetings import documents, moves, queries, tables
from partybuilding.meetings.models import Meeting, Waiver
from partybuilding.meetings.states import HELD, REQUIRED, MeetingState, SegmentKind, WaiverState


def matrix(request: HttpRequest) -> HttpResponseBase:
    """三会一课 by branch and month; `cell=<branch>-<month>` opens one of them, `format=xlsx` is the statistic form."""
    if not request.user.has_perm("meetings.view_meeting"):
        raise PermissionDenied(_("没有查看三会一课的权限。"))
    now = timezone.now()
    today = timezone.localdate(now)
    asked = whole_number(request.GET.get("year", "")) or 0
    year = asked if 2000 <= asked <= today.year + 1 else today.year
    kind = request.GET.get("kind", "") if request.GET.get("kind", "") in REQUIRED else ""
    found = queries.matrix(request.user, year, kind, now)
    if request.GET.get("format") == "xlsx":
        return _statistic(request, found, now)
    branch_id, month = _picked(request, found, today)
    context = {
        "table": found,
        "lines": [(line, _cells(request, line, branch_id, month)) for line in found.lines],
        "first_months": (1, 4, 7, 10),
        "kind_word": SegmentKind(kind).label if kind else _("全部应开展"),
        "may_new": request.user.reaches(moves.RECORD_PERM, Tree.PARTY),
        "quarters": (_("一季度"), _("二季度"), _("三季度"), _("四季度")),
        "kinds": [("", _("全部应开展")), *((code, SegmentKind(code).label) for code in _kinds_of(found))],
        "years": range(today.year, today.year - 4, -1),
        "today": today,
        "now": now,
        "behind": _behind(found, today),
        "legend": tables.legend(found),
        **_cell_context(request, found, branch_id, month, now),
    }
    return page(request, "meetings/matrix.html", context, fragment="cell")


def _cells(request: HttpRequest, line: queries.Line, branch_id: int, month: int) -> list[dict[str, Any]]:
    """The cells of a line as they are drawn, each with the address that opens it."""
    query, cells = request.GET.copy(), []
    for cell in line.cells:
        shown = tables.shown_cell(line, cell)
        query["cell"] = f"{line.branch.pk}-{shown['month']}"
        shown["href"] = f"?{query.urlencode()}"
        shown["picked"] = (line.branch.pk, shown["month"]) == (branch_id, month)
        cells.append(shown)
    return cells


def _kinds_of(found: queries.Matrix) -> list[str]:
    has_general = any(line.branch.is_general for line in found.lines) or found.kind != ""
    return [code for code in ("TD", "MM", "CM", "GM", "PL", "GB") if code != "GB" or has_general]


def _behind(found: queries.Matrix, today: date) -> int:
    """Branches that have not held all of this month."""
    if found.year != today.year:
        return 0
    return sum(line.cells[today.month - 1].state in ("open", "warning", "missed") for line in found.lines)


def _picked(request: HttpRequest, found: queries.Matrix, today: date) -> tuple[int, int]:
    """The cell that was chosen, else this month's first that wants something, else the first."""
    branch, _dash, month = request.GET.get("cell", "").partition("-")
    branch_id, number = whole_number(branch), whole_number(month)
    if branch_id and number and number <= 12:
        return branch_id, number
    now = today.month if found.year == today.year else 12
    wants = (line for line in found.lines if line.cells[now - 1].state in ("warning", "missed", "open"))
    line = next(wants, found.lines[0] if found.lines else None)
    return (line.branch.pk, now) if line else (0, now)


def _cell_context(
    request: HttpRequest, found: queries.Matrix, branch_id: int, month: int, now: datetime
) -> dict[str, Any]:
    line = next((line for line in found.lines if line.branch.pk == branch_id), None)
    if line is None:
        return {"line": None}
    cell = line.cells[month - 1]
    meetings = _meetings_in(request.user, branch_id, cell)
    rows = [tables.requirement_row(item, cell, line.branch, meetings, now) for item in cell.items]
    asked = {
        row.requirement: row
        for row in Waiver.objects.filter(unit=branch_id, period__in={r["period"] for r in rows}).exclude(
            state=WaiverState.RETURNED
        )
    }
    for row in rows:
        row["waiver"] = asked.get(row["item"].requirement)
    return {
        "line": line,
        "month": month,
        "shown": tables.shown_cell(line, cell),
        "rows": rows,
        "may_record": request.user.has_perm(moves.RECORD_PERM, line.branch),
        "may_waive": request.user.has_perm("meetings.ask_waiver", line.branch),
    }


def _meetings_in(user: Any, branch_id: int, cell: queries.Cell) -> list[tuple[str, Meeting]]:
    """(kind, meeting) of the quarter of a cell that could count in it, held or announced, as far as one sees them."""
    first = date(cell.month.start.year, (cell.month.start.month - 1) // 3 * 3 + 1, 1)
    rows = Meeting.objects.visible_to(user).filter(
        Q(unit=branch_id) | Q(attendances__branch=branch_id),
        starts_at__date__gte=first,
        starts_at__date__lte=cell.month.end,
        state__in=HELD | {MeetingState.DRAFT, MeetingState.NOTIFIED, MeetingState.EXPIRED},
    )
    found = list(rows.distinct().order_by("starts_at").prefetch_related("segments").defer("search_text", "summary"))
    return [(segment.kind, meeting) for meeting in found for segment in meeting.segments.all()]


def _statistic(request: HttpRequest, found: queries.Matrix, now: datetime) -> HttpResponseBase:
    """三会一课落实情况统计表: the same figures as on the screen."""
    content, name = documents.statistic(found, by=request.user, now=now)
    kind = str(SegmentKind(found.kind).label) if found.kind else _("全部应开展")
    note_export(None, by=request.user, title=name, conditions=kind, count=len(found.lines))
    return download(content, name=name, media_type=documents.SHEET)
