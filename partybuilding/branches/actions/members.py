"""Entering members, their way through the Party, sanctions, exemptions, and who is left out of a vote."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.audit import actions as audit
from brigade.kit.clocks import add_months
from brigade.kit.refusals import Refused
from brigade.kit.text import fitting
from brigade.obligations import actions as obligations
from brigade.org.models import Person
from brigade.org.rules import check_fresh
from partybuilding.branches import rules
from partybuilding.branches.actions.locks import allow, check_group, close_membership, lock_membership, regroup
from partybuilding.branches.models import (
    Exemption,
    Membership,
    PartyBranch,
    PartyGroup,
    PartyMember,
    VotingExclusion,
)
from partybuilding.branches.obligations import committee_key, exemption_key
from partybuilding.branches.states import ExclusionReason, ExemptionKind, JoinedBy, MemberStatus, Sanction

PROBATION_MONTHS = 12
NUMBER_LENGTH = 40


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
    allow(by, "branches.change_partymember", branch.unit)
    Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    if PartyMember.objects.filter(person=person).exists():
        raise Refused(_("%(name)s已经登记过，请办理转接") % {"name": person.name}, field="person")
    if status == MemberStatus.FULL and confirmed_on is None:
        raise Refused(_("正式党员要写明转正日期"), field="confirmed_on")
    if status == MemberStatus.PROBATIONARY and admitted_on is None:
        raise Refused(_("预备党员要写明接收日期"), field="admitted_on")
    check_group(branch, group)
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
def assign_group(*, by: Any, member: PartyMember, group: PartyGroup | None, now: datetime) -> Membership:
    """Put a member into a group of his branch, or into none. Secretary of the branch or Party office."""
    current = lock_membership(member)
    allow(by, "branches.change_partygroup", current.branch.unit)
    check_group(current.branch, group)
    if current.group == group:
        return current
    changes = {"group": [current.group and current.group.name, group and group.name]}
    row = regroup(current, group, timezone.localdate(now))
    audit.record("member.grouped", row, by=by, changes=changes, now=now)
    return row


@transaction.atomic
def change_status(
    *,
    by: Any,
    member: PartyMember,
    status: MemberStatus | str,
    on: date,
    now: datetime,
    note: str = "",
    until: date | None = None,
) -> PartyMember:
    """Take a member one legal step further: admitted, confirmed, suspended, restored, removed. Party office.

    A day is kept with each step that changes how he counts, so that past meetings stay as they were. Confirming the
    seventh full member of a branch without a committee makes the committee due. Probation is extended `until` a day.
    Whoever is removed, cancelled or dead leaves his branch and its offices on that day.
    """
    current = lock_membership(member)
    allow(by, "branches.change_partymember", current.branch.unit)
    member = PartyMember.objects.select_related("person").get(pk=member.pk)
    before = member.status
    rules.check_next_status(before, status)
    if on > timezone.localdate(now):
        raise Refused(_("日期还没有到，到了再登记"), field="on")
    dates = _dates_of_step(member, str(status), on, until)
    if rules.is_gone(str(status)):
        close_membership(current, on, "on")
    PartyMember.objects.filter(pk=member.pk).update(status=status, **dates)
    changes = {"status": [before, str(status)], "on": [None, on]}
    if "probation_end" in dates:
        changes["probation_end"] = [member.probation_end, dates["probation_end"]]
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
    version: int | None = None,
) -> PartyMember:
    """Enter a Party sanction with its days, or that rights are suspended; both take the vote. Party office.

    `version` is the one that was seen: another's change since then refuses with `Stale`; so everywhere in this room.
    """
    current = lock_membership(member)
    allow(by, "branches.change_partymember", current.branch.unit)
    member = PartyMember.objects.select_for_update(of=("self",)).select_related("person").get(pk=member.pk)
    check_fresh(member, version)
    if sanction and start_on is None:
        raise Refused(_("处分要写明起日"), field="start_on")
    PartyMember.objects.filter(pk=member.pk).update(
        sanction=sanction,
        sanction_from=start_on,
        sanction_to=end_on,
        rights_suspended=rights_suspended,
        version=member.version + 1,
    )
    changes = {"sanction": [member.sanction, str(sanction)], "from": [None, start_on], "to": [None, end_on]}
    audit.record("member.sanctioned", current, by=by, changes=changes, note=note, now=now)
    member.refresh_from_db()
    return member


@transaction.atomic
def exempt_member(
    *, by: Any, member: PartyMember, kind: ExemptionKind | str, start_on: date, end_on: date | None, now: datetime
) -> Exemption:
    """Excuse a member from activities as 党员教育管理工作条例第二十三条 has it; his vote stays.

    Secretary of the branch or Party office. He leaves the denominators of meetings recorded from then on.
    """
    current = lock_membership(member)
    allow(by, "branches.approve_exemption", current.branch.unit)
    if end_on is not None and end_on <= start_on:
        raise Refused(_("止日要晚于起日"), field="end_on")
    if Exemption.objects.touching(start_on, end_on or date.max).filter(member=member).exists():
        raise Refused(_("%(name)s在这段时间已有豁免") % {"name": member.person.name}, field="start_on")
    row = Exemption.objects.create(
        member=member, kind=kind, start_on=start_on, end_on=end_on, approved_by_id=by.pk, approved_at=now
    )
    changes = {"kind": [None, str(ExemptionKind(kind).label)], "start_on": [None, start_on], "end_on": [None, end_on]}
    audit.record("member.exempted", current, by=by, changes=changes, now=now)
    obligations.touch({exemption_key(row.pk)}, now=now)
    return row


@transaction.atomic
def review_exemption(
    *, by: Any, exemption: Exemption, now: datetime, end_on: date | None = None, version: int | None = None
) -> Exemption:
    """Say after half a year that an exemption still applies, or on which day it ends. Secretary, Party office.

    The next look is due half a year later.
    """
    current = lock_membership(exemption.member)
    allow(by, "branches.approve_exemption", current.branch.unit)
    exemption = Exemption.objects.select_for_update(of=("self",)).select_related("member__person").get(pk=exemption.pk)
    check_fresh(exemption, version)
    if end_on is not None and end_on <= exemption.start_on:
        raise Refused(_("止日要晚于起日"), field="end_on")
    today = timezone.localdate(now)
    changes = {"end_on": [exemption.end_on, end_on], "reviewed_on": [exemption.reviewed_on, today]}
    exemption.reviewed_on, exemption.end_on, exemption.version = today, end_on, exemption.version + 1
    exemption.save(update_fields=["reviewed_on", "end_on", "version"])
    audit.record("member.exemption_reviewed", current, by=by, changes=changes, now=now)
    obligations.touch({exemption_key(exemption.pk)}, now=now)
    return exemption


@transaction.atomic
def exclude_voter(
    *,
    by: Any,
    member: PartyMember,
    reason: ExclusionReason | str,
    start_on: date,
    now: datetime,
    end_on: date | None = None,
    approval_no: str = "",
    passed_on: date | None = None,
) -> VotingExclusion:
    """Leave a voter out of those due to vote (不计算在应到会人数之内), for a reason of the list. Party office.

    It counts from the day on which both the superior's approval and the members' meeting are there; before that the
    voting base stays as it was. Refused where the member has one in that time already.
    """
    current = lock_membership(member)
    allow(by, "branches.change_partymember", current.branch.unit)
    if VotingExclusion.objects.touching(start_on, end_on or date.max).filter(member=member).exists():
        raise Refused(_("%(name)s在这段时间已经登记过") % {"name": member.person.name}, field="start_on")
    row = VotingExclusion(member=member, reason=reason, start_on=start_on)
    _fill_exclusion(row, end_on, approval_no, passed_on, now)
    row.save()
    changes = {"reason": [None, str(ExclusionReason(reason).label)], **_said_of(row)}
    audit.record("voter.excluded", current, by=by, changes=changes, now=now)
    return row


@transaction.atomic
def change_exclusion(
    *,
    by: Any,
    exclusion: VotingExclusion,
    now: datetime,
    end_on: date | None = None,
    approval_no: str = "",
    passed_on: date | None = None,
    version: int | None = None,
) -> VotingExclusion:
    """Add what was missing of an exclusion, or the day on which it ends. Party office. Past rolls stay as they were."""
    current = lock_membership(exclusion.member)
    allow(by, "branches.change_partymember", current.branch.unit)
    row = VotingExclusion.objects.select_for_update(of=("self",)).select_related("member__person").get(pk=exclusion.pk)
    check_fresh(row, version)
    before = _said_of(row)
    _fill_exclusion(row, end_on, approval_no, passed_on, now)
    row.version += 1
    row.save()
    changes = {name: [before[name][1], value] for name, (_none, value) in _said_of(row).items()}
    audit.record("voter.exclusion_changed", current, by=by, changes=changes, now=now)
    return row


def _fill_exclusion(
    row: VotingExclusion, end_on: date | None, approval_no: str, passed_on: date | None, now: datetime
) -> None:
    if end_on is not None and end_on <= row.start_on:
        raise Refused(_("止日要晚于起日"), field="end_on")
    if passed_on is not None and passed_on > timezone.localdate(now):
        raise Refused(_("党员大会还没有开，通过后再写日期"), field="passed_on")
    row.end_on, row.passed_on = end_on, passed_on
    row.approval_no = fitting(approval_no, NUMBER_LENGTH, "approval_no")


def _said_of(row: VotingExclusion) -> dict[str, list[Any]]:
    return {name: [None, getattr(row, name)] for name in ("start_on", "end_on", "approval_no", "passed_on")}


def _dates_of_step(member: PartyMember, status: str, on: date, until: date | None) -> dict[str, Any]:
    if status == MemberStatus.PROBATIONARY:
        return {"admitted_on": on, "probation_end": add_months(on, PROBATION_MONTHS)}
    if status == MemberStatus.FULL:
        if member.status == MemberStatus.SUSPENDED:
            return {"ceased_on": None}
        if member.admitted_on is not None and on < member.admitted_on:
            raise Refused(_("转正日期不能早于接收日期"), field="on")
        return {"confirmed_on": on}
    if status == MemberStatus.EXTENDED:
        rules.check_longer_probation(member.probation_end or on, until)
        return {"probation_end": until}
    return {"ceased_on": on} if rules.has_ceased(status) else {}
