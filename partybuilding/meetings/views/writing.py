"""Writing a meeting down: the form, its live panel, photos, and the people who can be picked."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from brigade import workflow
from brigade.files import actions as files
from brigade.files.states import FileKind
from brigade.kit.clocks import period_of
from brigade.kit.forms import in_our_time
from brigade.kit.refusals import Refused
from brigade.kit.text import clean_text, whole_number
from brigade.kit.web import done, get_visible, merged, note_refusal, page, refused
from brigade.org.queries import colleagues
from partybuilding.branches.models import PartyBranch
from partybuilding.branches.queries import branch_of
from partybuilding.meetings import actions, forms, moves, queries
from partybuilding.meetings.models import Meeting
from partybuilding.meetings.rules import period_kind
from partybuilding.meetings.states import HELD, REQUIRED, MeetingState, SegmentKind
from partybuilding.meetings.views.meetings import MEETINGS

ASKED = ("kind", "day", "group", "copy")
"""What an address may ask of the blank form, besides the branch."""


def meeting_create(request: HttpRequest) -> HttpResponse:
    """Write down a meeting, or put one on the plan. Recorder, secretary, Party office; a leader for his own group."""
    now = timezone.now()
    branch = _branch_for(request)
    if request.method == "GET" and (planned := _planned(request, branch)):
        return redirect("meetings:meeting_edit", planned.pk)
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


def _planned(request: HttpRequest, branch: PartyBranch) -> Meeting | None:
    """What is on the plan for the duty that one comes from: that is written down, and no second meeting beside it."""
    kind, day = request.GET.get("kind", ""), _day(request.GET.get("day", ""))
    if day is None or kind not in REQUIRED or kind == SegmentKind.GM:
        return None
    period = period_of(day, period_kind(kind))
    ahead = Meeting.objects.of_kind(kind).filter(unit=branch.pk, state__in=moves.SUBMIT.sources)
    return ahead.filter(starts_at__date__range=(period.start, period.end)).order_by("starts_at").first()


def meeting_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change a meeting that is not confirmed yet, or write down what was on the plan."""
    now = timezone.now()
    meeting = get_visible(request, MEETINGS, pk, moves.RECORD_PERM)
    if meeting.state not in moves.EDIT.sources | moves.SUBMIT.sources:
        workflow.check(meeting, moves.EDIT, request.user, now)
    branch = PartyBranch.objects.select_related("unit").get(pk=meeting.unit_id)
    start = forms.written(meeting)
    form, merge, base = merged(
        request,
        lambda data: forms.MeetingForm(data, branch=branch, user=request.user, meeting=meeting, start=start),
        meeting,
        _typed(request),
    )
    status = 200
    if request.method == "POST":
        status = 409 if merge and merge.clashes else 422
        if status == 422 and form.is_valid():
            try:
                made = _save(request, meeting, form, now)
                return done(request, f"{_said(made)}{merge.said}" if merge else _said(made), made)
            except Refused as refusal:
                status = refused(request, form, refusal)
    return _meeting_page(request, form, now, status, base=base, clashes=merge.clashes if merge else [])


def _save(request: HttpRequest, meeting: Meeting, form: forms.MeetingForm, now: datetime) -> Meeting:
    given: dict[str, Any] = {"by": request.user, "meeting": meeting, "sheet": form.sheet(), "now": now}
    version = form.cleaned_data["version"] or meeting.version
    if request.POST.get("intent") == "save" or meeting.state in HELD:
        return actions.edit_meeting(**given, version=version)
    return actions.record_meeting(**given, version=version)


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


def _asked(address: QueryDict) -> str:
    """What the blank form was asked for: a draft of something else does not take its place."""
    return "&".join(f"{name}={value}" for name in ASKED for value in sorted(address.getlist(name)))


def _last(branch_id: int, kinds: Iterable[str], now: datetime) -> Meeting | None:
    """The latest meeting of one of the kinds, else the latest of any."""
    for kind in kinds:
        if found := queries.last_meeting(branch_id, kind, now):
            return found
    rows = Meeting.objects.filter(unit=branch_id, state__in=HELD, starts_at__lt=now)
    return rows.order_by("-starts_at", "-pk").first()


def _day(text: str) -> date | None:
    """The day of an address, as long as it can be meant."""
    try:
        day = date.fromisoformat(text)
        in_our_time(day)
    except (ValueError, ValidationError):
        return None
    return day


def _meeting_page(
    request: HttpRequest,
    form: forms.MeetingForm,
    now: datetime,
    status: int = 200,
    fragment: str | None = None,
    **merge: Any,
) -> HttpResponse:
    meeting, roll, live = form.meeting, form.roll(), _live(form, now)
    endings = _endings(meeting, form.is_ahead(now))
    errors = form.data.getlist("photo_error") if form.is_bound else []
    context = {
        "form": form,
        "meeting": meeting,
        "branch": form.branch,
        "asked": _asked(request.GET),
        "branches": lambda: [] if meeting else list(_branches(request.user)),
        "open_decisions": lambda: queries.open_decisions(form.branch.pk),
        "endings": endings,
        "submits": endings[-1][0] == "record",
        "endings_changed": form.data.get("endings", "") != " ".join(code for code, _label in endings),
        "last": lambda: None if meeting else _last(form.branch.pk, form.started.get("kinds", ()), now),
        "now": now,
        "roll": roll,
        "marks": forms.MARKS,
        "roll_changed": form.is_bound and not _is_posted(form, roll),
        "photos": form.shown_photos(),
        "photo_errors": errors,
        "minutes": json.dumps({kind.value: minutes for kind, minutes in forms.MINUTES.items()}),
        "live": live,
        **merge,
    }
    return page(request, "meetings/meeting_form.html", context, fragment=fragment, status=status)


def _endings(meeting: Meeting | None, ahead: bool) -> list[tuple[str, str]]:
    """What the form can be sent for, the main thing last: what is still ahead is planned, and not written down yet."""
    keeps = meeting is None or meeting.state in moves.EDIT.sources
    submits = (meeting is None or meeting.state in moves.SUBMIT.sources) and not (ahead and keeps)
    keep = ("plan", str(moves.PLAN.label)) if meeting is None else ("save", _("只保存") if submits else _("保存修改"))
    return [keep] * keeps + [("record", str(moves.SUBMIT.label))] * submits


def _live(form: forms.MeetingForm, now: datetime) -> queries.Preview | None:
    """What this one record completes and what is still missing, once it can be read."""
    if not form.is_bound or not form.is_valid():
        return None
    sheet = form.sheet()
    return queries.preview(sheet, now=now, meeting=form.meeting) if sheet.spans else None


def _is_posted(form: forms.MeetingForm, roll: list[dict[str, Any]]) -> bool:
    """Whether the roll on the screen is the roll of what is typed by now: the same people, the same sessions."""
    shown = {name for name in form.data if name.startswith("mark-")}
    sessions = form.data.get("roll_shifts", "1")
    return shown == {f"mark-{row['id']}" for row in roll} and sessions == str(form.shift_count)


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
    asked = clean_text(request.GET.get("q", ""))[:20]
    units = request.user.units_for(moves.RECORD_PERM)
    if not units:
        raise PermissionDenied(_("没有可以由你记会议的支部。"))
    rows = colleagues(units).filter(search_text__icontains=asked).order_by("police_no")[:20]
    return JsonResponse({"results": [{"id": row.pk, "text": row.name, "note": row.police_no} for row in rows]})
