"""五必: the numbers of the rule, and what the records of a branch come to in a month."""

from datetime import date

import pytest

from brigade.kit.clocks import parse_period
from brigade.obligations.states import ObligationState as O
from partybuilding.meetings.rules import Directive, Learner, MonthOfStudy, MustLimits, five_musts, not_passed
from partybuilding.meetings.states import Must

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
