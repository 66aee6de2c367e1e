"""Every write to Party organisations, groups, members, offices and exemptions."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.audit import actions as audit
from brigade.kit.clocks import add_months
from brigade.kit.refusals import NotAllowed, Refused
from brigade.kit.text import clean_text
from brigade.obligations import actions as obligations
from brigade.org import actions as org
from brigade.org.models import Person, Unit
from brigade.org.states import Tree, UnitKind
from partybuilding.branches import rules
from partybuilding.branches.models import (
    CommitteeSeat,
    Exemption,
    Membership,
    PartyBranch,
    PartyGroup,
    PartyMember,
)
from partybuilding.branches.obligations import committee_key
from partybuilding.branches.states import BranchKind, ExemptionKind, JoinedBy, MemberStatus, Sanction, SeatRole

VERBS = {
    "branch.founded": gettext_lazy("成立党组织"),
    "branch.changed": gettext_lazy("更正党组织信息"),
    "branch.dissolved": gettext_lazy("撤销党组织"),
    "group.added": gettext_lazy("设立党小组"),
    "group.ended": gettext_lazy("撤销党小组"),
    "member.enrolled": gettext_lazy("登记党员"),
    "member.moved": gettext_lazy("转接组织关系"),
    "member.left": gettext_lazy("结束组织关系"),
    "member.grouped": gettext_lazy("调整党小组"),
    "member.status_changed": gettext_lazy("变更党员身份"),
    "member.sanctioned": gettext_lazy("登记党纪处分"),
    "member.exempted": gettext_lazy("批准豁免"),
    "seat.filled": gettext_lazy("任支部职务"),
    "seat.ended": gettext_lazy("免支部职务"),
}
PROBATION_MONTHS = 12


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
    _may(by, "branches.change_partybranch", parent)
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
def change_branch(*, by: Any, branch: PartyBranch, feature: str, theme_day_rule: str, now: datetime) -> PartyBranch:
    """Say anew what the branch is known for and on which day its theme day falls. Party office."""
    _may(by, "branches.change_partybranch", branch.unit)
    branch = PartyBranch.objects.select_for_update(of=("self",)).select_related("unit").get(pk=branch.pk)
    before = {"feature": branch.feature, "theme_day_rule": branch.theme_day_rule}
    after = {"feature": clean_text(feature), "theme_day_rule": clean_text(theme_day_rule)}
    PartyBranch.objects.filter(pk=branch.pk).update(**after)
    audit.record("branch.changed", branch, by=by, changes={k: [before[k], after[k]] for k in after}, now=now)
    branch.feature, branch.theme_day_rule = after["feature"], after["theme_day_rule"]
    return branch


@transaction.atomic
def dissolve_branch(*, by: Any, branch: PartyBranch, on: date, reason: str, now: datetime) -> PartyBranch:
    """Dissolve a branch from a day on. Party office. Refused while somebody still belongs to it."""
    _may(by, "branches.change_partybranch", branch.unit)
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
    obligations.touch({committee_key(branch.pk)}, now=now)
    return branch


@transaction.atomic
def add_group(
    *, by: Any, branch: PartyBranch, name: str, start_on: date, now: datetime, leader: Person | None = None
) -> PartyGroup:
    """Form a group within a branch. Secretary of the branch or Party office. Source: 支部工作条例第十三条."""
    _may(by, "branches.change_partygroup", branch.unit)
    name = clean_text(name)
    if PartyGroup.objects.filter(branch=branch, name=name).exists():
        raise Refused(_("这个支部已经有“%(name)s”") % {"name": name}, field="name")
    group = PartyGroup.objects.create(branch=branch, name=name, leader=leader, start_on=start_on)
    audit.record("group.added", group, by=by, changes={"leader": [None, leader and leader.name]}, now=now)
    return group


@transaction.atomic
def end_group(*, by: Any, group: PartyGroup, end_on: date, now: datetime) -> PartyGroup:
    """Dissolve a group from a day on; its members stay in the branch without a group."""
    _may(by, "branches.change_partygroup", group.branch.unit)
    if end_on <= group.start_on:
        raise Refused(_("止日要晚于起日"), field="end_on")
    Membership.objects.filter(group=group, end_on__isnull=True).update(group=None)
    PartyGroup.objects.filter(pk=group.pk).update(end_on=end_on)
    group.end_on = end_on
    audit.record("group.ended", group, by=by, changes={"end_on": [None, end_on]}, now=now)
    return group


@transaction.atomic
def enrol_member(
    *,
    by: Any,
    person: Person,
    branch: PartyBranch,
    start_on: date,
    now: datetime,
    status: MemberStatus | str = MemberStatus.FULL,
    admitted_on: date | None = None,
    confirmed_on: date | None = None,
    group: PartyGroup | None = None,
    source: JoinedBy | str = JoinedBy.TRANSFERRED,
) -> PartyMember:
    """Enter somebody as a member (or one on the way) of a branch. Party office.

    Refused for a person who is entered already: he is moved, not entered twice.
    """
    _may(by, "branches.change_partymember", branch.unit)
    if PartyMember.objects.filter(person=person).exists():
        raise Refused(_("%(name)s已经登记过，请办理转接") % {"name": person.name}, field="person")
    if status == MemberStatus.FULL and confirmed_on is None:
        raise Refused(_("正式党员要写明转正日期"), field="confirmed_on")
    if status == MemberStatus.PROBATIONARY and admitted_on is None:
        raise Refused(_("预备党员要写明接收日期"), field="admitted_on")
    _check_group(branch, group)
    member = PartyMember.objects.create(
        person=person,
        status=status,
        admitted_on=admitted_on,
        confirmed_on=confirmed_on,
        probation_end=admitted_on and add_months(admitted_on, PROBATION_MONTHS),
    )
    row = Membership.objects.create(member=member, branch=branch, group=group, start_on=start_on, source=source)
    audit.record("member.enrolled", row, by=by, changes={"status": [None, str(status)]}, now=now)
    obligations.touch({committee_key(branch.pk)}, now=now)
    return member


@transaction.atomic
def move_member(
    *,
    by: Any,
    member: PartyMember,
    branch: PartyBranch,
    since: date,
    now: datetime,
    group: PartyGroup | None = None,
    source: JoinedBy | str = JoinedBy.TRANSFERRED,
) -> Membership:
    """Move a member to another branch from the day on which it accepts him. Party office of the new branch.

    Until that day the old branch stays responsible. Source: 党员教育管理工作条例第二十五条.
    """
    _may(by, "branches.change_partymember", branch.unit)
    _check_group(branch, group)
    current = _lock_membership(member)
    if current.branch_id == branch.pk:
        raise Refused(_("%(name)s现在就在这个支部") % {"name": member.person.name}, field="branch")
    _close(current, since)
    row = Membership.objects.create(member=member, branch=branch, group=group, start_on=since, source=source)
    changes = {"branch": [current.branch.unit.short_name, branch.unit.short_name], "since": [None, since]}
    audit.record("member.moved", row, by=by, changes=changes, now=now)
    obligations.touch({committee_key(current.branch_id), committee_key(branch.pk)}, now=now)
    return row


@transaction.atomic
def end_membership(*, by: Any, member: PartyMember, end_on: date, reason: str, now: datetime) -> Membership:
    """Let a member go to an organisation outside the brigade. Party office. His past attendance stays."""
    current = _lock_membership(member)
    _may(by, "branches.change_partymember", current.branch.unit)
    if not reason.strip():
        raise Refused(_("要写明转往哪里或原因"), field="reason")
    _close(current, end_on)
    CommitteeSeat.objects.filter(
        branch=current.branch, person=member.person, end_on__isnull=True, start_on__lt=end_on
    ).update(end_on=end_on)
    audit.record("member.left", current, by=by, changes={"end_on": [None, end_on]}, note=reason, now=now)
    obligations.touch({committee_key(current.branch_id)}, now=now)
    return current


@transaction.atomic
def assign_group(*, by: Any, member: PartyMember, group: PartyGroup | None, now: datetime) -> Membership:
    """Put a member into a group of his branch, or into none. Secretary of the branch or Party office."""
    current = _lock_membership(member)
    _may(by, "branches.change_partygroup", current.branch.unit)
    _check_group(current.branch, group)
    before = current.group
    Membership.objects.filter(pk=current.pk).update(group=group)
    current.group = group
    changes = {"group": [before and before.name, group and group.name]}
    audit.record("member.grouped", current, by=by, changes=changes, now=now)
    return current


@transaction.atomic
def seat_committee(
    *, by: Any, branch: PartyBranch, seats: list[tuple[Person, SeatRole | str]], start_on: date, now: datetime
) -> list[CommitteeSeat]:
    """Enter the result of an election or appointment: these people hold these offices from the day on. Party office.

    Whoever held one before and is not named again leaves it on that day. Refused without exactly one secretary.
    """
    _may(by, "branches.change_partybranch", branch.unit)
    roles = [str(role) for _person, role in seats]
    if roles.count(SeatRole.SECRETARY) != 1:
        raise Refused(_("要有一名书记，也只能有一名"), field="seats")
    if len({person.pk for person, _role in seats}) < len(seats):
        raise Refused(_("同一个人只能任一个职务"), field="seats")
    kept = {(person.pk, str(role)) for person, role in seats}
    held = list(CommitteeSeat.objects.select_for_update().filter(branch=branch, end_on__isnull=True))
    for seat in held:
        if (seat.person_id, seat.role) in kept:
            kept.discard((seat.person_id, seat.role))
        elif seat.start_on >= start_on:
            raise Refused(_("现任职务从%(day)s起，新的要晚于这一天") % {"day": seat.start_on}, field="start_on")
        else:
            CommitteeSeat.objects.filter(pk=seat.pk).update(end_on=start_on)
    made = CommitteeSeat.objects.bulk_create(
        [
            CommitteeSeat(branch=branch, person=person, role=role, start_on=start_on)
            for person, role in seats
            if (person.pk, str(role)) in kept
        ]
    )
    named = "、".join(f"{SeatRole(role).label}{person.name}" for person, role in seats)
    audit.record("seat.filled", branch, by=by, changes={"seats": [None, named], "since": [None, start_on]}, now=now)
    obligations.touch({committee_key(branch.pk)}, now=now)
    return made


@transaction.atomic
def end_seat(*, by: Any, seat: CommitteeSeat, end_on: date, reason: str, now: datetime) -> CommitteeSeat:
    """Take somebody's office from him from a day on. Party office."""
    _may(by, "branches.change_partybranch", seat.branch.unit)
    if not reason.strip():
        raise Refused(_("免职要写明原因"), field="reason")
    if end_on <= seat.start_on:
        raise Refused(_("止日要晚于起日"), field="end_on")
    CommitteeSeat.objects.filter(pk=seat.pk).update(end_on=end_on)
    seat.end_on = end_on
    audit.record("seat.ended", seat, by=by, changes={"end_on": [None, end_on]}, note=reason, now=now)
    obligations.touch({committee_key(seat.branch_id)}, now=now)
    return seat


@transaction.atomic
def exempt_member(
    *, by: Any, member: PartyMember, kind: ExemptionKind | str, start_on: date, end_on: date | None, now: datetime
) -> Exemption:
    """Excuse a member from activities as 党员教育管理工作条例第二十三条 has it; his vote stays.

    Secretary of the branch or Party office. He leaves the denominators of meetings recorded from then on.
    """
    current = _lock_membership(member)
    _may(by, "branches.approve_exemption", current.branch.unit)
    if end_on is not None and end_on <= start_on:
        raise Refused(_("止日要晚于起日"), field="end_on")
    if Exemption.objects.touching(start_on, end_on or date.max).filter(member=member).exists():
        raise Refused(_("%(name)s在这段时间已有豁免") % {"name": member.person.name}, field="start_on")
    row = Exemption.objects.create(
        member=member, kind=kind, start_on=start_on, end_on=end_on, approved_by_id=by.pk, approved_at=now
    )
    changes = {"kind": [None, str(ExemptionKind(kind).label)], "start_on": [None, start_on], "end_on": [None, end_on]}
    audit.record("member.exempted", current, by=by, changes=changes, now=now)
    return row


@transaction.atomic
def change_status(
    *, by: Any, member: PartyMember, status: MemberStatus | str, on: date, now: datetime, note: str = ""
) -> PartyMember:
    """Take a member one legal step further: admitted, confirmed, suspended, restored, removed. Party office.

    A day is kept with each step that changes how he counts, so that past meetings stay as they were. Confirming the
    seventh full member of a branch without a committee makes the committee due.
    """
    current = _lock_membership(member)
    _may(by, "branches.change_partymember", current.branch.unit)
    member = PartyMember.objects.select_related("person").get(pk=member.pk)
    before = member.status
    rules.check_next_status(before, status)
    dates = _dates_of_step(member, str(status), on)
    PartyMember.objects.filter(pk=member.pk).update(status=status, **dates)
    changes = {"status": [before, str(status)], "on": [None, on]}
    audit.record("member.status_changed", current, by=by, changes=changes, note=note, now=now)
    obligations.touch({committee_key(current.branch_id)}, now=now)
    member.refresh_from_db()
    return member


def confirm_member(*, by: Any, member: PartyMember, on: date, now: datetime, note: str = "") -> PartyMember:
    """A probationary member becomes a full one on the day the members' meeting passed it. Party office."""
    return change_status(by=by, member=member, status=MemberStatus.FULL, on=on, now=now, note=note)


@transaction.atomic
def sanction_member(
    *,
    by: Any,
    member: PartyMember,
    sanction: Sanction | str,
    start_on: date | None,
    end_on: date | None,
    now: datetime,
    rights_suspended: bool = False,
    note: str = "",
) -> PartyMember:
    """Enter a Party sanction with its days, or that rights are suspended; both take the vote. Party office."""
    current = _lock_membership(member)
    _may(by, "branches.change_partymember", current.branch.unit)
    if sanction and start_on is None:
        raise Refused(_("处分要写明起日"), field="start_on")
    PartyMember.objects.filter(pk=member.pk).update(
        sanction=sanction, sanction_from=start_on, sanction_to=end_on, rights_suspended=rights_suspended
    )
    changes = {"sanction": [member.sanction, str(sanction)], "from": [None, start_on], "to": [None, end_on]}
    audit.record("member.sanctioned", current, by=by, changes=changes, note=note, now=now)
    member.refresh_from_db()
    return member


def _dates_of_step(member: PartyMember, status: str, on: date) -> dict[str, Any]:
    if status == MemberStatus.PROBATIONARY:
        return {"admitted_on": on, "probation_end": add_months(on, PROBATION_MONTHS)}
    if status == MemberStatus.FULL:
        if member.status == MemberStatus.SUSPENDED:
            return {"ceased_on": None}
        if member.admitted_on is not None and on < member.admitted_on:
            raise Refused(_("转正日期不能早于接收日期"), field="on")
        return {"confirmed_on": on}
    return {"ceased_on": on} if rules.has_ceased(status) else {}


def _lock_membership(member: PartyMember) -> Membership:
    """The member's present time in a branch, locked: two moves at once follow one another."""
    rows = Membership.objects.select_for_update(of=("self",)).filter(member=member, end_on__isnull=True)
    found = rows.select_related("branch__unit", "group").first()
    if found is None:
        raise Refused(_("%(name)s现在不在任何支部") % {"name": member.person.name})
    return found


def _close(current: Membership, end_on: date) -> None:
    if end_on <= current.start_on:
        raise Refused(_("现在的组织关系从%(day)s起，新的要晚于这一天") % {"day": current.start_on}, field="since")
    Membership.objects.filter(pk=current.pk).update(end_on=end_on)
    current.end_on = end_on


def _check_group(branch: PartyBranch, group: PartyGroup | None) -> None:
    if group is not None and group.branch_id != branch.pk:
        raise Refused(_("“%(group)s”不是这个支部的党小组") % {"group": group.name}, field="group")


def _may(by: Any, perm: str, unit: Unit) -> None:
    if not by.has_perm(perm, unit):
        raise NotAllowed(_("这件事由党建办或支部书记办理，不在你的职责里"))
