"""Party organisations out of a sheet: founded one like the other, and taken back together when the sheet was wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from brigade.audit import actions as audit
from brigade.obligations import actions as obligations
from brigade.org import actions as org
from brigade.org.actions import NewUnit
from brigade.org.models import Unit
from partybuilding.branches.actions.locks import allow
from partybuilding.branches.models import PartyBranch, PartyGroup
from partybuilding.branches.obligations import committee_key

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBranch:
    """A Party organisation as a row of a sheet has it: with a unit to be opened, or on the unit that is its `place`."""

    unit: NewUnit
    place: Unit | None
    kind: str
    established_on: date
    groups: Sequence[str]
    feature: str
    theme_day_rule: str


@transaction.atomic
def found_branches(drafts: Sequence[NewBranch], *, by: Any, now: datetime) -> list[PartyBranch]:
    """Set up Party organisations with their units and groups, each audited. Party office of what they hang below."""
    for draft in drafts:
        above = draft.place or draft.unit.parent
        if above is not None:
            allow(by, "branches.change_partybranch", above)
    to_open = [draft.unit for draft in drafts if draft.place is None]
    units = {unit.code: unit for unit in org.open_units(to_open, by=audit.SYSTEM, now=now)}
    return [_found(draft, draft.place or units[draft.unit.code], by, now) for draft in drafts]


def _found(draft: NewBranch, unit: Unit, by: Any, now: datetime) -> PartyBranch:
    """One that an undone import left behind begins anew, its groups too."""
    said = {"kind": draft.kind, "established_on": draft.established_on, "dissolved_on": None}
    said |= {"feature": draft.feature, "theme_day_rule": draft.theme_day_rule}
    branch, _is_new = PartyBranch.objects.update_or_create(unit=unit, defaults=said)
    audit.record("branch.founded", branch, by=by, changes={"kind": [None, draft.kind]}, now=now)
    for name in draft.groups:
        begun = {"start_on": draft.established_on, "end_on": None}
        group, _is_new = PartyGroup.objects.update_or_create(branch=branch, name=name, defaults=begun)
        audit.record("group.added", group, by=by, now=now)
    return branch


@transaction.atomic
def take_back_branches(keys: Sequence[Any], *, by: Any, now: datetime, reason: str) -> None:
    """Dissolve Party organisations that an import founded and nobody belongs to, the lower ones first, and close their
    units. Party office."""
    rows = PartyBranch.objects.filter(pk__in=keys).select_related("unit")
    branches = sorted(rows, key=lambda branch: (-len(branch.unit.lineage), branch.pk))
    closed_on = max([timezone.localdate(now), *(branch.unit.opened_on + ONE_DAY for branch in branches)])
    for branch in branches:
        allow(by, "branches.change_partybranch", branch.unit)
        for group in branch.groups.filter(end_on=None):
            group.end_on = group.start_on + ONE_DAY
            group.save(update_fields=["end_on"])
            audit.record("group.ended", group, by=by, changes={"end_on": [None, group.end_on]}, note=reason, now=now)
        branch.dissolved_on = branch.established_on + ONE_DAY
        branch.save(update_fields=["dissolved_on"])
        changes = {"dissolved_on": [None, branch.dissolved_on]}
        audit.record("branch.dissolved", branch, by=by, changes=changes, note=reason, now=now)
        org.close_unit(by=audit.SYSTEM, unit=branch.unit, closed_on=closed_on, reason=reason, now=now)
    obligations.touch({committee_key(branch.pk) for branch in branches}, now=now)


def branch_was_taken_back(branch: PartyBranch) -> bool:
    """Whether an undone import left the branch: it stood for one day, and its unit is closed."""
    return branch.dissolved_on == branch.established_on + ONE_DAY and branch.unit.closed_on is not None
