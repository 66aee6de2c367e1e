"""Hazards of the time before the portal, out of the squadron's own ledger: recorded as they stand there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from brigade import workflow
from brigade.kit.ids import new_id
from brigade.org.models import Person
from brigade.reference.actions import next_numbers
from brigade.reference.queries import parameter
from enforcement.hazards import moves, queries
from enforcement.hazards.actions.reporting import usual_title
from enforcement.hazards.models import Hazard, OwnerTurn, Verification
from enforcement.hazards.states import HazardState


@dataclass(frozen=True, slots=True, kw_only=True)
class PastHazard:
    """A hazard as a line of the old ledger has it, not saved yet, and which two police saw it mended, if it says so."""

    hazard: Hazard
    verifiers: tuple[Person, Person] | None = None


def record_past(drafts: Sequence[PastHazard], *, by: Any, now: datetime) -> list[Hazard]:
    """Record hazards of an old ledger, each with a number of the year in which it was found; for the clerk.

    What was closed before two police are named for it stands in the ledger and in no figure. What is with its owner
    has its limit from now on, with all that follows when it is missed.
    """
    _number(drafts, now)
    hazards = [draft.hazard for draft in drafts]
    for hazard in hazards:
        hazard.id, hazard.is_past = new_id(), True
        hazard.created_at, hazard.created_by, hazard.version = now, by, 1
        hazard.register_note = _("按原台账导入")
        hazard.title = hazard.title or usual_title(hazard)
    workflow.bulk(hazards, moves.RECORD_PAST, by=by, now=now, write=lambda _rows: _write_parts(drafts))
    return hazards


def _number(drafts: Sequence[PastHazard], now: datetime) -> None:
    prefix = parameter("hazards.region_code", timezone.localdate(now))
    brigades = {unit.pk: queries.brigade_of(unit).pk for unit in {draft.hazard.unit for draft in drafts}}
    series: dict[tuple[int, int], list[Hazard]] = defaultdict(list)
    for draft in drafts:
        year = timezone.localdate(draft.hazard.discovered_at).year
        series[brigades[draft.hazard.unit_id], year].append(draft.hazard)
    for (brigade, year), hazards in sorted(series.items()):
        for hazard, serial in zip(hazards, next_numbers(brigade, "hazard", year, len(hazards)), strict=True):
            hazard.number = f"{prefix}-YH-{year}-{serial:05}"


def _write_parts(drafts: Sequence[PastHazard]) -> None:
    OwnerTurn.objects.bulk_create(
        [
            OwnerTurn(hazard=one, owner=one.owner, delivered_at=one.delivered_at, due_at=one.due_at)
            for one in (draft.hazard for draft in drafts)
            if one.state == HazardState.RECTIFYING and one.delivered_at is not None and one.due_at is not None
        ]
    )
    Verification.objects.bulk_create([_closing(draft) for draft in drafts if draft.verifiers is not None])


def _closing(draft: PastHazard) -> Verification:
    one = draft.hazard
    first, second = draft.verifiers or (None, None)
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
    workflow.advance_many(hazards, moves.TAKE_BACK, by=by, now=now, reason=reason, changes={"registered_at": None})
    Verification.objects.filter(hazard__in=keys).update(has_passed=False, note=_("撤销导入"))
