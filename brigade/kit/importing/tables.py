"""Finding the table in a sheet: its heading, and its rows without what only looks like one."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from python_calamine import CalamineError, CalamineWorkbook

from brigade.kit import archives
from brigade.kit.importing import books
from brigade.kit.importing.columns import Column, likeness, suggest
from brigade.kit.refusals import Refused
from brigade.kit.text import clean_text, half_width

HEAD_LINES = 20
"""The heading stands in one of the first lines."""
MAX_HEADING = 200
"""What is longer is no heading, and is not compared to the end."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a sheet: its number as the reader of the sheet sees it, and its cells as they lie there."""

    number: int
    cells: tuple[Any, ...]
    spread: frozenset[int] = frozenset()
    """Places whose value comes out of a merged cell that begins elsewhere."""


@dataclass(frozen=True, slots=True)
class Table:
    """Headings, each one unique (blank: no heading), and the lines below without blank ones and totals."""

    sheet: str
    headings: tuple[str, ...]
    lines: tuple[Line, ...]
    since: datetime


def find_table(
    book: books.Book, columns: Sequence[Column], *, sheet: str = "", kept: Mapping[str, str] | None = None
) -> Table:
    """The table in `sheet`, or in the first sheet whose headings fit best; `kept` is a mapping confirmed before.

    Titles and remarks above the heading are passed over, a heading of two lines becomes one, merged cells hold their
    value in every cell. Refuses a workbook without the headings, and more than `MAX_ROWS` rows.
    """
    if sheet and sheet not in book.sheets:
        raise Refused(_("工作簿里没有“%(sheet)s”这张表，请重新选择。") % {"sheet": sheet})
    best: tuple[int, Table] | None = None
    with books.reader(book.content) as reader:
        for name in [sheet] if sheet else book.sheets:
            found = _table_of(reader, name, columns, kept or {}, book.since)
            if found and (best is None or found[0] > best[0]):
                best = found
            if best and best[0] == len(columns):
                break
    named = set(suggest(best[1].headings, columns, kept).values()) if best else set()
    if book.too_large and not {column.code for column in columns if column.required} <= named:
        limits = {"rows": books.MAX_ROWS, "columns": books.MAX_COLUMNS}
        raise Refused(_("表格过大，最多%(rows)d行、%(columns)d列；请删去多余的行列，或分成几个文件。") % limits)
    if best is None:
        wanted = "、".join(str(column.label) for column in columns if column.required) or str(columns[0].label)
        raise Refused(_("没有找到表头，应有这几列：%(wanted)s；请对照模板改列名再导入。") % {"wanted": wanted})
    if len(best[1].lines) > books.MAX_ROWS:
        limits = {"max": books.MAX_ROWS, "n": len(best[1].lines)}
        raise Refused(_("一次最多导入%(max)d行，这张表有%(n)d行；请分成几个文件再导入。") % limits)
    return best[1]


def _table_of(
    reader: CalamineWorkbook, name: str, columns: Sequence[Column], kept: Mapping[str, str], since: datetime
) -> tuple[int, Table] | None:
    """How many columns its headings name, and the table; nothing for a sheet without them."""
    try:
        sheet = reader.get_sheet_by_name(name)
        grid: list[list[Any]] = sheet.to_python(skip_empty_area=False)
        merged = sheet.merged_cell_ranges or []
    except CalamineError:  # a sheet that was left out, being too large
        return None
    except BaseException as error:
        # A time beyond all calendars, or a panic of the reader, which is none of Python's exceptions.
        if isinstance(error, OverflowError) or type(error).__name__ == "PanicException":
            raise Refused(_("“%s”这张表里有过大的数或时间，读不出来，请改正后再导入。") % name) from error
        raise
    spread = _spread(grid, merged)
    head = _find_head(grid, columns, kept)
    if head is None:
        return None
    score, first, last, headings = head
    plain = [likeness(text) for text in headings]
    lines = (Line(n + 1, tuple(grid[n]), spread.get(n, _NOTHING)) for n in range(last + 1, len(grid)))
    kept_lines = tuple(line for line in lines if _is_data(line, plain))
    return score, Table(name, _unique(headings), kept_lines, since)


_NOTHING: frozenset[int] = frozenset()
_SIGNED = re.compile(
    r"(?:(?:填表|填报|制表|经办|审核|审批|复核|负责|单位负责|统计)人?(?:签[字名章])?"
    r"|备注|说明|注|(?:填表|填报|制表)(?:日期|时间)):"
)
"""How the lines below a table begin that say who made it and when."""
_TOTAL = re.compile(r"(本页|本月|本季度?|本年|全年)?(合计|总计|小计|累计)[:：]?(共?\d+[人名个条次件户]?)?")


def _spread(grid: list[list[Any]], merged: list[tuple[tuple[int, int], tuple[int, int]]]) -> dict[int, frozenset[int]]:
    """Write each merged cell's value into all its cells; says which cells of which line that were."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    bottom, right = len(grid), len(grid[0]) if grid else 0
    budget = bottom * right
    for (top, left), (low, far) in merged:
        low, far = min(low, bottom - 1), min(far, right - 1)
        if low < top or far < left:
            continue
        budget -= (low - top + 1) * (far - left + 1)
        if budget < 0:  # merged areas never lie over each other
            raise Refused(archives.broken())
        value, places = grid[top][left], range(left, far + 1)
        for n in range(top, low + 1):
            grid[n][left : far + 1] = [value] * len(places)
            found[n].update(places[1:] if n == top else places)
    return {n: frozenset(places) for n, places in found.items()}


def _is_data(line: Line, headings: list[str]) -> bool:
    """Whether it is a row of the table: not blank, no total, no heading once more as on every printed page."""
    own = (cell for place, cell in enumerate(line.cells) if cell != "" and place not in line.spread)
    first = next((cell for cell in own if not isinstance(cell, str) or cell.strip()), None)
    if first is None:
        return False
    if not isinstance(first, str) or len(first) > 40:
        return True
    text = likeness(first)
    if _TOTAL.fullmatch(text) or _SIGNED.match(half_width("".join(first.split()))):
        return False
    if text not in headings:
        return True
    pairs = enumerate(zip(line.cells, headings, strict=True))
    return any(place not in line.spread and likeness(_heading(cell)) != heading for place, (cell, heading) in pairs)


def _find_head(
    grid: list[list[Any]], columns: Sequence[Column], kept: Mapping[str, str]
) -> tuple[int, int, int, list[str]] | None:
    """(columns named, first line, last line, headings) of the line, or the two lines, that name most columns."""
    best: tuple[int, int, int, list[str]] | None = None
    enough = min(2, len(columns))
    for n, line in enumerate(grid[:HEAD_LINES]):
        one = [_heading(cell) for cell in line]
        candidates = [(n, one)]
        if n + 1 < len(grid):
            candidates.append((n + 1, _joined(one, [_heading(cell) for cell in grid[n + 1]], columns)))
        for last, headings in candidates:
            score = len(suggest(_unique(headings), columns, kept))
            if score >= enough and (best is None or score > best[0]):
                best = (score, n, last, headings)
    return best


def _joined(upper: list[str], lower: list[str], columns: Sequence[Column]) -> list[str]:
    """The headings of two lines as one: the lower word where it says enough alone, else both."""
    known = {likeness(name) for column in columns for name in (column.label, *column.synonyms)}
    return [
        high + low if high != low and likeness(high + low) in known and likeness(low) not in known else low or high
        for high, low in zip(upper, lower, strict=True)
    ]


def _heading(cell: Any) -> str:
    return clean_text((f"{cell:.15g}" if isinstance(cell, float) else str(cell))[:MAX_HEADING])


def _unique(headings: Iterable[str]) -> tuple[str, ...]:
    """A second 备注 is 备注（2）."""
    seen: Counter[str] = Counter()
    found = []
    for heading in headings:
        seen[heading] += 1
        found.append(f"{heading}（{seen[heading]}）" if heading and seen[heading] > 1 else heading)
    return tuple(found)
