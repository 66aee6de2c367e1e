"""One long workbook, by our writer or by openpyxl: seconds and growth of memory, as JSON."""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import django
import openpyxl

from brigade.kit.exporting import Column, write_xlsx

ROWS, KINDS = 100_000, ("id", "text", "text", "date", "integer") * 4
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
COLUMNS = [Column(f"第{number}列", 16, kind) for number, kind in enumerate(KINDS, start=1)]


def rows() -> Iterator[list[Any]]:
    for n in range(ROWS):
        part = [f"办{n:08}", f"东昌府大队第{n % 9}中队", f"机动车驾驶证期满换证业务{n}", date(2026, 1 + n % 12, 1), n]
        yield part * 4


def ours(path: Path) -> None:
    write_xlsx(
        path, title="办件", unit="大队", filters="全部", person="甲 000001", at=NOW, columns=COLUMNS, rows=rows()
    )


def openpyxls(path: Path) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("办件")
    sheet.append([column.label for column in COLUMNS])
    for row in rows():
        sheet.append(row)
    book.save(path)


def memory(name: str) -> float:
    """A line of the process's status, in MiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))


def measured(write: Callable[[Path], None]) -> dict[str, float]:
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    before, start = memory("VmRSS"), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / "sheet.xlsx")
    return {"seconds": time.perf_counter() - start, "growth": memory("VmHWM") - before}


if __name__ == "__main__":
    django.setup()
    print(json.dumps(measured(ours if sys.argv[1] == "ours" else openpyxls)))
