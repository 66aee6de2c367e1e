"""Meetings as the tests hold them, and their rolls."""

from partybuilding.meetings import actions
from partybuilding.meetings.models import Attendance
from partybuilding.meetings.rules import Count, Topic
from tests.partybuilding import factories as make
from tests.partybuilding.factories import moment, span

NOW = moment("2026-06-12", "17:00")


def roll(meeting):
    return dict(Attendance.objects.filter(meeting=meeting).values_list("person", "status"))


def vote(**fields):
    return Topic("vote", "表决事项", votes=(Count("ordinary", **fields),))


def announced(a, day="2026-06-20", **fields):
    meeting = actions.plan_meeting(by=a.recorder, sheet=make.sheet(a, day, "TD", **fields), now=NOW)
    return actions.notify_meeting(by=a.recorder, meeting=meeting, now=NOW)


def basket_day(a, **fields):
    """Scenario 23: a theme party day with a members' meeting, a lesson by the secretary and volunteering."""
    day = "2026-05-15"
    spans = (
        span("TD", day, "14:00", "17:00"),
        span("MM", day, "14:00", "14:50"),
        span("ST", day, "14:10", "14:40"),
        span("PL", day, "15:00", "16:00", lecturer_id=a.secretary.pk),
        span("VO", day, "16:00", "17:00"),
    )
    return make.sheet(a, day, start="14:00", end="17:00", spans=spans, **fields)
