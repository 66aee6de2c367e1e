"""What stands on the papers that a citizen takes home: the receipt and the one notice. Nothing is made up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from services.requests.models import RequestMaterial, ServiceRequest, SupplementNotice
from services.requests.states import DONE, Outcome, RequestState


@dataclass(frozen=True, slots=True)
class Paper:
    """A sheet of A4 for a citizen; `url` is the page that prints it again."""

    title: str
    record: ServiceRequest
    url: str
    at: datetime
    by: str
    papers: list[RequestMaterial]
    notice: SupplementNotice | None = None
    tail: str = ""


def paper(request: ServiceRequest) -> Paper:
    """What the citizen takes home now: the notice while something is missing, else the receipt."""
    asked = notice(request) if request.state == RequestState.SUPPLEMENT_REQUESTED else None
    return asked or receipt(request)


def receipt(request: ServiceRequest) -> Paper:
    """收件、受理、办结 or refusal, by how far the request is."""
    title, at, tail = _("收件回执"), request.received_at, _("5个工作日内受理或者一次告知须补正的全部内容。")
    if request.state == RequestState.REJECTED:
        title, at, tail = _("不予受理通知书"), request.rejected_at or at, request.remedy
    elif request.outcome == Outcome.REFUSED:
        rights = _("不服本决定的，可以依法申请行政复议或者提起行政诉讼（行政许可法第三十八条）。")
        title, at, tail = _("不予许可决定告知书"), request.completed_at or at, request.remedy or rights
    elif request.state in DONE:
        title, at, tail = _("办结回执"), request.completed_at or at, ""
    elif request.accepted_at is not None:
        title, at, tail = (
            _("受理回执"),
            request.accepted_at,
            _("依法中止的时间不计算在期限内，中止时另行书面告知。"),
        )
    elif request.state == RequestState.SUPPLEMENT_REQUESTED:
        tail = _("还缺的材料和补正期限，见一次性告知书。")
    return Paper(
        title,
        request,
        reverse("requests:servicerequest_receipt", args=[request.pk]),
        at,
        request.handler.name,
        request.papers,
        tail=tail,
    )


def notice(request: ServiceRequest) -> Paper | None:
    """The one notice of the last round; None when nothing was ever missing."""
    last = SupplementNotice.objects.filter(request=request).select_related("issued_by").order_by("-round").first()
    if last is None:
        return None
    tail = _("逾期没有补正的，本次办理终止，可以重新申请。")
    address = reverse("requests:servicerequest_notice", args=[request.pk])
    return Paper(_("一次性告知书"), request, address, last.issued_at, last.issued_by.name, request.papers, last, tail)
