"""Offices in the Party that somebody who leaves the brigade holds; his membership goes by letter, not here."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy

from brigade.audit import actions as audit
from brigade.obligations import actions as obligations
from brigade.org.models import Person
from brigade.org.rules import Holding
from partybuilding.branches.models import CommitteeSeat, PartyGroup
from partybuilding.branches.obligations import committee_key
from partybuilding.branches.queries import members_under


def _seats(person: Person, on: date) -> QuerySet[CommitteeSeat]:
    rows = CommitteeSeat.objects.filter(person=person, end_on__isnull=True)
    return rows.select_related("branch__unit", "person").order_by("branch")


def _end_seats(*, by: Any, rows: list[CommitteeSeat], to: None, now: datetime) -> None:
    """An office begun today lasts the day: none is without one."""
    today = timezone.localdate(now)
    for seat in rows:
        end_on = max(today, seat.start_on + timedelta(days=1))
        CommitteeSeat.objects.filter(pk=seat.pk).update(end_on=end_on)
        audit.record("seat.ended", seat, by=by, changes={"end_on": [None, end_on.isoformat()]}, now=now)
    obligations.touch({committee_key(seat.branch_id) for seat in rows}, now=now)


def _groups(person: Person, on: date) -> QuerySet[PartyGroup]:
    return PartyGroup.objects.on(on).filter(leader=person).select_related("branch__unit").order_by("branch", "name")


def _give_groups(*, by: Any, rows: list[PartyGroup], to: Person, now: datetime) -> None:
    for group in rows:
        before = group.leader
        PartyGroup.objects.filter(pk=group.pk).update(leader=to)
        audit.record("group.led", group, by=by, changes={"leader": [before and before.name, to.name]}, now=now)


HOLDINGS = [
    Holding(
        "branches.seats",
        gettext_lazy("支部职务"),
        _seats,
        _end_seats,
        goes=gettext_lazy("到离任日免去，由支部补选"),
    ),
    Holding(
        "branches.groups",
        gettext_lazy("党小组长"),
        _groups,
        _give_groups,
        heirs=members_under,
        whom=gettext_lazy("党员"),
    ),
]
