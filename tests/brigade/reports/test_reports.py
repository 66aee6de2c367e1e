"""Reports are made by the clock, stay what they are, are confirmed by a person and made again as the next edition."""

import csv
import signal
from datetime import date
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction

from brigade.audit.actions import SYSTEM
from brigade.audit.models import AuditEvent
from brigade.indicators.models import Figure
from brigade.indicators.queries import standings
from brigade.kit.clocks import parse_period
from brigade.kit.refusals import NotAllowed, Refused, Stale
from brigade.notices.models import Message
from brigade.obligations.models import Obligation
from brigade.org.models import Unit
from brigade.org.states import Role, Tree, UnitKind
from brigade.reference.models import Town
from brigade.reports import actions, queries
from brigade.reports.models import Report, Snapshot
from brigade.reports.moves import MOVES
from brigade.reports.rules import SERIES
from brigade.reports.states import ReportState
from tests.brigade.jobs import child
from tests.brigade.jobs.threads import in_threads
from tests.brigade.org.factories import person, unit
from tests.brigade.reports.world import NOW, at, built, figure, thirty_to_eighteen, weekly
from tests.brigade.reports.world import world as build_world
from tests.moves import legal, listed, refusal

pytestmark = pytest.mark.django_db
ROWS = list(csv.DictReader((Path(__file__).parents[1] / "report_moves.csv").read_text("utf-8").splitlines()))


def row_of(report, code="hazards.registered"):
    return next(row for part in report.snapshot.content["sections"] for row in part["rows"] if row["code"] == code)


def test_every_move_leads_where_the_table_says():
    expected = {(row["move"], row["state"], row["target"]) for row in ROWS}
    assert {(move.code, state, move.target or state) for move in MOVES for state in move.sources} == expected


def test_state_move_role_matrix(world):
    """Every pair that the table does not list is refused, for every role."""
    roles = (
        "brigade_leader", "political_officer", "deputy_leader", "clerk", "inspector", "discipline", "officer",
        "business_admin", "squadron_leader", "hall_head", "window_lead", "party_office", "general_secretary",
    )  # fmt: skip
    actors = {role: person(Role(role), at=world.brigade) for role in roles}
    actors |= {"system": SYSTEM, "elsewhere": person(Role.CLERK, Role.SQUADRON_LEADER, at=world.first)}
    records = [Report(unit=world.brigade, state=state) for state in ("", *ReportState.values)]
    assert legal(records, MOVES, actors, at(NOW)) == listed(ROWS)


# Made by the clock


def test_thirty_to_eighteen_stands_in_the_weekly_as_chance(world):
    thirty_to_eighteen(world)
    assert built() == "生成7份，没有数据的39份"
    report = weekly()
    assert (report.title, report.number) == ("东区大队2026年第47周周报", "DD-BG-2026-0004")
    row = row_of(report)
    assert (row["value"], row["suffix"]) == ("18", "处")
    year, before = row["against"]
    assert year == {"value": "30", "parts": "", "change": "−40.0%", "verdict": "差异不显著 p=0.11"}
    assert before == {"value": "20", "parts": "", "change": "−10.0%", "verdict": "差异不显著 p=0.87"}
    assert row_of(report)["basis"] == "按登记日期，不含并案和不属实"


def test_a_last_year_of_nothing_is_said_and_never_a_percentage(world):
    figure(world.first, "2024-10-01", 1)
    figure(world.first, "2026-11-17", 3)
    built()
    year, before = row_of(weekly())["against"]
    assert (year["value"], year["change"], year["verdict"]) == ("0", "上年同期为0", "")
    assert before["change"] == "上期为0"


def test_before_there_were_figures_nothing_is_not_zero(world):
    figure(world.first, "2026-11-17", 3)
    built()
    year, before = row_of(weekly())["against"]
    assert year == {"value": "—", "parts": "", "change": "上年同期数据不全", "verdict": ""}
    assert before["change"] == "上期为0"


def test_a_share_prints_of_what_and_differs_by_points(world):
    """160 due, 120 of them in time: 75.0 % of due."""
    figure(world.first, "2024-10-01", 1, 1, code="hazards.on_time")
    figure(world.first, "2026-11-17", 120, 160, code="hazards.on_time")
    figure(world.first, "2025-11-17", 148, 160, code="hazards.on_time")
    figure(world.first, "2026-11-10", 0, 0, code="hazards.on_time")
    built()
    row = row_of(weekly(), "hazards.on_time")
    assert (row["value"], row["parts"]) == ("75.0%", "120/160")
    assert "期限在这段时间里的全部" in row["basis"]
    year, before = row["against"]
    assert year == {"value": "92.5%", "parts": "148/160", "change": "−17.5个百分点", "verdict": "差异显著 p<0.001"}
    assert (before["value"], before["change"]) == ("—", "上期没有数")


def test_of_what_was_closed_the_share_in_time_stands_beside_the_share_of_what_was_due(world):
    """160 due, 148 of them closed, 120 in time: 75.0 % of due and 81.1 % of closed."""
    figure(world.first, "2026-11-17", 120, 160, code="hazards.on_time")
    figure(world.first, "2026-11-17", 120, 148, code="hazards.closed_on_time")
    built()
    rows = [row_of(weekly(), f"hazards.{code}") for code in ("on_time", "closed_on_time")]
    assert [(row["label"], row["value"], row["parts"]) for row in rows] == [
        ("按期整改率", "75.0%", "120/160"),
        ("销号中按期的", "81.1%", "120/148"),
    ]
    assert "和按期整改率的分母不同" in rows[1]["basis"]


def against_before(period):
    content = Report.objects.select_related("snapshot").get(series="daily", period=period).snapshot.content
    row = next(row for row in content["sections"][0]["rows"] if row["code"] == "hazards.registered")
    return content["compared"][1]["name"], content["compared"][1]["start"], row["against"][1]["value"]


def test_a_saturday_is_compared_with_the_saturday_before(world):
    figure(world.first, "2026-11-14", 2)
    figure(world.first, "2026-11-20", 9)
    figure(world.first, "2026-11-21", 3)
    built()
    assert against_before("2026-11-21") == ("上周同日", "2026-11-14", "2")
    report = Report.objects.select_related("snapshot").get(series="daily", period="2026-11-21")
    assert report.snapshot.content["notes"][0] == (
        "同比与上年同一天比，环比与上周同日（2026年11月14日）比；工作日与休息日不作比较；比率的变化用百分点。"
    )


def test_a_saturday_that_was_a_friday_last_year_is_shown_and_not_called_less(world):
    """Halls are shut on Saturdays: nothing beside the 30 of a Friday is no news."""
    figure(world.first, "2024-10-01", 1)
    figure(world.first, "2025-11-21", 30)
    figure(world.first, "2026-11-21", 1)
    built()
    content = Report.objects.select_related("snapshot").get(series="daily").snapshot.content
    row = next(row for row in content["sections"][0]["rows"] if row["code"] == "hazards.registered")
    assert row["against"][0] == {"value": "30", "parts": "", "change": "上年这天是工作日", "verdict": ""}


def test_the_first_working_day_after_a_holiday_is_compared_with_the_last_before_it(world, time_machine):
    """National Day 2026: off from 1 to 7 October, so Thursday the 8th is like Wednesday the 30th."""
    figure(world.first, "2026-09-30", 5)
    figure(world.first, "2026-10-01", 1)
    figure(world.first, "2026-10-08", 4)
    time_machine.move_to("2026-10-09 06:00 +0800", tick=False)
    built("2026-10-09T06:00")
    assert against_before("2026-10-08") == ("前一工作日", "2026-09-30", "5")
    assert against_before("2026-10-01")[0] == "前一休息日"


def cells_of(content, part, name, place=0):
    line = next(line for line in content["sections"][0][part]["lines"] if line["name"] == name)
    return line["cells"][place]


def test_each_unit_stands_beside_its_own_earlier_periods_by_the_same_tests(world):
    thirty_to_eighteen(world)
    built()
    content = weekly().snapshot.content
    first = cells_of(content, "units", "城区一中队")
    assert first["value"] == "10"
    assert [one["change"] for one in first["against"]] == ["−66.7%", "−50.0%"]
    assert first["against"][0]["verdict"] == "差异显著 p=0.002"
    second = cells_of(content, "units", "城区二中队")
    assert [one["change"] for one in second["against"]] == ["上年同期为0", "上期为0"]


def test_a_unit_that_was_not_there_a_year_ago_is_not_compared_with_nothing(world):
    thirty_to_eighteen(world)
    Unit.objects.filter(pk=world.second.pk).update(opened_on=date(2026, 3, 1))
    built()
    year, before = cells_of(weekly().snapshot.content, "units", "城区二中队")["against"]
    assert (year["value"], year["change"], before["change"]) == ("—", "上年同期数据不全", "上期为0")


def test_each_town_stands_beside_its_own_earlier_periods(world):
    thirty_to_eighteen(world)
    busy, calm, gone = Town.objects.order_by("code")[:3]
    for town, day, n in ((busy, "2026-11-17", 10), (busy, "2025-11-16", 30), (calm, "2026-11-22", 8),
                         (gone, "2026-11-10", 2)):  # fmt: skip
        figure(world.first, day, n, code="hazards.registered_in_town", facet=str(town.pk))
    built()
    content = weekly().snapshot.content
    towns = content["sections"][0]["towns"]
    assert towns["heads"] == ["登记隐患", "销号隐患", "按期整改率"]
    assert [line["name"] for line in towns["lines"]] == [busy.name, calm.name, gone.name], "never ranked"
    assert cells_of(content, "towns", busy.name)["against"][0]["verdict"] == "差异显著 p=0.002"
    assert cells_of(content, "towns", calm.name)["against"][0]["change"] == "上年同期为0"
    nothing_left = cells_of(content, "towns", gone.name)
    assert (nothing_left["value"], nothing_left["against"][1]["verdict"]) == ("0", "样本不足")
    assert cells_of(content, "towns", gone.name, 1) == {"value": "—", "parts": "", "against": []}


def test_what_does_not_count_events_is_compared_without_a_test(world):
    hall = unit("车管所大厅", parent=world.brigade, tree=Tree.HALL, kind=UnitKind.HALL)
    for day, saved in (("2024-10-01", 1), ("2026-11-17", 50), ("2025-11-17", 90)):
        figure(hall, day, saved, 100, code="requests.saving")
    standing = standings(["requests.saving"], world.brigade, date(2026, 11, 16), date(2026, 11, 22))[0]
    assert queries.verdict_on(standing, standing, 7, 7) is None


def test_units_stand_in_their_fixed_order_with_their_own_figures(world):
    thirty_to_eighteen(world)
    built()
    units = weekly().snapshot.content["sections"][0]["units"]
    assert [(line["name"], line["cells"][0]["value"]) for line in units["lines"]] == [
        ("城区一中队", "10"),
        ("城区二中队", "8"),
    ]


def test_running_it_again_makes_nothing_more(world):
    thirty_to_eighteen(world)
    built()
    before = list(Report.objects.values_list("pk", "version").order_by("pk"))
    assert built() == "生成0份，没有数据的39份"
    assert list(Report.objects.values_list("pk", "version").order_by("pk")) == before


def test_an_empty_database_makes_no_report_and_says_so(world):
    assert built() == "生成0份，没有数据的46份"
    assert not Report.objects.exists()


def test_without_any_unit_there_is_nothing_to_do(db):
    assert built() == "生成0份，没有数据的0份"


def test_missed_mornings_are_made_up_for_each_day_and_the_last_week(world, time_machine):
    figure(world.first, "2026-11-17", 3)
    figure(world.first, "2026-11-20", 1)
    time_machine.move_to("2026-11-24 09:00 +0800", tick=False)
    built("2026-11-24T06:00")
    assert set(Report.objects.values_list("series", "period")) == {
        ("daily", "2026-11-17"),
        ("daily", "2026-11-20"),
        ("weekly", "2026-W47"),
        ("unit_weekly", "2026-W47"),
    }
    # The run was planned for six; the figures are those of nine.
    assert set(Report.objects.values_list("cut_off_at", flat=True)) == {at("2026-11-24T09:00")}


def test_a_month_without_the_machine_still_gives_every_week_and_month_once(world, time_machine):
    """It stood from 23 October to 23 November; the holiday's days are made up for, older days are asked for."""
    for day in ("2026-10-12", "2026-10-21", "2026-10-28", "2026-11-03", "2026-11-10", "2026-11-13", "2026-11-17"):
        figure(world.first, day, 3)
    figure(world.second, "2026-09-30", 2)
    assert built().startswith("生成")
    found = set(Report.objects.filter(unit=world.brigade).values_list("series", "period"))
    assert found == {
        *(("weekly", f"2026-W{n}") for n in (40, 42, 43, 44, 45, 46, 47)),
        ("monthly", "2026-09"), ("monthly", "2026-10"), ("daily", "2026-11-13"), ("daily", "2026-11-17"),
    }  # fmt: skip
    assert Report.objects.get(series="monthly", period="2026-10").title == "东区大队2026年10月月报"
    before = set(Report.objects.values_list("pk", "version"))
    assert built().startswith("生成0份")
    assert set(Report.objects.values_list("pk", "version")) == before


def test_the_first_of_january_reports_the_last_day_of_the_year(world, time_machine):
    time_machine.move_to("2026-01-01 06:00 +0800", tick=False)
    figure(world.first, "2025-12-31", 2)
    built("2026-01-01T06:00")
    report = Report.objects.get()
    assert (report.title, report.number) == ("东区大队2025年12月31日每日简报", "DD-BG-2026-0001")


def test_the_monthly_comes_on_the_third_working_day(world, time_machine):
    figure(world.first, "2026-10-15", 2)
    time_machine.move_to("2026-11-04 05:59 +0800", tick=False)
    built("2026-11-04T05:59")
    assert not Report.objects.filter(series="monthly").exists()
    time_machine.move_to("2026-11-04 06:00 +0800", tick=False)
    built("2026-11-04T06:00")
    assert Report.objects.get(series="monthly").title == "东区大队2026年10月月报"


def test_a_closed_brigade_is_not_reported_on_any_more(world):
    """What ended before the closing is."""
    thirty_to_eighteen(world)
    figure(world.first, "2026-09-22", 2)
    Unit.objects.update(closed_on=date(2026, 10, 1))
    built()
    found = Report.objects.filter(unit=world.brigade).values_list("series", "period")
    assert set(found) == {("weekly", "2026-W39"), ("monthly", "2026-09")}


def test_late_duties_of_the_unit_and_below_are_named(world):
    day = "2026-11-{}T18:00"
    for n, state in ((16, "met"), (18, "open"), (20, "missed")):
        Obligation.objects.create(
            rule="assignments.task", kind="assignments.assignment", subject=str(n), unit=world.first, title=f"第{n}件",
            state=state, opens_at=at("2026-11-01T08:00"), due_at=at(day.format(n)),
            met_at=at("2026-11-16T12:00") if state == "met" else None, changed_at=at(NOW),
        )  # fmt: skip
    built()
    duties = weekly().snapshot.content["duties"]
    assert {name: duties[name] for name in ("due", "met", "on_time", "late", "open_late")} == {
        "due": 3, "met": 1, "on_time": 1, "late": 2, "open_late": 1,
    }  # fmt: skip
    assert duties["oldest"] == [{"title": "第18件", "unit": "城区一中队", "due": "2026-11-18", "days": 5}]
    assert duties["rules"] == [{"label": "交办", "due": 3, "met": 1, "on_time": 1, "late": 2}]


# For good


def test_figures_that_change_afterwards_change_no_report(world):
    thirty_to_eighteen(world)
    built()
    before = queries.canonical(weekly().snapshot.content)
    Figure.objects.filter(day__year=2026).update(value=99)
    world.first.short_name = "改了名的中队"
    world.first.save()
    built()
    assert queries.canonical(weekly().snapshot.content) == before
    assert queries.is_intact(weekly())


def test_a_changed_content_is_found_out(world):
    thirty_to_eighteen(world)
    built()
    snapshot = Snapshot.objects.get(report=weekly())
    Snapshot.objects.filter(pk=snapshot.pk).update(content=snapshot.content | {"unit": "别的大队"})
    assert not queries.is_intact(weekly())
    assert f"{snapshot.digest}" in str(AuditEvent.objects.get(target_id=str(weekly().pk), verb="report.built").changes)


# Confirmed by a person


def test_a_report_is_confirmed_with_a_sentence_and_the_leaders_hear_of_it(world):
    thirty_to_eighteen(world)
    built()
    duty = Obligation.objects.get(rule="reports.confirm", subject=str(weekly().pk))
    assert (duty.unit_id, duty.post, duty.state) == (world.brigade.pk, "clerk", "open")
    assert duty.due_at.isoformat().startswith("2026-11-24T15:59:59")
    done = actions.confirm(by=world.clerk, report=weekly(), now=at(NOW), sentence=" 塘沟街三处本周完工。 ")
    assert (done.state, done.sentence, done.confirmed_by) == ("confirmed", "塘沟街三处本周完工。", world.clerk)
    assert Obligation.objects.get(pk=duty.pk).state == "met"
    told = Message.objects.filter(code="reports.confirmed")
    assert set(told.values_list("recipient", "title", "body")) == {
        (who.pk, "东区大队2026年第47周周报", "塘沟街三处本周完工。（韩雪梅）") for who in (world.leader, world.deputy)
    }


def test_a_sentence_is_not_asked_for(world):
    thirty_to_eighteen(world)
    built()
    assert actions.confirm(by=world.clerk, report=weekly(), now=at(NOW)).sentence == ""


def test_who_may_not_confirm_and_what_is_too_long(world):
    thirty_to_eighteen(world)
    built()
    assert "职责" in refusal(lambda: actions.confirm(by=world.officer, report=weekly(), now=at(NOW)), NotAllowed)
    words = refusal(lambda: actions.confirm(by=world.clerk, report=weekly(), now=at(NOW), sentence="好" * 201))
    assert words == "最多200个字，现在是201个"
    stale = weekly()
    actions.confirm(by=world.clerk, report=stale, now=at(NOW), version=1)
    refusal(lambda: actions.confirm(by=world.deputy, report=stale, now=at(NOW), version=1), Stale)


# Made again


def test_making_it_again_gives_the_next_edition_under_the_same_number(world):
    thirty_to_eighteen(world)
    built()
    first = actions.confirm(by=world.clerk, report=weekly(), now=at(NOW))
    kept = queries.canonical(first.snapshot.content)
    figure(world.second, "2026-11-17", 2)
    second = actions.rebuild(by=world.clerk, report=first, now=at("2026-11-24T09:00"), reason="补录了两处")
    assert (second.edition, second.number, second.state, second.reason) == (2, first.number, "draft", "补录了两处")
    assert row_of(second)["value"] == "20"
    old = Report.objects.get(pk=first.pk)
    assert (old.state, old.confirmed_by) == ("superseded", world.clerk)
    assert queries.canonical(old.snapshot.content) == kept
    assert queries.that_counts(SERIES["weekly"], world.brigade, parse_period("2026-W47")) == second
    assert Obligation.objects.get(rule="reports.confirm", subject=str(second.pk)).state == "open"
    assert built() == "生成0份，没有数据的39份"
    actions.confirm(by=world.clerk, report=second, now=at("2026-11-24T09:30"))
    assert Message.objects.filter(title="东区大队2026年第47周周报（第2版）").count() == 2


def test_a_draft_that_is_made_again_is_nobodys_duty_any_more(world):
    thirty_to_eighteen(world)
    built()
    draft = weekly()
    actions.rebuild(by=world.clerk, report=draft, now=at(NOW), reason="补录")
    assert Obligation.objects.get(rule="reports.confirm", subject=str(draft.pk)).state == "void"


def test_an_edition_that_was_replaced_is_not_made_again_and_a_reason_is_needed(world):
    thirty_to_eighteen(world)
    built()
    draft = weekly()
    words = refusal(lambda: actions.rebuild(by=world.clerk, report=draft, now=at(NOW), reason=" "))
    assert words == "写明为什么重新生成"
    actions.rebuild(by=world.clerk, report=draft, now=at(NOW), reason="补录")
    words = refusal(lambda: actions.rebuild(by=world.clerk, report=draft, now=at(NOW), reason="补录"))
    assert words == "现在是“已有新版”，不能重新生成；可以办的是：没有"
    assert Report.objects.filter(series="weekly", period="2026-W47").count() == 2


def test_making_it_again_without_any_data_left_leaves_everything_as_it_was(world):
    thirty_to_eighteen(world)
    built()
    draft = weekly()
    Figure.objects.all().delete()
    words = refusal(lambda: actions.rebuild(by=world.clerk, report=draft, now=at(NOW), reason="重算"))
    assert words == "2026年第47周没有数据，不生成报告；补录以后再来"
    assert Report.objects.get(pk=draft.pk).state == "draft"


# Asked for by a person


def ask(world, code="daily", period="2026-11-17", by=None, at_unit=None):
    return actions.build(
        by=by or world.clerk,
        series=SERIES[code],
        unit=at_unit or world.brigade,
        period=parse_period(period),
        now=at("2026-11-23T10:00"),
    )


def test_a_day_without_data_is_refused_in_a_sentence(world):
    assert refusal(lambda: ask(world)) == "2026年11月17日没有数据，不生成报告；补录以后再来"
    assert refusal(lambda: ask(world, period="2026-11-23")) == "2026年11月23日还没结束，2026-11-24起才能生成"
    words = refusal(lambda: ask(world, at_unit=world.first))
    assert words == "每日简报按大队生成，城区一中队没有"
    figure(world.first, "2026-11-17", 1)
    assert "职责" in refusal(lambda: ask(world, by=world.officer), NotAllowed)


def test_asking_twice_gives_the_one_that_is_there(world):
    figure(world.first, "2026-11-17", 1)
    made = ask(world)
    assert made.created_by == world.clerk
    assert ask(world, by=world.deputy) == made
    assert "没有数据的" in built()
    assert Report.objects.filter(period="2026-11-17").count() == 1


def test_two_editions_that_count_cannot_stand_in_the_database(world):
    thirty_to_eighteen(world)
    built()
    report = weekly()
    with pytest.raises(IntegrityError), transaction.atomic():
        Report.objects.create(
            unit=report.unit, number="X", title="X", state="draft", series="weekly", period=report.period,
            starts_on=report.starts_on, ends_on=report.ends_on, edition=7, reason="X", cut_off_at=at(NOW), formula=1,
            created_at=at(NOW),
        )  # fmt: skip


# At once, and killed


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_make_each_report_once():
    made = build_world()
    thirty_to_eighteen(made)
    in_threads(2, built)
    assert Report.objects.count() == Snapshot.objects.count() == 7
    own = Report.objects.filter(unit=made.brigade).values_list("number", flat=True)
    assert set(own) == {f"DD-BG-2026-000{n}" for n in (1, 2, 3, 4)}


@pytest.mark.django_db(transaction=True)
def test_two_people_at_once_make_it_again_once():
    made = build_world()
    thirty_to_eighteen(made)
    built()
    report = weekly()

    def again() -> str:
        try:
            return str(actions.rebuild(by=made.clerk, report=report, now=at(NOW), reason="补录").edition)
        except Refused as refused:
            return str(refused)

    said = in_threads(2, again)
    assert sorted(said) == ["2", "现在是“已有新版”，不能重新生成；可以办的是：没有"]
    assert Report.objects.filter(series="weekly", period="2026-W47").count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_between_a_report_and_what_it_says_leaves_neither(own_environment):
    made = build_world()
    thirty_to_eighteen(made)
    process = child.start(own_environment, "tests.brigade.reports.world.build_and_die", NOW)
    assert process.wait(timeout=120) == -signal.SIGKILL
    assert not Report.objects.exists()
    assert not Obligation.objects.filter(rule="reports.confirm").exists()
    assert built() == "生成7份，没有数据的39份"
    assert Report.objects.count() == Snapshot.objects.count() == 7
    assert weekly().number == "DD-BG-2026-0004"
