"""Decisions, waivers and leave."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from brigade.kit.clocks import parse_period
from brigade.kit.ids import new_id
from brigade.kit.web import ask, get_visible
from brigade.obligations.models import Obligation
from brigade.obligations.rules import RULES
from brigade.org.models import Person, Record
from brigade.org.queries import holders
from brigade.org.states import Role
from partybuilding.branches.models import PartyBranch
from partybuilding.meetings import actions, forms, moves, queries
from partybuilding.meetings.models import Decision, Leave, Waiver
from partybuilding.meetings.obligations import BASES
from partybuilding.meetings.states import REQUIRED, SegmentKind, WaiverState
from partybuilding.meetings.views.buttons import make_move, record_page
from partybuilding.meetings.views.meetings import MEETINGS


@require_safe
def decision_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    record = get_visible(request, Decision.objects.select_related("unit", "owner", "meeting", "agenda"), pk)
    return record_page(request, record, forms.DECISION_FORMS, "meetings/decision_detail.html")


def decision_move(request: HttpRequest, pk: UUID, code: str) -> HttpResponse:
    record = get_visible(request, Decision.objects.select_related("unit"), pk)
    return make_move(request, record, code, forms.DECISION_FORMS)


@require_safe
def waiver_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One waiver: what it is for, on what basis, who answers until when; approve or return, or ask again."""
    record = get_visible(request, Waiver.objects.select_related("unit", "created_by", "decided_by"), pk)
    period = parse_period(record.period)
    own = {"unit": record.unit_id, "requirement": record.requirement, "period": record.period}
    stands = Waiver.objects.exclude(state=WaiverState.RETURNED).filter(**own).exists()
    is_asker = record.decided_by_id != request.user.pk and request.user.has_perm("meetings.ask_waiver", record)
    return record_page(
        request, record, forms.WAIVER_FORMS, "meetings/waiver_detail.html",
        requirement=SegmentKind(record.requirement).label, period=period, basis=BASES[SegmentKind(record.requirement)],
        awaited=_awaited(record, "party.waiver"),
        again=f"{reverse('meetings:waiver_create')}?{urlencode(own)}" if is_asker and not stands else "",
        approved=Waiver.objects.filter(
            unit=record.unit_id, state=WaiverState.APPROVED, period__startswith=str(period.start.year)
        ).count(),
    )  # fmt: skip


def _awaited(record: Record, rule: str) -> dict[str, Any]:
    """Until when somebody has to answer, who, and by what rule; empty once it is answered."""
    duties = Obligation.objects.open().filter(rule=rule, kind=record.kind(), subject=str(record.pk))
    if (duty := duties.select_related("unit").first()) is None:
        return {}
    due = timezone.localdate(duty.due_at)
    names = "、".join(person.name for person in holders(duty.unit_id, duty.post, timezone.localdate()))
    return {
        "when": _("%(month)d月%(day)d日前答复") % {"month": due.month, "day": due.day},
        "at": duty.due_at,
        "lines": [
            _("等%(post)s%(names)s答复。") % {"post": Role(duty.post).label, "names": names},
            _("%s。") % RULES[rule].basis,
        ],
    }


def waiver_move(request: HttpRequest, pk: UUID, code: str) -> HttpResponse:
    record = get_visible(request, Waiver.objects.select_related("unit"), pk)
    return make_move(request, record, code, forms.WAIVER_FORMS)


def waiver_create(request: HttpRequest) -> HttpResponse:
    """Ask from a cell of the matrix; unit, requirement and period come with the address, else the matrix is shown."""
    asked = request.GET
    if "unit" not in asked:
        return redirect("meetings:matrix")
    branch = get_visible(request, PartyBranch.objects.select_related("unit"), asked["unit"], "meetings.ask_waiver")
    requirement = asked.get("requirement", "")
    label = SegmentKind(requirement).label if requirement in REQUIRED else ""
    waiver_id = new_id()
    return ask(
        request,
        forms.WaiverForm(request.POST or None),
        title=_("%(what)s为什么开不成？") % {"what": f"{branch}{_period(asked)}{label}"},
        text=_("批准后这一格记为豁免，不计入达标率，不用补会议。"),
        button=_("申请豁免"),
        call=lambda reason: actions.ask_waiver(
            by=request.user, unit=branch.unit, requirement=requirement, period=asked.get("period", ""), reason=reason,
            now=timezone.now(), waiver_id=waiver_id,
        ),
        said=_("豁免申请已报党总支"),
        back=None,
    )  # fmt: skip


def _period(asked: QueryDict) -> str:
    try:
        return str(parse_period(asked.get("period", "")).label)
    except ValueError:
        raise Http404(_("期间不对。")) from None


@require_safe
def leave_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    record = get_visible(
        request, Leave.objects.select_related("unit", "meeting", "person", "created_by", "decided_by"), pk
    )
    awaited = _awaited(record, "party.leave")
    return record_page(request, record, forms.LEAVE_FORMS, "meetings/leave_detail.html", awaited=awaited)


def leave_move(request: HttpRequest, pk: UUID, code: str) -> HttpResponse:
    record = get_visible(request, Leave.objects.select_related("unit", "meeting"), pk)
    return make_move(request, record, code, forms.LEAVE_FORMS)


def leave_create(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask to be excused from a meeting; whoever keeps its record writes down the leave that somebody told him."""
    meeting = get_visible(request, MEETINGS, pk)
    keeps = request.user.has_perm(moves.ASK_LEAVE.perm, meeting)
    own, leave_id = request.user.pk, new_id()
    people = queries.may_ask_leave(meeting) if keeps else None
    form = forms.LeaveForm(request.POST or None, of=people, initial={"person": request.GET.get("person", own)})

    def file(kind: str, reason: str, person: int = own) -> Leave:
        who = get_object_or_404(Person, pk=person)
        return actions.file_leave(
            by=request.user, meeting=meeting, person=who, kind=kind, reason=reason, now=timezone.now(),
            leave_id=leave_id,
        )  # fmt: skip

    return ask(
        request,
        form,
        title=(_("%s：谁不能到，为什么？") if keeps else _("%s为什么不能到？")) % meeting.title,
        text=_("会议开始前请的当即算请假；开始后请的是补假，书记批准前按缺席算。"),
        button=_("登记请假") if keeps else _("请假"),
        call=file,
        said=lambda leave: (
            _("已登记%s请假，等支部书记批准") % leave.person.name if keeps else _("已请假，等支部书记批准")
        ),
        back=None if keeps else reverse("meetings:mine"),
    )
