"""What a browser sends, and how queries are counted."""

from __future__ import annotations

from django.db import connection

from brigade.kit.ids import new_id
from partybuilding.meetings.states import Presence
from tests.partybuilding.factories import Branch, moment

NEW, PREVIEW, MATRIX = "/party/meetings/new/", "/party/meetings/preview/", "/party/meetings/matrix/"
NOW = moment("2026-11-20", "18:00")


def typed(branch: Branch, *kinds: str, rows: tuple = (), topics: tuple = (), **fields) -> dict:
    """The form as a browser sends it: everybody there, no rows but those that are given."""
    values = {
        "id": str(new_id()),
        "unit": branch.pk,
        "day": "2026-11-20",
        "start": "15:00",
        "end": "17:00",
        "place": "大队党建活动室",
        "mode": "onsite",
        "chair": branch.secretary.pk,
        "recorder": branch.recorder.pk,
        "kinds": list(kinds),
        "endings": "plan record",
        "intent": "record",
    }
    values |= rows_of("shifts", fields.pop("shifts", ())) | rows_of("segments", rows)
    values |= rows_of("agenda", topics, ("tasks", "votes"))
    values |= {f"mark-{member.pk}": Presence.PRESENT for member in branch.members}
    return values | fields


def rows_of(prefix: str, given: tuple, below: tuple = ()) -> dict:
    """The fields of rows, each with the rows that it holds itself."""
    values = {f"{prefix}-TOTAL_FORMS": len(given), f"{prefix}-INITIAL_FORMS": 0}
    for number, row in enumerate(given):
        values |= {f"{prefix}-{number}-{name}": value for name, value in row.items() if name not in below}
        for name in below:
            values |= rows_of(f"{prefix}-{number}-{name}", row.get(name, ()))
    return values


def row(kind: str, start: str, end: str, **fields) -> dict:
    return {"kind": kind, "start": start, "end": end, **fields}


def task(title: str, owner, due_on: str, **fields) -> dict:
    return {"title": title, "owner": owner.pk, "due_on": due_on, **fields}


def count(kind: str, **fields) -> dict:
    return {"kind": kind, **fields}


class CountedQueries:
    def __enter__(self):
        self.number = 0
        self.wrapper = connection.execute_wrapper(self.note)
        self.wrapper.__enter__()
        return self

    def note(self, execute, sql, *rest):
        self.number += 1
        return execute(sql, *rest)

    def __exit__(self, *problem):
        self.wrapper.__exit__(*problem)
