"""What the clock does to requests: timed jobs, each of which changes nothing when run twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from brigade import workflow
from brigade.audit.actions import SYSTEM
from brigade.indicators import actions as indicators
from brigade.kit.refusals import Refused
from brigade.notices import actions as notices
from services.requests import moves, queries
from services.requests.actions.papers import limits_of, start_clocks
from services.requests.models import ServiceRequest
from services.requests.states import RUNNING, RequestState

CITIZEN_FIELDS = (
    "citizen_name",
    "id_no_sealed",
    "id_no_index",
    "id_no_tail",
    "phone_sealed",
    "phone_index",
    "phone_tail",
    "province_code",
)


def deem_accepted(*, now: datetime) -> str:
    """Accept, from the day of receipt, every licence request that nobody answered in five working days; daily 17:05.

    The law deems them accepted (行政许可法第三十二条); the officer and the head are told.
    """
    done = 0
    for request in queries.due_for_deeming(now):
        done += _by_clock(
            request, moves.DEEM, now, lambda locked: start_clocks(locked, at=locked.round_at, by=None), deemed=True
        )
    return _("视为受理%(n)d件") % {"n": done}


def remind_soon_due(*, now: datetime) -> str:
    """Tell the handler, two hours before the promise ends, of what is not settled yet; every ten minutes.

    It is the one reminder that does not wait for the morning digest, because many promises end on the day on which they
    were made. Where the digest would have named the same request that day, it leaves its handler out. Once for each
    limit: a limit that moved is told again. A run that was missed is not made up for.
    """
    with transaction.atomic():
        found = list(queries.soon_due(now))
        for request in found:
            notices.post(
                "requests.due_soon",
                to=[request.handler],
                target=request,
                period=f"{request.promised_due_at:%Y%m%dT%H%M}",
                context={"record": request},
                now=now,
            )
    return _("2小时内到期%(n)d件") % {"n": len(found)}


def lapse_overdue(*, now: datetime) -> str:
    """End requests whose applicant did not come back within 30 days of the notice; daily.

    That is no refusal: he may apply anew.
    """
    done = 0
    for request in queries.due_for_lapse(now):
        done += _by_clock(request, moves.LAPSE, now, None)
    return _("逾期未补正终止%(n)d件") % {"n": done}


def _by_clock(
    request: ServiceRequest, move: workflow.Move, now: datetime, write: Callable | None, deemed: bool = False
) -> int:
    changes = {"is_deemed": True} if deemed else {}
    try:
        workflow.advance(request, move, by=SYSTEM, now=now, version=request.version, changes=changes, write=write)
    except Refused:
        return 0  # somebody was faster
    return 1


def recompute_due(*, now: datetime) -> str:
    """Work out the limits of every open request again after a change of the calendar; daily, and by command.

    Only what moves is written, each with its old and new limit in the audit trail.
    """
    done = 0
    for request in queries.recounted():
        after = _recomputed(request)
        if any(getattr(request, name) != value for name, value in after.items()):
            workflow.edit(request, moves.RECOMPUTE, by=SYSTEM, now=now, changes=after)
            done += 1
    return _("重算期限%(n)d件") % {"n": done}


def _recomputed(request: ServiceRequest) -> dict[str, Any]:
    if request.state in RUNNING:
        return limits_of(request, request.suspensions.all()).changes()
    if request.state == RequestState.RECEIVED:
        due, provisional = queries.answer_due(request)
        return {"answer_due_at": due, "is_provisional": provisional}
    return {}


def forget_citizens(*, now: datetime) -> str:
    """Clear what is known of the citizen from requests that have been over for as long as the parameter says; daily.

    The record stays, without a name or number; the audit trail keeps that it was cleared, not what.
    """
    done = 0
    blank = dict.fromkeys(CITIZEN_FIELDS, "") | {"is_out_of_province": False}
    for request in queries.to_be_forgotten(now):
        workflow.edit(request, moves.FORGET, by=SYSTEM, now=now, changes=blank)
        done += 1
    return _("清除办事人信息%(n)d件") % {"n": done}


def mark_overdue(*, now: datetime) -> str:
    """Have the on-time rate of days on which open requests fell due computed again; daily after closing."""
    overdue = list(queries.recounted().overdue(now))
    with transaction.atomic():
        indicators.mark(set().union(*(indicators.cells_of(request) for request in overdue)))
    return _("逾期未办结%(n)d件") % {"n": len(overdue)}
