"""One's own page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from brigade.kit.web import page
from partybuilding.meetings import queries, rules
from partybuilding.meetings.models import Attendance, Decision, Leave
from partybuilding.meetings.states import COUNTED, HELD, LeaveState, MakeUp, MeetingState


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
