"""Members out of a sheet: entered one like the other, and taken back together when the sheet was wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from brigade.audit import actions as audit
from brigade.kit.clocks import add_months
from brigade.obligations import actions as obligations
from brigade.org.models import Person
from partybuilding.branches.actions.locks import allow
from partybuilding.branches.actions.members import PROBATION_MONTHS, enrol_member
from partybuilding.branches.models import Membership, PartyBranch, PartyGroup, PartyMember
from partybuilding.branches.obligations import committee_key
from partybuilding.branches.states import JoinedBy

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMember:
    """A member as a row of a sheet has him; `earlier` is what an undone import left of him."""

    person: Person
    branch: PartyBranch
    group: PartyGroup | None
    status: str
    start_on: date
    admitted_on: date | None
    confirmed_on: date | None
    earlier: PartyMember | None = None


@transaction.atomic
def enrol_members(drafts: Sequence[NewMember], *, by: Any, now: datetime) -> list[PartyMember]:
    """Enter members of branches, each audited. Party office."""
    return [_enrol(draft, by, now) for draft in drafts]


def _enrol(draft: NewMember, by: Any, now: datetime) -> PartyMember:
    if draft.earlier is None:
        return enrol_member(
            by=by,
            person=draft.person,
            branch=draft.branch,
            start_on=draft.start_on,
            now=now,
            status=draft.status,
            admitted_on=draft.admitted_on,
            confirmed_on=draft.confirmed_on,
            group=draft.group,
        )
    allow(by, "branches.change_partymember", draft.branch.unit)
    member = PartyMember.objects.select_for_update().get(pk=draft.earlier.pk)
    member.status, member.admitted_on, member.confirmed_on = draft.status, draft.admitted_on, draft.confirmed_on
    member.probation_end = draft.admitted_on and add_months(draft.admitted_on, PROBATION_MONTHS)
    member.ceased_on = None
    member.save()
    row = Membership.objects.create(
        member=member, branch=draft.branch, group=draft.group, start_on=draft.start_on, source=JoinedBy.TRANSFERRED
    )
    audit.record("member.enrolled", row, by=by, changes={"status": [None, draft.status]}, now=now)
    obligations.touch({committee_key(draft.branch.pk)}, now=now)
    return member


@transaction.atomic
def take_back_members(keys: Sequence[Any], *, by: Any, now: datetime, reason: str) -> None:
    """Take members back whom an import entered and who have been to nothing: they counted on no day. Party office."""
    rows = Membership.objects.filter(member__in=keys, end_on__isnull=True).select_related("member", "branch__unit")
    branches = set()
    for row in rows.order_by("pk"):
        allow(by, "branches.change_partymember", row.branch.unit)
        row.end_on = row.start_on + ONE_DAY
        row.save(update_fields=["end_on"])
        PartyMember.objects.filter(pk=row.member_id).update(ceased_on=row.start_on)
        changes = {"ceased_on": [None, row.start_on]}
        audit.record("member.taken_back", row, by=by, changes=changes, note=reason, now=now)
        branches.add(row.branch_id)
    obligations.touch({committee_key(pk) for pk in branches}, now=now)


def was_taken_back(member: PartyMember, memberships: Sequence[Membership]) -> bool:
    """Whether an undone import left the member: the one day of each stretch is the day from which he did not count."""
    return bool(memberships) and all(
        row.end_on == row.start_on + ONE_DAY and member.ceased_on is not None and member.ceased_on <= row.start_on
        for row in memberships
    )
