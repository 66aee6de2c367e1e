"""Terms of branches: when they end, who is told, how far they may be put off, who holds an office in them."""

from datetime import date

import pytest
from django.utils import timezone

from brigade.kit.refusals import NotAllowed
from brigade.notices.models import Message
from brigade.obligations.actions import reconcile, send_digest
from brigade.obligations.models import Obligation, Reminder
from brigade.obligations.states import ObligationState as O
from brigade.org.states import Role
from partybuilding.branches import actions, queries
from partybuilding.branches.models import CommitteeSeat, PartyBranch, Term
from partybuilding.branches.states import BranchKind
from tests.partybuilding import factories as make
from tests.partybuilding.factories import moment, refused

pytestmark = pytest.mark.django_db
ELECTED = date(2023, 12, 10)


@pytest.fixture
def world():
    return make.world()


@pytest.fixture
def a(world):
    return make.branch(world)


def seats(where, *places):
    roles = ["secretary", "organisation", "discipline"]
    return list(zip([where.members[n] for n in places or (0, 1, 3)], roles, strict=False))


def elect(world, where, day=ELECTED, *places, **fields):
    values = {
        "by": world.office,
        "branch": where.row,
        "elected_on": day,
        "seats": fields.get("seats") or seats(where, *places),
    }
    return actions.enter_term(**(values | {"now": moment(day)} | fields))


def duty(term):
    return Obligation.objects.get(rule="party.term", subject=str(term.pk))


def told(day):
    """The rungs that the digest of that morning tells somebody of."""
    now = moment(day, "08:30")
    reconcile(now=now, rules=["party.term"])
    before = set(Reminder.objects.values_list("pk", flat=True))
    send_digest(now=now)
    return {(row.step, row.person_id) for row in Reminder.objects.exclude(pk__in=before)}


def test_17_a_term_of_three_years_ends_on_the_same_day(world, a):
    term = elect(world, a)
    assert term.expires_on == term.last_day == date(2026, 12, 10)
    row = duty(term)
    assert (row.title, row.post, row.state) == ("城区一中队党支部应换届", Role.BRANCH_SECRETARY, O.OPEN)
    assert timezone.localdate(row.opens_at) == timezone.localdate(row.warn_at) == date(2026, 6, 10)
    assert timezone.localdate(row.due_at) == date(2026, 12, 10)


def test_17_the_secretary_is_told_half_a_year_and_a_quarter_ahead_on_the_day_and_the_superior_after(world, a):
    elect(world, a)
    here = a.secretary.pk
    assert told("2026-06-09") == set()
    assert told("2026-06-10") == {("half_year", here)}
    assert told("2026-06-11") == set()
    assert told("2026-09-09") == set()
    assert told("2026-09-10") == {("quarter", here)}
    assert told("2026-12-10") == {("due", here)}
    late = told("2026-12-11")
    assert ("late", here) in late and ("late", world.office.pk) in late
    assert Message.objects.filter(recipient=a.secretary, code="obligations.digest").count() == 4


@pytest.mark.parametrize(("day", "late"), [("2026-12-10", False), ("2026-12-11", True)])
def test_17_a_term_is_overdue_the_day_after(world, a, day, late):
    row = duty(elect(world, a))
    assert (row.due_at < moment(day, "00:00")) is late


def test_17_an_extension_of_a_year_is_accepted_and_moves_the_reminders(world, a):
    term = elect(world, a)
    now = moment("2026-11-01")
    term = actions.extend_term(
        by=world.office, term=term, extended_to=date(2027, 12, 10), approval_no="聊公党〔2026〕9号", now=now
    )
    assert (term.expires_on, term.last_day) == (date(2026, 12, 10), date(2027, 12, 10))
    row = duty(term)
    assert timezone.localdate(row.due_at) == date(2027, 12, 10)
    assert row.due_at > moment("2026-12-11")
    assert told("2027-06-10") == {("half_year", a.secretary.pk)}


@pytest.mark.parametrize(
    ("extended_to", "approval_no", "sentence"),
    [
        (date(2027, 12, 11), "9号", "一般不超过1年，最迟到2027-12-10"),
        (date(2027, 12, 10), "", "要写上级批准文号"),
        (date(2027, 12, 10), "  ", "要写上级批准文号"),
        (date(2026, 12, 10), "9号", "延期要到这一天以后"),
    ],
)
def test_17_a_longer_extension_or_one_without_approval_is_refused(world, a, extended_to, approval_no, sentence):
    term = elect(world, a)
    with refused(sentence):
        actions.extend_term(
            by=world.office, term=term, extended_to=extended_to, approval_no=approval_no, now=moment("2026-11-01")
        )
    assert Term.objects.get().extended_to is None


def test_the_next_election_meets_the_duty_and_begins_the_next(world, a):
    first = elect(world, a)
    second = elect(world, a, date(2026, 12, 8), 5, 1, 3, early_no="聊公党〔2026〕12号")
    assert (duty(first).state, duty(second).state) == (O.MET, O.OPEN)
    assert queries.term_of(a.row) == second
    whole = queries.structure([a.pk])
    assert whole.secretary(a.pk, date(2026, 12, 7)) == a.members[0]
    assert whole.secretary(a.pk, date(2026, 12, 8)) == a.members[5]
    held = CommitteeSeat.objects.filter(branch=a.row, end_on__isnull=True)
    assert {seat.term for seat in held} == {second} and {seat.start_on for seat in held} == {second.elected_on}
    with refused("已经换届，不用再延期"):
        actions.extend_term(
            by=world.office, term=first, extended_to=date(2027, 1, 1), approval_no="1", now=moment("2026-12-09")
        )


@pytest.mark.parametrize(
    ("day", "early_no", "sentence"),
    [
        (date(2026, 12, 9), "", "提前换届要写上级批准文号"),
        (date(2025, 12, 9), "1号", "最早2025-12-10"),
        (date(2023, 12, 10), "1号", "新一届要晚于这一天"),
    ],
)
def test_an_early_election_has_approval_and_is_a_year_early_at_most(world, a, day, early_no, sentence):
    elect(world, a)
    with refused(sentence):
        elect(world, a, day, early_no=early_no, now=moment("2026-12-20"))
    elect(world, a, date(2025, 12, 10), early_no="1号", now=moment("2026-12-20"))


def test_the_running_term_is_entered_afterwards_without_moving_anybody(world, a):
    """Offices that began on the day of the election or later stay; the term is put to them."""
    seat = CommitteeSeat.objects.filter(branch=a.row).order_by("pk")
    seat.update(start_on=ELECTED)
    named = [(row.person, row.role) for row in seat.select_related("person")]
    term = elect(world, a, now=moment("2026-05-01"), seats=named)
    assert {row.term for row in seat.all()} == {term}
    assert CommitteeSeat.objects.filter(branch=a.row).count() == len(named)


def test_a_by_election_within_the_term_keeps_who_is_named_again(world, a):
    term = elect(world, a)
    actions.seat_committee(
        by=world.office, branch=a.row, seats=seats(a, 0, 6, 3), start_on=date(2025, 3, 1), now=moment("2025-03-01")
    )
    held = CommitteeSeat.objects.filter(branch=a.row, end_on__isnull=True)
    assert {(row.person, row.start_on, row.term) for row in held} == {
        (a.members[0], ELECTED, term),
        (a.members[6], date(2025, 3, 1), term),
        (a.members[3], ELECTED, term),
    }


def test_an_election_is_entered_when_it_has_been_held(world, a):
    with refused("选举日期还没有到"):
        elect(world, a, date(2026, 6, 2), now=moment("2026-06-01"))
    with refused("不能早于支部成立日期"):
        elect(world, a, date(1999, 6, 2))


def test_who_may_enter_and_extend_a_term(world, a):
    with refused(kind=NotAllowed):
        elect(world, a, by=a.secretary)
    term = elect(world, a)
    with refused(kind=NotAllowed):
        actions.extend_term(
            by=a.secretary, term=term, extended_to=date(2027, 1, 1), approval_no="1", now=moment("2026-11-01")
        )


def test_a_temporary_branch_has_no_term(world, a):
    PartyBranch.objects.filter(pk=a.pk).update(kind=BranchKind.TEMPORARY)
    with refused("临时党支部不换届"):
        elect(world, a)


def test_the_term_of_the_general_branch_is_its_secretarys_duty(world):
    term = elect(world, world.general)
    assert duty(term).post == Role.GENERAL_SECRETARY


def test_a_dissolved_branch_owes_no_election(world, a):
    other = make.branch(world, "机关党支部", full=3, committee=False)
    term = elect(world, other, seats=[(other.secretary, "secretary")])
    for somebody in other.members:
        make.transferred(world, somebody, a, date(2026, 5, 20))
    actions.dissolve_branch(
        by=world.office, branch=other.row, on=date(2026, 6, 1), reason="合并", now=moment("2026-06-01")
    )
    assert duty(term).state == O.VOID


def test_a_branch_of_fewer_than_seven_has_a_secretary_and_no_committee(world):
    small = make.branch(world, "农村一中队党支部", full=6, committee=False)
    with refused("正式党员6人，不足7人的不设支委会"):
        elect(world, small)
    elect(world, small, seats=[(small.members[0], "secretary"), (small.members[1], "deputy")])


def test_a_committee_has_three_to_seven_full_members_of_the_branch(world, a):
    with refused("支委会一般3至7人，现在选了2人"):
        elect(world, a, ELECTED, 0, 1)
    other = make.branch(world, "机关党支部")
    with refused("不是这个支部的正式党员"):
        elect(world, a, seats=[*seats(a, 0, 1), (other.members[1], "discipline")])


def test_a_secretary_has_been_a_full_member_for_a_year(world, a):
    young = make.member(a.row, confirmed_on=date(2023, 6, 1)).person
    named = [(young, "secretary"), *seats(a)[1:]]
    with refused("书记要有1年以上党龄"):
        elect(world, a, seats=named)
    elect(world, a, date(2024, 6, 1), seats=named)
