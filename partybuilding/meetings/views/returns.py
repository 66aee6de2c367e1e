"""季度报表 of a general branch: on the screen, as Word and as a sheet, from one read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from brigade.indicators.rules import FIGURES
from brigade.kit.clocks import Period, period_of
from brigade.kit.text import whole_number
from brigade.kit.web import download, page
from brigade.ledgers.actions import note_export
from brigade.reports.queries import kept
from brigade.reports.states import SeriesCode
from partybuilding.branches.models import PartyBranch
from partybuilding.meetings import documents, queries, tables
from partybuilding.meetings.states import SegmentKind

QUARTERS_BACK = 8


@require_safe
def quarter_return(request: HttpRequest) -> HttpResponseBase:
    """The quarter of the branches in reach; `format=docx` and `format=xlsx` hold the same figures."""
    now = timezone.now()
    tops = queries.return_tops(request.user)
    if not tops:
        raise PermissionDenied(_("没有查看季度报表的权限。"))
    asked = whole_number(request.GET.get("unit", ""))
    top = next((branch for branch in tops if asked in (None, branch.pk)), None)
    if top is None:
        raise Http404(_("没有这个党组织，或者不在你能看的范围内。"))
    quarters = _quarters(now)
    period = next((one for one in quarters if one.code == request.GET.get("period")), quarters[0])
    found = queries.quarter_return(top, period, now)
    if request.GET.get("format") in FORMS:
        return _paper(request, found, request.GET["format"])
    context = {
        "found": found,
        "now": now,
        "tops": tops,
        "quarters": quarters,
        "figures": _figures(found),
        "requirements": [SegmentKind(code).label for code, _share in found.shares()],
        "shares": [(SegmentKind(code).label, share) for code, share in found.shares()],
        "lines": [_line(line, period) for line in found.lines],
        "own": _line(found.own, period) if found.own else None,
        "total": _drills(top, found),
        "legend": tables.return_legend(found),
        "kept": kept(request.user, SeriesCode.PARTY_RETURN, top.unit, period),
    }
    return page(request, "meetings/quarter_return.html", context)


def _quarters(now: datetime) -> list[Period]:
    """The running quarter and those before it, the latest first."""
    quarters = [period_of(timezone.localdate(now), "quarter")]
    while len(quarters) < QUARTERS_BACK:
        quarters.append(quarters[-1].previous)
    return quarters


def _line(line: queries.ReturnLine, period: Period) -> dict[str, Any]:
    """A branch as the table shows it: each cell opens its place in the matrix, each figure the records behind it."""
    year = period.start.year
    cells = []
    for cell in line.cells:
        query = f"year={year}&kind={cell.requirement}&cell={line.branch.pk}-{cell.month}"
        shown = {**tables.shown_return(cell), "label": SegmentKind(cell.requirement).label}
        cells.append({**shown, "href": f"{reverse('meetings:matrix')}?{query}" if cell.month else ""})
    return {"line": line, "cells": cells, "result": tables.return_word(line.state), **_drill(line.branch, period)}


def _drill(branch: PartyBranch, period: Period) -> dict[str, str]:
    names = {"meetings": queries.MEETINGS, "attendance": queries.ATTENDANCE, "hours": queries.HOURS}
    return {f"{name}_url": FIGURES[code].drill(branch.unit, period.start, period.end) for name, code in names.items()}


def _drills(top: PartyBranch, found: queries.QuarterReturn) -> dict[str, Any]:
    return {"sums": found.sums, "members": found.members, **_drill(top, found.period)}


def _figures(found: queries.QuarterReturn) -> list[dict[str, Any]]:
    """The figures above the table, each with what it is made of."""
    share, sums, urls = found.share, found.sums, _drill(found.top, found.period)
    waived = found.count("waived")
    ahead = found.count("open")
    apart = [_("豁免%d个") % waived if waived else "", _("未到期%d个") % ahead if ahead else ""]
    kept = _("另有%s，不计入") % "、".join(filter(None, apart)) if waived or ahead else ""
    whole = _("应开展各项都达标、豁免或不适用的支部，除以已有结果的支部")
    cards = [
        (_("支部达标率"), _rate(share.rate), "", f"{share.met}/{share.met + share.missed}", kept or whole, ""),
        (_("组织生活"), sums.meetings, _("次"), "", FIGURES[queries.MEETINGS].basis, urls["meetings_url"]),
        (_("到会率"), _rate(sums.rate), "", f"{sums.present}/{sums.due}", FIGURES[queries.ATTENDANCE].basis,
         urls["attendance_url"]),
        (_("学习学时"), f"{sums.hours.normalize():f}", _("学时"), "", FIGURES[queries.HOURS].basis, urls["hours_url"]),
    ]  # fmt: skip
    return [
        {"label": label, "value": value, "unit": unit, "note": note, "basis": basis, "href": href}
        for label, value, unit, note, basis, href in cards
    ]


def _rate(rate: Any) -> str:
    return "—" if rate is None else f"{rate}%"


FORMS = {
    "docx": (documents.return_paper, documents.WORD),
    "xlsx": (documents.return_sheet, documents.SHEET),
}


def _paper(request: HttpRequest, found: queries.QuarterReturn, form: str) -> HttpResponseBase:
    make, media_type = FORMS[form]
    content, name = make(found, by=request.user)
    note_export(None, by=request.user, title=name, conditions=str(found.period.label), count=len(found.lines))
    return download(content, name=name, media_type=media_type)
