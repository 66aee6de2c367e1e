"""五必: the numbers of the rule, and what the records of a branch come to in a month."""

from datetime import date

import pytest

from brigade.kit.clocks import parse_period
from brigade.obligations.states import ObligationState as O
from partybuilding.meetings import actions, queries
from partybuilding.meetings.rules import Directive, Learner, Mark, MonthOfStudy, MustLimits, five_musts, not_passed
from partybuilding.meetings.states import Must
from tests.partybuilding import factories as make
from tests.partybuilding.factories import moment, span
from tests.partybuilding.meetings.actions.days import basket_day

pytestmark = pytest.mark.django_db
MAY, JUNE = parse_period("2026-05"), parse_period("2026-06")
LIMITS = MustLimits()
STUDIED = date(2026, 5, 15)
ON_TIME = tuple(Directive(f"通报{n}", date(2026, 5, 20), date(2026, 5, 18)) for n in range(3))


def learners(*tries):
    """Fifteen passed, two made it up, and one whose tries at the quiz these are."""
    passed = [Learner(f"党员{n}", (STUDIED,), ((STUDIED, 80),)) for n in range(15)]
    made_up = [Learner(f"补课{n}", (date(2026, 5, 28),), ((date(2026, 5, 28), 60),)) for n in range(2)]
    return (*passed, *made_up, Learner("田建军", (STUDIED,), ((STUDIED, 55), *tries)))


def may(**fields):
    values = {
        "month": MAY, "longest_study": 30, "lectures": 1, "directives": ON_TIME, "planned": 4, "covered": 4,
        "learners": learners(),
    }  # fmt: skip
    return MonthOfStudy(**(values | fields))


def stand(found, must, today="2026-06-20"):
    results = five_musts(found, LIMITS, date.fromisoformat(today)).results
    return next(result for result in results if result.must == must)


def test_34_one_who_failed_the_quiz_leaves_the_branch_at_four_of_five():
    found = may()
    five = five_musts(found, LIMITS, date(2026, 6, 1))
    result = stand(found, Must.PASS, "2026-06-01")
    assert (five.met, five.text) == (4, "4/5")
    assert (result.done, result.needed, str(result.rate)) == (17, 18, "94.4")
    assert (result.state, result.note) == (O.OPEN, "6月10日前补课")
    assert not_passed(found, LIMITS) == ["田建军"]
    assert stand(found, Must.PASS, "2026-06-11").state == O.MISSED


def test_34_a_second_try_counts_until_ten_days_after_the_month():
    assert five_musts(may(learners=learners((date(2026, 6, 8), 72))), LIMITS, date(2026, 6, 9)).text == "5/5"
    assert five_musts(may(learners=learners((date(2026, 6, 10), 72))), LIMITS, date(2026, 6, 12)).text == "5/5"
    late = five_musts(may(learners=learners((date(2026, 6, 11), 72))), LIMITS, date(2026, 6, 12))
    assert (late.text, late.state) == ("4/5", O.MISSED)


def test_34_with_no_directive_due_conveying_does_not_apply_and_counts_as_met():
    five = five_musts(may(directives=()), LIMITS, date(2026, 6, 1))
    assert (five.met, five.not_applicable, five.text) == (4, 1, "4/5（不适用1）")


def test_35_conveyed_two_days_late():
    rows = (*ON_TIME[:2], Directive("纪律教育通报", date(2026, 5, 20), date(2026, 5, 22)))
    result = stand(may(directives=rows), Must.CONVEY)
    assert (result.state, result.done, result.needed, str(result.rate)) == (O.MISSED, 2, 3, "66.7")
    assert result.note == "纪律教育通报逾期传达2天"


def test_what_is_not_conveyed_yet_is_open_until_its_day_and_late_afterwards():
    rows = (Directive("纪律教育通报", date(2026, 5, 20)),)
    assert stand(may(directives=rows), Must.CONVEY, "2026-05-20").state == O.OPEN
    late = stand(may(directives=rows), Must.CONVEY, "2026-05-23")
    assert (late.state, late.note) == (O.MISSED, "纪律教育通报逾期3天未传达")


def test_without_a_plan_covering_it_does_not_apply():
    assert (stand(may(planned=0, covered=0), Must.COVER).state) == O.NOT_APPLICABLE
    assert stand(may(planned=0, covered=0), Must.COVER).note == "无计划"
    assert stand(may(covered=3), Must.COVER).state == O.MISSED
    assert stand(may(covered=3), Must.COVER, "2026-05-20").state == O.OPEN


@pytest.mark.parametrize("minutes, state", [(29, O.MISSED), (30, O.MET)])
def test_study_takes_thirty_minutes_at_one_stretch(minutes, state):
    assert stand(may(longest_study=minutes), Must.STUDY).state == state


def test_a_lesson_that_is_missing_is_asked_for_in_the_last_month_of_the_quarter():
    assert stand(may(lectures=0), Must.LECTURE).state == O.NOT_APPLICABLE
    june = MonthOfStudy(month=JUNE)
    assert stand(june, Must.LECTURE, "2026-06-30").state == O.OPEN
    assert stand(june, Must.LECTURE, "2026-07-01").state == O.MISSED
    assert stand(MonthOfStudy(month=JUNE, lectures=1), Must.LECTURE).state == O.MET


def test_a_month_that_runs_still_is_not_lost():
    five = five_musts(MonthOfStudy(month=MAY), LIMITS, date(2026, 5, 3))
    assert (five.state, five.text) == (O.OPEN, "4/5（不适用4）")
    assert five_musts(MonthOfStudy(month=MAY), LIMITS, date(2026, 6, 1)).state == O.MISSED


# What the records come to


@pytest.fixture
def world():
    return make.world()


@pytest.fixture
def a(world):
    return make.branch(world, full=18)


def month_of(branch, code, now, must=None):
    period = parse_period(code)
    cell = queries.five_musts([branch.row], [period], moment(now))[branch.pk, code]
    return cell if must is None else next(row for row in cell.five.results if row.must == must)


def test_43_one_basket_day_stands_in_the_five(a):
    meeting = actions.record_meeting(by=a.recorder, sheet=basket_day(a, absent=1), now=moment("2026-05-15", "17:30"))
    assert month_of(a, "2026-05", "2026-05-16").state == "open"
    meeting = actions.confirm_meeting(by=a.secretary, meeting=meeting, now=moment("2026-05-15", "18:00"))
    cell = month_of(a, "2026-05", "2026-05-16")
    assert cell.five.text == "4/5（不适用2）"
    assert {row.must: row.state for row in cell.five.results} == {
        Must.STUDY: O.MET,
        Must.LECTURE: O.MET,
        Must.CONVEY: O.NOT_APPLICABLE,
        Must.COVER: O.NOT_APPLICABLE,
        Must.PASS: O.OPEN,
    }
    assert [study.meeting_id for study in cell.behind(Must.STUDY)] == [str(meeting.pk)]
    assert cell.not_passed == (a.members[1].name,)


@pytest.mark.parametrize(
    "on, text, state", [("2026-06-10", "5/5（不适用3）", "met"), ("2026-06-11", "4/5（不适用3）", "missed")]
)
def test_34_whoever_was_away_makes_it_up_within_ten_days_of_the_month(a, on, text, state):
    meeting = make.held(a, "2026-05-15", "ST", absent=1)
    actions.make_up(
        by=a.secretary, meeting=meeting, people=[a.members[1].pk], on=date.fromisoformat(on), now=moment(on)
    )
    cell = month_of(a, "2026-05", "2026-06-12")
    assert (cell.five.text, cell.state) == (text, state)


def test_a_lesson_of_somebody_else_is_none_of_the_secretary(a):
    make.held(a, "2026-06-10", spans=(span("PL", "2026-06-10", lecturer_id=a.members[3].pk),))
    assert month_of(a, "2026-06", "2026-06-11", Must.LECTURE).state == O.OPEN
    make.held(a, "2026-06-11", "PL")
    assert month_of(a, "2026-06", "2026-06-12", Must.LECTURE).state == O.MET


def test_a_lesson_counts_for_the_later_months_of_its_quarter_and_no_other(a):
    make.held(a, "2026-04-20", "PL")
    states = [month_of(a, f"2026-0{n}", "2026-07-20", Must.LECTURE).state for n in (4, 5, 6, 7)]
    assert states == [O.MET, O.MET, O.MET, O.NOT_APPLICABLE]


def test_an_assembly_is_study_of_each_branch_whose_roll_was_called(world, a):
    b = make.branch(world, "机关党支部", full=3, committee=False)
    sheet = make.sheet(world.general, "2026-05-15", "ST", branches=(a.pk,))
    meeting = actions.record_meeting(by=world.office, sheet=sheet, now=moment("2026-05-15", "17:30"))
    actions.confirm_meeting(by=world.general_secretary, meeting=meeting, now=moment("2026-05-15", "18:00"))
    assert month_of(a, "2026-05", "2026-06-20", Must.STUDY).state == O.MET
    assert month_of(a, "2026-05", "2026-06-20", Must.PASS).needed == 18
    assert month_of(b, "2026-05", "2026-06-20", Must.STUDY).state == O.MISSED


def test_whoever_is_exempt_need_not_pass_and_what_is_void_is_no_study(a):
    marks = (Mark(a.members[1].pk, "exempt"),)
    meeting = make.held(a, "2026-05-15", "ST", marks=marks)
    assert month_of(a, "2026-05", "2026-05-16", Must.PASS).needed == 17
    meeting = actions.reopen_meeting(by=a.secretary, meeting=meeting, reason="记错支部", now=moment("2026-05-16"))
    actions.void_meeting(by=a.recorder, meeting=meeting, reason="记错支部", now=moment("2026-05-16"))
    assert month_of(a, "2026-05", "2026-06-20", Must.STUDY).state == O.MISSED


def test_before_the_first_record_and_before_its_founding_a_branch_owes_nothing(world, a):
    make.held(a, "2026-03-10", "ST")
    young = make.branch(world, "科技宣传党支部", since=date(2026, 4, 10))
    assert month_of(a, "2026-02", "2026-05-01").absent == "启用前没有记录"
    assert month_of(a, "2026-08", "2026-05-01").state == "future"
    assert month_of(young, "2026-04", "2026-05-01").absent == "期初尚未成立"


def test_the_panel_shows_beforehand_what_the_record_does_to_the_five(a):
    found = queries.preview(basket_day(a, absent=3), now=moment("2026-05-15", "17:30"))
    assert (found.musts.met, found.musts.said) == (4, "研学、讲课已落实；过关15/18，6月10日前补课")
    quiet = queries.preview(make.sheet(a, "2026-05-15", "DL"), now=moment("2026-05-15", "17:30"))
    assert quiet.musts is None


def test_the_form_of_a_year_takes_a_constant_number_of_queries(world, django_assert_num_queries):
    now = moment("2026-05-20")
    for n in range(2):
        make.held(make.branch(world, f"第{n}党支部"), "2026-05-15", "PL")
    office = type(world.office).objects.get(pk=world.office.pk)
    with django_assert_num_queries(7):
        queries.must_table(office, 2026, now)
    for n in range(2, 6):
        branch = make.branch(world, f"第{n}党支部")
        make.held(branch, "2026-05-14", "ST")
        make.held(branch, "2026-05-15", "PL")
    office = type(world.office).objects.get(pk=world.office.pk)
    with django_assert_num_queries(7):
        queries.must_table(office, 2026, now)
