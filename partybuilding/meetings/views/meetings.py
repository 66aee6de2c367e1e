"""One meeting: its record, its moves, its papers and photos."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from brigade import workflow
from brigade.audit.queries import history
from brigade.files.queries import open_file
from brigade.kit.web import download, get_visible, page
from partybuilding.meetings import documents, forms, moves, queries
from partybuilding.meetings.models import Leave, Meeting
from partybuilding.meetings.states import HELD, MeetingState
from partybuilding.meetings.views.buttons import buttons_of, make_move

MEETINGS = Meeting.objects.select_related("unit", "chair", "recorder", "confirmed_by", "created_by")


@require_safe
def meeting_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One meeting: how far it is, what comes next, what was said, who was there, the papers, the history."""
    meeting = get_visible(request, MEETINGS, pk)
    now = timezone.now()
    options = workflow.moves_for(meeting, request.user, now)
    able = {option.move.code for option in options if not option.why_not}
    called = documents.roll(meeting)
    context = {
        "record": meeting,
        "now": now,
        "track": _track(meeting),
        "deadline": _deadline(meeting),
        "checks": _checks(meeting, "edit" in able, now) if meeting.state == MeetingState.RECORDED else [],
        "moves": buttons_of(meeting, options, forms.MEETING_FORMS),
        "able": able,
        "is_time": now >= meeting.starts_at,
        "roll": called,
        "shifts": documents.shifts(meeting, called),
        "agenda": documents.agenda(meeting),
        "spans": queries.spans_of(meeting),
        "segments": meeting.segments.select_related("lecturer", "group").order_by("starts_at", "-ends_at", "pk"),
        "photos": meeting.photos.select_related("file").order_by("seq"),
        "editions": meeting.editions.select_related("by").order_by("-edition"),
        "tally": queries.tally_of(meeting),
        "is_held": meeting.state in HELD,
        "events": history(meeting),
        **_leaves(request, meeting),
    }
    return page(request, "meetings/meeting_detail.html", context)


def _leaves(request: HttpRequest, meeting: Meeting) -> dict[str, Any]:
    """Leave from the meeting as far as one may see it; whether one may ask for one's own, or write down another's."""
    may_ask = queries.may_ask_leave(meeting)
    rows = Leave.objects.visible_to(request.user).filter(meeting=meeting).select_related("person")
    return {
        "leaves": rows.order_by("created_at"),
        "may_leave": request.user.pk in {pk for pk, _name in may_ask},
        "may_file": bool(may_ask) and request.user.has_perm(moves.ASK_LEAVE.perm, meeting),
    }


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


def meeting_move(request: HttpRequest, pk: UUID, code: str) -> HttpResponse:
    return make_move(request, get_visible(request, MEETINGS, pk), code, forms.MEETING_FORMS)


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
