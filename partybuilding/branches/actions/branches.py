"""Founding and dissolving Party organisations, what is said of them, and their groups."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from brigade.audit import actions as audit
from brigade.kit.refusals import Refused
from brigade.kit.text import clean_text
from brigade.obligations import actions as obligations
from brigade.org import actions as org
from brigade.org.models import Person, Unit
from brigade.org.rules import check_fresh
from brigade.org.states import Tree, UnitKind
from partybuilding.branches.actions.locks import allow, regroup
from partybuilding.branches.models import CommitteeSeat, Membership, PartyBranch, PartyGroup
from partybuilding.branches.obligations import committee_key, term_key
from partybuilding.branches.states import BranchKind


@transaction.atomic
def found_branch(
    *,
    by: Any,
    parent: Unit,
    kind: BranchKind | str,
    code: str,
    name: str,
    short_name: str,
    established_on: date,
    now: datetime,
    feature: str = "",
    theme_day_rule: str = "",
    order: int = 0,
) -> PartyBranch:
    """Set up a Party organisation, and with it its unit in the party tree. Party office of `parent`.

    The unit is opened by the portal itself: that a branch exists is the Party's decision, not the administrator's.
    """
    allow(by, "branches.change_partybranch", parent)
    unit_kind = UnitKind.GENERAL_BRANCH if kind == BranchKind.GENERAL else UnitKind.PARTY_BRANCH
    unit = org.open_unit(
        by=audit.SYSTEM,
        tree=Tree.PARTY,
        kind=unit_kind,
        code=code,
        name=name,
        short_name=short_name,
        opened_on=established_on,
        parent=parent,
        order=order,
        now=now,
    )
    branch = PartyBranch.objects.create(
        unit=unit,
        kind=kind,
        established_on=established_on,
        feature=clean_text(feature),
        theme_day_rule=clean_text(theme_day_rule),
    )
    audit.record("branch.founded", branch, by=by, changes={"kind": [None, str(kind)]}, now=now)
    return branch


@transaction.atomic
def change_branch(
    *, by: Any, branch: PartyBranch, feature: str, theme_day_rule: str, now: datetime, version: int | None = None
) -> PartyBranch:
    """Say anew what the branch is known for and on which day its theme day falls. Party office.

    `version` is the one that was seen: another's change since then refuses with `Stale`; so everywhere in this room.
    """
    allow(by, "branches.change_partybranch", branch.unit)
    branch = PartyBranch.objects.select_for_update(of=("self",)).select_related("unit").get(pk=branch.pk)
    check_fresh(branch, version)
    before = {"feature": branch.feature, "theme_day_rule": branch.theme_day_rule}
    after = {"feature": clean_text(feature), "theme_day_rule": clean_text(theme_day_rule)}
    PartyBranch.objects.filter(pk=branch.pk).update(version=branch.version + 1, **after)
    changes = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
    audit.record("branch.changed", branch, by=by, changes=changes, now=now)
    branch.version += 1
    branch.feature, branch.theme_day_rule = after["feature"], after["theme_day_rule"]
    return branch


@transaction.atomic
def dissolve_branch(*, by: Any, branch: PartyBranch, on: date, reason: str, now: datetime) -> PartyBranch:
    """Dissolve a branch from a day on. Party office. Refused while somebody still belongs to it."""
    allow(by, "branches.change_partybranch", branch.unit)
    if not reason.strip():
        raise Refused(_("撤销党组织要写明依据"), field="reason")
    if on <= branch.established_on:
        raise Refused(_("撤销日期要晚于成立日期"), field="on")
    if Membership.objects.on(on).filter(branch=branch).exists():
        raise Refused(_("还有党员的组织关系在这个支部，先转出再撤销"))
    CommitteeSeat.objects.filter(branch=branch, end_on__isnull=True, start_on__lt=on).update(end_on=on)
    PartyGroup.objects.filter(branch=branch, end_on__isnull=True, start_on__lt=on).update(end_on=on)
    PartyBranch.objects.filter(pk=branch.pk).update(dissolved_on=on)
    branch.dissolved_on = on
    audit.record("branch.dissolved", branch, by=by, changes={"dissolved_on": [None, on]}, note=reason, now=now)
    obligations.touch({committee_key(branch.pk), *map(term_key, branch.terms.values_list("pk", flat=True))}, now=now)
    return branch


@transaction.atomic
def add_group(
    *, by: Any, branch: PartyBranch, name: str, start_on: date, now: datetime, leader: Person | None = None
) -> PartyGroup:
    """Form a group within a branch. Secretary of the branch or Party office. Source: 支部工作条例第十三条."""
    allow(by, "branches.change_partygroup", branch.unit)
    PartyBranch.objects.select_for_update(no_key=True).get(pk=branch.pk)
    name = clean_text(name)
    if PartyGroup.objects.filter(branch=branch, name=name).exists():
        raise Refused(_("这个支部已经有“%(name)s”") % {"name": name}, field="name")
    group = PartyGroup.objects.create(branch=branch, name=name, leader=leader, start_on=start_on)
    audit.record("group.added", group, by=by, changes={"leader": [None, leader and leader.name]}, now=now)
    return group


@transaction.atomic
def end_group(*, by: Any, group: PartyGroup, end_on: date, now: datetime) -> PartyGroup:
    """Dissolve a group from a day on; its members stay in the branch without a group."""
    allow(by, "branches.change_partygroup", group.branch.unit)
    if end_on <= group.start_on:
        raise Refused(_("止日要晚于起日"), field="end_on")
    rows = Membership.objects.select_for_update(of=("self",)).filter(group=group, end_on__isnull=True)
    for row in rows.order_by("pk"):
        regroup(row, None, end_on)
    PartyGroup.objects.filter(pk=group.pk).update(end_on=end_on)
    group.end_on = end_on
    audit.record("group.ended", group, by=by, changes={"end_on": [None, end_on]}, now=now)
    return group
