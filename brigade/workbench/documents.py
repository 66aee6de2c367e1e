"""The leader's board as a workbook: a sheet a card."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import IO

from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.indicators.rules import Indicator, Kind
from brigade.kit.exporting import Column, Leaf, write_book
from brigade.kit.refusals import refusing_full_disk
from brigade.kit.templatetags.ui import full_day_text
from brigade.ledgers.actions import note_export
from brigade.org.models import Person
from brigade.workbench.queries import Board, Card, Part, amount_of, course
from brigade.workbench.queries.boards import YEAR, Sums


def write_board(file: IO[bytes], board: Board, *, by: Person, now: datetime) -> str:
    """Write the board as it stands, with what it is, whose, of which time, on what basis and up to when; its title.

    Whoever sees the board may take it along; it leaves an audit row.
    """
    title = _("%(unit)s运行情况") % {"unit": board.unit.short_name}
    with refusing_full_disk():
        rows = write_book(file, _leaves(board), title=title, person=f"{by.name} {by.police_no}", at=now)
        file.flush()
    note_export(None, by=by, title=title, conditions=_span(board.start, board.end), count=rows)
    return title


def _leaves(board: Board) -> Iterator[Leaf]:
    upto = _("数据截至%(at)s") % {"at": f"{timezone.localtime(board.cut_off):%Y-%m-%d %H:%M}" if board.cut_off else "—"}
    span = _span(board.start, board.end)
    yield _duties(board, span)
    for part in board.parts:
        for card in part.cards:
            told = _("%(span)s；口径：%(basis)s；%(upto)s") % {"span": span, "basis": card.basis, "upto": upto}
            yield Leaf(card.label, card.standing.unit.name, told, _columns(card.standing.indicator), _rows(card, part))


def _span(start: date, end: date) -> str:
    return _("%(start)s至%(end)s") % {"start": full_day_text(start), "end": full_day_text(end)}


def _duties(board: Board, span: str) -> Leaf:
    """How the obligations of the period ended."""
    ended = board.funnel
    basis = _("口径：期限在这段时间里、已经到期或办结的应办事项")
    rows = [
        (_("应办"), ended.due, _share(ended.due, ended.due)),
        (_("已办"), ended.met, _share(ended.met, ended.due)),
        (_("按期办结"), ended.on_time, _share(ended.on_time, ended.due)),
        (_("逾期或未达标"), ended.late, _share(ended.late, ended.due)),
        (_("未到期（不计入）"), ended.ahead, None),
        (_("豁免和不适用（不计入）"), ended.excused, None),
    ]
    columns = [
        Column(_("项目"), 26),
        Column(_("件数"), 12, "integer"),
        Column(_("占应办"), 12, "percent"),
    ]
    return Leaf(_("应办事项"), board.unit.name, f"{span}；{basis}", columns, rows)


def _share(part: int, whole: int) -> Decimal | None:
    return Decimal(part) / whole if whole else None


def _columns(indicator: Indicator) -> list[Column]:
    is_ratio = indicator.kind == Kind.RATIO
    amount = _("数值") if is_ratio else _("数值（%(suffix)s）") % {"suffix": indicator.suffix}
    kind = "percent" if is_ratio else "number"
    return [
        Column(_("分项"), 10),
        Column(_("名称"), 26),
        Column(amount, 14, kind),
        Column(_("分子"), 12, "number"),
        Column(_("分母"), 12, "number"),
        Column(_("上年同期"), 14, kind),
        Column(_("上年同期分子"), 14, "number"),
        Column(_("上年同期分母"), 14, "number"),
        Column(_("差异"), 16),
        Column(_("差异判断"), 22),
    ]


def _rows(card: Card, part: Part) -> Iterator[tuple]:
    """The whole with what it is compared with, the months of the year and the units in their fixed order."""
    standing, told = card.standing, (card.change, card.verdict)
    indicator = standing.indicator
    last = (standing.last_value, standing.last_base) if standing.has_last_year else None
    by_year = card.against.code == YEAR.code
    sums = (standing.value, standing.base)
    yield _("合计"), standing.unit.short_name, *_cells(indicator, sums, last if by_year else None), *told
    if not by_year:
        yield _("上期"), _span(standing.last.start, standing.last.end), *_cells(indicator, last, None), "", ""
    months = course(indicator, standing.unit, standing.end)
    for month, now, then in months.months:
        name = _("%(year)d年%(month)d月") % {"year": months.year, "month": month}
        yield _("按月"), name, *_cells(indicator, now, then), "", ""
    for unit, own in part.lines:
        if indicator.code in own:
            yield _("按单位"), unit.short_name, *_cells(indicator, own[indicator.code], None), "", ""


def _cells(indicator: Indicator, now: Sums | None, then: Sums | None) -> list[Decimal | None]:
    return [cell for sums in (now, then) for cell in _cell(indicator, sums)]


def _cell(indicator: Indicator, sums: Sums | None) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    """Amount, numerator and denominator; a sheet keeps per cent as a fraction, and only a ratio has the other two."""
    amount = amount_of(indicator, sums)
    if indicator.kind != Kind.RATIO or sums is None:
        return amount, None, None
    return None if amount is None else amount / 100, *sums
