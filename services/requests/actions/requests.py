"""The verbs of a request, from the desk to delivery."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade import workflow
from brigade.kit.refusals import Refused
from brigade.org.models import Person, Unit
from brigade.org.rules import sealed
from brigade.reference.actions import next_number
from services.requests import moves, queries, rules
from services.requests.models import ClockSuspension, RequestMaterial, ServiceItem, ServiceRequest, SupplementNotice
from services.requests.states import (
    LACKING,
    DeliveryKind,
    Ending,
    IdKind,
    MaterialStatus,
    NoticeChannel,
    Outcome,
    Proposal,
    RequestState,
    SuspensionReason,
)

Marks = Mapping[int, tuple[str, str]]
"""Material id → (status, note)."""


@dataclass(frozen=True, slots=True)
class Citizen:
    """Who the request is for; kept only while it stays open."""

    name: str = ""
    id_kind: str = IdKind.RESIDENT
    id_no: str = ""
    phone: str = ""
    is_out_of_province: bool = False

    def check(self, *, is_to_be_reached: bool = True) -> None:
        """Refuse what cannot be right, a request without a name, and one whose applicant nobody could reach."""
        if not self.name:
            raise Refused(_("办件还要接着办，写明办事人姓名"), field="citizen_name")
        if is_to_be_reached and not self.id_no and not self.phone:
            raise Refused(_("留手机号或证件号，至少一样，以便通知和领取时核对"), field="phone")
        if self.id_no and self.id_kind == IdKind.RESIDENT and (fault := rules.id_fault(self.id_no)):
            raise Refused(fault, field="id_no")
        if self.phone and (fault := rules.phone_fault(self.phone)):
            raise Refused(fault, field="phone")


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
    papers = _first_papers(new, marks)
    rules.check_on_spot(new.item, papers)
    _number(new)
    new.accepted_at, new.accepted_by, new.completed_at, new.outcome = now, by, now, Outcome.APPROVED
    new.received_at = new.round_at = now
    _set(new, limits_of(new, []).changes())
    return _insert_papers(papers)


def _received(new: ServiceRequest, marks: Marks, citizen: Citizen, now: datetime) -> dict[str, Any]:
    _number(new)
    _set(new, _citizen_fields(new, citizen, now))
    _start_answer_clock(new)
    return _insert_papers(_first_papers(new, marks))


def _number(new: ServiceRequest) -> None:
    year = timezone.localdate(new.received_at).year
    new.number = f"{new.unit.code}-BJ-{year}-{next_number(new.unit_id, 'request', year):05}"


def _first_papers(new: ServiceRequest, marks: Marks) -> list[RequestMaterial]:
    known = list(new.item.materials.order_by("order"))
    asked = rules.asked_of(known, new.is_out_of_province)
    _check_marks(marks, {row.pk for row in known})
    unseen = (MaterialStatus.UNSEEN, "")
    return [
        RequestMaterial(
            request=new, material=row, status=marks.get(row.pk, unseen)[0], note=marks.get(row.pk, unseen)[1]
        )
        for row in asked
    ]


def _insert_papers(papers: list[RequestMaterial]) -> dict[str, Any]:
    RequestMaterial.objects.bulk_create(papers)
    return {"materials": {paper.material.name: ["", paper.get_status_display()] for paper in papers}}


def _check_marks(marks: Marks, known: set[int]) -> None:
    if marks.keys() - known:
        raise Refused(_("有材料不属于这个事项，请重新选事项"), field="materials")
    for status, _note in marks.values():
        if status not in MaterialStatus.values:
            raise Refused(
                _("材料只能标：%s") % "、".join(str(word) for word in MaterialStatus.labels), field="materials"
            )


def _citizen_fields(request: ServiceRequest, citizen: Citizen, now: datetime) -> dict[str, Any]:
    """The citizen as columns: sealed numbers, and the province that the identity number tells."""
    fields: dict[str, Any] = {"citizen_name": citizen.name, "id_kind": citizen.id_kind}
    fields |= sealed(request, "id_no", citizen.id_no) | sealed(request, "phone", citizen.phone)
    fields |= {"province_code": "", "is_out_of_province": citizen.is_out_of_province}
    if citizen.id_no and citizen.id_kind == IdKind.RESIDENT:
        fields["province_code"] = rules.province_of(citizen.id_no)
        fields["is_out_of_province"] = queries.is_from_elsewhere(citizen.id_no, timezone.localdate(now))
    return fields


def _set(request: ServiceRequest, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        setattr(request, name, value)


def limits_of(request: ServiceRequest, suspensions: Iterable[ClockSuspension]) -> rules.Limits:
    """The law's day and the promised one, counted from acceptance; before it, from receipt."""
    accepted_at = request.accepted_at or request.received_at
    return rules.limits(request.item, accepted_at, suspensions, queries.clock(timezone.localdate(accepted_at)))


def _start_answer_clock(request: ServiceRequest) -> None:
    request.answer_due_at, request.is_provisional = queries.answer_due(request)


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
        return _mark(locked, marks)

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
        _start_answer_clock(locked)
        again = {paper.material_id: (MaterialStatus.UNSEEN, "") for paper in locked.papers if paper.status in LACKING}
        return _mark(locked, {**again, **(marks or {})})

    return workflow.advance(request, moves.RETURN, by=by, now=now, version=version, write=write)


def _accepted(locked: ServiceRequest, by: Any, now: datetime) -> None:
    locked.is_deemed = rules.is_deemed_by_now(locked, now)
    start_clocks(locked, at=locked.round_at if locked.is_deemed else max(now, locked.received_at), by=by)


def start_clocks(locked: ServiceRequest, *, at: datetime, by: Any) -> None:
    """Both clocks run from the acceptance; whatever was asked or proposed before it is settled."""
    locked.accepted_at, locked.accepted_by = at, by
    locked.answer_due_at = None
    locked.proposal, locked.review_asked_at, locked.review_asked_by = "", None, None
    _set(locked, limits_of(locked, []).changes())


def _mark(locked: ServiceRequest, marks: Marks) -> dict[str, Any]:
    _check_marks(marks, {paper.material_id for paper in locked.papers})
    changed = {}
    for paper in locked.papers:
        before, old = (paper.status, paper.note), paper.get_status_display()
        paper.status, paper.note = marks.get(paper.material_id, before)
        if before != (paper.status, paper.note):
            changed[paper] = [old, paper.get_status_display()]
    RequestMaterial.objects.bulk_update(list(changed), ["status", "note"])
    return {"materials": {paper.material.name: words for paper, words in changed.items()}} if changed else {}


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
        _set(locked, limits_of(locked, locked.suspensions.all()).changes())

    return workflow.advance(request, moves.RESUME, by=by, now=now, version=version, write=write)


def supply(*, by: Any, request: ServiceRequest, now: datetime, version: int | None = None) -> ServiceRequest:
    """The tolerated materials have been brought; for window officers."""

    def write(locked: ServiceRequest) -> dict[str, Any]:
        late = [paper for paper in locked.papers if paper.status == MaterialStatus.TOLERATED]
        return _mark(locked, {paper.material_id: (MaterialStatus.OK, paper.note) for paper in late})

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
        _set(locked, _citizen_fields(locked, citizen, now))
        known = {paper.material_id for paper in locked.papers}
        return _insert_papers([paper for paper in _first_papers(locked, {}) if paper.material_id not in known])

    return workflow.edit(request, moves.AMEND, by=by, now=now, version=version, write=write)


def void(*, by: Any, request: ServiceRequest, now: datetime, reason: str, version: int | None = None) -> ServiceRequest:
    """Cancel a mistaken entry; its number stays. For the shift leader and the head, with a reason."""
    return workflow.advance(request, moves.VOID, by=by, now=now, version=version, reason=reason)
