"""The citizen of a request, its materials and its clocks: what several verbs write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.kit.refusals import Refused
from brigade.org.rules import sealed
from services.requests import queries, rules
from services.requests.models import ClockSuspension, RequestMaterial, ServiceRequest
from services.requests.states import IdKind, MaterialStatus

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


def first_papers(new: ServiceRequest, marks: Marks) -> list[RequestMaterial]:
    """A row, not saved, for each material that this citizen brings; what nobody marked has yet to be looked at."""
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


def insert_papers(papers: list[RequestMaterial]) -> dict[str, Any]:
    """Save them; returns what the audit shows."""
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


def citizen_fields(request: ServiceRequest, citizen: Citizen, now: datetime) -> dict[str, Any]:
    """The citizen as columns: sealed numbers, and the province that the identity number tells."""
    fields: dict[str, Any] = {"citizen_name": citizen.name, "id_kind": citizen.id_kind}
    fields |= sealed(request, "id_no", citizen.id_no) | sealed(request, "phone", citizen.phone)
    fields |= {"province_code": "", "is_out_of_province": citizen.is_out_of_province}
    if citizen.id_no and citizen.id_kind == IdKind.RESIDENT:
        fields["province_code"] = rules.province_of(citizen.id_no)
        fields["is_out_of_province"] = queries.is_from_elsewhere(citizen.id_no, timezone.localdate(now))
    return fields


def set_fields(request: ServiceRequest, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        setattr(request, name, value)


def limits_of(request: ServiceRequest, suspensions: Iterable[ClockSuspension]) -> rules.Limits:
    """The law's day and the promised one, counted from acceptance; before it, from receipt."""
    accepted_at = request.accepted_at or request.received_at
    return rules.limits(request.item, accepted_at, suspensions, queries.clock(timezone.localdate(accepted_at)))


def start_answer_clock(request: ServiceRequest) -> None:
    """The days in which the law wants an answer run from this round."""
    request.answer_due_at, request.is_provisional = queries.answer_due(request)


def start_clocks(locked: ServiceRequest, *, at: datetime, by: Any) -> None:
    """Both clocks run from the acceptance; whatever was asked or proposed before it is settled."""
    locked.accepted_at, locked.accepted_by = at, by
    locked.answer_due_at = None
    locked.proposal, locked.review_asked_at, locked.review_asked_by = "", None, None
    set_fields(locked, limits_of(locked, []).changes())


def mark(locked: ServiceRequest, marks: Marks) -> dict[str, Any]:
    """Note how the materials stand; what is not named stays. Returns what the audit shows: those that changed."""
    _check_marks(marks, {paper.material_id for paper in locked.papers})
    changed = {}
    for paper in locked.papers:
        before, old = (paper.status, paper.note), paper.get_status_display()
        paper.status, paper.note = marks.get(paper.material_id, before)
        if before != (paper.status, paper.note):
            changed[paper] = [old, paper.get_status_display()]
    RequestMaterial.objects.bulk_update(list(changed), ["status", "note"])
    return {"materials": {paper.material.name: words for paper, words in changed.items()}} if changed else {}
