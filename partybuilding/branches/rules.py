"""Who may see and change Party organisations; who counts as what on a day; which way leads from status to status."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _

from brigade.kit.clocks import add_months
from brigade.kit.refusals import Refused
from brigade.org.states import Role
from partybuilding.branches.states import CEASED, COMMITTEE_ONLY, GONE, MemberStatus, Sanction, SeatRole

MONTHS_OFF_TERM = 12
"""How long before or after its end a term may be over, at most. Source: 基层组织选举工作条例第三条."""
REMIND_MONTHS = (-6, -3)
"""When the secretary is told of the end of a term; a default of the product."""
LEAST_COMMITTEE, MOST_COMMITTEE = 3, 7
LEAST_LONGER, MOST_LONGER = 6, 12
STANDING_MONTHS = 12
"""How long a secretary has been a full member at least. Source: 支部工作条例."""

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
    "branches.view_transfer": (*OVERSEERS, Role.BRANCH_SECRETARY),
    "branches.issue_transfer": (Role.PARTY_OFFICE, Role.GENERAL_SECRETARY),
    "branches.accept_transfer": (Role.BRANCH_SECRETARY, Role.PARTY_OFFICE, Role.GENERAL_SECRETARY),
    "branches.expire_transfer": (),
}

NEXT_STATUS: dict[str, frozenset[str]] = {
    MemberStatus.APPLICANT: frozenset({MemberStatus.ACTIVIST}),
    MemberStatus.ACTIVIST: frozenset({MemberStatus.CANDIDATE}),
    MemberStatus.CANDIDATE: frozenset({MemberStatus.PROBATIONARY}),
    MemberStatus.PROBATIONARY: frozenset(
        {MemberStatus.FULL, MemberStatus.EXTENDED, MemberStatus.CANCELLED, MemberStatus.DECEASED}
    ),
    MemberStatus.EXTENDED: frozenset({MemberStatus.FULL, MemberStatus.CANCELLED, MemberStatus.DECEASED}),
    MemberStatus.FULL: frozenset({MemberStatus.SUSPENDED, MemberStatus.REMOVED, MemberStatus.DECEASED}),
    MemberStatus.SUSPENDED: frozenset({MemberStatus.FULL, MemberStatus.REMOVED, MemberStatus.DECEASED}),
    MemberStatus.CANCELLED: frozenset(),
    MemberStatus.REMOVED: frozenset(),
    MemberStatus.DECEASED: frozenset(),
}
"""Never backwards. Source: rules on admission (probation is extended once); member education, articles 24, 29 to 31."""


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


def committee_overdue(wanted_since: date | None, day: date, grace_days: int) -> bool:
    """Whether a committee should have been elected by `day`. Source: 支部工作条例; the days of grace are ours."""
    return wanted_since is not None and day > wanted_since + timedelta(days=grace_days)


def check_committee(roles: Sequence[str], full: int, needed: int) -> None:
    """Refuse offices that a branch of so many full members cannot fill. Source: 支部工作条例 on committees."""
    if roles.count(SeatRole.SECRETARY) != 1:
        raise Refused(_("要有一名书记，也只能有一名"), field="secretary")
    if not COMMITTEE_ONLY & set(roles):
        return
    if full < needed:
        raise Refused(
            _("正式党员%(full)d人，不足%(needed)d人的不设支委会，只设书记，必要时设副书记")
            % {"full": full, "needed": needed}
        )
    if not LEAST_COMMITTEE <= len(roles) <= MOST_COMMITTEE:
        raise Refused(
            _("支委会一般%(least)d至%(most)d人，现在选了%(n)d人")
            % {"least": LEAST_COMMITTEE, "most": MOST_COMMITTEE, "n": len(roles)}
        )


def check_next_term(elected_on: date, last: date, approval_no: str) -> None:
    """Refuse an election too long before the term before is over, or without the superior's approval of that."""
    earliest = add_months(last, -MONTHS_OFF_TERM)
    if elected_on >= last:
        return
    if elected_on < earliest:
        raise Refused(
            _("上一届%(last)s届满，提前换届一般不超过1年，最早%(earliest)s") % {"last": last, "earliest": earliest},
            field="elected_on",
            article=_("基层组织选举工作条例第三条"),
        )
    if not approval_no:
        raise Refused(
            _("上一届%(last)s届满，提前换届要写上级批准文号") % {"last": last},
            field="early_no",
            article=_("基层组织选举工作条例第三条"),
        )


def check_extension(expires_on: date, extended_to: date, approval_no: str) -> None:
    """Refuse a term that is extended without approval, not at all, or by more than a calendar year."""
    latest = add_months(expires_on, MONTHS_OFF_TERM)
    if not approval_no:
        raise Refused(_("延期换届要写上级批准文号"), field="approval_no", article=_("基层组织选举工作条例第三条"))
    if extended_to <= expires_on:
        raise Refused(_("本届%(day)s届满，延期要到这一天以后") % {"day": expires_on}, field="extended_to")
    if extended_to > latest:
        raise Refused(
            _("延期换届一般不超过1年，最迟到%(latest)s") % {"latest": latest},
            field="extended_to",
            article=_("基层组织选举工作条例第三条"),
        )


def check_longer_probation(probation_end: date, until: date | None) -> None:
    """Refuse a probation that is not longer by half a year to a year. Source: 发展党员工作细则."""
    least, most = add_months(probation_end, LEAST_LONGER), add_months(probation_end, MOST_LONGER)
    if until is None or not least <= until <= most:
        raise Refused(
            _("预备期延长不少于半年、最长1年：延长到%(least)s至%(most)s之间") % {"least": least, "most": most},
            field="until",
        )


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


def is_gone(status: str) -> bool:
    return status in GONE
