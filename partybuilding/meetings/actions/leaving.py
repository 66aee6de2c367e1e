"""What somebody who leaves owes to the meetings of his branch, and who goes on with it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from brigade import workflow
from brigade.obligations import actions as obligations
from brigade.org.models import Person
from brigade.org.rules import Holding
from partybuilding.branches.queries import members_under
from partybuilding.meetings.models import Decision, Meeting
from partybuilding.meetings.states import MeetingState


def _decisions(person: Person, on: date) -> QuerySet[Decision]:
    return Decision.objects.open().filter(owner=person).order_by("unit", "due_on", "pk")


def _give_decisions(*, by: Any, rows: list[Decision], to: Person, now: datetime) -> None:
    workflow.hand_over(rows, by=by, field="owner", to=to, now=now, audit_verb="decision.handed_over")


def _to_confirm(person: Person, on: date) -> QuerySet[Meeting]:
    return Meeting.objects.filter(chair=person, state=MeetingState.RECORDED).order_by("unit", "starts_at", "pk")


def _leave_to_secretary(*, by: Any, rows: list[Meeting], to: None, now: datetime) -> None:
    """Who chaired a meeting stays in its record; that he should confirm it is no longer his duty."""
    obligations.touch({key for row in rows for key in obligations.keys_of(row)}, now=now)


HOLDINGS = [
    Holding(
        "meetings.decisions",
        gettext_lazy("议定事项"),
        _decisions,
        _give_decisions,
        heirs=members_under,
        whom=gettext_lazy("党员"),
    ),
    Holding(
        "meetings.to_confirm",
        gettext_lazy("待确认的会议记录"),
        _to_confirm,
        _leave_to_secretary,
        goes=gettext_lazy("由支部书记确认"),
    ),
]
