"""Requests of the time before the portal, out of the hall's own ledger: settled long ago, recorded as they were."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from brigade import workflow
from brigade.kit.ids import new_id
from brigade.ledgers.rules import WRITTEN_AT_ONCE
from brigade.org.models import Person, Unit
from brigade.reference.actions import next_numbers
from brigade.reference.models import Counter
from services.requests import moves, rules
from services.requests.models import ServiceItem, ServiceRequest
from services.requests.states import RequestState

KIND = "request"
"""Of the counter that numbers requests."""


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


@dataclass(frozen=True, slots=True)
class PastBatch:
    """Requests of the past with the numbers that they will get, unless somebody takes one before."""

    drafts: Sequence[PastRequest]
    serials: list[int]
    requests: list[ServiceRequest]
    ready: workflow.Ready


def ready_past(drafts: Sequence[PastRequest], *, by: Any, now: datetime) -> Iterator[PastBatch]:
    """All that `record_past` will write, made before its transaction: the hall writes meanwhile. Nothing is written."""
    halls = {draft.hall.pk for draft in drafts}
    last: dict[tuple[int, int], int] = defaultdict(int)
    for hall, year, number in Counter.objects.filter(kind=KIND, unit__in=halls).values_list("unit", "year", "last"):
        last[hall, year] = number
    for start in range(0, len(drafts), WRITTEN_AT_ONCE):
        batch = drafts[start : start + WRITTEN_AT_ONCE]
        serials = []
        for draft in batch:
            last[_series(draft)] += 1
            serials.append(last[_series(draft)])
        yield _batch(batch, serials, by, now)


def _batch(drafts: Sequence[PastRequest], serials: list[int], by: Any, now: datetime) -> PastBatch:
    requests = [_request(draft, serial, by, now) for draft, serial in zip(drafts, serials, strict=True)]
    ready = workflow.make_ready(requests, moves.RECORD_PAST, by=by, now=now)
    return PastBatch(drafts, serials, requests, ready)


@transaction.atomic
def record_past(batch: PastBatch, *, by: Any, now: datetime) -> list[ServiceRequest]:
    """Record settled requests of the past, each with a number of its year. Shift leader and head of their halls.

    Of their citizens nothing is kept: a settled request needs nobody's data any more.
    """
    numbers = _numbers(batch.drafts)
    serials = [next(numbers[_series(draft)]) for draft in batch.drafts]
    if serials != batch.serials:
        batch = _batch(batch.drafts, serials, by, now)
    workflow.bulk(batch.requests, moves.RECORD_PAST, by=by, now=now, ready=batch.ready)
    return batch.requests


def _series(draft: PastRequest) -> tuple[int, int]:
    return draft.hall.pk, timezone.localdate(draft.received_at).year


def _numbers(drafts: Sequence[PastRequest]) -> dict[tuple[int, int], Iterator[int]]:
    counts: dict[tuple[int, int], int] = defaultdict(int)
    for draft in drafts:
        counts[_series(draft)] += 1
    return {(hall, year): iter(next_numbers(hall, KIND, year, count)) for (hall, year), count in sorted(counts.items())}


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
