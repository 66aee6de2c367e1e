"""Where two clocks meet, and the last day and the first of each limit."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from brigade.obligations.actions import reconcile
from brigade.obligations.models import Obligation
from brigade.org.states import Role
from brigade.reference.actions import set_parameter
from enforcement.hazards import actions
from enforcement.hazards.models import HazardDocument
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
from tests.moves import refusal

pytestmark = pytest.mark.django_db
DAY = "2025-05-06T08:00"


def due_on(rule: str, **more) -> str:
    return timezone.localdate(duty(rule, **more).due_at).isoformat()


def limit(hazard) -> str:
    return timezone.localdate(hazard.due_at).isoformat()


def deferred(world, hazard, moment: str, review_on: str):
    return actions.defer(
        by=world.deputy,
        hazard=hazard,
        now=at(moment),
        document_no="东政办〔2025〕9号",
        review_on=date.fromisoformat(review_on),
        reason="并入改建工程",
    )


# Working days across holidays and make-up days


@pytest.mark.parametrize(
    ("moment", "check", "grade", "notice", "receipt", "verify"),
    [
        # before the National Day holidays of 2025: Sunday 28 September and Saturday 11 October are worked
        ("2025-09-26T08:00", "2025-09-28", "2025-09-28", "2025-09-30", "2025-09-30", "2025-10-10"),
        # on a Saturday off
        ("2025-05-10T08:00", "2025-05-12", "2025-05-12", "2025-05-14", "2025-05-14", "2025-05-16"),
        # into a year whose calendar is loaded, over New Year's Day (1 to 3 January; 4 January is worked)
        ("2025-12-31T08:00", "2026-01-04", "2026-01-04", "2026-01-06", "2026-01-06", "2026-01-08"),
    ],
)
def test_each_clock_of_working_days_knows_the_holidays(world, moment, check, grade, notice, receipt, verify):
    submitted(world, moment)
    found = [due_on(rule) for rule in ("check", "grade", "notice", "receipt", "verify")]
    assert found == [check, grade, notice, receipt, verify]


# The clock stands still


def test_the_receipt_waits_as_long_as_the_objection_is_discussed(world):
    hazard = notified(world, DAY)
    assert due_on("receipt") == "2025-05-09"
    hazard = actions.dispute(by=world.liaison, hazard=hazard, now=at("2025-05-07T09:00"), reason="不归我们管")
    actions.uphold(by=world.office, hazard=hazard, now=at("2025-05-12T09:00"), reason="管养协议明确")
    assert (duty("receipt").state, due_on("receipt")) == ("open", "2025-05-14")  # three working days more
    assert due_on("dispute") == "2025-05-12", "the office's own limit does not wait for itself"


def test_the_police_s_own_clocks_stand_still_while_it_is_deferred(world):
    hazard = controlled(world, registered(world, DAY), at("2025-05-06T09:30"))
    assert due_on("grade") == "2025-05-07"
    hazard = deferred(world, hazard, "2025-05-06T10:00", "2025-08-01")
    assert duty("grade").state == "paused"
    hazard = actions.resume(by=world.deputy, hazard=hazard, now=at("2025-05-13T10:00"))
    assert (duty("grade").state, due_on("grade")) == ("open", "2025-05-14")
    assert due_on("check") == "2025-05-07", "what was done before is as it was"
    assert (hazard.state, hazard.due_at) == ("registered", None)


def test_a_verification_and_an_extension_wait_while_it_is_deferred(world):
    hazard = controlled(world, submitted(world, DAY), at("2025-05-06T15:00"))
    assert due_on("verify") == "2025-05-13"
    hazard = deferred(world, hazard, "2025-05-08T10:00", "2025-08-01")
    actions.resume(by=world.deputy, hazard=hazard, now=at("2025-06-03T10:00"))
    assert (duty("verify").state, due_on("verify")) == ("open", "2025-06-06")  # three of five days were left
    other = controlled(world, rectifying(world, DAY, category=category("signs")), at("2025-05-06T15:00"))
    other = actions.ask_extension(by=world.liaison, hazard=other, now=at("2025-05-07T09:00"), days=5, reason="下雨")
    other = deferred(world, other, "2025-05-08T10:00", "2025-08-01")
    actions.resume(by=world.deputy, hazard=other, now=at("2025-06-03T10:00"))
    assert (duty("extension").state, due_on("extension")) == ("open", "2025-06-05")
    assert reconcile(now=at("2025-06-03T11:00")) == []


def test_a_pause_over_the_weekend_moves_no_working_day_and_two_days_of_the_limit(world):
    hazard = notified(world, "2025-05-08T08:00", days=30)
    hazard = actions.dispute(by=world.liaison, hazard=hazard, now=at("2025-05-09T09:00"), reason="不归我们管")
    hazard = actions.uphold(by=world.office, hazard=hazard, now=at("2025-05-11T09:00"), reason="会商维持")
    assert (due_on("receipt"), limit(hazard)) == ("2025-05-13", "2025-06-09")


def test_a_pause_within_one_day_moves_nothing(world):
    hazard = notified(world, DAY, days=30)
    hazard = actions.dispute(by=world.liaison, hazard=hazard, now=at("2025-05-07T09:00"), reason="不归我们管")
    hazard = actions.uphold(by=world.office, hazard=hazard, now=at("2025-05-07T16:00"), reason="会商维持")
    assert (due_on("receipt"), limit(hazard)) == ("2025-05-09", "2025-06-05")


def test_what_is_taken_up_again_has_a_day_for_its_verification(world):
    hazard = reported(world, DAY)
    hazard = actions.invalidate(by=world.captain, hazard=hazard, now=at("2025-05-06T10:00"), reason="现场没有缺口")
    assert duty("check").state == "met"
    actions.revive(by=world.clerk, hazard=hazard, now=at("2025-06-03T09:00"), reason="复查属实")
    assert (duty("check").state, due_on("check")) == ("open", "2025-06-04")


# Extensions


def ask(world, hazard, days, now):
    return actions.ask_extension(by=world.liaison, hazard=hazard, now=now, days=days, reason="材料未到")


def test_an_extension_is_asked_before_the_limit_and_not_at_it(world):
    hazard = rectifying(world, DAY, days=10)
    assert "整改期限已过" in refusal(lambda: ask(world, hazard, 5, hazard.due_at))
    assert ask(world, hazard, 5, hazard.due_at - timedelta(seconds=1)).extension_asked_at


def test_days_on_which_the_clock_stood_still_do_not_lengthen_the_original_term(world):
    hazard = notified(world, DAY, days=30)
    hazard = actions.dispute(by=world.liaison, hazard=hazard, now=at("2025-05-07T09:00"), reason="不归我们管")
    hazard = actions.uphold(by=world.office, hazard=hazard, now=at("2025-05-27T09:00"), reason="会商维持")
    hazard = actions.accept(by=world.liaison, hazard=hazard, now=at("2025-05-27T10:00"))
    assert limit(hazard) == "2025-06-25"
    assert "每次延期不超过原期限30天" in refusal(lambda: ask(world, hazard, 31, at("2025-05-28T09:00")))
    hazard = ask(world, hazard, 30, at("2025-05-28T09:00"))
    hazard = actions.grant_extension(by=world.deputy, hazard=hazard, now=at("2025-05-28T10:00"))
    hazard = controlled(world, hazard, at("2025-05-28T10:00"))
    hazard = deferred(world, hazard, "2025-05-29T09:00", "2025-08-01")
    hazard = actions.resume(by=world.deputy, hazard=hazard, now=at("2025-06-08T09:00"))
    assert limit(hazard) == "2025-08-04"
    assert "每次延期不超过原期限30天" in refusal(lambda: ask(world, hazard, 31, at("2025-06-09T09:00")))
    assert ask(world, hazard, 30, at("2025-06-09T09:00")).extensions.count() == 2


def test_a_refused_extension_does_not_count_and_a_third_granted_one_is_none(world):
    hazard = rectifying(world, DAY, days=10)
    for day, may in ((7, False), (8, True), (9, True)):
        hazard = ask(world, hazard, 2, at(f"2025-05-0{day}T09:00"))
        given = {"by": world.deputy, "hazard": hazard, "now": at(f"2025-05-0{day}T10:00")}
        hazard = actions.grant_extension(**given) if may else actions.refuse_extension(reason="可以先做", **given)
    assert limit(hazard) == "2025-05-20"
    assert "已经延期2次" in refusal(lambda: ask(world, hazard, 1, at("2025-05-10T09:00")))


# The overdue ladder


@pytest.mark.parametrize(
    ("days", "kinds"),
    [
        (1, ["reminder"]),
        (6, ["reminder"]),
        (7, ["urging"]),
        (14, ["urging"]),
        (15, ["government"]),
        (29, ["government"]),
        (30, ["listing"]),
        (400, ["listing"]),
    ],
)
def test_a_portal_that_was_away_writes_the_one_letter_of_the_day_on_which_it_is_back(world, days, kinds):
    hazard = rectifying(world, DAY, days=10)
    actions.escalate_overdue(now=hazard.due_at)
    assert not HazardDocument.objects.filter(step__gt=0).exists()
    actions.escalate_overdue(now=hazard.due_at + timedelta(days=days))
    assert [row.kind for row in HazardDocument.objects.filter(step__gt=0)] == kinds


def test_the_first_minute_after_the_last_day_is_the_first_day_late(world):
    hazard = rectifying(world, DAY, days=10)
    assert (limit(hazard), hazard.days_overdue(at("2025-05-16T23:59"))) == ("2025-05-16", 0)
    assert hazard.days_overdue(at("2025-05-17T00:00")) == 1


def test_letters_stop_while_an_objection_stands_and_start_where_they_were(world):
    hazard = notified(world, DAY, days=10)  # until 16 May
    actions.escalate_overdue(now=at("2025-05-17T08:00"))
    hazard.refresh_from_db()
    hazard = actions.dispute(by=world.liaison, hazard=hazard, now=at("2025-05-18T09:00"), reason="不归我们管")
    actions.escalate_overdue(now=at("2025-05-30T08:00"))
    actions.uphold(by=world.office, hazard=hazard, now=at("2025-05-30T09:00"), reason="会商维持")
    actions.escalate_overdue(now=at("2025-06-03T08:00"))  # six days beyond 28 May
    assert list(HazardDocument.objects.filter(step__gt=0).values_list("step", flat=True)) == [1]
    actions.escalate_overdue(now=at("2025-06-04T08:00"))
    assert list(HazardDocument.objects.filter(step__gt=0).order_by("step").values_list("step", flat=True)) == [1, 7]


def test_another_owner_s_ladder_begins_at_its_own_limit(world):
    hazard = accepted(world, DAY, days=10)
    actions.escalate_overdue(now=at("2025-05-23T08:00"))
    hazard.refresh_from_db()
    hazard = actions.transfer(
        by=world.clerk, hazard=hazard, now=at("2025-05-24T09:00"), owner=world.housing, due_on=date(2025, 5, 31),
        signed_by=world.deputy, reason="路权已移交",
    )  # fmt: skip
    actions.escalate_overdue(now=at("2025-05-31T23:59"))
    actions.escalate_overdue(now=at("2025-06-01T00:01"))
    steps = HazardDocument.objects.filter(step__gt=0).order_by("issued_at").values_list("step", "facts__owner")
    assert list(steps) == [(7, "区公路中心"), (1, "区住建局")]


# Deferral


def test_a_deferral_is_reviewed_from_tomorrow_on_and_within_180_days(world):
    hazard = controlled(world, rectifying(world, DAY), at("2025-05-06T15:00"))
    for day in ("2025-05-06", "2025-11-03"):
        assert "复审日期要在明天到2025-11-02之间" in refusal(
            lambda day=day: deferred(world, hazard, "2025-05-06T16:00", day)
        )
    hazard = deferred(world, hazard, "2025-05-06T16:00", "2025-11-02")
    assert (due_on("review"), duty("review").post) == ("2025-11-02", "deputy_leader")
    assert not type(hazard).objects.overdue(at("2026-05-06T08:00")).exists()
    actions.escalate_overdue(now=at("2026-05-06T08:00"))
    assert not HazardDocument.objects.filter(step__gt=0).exists()


# Visits after the closing


def visit(world, hazard, moment):
    return actions.recheck(by=world.other, hazard=hazard, now=at(moment), note="设施完好")


def rechecks():
    return list(Obligation.objects.filter(rule="hazards.recheck").order_by("due_at").values_list("state", flat=True))


def test_two_visits_of_one_week_are_not_those_of_two_months(world):
    hazard = closed(world, DAY)  # visits by 5 June and by 4 August
    for moment in ("2025-05-08T09:00", "2025-05-09T09:00", "2025-06-05T09:00"):
        hazard = visit(world, hazard, moment)
    assert rechecks() == ["met", "open"]
    visit(world, hazard, "2025-06-06T09:00")
    assert rechecks() == ["met", "met"]


def test_one_late_visit_is_not_both(world):
    hazard = visit(world, closed(world, DAY), "2025-06-20T09:00")
    assert rechecks() == ["met", "open"]
    visit(world, hazard, "2025-08-04T09:00")
    assert rechecks() == ["met", "met"]


def test_a_closing_of_an_old_ledger_is_visited_by_the_days_of_its_entry(world):
    hazard = closed(world, "2025-03-25T08:00")
    type(hazard).objects.filter(pk=hazard.pk).update(is_past=True, created_at=at("2025-04-02T09:00"))
    Obligation.objects.filter(rule="hazards.recheck").delete()
    admin = person(Role.BUSINESS_ADMIN, at=world.brigade)
    set_parameter(
        by=admin, code="hazards.recheck_days", value=[45, 100], valid_from=date(2025, 4, 1), source="会议纪要"
    )
    hazard.refresh_from_db()
    visit(world, hazard, "2025-04-20T09:00")
    found = Obligation.objects.filter(rule="hazards.recheck").order_by("due_at")
    assert [row.period.split("-")[1] for row in found] == ["45", "100"]
    assert rechecks() == ["met", "open"]


# Whose extension, whose list


def test_what_is_not_major_is_extended_twice_by_the_leader(world):
    hazard = rectifying(world, DAY, days=10)
    for day in (7, 8):
        hazard = ask(world, hazard, 2, at(f"2025-05-0{day}T09:00"))
        office = {"by": world.office, "hazard": hazard, "now": at(f"2025-05-0{day}T10:00")}
        assert "由大队领导审批" in refusal(lambda office=office: actions.grant_extension(**office))
        hazard = actions.grant_extension(**(office | {"by": world.leader}))


def test_a_major_hazard_that_came_to_another_owner_begins_with_the_leader_again(world):
    hazard = rectifying(world, DAY, major=True, days=30)
    hazard = ask(world, hazard, 2, at("2025-05-07T09:00"))
    hazard = actions.grant_extension(by=world.deputy, hazard=hazard, now=at("2025-05-07T10:00"))
    hazard = actions.transfer(
        by=world.clerk, hazard=hazard, now=at("2025-05-08T09:00"), owner=world.housing, due_on=date(2025, 6, 7),
        signed_by=world.deputy, reason="路权已移交",
    )  # fmt: skip
    hazard = actions.accept(by=world.stranger, hazard=hazard, now=at("2025-05-08T10:00"))
    hazard = actions.ask_extension(by=world.stranger, hazard=hazard, now=at("2025-05-09T09:00"), days=2, reason="招标")
    assert actions.grant_extension(by=world.deputy, hazard=hazard, now=at("2025-05-09T10:00")).due_at


LISTED = {"document_no": "聊安委〔2025〕8号", "leader": "领导甲", "listed_on": date(2025, 5, 6)}


@pytest.mark.parametrize("level", ["city", "province", "ministry"])
def test_each_higher_level_delists_what_is_its_own(world, level):
    hazard = graded(world, DAY)
    now = at("2025-05-06T12:00")
    hazard = actions.list_hazard(by=world.clerk, hazard=hazard, now=now, level=level, **LISTED)
    hazard = actions.list_hazard(by=world.office, hazard=hazard, now=now, level="county", **LISTED)
    again = {"by": world.clerk, "hazard": hazard, "now": now, "level": level}
    assert "已经" in refusal(lambda: actions.list_hazard(**again, **LISTED))
    both = person("clerk", "road_safety_office", at=world.brigade)
    type(hazard).objects.filter(pk=hazard.pk).update(state="closed", closed_at=now)
    off = {"hazard": hazard, "now": at("2025-05-07T09:00"), "document_no": "摘1号"}
    hazard = actions.delist(by=both, level="county", **off)
    assert hazard.open_listing.level == level
    assert "只能由" in refusal(lambda: actions.delist(by=both, level="county", **off))
    assert actions.delist(by=both, level=level, **off).open_listing is None


def test_no_list_begins_tomorrow_or_ends_before_it_begins(world):
    hazard = graded(world, DAY)
    now = at("2025-05-06T12:00")
    call = lambda **more: actions.list_hazard(  # noqa: E731
        by=world.office, hazard=hazard, now=now, level="county", **(LISTED | more)
    )
    assert "不能晚于今天" in refusal(lambda: call(listed_on=date(2025, 5, 7)))
    assert "要晚于挂牌日期" in refusal(lambda: call(due_on=date(2025, 5, 6)))
    assert call(due_on=date(2025, 5, 7)).open_listing


def test_the_second_of_a_deferral_while_an_extension_is_asked_keeps_both(world):
    hazard = controlled(world, rectifying(world, DAY, days=30), later(DAY, hours=7))
    hazard = ask(world, hazard, 10, at("2025-05-07T09:00"))
    hazard = deferred(world, hazard, "2025-05-08T09:00", "2025-08-01")
    hazard = actions.resume(by=world.deputy, hazard=hazard, now=at("2025-05-18T09:00"))
    hazard = actions.grant_extension(by=world.deputy, hazard=hazard, now=at("2025-05-19T09:00"))
    assert limit(hazard) == "2025-06-25"


# Coming back


def back(world, hazard, moment: str):
    now = at(moment)
    return actions.reopen(
        by=world.inspector, hazard=hazard, now=now, reason="护栏缺失", photos=[photo(world.inspector, now)],
        due_on=timezone.localdate(now) + timedelta(days=10),
    )  # fmt: skip


@pytest.mark.parametrize("moment", ["2025-06-05T23:00", "2025-06-06T09:00", "2025-08-05T09:00", "2026-08-05T09:00"])
def test_a_hazard_comes_back_on_any_day_and_is_visited_anew_after_the_next_closing(world, moment):
    hazard = back(world, closed(world, DAY), moment)
    assert set(rechecks()) == {"void"}
    hazard = verified(world, handed_in(world, hazard, at(moment) + timedelta(days=1)), at(moment) + timedelta(days=2))
    last = timezone.localdate(hazard.closed_at)
    new = Obligation.objects.filter(rule="hazards.recheck", state="open").order_by("due_at")
    assert [(timezone.localdate(row.due_at) - last).days for row in new] == [30, 90]
    assert hazard.verifications.filter(has_passed=True).count() == 2


def test_what_an_old_ledger_does_not_know_the_owner_of_is_reported_anew(world):
    hazard = closed(world, DAY)
    nobody = {"owner": None, "notified_at": None, "delivered_at": None, "registered_at": None, "is_past": True}
    type(hazard).objects.filter(pk=hazard.pk).update(**nobody)
    hazard.refresh_from_db()
    assert "请按新隐患上报" in refusal(lambda: back(world, hazard, "2025-06-06T09:00"))
    known = closed(world, DAY, category=category("signs"))
    type(known).objects.filter(pk=known.pk).update(registered_at=None, is_past=True)
    known.refresh_from_db()
    assert back(world, known, "2025-06-06T09:00").registered_at == at("2025-06-06T09:00")


def test_what_nobody_has_verified_is_not_deferred(world):
    hazard = reported(world, DAY)
    assert "先核实登记" in refusal(lambda: deferred(world, hazard, "2025-05-06T16:00", "2025-08-01"))


def test_a_liaison_who_may_not_answer_is_none(world):
    """His right ended, and his account is still open."""
    world.liaison.grants.update(ends_on="2025-05-01")
    hazard = graded(world, DAY)
    call = lambda: actions.notify(  # noqa: E731
        by=world.clerk, hazard=hazard, now=at("2025-05-06T12:00"), owner=world.highway, due_on=date(2025, 6, 5),
        signed_by=world.deputy,
    )  # fmt: skip
    assert "马会良没有区公路中心联络员的权限" in refusal(call)
    actions.set_owner(by=world.clerk, unit=world.highway, owner_type="highway", liaison_name="韩某")
    assert call().state == "notified"
