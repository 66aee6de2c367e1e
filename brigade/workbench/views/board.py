"""领导看板: how the brigade stands, from figures and obligations alone; every figure opens the list behind it."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.indicators.queries import as_of, by_month, by_unit, parts_of, shown, standings, top_of
from brigade.indicators.rules import FIGURES, Indicator, Kind
from brigade.kit.clocks import add_months, period_of
from brigade.kit.text import whole_number
from brigade.kit.web import page
from brigade.obligations.queries import funnel
from brigade.org.models import Person, Unit
from brigade.org.states import Tree
from brigade.workbench import queries

PERIODS = {"month": gettext_lazy("本月"), "quarter": gettext_lazy("本季"), "year": gettext_lazy("本年")}


def dashboard(request: HttpRequest) -> HttpResponse:
    """Leaders, for their own unit or one below it: cards, the year's course, obligations, units in fixed order."""
    user: Person = request.user
    if not user.has_perm("indicators.view_figure"):
        raise PermissionDenied(_("领导看板给领导和内勤看；你的数字在工作台上。"))
    now = timezone.now()
    units = [one for _depth, one in Unit.objects.filter(pk__in=user.units_for("indicators.view_figure")).as_tree()]
    asked = whole_number(request.GET.get("unit", ""))
    unit = next((one for one in units if asked in (None, one.pk)), None)
    if unit is None:
        raise Http404(_("没有这个单位，或者它不归你管。"))
    kind = request.GET.get("period", "year")
    period = period_of(timezone.localdate(now), kind if kind in PERIODS else "year")
    end = min(period.end, timezone.localdate(now))
    cards = queries.cards_of(standings(list(FIGURES), unit, period.start, end))
    ended = funnel(Unit.objects.below(unit).values("pk"), _moment(period.start), _moment(end + timedelta(days=1)), now)
    context = {
        "now": now,
        "unit": unit,
        "units": units,
        "periods": [(code, label, code == period.kind) for code, label in PERIODS.items()],
        "period": period,
        "end": end,
        "compares": any(card.compares for card in cards),
        "parts": [_part(tree, cards, period.start, end) for tree in Tree],
        "funnel": ended,
        "as_of": as_of(list(FIGURES)),
        "courses": [_course(card.standing.indicator, unit, end) for card in cards[:2]],
    }
    return page(request, "workbench/dashboard.html", context)


def _moment(day: date) -> datetime:
    return datetime.combine(day, time.min, timezone.get_current_timezone())


def _course(indicator: Indicator, unit: Unit, end: date) -> dict:
    """The months of this year beside those of the last, for the chart and its table."""
    top = top_of(indicator, unit)
    this = {
        month.month: (value, base)
        for month, value, base in by_month(indicator.code, top, end.replace(month=1, day=1), end)
    }
    last_start = date(end.year - 1, 1, 1)
    last = {
        month.month: (value, base)
        for month, value, base in by_month(indicator.code, top, last_start, add_months(end, -12))
    }
    rows = [
        (month, _shown(indicator, this.get(month)), _shown(indicator, last.get(month)))
        for month in range(1, end.month + 1)
    ]
    return {"indicator": indicator, "rows": rows, "year": end.year}


def _shown(indicator: Indicator, sums: tuple | None) -> str:
    if sums is None or (indicator.kind == Kind.RATIO and not sums[1]):
        return ""
    return shown(sums[0] * 100 / sums[1] if indicator.kind == Kind.RATIO else sums[0], indicator)


def _part(tree: Tree, cards: list[queries.Card], start: date, end: date) -> dict:
    """The cards of one tree, and one table of all its units: a line a unit in fixed order, a column an indicator."""
    own = [card for card in cards if card.standing.indicator.tree == tree]
    codes = [card.standing.indicator.code for card in own]
    lines = by_unit(codes, own[0].standing.unit, start, end) if own else []
    rows = [
        (
            one,
            [_unit_cell(card.standing.indicator, one, sums, start, end) for card in own],
            queries.hand_out_address([code for code in codes if code in sums], one, start, end),
        )
        for one, sums in lines
    ]
    return {"label": tree.label, "cards": own, "rows": rows if len(rows) > 1 else []}


def _unit_cell(indicator: Indicator, unit: Unit, sums: dict, start: date, end: date) -> tuple[str, str, str]:
    """What a unit came to, with its sign, of what, and the list behind it."""
    if indicator.code not in sums:
        return queries.NOTHING, "", ""
    value, base = sums[indicator.code]
    words = _shown(indicator, (value, base))
    if not words:
        return queries.NOTHING, "", ""
    words = f"{words}%" if indicator.kind == Kind.RATIO else words
    return words, parts_of(indicator, value, base), indicator.drill(unit, start, end)
