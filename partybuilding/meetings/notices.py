"""What meetings tell people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.notices.rules import Notice
from brigade.org.models import Grant, Person
from brigade.org.states import Role
from partybuilding.meetings.models import Attendance, Decision, Leave, Meeting, Waiver
from partybuilding.meetings.states import NOT_DUE


def _due_people(meeting: Meeting) -> Iterable[Person]:
    """Everybody on the roll but those excused for good."""
    due = Attendance.objects.filter(meeting=meeting).exclude(status__in=NOT_DUE)
    return Person.objects.filter(pk__in=due.values("person"), is_active=True)


def _keepers(meeting: Meeting) -> Iterable[Person]:
    """Whoever entered the record, and its recorder; their ids are all that a message in the portal needs."""
    return [Person(pk=pk) for pk in {meeting.created_by_id, meeting.recorder_id} if pk is not None]


def _holders(unit_ids: Iterable[int], roles: Iterable[Role]) -> Iterable[Person]:
    grants = Grant.objects.on(timezone.localdate()).filter(unit__in=list(unit_ids), role__in=list(roles))
    return Person.objects.filter(pk__in=grants.values("person"), is_active=True)


def _deciders(waiver: Waiver) -> Iterable[Person]:
    roles = (Role.GENERAL_SECRETARY, Role.POLITICAL_OFFICER)
    return [person for person in _holders(waiver.unit.lineage, roles) if person.pk != waiver.created_by_id]


def _asker(record: Waiver | Leave) -> Iterable[Person]:
    wanted = Q(pk=record.created_by_id) | Q(pk=getattr(record, "person_id", None))
    return Person.objects.filter(wanted, is_active=True)


def _secretary(leave: Leave) -> Iterable[Person]:
    """The branch's secretary, unless the leave is his own or he wrote it down himself: then who stands above him."""
    near = _holders([leave.unit_id], [Role.BRANCH_SECRETARY, Role.GENERAL_SECRETARY])
    if any(person.pk == leave.person_id for person in near):
        near = _holders(leave.unit.lineage, [Role.GENERAL_SECRETARY])
    return [person for person in near if person.pk not in (leave.person_id, leave.created_by_id)]


def _owner(decision: Decision) -> Iterable[Person]:
    return [decision.owner] if decision.owner.is_active else []


def _when_and_where(context: Mapping[str, Any]) -> str:
    meeting: Meeting = context["record"]
    starts_at = timezone.localtime(meeting.starts_at)
    return _("%(month)s月%(day)s日 %(clock)s，%(place)s。不能到的请在开始前请假。") % {
        "month": starts_at.month,
        "day": starts_at.day,
        "clock": f"{starts_at:%H:%M}",
        "place": meeting.place or _("地点另行通知"),
    }


def _why(context: Mapping[str, Any]) -> str:
    return _("原因：%(reason)s") % {"reason": context["reason"]}


def _decision_line(context: Mapping[str, Any]) -> str:
    decision: Decision = context["record"]
    return _("%(day)s前办结，来自“%(meeting)s”") % {"day": decision.due_on, "meeting": decision.meeting.title}


def _answer_line(context: Mapping[str, Any]) -> str:
    record = context["record"]
    return f"{record.get_state_display()}：{record.answer or record.reason}"


NOTICES = [
    Notice(
        code="meeting.notified",
        label=gettext_lazy("会议通知"),
        title=gettext_lazy("会议通知：%(record)s"),
        body=_when_and_where,
        to=_due_people,
    ),
    Notice(
        code="meeting.postponed",
        label=gettext_lazy("会议延期"),
        title=gettext_lazy("会议延期：%(record)s"),
        body=_why,
        to=_due_people,
    ),
    Notice(
        code="meeting.cancelled",
        label=gettext_lazy("会议取消"),
        title=gettext_lazy("会议取消：%(record)s"),
        body=_why,
        to=_due_people,
    ),
    Notice(
        code="meeting.confirmed",
        label=gettext_lazy("会议记录已确认"),
        title=gettext_lazy("已确认：%(record)s"),
        to=_keepers,
    ),
    Notice(
        code="meeting.reopened",
        label=gettext_lazy("会议记录重新打开"),
        title=gettext_lazy("重新打开：%(record)s"),
        body=_why,
        to=_keepers,
    ),
    Notice(
        code="decision.assigned",
        label=gettext_lazy("议定事项"),
        title=gettext_lazy("有一件议定事项归你办：%(record)s"),
        body=_decision_line,
        to=_owner,
    ),
    Notice(
        code="waiver.asked",
        label=gettext_lazy("豁免申请"),
        title=gettext_lazy("豁免申请：%(record)s"),
        body=lambda context: context["record"].reason,
        to=_deciders,
    ),
    Notice(
        code="waiver.decided",
        label=gettext_lazy("豁免批复"),
        title=gettext_lazy("豁免批复：%(record)s"),
        body=_answer_line,
        to=_asker,
    ),
    Notice(
        code="leave.asked",
        label=gettext_lazy("请假"),
        title=gettext_lazy("%(record)s"),
        body=lambda context: context["record"].reason,
        to=_secretary,
    ),
    Notice(
        code="leave.decided",
        label=gettext_lazy("请假答复"),
        title=gettext_lazy("%(record)s"),
        body=_answer_line,
        to=_asker,
    ),
]
