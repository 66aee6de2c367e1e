"""When a report is due, what is compared with what, and when a difference is more than chance."""

from datetime import date
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brigade.indicators.rules import FIGURES
from brigade.kit.clocks import Calendar, parse_period
from brigade.kit.refusals import Refused
from brigade.reports import rules
from brigade.reports.rules import SERIES, compare_counts, compare_shares
from tests.brigade.reports.world import at

HOLIDAYS = Calendar({date(2026, 1, day): False for day in (1, 2)} | {date(2026, 1, 4): True}, frozenset({2025, 2026}))
COUNTS = st.integers(0, 400)


def test_thirty_to_eighteen_is_chance():
    verdict = compare_counts(18, 30, 7, 7)
    assert verdict.words == "差异不显著 p=0.11"
    assert verdict.p == pytest.approx(0.1114, abs=1e-4)


def test_four_after_five_is_chance_and_three_after_none_is_not_tested():
    assert compare_counts(4, 5, 181, 181).words == "差异不显著 p=1.00"
    assert compare_counts(3, 0, 181, 181).words == "样本不足"


def test_five_in_all_can_never_be_more_than_chance_and_six_can():
    assert compare_counts(0, 5, 7, 7).words == "样本不足"
    assert compare_counts(0, 6, 7, 7).words == "差异显著 p=0.031"


def test_february_is_not_less_than_january_because_it_is_shorter():
    assert not compare_counts(280, 310, 28, 31).is_significant
    assert compare_counts(280, 310, 28, 31).p == pytest.approx(1.0, abs=0.05)
    assert compare_counts(280, 310, 28, 31).p > compare_counts(280, 310, 30, 30).p


def test_a_rising_share_of_helmets_is_more_than_chance():
    """255/300 → 276/300, z=2.687, p=0.0072."""
    verdict = compare_shares(276, 300, 255, 300)
    assert verdict.p == pytest.approx(0.0072, abs=5e-5)
    assert verdict.words == "差异显著 p=0.007"


@pytest.mark.parametrize("shares", [(27, 30, 30, 30), (0, 0, 5, 9), (3, 3, 3, 3), (1, 9, 4, 9)])
def test_few_cases_are_said_to_be_few(shares):
    assert compare_shares(*shares).words == "样本不足"


@given(COUNTS, COUNTS, st.integers(1, 31), st.integers(1, 31))
def test_the_test_of_counts_is_a_probability_and_does_not_mind_the_order(now, then, days, days_then):
    one, other = compare_counts(now, then, days, days_then).p, compare_counts(then, now, days_then, days).p
    assert (one is None) == (other is None)
    if one is not None:
        assert 0 <= one <= 1
        assert one == pytest.approx(other, rel=1e-9)


@given(st.integers(0, 60), st.integers(0, 60))
def test_the_test_of_counts_is_the_sum_of_its_terms(now, then):
    total = now + then
    p = compare_counts(now, then, 1, 1).p
    if p is not None:
        tail = sum(comb(total, k) for k in range(max(now, then), total + 1)) / 2**total
        assert p == pytest.approx(min(1, 2 * tail), rel=1e-9)


@given(COUNTS, st.integers(1, 400), COUNTS, st.integers(1, 400))
def test_the_test_of_shares_is_a_probability(part, whole, part_then, whole_then):
    p = compare_shares(min(part, whole), whole, min(part_then, whole_then), whole_then).p
    assert p is None or 0 <= p <= 1


@given(st.integers(100_000, 300_000), st.integers(100_000, 300_000))
def test_great_counts_are_compared_as_well(now, then):
    assert 0 <= compare_counts(now, then, 30, 31).p <= 1


@pytest.mark.parametrize(
    ("p", "words"), [(0.1114, "p=0.11"), (0.0496, "p=0.049"), (0.05, "p=0.050"), (1e-9, "p<0.001")]
)
def test_p_is_never_rounded_across_the_border(p, words):
    assert rules.said_p(p) == words


# When


def test_the_daily_is_made_the_next_morning_the_weekly_on_monday_the_monthly_on_the_third_working_day():
    due = {code: SERIES[code] for code in SERIES}
    assert rules.due_at(due["daily"], parse_period("2025-12-31"), HOLIDAYS) == at("2026-01-01T06:00")
    assert rules.due_at(due["weekly"], parse_period("2025-W52"), HOLIDAYS) == at("2025-12-29T06:00")
    # The 1st and 2nd are off, the 4th is a make-up Sunday: 4, 5, 6.
    assert rules.due_at(due["monthly"], parse_period("2025-12"), HOLIDAYS) == at("2026-01-06T06:00")
    assert rules.due_at(due["party_return"], parse_period("2025-Q4"), HOLIDAYS) == at("2026-01-05T06:00")
    assert rules.due_at(due["hall_daily"], parse_period("2025-12-31"), HOLIDAYS) == at("2025-12-31T17:40")


def test_what_is_due_now_and_what_was_missed():
    found = {
        code: [one.code for one in rules.periods_due(SERIES[code], at("2026-01-06T05:59"), HOLIDAYS)] for code in SERIES
    }
    assert found["daily"] == [f"2025-12-{day}" for day in range(26, 32)] + [f"2026-01-0{day}" for day in range(1, 5)]
    assert found["weekly"] == [f"2025-W{n}" for n in range(45, 53)] + ["2026-W01"]
    assert found["monthly"] == found["unit_monthly"] == ["2025-09", "2025-10", "2025-11"]
    assert found["hall_daily"] == [f"2025-12-{day}" for day in range(27, 32)] + [f"2026-01-0{n}" for n in range(1, 6)]
    assert found["party_return"] == ["2025-Q3", "2025-Q4"]
    assert rules.periods_due(SERIES["hall_daily"], at("2026-01-06T17:40"), HOLIDAYS)[-1].code == "2026-01-06"
    assert rules.periods_due(SERIES["monthly"], at("2026-01-06T06:00"), HOLIDAYS)[-1].code == "2025-12"


@pytest.mark.parametrize(
    ("code", "start", "end"),
    [
        ("2028-02", "2027-02-01", "2027-02-28"),
        ("2029-02", "2028-02-01", "2028-02-29"),
        ("2028-02-29", "2027-02-28", "2027-02-28"),
        ("2026-W53", "2025-12-28", "2026-01-03"),
    ],
)
def test_the_same_period_of_last_year(code, start, end):
    before = rules.a_year_before(parse_period(code))
    assert (before.start.isoformat(), before.end.isoformat()) == (start, end)


@pytest.mark.parametrize(
    ("code", "before"),
    [
        ("2026-01-10", "2026-01-03"),  # a Saturday and the Saturday before
        ("2026-01-06", "2025-12-30"),  # a Tuesday and the Tuesday before
        ("2026-01-01", "2025-12-28"),  # New Year, a Thursday off, is like the Sunday before
        ("2026-01-04", "2025-12-31"),  # a Sunday worked instead is like the Wednesday before
        ("2026-01-11", "2026-01-10"),  # the Sunday before was worked instead, so the last day off
        ("2026-01-08", "2026-01-07"),  # the Thursday before was a day off
        ("2026-W02", "2026-W01"),
        ("2026-01", "2025-12"),
    ],
)
def test_a_day_is_compared_with_a_day_of_its_kind_and_anything_else_with_the_one_before(code, before):
    assert rules.the_one_before(parse_period(code), HOLIDAYS).code == before


def test_a_period_that_still_runs_is_not_reported():
    weekly, week, hall = SERIES["weekly"], parse_period("2026-W48"), SERIES["hall_daily"]
    with pytest.raises(Refused, match="2026年第48周还没结束，2026-11-30起才能生成"):
        rules.check_over(weekly, week, at("2026-11-29T23:59"), HOLIDAYS)
    rules.check_over(weekly, week, at("2026-11-30T00:00"), HOLIDAYS)
    with pytest.raises(Refused, match="2026年11月23日还没结束，2026-11-23 17:40起才能生成"):
        rules.check_over(hall, parse_period("2026-11-23"), at("2026-11-23T17:39"), HOLIDAYS)
    rules.check_over(hall, parse_period("2026-11-23"), at("2026-11-23T17:40"), HOLIDAYS)


def test_every_line_of_the_table_names_indicators_that_exist():
    named = {code for series in SERIES.values() for section in series.sections for code in section.codes}
    assert named <= set(FIGURES)
