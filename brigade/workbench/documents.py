"""The leader's board as a workbook: a sheet a card."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any

from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.indicators.rules import Indicator, Kind
from brigade.kit.exporting import Column, Leaf, write_book
from brigade.kit.refusals import refusing_full_disk
from brigade.kit.templatetags.ui import full_day_text
from brigade.ledgers.actions import note_export
from brigade.org.models import Person
from brigade.reference.models import Town
from brigade.workbench.queries import Board, Card, Part, TownCell, amount_of, course, in_towns
from brigade.workbench.queries.boards import YEAR, Sums


def write_board(file: IO[bytes], board: Board, kind: str, *, by: Person, now: datetime) -> str:
    """Write the board as it stands, with what it is, whose, of which time, on what basis and up to when; its title.

    `kind` is that of the period, by which it is known what the towns are compared with.
    Whoever sees the board may take it along; it leaves an audit row.
    """
    title = _("%(unit)s运行情况") % {"unit": board.unit.short_name}
    with refusing_full_disk():
        rows = write_book(file, _leaves(board, kind), title=title, person=f"{by.name} {by.police_no}", at=now)
        file.flush()
    note_export(None, by=by, title=title, conditions=_span(board.start, board.end), count=rows)
    return title


def _leaves(board: Board, kind: str) -> Iterator[Leaf]:
    upto = _("数据截至%(at)s") % {"at": f"{timezone.localtime(board.cut_off):%Y-%m-%d %H:%M}" if board.cut_off else "—"}
    span = _span(board.start, board.end)
    yield _duties(board, span)
    for part in board.parts:
        for card in part.cards:
            told = _("%(span)s；口径：%(basis)s；%(upto)s") % {"span": span, "basis": card.basis, "upto": upto}
            yield Leaf(card.label, card.standing.unit.name, told, _columns(card.standing.indicator), _rows(card, part))
    if towns := in_towns(board.cards, kind):
        cells = towns[0][1]
        bases = "；".join(f"{cell.cards[0].label}：{cell.cards[0].basis}" for cell in cells)
        told = _("%(span)s；口径：%(basis)s；%(upto)s") % {"span": span, "basis": bases, "upto": upto}
        yield Leaf(_("各乡镇街道"), cells[0].cards[0].standing.unit.name, told, _town_columns(cells), _town_rows(towns))


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


def _town_columns(cells: Iterable[TownCell]) -> list[Column]:
    columns = [Column(_("乡镇街道"), 18)]
    for cell in cells:
        first = cell.cards[0]
        columns.append(Column(f"{first.label}（{first.standing.indicator.suffix}）", 18, "number"))
        for card in _compared(cell):
            columns += [
                Column(f"{first.label}，{card.against.then}", 18, "number"),
                Column(_("差异"), 14),
                Column(_("差异判断"), 22),
            ]
    return columns


def _town_rows(towns: Iterable[tuple[Town, list[TownCell]]]) -> Iterator[list]:
    for town, cells in towns:
        row: list[Any] = [town.name]
        for cell in cells:
            row.append(cell.cards[0].standing.amount)
            for card in _compared(cell):
                row += [card.standing.last_amount, card.change, card.verdict]
        yield row


def _compared(cell: TownCell) -> list[Card]:
    """What ripens is beside nothing."""
    return [card for card in cell.cards if not card.standing.indicator.ripens]


def _cells(indicator: Indicator, now: Sums | None, then: Sums | None) -> list[Decimal | None]:
    return [cell for sums in (now, then) for cell in _cell(indicator, sums)]


def _cell(indicator: Indicator, sums: Sums | None) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    """Amount, numerator and denominator; a sheet keeps per cent as a fraction, and only a ratio has the other two."""
    amount = amount_of(indicator, sums)
    if indicator.kind != Kind.RATIO or sums is None:
        return amount, None, None
    return None if amount is None else amount / 100, *sums
