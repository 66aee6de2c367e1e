"""Who leads the shift."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from brigade.audit import actions as audit
from brigade.kit.refusals import Refused
from brigade.org import rules
from brigade.org.models import DutyTurn, Person, Unit


@transaction.atomic
def arrange_duty(
    *, by: Any, unit: Unit, start: date, end: date, leaders: list[Person], now: datetime | None = None
) -> list[DutyTurn]:
    """Let `leaders` lead the shift of `unit` in turn, a day each, from `start` to `end` inclusive. Clerk, leaders.

    What was arranged for these days before is replaced; both are in the audit. Refused beyond a year.
    """
    rules.check_may(by, "org.change_dutyturn", unit)
    if end < start:
        raise Refused(_("止日不能早于起日。"), field="end")
    if (end - start).days >= 366:
        raise Refused(_("一次最多排一年。"), field="end")
    if not leaders:
        raise Refused(_("至少选一名带班领导。"), field="leaders")
    Unit.objects.select_for_update(no_key=True).get(pk=unit.pk)
    before = dict(DutyTurn.objects.filter(unit=unit, day__range=(start, end)).values_list("day", "person__name"))
    DutyTurn.objects.filter(unit=unit, day__range=(start, end)).delete()
    days = [start + timedelta(days=n) for n in range((end - start).days + 1)]
    turns = [DutyTurn(unit=unit, day=day, person=leaders[n % len(leaders)]) for n, day in enumerate(days)]
    DutyTurn.objects.bulk_create(turns)
    changes = {turn.day.isoformat(): [before.get(turn.day), turn.person.name] for turn in turns}
    audit.record("duty.arranged", unit, by=by, changes=changes, now=now)
    return turns
