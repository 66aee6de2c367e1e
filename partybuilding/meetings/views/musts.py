"""五必落实表: branch by month, and the records behind a cell."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from brigade.kit.text import whole_number
from brigade.kit.web import download, page
from brigade.ledgers.actions import note_export
from partybuilding.meetings import documents, moves, queries, tables


@require_safe
def five_musts(request: HttpRequest) -> HttpResponseBase:
    """五必 of a year; `cell=<branch>-<month>` opens one of them, `format=xlsx` is the form."""
    if not request.user.has_perm("meetings.view_meeting"):
        raise PermissionDenied(_("没有查看五必落实情况的权限。"))
    now = timezone.now()
    today = timezone.localdate(now)
    asked = whole_number(request.GET.get("year", "")) or 0
    year = asked if 2000 <= asked <= today.year else today.year
    table = queries.must_table(request.user, year, now)
    if request.GET.get("format") == "xlsx":
        return _form(request, table, now)
    picked = _picked(request, table, today)
    context = {
        "table": table,
        "lines": [(line, [_shown(request, cell, picked) for cell in line]) for line in table.lines],
        "first_months": (1, 4, 7, 10),
        "quarters": (_("一季度"), _("二季度"), _("三季度"), _("四季度")),
        "years": range(today.year, today.year - 4, -1),
        "today": today,
        "now": now,
        "missing": table.count(queries.MISSING),
        "legend": tables.must_legend(table),
        "cell": picked,
        "rows": tables.must_rows(picked) if picked else [],
        "shown": tables.shown_must(picked) if picked else None,
        "may_record": picked is not None and request.user.has_perm(moves.RECORD_PERM, picked.branch),
    }
    return page(request, "meetings/five_musts.html", context, fragment="cell")


def _shown(request: HttpRequest, cell: queries.MustCell, picked: queries.MustCell | None) -> dict[str, Any]:
    query = request.GET.copy()
    query["cell"] = f"{cell.branch.pk}-{cell.month.start.month}"
    return {
        **tables.shown_must(cell),
        "href": f"?{query.urlencode()}",
        "picked": cell is picked,
        "first": cell.month.start.month % 3 == 1,
    }


def _picked(request: HttpRequest, table: queries.MustTable, today: date) -> queries.MustCell | None:
    """The cell that was chosen, else this month's first that wants something, else the first."""
    branch, _dash, month = request.GET.get("cell", "").partition("-")
    found = table.cell(whole_number(branch) or 0, whole_number(month) or 0)
    if found is not None:
        return found
    latest = [line[today.month - 1 if table.year == today.year else 11] for line in table.lines]
    return next((cell for cell in latest if cell.state in queries.WANTING), latest[0] if latest else None)


def _form(request: HttpRequest, table: queries.MustTable, now: datetime) -> HttpResponseBase:
    """五必落实表: the same figures as on the screen, a line a branch and month."""
    content, name = documents.must_form(table, by=request.user, now=now)
    note_export(None, by=request.user, title=name, conditions=str(table.year), count=len(table.lines))
    return download(content, name=name, media_type=documents.SHEET)
