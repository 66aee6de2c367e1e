"""When things are due, who hears of it, the overdue ladder, and the figures."""

import csv
from datetime import date, timedelta

import pytest
from django.utils import timezone

from brigade.indicators.actions import drain, rebuild
from brigade.indicators.models import Figure
from brigade.kit.clocks import add_workdays
from brigade.obligations.actions import reconcile, send_digest
from brigade.obligations.models import Obligation, Reminder
from brigade.obligations.rules import RULES
from brigade.reference.actions import set_parameter
from brigade.reference.queries import calendar, parameter
from enforcement.hazards import actions, queries
from enforcement.hazards.models import Category, Hazard, HazardDocument
from enforcement.hazards.rules import Place
from tests.brigade.org.factories import person
from tests.enforcement.hazards.world import (
    accepted,
    at,
    category,
    closed,
    controlled,
    duty,
    graded,
    handed_in,
    later,
    notified,
    photo,
    rectifying,
    registered,
    reported,
    submitted,
    verified,
)

pytestmark = pytest.mark.django_db
DAY = "2025-05-06T08:00"


def due_on(rule: str) -> date:
    return timezone.localdate(duty(rule).due_at)


# Scenario 13


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [("2025-04-25", 3, "2025-04-29"), ("2025-04-02", 5, "2025-04-10"), ("2026-02-13", 5, "2026-02-27")],
)
def test_13_working_days_know_holidays_and_make_up_days(world, start, days, end):
    assert add_workdays(date.fromisoformat(start), days, calendar()).date.isoformat() == end


def test_13_the_receipt_is_due_after_three_working_days_and_2027_is_provisional(world):
    notified(world, "2025-04-25T08:00")
    assert (due_on("receipt"), duty("receipt").provisional) == (date(2025, 4, 29), False)
    notified(world, "2027-04-23T08:00", category=category("signs"))
    last = Obligation.objects.filter(rule="hazards.receipt").order_by("-due_at").first()
    assert (timezone.localdate(last.due_at), last.provisional) == (date(2027, 4, 28), True)


def test_each_step_of_the_way_is_somebody_s_duty_in_time(world):
    hazard = reported(world, DAY)
    assert (due_on("check"), duty("check").post, duty("check").unit) == (
        date(2025, 5, 7),
        "squadron_leader",
        world.squadron,
    )
    hazard = actions.register(by=world.captain, hazard=hazard, now=later(DAY, hours=1), note="现场核实")
    assert duty("check").state == "met"
    assert (duty("grade").post, duty("grade").unit, due_on("grade")) == ("clerk", world.brigade, date(2025, 5, 7))
    hazard = actions.grade_major(by=world.deputy, hazard=hazard, now=later(DAY, hours=2), second_grader=world.leader)
    assert duty("grade").state == "met"
    assert (duty("notice").post, duty("notice").unit, due_on("notice")) == ("clerk", world.brigade, date(2025, 5, 9))
    assert duty("interim").due_at == later(DAY, hours=26)
    controlled(world, hazard, later(DAY, hours=3))
    assert duty("interim").state == "met"


def test_the_owner_s_duties_are_his_liaison_s(world):
    hazard = notified(world, DAY, days=30)
    assert (duty("receipt").person, duty("rectify").person) == (world.liaison, world.liaison)
    assert [word_of(name) for name in ("receipt", "rectify")] == ["去签收", "去整改"]
    assert duty("rectify").due_at == hazard.due_at
    assert duty("rectify") in Obligation.objects.for_person(world.liaison)
    hazard = actions.accept(by=world.liaison, hazard=hazard, now=later(DAY, days=2))
    assert duty("receipt").state == "met"
    assert duty("rectify").state == "open"


def test_without_an_account_at_the_owner_the_squadron_chases_it(world):
    actions.set_owner(by=world.clerk, unit=world.highway, owner_type="highway", liaison_name="韩某")
    notified(world, DAY)
    assert (duty("rectify").person, duty("rectify").post) == (None, "squadron_leader")
    assert [word_of(name) for name in ("receipt", "rectify")] == ["去跟进", "去跟进"]


def word_of(name):
    """What stands on the button of a duty."""
    row = duty(name)
    return str(RULES[row.rule].action(row)[0])


def test_handed_in_in_time_is_met_and_a_late_verification_is_ours(world):
    hazard = submitted(world, DAY, days=1)
    assert (duty("rectify").state, due_on("verify")) == ("met", date(2025, 5, 13))
    assert not Hazard.objects.overdue(later(DAY, days=9)).exists()
    hazard = verified(world, hazard, later(DAY, days=9))
    assert hazard.verifications.get().is_on_time
    assert duty("verify").met_at > duty("verify").due_at


def test_what_is_sent_back_is_owed_again(world):
    hazard = submitted(world, DAY)
    actions.find_unmended(by=world.other, hazard=hazard, now=later(DAY, days=1), reason="标志被挡")
    assert (duty("rectify").state, duty("verify").state) == ("open", "met")


def test_a_closed_hazard_is_visited_after_thirty_and_ninety_days(world):
    hazard = closed(world, DAY)
    first, second = Obligation.objects.filter(rule="hazards.recheck").order_by("due_at")
    assert [timezone.localdate(row.due_at) for row in (first, second)] == [date(2025, 6, 5), date(2025, 8, 4)]
    hazard = actions.recheck(by=world.other, hazard=hazard, now=later(DAY, days=28), note="设施完好")
    assert [duty("recheck", pk=row.pk).state for row in (first, second)] == ["met", "open"]
    actions.reopen(
        by=world.captain,
        hazard=hazard,
        now=later(DAY, days=40),
        reason="护栏缺失",
        due_on=date(2025, 7, 30),
        photos=[photo(world.captain, later(DAY, days=40))],
    )
    assert [duty("recheck", pk=row.pk).state for row in (first, second)] == ["met", "void"]
    assert [row.state for row in Obligation.objects.filter(rule="hazards.rectify").order_by("opens_at")] == [
        "met",
        "open",
    ]


def test_an_objection_and_a_deferral_pause_the_duty(world):
    hazard = notified(world, DAY)
    hazard = actions.dispute(by=world.liaison, hazard=hazard, now=later(DAY, days=1), reason="不归我们管")
    assert (duty("rectify").state, duty("receipt").state) == ("paused", "paused")
    hazard = actions.uphold(by=world.office, hazard=hazard, now=later(DAY, days=2), reason="管养协议明确")
    hazard = controlled(world, hazard, later(DAY, days=2))
    actions.defer(
        by=world.deputy,
        hazard=hazard,
        now=later(DAY, days=3),
        document_no="东政办〔2025〕9号",
        review_on=date(2025, 8, 1),
        reason="并入改建工程",
    )
    assert (duty("rectify").state, duty("review").post, due_on("review")) == (
        "paused",
        "deputy_leader",
        date(2025, 8, 1),
    )


def test_an_extension_that_was_asked_waits_for_the_leader_and_an_objection_for_the_office(world):
    hazard = notified(world, DAY)
    hazard = actions.dispute(by=world.liaison, hazard=hazard, now=later(DAY, days=1), reason="不归我们管")
    assert (duty("dispute").state, due_on("dispute")) == ("open", date(2025, 5, 12))
    assert duty("dispute") in Obligation.objects.for_person(world.office)
    hazard = actions.uphold(by=world.office, hazard=hazard, now=later(DAY, days=2), reason="管养协议明确")
    assert duty("dispute").state == "met"
    hazard = actions.accept(by=world.liaison, hazard=hazard, now=later(DAY, days=3))
    hazard = actions.ask_extension(by=world.liaison, hazard=hazard, now=later(DAY, days=3), days=5, reason="连续下雨")
    assert (duty("extension").state, due_on("extension")) == ("open", date(2025, 5, 14))
    assert duty("extension") in Obligation.objects.for_person(world.deputy)
    assert duty("extension") not in Obligation.objects.for_person(world.office)
    hazard = actions.refuse_extension(by=world.deputy, hazard=hazard, now=later(DAY, days=4), reason="可以避开雨天")
    assert duty("extension").state == "met"
    actions.ask_extension(by=world.liaison, hazard=hazard, now=later(DAY, days=5), days=5, reason="料没到")
    assert sorted(Obligation.objects.filter(rule="hazards.extension").values_list("state", flat=True)) == [
        "met",
        "open",
    ]


def test_a_second_extension_of_a_major_hazard_waits_for_the_road_safety_office(world):
    hazard = rectifying(world, DAY, major=True)
    hazard = actions.ask_extension(by=world.liaison, hazard=hazard, now=later(DAY, days=3), days=5, reason="连续下雨")
    hazard = actions.grant_extension(by=world.deputy, hazard=hazard, now=later(DAY, days=4))
    actions.ask_extension(by=world.liaison, hazard=hazard, now=later(DAY, days=5), days=5, reason="料没到")
    waiting = duty("extension", state="open")
    assert waiting in Obligation.objects.for_person(world.office)
    assert waiting not in Obligation.objects.for_person(world.deputy)


def test_what_was_asked_of_an_earlier_owner_waits_for_nobody(world):
    hazard = accepted(world, DAY)
    hazard = actions.ask_extension(by=world.liaison, hazard=hazard, now=later(DAY, days=3), days=5, reason="连续下雨")
    assert duty("extension").state == "open"
    actions.transfer(
        by=world.clerk,
        hazard=hazard,
        now=later(DAY, days=4),
        owner=world.housing,
        due_on=date(2025, 6, 20),
        signed_by=world.deputy,
        reason="权属在镇里",
    )
    assert duty("extension").state == "met"


def test_asking_every_duty_again_changes_nothing(world):
    closed(world, DAY)
    rectifying(world, DAY, category=category("signs"), major=True)
    reported(world, DAY, category=category("works"))
    before = list(Obligation.objects.order_by("pk").values_list("pk", "state", "due_at"))
    assert reconcile(now=later(DAY, days=1)) == []
    assert list(Obligation.objects.order_by("pk").values_list("pk", "state", "due_at")) == before


# Reminders and the ladder of letters: scenario 14


def reminded(day: str) -> set[str]:
    now = at(f"{day}T08:30")
    send_digest(now=now)
    found = Reminder.objects.filter(at=now, obligation__rule="hazards.rectify")
    return {row.person.name for row in found.select_related("person")}


def test_owner_and_leaders_hear_before_and_after_the_limit(world):
    rectifying(world, "2025-05-06T08:00", days=20)
    assert reminded("2025-05-18") == set()
    assert reminded("2025-05-19") == {"马会良"}
    assert reminded("2025-05-23") == {"马会良"}
    assert reminded("2025-05-27") == {"马会良", "周海峰"}
    assert reminded("2025-05-29") == {"马会良", "周海峰", "何立军"}
    assert reminded("2025-06-03") == {"马会良", "周海峰", "何立军", "秦志刚"}


def test_14_each_step_of_the_ladder_writes_one_letter_however_often_the_job_runs(world):
    hazard = rectifying(world, "2025-05-06T08:00", days=10)
    assert timezone.localdate(hazard.due_at) == date(2025, 5, 16)
    written = []
    for day in range(17, 31):
        for _run in range(3):
            actions.escalate_overdue(now=at(f"2025-05-{day}T08:00"))
        written.append(HazardDocument.objects.filter(step__gt=0).count())
    assert written == [1] * 6 + [2] * 8
    for _run in range(3):
        actions.escalate_overdue(now=at("2025-05-31T08:00"))
        actions.escalate_overdue(now=at("2025-06-15T08:00"))
    letters = HazardDocument.objects.filter(step__gt=0).order_by("step")
    assert [(row.step, row.kind) for row in letters] == [
        (1, "reminder"),
        (7, "urging"),
        (15, "government"),
        (30, "listing"),
    ]
    assert letters[1].facts["days_overdue"] == 7
    assert len(letters[1].facts["history"]) == 2


def test_14_a_portal_that_stood_still_writes_the_highest_step_and_none_below(world):
    rectifying(world, "2025-05-06T08:00", days=10)
    actions.escalate_overdue(now=at("2025-05-24T08:00"))
    actions.escalate_overdue(now=at("2025-05-24T09:00"))
    assert [row.kind for row in HazardDocument.objects.filter(step__gt=0)] == ["urging"]


def test_a_ladder_that_is_changed_holds_for_the_limits_that_end_from_then_on(world):
    rectifying(world, "2025-05-06T08:00", days=10)
    actions.escalate_overdue(now=at("2025-05-23T08:00"))
    admin = person("business_admin", at=world.brigade)
    set_parameter(
        by=admin,
        code="hazards.escalation_days",
        value=[2, 8, 16, 31],
        valid_from=date(2025, 5, 24),
        source="会议纪要",
    )
    actions.escalate_overdue(now=at("2025-05-24T08:00"))
    assert [row.kind for row in HazardDocument.objects.filter(step__gt=0)] == ["urging"], "no letter is written twice"
    actions.escalate_overdue(now=at("2025-05-31T08:00"))
    assert HazardDocument.objects.get(step=15).kind == "government"


def test_a_new_limit_begins_a_new_ladder(world):
    hazard = closed(world, "2025-05-01T08:00")
    hazard = actions.reopen(
        by=world.captain,
        hazard=hazard,
        now=at("2025-05-20T10:00"),
        reason="护栏缺失",
        due_on=date(2025, 5, 30),
        photos=[photo(world.captain, "2025-05-20T09:00")],
    )
    actions.escalate_overdue(now=at("2025-05-31T08:00"))
    assert HazardDocument.objects.filter(step=1).count() == 1


def test_numbers_of_documents_have_no_gaps(world):
    accepted(world, DAY)
    closed(world, DAY, category=category("signs"))
    numbers = list(HazardDocument.objects.order_by("pk").values_list("number", flat=True))
    assert numbers == [f"东公交隐〔2025〕{n}号" for n in range(1, 5)]


# Usual limits


def test_the_limit_goes_by_grade_and_category_and_by_the_parameter_of_the_day(world):
    assert queries.usual_days(category("signs"), "general", date(2025, 5, 6)) == 30
    assert queries.usual_days(category("intersection"), "general", date(2025, 5, 6)) == 60
    assert queries.usual_days(category("signals"), "general", date(2025, 5, 6)) == 3
    assert queries.usual_days(category("signals"), "major", date(2025, 5, 6)) == 180
    admin = person("business_admin", at=world.brigade)
    set_parameter(by=admin, code="hazards.general_days", value=20, valid_from=date(2025, 6, 1), source="会议纪要")
    assert queries.usual_days(category("signs"), "general", date(2025, 6, 1)) == 20
    assert queries.usual_days(category("signs"), "general", date(2025, 5, 31)) == 30


def test_the_owner_that_keeps_the_road_is_offered_first(world):
    hazard = graded(world, DAY, direction="up", place=Place(road=world.road, stake_start="K6+222"))
    assert queries.usual_owner(hazard) == world.highway


def test_every_default_of_ours_says_that_it_is_one(world):
    assert set(Category.objects.values_list("verified", flat=True)) == {"default"}
    with open("brigade/reference/data/parameters.csv", encoding="utf-8", newline="") as file:
        ours = [row for row in csv.DictReader(file) if row["code"].startswith("hazards.")]
    assert {row["verified"] for row in ours} == {"default"}
    assert parameter("hazards.major_days", date(2025, 5, 6)) == 180


def test_loading_the_categories_twice_changes_nothing(world):
    count = Category.objects.count()
    assert actions.load_categories() == "隐患类别已是最新。"
    assert Category.objects.count() == count == 16


# Figures


def figure(code: str, unit, start: str, end: str) -> tuple[float, float]:
    rows = Figure.objects.filter(indicator=f"hazards.{code}", unit=unit, day__range=(start, end))
    return (sum(float(row.value) for row in rows), sum(float(row.base) for row in rows))


def test_19_figures_of_may_stay_when_a_hazard_comes_back(world):
    hazard = closed(world, "2025-05-01T08:00", days=20)
    drain(now=at("2025-05-10T08:00"))
    may = ("2025-05-01", "2025-05-31")
    before = [figure(code, world.squadron, *may) for code in ("registered", "closed", "on_time")]
    assert before == [(1, 0), (1, 0), (1, 1)]
    hazard = actions.reopen(
        by=world.captain,
        hazard=hazard,
        now=at("2025-05-20T10:00"),
        reason="护栏缺失",
        due_on=date(2025, 6, 20),
        photos=[photo(world.captain, "2025-05-20T09:00")],
    )
    drain(now=at("2025-05-21T08:00"))
    assert [figure(code, world.squadron, *may) for code in ("registered", "closed", "on_time")] == before
    assert figure("on_time", world.squadron, "2025-06-01", "2025-06-30") == (0, 1)
    handed_in(world, hazard, at("2025-06-01T08:00"))


def test_what_is_overdue_counts_while_it_is_and_figures_equal_a_rebuild(world):
    first = rectifying(world, "2025-05-06T08:00", days=10)
    rectifying(world, "2025-05-07T08:00", days=10, category=category("signs"))
    registered(world, "2025-05-08T08:00", category=category("works"))
    actions.mark_overdue(now=at("2025-05-20T00:04"))
    drain(now=at("2025-05-20T00:10"))
    assert figure("overdue", world.squadron, "2025-05-01", "2025-05-31") == (2, 0)
    assert figure("on_time", world.squadron, "2025-05-01", "2025-05-31") == (0, 2)
    handed_in(world, first, at("2025-05-21T08:00"))
    drain(now=at("2025-05-21T08:10"))
    assert figure("overdue", world.squadron, "2025-05-01", "2025-05-31") == (1, 0)
    kept = sorted(Figure.objects.values_list("indicator", "unit", "day", "facet", "value", "base"))
    rebuild(now=at("2025-05-21T09:00"))
    assert sorted(Figure.objects.values_list("indicator", "unit", "day", "facet", "value", "base")) == kept


def test_the_clock_of_a_hazard_knows_how_long_it_stood_still(world):
    hazard = notified(world, DAY)
    hazard = actions.dispute(by=world.liaison, hazard=hazard, now=later(DAY, days=1), reason="不归我们管")
    hazard = actions.uphold(by=world.office, hazard=hazard, now=later(DAY, days=4), reason="管养协议明确")
    assert queries.paused_days(hazard, later(DAY, days=9)) == {"dispute": 3, "deferral": 0}
    assert hazard.due_at - at(DAY) > timedelta(days=30)
