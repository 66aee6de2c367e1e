"""Pages of the work calendar and the parameters."""

from datetime import date

import pytest
from django.urls import reverse

from brigade.org.states import Role
from brigade.reference.actions import load_reference
from brigade.reference.models import WorkCalendarDay
from brigade.reference.queries import calendar, parameter
from tests.brigade.org.factories import person, unit

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def loaded(db):
    load_reference()


@pytest.fixture
def admin(client):
    somebody = person(Role.BUSINESS_ADMIN, at=unit("大队"))
    client.force_login(somebody)
    return somebody


def test_everybody_reads_the_calendar_with_its_source(client):
    client.force_login(person(Role.OFFICER, at=unit("大队")))
    page = client.get(reverse("workbench:calendar_year"), {"year": "2026"})
    assert "调休上班" in page.text
    assert "设定一天" not in page.text


def test_a_year_without_a_list_says_that_limits_are_provisional(client, admin):
    page = client.get(reverse("workbench:calendar_year"), {"year": "2031"})
    assert "按周一至周五暂算" in page.text


def test_the_business_administrator_sets_a_day(client, admin):
    typed = {"day": "2026-12-31", "is_workday": "0", "reason": "local", "source": "局党委通知"}
    answer = client.post(reverse("workbench:workday_set"), typed)
    assert answer.status_code == 302
    assert not calendar().is_workday(date(2026, 12, 31))


def test_nobody_else_does(client):
    client.force_login(person(Role.OFFICER, at=unit("大队")))
    typed = {"day": "2026-12-31", "is_workday": "0", "reason": "local", "source": "局党委通知"}
    assert client.post(reverse("workbench:workday_set"), typed).status_code == 403
    assert not WorkCalendarDay.objects.filter(date="2026-12-31").exists()


def test_a_parameter_takes_another_value_from_a_day_on(client, admin):
    typed = {"value": "2", "valid_from": "2027-01-01", "source": "县委组织部通知"}
    assert client.post(reverse("workbench:parameter_set", args=["party.minimum.PL"]), typed).status_code == 302
    assert parameter("party.minimum.PL", date(2026, 12, 31)) == 1
    assert parameter("party.minimum.PL", date(2027, 1, 1)) == 2


def test_a_value_of_another_shape_is_refused_and_stays_typed(client, admin):
    typed = {"value": "两次", "valid_from": "2027-01-01", "source": "县委组织部通知"}
    answer = client.post(reverse("workbench:parameter_set", args=["party.minimum.PL"]), typed)
    assert answer.status_code == 422
    assert "两次" in answer.text
    assert "输入整数" in answer.text


@pytest.mark.parametrize(
    ("code", "typed", "kept"),
    [
        ("services.hall_hours", "8:30-12:00、13:00至17:30", [["08:30", "12:00"], ["13:00", "17:30"]]),
        ("notices.quiet_hours", "２２：00–07:00", ["22:00", "07:00"]),
        ("party.first_topic_blocks", "True", True),
        ("services.home_province", "41", "41"),
    ],
)
def test_a_parameter_is_typed_as_it_is_read(client, admin, code, typed, kept):
    asked = {"value": typed, "valid_from": "2027-01-01", "source": "支队通知"}
    assert client.post(reverse("workbench:parameter_set", args=[code]), asked).status_code == 302
    assert parameter(code, date(2027, 1, 1)) == kept


@pytest.mark.parametrize("typed", ["上午", "08:30-25:00", "08:30-12:00和下午", "21:00-08:00、12:00-13:00"])
def test_a_span_of_time_that_cannot_be_meant_is_refused(client, admin, typed):
    asked = {"value": typed, "valid_from": "2027-01-01", "source": "支队通知"}
    answer = client.post(reverse("workbench:parameter_set", args=["notices.quiet_hours"]), asked)
    assert answer.status_code == 422
    assert "时段要写成" in answer.text


def test_an_unknown_parameter_is_not_found(client, admin):
    assert client.get(reverse("workbench:parameter_set", args=["party.nothing"])).status_code == 404
