"""Limits of ledgers and drafts, what an import is, and the words of what is audited."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from brigade.kit.importing import Column, Row
from brigade.kit.refusals import Refused

T = TypeVar("T")

CAP = 10_000
"""Rows that are counted, paged and exported at once; what lies beyond asks for a narrower filter or for the worker."""
BEYOND = timedelta(minutes=1)
"""How long a list that has more than `CAP` rows is taken to have them without counting again."""
PAGE_SIZES = (25, 50, 100, 200)
PRINTED = 1_000
EXPORTED = 200_000
VIEWS_A_LEDGER = 20
KEEP_EXPORT = timedelta(hours=24)
REPORT_EVERY = 2_000
KEEP_IMPORT = timedelta(hours=24)
"""How long an uploaded file waits for its import, and how long an import can be undone."""
WRITTEN_AT_ONCE = 1_000
SHOWN_FAULTY, SHOWN_GOOD = 50, 10
"""Rows of a check that its page shows; all of them are in the file to be mended."""

DRAFT_BYTES = 256 * 1024
DRAFT_LINES = 3_000
DRAFTS_A_PERSON = 200

VERBS = {
    "ledger.exported": _("导出台账"),
    "ledger.downloaded": _("下载导出的台账"),
    "ledger.view_saved": _("保存台账视图"),
    "ledger.view_dropped": _("删除台账视图"),
    "ledger.import_checked": _("预检导入的表"),
    "ledger.imported": _("导入台账"),
    "ledger.import_undone": _("撤销导入"),
    "ledger.handed_out": _("下载导入后的一次性名单"),
}


@dataclass(frozen=True, slots=True)
class Judged:
    """What becomes of a row: written as `draft`, skipped because it `is_known`, or, with faults, neither."""

    row: Row
    draft: Any = None
    is_known: bool = False


@dataclass(slots=True)
class Look:
    """One row on its way through the checks of a slice: it gathers the faults and ends as `Judged`."""

    row: Row

    def __getitem__(self, code: str) -> Any:
        """The value of a column; None where the cell is blank or faulty, or the sheet has no such column."""
        return self.row.values.get(code)

    def text(self, code: str) -> str:
        return self.row.values.get(code) or ""

    def fault(self, code: str, sentence: str | Promise) -> None:
        self.row = self.row.with_fault(code, str(sentence))

    def find(self, code: str, finder: Callable[[Any], T]) -> T | None:
        """What the cell names, as `finder` finds it; its refusal becomes the fault of the cell."""
        value = self[code]
        if value is None:
            return None
        try:
            return finder(value)
        except Refused as refusal:
            self.fault(code, str(refusal))
            return None

    def known(self, code: str, differs: Collection[str | Promise], sentence: str) -> Judged:
        """The row stands in the ledger already: skipped where nothing `differs`, else a fault that names what does."""
        if differs:
            self.fault(code, sentence % {"what": "、".join(map(str, differs))})
        return Judged(self.row, is_known=not self.row.faults)

    def become(self, draft: Any) -> Judged:
        return Judged(self.row, None if self.row.faults else draft)


@dataclass(frozen=True, kw_only=True)
class Import:
    """What a ledger takes in from a sheet; a slice lists its own in `imports.IMPORTS`.

    `code` is the URL name of the ledger in whose address the import lives, `perm` who may bring rows in somewhere; that
    he may in each row's unit is for `judge` to say. `columns` are those of the template, `keys` name the column codes
    that together may stand only once in a file, `private` those whose cells no page shows.

    `judge(rows, by=, now=)` looks all rows up in the database in constant queries and gives `Judged` in their order.
    `prepare(draft)` is what takes long and needs no transaction; `ready(drafts, by=, now=)` gives batches of what
    `write` takes in place of drafts, made before the transaction, for which everybody waits who writes. `write(drafts,
    by=, now=)` writes a batch within the one transaction, audited, and returns what it wrote, in order; a batch may
    lean on the ones before. `used(keys)` says in one sentence which of the rows are in use since, or nothing;
    `undo(keys, by=, now=, reason=)` voids a batch.
    `handout` are the columns of a list handed over once after the import, `handed(draft)` its row.
    """

    code: str
    title: str | Promise
    perm: str
    columns: Sequence[Column]
    judge: Callable[..., Iterable[Judged]]
    write: Callable[..., Sequence[Any]]
    used: Callable[[Sequence[Any]], str]
    undo: Callable[..., None]
    keys: Sequence[str] = ()
    private: Collection[str] = ()
    notes: Mapping[str, str | Promise] = field(default_factory=dict)
    """Column code → what may stand in it, for the template's heading; choices say so themselves."""
    explains: str | Promise = ""
    """What follows from the import, said where the file is chosen."""
    prepare: Callable[[Any], Any] | None = None
    ready: Callable[..., Iterable[Any]] | None = None
    handout_note: str | Promise = ""
    handout: Sequence[Column] = ()
    handed: Callable[[Any], Sequence[Any]] | None = None
    max_rows: int = 0
    """A lower limit of rows than that of every sheet, where each one takes long."""


IMPORTS: dict[str, Import] = {}
"""Every slice's imports by the URL name of the ledger; filled when the application starts."""
