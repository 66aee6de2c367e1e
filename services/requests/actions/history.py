"""Requests of the time before the portal, out of the hall's own ledger: settled long ago, recorded as they were."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from brigade import workflow
from brigade.kit.ids import new_id
from brigade.org.models import Person, Unit
from brigade.reference.actions import next_numbers
from services.requests import moves, rules
from services.requests.models import ServiceItem, ServiceRequest
from services.requests.states import RequestState


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRequest:
    """A settled request as a line of the old ledger has it; `limits` are those it was accepted under."""

    hall: Unit
    item: ServiceItem
    handler: Person
    received_at: datetime
    completed_at: datetime
    delivered_at: datetime | None
    outcome: str
    outcome_reason: str
    external_no: str
    limits: rules.Limits


def record_past(drafts: Sequence[PastRequest], *, by: Any, now: datetime) -> list[ServiceRequest]:
    """Record settled requests of the past, each with a number of its year. Shift leader and head of their halls.

    Of their citizens nothing is kept: a settled request needs nobody's data any more.
    """
    numbers = _numbers(drafts)
    requests = [_request(draft, next(numbers[_series(draft)]), by, now) for draft in drafts]
    workflow.bulk(requests, moves.RECORD_PAST, by=by, now=now)
    return requests


def _series(draft: PastRequest) -> tuple[int, int]:
    return draft.hall.pk, timezone.localdate(draft.received_at).year


def _numbers(drafts: Sequence[PastRequest]) -> dict[tuple[int, int], Iterator[int]]:
    counts: dict[tuple[int, int], int] = defaultdict(int)
    for draft in drafts:
        counts[_series(draft)] += 1
    return {
        (hall, year): iter(next_numbers(hall, "request", year, count)) for (hall, year), count in sorted(counts.items())
    }


def _request(draft: PastRequest, serial: int, by: Any, now: datetime) -> ServiceRequest:
    year = timezone.localdate(draft.received_at).year
    return ServiceRequest(
        id=new_id(),
        unit=draft.hall,
        number=f"{draft.hall.code}-BJ-{year}-{serial:05}",
        title=draft.item.name,
        item=draft.item,
        state=RequestState.DELIVERED if draft.delivered_at else RequestState.COMPLETED,
        first_contact_officer=draft.handler,
        handler=draft.handler,
        received_at=draft.received_at,
        round_at=draft.received_at,
        accepted_at=draft.received_at,
        accepted_by=draft.handler,
        completed_at=draft.completed_at,
        delivered_at=draft.delivered_at,
        outcome=draft.outcome,
        outcome_reason=draft.outcome_reason,
        external_no=draft.external_no,
        created_at=now,
        created_by=by,
        **draft.limits.changes(),
    )


def take_back_past(keys: Sequence[Any], *, by: Any, now: datetime, reason: str) -> None:
    """Void requests that an import recorded. Shift leader and head of their halls."""
    requests = list(ServiceRequest.objects.filter(pk__in=keys))
    workflow.advance_many(requests, moves.VOID, by=by, now=now, reason=reason)
