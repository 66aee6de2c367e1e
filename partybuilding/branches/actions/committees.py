"""Terms, and who holds which office in them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.audit import actions as audit
from brigade.kit.clocks import add_months
from brigade.kit.refusals import Refused
from brigade.kit.text import fitting
from brigade.obligations import actions as obligations
from brigade.org.models import Person
from brigade.org.rules import check_fresh
from brigade.reference.queries import parameter
from partybuilding.branches import queries, rules
from partybuilding.branches.actions.locks import allow
from partybuilding.branches.models import CommitteeSeat, PartyBranch, PartyMember, Term
from partybuilding.branches.obligations import committee_key, term_key
from partybuilding.branches.states import BranchKind, SeatRole

Seats = list[tuple[Person, SeatRole | str]]
NUMBER_LENGTH = 40


@transaction.atomic
def enter_term(
    *,
    by: Any,
    branch: PartyBranch,
    elected_on: date,
    seats: Seats,
    now: datetime,
    years: int = 3,
    early_no: str = "",
) -> Term:
    """Enter an election (换届): a new term begins and these people hold its offices from that day on. Party office.

    The term before is over, its offices end, and the duty to elect is met. An election before the term before is over
    needs the superior's approval. Source: 基层组织选举工作条例第三条.
    """
    allow(by, "branches.change_partybranch", branch.unit)
    branch = PartyBranch.objects.select_for_update(of=("self",)).select_related("unit").get(pk=branch.pk)
    early_no = fitting(early_no, NUMBER_LENGTH, "early_no")
    _check_day(branch, elected_on, now)
    before = queries.term_of(branch)
    if before is not None:
        if elected_on <= before.elected_on:
            raise Refused(_("本届%(day)s选出，新一届要晚于这一天") % {"day": before.elected_on}, field="elected_on")
        rules.check_next_term(elected_on, before.expires_on, early_no)
    term = Term.objects.create(branch=branch, elected_on=elected_on, years=years, early_no=early_no)
    audit.record("term.entered", term, by=by, changes={"years": [None, years], "early_no": [None, early_no]}, now=now)
    _seat(by, branch, seats, elected_on, now, term=term)
    obligations.touch({term_key(one.pk) for one in (before, term) if one is not None}, now=now)
    return term


@transaction.atomic
def extend_term(*, by: Any, term: Term, extended_to: date, approval_no: str, now: datetime) -> Term:
    """Put the next election off, with the superior's approval and by a year at most. Party office.

    The reminders move with the last day. Source: 基层组织选举工作条例第三条.
    """
    allow(by, "branches.change_partybranch", term.branch.unit)
    term = Term.objects.select_for_update(of=("self",)).select_related("branch__unit").get(pk=term.pk)
    if Term.objects.filter(branch=term.branch, elected_on__gt=term.elected_on).exists():
        raise Refused(_("这一届已经换届，不用再延期"))
    approval_no = fitting(approval_no, NUMBER_LENGTH, "approval_no")
    rules.check_extension(term.expires_on, extended_to, approval_no)
    changes = {"extended_to": [term.extended_to, extended_to], "approval_no": [term.approval_no, approval_no]}
    Term.objects.filter(pk=term.pk).update(extended_to=extended_to, approval_no=approval_no)
    term.extended_to, term.approval_no = extended_to, approval_no
    audit.record("term.extended", term, by=by, changes=changes, now=now)
    obligations.touch({term_key(term.pk)}, now=now)
    return term


@transaction.atomic
def seat_committee(
    *, by: Any, branch: PartyBranch, seats: Seats, start_on: date, now: datetime, version: int | None = None
) -> list[CommitteeSeat]:
    """Enter a by-election or appointment within the term: who holds which office from the day on. Party office.

    Whoever held one before and is not named again leaves it on that day; who is named again goes on. `version` is the
    one of the branch that was seen: another's change since then refuses with `Stale`.
    """
    allow(by, "branches.change_partybranch", branch.unit)
    check_fresh(PartyBranch.objects.select_for_update(no_key=True).get(pk=branch.pk), version)
    return _seat(by, branch, seats, start_on, now, term=queries.term_of(branch))


@transaction.atomic
def end_seat(*, by: Any, seat: CommitteeSeat, end_on: date, reason: str, now: datetime) -> CommitteeSeat:
    """Take somebody's office from him from a day on. Party office."""
    allow(by, "branches.change_partybranch", seat.branch.unit)
    if not reason.strip():
        raise Refused(_("免职要写明原因"), field="reason")
    if end_on <= seat.start_on:
        raise Refused(_("止日要晚于起日"), field="end_on")
    CommitteeSeat.objects.filter(pk=seat.pk).update(end_on=end_on)
    seat.end_on = end_on
    audit.record("seat.ended", seat, by=by, changes={"end_on": [None, end_on]}, note=reason, now=now)
    obligations.touch({committee_key(seat.branch_id)}, now=now)
    return seat


def _seat(
    by: Any, branch: PartyBranch, seats: Seats, start_on: date, now: datetime, *, term: Term | None
) -> list[CommitteeSeat]:
    """At an election everybody begins anew, else those who are named again go on."""
    _check_seats(branch, seats, start_on, timezone.localdate(now))
    anew = term is not None and term.elected_on == start_on
    wanted = {(person.pk, str(role)): person for person, role in seats}
    for seat in CommitteeSeat.objects.select_for_update().filter(branch=branch, end_on__isnull=True):
        stays = (seat.person_id, seat.role) in wanted
        if stays and (not anew or seat.start_on >= start_on):
            del wanted[seat.person_id, seat.role]
            CommitteeSeat.objects.filter(pk=seat.pk).update(term=term)
        elif seat.start_on >= start_on:
            raise Refused(_("现任职务从%(day)s起，新的要晚于这一天") % {"day": seat.start_on}, field="start_on")
        else:
            CommitteeSeat.objects.filter(pk=seat.pk).update(end_on=start_on)
    made = CommitteeSeat.objects.bulk_create(
        [
            CommitteeSeat(branch=branch, term=term, person=person, role=role, start_on=start_on)
            for (_pk, role), person in wanted.items()
        ]
    )
    named = "、".join(f"{SeatRole(role).label}{person.name}" for person, role in seats)
    PartyBranch.objects.filter(pk=branch.pk).update(version=F("version") + 1)
    audit.record("seat.filled", branch, by=by, changes={"seats": [None, named], "since": [None, start_on]}, now=now)
    obligations.touch({committee_key(branch.pk)}, now=now)
    return made


def _check_seats(branch: PartyBranch, seats: Seats, day: date, today: date) -> None:
    """Refuse a committee that today's rules do not know; the members of a branch's own are full members of it.

    On the day, or today: a term that began before the portal knew its members is entered afterwards.
    """
    if len({person.pk for person, _role in seats}) < len(seats):
        raise Refused(_("同一个人只能任一个职务"), field="seats")
    whole = queries.structure([branch.pk])
    least = 0 if branch.is_general else parameter("party.committee_from_members", today)
    most = max(whole.full_count(branch.pk, day), whole.full_count(branch.pk, today))
    rules.check_committee([str(role) for _person, role in seats], most, least)
    if branch.kind in (BranchKind.GENERAL, BranchKind.TEMPORARY):
        return
    full = {row.person_id for when in (day, today) for row in whole.belongings(branch.pk, when) if row.is_full(when)}
    for person, _role in seats:
        if person.pk not in full:
            raise Refused(_("%(name)s不是这个支部的正式党员，不能任职") % {"name": person.name}, field="seats")
    secretary = next(person for person, role in seats if role == SeatRole.SECRETARY)
    member = PartyMember.objects.get(person=secretary)
    if member.confirmed_on is not None and add_months(member.confirmed_on, rules.STANDING_MONTHS) > day:
        raise Refused(_("书记要有1年以上党龄，%(name)s还不满") % {"name": secretary.name}, field="secretary")


def _check_day(branch: PartyBranch, elected_on: date, now: datetime) -> None:
    if branch.kind == BranchKind.TEMPORARY:
        raise Refused(_("临时党支部不换届，书记由上级指定"))
    if elected_on > timezone.localdate(now):
        raise Refused(_("选举日期还没有到，选出后再登记"), field="elected_on")
    if elected_on < branch.established_on:
        raise Refused(_("选举日期不能早于支部成立日期%(day)s") % {"day": branch.established_on}, field="elected_on")
