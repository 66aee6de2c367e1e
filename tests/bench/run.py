"""`make bench`: every bar of speed as a ratio inside one run, on SQLite and PostgreSQL, as one table.

What needs no database is measured once. PostgreSQL is the one that DATABASE_URL names, else a private one.
"""

import json
import os
import subprocess
import sys
import time
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    begun = time.monotonic()
    own = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    environment = {**own, "DJANGO_SETTINGS_MODULE": "tests.bench.settings", "PYTHONUNBUFFERED": "1"}
    given = {"DATABASE_URL": os.environ["DATABASE_URL"]} if "DATABASE_URL" in os.environ else {}
    measure = [sys.executable, "-m", "tests.bench.measure"]
    rows = [("XLSX", line) for line in sheets(environment)]
    rows += [("SQLite", line) for line in lines(measure, environment)]
    server = measure if given else [sys.executable, "-m", "tests.servers", *measure]
    rows += [("PostgreSQL", line) for line in lines(server, environment | given)]
    show(rows)
    missed = [line for _where, line in rows if not line["kept"]]
    print(f"{len(rows) - len(missed)} of {len(rows)} bars kept, {time.monotonic() - begun:.0f} s")
    return bool(missed)


def sheets(environment: dict[str, str], rounds: int = 3) -> Iterator[dict[str, Any]]:
    """Each writer in fresh processes; they take turns, so that both see the same weather, and the median counts."""
    seen: dict[str, list[dict[str, float]]] = {"ours": [], "openpyxl": []}
    for _round in range(rounds):
        for writer, runs in seen.items():
            command = [sys.executable, "-m", "tests.bench.sheets", writer]
            output = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=True).stdout
            runs.append(json.loads(output))
    ours, other = (median(run["seconds"] for run in runs) for runs in seen.values())
    words = f"{ours / other:.2f}×  ({ours:.1f} s : {other:.1f} s, median of {rounds})"
    yield {"bar": "export 100 k × 20 : openpyxl", "limit": "≤ 0.8×", "measured": words, "kept": ours <= 0.8 * other}
    growth = max(run["growth"] for run in seen["ours"])
    yield {"bar": "memory growth", "limit": "≤ 60 MiB", "measured": f"{growth:.1f} MiB", "kept": growth <= 60}


def lines(command: list[str], environment: dict[str, str]) -> Iterator[dict[str, Any]]:
    """The bars of one database, as they come; what stops it before its end is a missed bar."""
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    for line in process.stdout or ():
        if line.startswith("{"):
            yield json.loads(line)
            print(".", end="", flush=True)
        else:
            print(line, end="", file=sys.stderr)
    if process.wait():
        yield {"bar": "the run itself", "limit": "to its end", "measured": f"exit {process.returncode}", "kept": False}
    print()


def show(rows: list[tuple[str, dict[str, Any]]]) -> None:
    head = ("where", "bar", "limit", "measured", "")
    table = [head] + [
        (where, line["bar"], line["limit"], line["measured"], "kept" if line["kept"] else "MISSED")
        for where, line in rows
    ]
    widths = [max(map(width, column)) for column in zip(*table, strict=True)]
    for row in table:
        print("  ".join(text + " " * (size - width(text)) for text, size in zip(row, widths, strict=True)).rstrip())


def width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


if __name__ == "__main__":
    sys.exit(main())
