"""Sheets that leave the portal: the only module that writes workbooks and CSV.

Rows pass through one by one, so that a long ledger needs no more memory than a short one. What a person typed stays
text: it never turns into a formula, a link or a rounded number.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from math import ceil, isfinite
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

import xlsxwriter
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from xlsxwriter.exceptions import FileCreateError

from brigade.kit.refusals import Refused
from brigade.kit.text import strip_unsafe

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAX_ROWS = 1_048_000
"""A sheet holds 1 048 576 rows."""
MAX_TEXT = 32_767
"""A cell holds so many signs."""
EXACT_DIGITS = 15
"""A sheet's numbers are exact up to here."""
HEAD_ROWS = 4


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a sheet: `width` in characters; `kind` is text, id, integer, number, percent, date or moment.

    `id` is for what looks like a number and is none (police numbers, phones, plates, document numbers).
    """

    label: Any
    width: float = 14
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Marked:
    """A value in a cell that stands out: there is something wrong with it."""

    value: Any


LINE_HEIGHT = 15
"""Points, as a row has without being told."""
_MARK = {"bg_color": "#FFD9D9"}
_FORMATS: dict[str, dict[str, Any]] = {
    "text": {"text_wrap": True, "valign": "top"},
    "id": {"num_format": "@", "valign": "top"},
    "integer": {"num_format": "0", "valign": "top"},
    "number": {"valign": "top"},  # by its own places: a pattern leaves the point of 180. standing
    "percent": {"num_format": "0.0%", "valign": "top"},
    "date": {"num_format": "yyyy-mm-dd", "align": "left", "valign": "top"},
    "moment": {"num_format": "yyyy-mm-dd hh:mm", "align": "left", "valign": "top"},
}


@dataclass(frozen=True, slots=True)
class Leaf:
    """One sheet of a workbook: what it is, whose, for what filter, its columns and its rows."""

    title: Any
    unit: Any
    filters: Any
    columns: Sequence[Column]
    rows: Iterable[Sequence[Any]]
    fits: bool = False
    """Whether each row is made as high as its longest text: for short sheets that are printed, as not every program
    does it itself."""
    made: Any = ""
    """The line below the title, where it is not who took the sheet out and when."""
    what: Any = gettext_lazy("筛选条件")
    """What `filters` is called."""


def write_xlsx(
    target: str | Path | IO[bytes],
    *,
    title: str,
    unit: str,
    filters: str,
    person: str,
    at: datetime,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Any]],
) -> int:
    """Write one sheet and return how many rows it holds; see `write_book`."""
    return write_book(target, [Leaf(title, unit, filters, columns, rows)], title=title, person=person, at=at)


def write_book(target: str | Path | IO[bytes], leaves: Iterable[Leaf], *, title: str, person: str, at: datetime) -> int:
    """Write a workbook and return how many rows it holds; it opens, prints and filters in WPS and Excel alike.

    The head of each sheet says what it is, whose, for what filter, by whom and when; it and the headings stay in sight
    and on every printed page. Refuses more rows than a sheet can hold.
    """
    with TemporaryDirectory() as drafts:  # on a full disk the library leaves what it wrote so far
        book = xlsxwriter.Workbook(
            target if not isinstance(target, Path) else str(target),
            {
                "constant_memory": True,
                "tmpdir": drafts,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
                "nan_inf_to_errors": False,
            },
        )
        book.set_properties({"title": _clean(title), "author": _clean(person), "created": timezone.localtime(at)})
        names: set[str] = set()
        count = 0
        try:
            for leaf in leaves:
                count += _write_leaf(book, leaf, _free_name(_sheet_name(leaf.title), names), person=person, at=at)
        finally:
            _close(book)
    return count


def _write_leaf(book: Any, leaf: Leaf, name: str, *, person: str, at: datetime) -> int:
    columns = leaf.columns
    sheet = book.add_worksheet(name)
    _lay_out(sheet, person, at, columns)
    _write_head(book, sheet, leaf, person=person, at=at)
    formats = [book.add_format({**_FORMATS[column.kind], "border": 1}) for column in columns]
    marks = [book.add_format({**_FORMATS[column.kind], "border": 1, **_MARK}) for column in columns]
    kinds = [column.kind for column in columns]
    count = 0
    try:
        for count, row in enumerate(leaf.rows, start=1):
            if count > MAX_ROWS:
                raise Refused(_("一张表最多%(max)s行，请缩小筛选范围再导出。") % {"max": MAX_ROWS})
            if leaf.fits:
                sheet.set_row(HEAD_ROWS + count - 1, LINE_HEIGHT * _lines(row, columns))
            _write_row(sheet, HEAD_ROWS + count - 1, kinds, row, formats, marks)
    finally:
        sheet.autofilter(HEAD_ROWS - 1, 0, HEAD_ROWS - 1 + count, max(len(columns) - 1, 0))
    return count


def _lines(row: Sequence[Any], columns: Sequence[Column]) -> int:
    """How many lines the longest text of a row takes in its column; a Chinese sign is as wide as two letters."""
    widths = [
        (sum(1 + (ord(sign) > 0x2E7F) for sign in str(value)), one) for value, one in zip(row, columns, strict=True)
    ]
    return max([1, *(ceil(width / one.width) for width, one in widths if one.kind == "text")])


def _free_name(name: str, names: set[str]) -> str:
    """The name, with a number where another sheet of the workbook has it; a workbook does not tell cases apart."""
    free, number = name, 1
    while free.lower() in names:
        number += 1
        free = f"{name[:27]} {number}"
    names.add(free.lower())
    return free


def _close(book: xlsxwriter.Workbook) -> None:
    """Write the file. What the system says when it cannot comes as it is, not in the library's wrapping."""
    try:
        book.close()
    except FileCreateError as error:
        raise error.args[0] from None


def write_csv(target: IO[str], columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> int:
    """Write headings and rows as CSV and return how many rows; opens in WPS and Excel as UTF-8."""
    lines = 0
    for line in csv_lines(columns, rows):
        target.write(line)
        lines += 1
    return lines - 1


def csv_lines(columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The lines of a CSV file one by one, for a streamed answer."""
    echo = _Echo()
    writer = csv.writer(echo)
    writer.writerow([neutralised(_clean(column.label)) for column in columns])
    yield "\ufeff" + echo.line
    for row in rows:
        writer.writerow([_csv_value(value) for value in row])
        yield echo.line


def neutralised(text: str) -> str:
    """The text so that no spreadsheet takes it for a formula: an apostrophe before a first = + - @, tab or return."""
    return f"'{text}" if text[:1] in _FORMULA_STARTS and text else text


_FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")


class _Echo:
    """A file that hands each line back."""

    line = ""

    def write(self, line: str) -> None:
        self.line = line


def _csv_value(value: Any) -> Any:
    match value:
        case None:
            return ""
        case bool():
            return _("是") if value else _("否")
        case int() | float() | Decimal():
            return value
        case datetime():
            return f"{_local(value):%Y-%m-%d %H:%M}"
        case date():
            return value.isoformat()
    return neutralised(_clean(value))


def _write_row(
    sheet: Any, line: int, kinds: list[str], row: Sequence[Any], formats: list[Any], marks: list[Any]
) -> None:
    """One line of the sheet. What nearly every cell holds is written at once, the rest by what it is."""
    string, number = sheet.write_string, sheet.write_number
    for place, (kind, value, style) in enumerate(zip(kinds, row, formats, strict=True)):
        is_a = type(value)
        if is_a is str and value:
            string(line, place, strip_unsafe(value)[:MAX_TEXT], style)
        elif is_a is date and kind == "date" and value > _FIRST_DAY:
            number(line, place, value.toordinal() - _DAY_ZERO, style)
        elif is_a is int and kind == "integer" and _is_exact(value):
            number(line, place, value, style)
        elif is_a is Marked:
            _write_cell(sheet, line, place, kind, value.value, marks[place])
        else:
            _write_cell(sheet, line, place, kind, value, style)


_DAY_ZERO, _FIRST_DAY = date(1899, 12, 30).toordinal(), date(1900, 3, 1)
"""Sheets count days from here; before March they count one that never was."""


def _write_cell(sheet: Any, row: int, column: int, kind: str, value: Any, style: Any) -> None:
    match value:
        case None | "":
            sheet.write_blank(row, column, None, style)
        case bool():
            sheet.write_string(row, column, _("是") if value else _("否"), style)
        case int() | float() | Decimal() if kind not in ("text", "id") and _is_exact(value):
            sheet.write_number(row, column, value, style)
        case datetime() if kind in ("date", "moment"):
            sheet.write_datetime(row, column, _local(value), style)
        case datetime():
            sheet.write_string(row, column, f"{_local(value):%Y-%m-%d %H:%M}", style)
        case date() if kind in ("date", "moment"):
            sheet.write_datetime(row, column, value, style)
        case time():
            sheet.write_string(row, column, f"{value:%H:%M}", style)
        case _:
            sheet.write_string(row, column, _clean(value)[:MAX_TEXT], style)


def _is_exact(value: int | float | Decimal) -> bool:
    """Whether a sheet keeps the number as it is; one with more digits is written as text."""
    return isfinite(value) and abs(value) < 10**EXACT_DIGITS


def _local(value: datetime) -> datetime:
    """Wall-clock time without zone, as sheets keep it."""
    return timezone.make_naive(value) if timezone.is_aware(value) else value


def _clean(value: Any) -> str:
    return strip_unsafe(str(value))


def _sheet_name(title: str) -> str:
    """At most 31 signs, none of []:*?/\\, no apostrophe at either end."""
    return re.sub(r"[\[\]:*?/\\]+", " ", _clean(title))[:31].strip(" '") or "Sheet1"


def _lay_out(sheet: Any, person: str, at: datetime, columns: Sequence[Column]) -> None:
    for number, column in enumerate(columns):
        sheet.set_column(number, number, column.width)
    sheet.freeze_panes(HEAD_ROWS, 0)
    sheet.repeat_rows(0, HEAD_ROWS - 1)
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    by = f"{_clean(person)} {timezone.localtime(at):%Y-%m-%d %H:%M}".replace("&", "&&")
    sheet.set_footer(_("&L%(by)s&R第&P页 共&N页") % {"by": by})


def _write_head(book: Any, sheet: Any, leaf: Leaf, *, person: str, at: datetime) -> None:
    columns = leaf.columns
    heading = book.add_format({"bold": True, "font_size": 16, "align": "center", "valign": "vcenter"})
    small = book.add_format({"font_color": "#555555"})
    labels = book.add_format(
        {"bold": True, "border": 1, "bg_color": "#E8EEF7", "align": "center", "valign": "vcenter", "text_wrap": True}
    )
    sheet.set_row(0, 28)
    if len(columns) > 1:
        sheet.merge_range(0, 0, 0, len(columns) - 1, "", heading)
    sheet.write_string(0, 0, _clean(leaf.title), heading)
    made = _("填报单位：%(unit)s　导出人：%(person)s　导出时间：%(at)s") % {
        "unit": leaf.unit,
        "person": person,
        "at": f"{timezone.localtime(at):%Y-%m-%d %H:%M}",
    }
    sheet.write_string(1, 0, _clean(leaf.made or made), small)
    sheet.write_string(2, 0, _clean(f"{leaf.what}：{leaf.filters or _('全部')}"), small)
    for number, column in enumerate(columns):
        sheet.write_string(HEAD_ROWS - 1, number, _clean(column.label), labels)
