"""领导看板: how the brigade stands, from figures and obligations alone; every figure opens the list behind it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from tempfile import TemporaryFile

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.kit.clocks import Period, period_of
from brigade.kit.refusals import Refused
from brigade.kit.text import whole_number
from brigade.kit.web import download, page
from brigade.ledgers.states import ExportFormat
from brigade.org.models import Person, Unit
from brigade.workbench import queries
from brigade.workbench.documents import write_board

PERIODS = {"month": gettext_lazy("本月"), "quarter": gettext_lazy("本季"), "year": gettext_lazy("本年")}


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose figures of what time a board is to show; `units` are those that may be asked for."""

    unit: Unit
    units: list[Unit]
    period: Period
    end: date
    now: datetime
    against: queries.Against
    """What the figures are compared with."""


def asked(request: HttpRequest) -> Asked:
    """Leaders, for their own unit or one below it (404 for another): this year unless ?period= says otherwise, and
    compared with last year unless ?against= does."""
    user: Person = request.user
    if not user.has_perm("indicators.view_figure"):
        raise PermissionDenied(_("领导看板给大队和各单位的领导看；你的数字在工作台上。"))
    now = timezone.now()
    units = [one for _depth, one in Unit.objects.filter(pk__in=user.units_for("indicators.view_figure")).as_tree()]
    wanted = whole_number(request.GET.get("unit", ""))
    unit = next((one for one in units if wanted in (None, one.pk)), None)
    if unit is None:
        raise Http404(_("没有这个单位，或者它不归你管。"))
    kind = request.GET.get("period", "year")
    period = period_of(timezone.localdate(now), kind if kind in PERIODS else "year")
    with_what = queries.against(period.kind)
    against = next((one for one in with_what if one.code == request.GET.get("against")), with_what[0])
    return Asked(unit, units, period, min(period.end, timezone.localdate(now)), now, against)


def dashboard(request: HttpRequest) -> HttpResponseBase:
    """Cards, the year's course, obligations, units in fixed order; who may see it: `asked`. format=xlsx saves it."""
    what = asked(request)
    board = queries.board(request.user, what.unit, what.period.start, what.end, what.now, what.against)
    if request.GET.get("format") == ExportFormat.XLSX:
        return _workbook(board, what.period.kind, request.user, what.now)
    towns = queries.in_towns(board.cards, what.period.kind)
    context = {
        "now": what.now,
        "board": board,
        "towns": towns,
        "town_heads": [cell.cards[0] for _town, cells in towns[:1] for cell in cells],
        "units": what.units,
        "periods": [(code, label, code == what.period.kind) for code, label in PERIODS.items()],
        "period": what.period.kind,
        "against": queries.against(what.period.kind),
        "courses": [
            queries.course(card.standing.indicator, card.standing.unit, what.end).as_drawn for card in board.cards[:2]
        ],
    }
    return page(request, "workbench/dashboard.html", context)


def _workbook(board: queries.Board, kind: str, by: Person, now: datetime) -> HttpResponseBase:
    file = TemporaryFile()  # noqa: SIM115 - the response closes it
    try:
        title = write_board(file, board, kind, by=by, now=now)
    except Refused:
        file.close()
        raise
    file.seek(0)
    return download(file, name=f"{title}{timezone.localdate(now):%Y%m%d}.xlsx", media_type=ExportFormat.XLSX.media_type)
