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
        "intent": "record",
    }
    for prefix, given in (("segments", rows), ("agenda", topics)):
        values |= {f"{prefix}-TOTAL_FORMS": len(given), f"{prefix}-INITIAL_FORMS": 0}
        for number, row in enumerate(given):
            values |= {f"{prefix}-{number}-{name}": value for name, value in row.items()}
    values |= {f"mark-{member.pk}": Presence.PRESENT for member in branch.members}
    return values | fields


def row(kind: str, start: str, end: str, **fields) -> dict:
    return {"kind": kind, "start": start, "end": end, **fields}


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
