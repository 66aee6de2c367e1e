"""Reading the calendar, the parameters and what has to be worked out again."""

import json
import time
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Generic, TypeVar

from django.db import transaction
from django.db.models import F

from brigade.kit.clocks import Calendar
from brigade.kit.geo import Area, area
from brigade.reference.models import CalendarYear, Parameter, WorkCalendarDay
from brigade.reference.rules import year_to_alarm

KEPT_SECONDS = 10
OUTLINE = Path(__file__).parent / "data" / "district.geojson"
T = TypeVar("T")


class Kept(Generic[T]):
    """A small table held in the process for some seconds, because each page and each duty asks for it.

    Other processes see a change after KEPT_SECONDS at the latest. The process that writes drops its copy at once and
    keeps no new one until it has committed, so that a rolled-back change is never remembered.
    """

    def __init__(self, read: Callable[[], T]) -> None:
        self.read = read
        self.value: T | None = None
        self.until = self.closed_until = 0.0

    def get(self) -> T:
        now, value = time.monotonic(), self.value
        if value is not None and now < self.until:
            return value
        value = self.read()
        if now >= self.closed_until:
            self.value, self.until = value, now + KEPT_SECONDS
        return value

    def drop(self) -> None:
        self.value = None
        self.until = self.closed_until = 0.0

    def changed(self) -> None:
        """To be called inside the writing transaction."""
        self.drop()
        self.closed_until = time.monotonic() + 6 * KEPT_SECONDS
        transaction.on_commit(self.drop)


def _read_calendar() -> Calendar:
    return Calendar(
        dict(WorkCalendarDay.objects.values_list("date", "is_workday")),
        frozenset(CalendarYear.objects.filter(is_published=True).values_list("year", flat=True)),
    )


def _read_parameters() -> dict[str, list[tuple[date, date | None, Any]]]:
    table: dict[str, list[tuple[date, date | None, Any]]] = {}
    for code, start, end, value in Parameter.objects.values_list("code", "valid_from", "valid_to", "value"):
        table.setdefault(code, []).append((start, end, value))
    return table


kept_calendar = Kept(_read_calendar)
kept_parameters = Kept(_read_parameters)


def calendar() -> Calendar:
    """The work calendar; a year that is not published counts as Monday to Friday and is provisional."""
    return kept_calendar.get()


def parameter(code: str, on: date) -> Any:
    """The value of a parameter on a day. An unknown code, or a day before its first value, is a bug: LookupError."""
    for start, end, value in kept_parameters.get().get(code, ()):
        if start <= on and (end is None or on < end):
            return value
    raise LookupError(f"no value of parameter {code!r} on {on}")


def calendar_alarm(today: date) -> int | None:
    """The year whose list of holidays is missing although it should be there: this year, or from December the next."""
    return year_to_alarm(today, calendar().loaded_years)


def years_to_recompute() -> dict[int, int]:
    """Years whose calendar changed since due dates were last worked out, with the revision to confirm afterwards.

    Whoever recomputes takes due dates that fall into one of these years or run across it, and then calls
    `actions.confirm_recomputed` with this answer; a change made meanwhile stays on the list.
    """
    changed = CalendarYear.objects.filter(revision__gt=F("recomputed_revision"))
    return dict(changed.values_list("year", "revision"))


def years_known(today: date) -> list[int]:
    """The years that have a row, and this and the next one."""
    return sorted({today.year, today.year + 1, *CalendarYear.objects.values_list("year", flat=True)})


def year_row(year: int) -> CalendarYear | None:
    return CalendarYear.objects.filter(year=year).first()


def days_of(year: int) -> list[WorkCalendarDay]:
    """The days of a year that are named, in order."""
    return list(WorkCalendarDay.objects.filter(date__year=year).order_by("date"))


def parameters_on(day: date) -> list[Parameter]:
    """Every parameter with the value that it has on the day, by code."""
    return list(Parameter.objects.on(day).order_by("code"))


def outline() -> dict[str, Any]:
    """The district as GeoJSON, WGS-84; a fresh one for each caller."""
    return json.loads(OUTLINE.read_text(encoding="utf-8"))


@cache
def district() -> Area:
    """The district that the brigade polices; the outline is coarse (some hundred metres), so its border is no proof."""
    return area(outline()["features"][0]["geometry"])
