"""Who may do what with requests; what a move needs; how the clocks run; what an identity number says. Pure but for
the request's own materials."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.kit.clocks import (
    CHINA,
    SESSIONS,
    Calendar,
    Sessions,
    add_workdays,
    at,
    closing,
    natural_due,
    next_opening,
    suspended_days,
)
from brigade.kit.refusals import NotAllowed, Refused
from brigade.kit.text import normalise_code
from brigade.org.states import ADMIN_ROLES, Role
from services.requests.models import ClockSuspension, MaterialItem, RequestMaterial, ServiceItem, ServiceRequest
from services.requests.states import (
    LACKING,
    Category,
    DayKind,
    DeliveryKind,
    MaterialStatus,
    Outcome,
    Proposal,
    RequestState,
    When,
)

CLERKS = (Role.WINDOW_CLERK, Role.WINDOW_LEAD)
GRANTS: dict[str, tuple[Role, ...]] = {
    "requests.view_serviceitem": tuple(role for role in Role if role not in {*ADMIN_ROLES, Role.OWNER_LIAISON}),
    "requests.change_serviceitem": (Role.BUSINESS_ADMIN, Role.HALL_HEAD),
    "requests.view_servicerequest": (
        *CLERKS,
        Role.WINDOW_GUIDE,
        Role.SERVICE_REVIEWER,
        Role.HALL_HEAD,
        Role.DEPUTY_LEADER,
        Role.BRIGADE_LEADER,
        Role.POLITICAL_OFFICER,
        Role.INSPECTOR,
    ),
    "requests.add_servicerequest": CLERKS,
    "requests.import_servicerequest": (Role.WINDOW_LEAD, Role.HALL_HEAD),
    "requests.handle_servicerequest": CLERKS,
    "requests.complete_servicerequest": (*CLERKS, Role.SERVICE_REVIEWER),
    "requests.review_servicerequest": (Role.SERVICE_REVIEWER,),
    "requests.suspend_servicerequest": (Role.WINDOW_LEAD, Role.HALL_HEAD),
    "requests.void_servicerequest": (Role.WINDOW_LEAD, Role.HALL_HEAD),
    "requests.reveal_servicerequest": (*CLERKS, Role.SERVICE_REVIEWER, Role.HALL_HEAD),
    "requests.run_servicerequest": (),
}
"""`run` is held by nobody: what only the portal itself does."""

ONCE_ARTICLE = gettext_lazy("令164第3条")
VEHICLE_SCOPE = gettext_lazy("令164第2条")
SCOPE_ARTICLES: dict[str, Any] = {
    Category.VEHICLE_REGISTRATION: VEHICLE_SCOPE,
    Category.PLATES_CERTIFICATES: VEHICLE_SCOPE,
    Category.INSPECTION: VEHICLE_SCOPE,
    Category.SCHOOL_BUS: VEHICLE_SCOPE,
    Category.DRIVING_LICENCE: gettext_lazy("令162第2条"),
}
"""Who says what a county's hall may do; for the other categories no article was read."""


# Clocks


def sessions_of(hours: Sequence[Sequence[str]]) -> Sessions:
    """Opening hours as the dated parameter `services.hall_hours` keeps them: [["08:30", "12:00"], …]."""
    return tuple((time.fromisoformat(start), time.fromisoformat(end)) for start, end in hours)


@dataclass(frozen=True, slots=True)
class Clock:
    """How the hall counts days: its calendar and its opening hours."""

    calendar: Calendar
    sessions: Sessions = SESSIONS

    def after_workdays(self, start: datetime, days: int) -> tuple[datetime, bool]:
        """Closing time of the last of `days` working days after `start`, and whether that is provisional.

        What comes after closing counts from the next opening.
        """
        opening = next_opening(start, self.calendar, self.sessions)
        day = add_workdays(_day(opening.at), days, self.calendar)
        return closing(day.date, self.sessions), day.provisional or opening.provisional

    def closing(self, day: date) -> datetime:
        return closing(day, self.sessions)

    def day_before(self, moment: datetime) -> datetime:
        """When the hall opens on the working day before the day of `moment`."""
        return at(add_workdays(_day(moment), -1, self.calendar).date, self.sessions[0][0])

    def after_days(self, start: datetime, days: int, roll: bool = False) -> tuple[datetime, bool]:
        day = natural_due(_day(start), days, self.calendar, roll)
        return closing(day.date, self.sessions), day.provisional


@dataclass(frozen=True, slots=True)
class Limits:
    """The two limits of an accepted request, as columns of it."""

    statutory_due_at: datetime | None
    promised_due_at: datetime
    is_provisional: bool
    suspended_workdays: int

    def changes(self) -> dict[str, Any]:
        return {
            "statutory_due_at": self.statutory_due_at,
            "promised_due_at": self.promised_due_at,
            "is_provisional": self.is_provisional,
            "suspended_workdays": self.suspended_workdays,
        }


def limits(item: ServiceItem, accepted_at: datetime, suspensions: Iterable[ClockSuspension], clock: Clock) -> Limits:
    """When a request accepted at that moment is due by law and by promise.

    Day 1 is the next (working) day; a limit ends when the hall closes. A suspension moves both limits by the working
    days in (start, end], a natural limit by its days.
    Source: 令164第92条, 令162第110条, 令163第36条.
    """
    spans = [(_day(row.started_at), _day(row.ended_at)) for row in suspensions if row.ended_at is not None]
    workdays = sum(suspended_days(start, end, clock.calendar) for start, end in spans)
    shift = sum((end - start).days for start, end in spans) if item.day_kind == DayKind.NATURAL else workdays

    def due(days: int) -> tuple[datetime, bool]:
        if item.day_kind == DayKind.NATURAL:
            return clock.after_days(accepted_at, days + shift, item.rolls_over)
        return clock.after_workdays(accepted_at, days + shift)

    promised, provisional = due(item.promised_days)
    statutory = None
    if item.statutory_days is not None:
        statutory, also = due(item.statutory_days)
        provisional = provisional or also
    return Limits(statutory, promised, provisional, workdays)


def _day(moment: datetime) -> date:
    return moment.astimezone(CHINA).date()


# Materials


def asked_of(materials: Iterable[MaterialItem], is_out_of_province: bool) -> list[MaterialItem]:
    """The materials that this citizen is asked for; a visitor from another province brings more (令162第64、70条)."""
    return [row for row in materials if is_out_of_province or row.when != When.OUT_OF_PROVINCE]


def material_faults(papers: Iterable[RequestMaterial], *, tolerated_due_on: date | None = None) -> list[str]:
    """What still keeps a request from being accepted, material by material; see `why_not_on_spot` for the stricter."""
    faults = []
    for paper in papers:
        if paper.status == MaterialStatus.UNSEEN:
            faults.append(_("“%s”还没看") % paper.material.name)
        elif paper.status in LACKING:
            faults.append(_("缺“%s”") % paper.material.name)
        elif paper.status == MaterialStatus.TOLERATED and tolerated_due_on is None:
            faults.append(_("“%s”容缺，要写明补交日期") % paper.material.name)
    return faults


def check_materials(papers: Iterable[RequestMaterial], *, tolerated_due_on: date | None = None) -> None:
    if faults := material_faults(papers, tolerated_due_on=tolerated_due_on):
        raise Refused(_("材料不齐，不能受理：%s") % "；".join(faults), field="materials")


def check_on_spot(item: ServiceItem, papers: Iterable[RequestMaterial]) -> None:
    """Refuse to settle on the spot what is not complete, or what a second person has to look at."""
    if item.needs_reviewer:
        raise Refused(_("“%s”须审核岗审核，不能当场办结，请按受理办") % item.name, field="item")
    if late := [paper.material.name for paper in papers if paper.status == MaterialStatus.TOLERATED]:
        raise Refused(_("有容缺材料，不能当场办结：%s") % "、".join(late), field="materials")
    if faults := material_faults(papers):
        raise Refused(_("材料不齐，不能当场办结：%s") % "；".join(faults), field="materials")


def lacking(papers: Iterable[RequestMaterial]) -> list[dict[str, Any]]:
    """What a notice has to name: everything that is missing or not valid."""
    return [
        {"material": paper.material_id, "name": paper.material.name, "status": paper.status, "note": paper.note}
        for paper in papers
        if paper.status in LACKING
    ]


def is_repeat(items: Iterable[Mapping[str, Any]], earlier: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a later notice names a material that was already missing when an earlier one was written."""
    return bool({row["material"] for row in items} & {row["material"] for row in earlier})


# Guards of the moves: each refuses with what is missing


def is_deemed_by_now(request: ServiceRequest, now: datetime) -> bool:
    """Whether the law has accepted it because nobody answered in time, the evening job or not."""
    return request.item.is_licence and request.answer_due_at is not None and now >= request.answer_due_at


def check_not_deemed(request: ServiceRequest, now: datetime) -> None:
    if is_deemed_by_now(request, now):
        raise Refused(_("过了5个工作日没有答复，已经视为受理，请按受理办"), article=_("行政许可法第三十二条第（四）项"))


def can_accept(request: ServiceRequest, by: Any, now: datetime) -> None:
    if is_deemed_by_now(request, now):
        return  # accepted by law, with whatever is missing
    check_materials(request.papers, tolerated_due_on=request.tolerated_due_on)
    if any(paper.status == MaterialStatus.TOLERATED for paper in request.papers):
        check_tolerated(request.tolerated_due_on, now)


def can_settle(request: ServiceRequest, by: Any, now: datetime) -> None:
    check_on_spot(request.item, request.papers)


def can_notify(request: ServiceRequest, by: Any, now: datetime) -> None:
    if unseen := [paper.material.name for paper in request.papers if paper.status == MaterialStatus.UNSEEN]:
        raise Refused(
            _("要一次告知全部，这些材料还没看：%s") % "、".join(unseen), article=str(ONCE_ARTICLE), field="materials"
        )
    if not lacking(request.papers):
        raise Refused(_("材料没有缺的，不用告知补正"), field="materials")
    check_not_deemed(request, now)


def can_reject(request: ServiceRequest, by: Any, now: datetime) -> None:
    """Two people: one proposes with reason and remedy, another of the review post decides."""
    if request.proposal != Proposal.REJECT:
        raise Refused(_("不予受理要先由经办人写明理由和救济途径，提交审核"), article=str(ONCE_ARTICLE))
    if by.pk == request.review_asked_by_id:
        raise NotAllowed(_("提交的人不能审核自己提交的办件"))
    check_not_deemed(request, now)


def can_complete(request: ServiceRequest, by: Any, now: datetime) -> None:
    """An item that needs review is completed by the review post, and never by who accepted or proposed it."""
    if not request.item.needs_reviewer:
        return
    if not by.has_perm("requests.review_servicerequest", request):
        raise NotAllowed(_("“%s”须由审核岗办结") % request.item.name)
    if by.pk == request.accepted_by_id:
        raise NotAllowed(_("受理人不能审核自己受理的办件"))
    if by.pk == request.review_asked_by_id:
        raise NotAllowed(_("提交的人不能审核自己提交的办件"))
    if request.proposal not in (Proposal.APPROVE, Proposal.REFUSE):
        raise Refused(_("经办人还没有提交审核"))


def barred_from_review(request: ServiceRequest) -> set[int]:
    """Who accepted it or put it before the review post does not review it."""
    return {pk for pk in (request.accepted_by_id, request.review_asked_by_id) if pk is not None}


def can_return(request: ServiceRequest, by: Any, now: datetime) -> None:
    if not request.proposal:
        raise Refused(_("没有提交审核，不用退回"))


def can_ask_review(request: ServiceRequest, by: Any, now: datetime) -> None:
    if request.proposal:
        raise Refused(_("已经提交审核，等审核岗办理"))
    if request.state == RequestState.PROCESSING and not request.item.needs_reviewer:
        raise Refused(_("“%s”不须审核，直接办结") % request.item.name)


def can_deliver(request: ServiceRequest, by: Any, now: datetime) -> None:
    if late := [paper.material.name for paper in request.papers if paper.status == MaterialStatus.TOLERATED]:
        raise Refused(_("容缺材料还没补交，不能送达：%s") % "、".join(late))


def can_supply(request: ServiceRequest, by: Any, now: datetime) -> None:
    if not any(paper.status == MaterialStatus.TOLERATED for paper in request.papers):
        raise Refused(_("没有容缺的材料"))


def why_not_offered(item: ServiceItem) -> Refused | None:
    """Why the hall does not take in the item, as a refusal; `item` is read with `in_hall`."""
    if item.is_offered:
        return None
    if item.elsewhere:
        words = _("“%(what)s”不在本所办理范围，请群众到%(where)s办")
    else:
        words = _("“%(what)s”不在本所办理范围，可办的话先请所长在服务事项里改")
    return Refused(
        words % {"what": item.name, "where": item.elsewhere},
        article=SCOPE_ARTICLES.get(item.category, ""),
        field="item",
    )


def check_outcome(outcome: str, reason: str) -> None:
    if outcome == Outcome.REFUSED and not reason.strip():
        raise Refused(_("不予许可要写明理由"), article=_("行政许可法第三十八条"), field="reason")


def delivery_fault(kind: str, note: str) -> str:
    """What is missing for handing the result over in that way; empty when nothing is."""
    if note.strip() or kind == DeliveryKind.ELECTRONIC:
        return ""
    if kind == DeliveryKind.COURIER:
        return _("邮寄要填快递单号")
    return _("窗口领取要核对证件，写明领取人和证件尾号")


def check_received(received_at: datetime, now: datetime) -> None:
    if received_at > now + timedelta(minutes=1):
        raise Refused(_("收件时间不能晚于现在"), field="received_at")


def check_tolerated(day: date | None, now: datetime) -> None:
    if day is not None and day < timezone.localdate(now):
        raise Refused(_("容缺补交日期不能早于今天"), field="tolerated_due_on")


# The citizen


WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_SIGNS = "10X98765432"
PROVINCES = frozenset(
    [*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82, 83]
)


def id_fault(number: str) -> str:
    """What is wrong with a resident's identity number (GB 11643), in one sentence; empty when nothing is."""
    value = normalise_code(number)
    if not re.fullmatch(r"\d{17}[0-9X]", value):
        return _("身份证号码应为18位，前17位是数字")
    if int(value[:2]) not in PROVINCES:
        return _("身份证号码开头两位不是省级代码")
    try:
        date(int(value[6:10]), int(value[10:12]), int(value[12:14]))
    except ValueError:
        return _("身份证号码里的出生日期不存在")
    total = sum(int(digit) * weight for digit, weight in zip(value[:17], WEIGHTS, strict=True))
    if CHECK_SIGNS[total % 11] != value[17]:
        return _("身份证号码校验位不对，请核对是否输错一位")
    return ""


def province_of(number: str) -> str:
    """The province in which the number was first given."""
    return normalise_code(number)[:2]


def phone_fault(number: str) -> str:
    value = normalise_code(number)
    if re.fullmatch(r"1[3-9]\d{9}|0\d{9,11}", value):
        return ""
    return _("手机号应为11位，座机要带区号")
