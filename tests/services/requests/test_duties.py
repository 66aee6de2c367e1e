"""What requests make due, who hears of it, and the figures of the hall."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from brigade import workflow
from brigade.indicators import actions as indicators
from brigade.indicators.models import Figure
from brigade.indicators.queries import standings
from brigade.notices.models import Message
from brigade.obligations import actions as obligations
from brigade.obligations.models import Obligation
from brigade.obligations.queries import open_counts
from brigade.org.models import Person
from brigade.org.states import Role
from services.requests import actions, queries
from services.requests.indicators import FIGURES
from services.requests.states import Ending
from tests.brigade.org.factories import grant
from tests.services.requests.world import at, day, marks, taken_in

pytestmark = pytest.mark.django_db


def duty(rule: str) -> Obligation:
    return Obligation.objects.get(rule=rule)


def started(world, code="PL01", moment="2026-06-12T10:00"):
    return actions.start(by=world.clerk, request=taken_in(world, code, moment), now=at(moment))


def test_accepted_request_is_due_to_its_handler_by_the_promise(world):
    made = started(world)
    row = duty("requests.time_limit")
    assert (row.person, row.state, row.due_at) == (world.clerk, "open", made.promised_due_at)
    assert row.due_at == at("2026-06-29T17:00")
    assert row.warn_at == at("2026-06-26T08:30")
    actions.complete(by=world.clerk, request=made, now=at("2026-06-15T10:00"))
    row.refresh_from_db()
    assert (row.state, row.met_at, row.met_id) == ("met", at("2026-06-15T10:00"), str(made.pk))


def test_what_is_settled_on_the_spot_was_never_due(world):
    taken_in(world, "PL02", "2026-06-12T10:00", Ending.SETTLE)
    assert Obligation.objects.count() == 0


def test_duty_follows_the_request_to_its_new_handler(world):
    actions.hand_over(by=world.clerk, request=started(world), now=at("2026-06-12T11:00"), to=world.other)
    assert duty("requests.time_limit").person == world.other


def test_ladder_climbs_to_the_leader_of_the_shift_the_head_and_the_brigade(world):
    """Promised until 2026-06-29: the handler a working day ahead, and one rung more each working day.

    On the day itself the handler hears two hours ahead, so the digest tells only the leader of the shift.
    """
    started(world)
    people = {world.clerk: "王晓燕", world.lead: "赵值班", world.head: "周所长", world.leader: "吴队长"}
    heard = []
    for text in ("06-25", "06-26", "06-29", "06-30", "07-01"):
        Message.objects.all().delete()
        obligations.send_digest(now=at(f"2026-{text}T08:30"))
        told = set(Message.objects.filter(code="obligations.digest").values_list("recipient", flat=True))
        heard.append({name for who, name in people.items() if who.pk in told})
    assert heard == [set(), {"王晓燕"}, {"赵值班"}, {"王晓燕", "周所长"}, {"王晓燕", "周所长", "吴队长"}]


def told(code: str, person) -> list[str]:
    return list(Message.objects.filter(code=code, recipient=person).values_list("title", flat=True))


def test_handler_hears_two_hours_before_the_promise_ends_and_only_once_that_day(world):
    made = started(world)
    obligations.send_digest(now=at("2026-06-26T08:30"))
    assert len(told("obligations.digest", world.clerk)) == 1
    Message.objects.all().delete()
    obligations.send_digest(now=at("2026-06-29T08:30"))
    assert told("obligations.digest", world.clerk) == []
    assert actions.remind_soon_due(now=at("2026-06-29T14:59")) == "2小时内到期0件"
    assert actions.remind_soon_due(now=at("2026-06-29T15:00")) == "2小时内到期1件"
    actions.remind_soon_due(now=at("2026-06-29T15:10"))
    assert told("requests.due_soon", world.clerk) == [f"{made.title}（{made.number}）今天17:00到期，还没办结"]
    assert actions.remind_soon_due(now=at("2026-06-29T17:00")) == "2小时内到期0件"


def test_what_is_promised_for_the_same_day_is_told_two_hours_ahead_too(world):
    taken_in(world, "PL02", "2026-06-12T10:00")
    actions.remind_soon_due(now=at("2026-06-12T15:00"))
    assert len(told("requests.due_soon", world.clerk)) == 1


def test_nobody_is_reminded_of_what_is_settled_suspended_or_was_accepted_a_moment_ago(world):
    done = started(world, "PL02")
    actions.complete(by=world.clerk, request=done, now=at("2026-06-12T14:00"))
    actions.suspend(
        by=world.lead, request=started(world, "PL02"), now=at("2026-06-12T14:00"), reason_code="system", told_by="书面"
    )
    taken_in(world, "PL02", "2026-06-12T15:20")
    assert actions.remind_soon_due(now=at("2026-06-12T15:30")) == "2小时内到期0件"


def test_limit_that_moved_is_told_again_on_its_new_day(world):
    made = started(world)
    actions.remind_soon_due(now=at("2026-06-29T15:00"))
    made = actions.suspend(
        by=world.lead, request=made, now=at("2026-06-29T16:00"), reason_code="appraisal", told_by="书面"
    )
    made = actions.resume(by=world.lead, request=made, now=at("2026-06-30T09:00"))
    assert made.promised_due_at == at("2026-06-30T17:00")
    actions.remind_soon_due(now=at("2026-06-30T15:00"))
    assert len(told("requests.due_soon", world.clerk)) == 2


def test_suspension_that_goes_on_is_told_on_mondays_to_the_leader_of_the_shift_and_then_to_the_head(world):
    """Ten working days from 2026-06-12 are over on 06-29, a Monday: the next one is 07-06."""
    actions.suspend(
        by=world.lead, request=started(world), now=at("2026-06-12T11:00"), reason_code="appraisal", told_by="书面"
    )
    heard = {}
    for text in ("06-29", "06-30", "07-06", "07-07", "07-13"):
        Message.objects.all().delete()
        obligations.send_digest(now=at(f"2026-{text}T08:30"))
        heard[text] = [who.name for who in (world.lead, world.head) if told("obligations.digest", who)]
    assert heard == {"06-29": [], "06-30": [], "07-06": ["赵值班"], "07-07": [], "07-13": ["赵值班", "周所长"]}


def test_received_request_is_answered_within_five_working_days(world):
    made = taken_in(world, "PL01", "2026-06-12T10:00", Ending.RECEIVE)
    row = duty("requests.answer")
    assert (row.state, row.due_at, row.person) == ("open", at("2026-06-22T17:00"), world.clerk)
    actions.accept(by=world.clerk, request=made, now=at("2026-06-15T10:00"))
    row.refresh_from_db()
    assert (row.state, row.met_at, row.due_at) == ("met", at("2026-06-15T10:00"), at("2026-06-22T17:00"))


def test_each_round_has_its_own_five_days(world):
    made = taken_in(world, "PL01", "2026-06-12T10:00", Ending.NOTIFY, missing=1)
    assert duty("requests.answer").state == "met"
    assert duty("requests.supplement").due_at == at("2026-07-12T17:00")
    actions.take_back(by=world.clerk, request=made, now=at("2026-06-15T10:00"))
    assert duty("requests.supplement").state == "met"
    assert set(Obligation.objects.filter(rule="requests.answer").values_list("period", "state")) == {
        ("R1", "met"),
        ("R2", "open"),
    }


def test_reviewer_has_a_working_day(world):
    made = actions.ask_review(
        by=world.clerk, request=started(world, "DL05"), now=at("2026-06-12T11:00"), proposal="approve"
    )
    row = duty("requests.review")
    assert (row.post, row.person, row.state, row.due_at) == ("service_reviewer", None, "open", at("2026-06-15T17:00"))
    assert "拟准予，已提交审核，等审核岗6月15日前办理" in queries.deadline(made).lines
    assert Obligation.objects.open().for_person(world.reviewer).filter(pk=row.pk).exists()
    assert told("requests.review_asked", world.reviewer) == [f"军警驾驶证换领（{made.number}）等你审核"]
    actions.complete(by=world.reviewer, request=made, now=at("2026-06-12T15:00"))
    row.refresh_from_db()
    assert row.state == "met"


def test_who_accepted_a_request_has_not_to_review_it_though_he_is_a_reviewer_too(world):
    grant(world.clerk, Role.SERVICE_REVIEWER, world.hall)
    clerk = Person.objects.get(pk=world.clerk.pk)
    handed = actions.hand_over(by=clerk, request=started(world, "DL05"), now=at("2026-06-12T10:30"), to=world.other)
    actions.ask_review(by=world.other, request=handed, now=at("2026-06-12T11:00"), proposal="approve")
    assert duty("requests.review") in Obligation.objects.open().for_person(world.reviewer)
    assert duty("requests.review") not in Obligation.objects.visible_to(clerk)
    assert open_counts(clerk, at("2026-06-12T12:00"))["total"] == 0


def test_suspension_is_looked_at_again_after_ten_working_days(world):
    made = actions.suspend(
        by=world.lead, request=started(world), now=at("2026-06-12T11:00"), reason_code="appraisal", told_by="书面"
    )
    row = duty("requests.suspension")
    assert (row.post, row.state, row.due_at) == ("window_lead", "open", at("2026-06-29T17:00"))
    assert duty("requests.time_limit").state == "paused"
    actions.resume(by=world.lead, request=made, now=at("2026-06-15T09:00"))
    row.refresh_from_db()
    assert row.state == "met"
    assert duty("requests.time_limit").state == "open"


def test_tolerated_material_is_chased_until_it_is_brought(world):
    made = taken_in(
        world, "PL01", "2026-06-12T10:00", marks=marks("PL01", m2="tolerated"), tolerated_due_on=day("2026-06-18")
    )
    assert duty("requests.tolerated").due_at == at("2026-06-18T17:00")
    actions.supply(by=world.clerk, request=made, now=at("2026-06-16T10:00"))
    assert duty("requests.tolerated").state == "met"


def test_voided_request_owes_nothing(world):
    actions.void(by=world.lead, request=started(world), now=at("2026-06-12T11:00"), reason="重复登记")
    assert duty("requests.time_limit").state == "void"
    assert not Obligation.objects.open().exists()


def test_nightly_reconciling_changes_nothing_that_the_moves_did_not(world):
    started(world)
    taken_in(world, "PL01", "2026-06-12T10:00", Ending.NOTIFY, missing=1)
    taken_in(world, "PL01", "2026-06-12T10:00", Ending.RECEIVE)
    before = list(Obligation.objects.order_by("pk").values())
    assert workflow.settle(now=at("2026-06-13T00:05")) == "核对应办事项，变动0项"
    assert list(Obligation.objects.order_by("pk").values()) == before


# Figures


def amounts(world, start="2026-06-01", end="2026-06-30") -> dict[str, tuple[int, int]]:
    indicators.drain(now=timezone.now())
    found = standings([figure.code for figure in FIGURES], world.hall, day(start), day(end))
    return {row.indicator.code.removeprefix("requests."): (int(row.value), int(row.base)) for row in found}


def a_month(world) -> None:
    """Ten requests: seven settled on the spot, one late, one noticed and then in time, one open and overdue."""
    for n in range(7):
        taken_in(world, "PL02", f"2026-06-{n + 8:02}T10:00", Ending.SETTLE)
    late = started(world, "VR02", "2026-06-08T10:00")
    actions.complete(by=world.clerk, request=late, now=at("2026-06-10T09:00"))
    made = taken_in(world, "PL02", "2026-06-15T10:00", Ending.NOTIFY, missing=1)
    made = actions.take_back(by=world.clerk, request=made, now=at("2026-06-16T10:00"), marks=marks("PL02"))
    actions.finish(by=world.clerk, request=made, now=at("2026-06-16T10:05"))
    started(world, "VR02", "2026-06-17T10:00")


def test_figures_of_a_month(world):
    """On time 8 ÷ (9 + 1 overdue); right the first time 8 ÷ 9; nine done: eight of one day by law and none by promise,
    one of two days and one: 1 − 1/10."""
    a_month(world)
    found = amounts(world)
    assert found["received"][0] == 10
    assert found["completed"][0] == 9
    assert found["on_time"] == (8, 10)
    assert found["first_time_right"] == (8, 9)
    assert found["saving"] == (9, 10)


def test_facets_split_by_category(world):
    a_month(world)
    indicators.drain(now=timezone.now())
    rows = Figure.objects.filter(indicator="requests.received").values_list("facet", "value")
    sums: dict[str, Decimal] = {}
    for facet, value in rows:
        sums[facet] = sums.get(facet, Decimal()) + value
    assert sums == {"plates_certificates": 8, "vehicle_registration": 2}


def test_drained_figures_equal_rebuilt_ones(world):
    a_month(world)
    indicators.drain(now=timezone.now())
    fields = ("indicator", "unit", "day", "facet", "value", "base")
    drained = set(Figure.objects.values_list(*fields))
    indicators.rebuild(now=timezone.now(), codes=[figure.code for figure in FIGURES])
    assert set(Figure.objects.values_list(*fields)) == drained


def test_request_that_becomes_overdue_overnight_is_counted_by_the_evening_job(world):
    now = timezone.now()
    made = started(world, "VR02", (timezone.localtime(now) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M"))
    indicators.drain(now=now)
    type(made).objects.filter(pk=made.pk).update(promised_due_at=now - timedelta(hours=1))
    assert actions.mark_overdue(now=now) == "逾期未办结1件"
    indicators.drain(now=now)
    assert Figure.objects.get(indicator="requests.on_time", day=timezone.localdate(now - timedelta(hours=1))).base == 1


def test_on_time_rate_of_a_hall_without_requests_is_no_figure(world):
    found = standings(["requests.on_time"], world.hall, day("2026-06-01"), day("2026-06-30"))
    assert found[0].amount is None
