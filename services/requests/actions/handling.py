"""From the work on a request to its delivery, and what may come between."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from brigade import workflow
from brigade.kit.refusals import Refused
from brigade.org.models import Person
from services.requests import moves, rules
from services.requests.actions.papers import (
    Citizen,
    citizen_fields,
    first_papers,
    insert_papers,
    limits_of,
    mark,
    set_fields,
)
from services.requests.models import ClockSuspension, ServiceRequest
from services.requests.states import DeliveryKind, MaterialStatus, Outcome, Proposal, RequestState, SuspensionReason


def start(*, by: Any, request: ServiceRequest, now: datetime, version: int | None = None) -> ServiceRequest:
    """Begin to work on it; for window officers."""
    return workflow.advance(request, moves.START, by=by, now=now, version=version)


def ask_review(
    *,
    by: Any,
    request: ServiceRequest,
    now: datetime,
    proposal: str,
    version: int | None = None,
    reason: str = "",
    remedy: str = "",
) -> ServiceRequest:
    """Put a result before the reviewer; for window officers. A refusal needs its reason, a rejection the remedy too."""
    if proposal != Proposal.APPROVE and not reason.strip():
        raise Refused(_("要写明理由"), field="reason")
    if proposal == Proposal.REJECT and not remedy.strip():
        raise Refused(
            _("不予受理要写明救济途径或者该向哪个机关申请"), article=_("行政许可法第三十二条"), field="remedy"
        )

    def write(locked: ServiceRequest) -> None:
        if (proposal == Proposal.REJECT) != (locked.state == RequestState.RECEIVED):
            raise Refused(_("受理前只能拟不予受理，受理后只能拟准予或者拟不予许可"), field="proposal")
        locked.proposal, locked.review_asked_at, locked.review_asked_by = proposal, now, by
        locked.outcome_reason, locked.remedy = reason.strip(), remedy.strip()

    return workflow.edit(request, moves.ASK_REVIEW, by=by, now=now, version=version, write=write)


def return_review(
    *, by: Any, request: ServiceRequest, now: datetime, reason: str, version: int | None = None
) -> ServiceRequest:
    """Send a proposal back to its officer; for reviewers, with a reason."""
    changes = {"proposal": "", "review_asked_at": None, "review_asked_by": None, "outcome_reason": "", "remedy": ""}
    return workflow.advance(
        request, moves.RETURN_REVIEW, by=by, now=now, version=version, reason=reason, changes=changes
    )


def reject(*, by: Any, request: ServiceRequest, now: datetime, version: int | None = None) -> ServiceRequest:
    """Reject (不予受理) as proposed; for reviewers, never for who proposed it."""
    changes = {"reviewer": by, "rejected_at": now, "answer_due_at": None}
    return workflow.advance(request, moves.REJECT, by=by, now=now, version=version, changes=changes)


def complete(
    *,
    by: Any,
    request: ServiceRequest,
    now: datetime,
    version: int | None = None,
    outcome: str = Outcome.APPROVED,
    reason: str = "",
    external_no: str = "",
) -> ServiceRequest:
    """Complete: the clock stops. A flagged item is completed by the review post as it was proposed, never by who
    accepted it; any other by the window too. A refusal needs its reason."""

    def write(locked: ServiceRequest) -> None:
        result, why = outcome, reason
        if locked.item.needs_reviewer:
            result = Outcome.APPROVED if locked.proposal == Proposal.APPROVE else Outcome.REFUSED
            why, locked.reviewer = locked.outcome_reason, by
        rules.check_outcome(result, why)
        locked.outcome, locked.outcome_reason, locked.completed_at = result, why.strip(), now
        locked.external_no = external_no or locked.external_no

    return workflow.advance(request, moves.COMPLETE, by=by, now=now, version=version, write=write)


def suspend(
    *,
    by: Any,
    request: ServiceRequest,
    now: datetime,
    reason_code: str,
    told_by: str,
    version: int | None = None,
    note: str = "",
) -> ServiceRequest:
    """Stop the clock for a reason of the law's list; for the shift leader and the head.

    The citizen is told in writing.
    """
    if reason_code not in SuspensionReason.values:
        raise Refused(
            _("中止的原因只能是：%s") % "、".join(str(word) for word in SuspensionReason.labels),
            article=_("行政许可法第四十五条"),
            field="reason_code",
        )
    if not told_by.strip():
        raise Refused(_("写明怎样书面告知了申请人"), article=_("行政许可法第四十五条"), field="told_by")

    def write(locked: ServiceRequest) -> dict[str, Any]:
        row = ClockSuspension.objects.create(
            request=locked, reason_code=reason_code, note=note, told_by=told_by, started_at=now, approver=by
        )
        return {"suspension": row.get_reason_code_display()}

    return workflow.advance(request, moves.SUSPEND, by=by, now=now, version=version, write=write)


def resume(*, by: Any, request: ServiceRequest, now: datetime, version: int | None = None) -> ServiceRequest:
    """Let the clock run again; both limits move by the working days in between. For the shift leader and the head."""

    def write(locked: ServiceRequest) -> None:
        ClockSuspension.objects.filter(request=locked, ended_at__isnull=True).update(ended_at=now)
        set_fields(locked, limits_of(locked, locked.suspensions.all()).changes())

    return workflow.advance(request, moves.RESUME, by=by, now=now, version=version, write=write)


def supply(*, by: Any, request: ServiceRequest, now: datetime, version: int | None = None) -> ServiceRequest:
    """The tolerated materials have been brought; for window officers."""

    def write(locked: ServiceRequest) -> dict[str, Any]:
        late = [paper for paper in locked.papers if paper.status == MaterialStatus.TOLERATED]
        return mark(locked, {paper.material_id: (MaterialStatus.OK, paper.note) for paper in late})

    return workflow.edit(request, moves.SUPPLY, by=by, now=now, version=version, write=write)


def deliver(
    *,
    by: Any,
    request: ServiceRequest,
    now: datetime,
    version: int | None = None,
    delivery_kind: str = DeliveryKind.WINDOW,
    delivery_note: str = "",
) -> ServiceRequest:
    """Hand over the result; for window officers. At the window it says whose papers were looked at, by post it needs
    the tracking number. Blocked while a tolerated material is owed."""
    if fault := rules.delivery_fault(delivery_kind, delivery_note):
        raise Refused(fault, field="delivery_note")
    changes = {"delivered_at": now, "delivery_kind": delivery_kind, "delivery_note": delivery_note.strip()}
    return workflow.advance(request, moves.DELIVER, by=by, now=now, version=version, changes=changes)


def withdraw(
    *, by: Any, request: ServiceRequest, now: datetime, reason: str, is_signed: bool, version: int | None = None
) -> ServiceRequest:
    """The applicant takes his request back, signed; for window officers, who say why."""
    if not is_signed:
        raise Refused(_("撤回要有申请人签字的书面申请，收到后再办"), field="is_signed")
    return workflow.advance(request, moves.WITHDRAW, by=by, now=now, version=version, reason=reason)


def hand_over(
    *, by: Any, request: ServiceRequest, now: datetime, to: Person, version: int | None = None
) -> ServiceRequest:
    """Name the officer who goes on with it (首问负责制: nothing is ever unowned); for window officers."""
    if not to.has_perm(moves.HANDLE, request):
        raise Refused(_("%s不是这个大厅的窗口人员，不能接手") % to.name, field="to")
    return workflow.edit(request, moves.HAND_OVER, by=by, now=now, version=version, changes={"handler": to})


def amend(
    *,
    by: Any,
    request: ServiceRequest,
    now: datetime,
    version: int | None = None,
    external_no: str = "",
    citizen: Citizen | None = None,
) -> ServiceRequest:
    """Fill in what was not known before: the number of the national platform, the citizen; for window officers.

    A number that shows another province adds the materials that such a holder brings.
    """
    if citizen is not None:
        citizen.check()

    def write(locked: ServiceRequest) -> dict[str, Any]:
        locked.external_no = external_no or locked.external_no
        if citizen is None:
            return {}
        set_fields(locked, citizen_fields(locked, citizen, now))
        known = {paper.material_id for paper in locked.papers}
        return insert_papers([paper for paper in first_papers(locked, {}) if paper.material_id not in known])

    return workflow.edit(request, moves.AMEND, by=by, now=now, version=version, write=write)


def void(*, by: Any, request: ServiceRequest, now: datetime, reason: str, version: int | None = None) -> ServiceRequest:
    """Cancel a mistaken entry; its number stays. For the shift leader and the head, with a reason."""
    return workflow.advance(request, moves.VOID, by=by, now=now, version=version, reason=reason)
