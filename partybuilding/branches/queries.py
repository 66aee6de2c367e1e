"""Who belongs to which branch, committee and group on a day, for many branches at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from django.db.models import Q, QuerySet

from brigade.org.models import Person, Unit
from brigade.reference.queries import parameter
from partybuilding.branches import rules
from partybuilding.branches.models import (
    CommitteeSeat,
    Exemption,
    Membership,
    PartyBranch,
    PartyGroup,
    PartyMember,
    Term,
    Transfer,
    VotingExclusion,
)
from partybuilding.branches.rules import Belonging
from partybuilding.branches.states import COMMITTEE_ONLY, BranchKind, SeatRole


@dataclass(frozen=True, slots=True)
class Due:
    """A person who must be at a gathering, with what the roll shows and what decides his vote."""

    person_id: int
    name: str
    police_no: str
    branch_id: int
    group_id: int | None = None
    is_voter: bool = False
    is_exempt: bool = False
    is_probationary: bool = False


class Structure:
    """The people and bodies of some branches, on any day; each part is read in one query when first asked for."""

    def __init__(self, branch_ids: Collection[int]) -> None:
        self.branch_ids = frozenset(branch_ids)

    @cached_property
    def branches(self) -> dict[int, PartyBranch]:
        return {branch.pk: branch for branch in PartyBranch.objects.in_order().filter(pk__in=self.branch_ids)}

    @cached_property
    def _belongings(self) -> dict[int, list[Belonging]]:
        rows = Membership.objects.filter(branch__in=self.branch_ids).order_by("member__person__police_no", "start_on")
        found: dict[int, list[Belonging]] = defaultdict(list)
        for row in rows.select_related("member__person"):
            found[row.branch_id].append(_belonging(row))
        return found

    @cached_property
    def _seats(self) -> dict[int, list[CommitteeSeat]]:
        order = {role: place for place, role in enumerate(SeatRole.values)}
        found: dict[int, list[CommitteeSeat]] = defaultdict(list)
        rows = CommitteeSeat.objects.filter(branch__in=self.branch_ids).select_related("person")
        for seat in sorted(rows, key=lambda seat: (order[seat.role], seat.pk)):
            found[seat.branch_id].append(seat)
        return found

    @cached_property
    def _groups(self) -> dict[int, list[PartyGroup]]:
        found: dict[int, list[PartyGroup]] = defaultdict(list)
        for group in PartyGroup.objects.filter(branch__in=self.branch_ids).select_related("leader").order_by("pk"):
            found[group.branch_id].append(group)
        return found

    @cached_property
    def _exemptions(self) -> dict[int, list[Exemption]]:
        found: dict[int, list[Exemption]] = defaultdict(list)
        for row in Exemption.objects.filter(member__memberships__branch__in=self.branch_ids).distinct():
            found[row.member_id].append(row)
        return found

    @cached_property
    def _exclusions(self) -> dict[int, list[VotingExclusion]]:
        found: dict[int, list[VotingExclusion]] = defaultdict(list)
        for row in VotingExclusion.objects.filter(member__memberships__branch__in=self.branch_ids).distinct():
            found[row.member_id].append(row)
        return found

    def belongings(self, branch_id: int, day: date) -> list[Belonging]:
        """Full and probationary members of the branch on the day."""
        return [row for row in self._belongings[branch_id] if row.is_counted(day)]

    def full_count(self, branch_id: int, day: date) -> int:
        return sum(row.is_full(day) for row in self._belongings[branch_id])

    def full_since(self, branch_id: int, day: date) -> date | None:
        """Since when the branch has, without a break, the full members from which a committee must be set up."""
        spans = [span for row in self._belongings[branch_id] if (span := row.full_time()) is not None]
        return rules.at_least_since(spans, parameter("party.committee_from_members", day), day)

    def committee_wanted_since(self, branch_id: int, day: date) -> date | None:
        """Since when a committee must be set up; where the last one has lapsed, since that day at the earliest."""
        since = self.full_since(branch_id, day)
        if since is None or self.has_committee(branch_id, day):
            return since
        past = [seat.end_on for seat in self._seats[branch_id] if seat.role in COMMITTEE_ONLY and seat.end_on]
        return max([since, *(end for end in past if end <= day)])

    def committee_overdue(self, branch_id: int, day: date) -> bool:
        since = self.committee_wanted_since(branch_id, day)
        return rules.committee_overdue(since, day, parameter("party.committee_grace_days", day))

    def seats(self, branch_id: int, day: date) -> list[CommitteeSeat]:
        """Who holds which office on the day, secretary first."""
        return [seat for seat in self._seats[branch_id] if seat.is_valid(day)]

    def has_committee(self, branch_id: int, day: date) -> bool:
        """A secretary and a deputy alone are no committee."""
        return any(seat.role in COMMITTEE_ONLY for seat in self.seats(branch_id, day))

    def secretary(self, branch_id: int, day: date) -> Person | None:
        return next((seat.person for seat in self.seats(branch_id, day) if seat.role == SeatRole.SECRETARY), None)

    def groups(self, branch_id: int, day: date) -> list[PartyGroup]:
        return [group for group in self._groups[branch_id] if group.is_valid(day)]

    def is_exempt(self, member_id: int, day: date) -> bool:
        return any(row.is_valid(day) for row in self._exemptions[member_id])

    def is_voter(self, row: Belonging, day: date) -> bool:
        """Whether he is among those due to vote (应到会有表决权); an exemption from activities takes no vote."""
        return row.is_voter(day) and not any(one.counts(day) for one in self._exclusions[row.member_id])

    def voting_base(self, branch_id: int, day: date) -> int:
        """应到会有表决权: of votes and of elections alike."""
        return sum(self.is_voter(row, day) for row in self.belongings(branch_id, day))

    def members_due(self, branch_id: int, day: date, group_ids: Collection[int] | None = None) -> list[Due]:
        """The members of the branch, or of some of its groups, on the day; those exempt stand in it marked as such."""
        return [
            Due(
                person_id=row.person_id,
                name=row.name,
                police_no=row.police_no,
                branch_id=branch_id,
                group_id=row.group_id,
                is_voter=self.is_voter(row, day),
                is_exempt=self.is_exempt(row.member_id, day),
                is_probationary=not row.is_full(day),
            )
            for row in self.belongings(branch_id, day)
            if group_ids is None or row.group_id in group_ids
        ]

    def committee_due(self, branch_id: int, day: date) -> list[Due]:
        """The members of the committee on the day; each has a vote in it."""
        return [
            Due(seat.person_id, seat.person.name, seat.person.police_no, branch_id, is_voter=True)
            for seat in self.seats(branch_id, day)
        ]


def structure(branch_ids: Collection[int]) -> Structure:
    return Structure(branch_ids)


def without_committee(day: date) -> list[int]:
    """Branches that have the full members for a committee and no committee, by id."""
    ids = PartyBranch.objects.active_on(day).exclude(kind__in=[BranchKind.GENERAL, BranchKind.TEMPORARY])
    whole = structure(ids.values_list("pk", flat=True))
    return sorted(
        pk for pk in whole.branch_ids if whole.full_since(pk, day) is not None and not whole.has_committee(pk, day)
    )


@dataclass(frozen=True, slots=True)
class BranchSummary:
    """A line of the list of branches."""

    branch: PartyBranch
    full: int
    probationary: int
    groups: int
    secretary: Person | None
    has_committee: bool
    committee_missing: bool


def summaries(user: Person, day: date) -> list[BranchSummary]:
    """The branches that the user may see and that stand on the day, with their strength; constant queries."""
    branches = list(PartyBranch.objects.visible_to(user).active_on(day).in_order())
    whole = structure([branch.pk for branch in branches])
    found = []
    for branch in branches:
        rows = whole.belongings(branch.pk, day)
        full = sum(row.is_full(day) for row in rows)
        has_committee = whole.has_committee(branch.pk, day)
        found.append(
            BranchSummary(
                branch=branch,
                full=full,
                probationary=len(rows) - full,
                groups=len(whole.groups(branch.pk, day)),
                secretary=whole.secretary(branch.pk, day),
                has_committee=has_committee,
                committee_missing=not has_committee and whole.full_since(branch.pk, day) is not None,
            )
        )
    return found


def branch_of(person_id: int, day: date) -> int | None:
    """The branch to which a person belongs on the day."""
    rows = Membership.objects.on(day).filter(member__person=person_id)
    return rows.values_list("branch", flat=True).first()


def _belonging(row: Membership) -> Belonging:
    member = row.member
    return Belonging(
        person_id=member.person_id,
        member_id=member.pk,
        name=member.person.name,
        police_no=member.person.police_no,
        branch_id=row.branch_id,
        group_id=row.group_id,
        start_on=row.start_on,
        end_on=row.end_on,
        admitted_on=member.admitted_on,
        confirmed_on=member.confirmed_on,
        ceased_on=member.ceased_on,
        sanction=member.sanction,
        sanction_from=member.sanction_from,
        sanction_to=member.sanction_to,
        rights_suspended=member.rights_suspended,
    )


def members_under(unit: Unit, on: date) -> QuerySet[Person]:
    """Who belongs to a branch, or to one below it, on a day."""
    there = Membership.objects.on(on).filter(branch__unit__path__startswith=unit.path)
    return Person.objects.filter(party_member__memberships__in=there)


def membership_of(member: PartyMember, day: date) -> Membership | None:
    """Where the member belongs on the day."""
    return Membership.objects.on(day).filter(member=member).select_related("branch__unit", "group").first()


def roster(branch: PartyBranch, day: date) -> list[Membership]:
    """Whoever belongs to the branch on the day, those on the way into the Party too, in the order of police numbers."""
    rows = Membership.objects.on(day).filter(branch=branch)
    return list(rows.select_related("member__person", "group").order_by("member__person__police_no"))


def term_of(branch: PartyBranch) -> Term | None:
    """The running term of the branch, also when it is over and nobody has been elected since."""
    return branch.terms.latest().first()


def transfers_of(branch: PartyBranch, user: Person) -> list[Transfer]:
    """The letters under way that take members from the branch or bring some to it, the oldest first."""
    rows = Transfer.objects.visible_to(user).under_way().filter(Q(unit=branch.pk) | Q(to_branch=branch))
    return list(rows.select_related("unit", "to_branch__unit", "member__person").order_by("issued_on", "pk"))


def exclusions_of(branch: PartyBranch, day: date) -> list[VotingExclusion]:
    """Who of the branch's members is left out of those due to vote on the day, or would be once it is approved."""
    here = Membership.objects.on(day).filter(branch=branch).values("member")
    rows = VotingExclusion.objects.on(day).filter(member__in=here)
    return list(rows.select_related("member__person").order_by("member__person__police_no"))


def letter_ends(transfer: Transfer) -> date:
    """The last day on which the letter can be accepted."""
    return transfer.issued_on + timedelta(days=parameter("party.transfer_days", transfer.issued_on))
