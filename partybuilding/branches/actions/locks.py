"""What the other parts share: who may, and the member's present time in a branch, locked."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from brigade.kit.refusals import NotAllowed, Refused
from brigade.org.models import Unit
from partybuilding.branches.models import CommitteeSeat, Membership, PartyBranch, PartyGroup, PartyMember


def allow(by: Any, perm: str, unit: Unit) -> None:
    """For facts that no move leads to: refused to whoever does not hold the permission on the branch."""
    if not by.has_perm(perm, unit):
        raise NotAllowed(_("这件事由党建办或支部书记办理，不在你的职责里"))


def lock_membership(member: PartyMember) -> Membership:
    """The member's present time in a branch, locked: two moves at once follow one another."""
    rows = Membership.objects.select_for_update(of=("self",)).filter(member=member, end_on__isnull=True)
    found = rows.select_related("branch__unit", "group").first()
    if found is None:
        raise Refused(_("%(name)s现在不在任何支部") % {"name": member.person.name})
    return found


def close_membership(current: Membership, end_on: date, field: str) -> None:
    """End the member's time in the branch, and with it what he was there: office and lead of a group."""
    if end_on <= current.start_on:
        raise Refused(_("现在的组织关系从%(day)s起，日期要晚于这一天") % {"day": current.start_on}, field=field)
    Membership.objects.filter(pk=current.pk).update(end_on=end_on)
    current.end_on = end_on
    here = {"branch": current.branch, "end_on__isnull": True}
    CommitteeSeat.objects.filter(person=current.member.person_id, start_on__lt=end_on, **here).update(end_on=end_on)
    PartyGroup.objects.filter(leader=current.member.person_id, **here).update(leader=None)


def regroup(current: Membership, group: PartyGroup | None, on: date) -> Membership:
    """Put the member into a group, or into none, from a day on; before it he is on the roll of his old group."""
    if current.start_on >= on:
        Membership.objects.filter(pk=current.pk).update(group=group)
        current.group = group
        return current
    Membership.objects.filter(pk=current.pk).update(end_on=on)
    return Membership.objects.create(
        member=current.member, branch=current.branch, group=group, start_on=on, source=current.source
    )


def check_group(branch: PartyBranch, group: PartyGroup | None) -> None:
    """A group is optional, but never another branch's."""
    if group is not None and group.branch_id != branch.pk:
        raise Refused(_("“%(group)s”不是这个支部的党小组") % {"group": group.name}, field="group")
