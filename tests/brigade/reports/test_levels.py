"""Reports of a squadron, of a hall and of a general branch: whose, when, by whom confirmed, and who reads them."""

import pytest
from django.urls import reverse

from brigade.kit.clocks import parse_period
from brigade.kit.refusals import NotAllowed, Refused
from brigade.notices.models import Message
from brigade.obligations.models import Obligation
from brigade.org.states import Role, Tree, UnitKind
from brigade.reports import actions
from brigade.reports.models import Report
from brigade.reports.rules import SERIES
from tests.brigade.org.factories import person, unit
from tests.brigade.reports.world import at, built, figure, thirty_to_eighteen

pytestmark = pytest.mark.django_db


@pytest.fixture
def hall(world):
    return unit("车管所大厅", parent=world.brigade, tree=Tree.HALL, kind=UnitKind.HALL, code="CGS-DT")


def duty(report):
    return Obligation.objects.get(rule="reports.confirm", subject=str(report.pk))


def test_a_squadron_has_a_weekly_of_its_own_with_its_own_figures(world):
    thirty_to_eighteen(world)
    built()
    report = Report.objects.select_related("snapshot").get(series="unit_weekly", unit=world.second)
    content = report.snapshot.content
    assert report.title == "城区二中队2026年第47周周报"
    assert [section["label"] for section in content["sections"]] == ["道路隐患"]
    row = content["sections"][0]["rows"][0]
    assert (row["value"], row["against"][0]["change"]) == ("8", "上年同期为0")
    assert (duty(report).unit_id, duty(report).post) == (world.second.pk, "squadron_leader")


def test_the_squadrons_leader_confirms_his_own_and_sees_no_other(client, world):
    thirty_to_eighteen(world)
    built()
    captain = person(Role.SQUADRON_LEADER, at=world.first, name="周海峰")
    own, other = (
        Report.objects.get(series="unit_weekly", period="2026-W47", unit=where) for where in (world.first, world.second)
    )
    client.force_login(captain)
    page = client.get(reverse("reports:report_list")).content.decode()
    assert own.title in page and other.title not in page and "东区大队2026年第47周周报" not in page
    assert client.get(other.get_absolute_url()).status_code == 404
    assert "确认后通知中队长" in client.get(own.get_absolute_url()).content.decode()
    assert actions.confirm(by=captain, report=own, now=at("2026-11-23T09:00")).state == "confirmed"
    with pytest.raises(NotAllowed):
        actions.confirm(by=captain, report=other, now=at("2026-11-23T09:00"))


def test_the_brief_of_a_hall_is_made_when_it_closes_and_its_leader_confirms_it(client, world, hall, time_machine):
    lead, head = person(Role.WINDOW_LEAD, at=hall, name="苗春雷"), person(Role.HALL_HEAD, at=hall, name="吕洪涛")
    figure(hall, "2026-11-24", 62, code="requests.received")
    figure(hall, "2026-11-24", 57, 60, code="requests.on_time")
    time_machine.move_to("2026-11-24 17:39 +0800", tick=False)
    built("2026-11-24T17:39")
    assert not Report.objects.filter(series="hall_daily", period="2026-11-24").exists()
    time_machine.move_to("2026-11-24 17:40 +0800", tick=False)
    built("2026-11-24T17:40")
    report = Report.objects.select_related("snapshot").get(series="hall_daily")
    assert (report.title, report.number) == ("车管所大厅2026年11月24日日报", "CGS-DT-BG-2026-0001")
    assert report.snapshot.content["cut_off"] == "2026-11-24T17:40:00+08:00"
    assert [section["label"] for section in report.snapshot.content["sections"]] == ["窗口服务"]
    assert duty(report).post == "window_lead"
    client.force_login(lead)
    assert report.get_absolute_url() in client.get("/").content.decode()
    answer = client.post(reverse("reports:report_move", args=[report.pk, "confirm"]), {"version": 1}, follow=True)
    assert "已确认车管所大厅2026年11月24日日报，已通知车管所所长" in answer.content.decode()
    assert list(Message.objects.filter(code="reports.confirmed").values_list("recipient", flat=True)) == [head.pk]


def test_what_came_after_the_hall_closed_stands_in_the_next_edition(world, hall, time_machine):
    lead = person(Role.WINDOW_LEAD, at=hall)
    late = figure(hall, "2026-11-24", 62, code="requests.received")
    time_machine.move_to("2026-11-24 17:40 +0800", tick=False)
    built("2026-11-24T17:40")
    first = Report.objects.get(series="hall_daily")
    late.value = 63
    late.save()
    time_machine.move_to("2026-11-25 09:00 +0800", tick=False)
    built("2026-11-25T09:00")
    assert Report.objects.get(series="hall_daily") == first
    second = actions.rebuild(by=lead, report=first, now=at("2026-11-25T09:05"), reason="下班后补录一件")
    values = [
        one.snapshot.content["sections"][0]["rows"][0]["value"]
        for one in (Report.objects.get(pk=first.pk), Report.objects.get(pk=second.pk))
    ]
    assert (second.edition, values) == (2, ["62", "63"])


def test_a_hall_that_was_shut_has_no_brief(world, hall, time_machine):
    time_machine.move_to("2026-11-22 17:40 +0800", tick=False)
    built("2026-11-22T17:40")
    assert not Report.objects.filter(series="hall_daily").exists()


def test_a_backlog_alone_makes_no_report(world):
    figure(world.first, "2026-03-02", 40, code="hazards.open")
    assert built() == "生成0份，没有数据的46份"
    figure(world.first, "2026-11-17", 1)
    built()
    rows = Report.objects.get(series="weekly").snapshot.content["sections"][0]["rows"]
    stock = next(row for row in rows if row["code"] == "hazards.open")
    assert (stock["value"], stock["label"]) == ("40", "存量隐患")
    assert stock["against"][1] == {"value": "40", "parts": "", "change": "持平", "verdict": ""}


def test_the_share_closed_of_those_registered_is_said_of_how_many_and_not_compared(world):
    """160 registered, 148 closed: 92.5 %."""
    figure(world.first, "2025-11-01", 1, 1, code="hazards.closing")
    figure(world.first, "2025-11-17", 99, 100, code="hazards.closing")
    figure(world.first, "2026-11-17", 148, 160, code="hazards.closing")
    built()
    rows = Report.objects.get(series="weekly").snapshot.content["sections"][0]["rows"]
    row = next(row for row in rows if row["code"] == "hazards.closing")
    assert (row["label"], row["value"], row["parts"]) == ("整改率", "92.5%", "148/160")
    assert row["against"][0] == {"value": "99.0%", "parts": "99/100", "change": "不作比较", "verdict": ""}


def test_who_asks_for_the_wrong_unit_is_told_which_it_is_made_for(client, world, hall):
    now = at("2026-11-23T10:00")
    for code, period, where, words in (
        ("hall_daily", "2026-11-20", world.brigade, "大厅日报按服务大厅生成，东区大队没有"),
        ("unit_weekly", "2026-W47", hall, "中队周报按中队生成，车管所大厅没有"),
        ("party_return", "2026-Q3", world.brigade, "党建季报按党总支生成，东区大队没有"),
    ):
        with pytest.raises(Refused, match=words):
            actions.build(by=world.clerk, series=SERIES[code], unit=where, period=parse_period(period), now=now)
    client.force_login(person(Role.WINDOW_LEAD, at=hall))
    page = client.get(reverse("reports:report_create")).content.decode()
    assert 'value="hall_daily"' in page and 'value="unit_weekly"' not in page and 'value="monthly"' not in page
