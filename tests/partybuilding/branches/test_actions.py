"""Founding branches, keeping members, groups and committees by date."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from brigade.audit.models import AuditEvent
from brigade.kit.refusals import NotAllowed
from brigade.obligations.models import Obligation
from brigade.obligations.states import ObligationState
from brigade.org.models import Unit
from brigade.org.states import Role, Tree
from partybuilding.branches import actions, queries
from partybuilding.branches.models import CommitteeSeat, Membership, PartyBranch, PartyGroup, PartyMember
from partybuilding.branches.states import BranchKind
from partybuilding.meetings.models import Attendance
from tests.brigade.org.factories import person
from tests.partybuilding import factories as make
from tests.partybuilding.factories import moment, refused, span

pytestmark = pytest.mark.django_db
NOW = moment("2026-06-12")
NEW_YEAR = date(2026, 1, 1)
TODAY = date(2026, 6, 12)


@pytest.fixture
def world():
    return make.world()


@pytest.fixture
def a(world):
    return make.branch(world)


def of(somebody):
    return PartyMember.objects.get(person=somebody)


def found(world, **fields):
    values = {
        "by": world.general_secretary,
        "parent": world.general.unit,
        "kind": BranchKind.BRANCH,
        "code": "KJ",
        "name": "科技宣传党支部",
        "short_name": "科技宣传党支部",
        "established_on": TODAY,
        "now": NOW,
    }
    return actions.found_branch(**(values | fields))


def test_founding_a_branch_makes_its_unit_in_the_party_tree(world):
    branch = found(world, feature="路口红马甲")
    assert (branch.unit.tree, branch.unit.parent, branch.feature) == (Tree.PARTY, world.general.unit, "路口红马甲")
    assert AuditEvent.objects.filter(verb="branch.founded", actor_id=world.general_secretary.pk).count() == 1
    assert branch.unit.path.startswith(world.brigade.path)


def test_who_may_found_dissolve_and_enrol(world, a):
    for verb in (
        lambda: found(world, by=a.secretary),
        lambda: actions.change_branch(by=a.secretary, branch=a.row, feature="", theme_day_rule="", now=NOW),
        lambda: actions.dissolve_branch(by=a.secretary, branch=a.row, on=TODAY, reason="合并", now=NOW),
        lambda: actions.change_status(by=a.secretary, member=of(a.members[3]), status="removed", on=TODAY, now=NOW),
        lambda: actions.add_group(by=a.members[3], branch=a.row, name="第一党小组", start_on=TODAY, now=NOW),
    ):
        with refused(kind=NotAllowed):
            verb()


def test_what_a_branch_is_known_for_can_be_said_anew(world, a):
    changed = actions.change_branch(
        by=world.office, branch=a.row, feature="护学先锋", theme_day_rule="每月20日", now=NOW
    )
    assert PartyBranch.objects.get(pk=a.pk).feature == changed.feature == "护学先锋"


def test_a_branch_is_dissolved_when_nobody_belongs_to_it_any_more(world):
    branch = found(world, established_on=date(2026, 1, 1))
    member = make.member(branch, since=date(2026, 1, 1))
    make.seat(branch, [member.person], date(2026, 1, 1))
    actions.add_group(by=world.office, branch=branch, name="第一党小组", start_on=date(2026, 1, 1), now=NOW)
    with refused("还有党员的组织关系"):
        actions.dissolve_branch(by=world.office, branch=branch, on=TODAY, reason="合并", now=NOW)
    letter = actions.issue_transfer(
        by=world.office, member=member, to_outside="区直机关工委", letter_no="1", issued_on=date(2026, 5, 20), now=NOW
    )
    letter = actions.send_transfer(by=world.office, transfer=letter, now=NOW)
    actions.accept_transfer(by=world.office, transfer=letter, accepted_on=date(2026, 6, 1), now=NOW)
    with refused("写明依据"):
        actions.dissolve_branch(by=world.office, branch=branch, on=TODAY, reason="", now=NOW)
    with refused("晚于成立日期"):
        actions.dissolve_branch(by=world.office, branch=branch, on=date(2026, 1, 1), reason="合并", now=NOW)
    actions.dissolve_branch(by=world.office, branch=branch, on=TODAY, reason="合并", now=NOW)
    assert not PartyBranch.objects.active_on(TODAY).filter(pk=branch.pk).exists()
    assert not CommitteeSeat.objects.on(TODAY).filter(branch=branch).exists()
    assert not PartyGroup.objects.on(TODAY).filter(branch=branch).exists()


def enrol(world, a, **fields):
    values = {"by": world.office, "person": person(), "branch": a.row, "start_on": TODAY, "now": NOW}
    return actions.enrol_member(**(values | {"confirmed_on": date(2020, 7, 1)} | fields))


def test_a_person_is_enrolled_once(world, a):
    member = enrol(world, a)
    assert queries.branch_of(member.person_id, TODAY) == a.pk
    assert queries.branch_of(member.person_id, date(2026, 6, 11)) is None
    with refused("已经登记过，请办理转接"):
        enrol(world, a, person=member.person)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"confirmed_on": None}, "转正日期"),
        ({"status": "probationary"}, "接收日期"),
    ],
)
def test_an_enrolment_says_since_when_he_counts(world, a, fields, sentence):
    with refused(sentence):
        enrol(world, a, **fields)


def test_28_probation_ends_a_year_after_the_meeting_also_on_leap_day(world, a):
    member = enrol(world, a, status="probationary", admitted_on=date(2028, 2, 29), confirmed_on=None)
    assert member.probation_end == date(2029, 2, 28)


def test_nobody_stands_in_two_branches_at_once(world, a):
    other = make.branch(world, "机关党支部")
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(member=of(a.members[3]), branch=other.row, start_on=TODAY, source="transfer_in")


def test_groups_are_formed_filled_and_ended(world, a):
    group = actions.add_group(by=a.secretary, branch=a.row, name="第一党小组", start_on=TODAY, now=NOW)
    with refused("已经有“第一党小组”"):
        actions.add_group(by=a.secretary, branch=a.row, name="第一党小组", start_on=TODAY, now=NOW)
    assert actions.assign_group(by=a.secretary, member=of(a.members[3]), group=group, now=NOW).group == group
    other = make.branch(world, "机关党支部")
    with refused("不是这个支部的党小组"):
        actions.assign_group(by=other.secretary, member=of(other.members[3]), group=group, now=NOW)
    with refused("止日要晚于起日"):
        actions.end_group(by=a.secretary, group=group, end_on=TODAY, now=NOW)
    actions.end_group(by=a.secretary, group=group, end_on=date(2026, 7, 1), now=NOW)
    assert [row.group for row in of(a.members[3]).memberships.order_by("start_on")] == [None, group, None]


def test_a_group_meeting_entered_after_the_group_ended_has_the_roll_of_its_day(world):
    a = make.branch(world, groups=2)
    first, second = a.groups
    actions.assign_group(by=a.secretary, member=of(a.members[0]), group=second, now=moment("2026-05-12"))
    actions.end_group(by=a.secretary, group=first, end_on=date(2026, 5, 15), now=moment("2026-05-15"))
    spans = (span("GM", "2026-05-10", group_id=first.pk),)
    make.recorded(a, "2026-05-10", spans=spans, now=moment("2026-05-16"))
    due = Attendance.objects.filter(branch=a.row)
    assert set(due.values_list("person", flat=True)) == {p.pk for p in a.members[::2]}


def test_a_committee_that_lapsed_is_due_again_ninety_days_later(world):
    a = make.branch(world, full=9)
    for seat in a.row.seats.exclude(role="secretary"):
        actions.end_seat(
            by=world.office, seat=seat, end_on=date(2026, 3, 1), reason="任期届满", now=moment("2026-03-01")
        )
    duty = Obligation.objects.get(rule="party.committee", subject=str(a.pk))
    assert (duty.state, timezone.localdate(duty.due_at)) == ("open", date(2026, 5, 30))
    whole = queries.structure([a.pk])
    assert not whole.committee_overdue(a.pk, date(2026, 5, 30))
    assert whole.committee_overdue(a.pk, date(2026, 5, 31))


def test_a_committee_is_seated_and_who_is_not_named_again_leaves_it(world, a):
    seats = [(a.members[5], "secretary"), (a.members[1], "organisation"), (a.members[6], "discipline")]
    actions.seat_committee(by=world.office, branch=a.row, seats=seats, start_on=TODAY, now=NOW)
    whole = queries.structure([a.pk])
    assert whole.secretary(a.pk, date(2026, 6, 11)) == a.secretary
    assert whole.secretary(a.pk, TODAY) == a.members[5]
    assert {seat.person for seat in whole.seats(a.pk, TODAY)} == {somebody for somebody, _role in seats}
    kept = CommitteeSeat.objects.get(person=a.members[1], end_on__isnull=True)
    assert kept.start_on < TODAY


@pytest.mark.parametrize(
    ("roles", "sentence"), [(["organisation"], "一名书记"), (["secretary", "secretary"], "一名书记")]
)
def test_a_committee_has_exactly_one_secretary(world, a, roles, sentence):
    with refused(sentence):
        actions.seat_committee(
            by=world.office, branch=a.row, seats=list(zip(a.members, roles, strict=False)), start_on=TODAY, now=NOW
        )


def test_a_person_holds_one_office_and_none_begins_before_the_last(world, a):
    twice = [(a.secretary, "secretary"), (a.secretary, "discipline")]
    with refused("只能任一个职务"):
        actions.seat_committee(by=world.office, branch=a.row, seats=twice, start_on=TODAY, now=NOW)
    CommitteeSeat.objects.filter(branch=a.row).update(start_on=TODAY)
    with refused("新的要晚于这一天"):
        actions.seat_committee(
            by=world.office, branch=a.row, seats=[(a.members[7], "secretary")], start_on=TODAY, now=NOW
        )


def test_an_office_is_ended_with_a_reason(world, a):
    seat = CommitteeSeat.objects.get(person=a.members[4])
    with refused("写明原因"):
        actions.end_seat(by=world.office, seat=seat, end_on=TODAY, reason="", now=NOW)
    with refused("止日要晚于起日"):
        actions.end_seat(by=world.office, seat=seat, end_on=seat.start_on, reason="调离", now=NOW)
    actions.end_seat(by=world.office, seat=seat, end_on=TODAY, reason="调离", now=NOW)
    assert len(queries.structure([a.pk]).seats(a.pk, TODAY)) == 4


def test_exemptions_do_not_overlap(world, a):
    old = of(a.members[7])
    span = {"kind": "aged_infirm", "start_on": TODAY, "end_on": date(2026, 12, 1)}
    actions.exempt_member(by=a.secretary, member=old, now=NOW, **span)
    with refused("已有豁免"):
        actions.exempt_member(by=a.secretary, member=old, now=NOW, **span)
    with refused("止日要晚于起日"):
        actions.exempt_member(by=a.secretary, member=old, now=NOW, kind="other", start_on=TODAY, end_on=TODAY)
    (due,) = [row for row in queries.structure([a.pk]).members_due(a.pk, TODAY) if row.is_exempt]
    assert (due.person_id, due.is_voter) == (old.person_id, True)


def test_the_way_into_the_party_keeps_its_days(world, a):
    member = enrol(world, a, status="applicant", confirmed_on=None)
    for status in ("activist", "candidate"):
        actions.change_status(by=world.office, member=member, status=status, on=TODAY, now=NOW)
    assert queries.structure([a.pk]).full_count(a.pk, TODAY) == 12
    member = actions.change_status(by=world.office, member=member, status="probationary", on=TODAY, now=NOW)
    assert (member.admitted_on, member.probation_end) == (TODAY, date(2027, 6, 12))
    with refused("不能早于接收日期"):
        actions.confirm_member(by=world.office, member=member, on=date(2026, 6, 11), now=NOW)
    member = actions.confirm_member(by=world.office, member=member, on=date(2027, 6, 12), now=moment("2027-06-12"))
    whole = queries.structure([a.pk])
    assert [whole.full_count(a.pk, day) for day in (date(2027, 6, 11), date(2027, 6, 12))] == [12, 13]


def test_a_suspended_member_does_not_count_until_he_is_restored(world, a):
    somebody = of(a.members[3])
    somebody = actions.change_status(by=world.office, member=somebody, status="suspended", on=TODAY, now=NOW)
    assert queries.structure([a.pk]).full_count(a.pk, TODAY) == 11
    actions.change_status(by=world.office, member=somebody, status="full", on=TODAY, now=NOW)
    assert queries.structure([a.pk]).full_count(a.pk, TODAY) == 12


def test_a_sanction_says_since_when(world, a):
    with refused("处分要写明起日"):
        actions.sanction_member(
            by=world.office, member=of(a.members[3]), sanction="warning", start_on=None, end_on=None, now=NOW
        )


def test_a_person_sees_himself_and_the_members_of_branches_in_his_charge(world, a):
    other = make.branch(world, "机关党支部")
    make.grant(a.members[9], Role.MEMBER, a.unit)
    plain = type(a.secretary).objects.get(pk=a.members[9].pk)
    assert [row.person for row in PartyMember.objects.visible_to(plain)] == [plain]
    assert PartyMember.objects.visible_to(a.secretary).count() == 12
    assert not PartyMember.objects.visible_to(a.secretary).filter(person=other.secretary).exists()
    assert PartyMember.objects.visible_to(world.office).count() == 24
    assert list(PartyBranch.objects.visible_to(plain)) == [a.row]


def test_the_list_of_branches_takes_a_constant_number_of_queries(world, django_assert_max_num_queries):
    make.branch(world, full=7, committee=False)
    office = type(world.office).objects.get(pk=world.office.pk)
    with django_assert_max_num_queries(7):
        rows = queries.summaries(office, TODAY)
    assert [(row.full, row.has_committee, row.committee_missing) for row in rows if not row.branch.is_general] == [
        (7, False, True)
    ]
    for n in range(3):
        make.branch(world, f"第{n}党支部", groups=2, probationary=1)
    office = type(world.office).objects.get(pk=world.office.pk)
    with django_assert_max_num_queries(7):
        assert len(queries.summaries(office, TODAY)) == Unit.objects.filter(tree=Tree.PARTY).count()


def test_probation_is_extended_once_by_half_a_year_to_a_year(world, a):
    member = enrol(world, a, status="probationary", admitted_on=date(2025, 6, 1), confirmed_on=None)

    def extend(until):
        return actions.change_status(
            by=world.office, member=member, status="extended", on=date(2026, 6, 2), until=until, now=NOW
        )

    for until in (None, date(2026, 11, 30), date(2027, 6, 2)):
        with refused("延长到2026-12-01至2027-06-01之间"):
            extend(until)
    longer = extend(date(2026, 12, 1))
    assert (longer.status, longer.probation_end) == ("extended", date(2026, 12, 1))
    with refused("延长预备期不能直接变为延长预备期，可以变为：去世、取消预备党员资格、正式党员"):
        extend(date(2027, 6, 1))
    (row,) = [one for one in queries.structure([a.pk]).belongings(a.pk, TODAY) if one.member_id == member.pk]
    assert not row.is_full(TODAY)
    full = actions.confirm_member(by=world.office, member=longer, on=date(2026, 12, 1), now=moment("2026-12-01"))
    assert full.confirmed_on == date(2026, 12, 1)


@pytest.mark.parametrize("status", ["removed", "deceased"])
def test_whoever_is_gone_leaves_his_branch_and_his_office(world, a, status):
    somebody = of(a.members[1])
    actions.change_status(by=world.office, member=somebody, status=status, on=TODAY, now=NOW)
    assert queries.branch_of(somebody.person_id, date(2026, 6, 11)) == a.pk
    assert queries.branch_of(somebody.person_id, TODAY) is None
    assert CommitteeSeat.objects.get(person=somebody.person).end_on == TODAY
    assert queries.roster(a.row, TODAY)[0].member.person == a.members[0] and len(queries.roster(a.row, TODAY)) == 11


def test_a_probationary_member_is_cancelled_and_not_removed(world, a):
    member = enrol(world, a, status="probationary", admitted_on=date(2025, 6, 1), confirmed_on=None, start_on=NEW_YEAR)
    with refused("可以变为：去世、取消预备党员资格、延长预备期、正式党员"):
        actions.change_status(by=world.office, member=member, status="removed", on=TODAY, now=NOW)
    actions.change_status(by=world.office, member=member, status="cancelled", on=TODAY, now=NOW)
    assert queries.branch_of(member.person_id, TODAY) is None


def test_a_step_is_entered_when_its_day_has_come(world, a):
    with refused("日期还没有到"):
        actions.change_status(
            by=world.office, member=of(a.members[3]), status="suspended", on=date(2026, 6, 13), now=NOW
        )


def test_an_exemption_is_looked_at_every_half_year(world, a):
    old = of(a.members[7])
    row = actions.exempt_member(by=a.secretary, member=old, now=NOW, kind="aged_infirm", start_on=TODAY, end_on=None)
    duty = Obligation.objects.get(rule="party.exemption")
    assert (duty.title, duty.post) == (f"复核豁免：{old.person.name}年老体弱", Role.BRANCH_SECRETARY)
    assert timezone.localdate(duty.due_at) == date(2026, 12, 12)
    actions.review_exemption(by=a.secretary, exemption=row, now=moment("2026-12-10"))
    duty.refresh_from_db()
    assert (duty.state, timezone.localdate(duty.due_at)) == (ObligationState.OPEN, date(2027, 6, 10))
    with refused("止日要晚于起日"):
        actions.review_exemption(by=a.secretary, exemption=row, end_on=TODAY, now=moment("2027-06-01"))
    actions.review_exemption(by=a.secretary, exemption=row, end_on=date(2027, 6, 1), now=moment("2027-06-01"))
    duty.refresh_from_db()
    assert duty.state == ObligationState.VOID
    assert not queries.structure([a.pk]).is_exempt(old.pk, date(2027, 6, 1))
    with refused(kind=NotAllowed):
        actions.review_exemption(by=a.members[3], exemption=row, now=NOW)
