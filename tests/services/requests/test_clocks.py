"""The clocks of a request: which moment a limit ends, and what moves it."""

from datetime import timedelta

import pytest

from brigade.audit.actions import SYSTEM
from brigade.audit.models import AuditEvent
from brigade.obligations.models import Obligation
from brigade.reference.actions import Day, publish_year
from brigade.reference.states import DayReason
from services.requests import actions, queries, rules
from services.requests.models import ServiceItem, ServiceRequest
from services.requests.states import Ending, RequestState
from tests.services.requests.world import World, at, day, item, taken_in

pytestmark = pytest.mark.django_db


def due(code: str, accepted: str) -> rules.Limits:
    moment = at(accepted)
    return rules.limits(item(code), moment, [], queries.clock(moment.date()))


@pytest.mark.parametrize(
    ("code", "accepted", "statutory"),
    [
        ("PL02", "2026-02-13T10:00", "2026-02-14T17:00"),  # 1: the make-up Saturday before the Spring Festival
        ("VR01", "2026-02-13T10:00", "2026-02-24T17:00"),  # 2: two working days over the holiday
        ("VR10", "2026-02-13T10:00", "2026-02-25T17:00"),  # 2: transfer out, three
        ("PL02", "2026-09-18T10:00", "2026-09-20T17:00"),  # 4: a Sunday that is worked
        ("PL01", "2026-03-02T10:00", "2026-03-23T17:00"),  # 5: fifteen working days
    ],
)
def test_statutory_limit_ends_when_the_hall_closes(world, code, accepted, statutory):
    assert due(code, accepted).statutory_due_at == at(statutory)


def test_promise_of_no_days_ends_on_the_same_day(world):
    assert due("PL02", "2026-02-13T10:00").promised_due_at == at("2026-02-13T17:00")


def test_what_comes_after_closing_counts_from_the_next_opening(world):
    assert due("PL02", "2026-02-13T17:30").promised_due_at == at("2026-02-14T17:00")
    assert due("PL02", "2026-02-13T17:30").statutory_due_at == at("2026-02-24T17:00")
    assert due("PL02", "2026-02-15T09:00").promised_due_at == at("2026-02-24T17:00")


def test_lunch_break_moves_nothing(world):
    assert due("PL02", "2026-02-13T12:30").promised_due_at == at("2026-02-13T17:00")


def test_item_without_a_limit_of_the_law_goes_by_its_promise(world):
    limits = due("DL01", "2026-03-02T10:00")
    assert limits.statutory_due_at is None
    assert limits.promised_due_at == at("2026-03-02T17:00")


def test_natural_days_run_over_holidays_and_roll_only_where_the_rule_says(world):
    """Scenario 7; the permit for highly toxic goods runs its seven days without rolling."""
    assert due("PM02", "2026-02-13T10:00").statutory_due_at == at("2026-02-20T17:00")
    thirty = ServiceItem(statutory_days=30, promised_days=30, day_kind="natural")
    rolling = ServiceItem(statutory_days=30, promised_days=30, day_kind="natural", rolls_over=True)

    def last_day(kind: ServiceItem, accepted: str):
        moment = at(accepted)
        return rules.limits(kind, moment, [], queries.clock(moment.date())).statutory_due_at.date().isoformat()

    assert last_day(thirty, "2026-01-28T10:00") == "2026-02-27"
    assert last_day(rolling, "2026-09-08T10:00") == "2026-10-08"
    assert last_day(rolling, "2026-09-05T10:00") == "2026-10-08"


def accepted_plates(world: World) -> ServiceRequest:
    return actions.start(
        by=world.clerk, request=taken_in(world, "PL01", "2026-03-02T10:00"), now=at("2026-03-02T10:05")
    )


def test_suspension_adds_the_working_days_between(world):
    """Scenario 5: fifteen days from 03-02, stopped on 03-05, on again on 03-11, four days more."""
    request = accepted_plates(world)
    assert request.statutory_due_at == at("2026-03-23T17:00")
    request = actions.suspend(
        by=world.lead, request=request, now=at("2026-03-05T11:00"), reason_code="appraisal", told_by="书面通知"
    )
    assert Obligation.objects.get(rule="requests.time_limit").state == "paused"
    request = actions.resume(by=world.lead, request=request, now=at("2026-03-11T09:00"))
    assert request.statutory_due_at == at("2026-03-27T17:00")
    assert request.promised_due_at == at("2026-03-20T17:00")
    assert request.suspended_workdays == 4
    assert Obligation.objects.get(rule="requests.time_limit").due_at == at("2026-03-20T17:00")


def test_suspension_over_a_long_holiday_adds_only_days_that_were_worked(world):
    """Stopped on 02-13, on again on 02-24: only 02-14 and 02-24 were worked in between."""
    request = taken_in(world, "PL01", "2026-02-12T10:00")
    before = request.statutory_due_at
    request = actions.start(by=world.clerk, request=request, now=at("2026-02-12T10:05"))
    request = actions.suspend(
        by=world.lead, request=request, now=at("2026-02-13T11:00"), reason_code="system", told_by="短信"
    )
    request = actions.resume(by=world.lead, request=request, now=at("2026-02-24T09:00"))
    assert request.suspended_workdays == 2
    assert (before, request.statutory_due_at) == (at("2026-03-11T17:00"), at("2026-03-13T17:00"))


def test_two_suspensions_add_up(world):
    request = accepted_plates(world)
    for start, end in (("2026-03-05T11:00", "2026-03-06T09:00"), ("2026-03-09T11:00", "2026-03-11T09:00")):
        request = actions.suspend(
            by=world.lead, request=request, now=at(start), reason_code="applicant", told_by="书面通知"
        )
        request = actions.resume(by=world.lead, request=request, now=at(end))
    assert request.suspended_workdays == 3
    assert request.statutory_due_at == at("2026-03-26T17:00")


def test_limit_that_runs_into_an_unpublished_year_is_provisional_and_moves_when_the_year_is_published(world):
    """Scenario 32: accepted 2026-12-28 for fifteen days; on publication old and new stand in the audit trail."""
    request = taken_in(world, "PL01", "2026-12-28T10:00")
    assert request.is_provisional
    assert request.statutory_due_at == at("2027-01-18T17:00")
    off = [Day(day(f"2027-01-0{n}"), False, DayReason.HOLIDAY) for n in (1, 2, 3)]
    publish_year(by=SYSTEM, year=2027, days=[*off, Day(day("2027-01-04"), False, DayReason.HOLIDAY)], source="测试")
    actions.recompute_due(now=at("2026-12-29T01:00"))
    request.refresh_from_db()
    assert not request.is_provisional
    assert request.statutory_due_at == at("2027-01-20T17:00")
    event = AuditEvent.objects.get(verb="request.recomputed")
    assert "2027-01-18" in event.changes_text and "2027-01-20" in event.changes_text
    assert actions.recompute_due(now=at("2026-12-29T01:01")) == "重算期限0件"


def test_licence_request_that_nobody_answers_is_deemed_accepted_from_its_receipt(world):
    """Scenario 8: received 2026-02-13, five working days are over on 02-27 at 17:00; the head hears of it."""
    request = taken_in(world, "DL08", "2026-02-13T10:00", Ending.RECEIVE)
    assert request.answer_due_at == at("2026-02-27T17:00")
    assert actions.deem_accepted(now=at("2026-02-27T16:59")) == "视为受理0件"
    assert actions.deem_accepted(now=at("2026-02-27T17:05")) == "视为受理1件"
    request.refresh_from_db()
    assert request.state == RequestState.ACCEPTED and request.is_deemed
    assert request.accepted_at == at("2026-02-13T10:00")
    assert request.statutory_due_at == at("2026-02-14T17:00")
    assert Obligation.objects.get(rule="requests.answer").state == "missed"
    from brigade.notices.models import Message

    told = Message.objects.filter(code="requests.deemed").values_list("recipient", flat=True)
    assert set(told) == {world.clerk.pk, world.head.pk}
    assert actions.deem_accepted(now=at("2026-02-27T17:06")) == "视为受理0件"


def test_item_that_is_no_licence_is_never_deemed_accepted(world):
    taken_in(world, "VI01", "2026-02-13T10:00", Ending.RECEIVE)
    assert actions.deem_accepted(now=at("2026-03-27T17:05")) == "视为受理0件"


def test_notice_stops_the_five_days(world):
    taken_in(world, "DL08", "2026-02-13T10:00", Ending.NOTIFY, missing=1)
    assert actions.deem_accepted(now=at("2026-03-27T17:05")) == "视为受理0件"


def test_request_lapses_thirty_natural_days_after_its_notice(world):
    request = taken_in(world, "DL08", "2026-01-28T10:00", Ending.NOTIFY, missing=2)
    assert request.lapses_at == at("2026-02-27T17:00")
    assert actions.lapse_overdue(now=request.lapses_at - timedelta(seconds=1)) == "逾期未补正终止0件"
    assert actions.lapse_overdue(now=request.lapses_at) == "逾期未补正终止1件"
    request.refresh_from_db()
    assert request.state == RequestState.LAPSED
    assert request.outcome == ""


def test_the_citizen_is_forgotten_thirty_days_after_it_is_over(world):
    request = taken_in(world, "VR01", "2026-03-02T10:00")
    ServiceRequest.objects.filter(pk=request.pk).update(
        state=RequestState.DELIVERED,
        outcome="approved",
        completed_at=at("2026-03-04T10:00"),
        delivered_at=at("2026-03-04T11:00"),
    )
    assert actions.forget_citizens(now=at("2026-04-03T02:50")) == "清除办事人信息0件"
    assert actions.forget_citizens(now=at("2026-04-04T02:50")) == "清除办事人信息1件"
    assert actions.forget_citizens(now=at("2026-04-05T02:50")) == "清除办事人信息0件"
    request.refresh_from_db()
    assert (request.citizen_name, request.phone_sealed, request.phone_index, request.id_no_tail) == ("", "", "", "")
    kept = AuditEvent.objects.get(verb="request.forgotten")
    assert "刘某某" not in kept.changes_text
    assert request.number in request.search_text


def test_an_open_request_keeps_its_citizen(world):
    request = taken_in(world, "VR01", "2026-03-02T10:00")
    actions.forget_citizens(now=at("2027-03-02T10:00"))
    request.refresh_from_db()
    assert request.citizen_name
