"""Who is among those due to vote: full members, less those left out with approval and by the members' meeting."""

from datetime import date

import pytest

from brigade.audit.models import AuditEvent
from brigade.kit.refusals import NotAllowed
from partybuilding.branches import actions, queries
from partybuilding.branches.models import PartyMember, VotingExclusion
from partybuilding.meetings import rules
from partybuilding.meetings.models import Attendance, Vote
from partybuilding.meetings.rules import Count, Opinion, Topic
from tests.partybuilding import factories as make
from tests.partybuilding.factories import moment, refused

pytestmark = pytest.mark.django_db
DAY = date(2026, 6, 10)
NOW = moment("2026-06-12")


@pytest.fixture
def world():
    return make.world()


def of(somebody):
    return PartyMember.objects.get(person=somebody)


def exclude(world, somebody, **fields):
    values = {"by": world.office, "member": of(somebody), "reason": "bedridden", "start_on": date(2026, 6, 1)}
    values |= {"approval_no": "聊公党〔2026〕3号", "passed_on": date(2026, 6, 1), "now": NOW}
    return actions.exclude_voter(**(values | fields))


def base(where, day=DAY):
    return queries.structure([where.pk]).voting_base(where.pk, day)


def test_16_two_left_out_with_approval_make_twenty_of_twenty_five_a_valid_election(world):
    branch = make.branch(world, full=27)
    for somebody in branch.members[20:22]:
        exclude(world, somebody)
    assert base(branch) == 25
    assert rules.election_is_valid(20, base(branch))
    assert not rules.election_is_valid(19, base(branch))
    assert rules.ayes_if_due(base(branch)) == 13


@pytest.mark.parametrize("missing", [{"approval_no": ""}, {"passed_on": None}, {"approval_no": "", "passed_on": None}])
def test_16_without_approval_or_without_the_members_meeting_nobody_is_left_out(world, missing):
    branch = make.branch(world, full=27)
    rows = [exclude(world, somebody, **missing) for somebody in branch.members[20:22]]
    assert base(branch) == 27
    assert not rules.election_is_valid(20, base(branch))
    for row in rows:
        actions.change_exclusion(
            by=world.office, exclusion=row, approval_no="聊公党〔2026〕3号", passed_on=date(2026, 6, 9), now=NOW
        )
    assert [base(branch, day) for day in (date(2026, 6, 8), date(2026, 6, 9))] == [27, 25]


def test_an_exclusion_counts_within_its_days_end_exclusive(world):
    branch = make.branch(world)
    row = exclude(world, branch.members[7], end_on=date(2026, 9, 1))
    days = (date(2026, 5, 31), date(2026, 6, 1), date(2026, 8, 31), date(2026, 9, 1))
    assert [base(branch, day) for day in days] == [12, 11, 11, 12]
    actions.change_exclusion(
        by=world.office, exclusion=row, approval_no=row.approval_no, passed_on=row.passed_on, now=NOW,
        end_on=date(2026, 7, 1),
    )  # fmt: skip
    assert base(branch, date(2026, 8, 31)) == 12
    event = AuditEvent.objects.get(verb="voter.exclusion_changed")
    assert event.changes["end_on"] == ["2026-09-01", "2026-07-01"]


def test_whoever_is_left_out_stands_on_the_roll_but_not_in_the_base_of_a_vote(world):
    branch = make.branch(world)
    bedridden = branch.members[7]
    exclude(world, bedridden)
    vote = Topic("vote", "评优", votes=(Count("ordinary", 6),))
    meeting = make.recorded(branch, "2026-06-10", "MM", topics=(vote,))
    assert Attendance.objects.filter(meeting=meeting).count() == 12
    assert not Attendance.objects.get(meeting=meeting, person=bedridden).is_voter
    row = Vote.objects.get()
    assert (row.base, row.passed) == (11, True)  # six ayes of twelve due would not have passed


def test_a_ballot_of_somebody_left_out_is_rejected(world):
    branch = make.branch(world)
    exclude(world, branch.members[7])
    voters = {row.person_id for row in queries.structure([branch.pk]).members_due(branch.pk, DAY) if row.is_voter}
    opinion = Opinion(branch.members[7].pk, moment("2026-06-09"))
    with refused("经批准不计入应到会的也不能计票"):
        rules.written_ayes([opinion], moment("2026-06-10"), set(), voters)


def test_13_probationary_members_and_those_under_probation_within_the_party_are_due_and_have_no_vote(world):
    branch = make.branch(world, full=16, probationary=2)
    actions.sanction_member(
        by=world.office, member=of(branch.members[9]), sanction="probation_within_party", start_on=date(2026, 1, 1),
        end_on=None, now=NOW,
    )  # fmt: skip
    assert len(queries.structure([branch.pk]).members_due(branch.pk, DAY)) == 18
    assert base(branch) == 15
    vote = Topic("vote", "评优", votes=(Count("ordinary", 8),))
    make.recorded(branch, "2026-06-10", "MM", topics=(vote,))
    row = Vote.objects.get()
    assert (row.base, row.present, row.passed) == (15, 15, True)


def test_an_exemption_from_study_takes_no_vote(world):
    branch = make.branch(world)
    actions.exempt_member(
        by=branch.secretary, member=of(branch.members[7]), kind="aged_infirm", start_on=date(2026, 1, 1), end_on=None,
        now=NOW,
    )  # fmt: skip
    assert base(branch) == 12


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"end_on": date(2026, 6, 1)}, "止日要晚于起日"),
        ({"passed_on": date(2026, 6, 13)}, "党员大会还没有开"),
        ({"approval_no": "字" * 41}, "最多40个字"),
    ],
)
def test_an_exclusion_that_cannot_be_is_refused(world, fields, sentence):
    branch = make.branch(world)
    with refused(sentence):
        exclude(world, branch.members[7], **fields)
    assert not VotingExclusion.objects.exists()


def test_exclusions_do_not_overlap_and_the_party_office_enters_them(world):
    branch = make.branch(world)
    row = exclude(world, branch.members[7])
    with refused("在这段时间已经登记过"):
        exclude(world, branch.members[7], start_on=date(2026, 8, 1))
    with refused(kind=NotAllowed):
        exclude(world, branch.members[6], by=branch.secretary)
    with refused(kind=NotAllowed):
        actions.change_exclusion(by=branch.secretary, exclusion=row, approval_no="9", now=NOW)
