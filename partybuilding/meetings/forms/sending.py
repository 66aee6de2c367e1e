"""A meeting as data, the way the API sends it, and as the fields of the form that the page sends."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.http import QueryDict
from django.utils import timezone

from partybuilding.meetings.forms.offers import shift_mark
from partybuilding.meetings.states import Mode, Presence

ROWS = ("shifts", "segments", "agenda")
ROWS_OF_A_TOPIC = ("tasks", "votes")


def typed(sent: Mapping[str, Any]) -> QueryDict:
    """The fields of the form that the page would have sent; `photos` are (file, caption) as the form starts with."""
    fields = QueryDict(mutable=True)
    fields["mode"] = Mode.ONSITE
    given = dict(sent)
    for mark in given.pop("marks", ()):
        is_there = mark["status"] == Presence.PRESENT
        value = shift_mark(mark["shifts"]) if is_there and mark.get("shifts") else mark["status"]
        fields[f"mark-{mark['person']}"] = value
        fields[f"reason-{mark['person']}"] = mark.get("reason", "")
    for file, caption in given.pop("photos", ()):
        fields.appendlist("photo", str(file.pk))
        fields[f"caption-{file.pk}"] = caption
    for name in ROWS:
        _put_rows(fields, name, given.pop(name, ()))
    for name, value in given.items():
        _put(fields, name, value)
    return fields


def _put_rows(fields: QueryDict, prefix: str, rows: Any) -> None:
    fields[f"{prefix}-TOTAL_FORMS"], fields[f"{prefix}-INITIAL_FORMS"] = str(len(rows)), "0"
    for number, row in enumerate(rows):
        below = ROWS_OF_A_TOPIC if prefix == "agenda" else ()
        for name in below:
            _put_rows(fields, f"{prefix}-{number}-{name}", row.get(name, ()))
        for name, value in row.items():
            if name not in below:
                _put(fields, f"{prefix}-{number}-{name}", value)


def _put(fields: QueryDict, name: str, value: Any) -> None:
    if isinstance(value, list):
        fields.setlist(name, [str(part) for part in value])
    elif isinstance(value, datetime):
        fields[name] = timezone.localtime(value).strftime("%Y-%m-%d %H:%M:%S")
    elif value is not None:
        fields[name] = str(value)


def sent_of(start: Mapping[str, Any]) -> dict[str, Any]:
    """A saved meeting, as its form starts, the way the API would send it."""
    marks, came = start["marks"], start["came"]
    sent = {name: value for name, value in start.items() if name not in ("marks", "came", "photos", "version", "id")}
    sent["marks"] = [
        {"person": pk, "status": status, "reason": reason}
        for pk, (status, reason) in marks.items()
        if status != Presence.OBSERVER
    ]
    sent["marks"] += [
        {"person": pk, "status": Presence.PRESENT, "shifts": sorted(shifts)}
        for pk, shifts in came.items()
        if pk not in marks
    ]
    return sent
