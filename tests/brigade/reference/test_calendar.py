"""The work calendar: what is loaded, who may change it, what is provisional and what must be worked out again."""

from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import transaction

from brigade.audit.models import AuditEvent
from brigade.kit.clocks import add_workdays
from brigade.kit.refusals import NotAllowed, Refused
from brigade.reference import actions, queries
from brigade.reference.actions import Day
from brigade.reference.models import CalendarYear, Parameter, Town, Village, WorkCalendarDay
from brigade.reference.states import DayReason, Scope

NOTICE = "国办发明电〔2026〕12号"
WORKDAYS_2026 = [21, 16, 22, 21, 19, 21, 23, 21, 22, 18, 21, 23]


def workdays_in(year: int, month: int) -> int:
    calendar = queries.calendar()
    days = (date(year, month, 1) + timedelta(days=n) for n in range(31))
    return sum(calendar.is_workday(day) for day in days if day.month == month)


@pytest.mark.django_db
def test_the_printed_list_of_2026_gives_248_working_days():
    actions.load_reference()
    assert [workdays_in(2026, month) for month in range(1, 13)] == WORKDAYS_2026
    assert sum(WORKDAYS_2026) == 248


@pytest.mark.django_db
def test_years_of_the_package_are_published_and_later_ones_are_not():
    actions.load_reference()
    assert queries.calendar().loaded_years == {2024, 2025, 2026}
    assert queries.calendar().is_workday(date(2025, 1, 26))  # a Sunday worked for the Spring Festival
    assert not queries.calendar().is_workday(date(2024, 10, 7))


@pytest.mark.django_db
def test_a_limit_that_runs_into_next_year_is_provisional_until_its_list_is_there(administrator):
    actions.load_reference()
    due = add_workdays(date(2026, 12, 30), 3, queries.calendar())
    assert (due.date, due.provisional) == (date(2027, 1, 4), True)
    days = [Day(date(2027, 1, 1), False, DayReason.HOLIDAY), Day(date(2027, 1, 4), False, DayReason.HOLIDAY)]
    actions.publish_year(by=administrator, year=2027, days=days, source=NOTICE)
    due = add_workdays(date(2026, 12, 30), 3, queries.calendar())
    assert (due.date, due.provisional) == (date(2027, 1, 6), False)


@pytest.mark.django_db
def test_loading_twice_changes_nothing_and_keeps_what_the_brigade_changed(administrator):
    actions.load_reference()
    actions.set_workday(
        by=administrator, day=date(2026, 11, 23), is_workday=False, reason=DayReason.LOCAL, source=NOTICE
    )
    Town.objects.filter(name="沙镇镇").update(in_jurisdiction=Scope.YES)
    before = (WorkCalendarDay.objects.count(), Parameter.objects.count(), AuditEvent.objects.count())
    said = StringIO()
    call_command("setup_reference", stdout=said)
    assert "最新" in said.getvalue()
    assert (WorkCalendarDay.objects.count(), Parameter.objects.count(), AuditEvent.objects.count()) == before
    assert not queries.calendar().is_workday(date(2026, 11, 23))
    assert Town.objects.get(name="沙镇镇").in_jurisdiction == Scope.YES


@pytest.mark.django_db
def test_towns_and_villages_come_with_their_marks():
    actions.load_reference()
    assert (Town.objects.count(), Village.objects.count()) == (25, 338)
    assert set(Town.objects.values_list("in_jurisdiction", flat=True)) == {Scope.CHECK}
    young = Town.objects.get(name="九州街道")
    assert (young.code, young.is_urban) == (None, True)
    assert "聊政通字" in young.note
    assert Town.objects.get(name="沙镇镇").villages.count() == 37


@pytest.mark.django_db
def test_only_the_business_administrator_changes_the_calendar(officer):
    with pytest.raises(NotAllowed):
        actions.set_workday(by=officer, day=date(2026, 3, 2), is_workday=False, reason=DayReason.LOCAL, source=NOTICE)
    assert not WorkCalendarDay.objects.exists()


@pytest.mark.django_db
def test_a_day_without_a_source_is_refused(administrator):
    with pytest.raises(Refused, match="依据"):
        actions.set_workday(
            by=administrator, day=date(2026, 3, 2), is_workday=False, reason=DayReason.LOCAL, source=" "
        )


@pytest.mark.django_db
def test_a_changed_day_is_audited_with_old_and_new(administrator):
    actions.load_reference()
    day = date(2026, 10, 10)
    assert queries.calendar().is_workday(day)
    actions.set_workday(by=administrator, day=day, is_workday=False, reason=DayReason.LOCAL, source=NOTICE)
    assert not queries.calendar().is_workday(day)
    event = AuditEvent.objects.get(verb="calendar.day_set")
    assert event.actor_name == "管数"
    assert "工作日" in event.changes_text
    assert "休息日" in event.changes_text


@pytest.mark.django_db
def test_setting_the_same_day_again_changes_nothing(administrator):
    for _time in range(2):
        actions.set_workday(
            by=administrator, day=date(2026, 3, 2), is_workday=False, reason=DayReason.LOCAL, source=NOTICE
        )
    assert AuditEvent.objects.filter(verb="calendar.day_set").count() == 1
    assert CalendarYear.objects.get(year=2026).revision == 1


@pytest.mark.django_db
def test_one_changed_day_in_an_unpublished_year_does_not_publish_it(administrator):
    actions.load_reference()
    actions.set_workday(by=administrator, day=date(2027, 1, 4), is_workday=False, reason=DayReason.LOCAL, source=NOTICE)
    assert 2027 not in queries.calendar().loaded_years


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ([], "非空"),
        ([Day(date(2028, 1, 1), False, DayReason.HOLIDAY)], "2027年以内"),
        ([Day(date(2027, 1, 1), False, DayReason.HOLIDAY)] * 2, "重复"),
    ],
)
@pytest.mark.django_db
def test_a_list_that_cannot_be_right_is_refused(administrator, days, words):
    with pytest.raises(Refused, match=words):
        actions.publish_year(by=administrator, year=2027, days=days, source=NOTICE)


@pytest.mark.django_db
def test_publishing_a_year_without_its_source_is_refused(administrator):
    with pytest.raises(Refused, match="依据"):
        actions.publish_year(
            by=administrator, year=2027, days=[Day(date(2027, 1, 1), False, DayReason.HOLIDAY)], source=""
        )


@pytest.mark.django_db
def test_a_changed_year_stays_on_the_list_until_its_own_revision_was_worked_out(administrator):
    actions.load_reference()
    actions.confirm_recomputed(queries.years_to_recompute())
    assert queries.years_to_recompute() == {}
    for day in (date(2026, 3, 2), date(2026, 3, 3)):
        seen = queries.years_to_recompute()
        actions.set_workday(by=administrator, day=day, is_workday=False, reason=DayReason.LOCAL, source=NOTICE)
    actions.confirm_recomputed(seen)  # the second change came after the recomputation had begun
    assert queries.years_to_recompute() == {2026: 3}
    actions.confirm_recomputed(queries.years_to_recompute())
    assert queries.years_to_recompute() == {}


@pytest.mark.parametrize(
    ("today", "year"),
    [(date(2026, 11, 30), None), (date(2026, 12, 1), 2027), (date(2027, 2, 1), 2027)],
)
@pytest.mark.django_db
def test_a_missing_list_is_an_alarm_from_the_first_of_december(today, year):
    actions.load_reference()
    assert queries.calendar_alarm(today) == year


@pytest.mark.django_db
def test_the_calendar_is_read_once_and_held(django_assert_num_queries):
    with django_assert_num_queries(2):
        for _time in range(5):
            queries.calendar()


@pytest.mark.django_db
def test_a_change_that_is_rolled_back_is_not_remembered(administrator):
    day = date(2026, 3, 2)
    with transaction.atomic():
        actions.set_workday(by=administrator, day=day, is_workday=False, reason=DayReason.LOCAL, source=NOTICE)
        assert not queries.calendar().is_workday(day)
        transaction.set_rollback(True)
    assert queries.calendar().is_workday(day)
