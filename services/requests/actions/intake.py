"""From the turn at the desk to the acceptance: taken in, looked at, told what is missing, accepted."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from brigade import workflow
from brigade.org.models import Unit
from brigade.reference.actions import next_number
from services.requests import moves, queries, rules
from services.requests.actions.papers import (
    Citizen,
    Marks,
    citizen_fields,
    first_papers,
    insert_papers,
    limits_of,
    mark,
    set_fields,
    start_answer_clock,
    start_clocks,
)
from services.requests.models import ServiceItem, ServiceRequest, SupplementNotice
from services.requests.states import LACKING, Ending, MaterialStatus, NoticeChannel, Outcome, RequestState


@transaction.atomic
def take_in(
    *,
    by: Any,
    id: UUID,
    unit: Unit,
    item: ServiceItem,
    ending: str,
    now: datetime,
    marks: Marks,
    citizen: Citizen | None = None,
    external_no: str = "",
    received_at: datetime | None = None,
    tolerated_due_on: date | None = None,
    channel: str = NoticeChannel.PAPER,
) -> ServiceRequest:
    """One turn at the desk: settled on the spot, accepted, noticed, or only taken in; for window officers.

    Settled on the spot is one move and keeps nothing of the citizen; who takes a notice home leaves his name. All
    but the first are received and then accepted or noticed, both in one transaction. The id is minted with the form,
    so sending it twice makes one record.
    Refused without materials being looked at, for what is not in the hall's scope, and as each move refuses.
    """
    received_at = received_at or now
    rules.check_received(received_at, now)
    rules.check_tolerated(tolerated_due_on, now)
    if refusal := rules.why_not_offered(queries.item_in_hall(item, unit, timezone.localdate(now))):
        raise refusal
    citizen = citizen or Citizen()
    request = ServiceRequest(
        id=id,
        unit=unit,
        title=item.name,
        item=item,
        first_contact_officer=by,
        handler=by,
        received_at=received_at,
        round_at=received_at,
        external_no=external_no,
        tolerated_due_on=tolerated_due_on,
        is_out_of_province=citizen.is_out_of_province,
    )
    if ending == Ending.SETTLE:
        return workflow.begin(request, moves.SETTLE, by=by, now=now, write=lambda new: _settled(new, marks, by, now))
    citizen.check(is_to_be_reached=ending != Ending.NOTIFY)
    request = workflow.begin(
        request, moves.RECEIVE, by=by, now=now, write=lambda new: _received(new, marks, citizen, now)
    )
    if request.version > 1 or request.state != RequestState.RECEIVED:
        return request  # the same form came before
    if ending == Ending.ACCEPT:
        return accept(by=by, request=request, now=now)
    if ending == Ending.NOTIFY:
        return notify(by=by, request=request, now=now, channel=channel)
    return request


def _settled(new: ServiceRequest, marks: Marks, by: Any, now: datetime) -> dict[str, Any]:
    papers = first_papers(new, marks)
    rules.check_on_spot(new.item, papers)
    _number(new)
    new.accepted_at, new.accepted_by, new.completed_at, new.outcome = now, by, now, Outcome.APPROVED
    new.received_at = new.round_at = now
    set_fields(new, limits_of(new, []).changes())
    return insert_papers(papers)


def _received(new: ServiceRequest, marks: Marks, citizen: Citizen, now: datetime) -> dict[str, Any]:
    _number(new)
    set_fields(new, citizen_fields(new, citizen, now))
    start_answer_clock(new)
    return insert_papers(first_papers(new, marks))


def _number(new: ServiceRequest) -> None:
    year = timezone.localdate(new.received_at).year
    new.number = f"{new.unit.code}-BJ-{year}-{next_number(new.unit_id, 'request', year):05}"


def check_materials(
    *,
    by: Any,
    request: ServiceRequest,
    marks: Marks,
    now: datetime,
    version: int | None = None,
    tolerated_due_on: date | None = None,
) -> ServiceRequest:
    """Note how the materials stand; for window officers. Audited material by material."""
    rules.check_tolerated(tolerated_due_on, now)

    def write(locked: ServiceRequest) -> dict[str, Any]:
        locked.tolerated_due_on = tolerated_due_on
        return mark(locked, marks)

    return workflow.edit(request, moves.CHECK, by=by, now=now, version=version, write=write)


def accept(*, by: Any, request: ServiceRequest, now: datetime, version: int | None = None) -> ServiceRequest:
    """Accept: both clocks start; for window officers. Refused while a material is missing and not tolerated.

    One that the law had deemed accepted by then is so from its receipt, whoever presses the button.
    """

    def write(locked: ServiceRequest) -> None:
        _accepted(locked, by, now)

    return workflow.advance(request, moves.ACCEPT, by=by, now=now, version=version, write=write)


def finish(
    *, by: Any, request: ServiceRequest, now: datetime, version: int | None = None, external_no: str = ""
) -> ServiceRequest:
    """Settle on the spot what had been taken in; for window officers. Refused while anything is missing."""

    def write(locked: ServiceRequest) -> None:
        _accepted(locked, by, now)
        locked.completed_at, locked.outcome = max(now, locked.received_at), Outcome.APPROVED
        locked.external_no = external_no or locked.external_no

    return workflow.advance(request, moves.FINISH, by=by, now=now, version=version, write=write)


def notify(
    *,
    by: Any,
    request: ServiceRequest,
    now: datetime,
    version: int | None = None,
    channel: str = NoticeChannel.PAPER,
) -> ServiceRequest:
    """Tell the applicant once, in writing, everything that is missing; for window officers.

    Names all that is marked as missing or not valid, whatever the caller would leave out. A second notice that names
    what was missing before is a recorded fault. Refused while a material has not been looked at.
    """

    def write(locked: ServiceRequest) -> dict[str, Any]:
        items = rules.lacking(locked.papers)
        earlier = [row for notice in locked.notices.all() for row in notice.items]
        notice = SupplementNotice.objects.create(
            request=locked,
            round=locked.round,
            items=items,
            issued_at=now,
            issued_by=by,
            channel=channel,
            is_repeat_fault=rules.is_repeat(items, earlier),
        )
        locked.lapses_at, locked.is_provisional = queries.lapses(now)
        locked.answer_due_at = None
        locked.proposal, locked.review_asked_at, locked.review_asked_by = "", None, None
        return {"notice": [row["name"] for row in items], "is_repeat_fault": notice.is_repeat_fault}

    return workflow.advance(request, moves.NOTIFY, by=by, now=now, version=version, write=write)


def take_back(
    *, by: Any, request: ServiceRequest, now: datetime, version: int | None = None, marks: Marks | None = None
) -> ServiceRequest:
    """The applicant is back with what was missing: the next round begins; for window officers.

    `marks` say how the materials stand now; what was missing and is not named has to be looked at again.
    """

    def write(locked: ServiceRequest) -> dict[str, Any]:
        locked.round, locked.round_at, locked.lapses_at = locked.round + 1, now, None
        start_answer_clock(locked)
        again = {paper.material_id: (MaterialStatus.UNSEEN, "") for paper in locked.papers if paper.status in LACKING}
        return mark(locked, {**again, **(marks or {})})

    return workflow.advance(request, moves.RETURN, by=by, now=now, version=version, write=write)


def _accepted(locked: ServiceRequest, by: Any, now: datetime) -> None:
    locked.is_deemed = rules.is_deemed_by_now(locked, now)
    start_clocks(locked, at=locked.round_at if locked.is_deemed else max(now, locked.received_at), by=by)
