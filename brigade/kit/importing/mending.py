"""The sheet that goes back to be mended: as it came, with the errors beside the cells."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from django.utils.translation import gettext as _

from brigade.kit import exporting
from brigade.kit.importing import cells
from brigade.kit.importing.columns import Column
from brigade.kit.importing.rows import Row, places_of
from brigade.kit.importing.tables import Table
from brigade.kit.refusals import Refused


def write_mended(
    target: Path | IO[bytes],
    *,
    table: Table,
    columns: Sequence[Column],
    mapping: Mapping[str, str],
    rows: Iterable[Row],
    title: str,
    unit: str,
    person: str,
    at: datetime,
) -> int:
    """Write the rows' lines as they came, faulty cells marked and a last column 错误 that says why; returns how many.

    The sheet can be mended and imported again with the same mapping.
    """
    by_code = {column.code: column for column in columns}
    codes = {place: code for code, place in places_of(table, columns, mapping).items()}
    used = [place for place, heading in enumerate(table.headings) if place in codes or _is_kept(table, place, heading)]
    kinds = {place: by_code[code].kind for place, code in codes.items()}
    lines = {line.number: line.cells for line in table.lines}
    heads = [
        exporting.Column(table.headings[place], 14, kinds[place] if kinds.get(place) in _TYPED else "text")
        for place in used
    ]

    def written() -> Iterator[list[Any]]:
        for row in rows:
            wrong = {fault.code for fault in row.faults}
            cells_now: list[Any] = []
            for place in used:
                code = codes.get(place, "")
                typed = row.values.get(code) if kinds.get(place) in _TYPED else None
                value = _as_it_came(lines[row.number][place]) if typed is None else typed
                cells_now.append(exporting.Marked(value) if code in wrong else value)
            reasons = [
                f"{by_code[fault.code].label}：{fault.sentence.removesuffix('。')}"
                if fault.code in by_code
                else fault.sentence.removesuffix("。")
                for fault in row.faults
            ]
            yield [*cells_now, "；".join(reasons)]

    return exporting.write_xlsx(
        target, title=title, unit=unit, filters=_("标红的格子要改，原因在最后一列，改好后再导入"), person=person, at=at,
        columns=[*heads, exporting.Column(_ERRORS, 50)], rows=written(),
    )  # fmt: skip


_ERRORS = "错误"
_TYPED = frozenset(("integer", "number", "date", "moment"))


def _is_kept(table: Table, place: int, heading: str) -> bool:
    """What nobody imports is given back all the same, but not the errors of last time."""
    return heading != _ERRORS and (bool(heading) or any(line.cells[place] != "" for line in table.lines))


def _as_it_came(raw: Any) -> Any:
    """A cell as a person would type it; a number that has lost its end keeps the form that shows it."""
    if isinstance(raw, str):
        return raw
    try:
        return cells.as_text(raw)
    except Refused:
        return f"{raw:.15G}"
