"""Reading the rows of a table: each cell typed, each fault said, none of them the end."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from django.utils.translation import gettext as _
from xlsxwriter.utility import xl_col_to_name

from brigade.kit.exporting import MAX_TEXT
from brigade.kit.importing import cells
from brigade.kit.importing.columns import Column, likeness
from brigade.kit.importing.tables import Line, Table
from brigade.kit.refusals import Refused


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a cell (`C7`), in a sentence; `code` is its column."""

    cell: str
    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row as read: values of the columns that the sheet has; a faulty or blank one is `None`."""

    number: int
    values: dict[str, Any]
    faults: tuple[Fault, ...]
    letters: Mapping[str, str]
    """The sheet's letter of each column."""

    def with_fault(self, code: str, sentence: str) -> "Row":
        """The row with one more fault, found by whoever knows more than the sheet."""
        cell = f"{self.letters[code]}{self.number}" if code in self.letters else ""
        return replace(self, faults=(*self.faults, Fault(cell, code, sentence)))


def read(
    table: Table, columns: Sequence[Column], mapping: Mapping[str, str], *, keys: Sequence[str] = ()
) -> Iterator[Row]:
    """Every row with its typed values and all its faults; `mapping` is heading → code, `keys` the codes that together
    may stand only once in the file. Refuses a mapping without the required columns, or with one twice."""
    places = places_of(table, columns, mapping)
    letters = {code: xl_col_to_name(place) for code, place in places.items()}
    readers = [
        (column.code, places[column.code], _reader_of(column, table.since), column.required)
        for column in columns
        if column.code in places
    ]
    return _rows(table.lines, readers, letters, keys)


def places_of(table: Table, columns: Sequence[Column], mapping: Mapping[str, str]) -> dict[str, int]:
    labels = {column.code: str(column.label) for column in columns}
    places: dict[str, int] = {}
    for place, heading in enumerate(table.headings):
        code = mapping.get(heading, "") if heading else ""
        if code not in labels:
            continue
        if code in places:
            raise Refused(_("“%(label)s”对应了两列，请只留一列。") % {"label": labels[code]})
        places[code] = place
    missing = [str(column.label) for column in columns if column.required and column.code not in places]
    if missing:
        raise Refused(_("表里没有这几列：%(names)s；请补上，或指出是哪一列。") % {"names": "、".join(missing)})
    return places


def _rows(
    lines: Iterable[Line],
    readers: list[tuple[str, int, Callable[[Any], Any], bool]],
    letters: Mapping[str, str],
    keys: Sequence[str],
) -> Iterator[Row]:
    seen: dict[tuple[Any, ...], int] = {}
    for line in lines:
        values: dict[str, Any] = {}
        faults: list[Fault] = []
        is_filled = False
        for code, place, convert, is_required in readers:
            raw, value, sentence = line.cells[place], None, ""
            if raw != "":
                try:
                    value = convert(raw)
                except Refused as refusal:
                    sentence = str(refusal)
                if (sentence or value is not None) and place not in line.spread:
                    is_filled = True
            if is_required and value is None and not sentence:
                sentence = _("不能为空")
            if sentence:
                faults.append(Fault(f"{letters[code]}{line.number}", code, sentence))
            values[code] = value
        if not is_filled:
            continue
        row = Row(line.number, values, tuple(faults), letters)
        key = tuple(values.get(code) for code in keys)
        if key and None not in key:
            first = seen.setdefault(key, line.number)
            if first != line.number:
                row = row.with_fault(keys[0], _("与第%(n)d行重复") % {"n": first})
        yield row


def _reader_of(column: Column, since: datetime) -> Callable[[Any], Any]:
    """Turns a cell of the column into its value, or refuses it."""
    match column.kind:
        case "date":
            return partial(cells.as_date, since=since)
        case "moment":
            return partial(cells.as_moment, since=since)
        case "span":
            return partial(cells.as_span, since=since)
        case "choice":
            return _choice(column.choices)
        case "text" | "id" | "name":
            return partial(_fitting, _TEXTS[column.kind], column.max_length or MAX_TEXT)
    return _PLAIN_KINDS[column.kind]


_TEXTS: dict[str, Callable[[Any], str | None]] = {"text": cells.as_text, "id": cells.as_code, "name": cells.as_name}
_PLAIN_KINDS: dict[str, Callable[[Any], Any]] = {
    "integer": cells.as_integer,
    "number": cells.as_number,
    "yes": cells.as_yes_no,
}


def _fitting(convert: Callable[[Any], str | None], limit: int, raw: Any) -> str | None:
    text = convert(raw)
    if text and len(text) > limit:
        raise Refused(_("最多%(limit)d个字，现在是%(n)d个") % {"limit": limit, "n": len(text)})
    return text


def _choice(choices: Sequence[tuple[Any, Any]]) -> Callable[[Any], Any]:
    exact = {str(label): value for value, label in choices}
    values = {likeness(label): value for value, label in choices}
    longest = max((len(label) for label in exact), default=0) + 50
    offered = "、".join(str(label) for _value, label in choices[:12]) + ("等" if len(choices) > 12 else "")

    def convert(raw: Any) -> Any:
        text = cells.as_text(raw)
        if text is None:
            return None
        if text in exact:
            return exact[text]
        known = likeness(text[:longest])
        begun = [label for label in values if len(known) > 1 and label.startswith(known)]
        if known not in values and len(begun) == 1:  # 正式 of 正式党员
            known = begun[0]
        if len(text) > longest or known not in values:
            raise Refused(_("“%(text)s”不在可填的里面：%(offered)s。") % {"text": text[:30], "offered": offered})
        return values[known]

    return convert
