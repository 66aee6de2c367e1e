"""What branches owe: the scenarios of the requirement engine with their numbers."""

from datetime import date

import pytest

from brigade import workflow
from brigade.indicators.actions import drain
from brigade.indicators.models import Figure
from brigade.obligations.models import Obligation
from brigade.obligations.queries import rungs_reached
from brigade.obligations.rules import RULES
from brigade.obligations.states import ObligationState as O
from brigade.org.states import Role
from partybuilding.branches import actions as branches
from partybuilding.branches.models import PartyMember
from partybuilding.meetings import actions, queries, rules
from partybuilding.meetings.models import Leave
from tests.brigade.org.factories import grant
from tests.partybuilding import factories as make
from tests.partybuilding.factories import moment, span

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make.world()


def owed(rule, subject, period):
    return Obligation.objects.get(rule=f"party.{rule}", subject=str(subject), period=period)


def settle(day, clock="00:10"):
    workflow.settle(now=moment(day, clock))


def known_since(where, day="2026-01-05"):
    """The portal is in use since then."""
    return make.held(where, day, "TD")


def test_1_a_meeting_on_the_last_day_confirmed_three_days_later_meets_the_quarter(world):
    a = make.branch(world)
    known_since(a)
    settle("2026-06-29")
    assert owed("MM", a.pk, "2026-Q2").state == O.OPEN
    meeting = make.recorded(a, "2026-06-30", "MM")
    settle("2026-07-01")
    assert owed("MM", a.pk, "2026-Q2").state == O.MISSED
    meeting = actions.confirm_meeting(by=a.secretary, meeting=meeting, now=moment("2026-07-03"))
    duty = owed("MM", a.pk, "2026-Q2")
    assert (duty.state, duty.count, duty.met_id) == (O.MET, 1, str(meeting.pk))
    assert not meeting.record_late
    assert queries.record_deadline(meeting.held_on).date == date(2026, 7, 7)


def test_1_confirming_a_day_after_the_deadline_still_meets_it_and_is_marked_late(world):
    a = make.branch(world)
    meeting = make.held(a, "2026-06-30", "MM", confirmed="2026-07-08")
    assert meeting.record_late
    duty = owed("MM", a.pk, "2026-Q2")
    assert (duty.state, duty.reason) == (O.MET, "记录超过5个工作日")


def test_1_the_deadline_to_confirm_stands_among_the_duties_of_the_chair(world):
    a = make.branch(world)
    meeting = make.recorded(a, "2026-06-30", "MM")
    duty = Obligation.objects.get(rule="party.confirm", subject=str(meeting.pk))
    assert (duty.state, duty.person) == (O.OPEN, a.secretary)
    assert duty.due_at.astimezone(meeting.starts_at.tzinfo).date() == date(2026, 7, 7)
    actions.confirm_meeting(by=a.secretary, meeting=meeting, now=moment("2026-07-03"))
    duty.refresh_from_db()
    assert duty.state == O.MET


def test_a_duty_whose_record_waits_to_be_confirmed_leads_to_it_and_not_to_a_second_one(world):
    a = make.branch(world)
    settle("2026-06-20")
    duty = owed("MM", a.pk, "2026-Q2")
    assert RULES["party.MM"].action(duty)[0] == "去记录"
    meeting = make.recorded(a, "2026-06-20", "MM")
    duty.refresh_from_db()
    assert (duty.state, duty.count, duty.reason) == (O.OPEN, 0, "已有记录，等主持人确认")
    assert RULES["party.MM"].action(duty) == ("看记录", meeting.get_absolute_url())
    actions.void_meeting(by=a.recorder, meeting=meeting, reason="记错支部", now=moment("2026-06-21"))
    duty.refresh_from_db()
    assert (duty.reason, RULES["party.MM"].action(duty)[0]) == ("", "去记录")


def test_2_a_meeting_on_the_next_day_counts_for_the_next_quarter_only(world):
    a = make.branch(world)
    known_since(a)
    make.held(a, "2026-07-01", "MM")
    settle("2026-07-02")
    assert owed("MM", a.pk, "2026-Q2").state == O.MISSED
    assert owed("MM", a.pk, "2026-Q3").count == 1


def test_2_moving_the_day_of_a_reopened_record_moves_its_quarter(world):
    a = make.branch(world)
    known_since(a)
    meeting = make.held(a, "2026-06-30", "MM")
    now = moment("2026-07-02")
    meeting = actions.reopen_meeting(by=a.secretary, meeting=meeting, reason="日期填错", now=now)
    assert owed("MM", a.pk, "2026-Q2").state == O.MISSED
    meeting = actions.edit_meeting(
        by=a.recorder, meeting=meeting, sheet=make.sheet(a, "2026-07-01", "MM"), version=meeting.version, now=now
    )
    actions.confirm_meeting(by=a.secretary, meeting=meeting, now=now)
    assert owed("MM", a.pk, "2026-Q2").state == O.MISSED
    assert owed("MM", a.pk, "2026-Q3").state == O.MET


def test_the_warning_begins_ten_days_before_a_quarter_and_five_before_a_month_ends(world):
    a = make.branch(world)
    known_since(a)
    settle("2026-06-01")
    quarter, month = owed("MM", a.pk, "2026-Q2"), owed("TD", a.pk, "2026-06")
    assert not quarter.is_warning(moment("2026-06-19", "23:59"))
    assert quarter.is_warning(moment("2026-06-20", "00:00"))
    assert not month.is_warning(moment("2026-06-24", "23:59"))
    assert month.is_warning(moment("2026-06-25", "00:00"))


def test_4_a_cancelled_meeting_counts_for_nothing(world):
    a = make.branch(world)
    known_since(a)
    meeting = actions.plan_meeting(by=a.recorder, sheet=make.sheet(a, "2026-06-26", "MM"), now=moment("2026-06-20"))
    meeting = actions.notify_meeting(by=a.recorder, meeting=meeting, now=moment("2026-06-20"))
    actions.cancel_meeting(by=a.recorder, meeting=meeting, reason="中考安保", now=moment("2026-06-25"))
    settle("2026-07-01")
    duty = owed("MM", a.pk, "2026-Q2")
    assert (duty.state, duty.count) == (O.MISSED, 0)


def approved_waiver(world, where, requirement="MM", period="2026-Q2", now="2026-06-26"):
    waiver = actions.ask_waiver(
        by=where.secretary, unit=where.unit, requirement=requirement, period=period, reason="中考安保",
        now=moment(now),
    )  # fmt: skip
    return actions.approve_waiver(by=world.general_secretary, waiver=waiver, now=moment(now, "16:00"))


def test_5_a_waiver_keeps_the_quarter_from_failing(world):
    a = make.branch(world)
    known_since(a)
    for month in (4, 5, 6):
        make.held(a, f"2026-{month:02}-10", "CM", "TD")
    make.held(a, "2026-06-12", "PL")
    approved_waiver(world, a)
    settle("2026-07-01")
    duty = owed("MM", a.pk, "2026-Q2")
    assert (duty.state, duty.reason) == (O.WAIVED, "总支批准豁免")
    (result,) = queries.quarter_results([a.pk], "2026-Q2", moment("2026-07-01"))
    assert result.state == O.MET


def test_a_waiver_asked_is_a_duty_of_the_general_secretary_until_it_is_decided(world):
    a = make.branch(world)
    waiver = actions.ask_waiver(
        by=a.secretary, unit=a.unit, requirement="GM", period="2026-06", reason="国庆安保", now=moment("2026-06-22")
    )
    duty = Obligation.objects.get(rule="party.waiver", subject=str(waiver.pk))
    assert (duty.unit_id, duty.post, duty.state) == (world.general.pk, Role.GENERAL_SECRETARY, O.OPEN)
    assert duty.due_at.astimezone(moment("2026-06-01").tzinfo).date() == date(2026, 6, 25)
    actions.return_waiver(by=world.political_officer, waiver=waiver, reason="可以补开", now=moment("2026-06-23"))
    duty.refresh_from_db()
    assert duty.state == O.MET


def test_a_waiver_of_group_meetings_is_for_every_group(world):
    a = make.branch(world, groups=2)
    known_since(a)
    approved_waiver(world, a, "GM", "2026-06")
    settle("2026-07-01")
    assert {owed("GM", group.pk, "2026-06").state for group in a.groups} == {O.WAIVED}


def test_7_a_branch_that_reaches_seven_owes_a_committee_and_after_ninety_days_its_meetings(world):
    b = make.branch(world, "农村一中队党支部", full=6, probationary=1, committee=False)
    known_since(b, "2026-05-05")
    settle("2026-05-06")
    assert owed("CM", b.pk, "2026-05").reason == "未设支委会"
    last = PartyMember.objects.get(person=b.members[-1])
    branches.confirm_member(by=world.office, member=last, on=date(2026, 5, 20), now=moment("2026-05-20"))
    todo = Obligation.objects.get(rule="party.committee", subject=str(b.pk))
    assert (todo.title, todo.state) == ("农村一中队党支部应设立支委会", O.OPEN)
    assert todo.due_at.astimezone(moment("2026-05-20").tzinfo).date() == date(2026, 8, 18)
    for month in ("2026-06", "2026-07", "2026-08"):
        settle(f"{month}-02")
        duty = owed("CM", b.pk, month)
        assert (duty.state, duty.reason) == (O.NOT_APPLICABLE, "未设支委会；正式党员已满7人，应设立")
    settle("2026-09-01")
    duty = owed("CM", b.pk, "2026-09")
    assert (duty.state, duty.reason) == (O.OPEN, "应设未设支委会")
    settle("2026-10-01")
    assert owed("CM", b.pk, "2026-09").state == O.MISSED


def test_7_electing_the_committee_settles_the_duty(world):
    b = make.branch(world, full=7, committee=False)
    settle("2026-05-06")
    seats = list(zip(b.members[:3], ["secretary", "organisation", "discipline"], strict=True))
    branches.seat_committee(
        by=world.office, branch=b.row, seats=seats, start_on=date(2026, 5, 10), now=moment("2026-05-10")
    )
    assert Obligation.objects.get(rule="party.committee", subject=str(b.pk)).state == O.MET


def test_8_each_group_is_counted_and_a_branch_without_groups_shows_nothing(world):
    c, plain = make.branch(world, groups=3), make.branch(world, "机关党支部")
    known_since(c)
    for group in c.groups[:2]:
        make.held(c, "2026-05-12", spans=(span("GM", "2026-05-12", group_id=group.pk),))
    settle("2026-06-01")
    assert [owed("GM", group.pk, "2026-05").state for group in c.groups] == [O.MET, O.MET, O.MISSED]
    table = queries.matrix(world.office, 2026, "GM", moment("2026-06-01"))
    (item,) = table.cell(c.pk, 5).items
    assert (item.count, item.needed, item.state) == (2, 3, O.MISSED)
    assert table.cell(plain.pk, 5).items == ()


def test_38_the_rate_of_the_branches_leaves_waived_cells_out(world):
    eight = [make.branch(world, f"第{n}党支部", full=7) for n in range(8)]
    known_since(eight[0])
    for where in eight[:6]:
        make.held(where, "2026-06-10", "MM")
    approved_waiver(world, eight[6])
    settle("2026-07-01")
    drain(now=moment("2026-07-01"))
    table = queries.matrix(world.office, 2026, "MM", moment("2026-07-01"))
    june = [table.cell(where.pk, 6).items[0].state for where in eight]
    assert rules.share(june).rate == rules.percent(6, 7)
    rows = Figure.objects.filter(indicator="party.compliance", day=date(2026, 6, 30), unit__in=[w.pk for w in eight])
    missed = {row.unit_id for row in rows if row.value < row.base}
    assert eight[7].pk in missed


def test_46_the_general_branch_owes_a_meeting_each_month_and_none_offsets_another(world):
    a = make.branch(world)
    known_since(a)
    settle("2026-06-01")
    assert owed("GB", world.general.pk, "2026-05").state == O.MISSED
    for day in ("2026-05-29", "2026-05-30"):
        held_by_general(world, day, "GB")
    assert (owed("GB", world.general.pk, "2026-05").state, owed("GB", world.general.pk, "2026-05").count) == (O.MET, 2)
    settle("2026-07-01")
    assert owed("GB", world.general.pk, "2026-06").state == O.MISSED


def held_by_general(world, day, *kinds, **fields):
    where = world.general
    secretary = world.general_secretary
    meeting = actions.record_meeting(
        by=secretary, sheet=make.sheet(where, day, *kinds, **fields), now=moment(day, "17:00")
    )
    return actions.confirm_meeting(by=secretary, meeting=meeting, now=moment(day, "18:00"))


def test_47_an_assembly_counts_for_the_branches_whose_roll_was_called(world):
    eight = [make.branch(world, f"第{n}党支部", full=3, committee=False) for n in range(8)]
    settle("2026-06-17")
    held_by_general(world, "2026-06-18", "MM", branches=tuple(where.pk for where in eight[:7]))
    states = [owed("MM", where.pk, "2026-Q2").state for where in eight]
    assert states == [O.MET] * 7 + [O.OPEN]


def test_47_reopening_the_assembly_takes_it_back_from_every_branch(world):
    two = [make.branch(world, f"第{n}党支部", full=3, committee=False) for n in range(2)]
    meeting = held_by_general(world, "2026-06-18", "MM", branches=tuple(where.pk for where in two))
    actions.reopen_meeting(by=world.general_secretary, meeting=meeting, reason="名单有误", now=moment("2026-06-19"))
    assert {owed("MM", where.pk, "2026-Q2").state for where in two} == {O.OPEN}


def test_a_branch_founded_within_the_period_owes_nothing_for_it(world):
    a = make.branch(world)
    known_since(a)
    young = make.branch(world, "科技宣传党支部", since=date(2026, 4, 10))
    settle("2026-05-02")
    duty = owed("TD", young.pk, "2026-04")
    assert (duty.state, duty.reason) == (O.NOT_APPLICABLE, "期初尚未成立")
    assert owed("TD", young.pk, "2026-05").state == O.OPEN
    assert not Obligation.objects.filter(rule="party.TD", subject=str(young.pk), period="2026-03").exists()


def test_settling_again_changes_nothing(world):
    make.branch(world, groups=2)
    settle("2026-05-06")
    before = list(Obligation.objects.order_by("pk").values_list("state", "changed_at"))
    settle("2026-05-06", "03:00")
    assert list(Obligation.objects.order_by("pk").values_list("state", "changed_at")) == before


def test_settling_asks_a_constant_number_of_questions(world, django_assert_max_num_queries):
    for n in range(4):
        make.branch(world, f"第{n}党支部", groups=2)
    with django_assert_max_num_queries(45):
        settle("2026-05-06")


def test_a_meeting_that_never_was_in_the_portal_leaves_no_red_past(world):
    make.branch(world)
    settle("2026-05-06")
    assert not Obligation.objects.filter(state=O.MISSED).exists()


def test_a_decision_is_a_duty_of_its_owner_until_it_is_finished_or_dropped(world):
    a = make.branch(world)
    owner = a.members[4]
    topics = tuple(
        rules.Topic("deliberate", f"议题{n}", tasks=(rules.Task(f"事{n}", owner.pk, date(2026, 6, 20)),))
        for n in range(2)
    )
    meeting = make.recorded(a, "2026-06-10", "TD", topics=topics)
    first, second = meeting.decisions.order_by("title")
    duty = Obligation.objects.get(rule="party.decision", subject=str(first.pk))
    assert (duty.person, duty.state, duty.title) == (owner, O.OPEN, "事0")
    actions.finish_decision(by=owner, decision=first, result="已办", now=moment("2026-06-15"))
    actions.drop_decision(by=a.secretary, decision=second, reason="合并办理", now=moment("2026-06-15"))
    states = dict(Obligation.objects.filter(rule="party.decision").values_list("title", "state"))
    assert states == {"事0": O.MET, "事1": O.VOID}


def told_of_may_theme_day(day):
    """Who hears of May's theme day on that morning."""
    rungs = rungs_reached(moment(day, "08:30"))
    return {
        person
        for person, some in rungs.items()
        for r in some
        if (r.obligation.rule, r.obligation.period) == ("party.TD", "2026-05")
    }


def test_the_ladder_tells_secretary_and_recorder_on_the_20th_and_the_office_when_the_month_is_over(world):
    a = make.branch(world)
    grant(world.office, Role.PARTY_OFFICE, world.general.unit)
    settle("2026-05-06")
    assert told_of_may_theme_day("2026-05-19") == set()
    assert told_of_may_theme_day("2026-05-20") == {a.recorder, a.secretary}
    settle("2026-06-01")
    assert told_of_may_theme_day("2026-06-01") == {a.recorder, a.secretary, world.office, world.general_secretary}


def test_every_duty_leads_to_where_it_is_done(world, client):
    a = make.branch(world, groups=1)
    small = make.branch(world, "农村一中队党支部", full=7, committee=False)
    meeting = make.recorded(a, "2026-05-04", "TD", absent=1)
    actions.file_leave(
        by=a.members[1],
        meeting=meeting,
        person=a.members[1],
        kind="leave_duty",
        reason="执勤",
        now=moment("2026-05-05"),
    )
    actions.ask_waiver(
        by=a.secretary, unit=a.unit, requirement="MM", period="2026-Q2", reason="安保", now=moment("2026-05-05")
    )
    settle("2026-05-06")
    client.force_login(world.general_secretary)
    duties = Obligation.objects.filter(state=O.OPEN)
    assert {row.rule for row in duties} >= {"party.GM", "party.MM", "party.confirm", "party.leave", "party.waiver"}
    assert duties.get(rule="party.committee").unit_id == small.pk
    for row in duties:
        label, address = RULES[row.rule].action(row)
        assert label
        assert client.get(address).status_code == 200, address


def leave_duty_of(branch, person):
    plan = actions.plan_meeting(
        by=branch.recorder, sheet=make.sheet(branch, "2026-05-12", "TD"), now=moment("2026-05-04")
    )
    meeting = actions.notify_meeting(by=branch.recorder, meeting=plan, now=moment("2026-05-04"))
    actions.file_leave(
        by=person, meeting=meeting, person=person, kind="leave_duty", reason="执勤", now=moment("2026-05-05")
    )
    return Obligation.objects.get(rule="party.leave")


def test_leave_is_decided_by_the_secretary(world):
    a = make.branch(world)
    duty = leave_duty_of(a, a.members[-2])
    assert (duty.unit, duty.post) == (a.unit, Role.BRANCH_SECRETARY)


def test_leave_is_decided_before_the_meeting_begins(world):
    a = make.branch(world)
    duty = leave_duty_of(a, a.members[-2])
    meeting = Leave.objects.get().meeting
    assert duty.due_at == meeting.starts_at
    assert duty.title == f"批假：{a.members[-2].name}，{meeting.title}"
    someone = a.members[-3]
    actions.file_leave(
        by=someone, meeting=meeting, person=someone, kind="leave_sick", reason="发烧", now=moment("2026-05-12", "08:00")
    )
    last = Obligation.objects.filter(rule="party.leave").order_by("pk").last()
    assert last.due_at == moment("2026-05-13", "23:59:59.999999")


def test_the_secretary_s_own_leave_is_decided_by_the_general_secretary(world):
    a = make.branch(world)
    duty = leave_duty_of(a, a.secretary)
    assert (duty.unit, duty.post) == (world.general.unit, Role.GENERAL_SECRETARY)


def test_the_recorder_finds_what_he_has_to_record_and_the_secretary_keeps_it(world):
    a, b = make.branch(world), make.branch(world, "机关党支部", full=3, committee=False)
    known_since(a)
    settle("2026-06-10")
    for who in (a.recorder, a.secretary):
        duties = Obligation.objects.open().begun(moment("2026-06-10")).for_person(who)
        assert {row.rule for row in duties} == {"party.MM", "party.CM", "party.PL", "party.TD"}
    assert not Obligation.objects.for_person(a.members[2]).exists()
    assert not Obligation.objects.for_person(b.recorder).filter(unit=a.pk).exists()
    told = rungs_reached(moment("2026-06-23", "08:30"))
    assert {rung.obligation.rule for rung in told[a.recorder]} == {rung.obligation.rule for rung in told[a.secretary]}


def test_to_confirm_is_the_business_of_the_chair_and_not_of_the_recorder(world):
    a = make.branch(world)
    make.recorded(a, "2026-06-10", "TD")
    assert not Obligation.objects.for_person(a.recorder).filter(rule="party.confirm").exists()
    assert Obligation.objects.for_person(a.secretary).filter(rule="party.confirm").exists()
