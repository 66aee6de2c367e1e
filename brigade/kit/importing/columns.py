"""What an import wants of a sheet, and which heading is meant by which column."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from brigade.kit import exporting


@dataclass(frozen=True, slots=True)
class Column:
    """A column that an import wants. `kind`: text, id, name, integer, number, date, moment, span (a
    moment or a stretch of time, `cells.Span`), yes or choice.

    `choices`: (value, label) pairs; a cell holds the label. `synonyms`: other headings under which ledgers keep it.
    """

    code: str
    label: Any
    kind: str = "text"
    required: bool = False
    synonyms: Sequence[str] = ()
    max_length: int = 0
    choices: Sequence[tuple[Any, Any]] = ()
    width: float = 14


def sheet_columns(columns: Iterable[Column]) -> list[exporting.Column]:
    """The columns as `exporting` writes them, for a template and for an export that can come back."""
    kinds = {"yes": "text", "choice": "text", "name": "text", "span": "moment"}
    return [exporting.Column(column.label, column.width, kinds.get(column.kind, column.kind)) for column in columns]


def likeness(text: Any) -> str:
    """A heading as it is compared: plain forms, no blanks, stars, colons, no remark in brackets at its end."""
    plain = _FILLING.sub("", unicodedata.normalize("NFKC", str(text))).casefold()
    return _REMARK.sub("", plain) or plain


_FILLING = re.compile(r"[\s*:\u00ad\u200b-\u200d\u2060\ufeff]+")
_REMARK = re.compile(r"\([^()]*\)$")


def suggest(
    headings: Sequence[str], columns: Sequence[Column], kept: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Heading → code of the column that it most likely is: as `kept` from last time (there "" leaves a heading out),
    else by its label, by a synonym, or by either written a little differently. The caller may override it."""
    known = {column.code for column in columns}
    found = {heading: code for heading, code in (kept or {}).items() if heading in headings and code in known | {""}}
    free = [heading for heading in headings if heading and heading not in found]
    exact = {heading: heading for heading in free}
    alike: dict[str, str] = {}
    for heading in free:
        alike.setdefault(likeness(heading), heading)
    ways: tuple[tuple[dict[str, str], Callable[[Column], Iterable[str]]], ...] = (
        (exact, lambda column: [str(column.label)]),
        (exact, lambda column: column.synonyms),
        (alike, lambda column: [likeness(name) for name in (column.label, *column.synonyms)]),
    )
    taken = set(found.values())
    for names, words in ways:
        for column in columns:
            fits = next((h for h in map(names.get, words(column)) if h and h not in found), None)
            if fits and column.code not in taken:
                found[fits] = column.code
                taken.add(column.code)
    return {heading: code for heading, code in found.items() if code}
