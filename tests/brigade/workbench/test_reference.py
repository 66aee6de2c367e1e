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


@pytest.mark.parametrize(
    ("name", "args"),
    [("workday_set", []), ("year_publish", []), ("parameter_set", ["party.minimum.PL"]), ("duty_arrange", [])],
)
def test_whoever_may_not_send_a_form_does_not_get_to_fill_it_in(client, name, args):
    client.force_login(person(Role.OFFICER, at=unit("大队")))
    assert client.get(reverse(f"workbench:{name}", args=args)).status_code == 403


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


NOTICE = """一、元旦：1月1日（周四）至3日（周六）放假调休，共3天。1月4日（周日）上班。
二、春节：2月15日（农历腊月二十八、周日）至23日（农历正月初七、周一）放假调休，共9天。2月14日（周六）、2月28日（周六）上班。
三、清明节：4月4日（周六）至6日（周一）放假，共3天。
四、劳动节：5月1日（周五）至5日（周二）放假调休，共5天。5月9日（周六）上班。
五、端午节：6月19日（周五）至21日（周日）放假，共3天。
六、中秋节：9月25日（周五）至27日（周日）放假，共3天。
七、国庆节：10月1日（周四）至7日（周三）放假调休，共7天。9月20日（周日）、10月10日（周六）上班。"""


def days_of(year):
    rows = WorkCalendarDay.objects.filter(date__year=year).order_by("date")
    return [(f"{row.date:%m-%d}", row.is_workday, row.reason, row.note) for row in rows]


def test_the_notice_of_a_year_is_pasted_as_it_reads(client, admin):
    """Pasted for 2032, the notice of 2026 makes the days that the printed list of 2026 has."""
    typed = {"year": "2032", "source": "国办发明电〔2031〕8号", "days": NOTICE}
    assert client.post(reverse("workbench:year_publish"), typed).status_code == 302
    assert days_of(2032) == days_of(2026)
    page = client.get(reverse("workbench:calendar_year"), {"year": "2032"})
    assert "2032年放假安排已录入" in page.text
    assert "国办发明电〔2031〕8号" in page.text
    assert 2032 in calendar().loaded_years


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ("10月1日至7日", "要写明放假还是上班"),
        ("10月1日至7日放假，10月10日上班", "要写明放假还是上班"),
        ("2月30日放假", "有日期不存在"),
        ("10月7日至1日放假", "起止不对"),
        ("2032年1月1日至9999年1月1日放假", "起止不对"),
        ("2031年12月31日至2032年1月2日放假", "都在2032年以内"),
        ("元旦：1月1日放假。1月1日放假。", "有重复的日期"),
        ("另行通知", "应当非空"),
    ],
)
def test_a_notice_that_cannot_be_understood_is_refused_and_stays_typed(client, admin, days, words):
    typed = {"year": "2032", "source": "通知", "days": days}
    answer = client.post(reverse("workbench:year_publish"), typed)
    assert (answer.status_code, words in answer.text, days in answer.text) == (422, True, True)
    assert days_of(2032) == []


def test_only_who_keeps_the_calendar_is_offered_a_year_that_is_missing(client, admin):
    page = client.get(reverse("workbench:calendar_year"), {"year": "2031"})
    assert f"{reverse('workbench:year_publish')}?year=2031" in page.text
    assert "录入放假安排" not in client.get(reverse("workbench:calendar_year"), {"year": "2026"}).text
    client.force_login(person(Role.OFFICER, at=unit("中队")))
    assert "录入放假安排" not in client.get(reverse("workbench:calendar_year"), {"year": "2031"}).text
    typed = {"year": "2032", "source": "通知", "days": "1月1日放假"}
    assert client.post(reverse("workbench:year_publish"), typed).status_code == 403
