"""Pages of tasks: the ledger, handing out, the record with its thread, its moves, its files, the slip to print."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from brigade import workflow
from brigade.assignments import actions, queries, rules
from brigade.assignments.forms import FORMS, HandOutForm
from brigade.assignments.models import Assignment, Line, LineFile
from brigade.assignments.states import RUNNING, AssignmentState
from brigade.assignments.tables import AssignmentFilters, AssignmentTable
from brigade.files import actions as files
from brigade.files.queries import open_file
from brigade.kit.ids import new_id
from brigade.kit.text import whole_number
from brigade.kit.web import ask, ask_move, download, get_visible, move_buttons, page
from brigade.ledgers.views import Listing

ROWS = Assignment.objects.select_related("unit", "giver_unit", "created_by", "replied_by")
OWN = "scope=own&due=live&sort=due_on"


class AssignmentList(Listing):
    """What is not done yet, the latest first. It opens on both sides of it: what one gave and what one has to do, so
    that it is empty only for whom nothing waits."""

    model, table, filterset = Assignment, AssignmentTable, AssignmentFilters
    permission = rules.HAVE
    opens = OWN
    title = gettext_lazy("交办督办")
    order = ("-due_on", "-id")
    tabs = (
        (gettext_lazy("与我有关"), OWN),
        (gettext_lazy("我交办的"), "scope=given&due=live&sort=due_on"),
        (gettext_lazy("交给我的"), "scope=mine&due=live&sort=due_on"),
        (gettext_lazy("逾期"), "due=late&sort=due_on"),
        (gettext_lazy("已办结"), "state=done"),
    )
    more = ("state", "due_on", "post")
    create = (gettext_lazy("交办"), "assignments:assignment_create", rules.HAND_OUT)
    empty = gettext_lazy("在记录页、看板的数字上按“交办”，选单位和期限就行。")

    @classmethod
    def rows(cls, user: Any, **kwargs: Any) -> QuerySet:
        last = Line.objects.filter(assignment=OuterRef("pk")).order_by("-at", "-pk")
        return (
            super()
            .rows(user)
            .annotate(last_kind=Subquery(last.values("kind")[:1]), last_text=Subquery(last.values("text")[:1]))
        )


def assignment_create(request: HttpRequest) -> HttpResponse:
    """Hand something out, from nothing, from a record or from figures of the board; leaders and clerks."""
    if not request.user.has_perm(rules.HAND_OUT):
        raise PermissionDenied(_("“交办”给领导和内勤用。"))
    now, source = timezone.now(), source_of(request)
    typed = request.POST if request.method == "POST" else None
    form = HandOutForm(typed, user=request.user, now=now, initial={"id": new_id(), **_start(request, source, now)})
    return ask(
        request,
        form,
        title=_("交办给谁，什么时候要？"),
        text=_("来自%s") % source.text if source else "",
        button=_("交办"),
        call=lambda **_typed: actions.hand_out(by=request.user, now=now, source=source, **form.arguments())[0],
        said=_said,
        back=None,
    )


def _start(request: HttpRequest, source: queries.Source | None, now: datetime) -> dict[str, Any]:
    """What the blank form knows already: what it is about, and the unit that it concerns."""
    if source is None:
        return {}
    found = queries.addressees(request.user, timezone.localdate(now))
    own = [one.key for one in found if one.leads and source.unit is not None and one.unit.pk == source.unit.pk]
    return {"title": source.title, "to": own}


def _said(made: Assignment) -> str:
    units = Assignment.objects.filter(batch=made.batch).order_by("unit__order", "pk")
    words = {
        "to": "、".join(units.values_list("unit__short_name", flat=True)),
        "day": date_format(made.due_on, "n月j日"),
    }
    return _("已交办给%(to)s，%(day)s前办") % words


def source_of(request: HttpRequest) -> queries.Source | None:
    """What the address names: `kind` and `id` of a record, or `figure` (one or several), `unit`, `start` and `end`."""
    asked = request.GET
    if kind := asked.get("kind", ""):
        found = queries.source_of_record(request.user, kind, asked.get("id", ""))
    elif figures := asked.getlist("figure"):
        try:
            start, end = (date.fromisoformat(asked.get(name, "")) for name in ("start", "end"))
        except ValueError:
            raise Http404(_("看不懂是哪段时间的数字。")) from None
        found = queries.source_of_figures(request.user, figures, whole_number(asked.get("unit", "")) or 0, start, end)
    else:
        return None
    if found is None:
        raise Http404(_("没有这条记录，或者不在你的查看范围内。"))
    return found


@require_safe
def assignment_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One task: until when, what comes next, what was said on both sides, and what went out with it."""
    record = get_visible(request, ROWS, pk)
    now = timezone.now()
    options = workflow.moves_for(record, request.user, now)
    may = {option.move.code for option in options if not option.why_not}
    context = {
        "record": record,
        "now": now,
        "when": _when(record),
        "at": queries.next_due(record),
        "lines": _next_lines(record),
        "moves": _buttons(record, [option for option in options if option.move.code != "reply"]),
        "reply": FORMS["reply"](record=record) if "reply" in may else None,
        "doers": queries.doers(record, timezone.localdate(now)),
        "thread": queries.thread(record),
        "others": queries.others_of_batch(record, request.user),
        "source_url": _source_url(request, record),
    }
    return page(request, "assignments/assignment_detail.html", context)


def _when(record: Assignment) -> str:
    due = queries.next_due(record)
    if due is None:
        return ""
    if record.state == AssignmentState.REPLIED:
        words = _("%s前认可或退回")
    else:
        words = _("%s前回复") if record.needs_reply else _("%s前办完")
    return words % date_format(due, "n月j日")


def _next_lines(record: Assignment) -> list[str]:
    lines = []
    if record.state in RUNNING and record.asked_due_on:
        lines.append(_("申请延到%s，等交办人答复") % date_format(record.asked_due_on, "n月j日"))
    if record.due_on != record.first_due_on:
        lines.append(_("原定%s") % date_format(record.first_due_on, "n月j日"))
    if record.state in RUNNING:
        lines.append(_("逾期1个工作日提醒交办人督办，3个工作日报大队长"))
    return lines


def _buttons(record: Assignment, options: list[workflow.Option]) -> list[dict[str, Any]]:
    main = ("accept", "finish", "urge")
    return move_buttons(
        options,
        address=lambda code: reverse("assignments:assignment_move", args=[record.pk, code]),
        asks=lambda code: FORMS[code].asks,
        main=("extend",) if record.asked_due_on and record.state in RUNNING else main,
        says_why={"accept", "urge", "ask_extension"},
    )


def _source_url(request: HttpRequest, record: Assignment) -> str:
    """The page that it was handed out from; of a record only where the reader may open that too."""
    if not record.source_kind:
        return record.source_url
    return record.source_url if queries.source_of_record(request.user, record.source_kind, record.source_id) else ""


def assignment_move(request: HttpRequest, pk: UUID, code: str) -> HttpResponse:
    """Ask what a move needs, and make it; a reply or a remark may bring files along."""
    record = get_visible(request, ROWS, pk)
    if code not in FORMS:
        raise Http404(_("没有这一步。"))
    move, now = workflow.MOVES[f"{record.kind()}.{code}"], timezone.now()

    def check() -> None:
        workflow.check(record, move, request.user, now)

    def act(**given: Any) -> Assignment:
        if uploads := request.FILES.getlist("files") if code in ("reply", "remark") else []:
            check()  # nothing is put away for who may not
            given["files"] = [files.store(upload, by=request.user, now=now) for upload in uploads]
        return actions.MAKE[code](by=request.user, assignment=record, now=now, **given)

    return ask_move(request, FORMS[code], record=record, move=move, check=check, act=act)


@require_safe
def assignment_file(request: HttpRequest, pk: UUID, seq: int) -> HttpResponseBase:
    """A file of the thread, for whoever may read the task."""
    record = get_visible(request, ROWS, pk)
    found = LineFile.objects.filter(line__assignment=record, pk=seq).select_related("file").first()
    if found is None:
        raise Http404(_("没有这个附件。"))
    return download(open_file(found.file), name=found.file.name, media_type=found.file.media_type)


@require_safe
def assignment_slip(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The slip (交办单), ready to print on A4."""
    record = get_visible(request, ROWS, pk)
    context = {
        "record": record,
        "doers": queries.doers(record, timezone.localdate()),
        "thread": queries.thread(record),
    }
    return page(request, "assignments/slip.html", context)
