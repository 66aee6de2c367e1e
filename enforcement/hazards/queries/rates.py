"""How towns and owners stand: counts and the rates made of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Count, F, Q, QuerySet

from brigade.kit.clocks import at
from enforcement.hazards.models import Hazard, Verification, past_limit
from enforcement.hazards.states import (
    OPEN,
    WITH_OWNER,
    HazardState,
)


@dataclass(frozen=True, slots=True)
class Rates:
    """Counts of a stretch of days, and the rates made of them; a rate is None where nothing can be divided.

    `due` are those whose limit ended in it; of these `due_closed` were closed, `on_time` of them handed in by the
    limit. `open` and `overdue` are as of now.
    """

    registered: int = 0
    open: int = 0
    closed: int = 0
    due: int = 0
    due_closed: int = 0
    on_time: int = 0
    overdue: int = 0

    @property
    def closing(self) -> float | None:
        """整改率: closed ÷ registered."""
        return _percent(self.closed, self.registered)

    @property
    def of_due(self) -> float | None:
        """按期整改率: in time ÷ due."""
        return _percent(self.on_time, self.due)

    @property
    def of_closed(self) -> float | None:
        """In time ÷ closed of what was due."""
        return _percent(self.on_time, self.due_closed)


def _percent(part: int, base: int) -> float | None:
    return part * 100 / base if base else None


def rates_by(field: str, units: Iterable[int], start: date, end: date, now: datetime) -> list[tuple[int, Rates]]:
    """(town or owner, its rates) of these units from a day to another, both included; two queries.

    `field` is "town" or "owner"; what was not sent to anybody has no owner and is left out there.
    """
    since, until = at(start, time.min), at(end + timedelta(days=1), time.min)

    def within(moment: str) -> Q:
        return Q(**{f"{moment}__gte": since, f"{moment}__lt": until})

    sums: dict[int, dict[str, int]] = defaultdict(dict)
    ours = Hazard.objects.filter(unit__in=list(units)).exclude(state=HazardState.MERGED)
    counted = {
        "registered": within("registered_at"),
        "open": Q(state__in=OPEN),
        "overdue": past_limit(now),
        "due": Q(state__in=[*WITH_OWNER, HazardState.SUBMITTED], disputed_at__isnull=True) & within("due_at"),
    }
    _add(sums, ours, field, counted)
    passed = Verification.objects.filter(unit__in=list(units), has_passed=True)
    in_due = within("due_at")
    settled = {
        "closed": within("at"),
        "due": in_due,
        "due_closed": in_due,
        "on_time": in_due & Q(submitted_at__lte=F("due_at")),
    }
    _add(sums, passed, "owner" if field == "owner" else f"hazard__{field}", settled)
    return sorted((key, Rates(**counts)) for key, counts in sums.items())


def _add(sums: dict[int, dict[str, int]], rows: QuerySet, field: str, counted: dict[str, Q]) -> None:
    """One query; a name of `counted` that is there already is added to."""
    found = rows.filter(**{f"{field}__isnull": False}).order_by().values_list(field)
    names = list(counted)
    for key, *values in found.annotate(**{f"n_{name}": Count("pk", filter=counted[name]) for name in names}):
        for name, value in zip(names, values, strict=True):
            sums[key][name] = sums[key].get(name, 0) + value
