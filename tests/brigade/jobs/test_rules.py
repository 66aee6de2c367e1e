"""When timed work is due; 2026 as published."""

from datetime import date, datetime, time, timedelta

import pytest

from brigade.jobs.rules import Daily, Every, Timed, Workdays, next_attempt, runs_to_plan
from brigade.kit.clocks import CHINA, Calendar
from brigade.reference.actions.values import _printed_days

CALENDAR = Calendar({day.date: day.is_workday for day in _printed_days()[2026]}, frozenset({2026}))


def moment(text: str) -> datetime:
    return datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=CHINA)


def moments(at, after: str, until: str) -> list[str]:
    return [f"{found:%m-%d %H:%M}" for found in at.moments(moment(after), moment(until), CALENDAR)]


def test_every_so_many_minutes_counts_from_midnight_and_leaves_out_the_moment_already_planned():
    assert moments(Every(20), "03-02 09:05", "03-02 10:00") == ["03-02 09:20", "03-02 09:40", "03-02 10:00"]
    assert moments(Every(20), "03-02 10:00", "03-02 10:19") == []


def test_daily_runs_every_day_once():
    assert moments(Daily(time(9)), "02-27 09:00", "03-02 08:59") == ["02-28 09:00", "03-01 09:00"]


def test_working_days_leave_out_the_festival_and_keep_the_make_up_saturday():
    assert moments(Workdays(time(8, 30)), "02-13 12:00", "02-28 12:00") == [
        "02-14 08:30", "02-24 08:30", "02-25 08:30", "02-26 08:30", "02-27 08:30", "02-28 08:30",
    ]  # fmt: skip


def test_moments_are_the_same_whatever_zone_the_question_is_asked_in():
    after = moment("03-02 09:05").astimezone(tz=None)
    assert list(Daily(time(9)).moments(after, after + timedelta(days=1), CALENDAR)) == [moment("03-03 09:00")]


@pytest.mark.parametrize(
    ("at", "catch_up", "expected"),
    [
        (Workdays(time(17, 40)), "all", ["03-02 17:40", "03-03 17:40", "03-04 17:40"]),
        (Workdays(time(8, 30)), "latest", ["03-05 08:30"]),
        (Every(1), "none", ["03-05 10:00"]),
        (Daily(time(8, 10)), "none", []),
    ],
)
def test_after_monday_to_thursday_without_beat_each_kind_catches_up_as_it_says(at, catch_up, expected):
    timed = Timed("x", "x", "x", at, catch_up)
    runs = runs_to_plan(timed, moment("03-02 08:00"), moment("03-05 10:00"), CALENDAR)
    assert [f"{run:%m-%d %H:%M}" for run in runs] == expected


def test_a_failed_job_waits_longer_each_time_and_is_then_given_up():
    now = moment("03-02 09:00")
    waits = [(next_attempt(now, attempts) - now).total_seconds() / 60 for attempts in (1, 2, 3, 4)]
    assert waits == [1, 5, 15, 60]
    assert next_attempt(now, 5) is None


def test_the_calendar_of_the_tests_is_the_published_one():
    assert not CALENDAR.is_workday(date(2026, 2, 16))
