"""Hazards of the time before the portal, out of the squadron's own ledger: recorded as they stand there."""

from __future__ import annotations

from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade import workflow
from brigade.kit.ids import new_id
from brigade.ledgers.rules import WRITTEN_AT_ONCE
from brigade.org.models import Person
from brigade.reference.actions import next_numbers
from brigade.reference.models import Counter
from brigade.reference.queries import parameter
from enforcement.hazards import moves, queries
from enforcement.hazards.actions.reporting import usual_title
from enforcement.hazards.models import Hazard, OwnerTurn, Verification
from enforcement.hazards.states import HazardState

KIND = "hazard"
"""Of the counter that numbers hazards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastHazard:
    """A hazard as a line of the old ledger has it, not saved yet, and which two police saw it mended, if it says so."""

    hazard: Hazard
    verifiers: tuple[Person, Person] | None = None


@dataclass(frozen=True, slots=True)
class PastBatch:
    """Hazards of the past with the series of their numbers, and what they will get unless somebody takes one before."""

    drafts: Sequence[PastHazard]
    series: list[tuple[int, int]]
    serials: list[int]
    ready: workflow.Ready


def ready_past(drafts: Sequence[PastHazard], *, by: Any, now: datetime) -> Iterator[PastBatch]:
    """All that `record_past` will write, made before its transaction: squadrons write meanwhile. Nothing is written."""
    brigades = {unit.pk: queries.brigade_of(unit).pk for unit in {draft.hazard.unit for draft in drafts}}
    last: dict[tuple[int, int], int] = defaultdict(int)
    counters = Counter.objects.filter(kind=KIND, unit__in=set(brigades.values()))
    for brigade, year, number in counters.values_list("unit", "year", "last"):
        last[brigade, year] = number
    for start in range(0, len(drafts), WRITTEN_AT_ONCE):
        batch = drafts[start : start + WRITTEN_AT_ONCE]
        series, serials = [], []
        for draft in batch:
            key = brigades[draft.hazard.unit_id], timezone.localdate(draft.hazard.discovered_at).year
            last[key] += 1
            series.append(key)
            serials.append(last[key])
        yield PastBatch(batch, series, serials, _ready(batch, serials, by, now))


def _ready(drafts: Sequence[PastHazard], serials: Sequence[int], by: Any, now: datetime) -> workflow.Ready:
    prefix = parameter("hazards.region_code", timezone.localdate(now))
    for draft, serial in zip(drafts, serials, strict=True):
        hazard = draft.hazard
        hazard.id, hazard.is_past = new_id(), True
        hazard.number = f"{prefix}-YH-{timezone.localdate(hazard.discovered_at).year}-{serial:05}"
        hazard.created_at, hazard.created_by, hazard.version = now, by, 1
        hazard.register_note = _("按原台账导入")
        hazard.title = hazard.title or usual_title(hazard)
        hazard.closing = _closing(draft)
    hazards = [draft.hazard for draft in drafts]
    turns = [
        OwnerTurn(hazard=one, owner=one.owner, delivered_at=one.delivered_at, due_at=one.due_at)
        for one in hazards
        if one.state == HazardState.RECTIFYING and one.delivered_at is not None and one.due_at is not None
    ]
    closings = [one.closing for one in hazards if one.closing is not None]
    return workflow.make_ready(hazards, moves.RECORD_PAST, by=by, now=now, parts=[turns, closings])


@transaction.atomic
def record_past(batch: PastBatch, *, by: Any, now: datetime) -> list[Hazard]:
    """Record hazards of an old ledger, each with a number of the year in which it was found; for the clerk.

    What was closed before two police are named for it stands in the ledger and in no figure. What is with its owner
    has its limit from now on, with all that follows when it is missed.
    """
    numbers = {
        (brigade, year): iter(next_numbers(brigade, KIND, year, count))
        for (brigade, year), count in sorted(Tally(batch.series).items())
    }
    serials = [next(numbers[key]) for key in batch.series]
    ready = batch.ready if serials == batch.serials else _ready(batch.drafts, serials, by, now)
    hazards = [draft.hazard for draft in batch.drafts]
    workflow.bulk(hazards, moves.RECORD_PAST, by=by, now=now, ready=ready)
    return hazards


def _closing(draft: PastHazard) -> Verification | None:
    if draft.verifiers is None:
        return None
    one, (first, second) = draft.hazard, draft.verifiers
    return Verification(
        hazard=one,
        unit=one.unit,
        owner=one.owner,
        at=one.closed_at or one.discovered_at,
        submitted_at=one.submitted_at or one.discovered_at,
        due_at=one.due_at or one.discovered_at,
        has_passed=True,
        first=first,
        second=second,
        note=_("按原台账导入"),
    )


def take_back_past(keys: Sequence[Any], *, by: Any, now: datetime, reason: str) -> None:
    """Void hazards that an import recorded, while nobody has worked on them; for the clerk. Their numbers stay."""
    hazards = list(Hazard.objects.filter(pk__in=keys))
    workflow.advance_many(
        hazards,
        moves.TAKE_BACK,
        by=by,
        now=now,
        reason=reason,
        changes={"registered_at": None},
        along=("verifications",),
    )
    Verification.objects.filter(hazard__in=keys).update(has_passed=False, note=_("撤销导入"))
