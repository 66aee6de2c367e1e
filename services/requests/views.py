"""Pages of requests: the desk, the ledger, the record with its moves, the papers, the catalogue."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from brigade import workflow
from brigade.audit.queries import history
from brigade.kit.ids import new_id
from brigade.kit.refusals import Refused
from brigade.kit.text import clean_text, whole_number
from brigade.kit.web import ask, ask_move, done, get_visible, move_buttons, page, refused
from brigade.ledgers.views import Listing
from brigade.org.actions import reveal
from brigade.org.models import Unit
from brigade.org.states import Tree
from brigade.reference.queries import parameter
from services.requests import actions, documents, moves, queries
from services.requests.forms import ASKED_OF_CLERK, FORMS, DeskForm, MoveForm, ReasonForm, ScopeForm, marks_of
from services.requests.models import ServiceItem, ServiceRequest
from services.requests.states import SETTLED, Ending, MaterialStatus, RequestState
from services.requests.tables import ItemFilters, ItemTable, RequestFilters, RequestTable

ROWS = ServiceRequest.objects.select_related(
    "unit", "item", "handler", "first_contact_officer", "accepted_by", "review_asked_by", "reviewer"
)


class RequestList(Listing):
    model, table, filterset = ServiceRequest, RequestTable, RequestFilters
    permission = "requests.view_servicerequest"
    title = gettext_lazy("办件台账")
    order = ("-received_at", "-id")
    tabs = (
        (gettext_lazy("待审核"), "review=waiting"),
        (gettext_lazy("待补正"), "state=supplement_requested"),
        (gettext_lazy("办理中"), "state=processing"),
        (gettext_lazy("逾期"), "overdue=true"),
    )
    more = ("item", "completed_at", "overdue", "review", "unit")
    create = (gettext_lazy("窗口办件"), "requests:servicerequest_create", "requests.add_servicerequest")
    empty = gettext_lazy("还没有办件。窗口人员打开“窗口办件”，选事项、看材料，办完就在这里。")

    def may_create(self, user: Any) -> bool:
        return user.reaches("requests.add_servicerequest", Tree.HALL)


class ItemList(Listing):
    model, table, filterset = ServiceItem, ItemTable, ItemFilters
    permission = "requests.view_serviceitem"
    title = gettext_lazy("服务事项")
    order = ("code",)
    tabs = ((gettext_lazy("本所不办"), "offered=false"), (gettext_lazy("条文待核"), "verified=memory"))
    more = ("verified",)
    empty = gettext_lazy("目录还没有载入，重新启动系统会自动载入。")

    @classmethod
    def rows(cls, user: Any, **kwargs: Any) -> Any:
        today = timezone.localdate()
        return ServiceItem.objects.visible_to(user).on(today).in_hall(queries.hall_of(user), today)

    def totals(self, sheet: Any) -> str:
        saving = queries.promised_saving(timezone.localdate(), queries.hall_of(sheet.user))
        if saving.percent is None:
            return ""
        return _(
            "有法定时限的事项，承诺合计%(ours)d天，法定合计%(law)d天，提速%(percent).1f%%。承诺时限都是产品默认值，启用前由大队确认。"
        ) % {
            "ours": saving.promised,
            "law": saving.statutory,
            "percent": saving.percent,
        }


def servicerequest_create(request: HttpRequest) -> HttpResponse:
    """The desk: one citizen after the other, by keyboard; window officers of a hall."""
    if not queries.halls_of(request.user):
        raise PermissionDenied(_("“窗口办件”给窗口人员用；没有分到大厅的，请安全管理员授权。"))
    now = timezone.now()
    if request.method != "POST":
        form = DeskForm(user=request.user, now=now, initial={"id": new_id(), **_asked_item(request, now)})
        return _desk(request, form, now)
    form = DeskForm(request.POST, user=request.user, now=now)
    if not form.is_valid():
        return _desk(request, form, now, status=422)
    try:
        made = actions.take_in(by=request.user, now=now, **form.arguments())
    except Refused as refusal:
        return _desk(request, form, now, status=refused(request, form, refusal))
    return done(request, _result(made), f"{reverse('requests:servicerequest_create')}?done={made.pk}")


def _desk(request: HttpRequest, form: DeskForm, now: datetime, status: int = 200) -> HttpResponse:
    given = {pk: status for pk, (status, _note) in marks_of(form.data).items()}
    today = timezone.localdate(now)
    offers = queries.offers(today, given, _hall_at(form))
    picked = str(form["item"].value() or "")
    last = request.GET.get("done", "")
    context = {
        "form": form,
        "now": now,
        "offers": offers,
        "picked": next((offer for offer in offers if str(offer.item.pk) == picked), None),
        "statuses": [(number, status, MaterialStatus(status).label) for number, status in enumerate(ASKED_OF_CLERK, 1)],
        "stays": form.data.get("ending", "") in (Ending.ACCEPT, Ending.NOTIFY, Ending.RECEIVE),
        "home": parameter("services.home_province", today),
        "last": documents.paper(get_visible(request, ROWS, last)) if last else None,
    }
    return page(request, "requests/desk.html", context, status=status)


def _hall_at(form: DeskForm) -> Unit | None:
    """The hall that the form stands at."""
    value = form["unit"].value()
    return form.fields["unit"].queryset.filter(pk=whole_number(str(getattr(value, "pk", value) or ""))).first()


def _asked_item(request: HttpRequest, now: datetime) -> dict[str, Any]:
    code = clean_text(request.GET.get("item", "")).upper()
    found = ServiceItem.objects.on(timezone.localdate(now)).filter(code=code).first()
    return {"item": found.pk} if found else {}


def _result(made: ServiceRequest) -> str:
    return _("%(what)s：%(state)s，编号%(number)s") % {
        "what": made.title,
        "state": made.get_state_display(),
        "number": made.number,
    }


@require_safe
def serviceitem_detail(request: HttpRequest, code: str) -> HttpResponse:
    """One service as it is valid today: limits, materials, and what each hall has decided about taking it in."""
    item = _item(request, code)
    context = {
        "item": item,
        "materials": item.materials.order_by("order"),
        "scopes": queries.scopes(item, timezone.localdate()),
        "may_change": bool(queries.halls_of(request.user, "requests.change_serviceitem")),
        "may_take_in": bool(queries.halls_of(request.user)),
    }
    return page(request, "requests/serviceitem_detail.html", context)


def serviceitem_scope(request: HttpRequest, code: str) -> HttpResponse:
    """Say whether a hall takes in a service; its head and the business administrator."""
    item = _item(request, code)
    halls = queries.halls_of(request.user, "requests.change_serviceitem")
    if not halls:
        raise PermissionDenied(_("办理范围由所长或业务管理员定。"))
    stands = queries.item_in_hall(item, halls[0], timezone.localdate())
    return ask(
        request,
        ScopeForm(request.POST or None, halls=halls, initial={"in_scope": int(not stands.is_offered)}),
        title=_("“%s”本所办不办？") % item.name,
        text=_("以前收的件照常办完。"),
        button=_("定办理范围"),
        call=lambda **typed: actions.set_scope(by=request.user, item=item, now=timezone.now(), **typed),
        said=_("办理范围已定"),
        back=item,
    )


def _item(request: HttpRequest, code: str) -> ServiceItem:
    found = ServiceItem.objects.visible_to(request.user).on(timezone.localdate()).filter(code=code.upper()).first()
    if found is None:
        raise Http404(_("没有这个事项，或者已经停办。"))
    return found


@require_safe
def servicerequest_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One request: how far it is, what comes next and why not yet, its materials, papers and history."""
    record = get_visible(request, ROWS, pk)
    now = timezone.now()
    context = {
        "record": record,
        "now": now,
        "track": queries.track(record),
        "deadline": queries.deadline(record),
        "checks": _checks(record),
        "moves": _buttons(record, workflow.moves_for(record, request.user, now)),
        "papers": record.papers,
        "notices": record.notices.order_by("-round"),
        "suspensions": record.suspensions.select_related("approver").order_by("started_at"),
        "events": history(record),
        "may_reveal": request.user.has_perm("requests.reveal_servicerequest", record),
        "may_handle": request.user.has_perm(moves.HANDLE, record),
    }
    return page(request, "requests/servicerequest_detail.html", context)


MAIN = (
    "reject",
    "accept",
    "notify",
    "check_materials",
    "take_back",
    "start",
    "complete",
    "ask_review",
    "resume",
    "deliver",
)
"""The first of these that can be made now is the page's main button."""
REVIEWING = ("reject", "complete")
"""The same while it lies with the reviewer: its officer has nothing to press first."""
SAYS_WHY = frozenset({"accept", "reject", "complete", "deliver"})
"""These stand there greyed with what is missing; others only appear when they can be made."""


def _buttons(record: ServiceRequest, options: list[workflow.Option]) -> list[dict[str, Any]]:
    return move_buttons(
        options,
        address=lambda code: reverse("requests:servicerequest_move", args=[record.pk, code]),
        asks=lambda code: FORMS[code](record=record).asks,
        main=REVIEWING if record.proposal else MAIN,
        says_why=SAYS_WHY,
    )


def _checks(record: ServiceRequest) -> list[dict[str, Any]]:
    """The materials for ui/checks.html, as long as they decide what comes next."""
    if record.state not in (RequestState.RECEIVED, RequestState.SUPPLEMENT_REQUESTED):
        return []
    return [
        {"ok": paper.status in SETTLED, "text": f"{paper.material.name}：{paper.get_status_display()}"}
        for paper in record.papers
    ]


def servicerequest_move(request: HttpRequest, pk: UUID, code: str) -> HttpResponse:
    """Ask what a move needs, and make it."""
    record = get_visible(request, ROWS, pk)
    if code not in FORMS:
        raise Http404(_("没有这一步。"))
    move, now = workflow.MOVES[f"{record.kind()}.{code}"], timezone.now()
    return ask_move(
        request,
        FORMS[code],
        record=record,
        move=move,
        check=lambda: workflow.check(record, move, request.user, now),
        act=lambda **given: actions.MAKE[code](by=request.user, request=record, now=now, **given),
    )


@require_safe
def servicerequest_receipt(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The receipt, ready to print on A4."""
    return page(request, "requests/paper.html", {"paper": documents.receipt(get_visible(request, ROWS, pk))})


@require_safe
def servicerequest_notice(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The one notice of the last round, ready to print on A4."""
    paper = documents.notice(get_visible(request, ROWS, pk))
    if paper is None:
        raise Http404(_("这个办件没有告知过补正。"))
    return page(request, "requests/paper.html", {"paper": paper})


def servicerequest_reveal(request: HttpRequest, pk: UUID, field: str) -> HttpResponse:
    """A sealed number in full, for a stated reason that the audit keeps."""
    record = get_visible(request, ROWS, pk, "requests.reveal_servicerequest")
    form: MoveForm = ReasonForm(request.POST or None, record=record)
    plain, status = "", 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                plain = reveal(by=request.user, target=record, field=field, reason=form.cleaned_data["reason"])
                status = 200
            except Refused as refusal:
                status = refused(request, form, refusal)
    context = {"record": record, "form": form, "plain": plain}
    return page(request, "requests/servicerequest_reveal.html", context, fragment="ask", status=status)
