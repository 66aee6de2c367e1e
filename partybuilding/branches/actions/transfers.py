"""Letters that take a member's Party membership from branch to branch, here or elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade import workflow
from brigade.audit.actions import SYSTEM
from brigade.kit.ids import new_id
from brigade.kit.refusals import Refused
from brigade.kit.text import fitting, needed
from brigade.obligations import actions as obligations
from brigade.reference.queries import parameter
from partybuilding.branches import moves, queries
from partybuilding.branches.actions.locks import check_group, close_membership, lock_membership
from partybuilding.branches.models import Membership, PartyBranch, PartyGroup, PartyMember, Transfer
from partybuilding.branches.obligations import committee_key
from partybuilding.branches.states import JoinedBy, TransferState


def issue_transfer(
    *,
    by: Any,
    member: PartyMember,
    letter_no: str,
    issued_on: date,
    now: datetime,
    to_branch: PartyBranch | None = None,
    to_outside: str = "",
    transfer_id: UUID | None = None,
) -> Transfer:
    """Write a letter that takes a member to another branch, or to an organisation outside the brigade. Party office.

    He stays with his branch until the other side accepts him. Refused while another letter of his is under way.
    """
    today = timezone.localdate(now)
    current = queries.membership_of(member, today)
    if current is None:
        raise Refused(_("%(name)s现在不在任何支部") % {"name": member.person.name})
    to_outside = fitting(to_outside, 80, "to_outside")
    if (to_branch is None) == (not to_outside):
        raise Refused(_("接收方选大队内的支部，或写大队外的党组织，只填一个"), field="to_branch")
    if to_branch is not None and to_branch.pk == current.branch_id:
        raise Refused(_("%(name)s现在就在这个支部") % {"name": member.person.name}, field="to_branch")
    if issued_on > today:
        raise Refused(_("开信日期还没有到"), field="issued_on")
    if issued_on < current.start_on:
        raise Refused(_("%(day)s才编入现在的支部，开信不能更早") % {"day": current.start_on}, field="issued_on")
    if issued_on < today - timedelta(days=parameter("party.transfer_days", today)):
        raise Refused(_("这封介绍信已经过了有效期，请重开"), field="issued_on")
    transfer = Transfer(
        pk=transfer_id or new_id(),
        unit=current.branch.unit,
        title=_("%(name)s转往%(to)s")
        % {"name": member.person.name, "to": to_branch.unit.short_name if to_branch else to_outside},
        member=member,
        to_branch=to_branch,
        to_outside=to_outside,
        letter_no=needed(fitting(letter_no, 40, "letter_no"), "letter_no", _("写介绍信编号")),
        issued_on=issued_on,
    )
    under_way = Refused(_("%(name)s已有一封介绍信在转接") % {"name": member.person.name})
    if Transfer.objects.under_way().filter(member=member).exclude(pk=transfer.pk).exists():
        raise under_way
    try:
        return workflow.begin(transfer, moves.ISSUE, by=by, now=now)
    except IntegrityError:  # somebody wrote another in the same moment
        raise under_way from None


def send_transfer(*, by: Any, transfer: Transfer, now: datetime, version: int | None = None) -> Transfer:
    """Hand the letter over: the secretary of the new branch is told and owes an answer. Party office."""
    return workflow.advance(transfer, moves.SEND, by=by, now=now, version=version)


def accept_transfer(
    *,
    by: Any,
    transfer: Transfer,
    accepted_on: date,
    now: datetime,
    group: PartyGroup | None = None,
    version: int | None = None,
) -> Transfer:
    """Take the member in from a day on. Secretary of the new branch, or Party office; elsewhere by its receipt.

    On that day his time in the old branch ends, with his office there, and the one in the new branch begins. Refused
    once the letter has run out. Source: 党员教育管理工作条例第二十五条.
    """

    def write(locked: Transfer) -> Mapping[str, Any]:
        _check_day(locked, accepted_on, now)
        current = lock_membership(locked.member)
        close_membership(current, accepted_on, "accepted_on")
        branches = {locked.unit_id}
        if locked.to_branch is not None:
            check_group(locked.to_branch, group)
            branches.add(locked.to_branch.pk)
            Membership.objects.create(
                member=locked.member,
                branch=locked.to_branch,
                group=group,
                start_on=accepted_on,
                source=JoinedBy.TRANSFERRED,
            )
        obligations.touch({committee_key(pk) for pk in branches}, now=now)
        return {"group": [None, group.name]} if group else {}

    changes = {"accepted_on": accepted_on}
    return workflow.advance(transfer, moves.ACCEPT, by=by, now=now, version=version, changes=changes, write=write)


def return_transfer(*, by: Any, transfer: Transfer, reason: str, now: datetime, version: int | None = None) -> Transfer:
    """Send the letter back, with a reason; the member stays where he is. Who may accept it may return it."""
    changes = {"answer": fitting(reason, 200, "reason")}
    return workflow.advance(transfer, moves.RETURN, by=by, now=now, version=version, reason=reason, changes=changes)


def expire_transfers(*, now: datetime) -> str:
    """Letters that nobody has accepted in time run out; the old branch is told. A timed job, early each day."""
    today = timezone.localdate(now)
    waiting = Transfer.objects.filter(state=TransferState.IN_TRANSIT, issued_on__lt=today).order_by("issued_on", "pk")
    late = [transfer for transfer in waiting if queries.letter_ends(transfer) < today]
    for transfer in late:
        workflow.advance(transfer, moves.EXPIRE, by=SYSTEM, now=now)
    return _("过期介绍信%(n)d封") % {"n": len(late)}


def _check_day(transfer: Transfer, accepted_on: date, now: datetime) -> None:
    last = queries.letter_ends(transfer)
    if accepted_on > timezone.localdate(now):
        raise Refused(_("接收日期还没有到"), field="accepted_on")
    if accepted_on < transfer.issued_on:
        raise Refused(_("接收日期不能早于开信日期%(day)s") % {"day": transfer.issued_on}, field="accepted_on")
    if accepted_on > last:
        raise Refused(_("介绍信%(day)s已到期，请重开介绍信") % {"day": last}, field="accepted_on")
