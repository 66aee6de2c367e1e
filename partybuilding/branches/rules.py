"""Who may see and change Party organisations; who counts as what on a day; which way leads from status to status."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _

from brigade.kit.refusals import Refused
from brigade.org.states import Role
from partybuilding.branches.states import CEASED, MemberStatus, Sanction

OVERSEERS = (
    Role.PARTY_OFFICE,
    Role.GENERAL_SECRETARY,
    Role.BRIGADE_LEADER,
    Role.POLITICAL_OFFICER,
    Role.DISCIPLINE,
    Role.INSPECTOR,
)
GRANTS: dict[str, tuple[Role, ...]] = {
    "branches.view_partybranch": (
        *OVERSEERS,
        Role.DEPUTY_LEADER,
        Role.BRANCH_SECRETARY,
        Role.GROUP_LEADER,
        Role.RECORDER,
        Role.MEMBER,
    ),
    "branches.view_partymember": (*OVERSEERS, Role.BRANCH_SECRETARY, Role.GROUP_LEADER, Role.RECORDER),
    "branches.change_partybranch": (Role.PARTY_OFFICE, Role.GENERAL_SECRETARY),
    "branches.change_partymember": (Role.PARTY_OFFICE, Role.GENERAL_SECRETARY),
    "branches.change_partygroup": (Role.BRANCH_SECRETARY, Role.PARTY_OFFICE, Role.GENERAL_SECRETARY),
    "branches.approve_exemption": (Role.BRANCH_SECRETARY, Role.PARTY_OFFICE, Role.GENERAL_SECRETARY),
}

NEXT_STATUS: dict[str, frozenset[str]] = {
    MemberStatus.APPLICANT: frozenset({MemberStatus.ACTIVIST}),
    MemberStatus.ACTIVIST: frozenset({MemberStatus.CANDIDATE}),
    MemberStatus.CANDIDATE: frozenset({MemberStatus.PROBATIONARY}),
    MemberStatus.PROBATIONARY: frozenset({MemberStatus.FULL, MemberStatus.REMOVED, MemberStatus.DECEASED}),
    MemberStatus.FULL: frozenset({MemberStatus.SUSPENDED, MemberStatus.REMOVED, MemberStatus.DECEASED}),
    MemberStatus.SUSPENDED: frozenset({MemberStatus.FULL, MemberStatus.REMOVED, MemberStatus.DECEASED}),
    MemberStatus.REMOVED: frozenset(),
    MemberStatus.DECEASED: frozenset(),
}
"""Never backwards. Source: party-building rules on admission; member education rules, articles 24, 29 to 31."""


@dataclass(frozen=True, slots=True)
class Belonging:
    """A person's time in one branch, with what decides how he counts on a day of it."""

    person_id: int
    member_id: int
    name: str
    police_no: str
    branch_id: int
    group_id: int | None
    start_on: date
    end_on: date | None
    admitted_on: date | None
    confirmed_on: date | None
    ceased_on: date | None
    sanction: str = ""
    sanction_from: date | None = None
    sanction_to: date | None = None
    rights_suspended: bool = False

    def is_counted(self, day: date) -> bool:
        """Full or probationary member of the branch on that day."""
        begun = self.admitted_on or self.confirmed_on
        return (
            self.start_on <= day
            and (self.end_on is None or day < self.end_on)
            and begun is not None
            and begun <= day
            and (self.ceased_on is None or day < self.ceased_on)
        )

    def is_full(self, day: date) -> bool:
        return self.is_counted(day) and self.confirmed_on is not None and self.confirmed_on <= day

    def is_voter(self, day: date) -> bool:
        """Full, not under 留党察看, rights not suspended. Source: 中国共产党基层组织选举工作条例第五条."""
        return self.is_full(day) and not self.rights_suspended and not self._on_probation(day)

    def full_time(self) -> tuple[date, date | None] | None:
        """The days on which he was a full member of the branch, end exclusive."""
        if self.confirmed_on is None:
            return None
        start = max(self.start_on, self.confirmed_on)
        ends = [day for day in (self.end_on, self.ceased_on) if day is not None]
        end = min(ends) if ends else None
        return (start, end) if end is None or start < end else None

    def _on_probation(self, day: date) -> bool:
        return (
            self.sanction == Sanction.PROBATION
            and (self.sanction_from is None or self.sanction_from <= day)
            and (self.sanction_to is None or day < self.sanction_to)
        )


def at_least_since(spans: Iterable[tuple[date, date | None]], needed: int, day: date) -> date | None:
    """Since when, without a break up to `day`, at least `needed` of the spans run side by side; else None."""
    steps: dict[date, int] = {}
    for start, end in spans:
        steps[start] = steps.get(start, 0) + 1
        if end is not None:
            steps[end] = steps.get(end, 0) - 1
    count, since = 0, None
    for moment in sorted(step for step in steps if step <= day):
        count += steps[moment]
        if count < needed:
            since = None
        elif since is None:
            since = moment
    return since


def committee_overdue(full_since: date | None, day: date, grace_days: int) -> bool:
    """Whether a committee should have been elected by `day`. Source: 支部工作条例; the days of grace are ours."""
    return full_since is not None and day > full_since + timedelta(days=grace_days)


def check_next_status(now: str, then: str) -> None:
    """Refuse a step that the way into the Party does not know, and name those it knows."""
    if then not in NEXT_STATUS[now]:
        allowed = "、".join(sorted(str(MemberStatus(code).label) for code in NEXT_STATUS[now])) or _("没有")
        raise Refused(
            _("%(now)s不能直接变为%(then)s，可以变为：%(allowed)s")
            % {"now": MemberStatus(now).label, "then": MemberStatus(then).label, "allowed": allowed},
            field="status",
        )


def has_ceased(status: str) -> bool:
    return status in CEASED
