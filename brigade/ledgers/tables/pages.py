"""One page of a sheet on the screen, and the addresses around it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from brigade.ledgers.rules import CAP, PAGE_SIZES, PRINTED
from brigade.ledgers.states import ExportFormat
from brigade.ledgers.tables.sheets import Sheet


class Page:
    """One page of a sheet: the rows as cells, where it stands, and the addresses around it."""

    def __init__(self, sheet: Sheet, query: QueryDict):
        self.total = sheet.total
        self.is_print = "print" in query
        self.per = next((size for size in PAGE_SIZES if str(size) == query.get("per")), 50)
        size = PRINTED if self.is_print else self.per
        last = max(1, -(-min(self.total, CAP) // size))
        page = query.get("page", "")
        asked = int(page) if page.isdecimal() and len(page) < 9 else 1
        self.is_too_deep = self.total > CAP and asked > last
        self.number = max(1, min(asked, last))
        skipped = (self.number - 1) * size
        records = [] if self.is_too_deep else list(sheet.records[skipped : skipped + size])
        self.rows = sheet.drawn(records)
        self.records, self.first, self.last = records, skipped + 1, skipped + len(records)
        kept = sheet.kept()
        self.previous = address(kept, query, "per", "view", page=self.number - 1) if self.number > 1 else ""
        self.next = address(kept, query, "per", "view", page=self.number + 1) if self.number < last else ""
        self.sizes = [(size, address(kept, query, "view", per=size), size == self.per) for size in PAGE_SIZES]
        self.exports = [(form.label, address(kept, QueryDict(), format=form.value)) for form in ExportFormat]
        self.print = address(kept, QueryDict(), print=1) if last > 1 else ""

    @property
    def count(self) -> str:
        """The number of rows in words: what was not counted is said to be more."""
        return f"{CAP:,}+" if self.total > CAP else f"{self.total:,}"


def address(kept: QueryDict, query: QueryDict, *names: str, **changes: Any) -> str:
    """The query string of a sheet, with `names` taken over from `query` and `changes` put in."""
    taken = {name: query[name] for name in names if query.get(name)}
    turned = dict(kept.lists()) | taken | changes
    return f"?{urlencode(turned, doseq=True)}" if turned else ""


def narrowing(query: QueryDict) -> list[tuple[str, list[str]]]:
    """The filters of an address, for comparing: how it is sorted and laid out does not count."""
    return sorted((name, values) for name, values in query.lists() if name not in ("sort", "columns", "all"))
