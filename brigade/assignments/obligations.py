"""What a task makes due: the addressee does it, the giver answers a reply or a request, and follows up what is late."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime, time
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.assignments import queries
from brigade.assignments.models import VIEW, Assignment
from brigade.assignments.states import RUNNING, AssignmentState
from brigade.kit.clocks import add_workdays, at
from brigade.obligations.models import Key
from brigade.obligations.rules import Answer, Rule, Step, workdays_from_due
from brigade.obligations.states import ObligationState
from brigade.org.states import Role
from brigade.reference.queries import calendar

KIND = "assignments.assignment"
TASK, DECISION, CHASE = "assignments.task", "assignments.decision", "assignments.chase"


def _touched(rule: str) -> Callable[[Assignment], Iterable[Key]]:
    return lambda task: [Key(rule, KIND, str(task.pk))]


def _due_keys(rule: str) -> Callable[[datetime], Iterator[Key]]:
    def due_keys(now: datetime) -> Iterator[Key]:
        found = Assignment.objects.live() if rule != CHASE else Assignment.objects.overdue(now)
        for pk in found.values_list("pk", flat=True):
            yield Key(rule, KIND, str(pk))

    return due_keys


def answer(keys: Collection[Key], now: datetime) -> Iterator[Answer]:
    """How the duties of these tasks stand; two queries. What was withdrawn is nobody's duty."""
    found = Assignment.objects.filter(pk__in={key.subject for key in keys}).select_related("unit", "created_by")
    tasks = {str(task.pk): task for task in found.exclude(state=AssignmentState.WITHDRAWN)}
    givers = queries.giver_ids(tasks.values(), timezone.localdate(now))
    for key in keys:
        if (task := tasks.get(key.subject)) is not None:
            yield from ANSWERS[key.rule](key, task, givers[task.pk], now)


def _task(key: Key, task: Assignment, giver: int | None, now: datetime) -> Iterator[Answer]:
    """The post does it; the clerk of the unit helps."""
    due_at = max(task.due_at, task.created_at)
    met_at = None if task.state in RUNNING else task.replied_at or task.closed_at
    warn_on = add_workdays(task.due_on, -1, calendar()).date
    yield Answer(
        key,
        unit_id=task.unit_id,
        post=task.post,
        helper="" if task.post == Role.CLERK else Role.CLERK,
        title=task.title,
        opens_at=task.created_at,
        warn_at=min(max(at(warn_on, time.min), task.created_at), due_at),
        due_at=due_at,
        state=ObligationState.OPEN if met_at is None else ObligationState.MET,
        reason=_("退回重办") if task.state == AssignmentState.RETURNED else _from(task),
        **_met(task, met_at),
    )


def _from(task: Assignment) -> str:
    return _("%(name)s交办") % {"name": task.created_by.name} if task.created_by else ""


def _decision(key: Key, task: Assignment, giver: int | None, now: datetime) -> Iterator[Answer]:
    """A reply, or a request for more time, waits for the giver's word."""
    replied, asked = task.replied_at, task.asked_at
    is_reply = replied is not None and (asked is None or asked < replied)
    since = replied if is_reply else asked
    waits = task.state == AssignmentState.REPLIED or task.asked_due_on is not None
    if since is None or not (waits or task.decided_at):
        return
    due = queries.decision_due(since)
    words = _("看回复：%(unit)s，%(what)s") if is_reply else _("批延期：%(unit)s，%(what)s")
    yield Answer(
        key,
        unit_id=task.giver_unit_id,
        post=task.giver_post,
        person_id=giver,
        title=words % {"unit": task.unit.short_name, "what": task.title},
        opens_at=since,
        due_at=at(due.date, time.max),
        state=ObligationState.OPEN if waits else ObligationState.MET,
        provisional=due.provisional,
        **_met(task, None if waits else task.decided_at),
    )


def _chase(key: Key, task: Assignment, giver: int | None, now: datetime) -> Iterator[Answer]:
    """The day after the due day the giver asks what became of it (督办); what came in time never gets this far."""
    asked = [moment for moment in (task.urged_at, task.replied_at, task.closed_at) if moment and moment > task.due_at]
    if not asked and not task.is_late(now):
        return
    due = add_workdays(task.due_on, 1, calendar())
    yield Answer(
        key,
        unit_id=task.giver_unit_id,
        post=task.giver_post,
        person_id=giver,
        title=_("督办：%(unit)s逾期未回复，%(what)s") % {"unit": task.unit.short_name, "what": task.title},
        opens_at=max(task.due_at, task.created_at),
        due_at=max(at(due.date, time.max), task.created_at),
        state=ObligationState.MET if asked else ObligationState.OPEN,
        provisional=due.provisional,
        **_met(task, min(asked) if asked else None),
    )


def _met(task: Assignment, moment: datetime | None) -> dict[str, Any]:
    if moment is None:
        return {}
    return {"count": 1, "met_kind": KIND, "met_id": str(task.pk), "met_at": moment}


ANSWERS: dict[str, Callable[[Key, Assignment, int | None, datetime], Iterator[Answer]]] = {
    TASK: _task,
    DECISION: _decision,
    CHASE: _chase,
}


def _rule(code: str, label: Any, basis: Any, verb: Any, ladder: tuple[Step, ...]) -> Rule:
    return Rule(
        code=code,
        label=label,
        basis=basis,
        kinds=frozenset({KIND}),
        touched=_touched(code),
        answer=answer,
        due_keys=_due_keys(code),
        action=lambda row: (str(verb), Assignment(pk=row.subject).get_absolute_url()),
        ladder=ladder,
        sees=VIEW,
    )


RULES = [
    _rule(
        TASK,
        gettext_lazy("交办"),
        gettext_lazy("领导交办"),
        gettext_lazy("去回复"),
        (
            Step("before", gettext_lazy("到期前1个工作日"), workdays_from_due(-1)),
            Step("due", gettext_lazy("到期当日"), workdays_from_due(0)),
            Step(
                "late",
                gettext_lazy("逾期1个工作日"),
                workdays_from_due(1),
                (Role.SQUADRON_LEADER, Role.HALL_HEAD, Role.BRANCH_SECRETARY),
            ),
            # The giver hears on the first day (see CHASE), who stands above him on the third.
            Step("late3", gettext_lazy("逾期3个工作日"), workdays_from_due(3), (Role.BRIGADE_LEADER,)),
        ),
    ),
    _rule(
        DECISION,
        gettext_lazy("答复"),
        gettext_lazy("领导交办"),
        gettext_lazy("去答复"),
        (Step("due", gettext_lazy("到期当日"), workdays_from_due(0)),),
    ),
    _rule(
        CHASE,
        gettext_lazy("督办"),
        gettext_lazy("领导交办"),
        gettext_lazy("去催办"),
        (Step("due", gettext_lazy("逾期1个工作日"), workdays_from_due(0)),),
    ),
]
