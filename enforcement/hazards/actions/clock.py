"""What the clock does to hazards: timed jobs, each of which changes nothing when run twice."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.audit.actions import SYSTEM
from brigade.indicators import actions as indicators
from brigade.kit.refusals import Refused
from enforcement.hazards import queries, rules
from enforcement.hazards.actions.notifying import escalate
from enforcement.hazards.states import STEPS


def escalate_overdue(*, now: datetime) -> str:
    """Write the letter of each hazard that has reached a step of the overdue ladder; daily.

    Each step writes once for one limit, by the days that were in force when the limit ended. A portal that stood still
    writes the letter of the highest step reached and none of those below it: nobody is sent a first reminder and a
    last one on one day.
    """
    done = 0
    for hazard in queries.overdue(now):
        days = rules.value_for(hazard, "hazards.escalation_days", timezone.localdate(hazard.due_at))
        ladder = zip(days, (kind for _default, kind in STEPS), strict=False)
        reached = [(step, kind) for step, kind in ladder if step <= hazard.days_overdue(now)]
        if not reached:
            continue
        step, kind = reached[-1]
        try:
            escalate(hazard=hazard, step=step, kind=kind, by=SYSTEM, now=now)
        except Refused:
            continue  # written before, or somebody was faster
        done += 1
    return _("逾期督办制发文书%(n)d份") % {"n": done}


def mark_overdue(*, now: datetime) -> str:
    """Have the figures of the days on which the limits of late hazards ended computed again; daily after midnight."""
    late = list(queries.overdue(now))
    with transaction.atomic():
        indicators.mark(set().union(*(indicators.cells_of(hazard) for hazard in late)))
    return _("逾期未整改%(n)d处") % {"n": len(late)}
