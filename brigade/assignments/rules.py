"""Who may hand out, answer and follow up tasks, and what a move needs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.assignments.models import VIEW, Assignment
from brigade.kit.refusals import NotAllowed, Refused
from brigade.org.states import ADMIN_ROLES, Role

HAND_OUT, HAVE = "assignments.hand_out_assignment", "assignments.have_assignment"
REPLY, DECIDE = "assignments.reply_assignment", "assignments.decide_assignment"

GIVERS = (
    Role.BRIGADE_LEADER,
    Role.POLITICAL_OFFICER,
    Role.DEPUTY_LEADER,
    Role.GENERAL_SECRETARY,
    Role.PARTY_OFFICE,
    Role.SQUADRON_LEADER,
    Role.HALL_HEAD,
    Role.BRANCH_SECRETARY,
    Role.CLERK,
)
"""Who hands out tasks to his own unit and everything below it, the higher first."""
LEADING = (
    Role.SQUADRON_LEADER,
    Role.HALL_HEAD,
    Role.BRANCH_SECRETARY,
    Role.GENERAL_SECRETARY,
    Role.BRIGADE_LEADER,
)
"""The post that a task to a whole unit goes to: the first of these that somebody holds on it."""
NOT_ADDRESSED = ADMIN_ROLES | {Role.MEMBER, Role.OWNER_LIAISON}
"""Roles that are no post in which somebody does a task."""

GRANTS: dict[str, tuple[Role, ...]] = {
    VIEW: (*GIVERS, Role.INSPECTOR),
    HAND_OUT: GIVERS,
    HAVE: tuple(role for role in Role if role not in ADMIN_ROLES | {Role.OWNER_LIAISON}),
    REPLY: (Role.SQUADRON_LEADER, Role.HALL_HEAD, Role.BRANCH_SECRETARY),
    DECIDE: (Role.BRIGADE_LEADER, Role.POLITICAL_OFFICER),
}
"""The leader of a unit answers for every post in it; beside the giver only the brigade's leaders decide."""


def is_addressee(task: Assignment, by: Any) -> bool:
    """Holds the post today, or is the clerk of that very unit."""
    return bool({(task.unit_id, task.post), (task.unit_id, Role.CLERK)} & by.posts)


def is_giver(task: Assignment, by: Any) -> bool:
    """Holds the post that it came from today: who has left it has handed the task over."""
    return (task.giver_unit_id, task.giver_post) in by.posts


def is_party(task: Assignment, by: Any) -> bool:
    return is_addressee(task, by) or is_giver(task, by)


# Guards of the moves


def check_due(due_on: date, now: datetime) -> None:
    if due_on < timezone.localdate(now):
        raise Refused(_("期限不能早于今天"), field="due_on")


def can_finish(task: Assignment, by: Any, now: datetime) -> None:
    if task.needs_reply:
        raise Refused(_("这件事要求回复，写明结果再回复"))


def can_reply(task: Assignment, by: Any, now: datetime) -> None:
    if not task.needs_reply:
        raise Refused(_("这件事不要求回复，办完直接办结"))


def can_accept(task: Assignment, by: Any, now: datetime) -> None:
    if by.pk == task.replied_by_id:
        raise NotAllowed(_("自己回复的，由交办一方的其他人认可"))


def can_urge(task: Assignment, by: Any, now: datetime) -> None:
    """Not twice a day about the same thing."""
    if task.urged_at is not None and timezone.localdate(task.urged_at) == timezone.localdate(now):
        raise Refused(_("今天已经催过，明天再催"))


def can_ask_extension(task: Assignment, by: Any, now: datetime) -> None:
    if task.due_at < now:
        raise Refused(_("期限已过，不能再申请延期，写明情况回复交办人"))
    if task.asked_due_on is not None:
        raise Refused(_("已经申请延期，等交办人答复"))


def can_refuse_extension(task: Assignment, by: Any, now: datetime) -> None:
    if task.asked_due_on is None:
        raise Refused(_("没有申请延期，不用答复"))


def check_extension(task: Assignment, until: date, now: datetime) -> None:
    """A later day than the present one, and not in the past."""
    if until <= task.due_on:
        raise Refused(_("新期限要晚于现在的期限%s") % task.due_on, field="due_on")
    check_due(until, now)
