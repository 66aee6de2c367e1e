"""What every ledger must hold, for the tests of any slice: constant queries, a swap that equals the fresh page."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import time_machine
from django.db import connection
from django.utils import timezone

VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
TOKEN = re.compile(r'(name="csrfmiddlewaretoken" value=|name="csrf-token" content=)"[^"]*"')


def queries_of(client: Any, url: str) -> int:
    statements = []

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        statements.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        response = client.get(url)
    assert response.status_code == 200, f"{url}: {response.status_code}"
    return len(statements)


def assert_same_queries(client: Any, url: str, make_rows: Callable[[int], object], limit: int = 8) -> None:
    """One, three and two hundred rows cost the same number of queries, and at most `limit`. `make_rows(n)` adds n."""
    seen = []
    client.get(url)  # the first request of a session writes it
    for more in (1, 2, 197):
        make_rows(more)
        seen.append(queries_of(client, url))
    assert len(set(seen)) == 1, f"{url}: {seen} queries with 1, 3 and 200 rows"
    assert seen[0] <= limit, f"{url}: {seen[0]} queries"


def assert_swap_is_fresh(client: Any, url: str, start: str = "") -> None:
    """The page at `start`, with the fragment of `url` put into it as htmx would, is the page at `url`."""
    with time_machine.travel(timezone.now(), tick=False):  # the paper bears the minute of its print
        old = client.get(start or url.partition("?")[0]).content.decode()
        answer = client.get(url, headers={"HX-Request": "true"})
        fragment, fresh = answer.content.decode(), client.get(url).content.decode()
    assert "<html" not in fragment, f"{url}: a whole page instead of the part that changes"
    assert "HX-Request" in answer["Vary"]
    assert "no-store" in answer["Cache-Control"]
    for name in ("ledger-part", "ledger-do", "ledger-head"):
        old = old.replace(element(old, name), element(fragment, name).replace(' hx-swap-oob="true"', ""))
    assert plain(old) == plain(fresh)


def csv_of(client: Any, url: str) -> list[list[str]]:
    """The rows of the ledger's export as CSV, headings first."""
    response = client.get(url + ("&" if "?" in url else "?") + "format=csv")
    assert response.status_code == 200
    return list(csv.reader(io.StringIO(response.getvalue().decode("utf-8-sig"))))


def plain(html: str) -> str:
    """Without the tokens that differ from answer to answer."""
    return TOKEN.sub(r"\1", html)


def element(html: str, name: str) -> str:
    """The source of the element with that id."""
    finder = _Finder(name)
    finder.feed(html)
    assert finder.end, f"no element with the id {name}"
    lines = html.splitlines(keepends=True)
    first, last = (sum(map(len, lines[: line - 1])) + column for line, column in (finder.start, finder.end))
    return html[first : html.index(">", last) + 1]


class _Finder(HTMLParser):
    def __init__(self, name: str):
        super().__init__()
        self.name, self.depth = name, 0
        self.start: tuple[int, int] = (0, 0)
        self.end: tuple[int, int] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.depth and tag not in VOID:
            self.depth += 1
        elif not self.end and dict(attrs).get("id") == self.name:
            self.start, self.depth = self.getpos(), 1

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        if self.depth and tag not in VOID:
            self.depth -= 1
            if not self.depth:
                self.end = self.getpos()
