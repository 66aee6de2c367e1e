"""Pages of meetings: the form that writes one down, the record, the matrix, decisions, waivers, leave, one's own."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from brigade import workflow
from brigade.audit.queries import history
from brigade.files import actions as files
from brigade.files.queries import open_file
from brigade.files.states import FileKind
from brigade.kit.clocks import parse_period
from brigade.kit.ids import new_id
from brigade.kit.refusals import Refused
from brigade.kit.text import whole_number
from brigade.kit.web import ask, done, download, get_visible, note_refusal, page, refused
from brigade.ledgers.actions import note_export
from brigade.ledgers.views import Listing
from brigade.org.models import Record
from brigade.org.queries import colleagues
from partybuilding.branches.models import PartyBranch
from partybuilding.branches.queries import branch_of
from partybuilding.meetings import actions, documents, forms, moves, queries, rules, tables
from partybuilding.meetings.models import Attendance, Decision, Leave, Meeting, Waiver
from partybuilding.meetings.states import (
    COUNTED,
    HELD,
    NOT_DUE,
    REQUIRED,
    THERE,
    LeaveState,
    MakeUp,
    MeetingState,
    SegmentKind,
    WaiverState,
)

MEETINGS = Meeting.objects.select_related("unit", "chair", "recorder", "confirmed_by", "created_by")


# Ledgers


class MeetingList(Listing):
    model, table, filterset = Meeting, tables.MeetingTable, tables.MeetingFilters
    permission = "meetings.view_meeting"
    title = gettext_lazy("会议记录")
    order = ("-starts_at", "-id")
    tabs = (
        (gettext_lazy("待确认"), "state=recorded"),
        (gettext_lazy("已通知"), "state=notified"),
        (gettext_lazy("过期未记录"), "state=expired_unheld"),
        (gettext_lazy("草稿"), "state=draft"),
    )
    more = ("backfill",)
    create = (gettext_lazy("记会议"), "meetings:meeting_new", moves.RECORD_PERM)
    empty = gettext_lazy("还没有记过会议，开完会记一次，矩阵、签到表和学时就都有了。")
    template_name = "meetings/ledger.html"

    @classmethod
    def rows(cls, user: Any, **kwargs: Any) -> QuerySet:
        return tables.counted(super().rows(user).select_related("unit", "chair").defer("search_text", "summary"))


class DecisionList(Listing):
    model, table, filterset = Decision, tables.DecisionTable, tables.DecisionFilters
    permission = "meetings.view_decision"
    title = gettext_lazy("议定事项")
    order = ("-due_on", "-id")
    related = ("unit", "owner", "meeting")
    tabs = ((gettext_lazy("办理中"), "state=open"), (gettext_lazy("已办结"), "state=done"))
    empty = gettext_lazy("会上定了事、写了责任人和期限，就会列在这里。")
    template_name = "meetings/ledger.html"


class WaiverList(Listing):
    model, table, filterset = Waiver, tables.WaiverTable, tables.WaiverFilters
    permission = "meetings.view_waiver"
    title = gettext_lazy("豁免申请")
    order = ("-created_at", "-id")
    related = ("unit", "created_by", "decided_by")
    tabs = ((gettext_lazy("待批准"), "state=asked"), (gettext_lazy("已批准"), "state=approved"))
    empty = gettext_lazy("执勤高峰开不成会的，到三会一课矩阵里点那一格申请豁免，不要补造会议。")
    template_name = "meetings/ledger.html"


# Writing a meeting down


def meeting_new(request: HttpRequest) -> HttpResponse:
    """Write down a meeting, or put one on the plan. Recorder, secretary, Party office; a leader for his own group."""
    now = timezone.now()
    branch = _branch_for(request)
    start = _start(request, branch, now)
    form = forms.MeetingForm(_typed(request), branch=branch, user=request.user, start=start)
    status = 200
    if request.method == "POST":
        status = 422
        plans = request.POST.get("intent") == "plan"
        act = actions.plan_meeting if plans else actions.record_meeting
        if form.is_valid():
            try:
                made = act(by=request.user, sheet=form.sheet(), now=now, meeting_id=form.cleaned_data["id"])
                return done(request, _said(made), made)
            except Refused as refusal:
                status = refused(request, form, refusal)
    return _meeting_page(request, form, now, status)


def meeting_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change a meeting that is not confirmed yet, or write down what was on the plan."""
    now = timezone.now()
    meeting = get_visible(request, MEETINGS, pk, moves.RECORD_PERM)
    if meeting.state not in moves.EDIT.sources | moves.SUBMIT.sources:
        workflow.check(meeting, moves.EDIT, request.user, now)
    branch = PartyBranch.objects.select_related("unit").get(pk=meeting.unit_id)
    start = forms.written(meeting)
    form = forms.MeetingForm(_typed(request), branch=branch, user=request.user, meeting=meeting, start=start)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made = _save(request, meeting, form, now)
                return done(request, _said(made), made)
            except Refused as refusal:
                status = refused(request, form, refusal)
                note_stale(form, refusal, meeting)
    return _meeting_page(request, form, now, status)


def _save(request: HttpRequest, meeting: Meeting, form: forms.MeetingForm, now: datetime) -> Meeting:
    given: dict[str, Any] = {"by": request.user, "meeting": meeting, "sheet": form.sheet(), "now": now}
    version = form.cleaned_data["version"] or meeting.version
    if request.POST.get("intent") == "save" or meeting.state in HELD:
        return actions.edit_meeting(**given, version=version)
    return actions.record_meeting(**given, version=version)


def note_stale(form: forms.MeetingForm, refusal: Refused, meeting: Meeting) -> None:
    """After a conflict the form takes the new version, so that sending it again is a decision and not an accident."""
    if refusal.status == 409:
        form.data = form.data.copy()
        form.data["version"] = str(meeting.version)


def _said(made: Meeting) -> str:
    words = {
        MeetingState.DRAFT: _("已列入计划，发出通知后应到人员会收到消息"),
        MeetingState.RECORDED: _("已记下，等主持人确认"),
    }
    return str(words.get(MeetingState(made.state), _("已保存")))


def _typed(request: HttpRequest) -> QueryDict | None:
    """What was sent, with the photos of a page without scripts put away first."""
    if request.method != "POST":
        return None
    typed = request.POST.copy()
    for upload in request.FILES.getlist("photos"):
        try:
            typed.appendlist("photo", str(files.store(upload, by=request.user, kinds=(FileKind.IMAGE,)).pk))
        except Refused as refusal:
            note_refusal(request, refusal)
            typed.appendlist("photo_error", f"{upload.name}：{refusal}")
    return typed


def _branches(user: Any) -> QuerySet[PartyBranch]:
    """Branches for which the user may write meetings down, in their fixed order."""
    rows = PartyBranch.objects.filter(unit__in=user.units_for(moves.RECORD_PERM))
    return rows.active_on(timezone.localdate()).in_order()


def _branch_for(request: HttpRequest) -> PartyBranch:
    """The branch that was asked for, else one's own, else the first; 404 when out of reach, 403 when there is none."""
    asked = request.POST.get("unit") or request.GET.get("unit")
    known = {branch.pk: branch for branch in _branches(request.user)}
    if not known:
        raise PermissionDenied(_("没有可以由你记会议的支部。"))
    if asked:
        found = known.get(whole_number(asked) or 0)
        if found is None:
            raise Http404(_("没有这个支部，或者不在你能记会议的范围内。"))
        return found
    today = timezone.localdate()
    granted = request.user.grants.on(today).filter(unit__in=known).values_list("unit", flat=True)
    own = branch_of(request.user.pk, today)
    first = {own} & set(granted) or set(granted) or {own} & set(known) or set(known)
    return next(branch for pk, branch in known.items() if pk in first)


def _start(request: HttpRequest, branch: PartyBranch, now: datetime) -> dict[str, Any]:
    """What the blank form holds; `kind`, `day` and `group` may be asked for, `copy` takes over the last meeting."""
    wanted = [kind for kind in request.GET.getlist("kind") if kind in SegmentKind.values]
    last = _last(branch.pk, wanted, now)
    asked: dict[str, Any] = {
        "kinds": wanted,
        "day": _day(request.GET.get("day", "")),
        "group": request.GET.get("group"),
    }
    day = asked["day"] or timezone.localdate(now)
    begun = forms.blank(forms.offer(branch, day), request.user, now, last, asked)
    return forms.copied(last, begun) if last and "copy" in request.GET else begun


def _last(branch_id: int, kinds: Iterable[str], now: datetime) -> Meeting | None:
    """The latest meeting of one of the kinds, else the latest of any."""
    for kind in kinds:
        if found := queries.last_meeting(branch_id, kind, now):
            return found
    rows = Meeting.objects.filter(unit=branch_id, state__in=HELD, starts_at__lt=now)
    return rows.order_by("-starts_at", "-pk").first()


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _meeting_page(
    request: HttpRequest, form: forms.MeetingForm, now: datetime, status: int = 200, fragment: str | None = None
) -> HttpResponse:
    meeting, roll = form.meeting, form.roll()
    errors = form.data.getlist("photo_error") if form.is_bound else []
    context = {
        "form": form,
        "meeting": meeting,
        "branch": form.branch,
        "branches": lambda: [] if meeting else list(_branches(request.user)),
        "open_decisions": lambda: queries.open_decisions(form.branch.pk),
        "submits": meeting is None or meeting.state in moves.SUBMIT.sources,
        "last": lambda: None if meeting else _last(form.branch.pk, form.started.get("kinds", ()), now),
        "now": now,
        "roll": roll,
        "marks": forms.MARKS,
        "roll_changed": form.is_bound and not _is_posted(form.data, roll),
        "photos": form.shown_photos(),
        "photo_errors": errors,
        "minutes": json.dumps({kind.value: minutes for kind, minutes in forms.MINUTES.items()}),
        "live": _live(form, now),
    }
    return page(request, "meetings/meeting_form.html", context, fragment=fragment, status=status)


def _live(form: forms.MeetingForm, now: datetime) -> queries.Preview | None:
    """What this one record completes and what is still missing, once it can be read."""
    if not form.is_bound or not form.is_valid():
        return None
    sheet = form.sheet()
    return queries.preview(sheet, now=now, meeting=form.meeting) if sheet.spans else None


def _is_posted(typed: QueryDict, roll: list[dict[str, Any]]) -> bool:
    """Whether the roll on the screen is the roll of what is typed by now."""
    return {name for name in typed if name.startswith("mark-")} == {f"mark-{row['id']}" for row in roll}


@require_POST
def meeting_preview(request: HttpRequest) -> HttpResponse:
    """The side panel for what is typed so far; nothing is written."""
    return _meeting_page(request, _form_of(request), timezone.now(), fragment="live_in")


def _form_of(request: HttpRequest) -> forms.MeetingForm:
    """The form that a part of its page sends: of a record that exists, or of a new one."""
    meeting = None
    if request.GET.get("meeting"):
        meeting = get_visible(request, MEETINGS, request.GET["meeting"], moves.RECORD_PERM)
    branch = PartyBranch.objects.select_related("unit").get(pk=meeting.unit_id) if meeting else _branch_for(request)
    start = forms.written(meeting) if meeting else {"day": timezone.localdate()}
    return forms.MeetingForm(_typed(request), branch=branch, user=request.user, meeting=meeting, start=start)


@require_POST
def meeting_photos(request: HttpRequest) -> HttpResponse:
    """Put photos away while the rest is still being typed."""
    return _meeting_page(request, _form_of(request), timezone.now(), fragment="photos")


@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """Names for the field of observers; whoever may write meetings down."""
    asked = request.GET.get("q", "").strip()[:20]
    units = request.user.units_for(moves.RECORD_PERM)
    if not units:
        raise PermissionDenied(_("没有可以由你记会议的支部。"))
    rows = colleagues(units).filter(search_text__icontains=asked).order_by("police_no")[:20]
    return JsonResponse({"results": [{"id": row.pk, "text": row.name, "note": row.police_no} for row in rows]})


# One record


@require_safe
def meeting_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One meeting: how far it is, what comes next, what was said, who was there, the papers, the history."""
    meeting = get_visible(request, MEETINGS, pk)
    now = timezone.now()
    options = workflow.moves_for(meeting, request.user, now)
    able = {option.move.code for option in options if not option.why_not}
    context = {
        "record": meeting,
        "now": now,
        "track": _track(meeting),
        "deadline": _deadline(meeting),
        "checks": _checks(meeting, "edit" in able, now) if meeting.state == MeetingState.RECORDED else [],
        "moves": _buttons(meeting, options, forms.MEETING_FORMS),
        "able": able,
        "roll": documents.roll(meeting),
        "agenda": documents.agenda(meeting),
        "spans": queries.spans_of(meeting),
        "segments": meeting.segments.select_related("lecturer", "group").order_by("starts_at", "pk"),
        "photos": meeting.photos.select_related("file").order_by("seq"),
        "editions": meeting.editions.select_related("by").order_by("-edition"),
        "tally": queries.tally_of(meeting),
        "is_held": meeting.state in HELD,
        "events": history(meeting),
        "may_leave": _may_leave(request, meeting),
    }
    return page(request, "meetings/meeting_detail.html", context)


def _may_leave(request: HttpRequest, meeting: Meeting) -> bool:
    """Whether one is due there and may still ask to be excused."""
    if meeting.state not in {
        MeetingState.NOTIFIED,
        MeetingState.POSTPONED,
        MeetingState.RECORDED,
        MeetingState.EXPIRED,
    }:
        return False
    own = Attendance.objects.filter(meeting=meeting, person=request.user.pk).exclude(status__in=NOT_DUE | THERE)
    asked = Leave.objects.filter(meeting=meeting, person=request.user.pk).exclude(state=LeaveState.RETURNED)
    return own.exists() and not asked.exists()


def _checks(meeting: Meeting, may_edit: bool, now: datetime) -> list[dict[str, Any]]:
    """确认前再看一眼, with the way to where the missing thing is put in."""
    address = reverse("meetings:meeting_edit", args=[meeting.pk]) if may_edit else ""
    found = queries.checks_of(meeting, now)
    return [{"ok": check.ok, "text": check.text, "href": address, "link": _("补填")} for check in found]


def _track(meeting: Meeting) -> list[dict[str, Any]]:
    """The way of a record; what is off the way stands in its own step."""
    S = MeetingState
    way = [S.NOTIFIED, S.RECORDED, S.CONFIRMED, S.ARCHIVED]
    if meeting.state in (S.DRAFT, S.POSTPONED, S.EXPIRED, S.CANCELLED, S.VOID):
        way = [S(meeting.state), *([] if meeting.state in (S.CANCELLED, S.VOID) else way[1:])]
    elif meeting.state != S.NOTIFIED:
        way = way[1:]
    at = way.index(S(meeting.state))
    days = {S.RECORDED: meeting.recorded_at, S.CONFIRMED: meeting.confirmed_at}
    last = len(way) - 1
    return [
        {
            "label": state.label,
            "small": _short_day(days.get(state)) if number <= at else "",
            "stage": "done" if number < at or number == at == last else "now" if number == at else "",
        }
        for number, state in enumerate(way)
    ]


def _short_day(moment: datetime | None) -> str:
    if moment is None:
        return ""
    local = timezone.localtime(moment)
    return _("%(month)d月%(day)d日") % {"month": local.month, "day": local.day}


def _deadline(meeting: Meeting) -> dict[str, Any]:
    """The next deadline and what follows, while there is one."""
    if meeting.state == MeetingState.RECORDED:
        due = queries.record_deadline(meeting.held_on)
        lines = [
            _("由主持人或支部书记确认，之后才计入三会一课和学时。"),
            _("超过5个工作日仍可确认，会注明记录超时。"),
        ]
        return {
            "when": _("%(month)d月%(day)d日前确认") % {"month": due.date.month, "day": due.date.day},
            "at": due.date,
            "lines": lines,
        }
    if meeting.state in (MeetingState.NOTIFIED, MeetingState.EXPIRED):
        lines = [_("开完会点“记录会议”，名单和请假已经带好。")]
        return {"when": _("%s开会") % _short_day(meeting.starts_at), "at": meeting.starts_at, "lines": lines}
    if meeting.state in (MeetingState.DRAFT, MeetingState.POSTPONED):
        return {"when": _("还没有通知"), "at": None, "lines": [_("发出通知后，应到人员收到消息，可以请假。")]}
    return {"when": "", "at": None, "lines": []}


MAIN = ("confirm", "notify", "approve_backfill", "approve", "finish", "archive")
"""The first of these that can be made now is the main button."""
ELSEWHERE = frozenset({"edit", "submit", "change", "make_up"})
"""These have their place elsewhere on the page, or none."""
SAYS_WHY = frozenset({"confirm", "notify", "approve"})
"""These stand there greyed with what is missing; others only appear when they can be made."""


def _buttons(
    record: Record, options: list[workflow.Option], asked: dict[str, type[forms.MoveForm]]
) -> list[dict[str, Any]]:
    """The moves for ui/move.html, the main one first."""
    shown = [
        option
        for option in options
        if option.move.code in asked and option.move.code not in ELSEWHERE
        if not option.why_not or option.move.code in SAYS_WHY
    ]
    main = next((code for code in MAIN if code in {option.move.code for option in shown}), "")
    buttons = []
    for option in sorted(shown, key=lambda option: option.move.code != main):
        code = option.move.code
        address = reverse(f"meetings:{record._meta.model_name}_move", args=[record.pk, code])
        buttons.append(
            {
                "label": option.move.label,
                "url": address,
                "confirm": address if asked[code].asks else "",
                "why": option.why_not,
                "main": code == main,
            }
        )
    return buttons


def _move(request: HttpRequest, record: Record, code: str, asked: dict[str, type[forms.MoveForm]]) -> HttpResponse:
    """Ask what a move needs and make it; who may and what is missing is the door's to say."""
    if code not in asked:
        raise Http404(_("没有这一步。"))
    move, now = workflow.MOVES[f"{record.kind()}.{code}"], timezone.now()
    noun = record._meta.model_name
    act = actions.MAKE[f"{noun}.{code}"]
    if request.method != "POST":
        workflow.check(record, move, request.user, now)
    form = asked[code](request.POST or None, record=record, initial={"version": record.version})
    return ask(
        request,
        form,
        title=_("%(what)s：%(do)s？") % {"what": record.title, "do": move.label},
        button=move.label,
        call=lambda **given: act(by=request.user, now=now, **{noun: record}, **given),
        said=_("%(do)s：%(what)s") % {"do": move.label, "what": record.title},
        back=record.get_absolute_url(),
    )


def meeting_move(request: HttpRequest, pk: UUID, code: str) -> HttpResponse:
    return _move(request, get_visible(request, MEETINGS, pk), code, forms.MEETING_FORMS)


@require_safe
def meeting_minutes(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The minutes, to read and print on A4; `format=docx` is the Word form, with `photos` on a last page."""
    meeting = get_visible(request, MEETINGS, pk)
    if request.GET.get("format") == "docx":
        content, name = documents.minutes(meeting, photos="photos" in request.GET)
        return download(content, name=name, media_type=documents.WORD)
    return page(request, "meetings/minutes.html", {"record": meeting, "paper": documents.minutes_context(meeting)})


@require_safe
def meeting_sign_in(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The sign-in sheet as Word: filled from the roll, or `blank` to be signed on paper."""
    meeting = get_visible(request, MEETINGS, pk)
    content, name = documents.sign_in(meeting, blank="blank" in request.GET)
    return download(content, name=name, media_type=documents.WORD)


@require_safe
def meeting_photo(request: HttpRequest, pk: UUID, seq: int) -> HttpResponseBase:
    meeting = get_visible(request, MEETINGS, pk)
    photo = meeting.photos.select_related("file").filter(seq=seq).first()
    if photo is None:
        raise Http404(_("没有这张照片。"))
    return download(open_file(photo.file), name=photo.file.name, media_type=photo.file.media_type, inline=True)


# The matrix


def matrix(request: HttpRequest) -> HttpResponseBase:
    """三会一课 by branch and month; `cell=<branch>-<month>` opens one of them, `format=xlsx` is the statistic form."""
    if not request.user.has_perm("meetings.view_meeting"):
        raise PermissionDenied(_("没有查看三会一课的权限。"))
    now = timezone.now()
    today = timezone.localdate(now)
    asked = whole_number(request.GET.get("year", "")) or 0
    year = asked if 2000 <= asked <= today.year + 1 else today.year
    kind = request.GET.get("kind", "") if request.GET.get("kind", "") in REQUIRED else ""
    found = queries.matrix(request.user, year, kind, now)
    if request.GET.get("format") == "xlsx":
        return _statistic(request, found, now)
    branch_id, month = _picked(request, found, today)
    context = {
        "matrix": found,
        "lines": [(line, _cells(request, line, branch_id, month)) for line in found.lines],
        "first_months": (1, 4, 7, 10),
        "kind_word": SegmentKind(kind).label if kind else _("全部应开展"),
        "may_new": request.user.has_perm(moves.RECORD_PERM),
        "quarters": (_("一季度"), _("二季度"), _("三季度"), _("四季度")),
        "kinds": [("", _("全部应开展")), *((code, SegmentKind(code).label) for code in _kinds_of(found))],
        "years": range(today.year, today.year - 4, -1),
        "today": today,
        "now": now,
        "behind": _behind(found, today),
        "legend": tables.legend(found),
        **_cell_context(request, found, branch_id, month, now),
    }
    return page(request, "meetings/matrix.html", context, fragment="cell")


def _cells(request: HttpRequest, line: queries.Line, branch_id: int, month: int) -> list[dict[str, Any]]:
    """The cells of a line as they are drawn, each with the address that opens it."""
    query, cells = request.GET.copy(), []
    for cell in line.cells:
        shown = tables.shown_cell(line, cell)
        query["cell"] = f"{line.branch.pk}-{shown['month']}"
        shown["href"] = f"?{query.urlencode()}"
        shown["picked"] = (line.branch.pk, shown["month"]) == (branch_id, month)
        cells.append(shown)
    return cells


def _kinds_of(found: queries.Matrix) -> list[str]:
    has_general = any(line.branch.is_general for line in found.lines) or found.kind != ""
    return [code for code in ("TD", "MM", "CM", "GM", "PL", "GB") if code != "GB" or has_general]


def _behind(found: queries.Matrix, today: date) -> int:
    """Branches that have not held all of this month."""
    if found.year != today.year:
        return 0
    return sum(line.cells[today.month - 1].state in ("open", "warning", "missed") for line in found.lines)


def _picked(request: HttpRequest, found: queries.Matrix, today: date) -> tuple[int, int]:
    """The cell that was chosen, else this month's first that wants something, else the first."""
    branch, _dash, month = request.GET.get("cell", "").partition("-")
    branch_id, number = whole_number(branch), whole_number(month)
    if branch_id and number and number <= 12:
        return branch_id, number
    now = today.month if found.year == today.year else 12
    wants = (line for line in found.lines if line.cells[now - 1].state in ("warning", "missed", "open"))
    line = next(wants, found.lines[0] if found.lines else None)
    return (line.branch.pk, now) if line else (0, now)


def _cell_context(
    request: HttpRequest, found: queries.Matrix, branch_id: int, month: int, now: datetime
) -> dict[str, Any]:
    line = next((line for line in found.lines if line.branch.pk == branch_id), None)
    if line is None:
        return {"line": None}
    cell = line.cells[month - 1]
    meetings = _meetings_in(request.user, branch_id, cell)
    rows = [tables.requirement_row(item, cell, line.branch, meetings, now) for item in cell.items]
    asked = {
        row.requirement: row
        for row in Waiver.objects.filter(unit=branch_id, period__in={r["period"] for r in rows}).exclude(
            state=WaiverState.RETURNED
        )
    }
    for row in rows:
        row["waiver"] = asked.get(row["item"].requirement)
    return {
        "line": line,
        "month": month,
        "shown": tables.shown_cell(line, cell),
        "rows": rows,
        "may_record": request.user.has_perm(moves.RECORD_PERM, line.branch),
        "may_waive": request.user.has_perm("meetings.ask_waiver", line.branch),
    }


def _meetings_in(user: Any, branch_id: int, cell: queries.Cell) -> list[tuple[str, Meeting]]:
    """(kind, meeting) of the quarter of a cell that could count in it, held or announced, as far as one sees them."""
    first = date(cell.month.start.year, (cell.month.start.month - 1) // 3 * 3 + 1, 1)
    rows = Meeting.objects.visible_to(user).filter(
        Q(unit=branch_id) | Q(attendances__branch=branch_id),
        starts_at__date__gte=first,
        starts_at__date__lte=cell.month.end,
        state__in=HELD | {MeetingState.DRAFT, MeetingState.NOTIFIED, MeetingState.EXPIRED},
    )
    found = list(rows.distinct().order_by("starts_at").prefetch_related("segments").defer("search_text", "summary"))
    return [(segment.kind, meeting) for meeting in found for segment in meeting.segments.all()]


def _statistic(request: HttpRequest, found: queries.Matrix, now: datetime) -> HttpResponseBase:
    """三会一课落实情况统计表: the same figures as on the screen."""
    content, name = documents.statistic(found, by=request.user, now=now)
    kind = str(SegmentKind(found.kind).label) if found.kind else _("全部应开展")
    note_export(None, by=request.user, title=name, conditions=kind, count=len(found.lines))
    return download(content, name=name, media_type=documents.SHEET)


# Decisions, waivers, leave


@require_safe
def decision_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    record = get_visible(request, Decision.objects.select_related("unit", "owner", "meeting", "agenda"), pk)
    return _record_page(request, record, forms.DECISION_FORMS, "meetings/decision_detail.html")


def decision_move(request: HttpRequest, pk: UUID, code: str) -> HttpResponse:
    record = get_visible(request, Decision.objects.select_related("unit"), pk)
    return _move(request, record, code, forms.DECISION_FORMS)


@require_safe
def waiver_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One waiver: what it is for, how the branch stands, approve or return."""
    record = get_visible(request, Waiver.objects.select_related("unit", "created_by", "decided_by"), pk)
    requirement = SegmentKind(record.requirement).label
    return _record_page(
        request, record, forms.WAIVER_FORMS, "meetings/waiver_detail.html", requirement=requirement,
        period=parse_period(record.period),
    )  # fmt: skip


def waiver_move(request: HttpRequest, pk: UUID, code: str) -> HttpResponse:
    record = get_visible(request, Waiver.objects.select_related("unit"), pk)
    return _move(request, record, code, forms.WAIVER_FORMS)


def waiver_new(request: HttpRequest) -> HttpResponse:
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
    record = get_visible(request, Leave.objects.select_related("unit", "meeting", "person", "decided_by"), pk)
    return _record_page(request, record, forms.LEAVE_FORMS, "meetings/leave_detail.html")


def leave_move(request: HttpRequest, pk: UUID, code: str) -> HttpResponse:
    record = get_visible(request, Leave.objects.select_related("unit", "meeting"), pk)
    return _move(request, record, code, forms.LEAVE_FORMS)


def leave_new(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask to be excused from a meeting, for oneself."""
    meeting = get_visible(request, MEETINGS, pk)
    leave_id = new_id()
    return ask(
        request,
        forms.LeaveForm(request.POST or None),
        title=_("%s为什么不能到？") % meeting.title,
        text=_("会议开始前请的当即算请假；开始后请的是补假，书记批准前按缺席算。"),
        button=_("请假"),
        call=lambda **given: actions.file_leave(
            by=request.user, meeting=meeting, person=request.user, now=timezone.now(), leave_id=leave_id, **given
        ),
        said=_("已请假，等支部书记批准"),
        back=reverse("meetings:mine"),
    )


def _record_page(
    request: HttpRequest, record: Any, asked: dict[str, type[forms.MoveForm]], template: str, **more: Any
) -> HttpResponse:
    now = timezone.now()
    buttons = _buttons(record, workflow.moves_for(record, request.user, now), asked)
    context = {"record": record, "now": now, "moves": buttons, "events": history(record), **more}
    return page(request, template, context)


@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """One's own meetings, leave, hours and duties; nothing about others."""
    now = timezone.now()
    year = timezone.localdate(now).year
    rows = Attendance.objects.filter(person=request.user.pk).select_related("meeting")
    ahead = rows.filter(meeting__state__in=(MeetingState.NOTIFIED, MeetingState.POSTPONED), meeting__ends_at__gte=now)
    past = rows.filter(meeting__state__in=HELD, meeting__starts_at__year=year)
    leaves = Leave.objects.filter(person=request.user.pk).select_related("meeting")
    statuses = list(past.filter(meeting__state__in=COUNTED).values_list("status", "makeup"))
    context = {
        "now": now,
        "year": year,
        "ahead": ahead.order_by("meeting__starts_at")[:20],
        "past": past.order_by("-meeting__starts_at")[:12],
        "leaves": leaves.order_by("-created_at")[:20],
        "asked": set(leaves.exclude(state=LeaveState.RETURNED).values_list("meeting", flat=True)),
        "decisions": Decision.objects.open()
        .filter(owner=request.user.pk)
        .select_related("meeting")
        .order_by("due_on")[:20],
        "hours": queries.person_hours(request.user.pk, year),
        "tally": rules.tally(statuses),
        "pending": past.filter(makeup=MakeUp.PENDING).count(),
    }
    return page(request, "meetings/mine.html", context)
