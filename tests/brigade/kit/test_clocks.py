"""Time limits come out on the day that the rules name. Scenario numbers are those of the domain files."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brigade.kit import clocks
from brigade.kit.clocks import CHINA, Calendar, Day, Moment
from tests.brigade.kit.calendars import CALENDAR_2026 as CAL

DAYS_2026 = st.dates(date(2026, 1, 1), date(2026, 12, 31))


def moment(month, day, hour, minute=0):
    return datetime(2026, month, day, hour, minute, tzinfo=CHINA)


# The calendar


def test_working_days_of_2026_are_248_and_these_by_month():
    by_month = [
        clocks.workdays_between(period.start - timedelta(days=1), period.end, CAL)
        for period in clocks.periods_between("month", date(2026, 1, 1), date(2026, 12, 31))
    ]
    assert by_month == [21, 16, 22, 21, 19, 21, 23, 21, 22, 18, 21, 23]
    assert sum(by_month) == 248


def test_a_make_up_saturday_is_worked_and_a_holiday_monday_is_not():
    assert CAL.is_workday(date(2026, 2, 14))
    assert not CAL.is_workday(date(2026, 2, 23))


# Working days


@pytest.mark.parametrize(
    ("accepted", "count", "due"),
    [
        pytest.param((2, 13), 1, (2, 14), id="services 1: licence replacement, due on the make-up Saturday"),
        pytest.param((2, 13), 2, (2, 24), id="services 2: registration, over the Spring Festival"),
        pytest.param((2, 13), 3, (2, 25), id="services 2: transfer out"),
        pytest.param((9, 18), 1, (9, 20), id="services 4: due on a make-up Sunday"),
        pytest.param((3, 2), 15, (3, 23), id="services 5: plates before the suspension"),
        pytest.param((2, 13), 5, (2, 27), id="services 8: deemed accepted"),
        pytest.param((4, 30), 5, (5, 11), id="services 22: last day for a rating"),
        pytest.param((3, 2), 0, (3, 2), id="0 is the same day"),
        pytest.param((10, 8), -1, (9, 30), id="backwards over the National Day"),
    ],
)
def test_a_limit_in_working_days_ends_on(accepted, count, due):
    assert clocks.add_workdays(date(2026, *accepted), count, CAL) == Day(date(2026, *due))


def test_a_limit_in_days_is_over_when_the_hall_closes():
    assert clocks.closing(date(2026, 2, 14)) == moment(2, 14, 17)


def test_a_suspension_moves_the_due_day_by_the_working_days_in_it():
    """Services 5."""
    suspended, resumed = date(2026, 3, 5), date(2026, 3, 11)
    assert clocks.suspended_days(suspended, resumed, CAL) == 4
    assert clocks.add_workdays(date(2026, 3, 23), 4, CAL) == Day(date(2026, 3, 27))


@given(DAYS_2026, st.integers(-200, 200))
def test_counting_the_days_of_a_limit_gives_its_length(day, count):
    due = clocks.add_workdays(day, count, CAL).date
    if count >= 0:
        assert clocks.workdays_between(day, due, CAL) == count
    else:
        assert clocks.workdays_between(due - timedelta(days=1), day - timedelta(days=1), CAL) == -count


@given(DAYS_2026, st.integers(1, 200))
def test_a_limit_ends_on_a_working_day(day, count):
    assert CAL.is_workday(clocks.add_workdays(day, count, CAL).date)


@given(DAYS_2026, DAYS_2026, DAYS_2026)
def test_counts_of_working_days_add_up(a, b, c):
    between = clocks.workdays_between
    assert between(a, b, CAL) + between(b, c, CAL) == between(a, c, CAL)


# Rolling, natural days, months


def test_a_limit_in_natural_days_without_roll_stays_where_it_falls():
    """Services 7, 三十日."""
    assert clocks.natural_due(date(2026, 1, 28), 30, CAL, roll=False) == Day(date(2026, 2, 27))
    assert clocks.natural_due(date(2026, 1, 18), 30, CAL, roll=False) == Day(date(2026, 2, 17))


@pytest.mark.parametrize(("start", "last"), [((9, 8), (10, 8)), ((9, 5), (10, 8))])
def test_a_last_day_off_moves_to_the_next_working_day(start, last):
    """Services 7, 令163."""
    assert clocks.natural_due(date(2026, *start), 30, CAL, roll=True) == Day(date(2026, *last))


def test_the_monthly_reminders_fall_on_working_days():
    """Services 29."""
    assert clocks.workday_on_or_after(date(2026, 2, 20), CAL) == Day(date(2026, 2, 24))
    assert clocks.workday_on_or_after(date(2026, 2, 25), CAL) == Day(date(2026, 2, 25))
    assert clocks.last_workday(clocks.parse_period("2026-02"), CAL) == Day(date(2026, 2, 28))


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 8, 31), 12, date(2027, 8, 31)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
    ],
)
def test_a_limit_in_months_ends_at_the_end_of_a_shorter_month(day, months, expected):
    """Party building 28."""
    assert clocks.add_months(day, months) == expected


# Provisional results


def test_a_limit_that_reaches_into_an_unloaded_year_is_provisional():
    """Services 32."""
    assert clocks.add_workdays(date(2026, 12, 31), 1, CAL) == Day(date(2027, 1, 1), provisional=True)
    assert not clocks.add_workdays(date(2026, 12, 30), 1, CAL).provisional


def test_an_unloaded_year_makes_each_rolled_day_provisional():
    nothing = Calendar()
    assert clocks.workday_on_or_before(date(2027, 1, 2), nothing) == Day(date(2027, 1, 1), provisional=True)
    assert clocks.workday_on_or_after(date(2027, 1, 1), nothing) == Day(date(2027, 1, 1), provisional=True)


def test_natural_days_without_roll_need_no_calendar():
    assert not clocks.natural_due(date(2027, 1, 1), 30, Calendar(), roll=False).provisional


def test_a_limit_in_minutes_over_the_new_year_is_provisional():
    assert clocks.add_session_minutes(moment(12, 31, 16, 30), 60, CAL).provisional
    assert not clocks.add_session_minutes(moment(12, 31, 16), 60, CAL).provisional


# Minutes


def test_a_whole_working_day_has_420_session_minutes():
    assert clocks.session_minutes(moment(3, 2, 0), moment(3, 3, 0), CAL) == 420


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        pytest.param(moment(3, 2, 11), moment(3, 2, 14), 90, id="the noon break does not count"),
        pytest.param(moment(3, 2, 12), moment(3, 2, 13, 30), 0, id="nothing inside the break"),
        pytest.param(moment(3, 6, 16), moment(3, 9, 9), 90, id="over the weekend"),
        pytest.param(moment(2, 14, 16), moment(2, 24, 9), 90, id="over the Spring Festival"),
        pytest.param(moment(3, 2, 9), moment(3, 2, 9), 0, id="no time at all"),
        pytest.param(moment(3, 2, 10), moment(3, 2, 9), 0, id="never negative"),
    ],
)
def test_session_minutes_count_only_while_the_hall_is_open(start, end, minutes):
    assert clocks.session_minutes(start, end, CAL) == minutes


def test_moments_in_any_zone_mean_the_hall_s_clock():
    start = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
    assert clocks.session_minutes(start, start + timedelta(hours=1), CAL) == 60


def test_a_limit_in_minutes_that_ends_at_closing_ends_then():
    assert clocks.add_session_minutes(moment(3, 2, 16), 60, CAL) == Moment(moment(3, 2, 17))
    assert clocks.add_session_minutes(moment(3, 2, 16), 61, CAL) == Moment(moment(3, 3, 8, 31))


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 11, 1)).map(lambda value: value.replace(tzinfo=CHINA)),
    st.integers(1, 5000),
)
def test_counting_the_minutes_of_a_limit_gives_its_length(start, minutes):
    end = clocks.add_session_minutes(start, minutes, CAL).at
    assert clocks.session_minutes(start, end, CAL) == pytest.approx(minutes)


@pytest.mark.parametrize(
    ("sent", "counted_from"),
    [
        (moment(3, 2, 10), moment(3, 2, 10)),
        (moment(3, 2, 7), moment(3, 2, 8, 30)),
        (moment(3, 2, 12, 30), moment(3, 2, 13, 30)),
        (moment(3, 2, 17), moment(3, 3, 8, 30)),
        (moment(2, 14, 22), moment(2, 24, 8, 30)),
    ],
)
def test_an_online_application_counts_from_the_next_opening(sent, counted_from):
    assert clocks.next_opening(sent, CAL) == Moment(counted_from)


def test_a_hall_with_other_hours_has_its_own_minutes():
    through = ((time(9), time(16)),)
    assert clocks.session_minutes(moment(3, 2, 0), moment(3, 3, 0), CAL, through) == 420
    assert clocks.closing(date(2026, 3, 2), through) == moment(3, 2, 16)


# Periods


@pytest.mark.parametrize(
    ("code", "kind", "start", "end", "label"),
    [
        ("2026-06-30", "day", date(2026, 6, 30), date(2026, 6, 30), "2026年6月30日"),
        ("2026-W09", "week", date(2026, 2, 23), date(2026, 3, 1), "2026年第9周"),
        ("2026-W53", "week", date(2026, 12, 28), date(2027, 1, 3), "2026年第53周"),
        ("2026-02", "month", date(2026, 2, 1), date(2026, 2, 28), "2026年2月"),
        ("2026-Q2", "quarter", date(2026, 4, 1), date(2026, 6, 30), "2026年第二季度"),
        ("2026-Q4", "quarter", date(2026, 10, 1), date(2026, 12, 31), "2026年第四季度"),
        ("2026-H2", "half", date(2026, 7, 1), date(2026, 12, 31), "2026年下半年"),
        ("2026", "year", date(2026, 1, 1), date(2026, 12, 31), "2026年"),
    ],
)
def test_a_period_is_known_by_its_code(code, kind, start, end, label):
    period = clocks.parse_period(code)
    assert (period.code, period.kind, period.start, period.end, period.label) == (code, kind, start, end, label)
    assert clocks.period_of(end, kind) == period


def test_new_year_s_day_of_2027_lies_in_the_last_week_of_2026():
    assert clocks.period_of(date(2027, 1, 1), "week").code == "2026-W53"


@pytest.mark.parametrize("code", ["", "2026-13", "2026-Q5", "2025-W53", "2026-02-30", "2026-W00", "26-01", "2026-H3"])
def test_what_is_no_period_is_refused(code):
    with pytest.raises(ValueError):
        clocks.parse_period(code)


def test_an_unknown_kind_of_period_is_refused():
    with pytest.raises(ValueError):
        clocks.period_of(date(2026, 1, 1), "decade")


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.sampled_from(clocks.PERIOD_KINDS))
def test_periods_of_a_kind_lie_side_by_side(day, kind):
    period = clocks.period_of(day, kind)
    assert day in period
    assert clocks.parse_period(period.code) == period
    assert period.next.start - period.end == timedelta(days=1)
    assert period.next.previous == period


def test_the_periods_between_two_days_are_those_they_touch():
    found = clocks.periods_between("month", date(2026, 1, 31), date(2026, 3, 1))
    assert [period.code for period in found] == ["2026-01", "2026-02", "2026-03"]
    assert clocks.periods_between("month", date(2026, 2, 1), date(2026, 1, 1)) == []
