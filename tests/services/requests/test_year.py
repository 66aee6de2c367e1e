"""Limits over the holidays and make-up days of 2026, each counted by hand on the printed list.

Off: 1/1–3, 2/15–23, 4/4–6, 5/1–5, 6/19–21, 9/25–27, 10/1–7. Worked: 1/4, 2/14, 2/28, 5/9, 9/20, 10/10.
"""

import pytest

from brigade.audit.actions import SYSTEM
from brigade.notices.models import Message
from brigade.obligations import actions as obligations
from brigade.obligations.models import Obligation
from brigade.reference.actions import set_parameter
from services.requests import actions, queries, rules
from services.requests.models import ServiceRequest
from services.requests.states import Ending, RequestState
from tests.services.requests.world import at, item, marks, taken_in

pytestmark = pytest.mark.django_db

LIMITS = [
    # By law in working days: PL02 1, VR01 2, VR10 3, PL07 5, PL01 15; promised: PL02 and VR01 0, PL01 10.
    ("PL02", "2025-12-31T10:00", "2026-01-04T17:00", "2025-12-31T17:00"),  # New Year, then a worked Sunday
    ("VR01", "2026-04-03T10:00", "2026-04-08T17:00", "2026-04-03T17:00"),  # 4/7, 4/8
    ("PL02", "2026-04-30T16:59", "2026-05-06T17:00", "2026-04-30T17:00"),  # the last minute before five days off
    ("PL02", "2026-04-30T17:00", "2026-05-07T17:00", "2026-05-06T17:00"),  # closed: counts as accepted on 5/6
    ("VR10", "2026-05-08T10:00", "2026-05-12T17:00", "2026-05-09T17:00"),  # 5/9 Saturday, 5/11, 5/12
    ("PL02", "2026-06-18T10:00", "2026-06-22T17:00", "2026-06-18T17:00"),
    ("VR01", "2026-09-24T10:00", "2026-09-29T17:00", "2026-09-24T17:00"),  # 9/28, 9/29
    ("PL01", "2026-09-22T10:00", "2026-10-20T17:00", "2026-10-13T17:00"),  # 2 + 3 + 3 + 5 + 2 and 2 + 3 + 3 + 2
    ("PL02", "2026-09-30T10:00", "2026-10-08T17:00", "2026-09-30T17:00"),  # National Day
    ("VR10", "2026-09-30T10:00", "2026-10-10T17:00", "2026-10-08T17:00"),  # 10/8, 10/9, Saturday 10/10
    ("PL07", "2026-09-30T10:00", "2026-10-13T17:00", "2026-10-09T17:00"),  # and 10/12, 10/13
    ("PL02", "2026-10-03T12:00", "2026-10-09T17:00", "2026-10-08T17:00"),  # on line on a day off: from 10/8
    ("PL02", "2026-10-10T10:00", "2026-10-12T17:00", "2026-10-10T17:00"),  # accepted on a worked Saturday
    ("PL02", "2026-10-11T10:00", "2026-10-13T17:00", "2026-10-12T17:00"),  # on the Sunday after it
    ("PM02", "2026-09-28T10:00", "2026-10-05T17:00", "2026-10-03T17:00"),  # natural days, 7 and 5: nothing moves
    ("PM02", "2026-09-28T22:00", "2026-10-05T17:00", "2026-10-03T17:00"),  # natural days ask for no opening hours
]


@pytest.mark.parametrize(("code", "accepted", "by_law", "promised"), LIMITS)
def test_both_limits_over_holidays_and_make_up_days(world, code, accepted, by_law, promised):
    moment = at(accepted)
    limits = rules.limits(item(code), moment, [], queries.clock(moment.date()))
    assert (limits.statutory_due_at, limits.promised_due_at) == (at(by_law), at(promised))
    assert not limits.is_provisional


def test_the_page_shows_the_stricter_of_the_two_limits(world):
    made = taken_in(world, "PL01", "2026-09-22T10:00")
    assert queries.deadline(made).at == min(made.statutory_due_at, made.promised_due_at) == at("2026-10-13T17:00")


@pytest.mark.parametrize(
    ("accepted", "promised", "is_provisional"),
    [
        ("2026-12-31T10:00", "2026-12-31T17:00", True),  # its limit by law is the next working day: an unknown year
        ("2026-12-31T18:00", "2027-01-01T17:00", True),  # Mon–Fri is assumed until the list is published
        ("2026-12-30T10:00", "2026-12-30T17:00", False),
    ],
)
def test_limit_that_leans_on_the_next_year_says_so(world, accepted, promised, is_provisional):
    made = taken_in(world, "PL02", accepted)
    assert (made.promised_due_at, made.is_provisional) == (at(promised), is_provisional)


SUSPENSIONS = [
    ("2026-09-30T11:00", "2026-10-08T09:00", 1, "2026-10-21T17:00"),  # over National Day: only 10/8 was worked
    ("2026-09-29T11:00", "2026-10-05T09:00", 1, "2026-10-21T17:00"),  # on again on a day off: only 9/30
    ("2026-10-09T11:00", "2026-10-10T09:00", 1, "2026-10-21T17:00"),  # the Saturday that is worked
    ("2026-09-24T11:00", "2026-09-24T16:00", 0, "2026-10-20T17:00"),  # within a day
    ("2026-09-24T11:00", "2026-09-27T16:00", 0, "2026-10-20T17:00"),  # 9/25–27 are off
    ("2026-09-23T11:00", "2026-10-12T09:00", 8, "2026-10-30T17:00"),  # 9/24, 28–30, 10/8–10, 12; then 10/21 to 10/30
]


@pytest.mark.parametrize(("start", "end", "days", "by_law"), SUSPENSIONS)
def test_suspension_over_holidays(world, start, end, days, by_law):
    """Plates accepted on 2026-09-22, due on 10-20 by law."""
    made = actions.start(
        by=world.clerk, request=taken_in(world, "PL01", "2026-09-22T10:00"), now=at("2026-09-22T10:05")
    )
    made = actions.suspend(by=world.lead, request=made, now=at(start), reason_code="appraisal", told_by="书面")
    made = actions.resume(by=world.lead, request=made, now=at(end))
    assert (made.suspended_workdays, made.statutory_due_at) == (days, at(by_law))


def test_suspension_moves_a_natural_limit_by_its_days(world):
    """Accepted 09-28, stopped from 09-30 to 10-08: eight days, so 10-05 becomes 10-13 and 10-03 becomes 10-11."""
    made = taken_in(world, "PM02", "2026-09-28T10:00")
    made = actions.start(by=world.clerk, request=made, now=at("2026-09-28T10:05"))
    made = actions.suspend(
        by=world.lead, request=made, now=at("2026-09-30T11:00"), reason_code="experts", told_by="书面"
    )
    made = actions.resume(by=world.lead, request=made, now=at("2026-10-08T09:00"))
    assert (made.statutory_due_at, made.promised_due_at) == (at("2026-10-13T17:00"), at("2026-10-11T17:00"))


@pytest.mark.parametrize(
    ("received", "answer_due"),
    [
        ("2026-09-30T10:00", "2026-10-13T17:00"),  # 10/8, 9, 10, 12, 13
        ("2026-10-03T20:00", "2026-10-14T17:00"),  # on line on a day off: received at the opening of 10/8
        ("2026-02-13T17:30", "2026-02-28T17:00"),  # after closing: from 2/14; 2/24–27 and Saturday 2/28
    ],
)
def test_five_working_days_to_answer_over_holidays(world, received, answer_due):
    assert taken_in(world, "PL02", received, Ending.RECEIVE).answer_due_at == at(answer_due)


def test_deemed_acceptance_counts_from_receipt_so_it_may_be_late_at_once(world):
    made = taken_in(world, "PL02", "2026-09-30T10:00", Ending.RECEIVE)
    actions.deem_accepted(now=at("2026-10-13T17:05"))
    made.refresh_from_db()
    assert (made.accepted_at, made.statutory_due_at) == (at("2026-09-30T10:00"), at("2026-10-08T17:00"))
    assert ServiceRequest.objects.overdue(at("2026-10-13T17:05")).filter(pk=made.pk).exists()
    assert Obligation.objects.get(rule="requests.time_limit").due_at < at("2026-10-13T17:05")


def test_deemed_acceptance_of_a_second_round_counts_from_the_day_he_came_back(world):
    """Back on 06-15; 16, 17, 18, then 22 and 23 after the holiday."""
    made = taken_in(world, "PL02", "2026-06-12T10:00", Ending.NOTIFY, missing=1)
    made = actions.take_back(by=world.clerk, request=made, now=at("2026-06-15T10:00"), marks=marks("PL02"))
    assert made.answer_due_at == at("2026-06-23T17:00")
    assert actions.deem_accepted(now=at("2026-06-22T17:05")) == "视为受理0件"
    actions.deem_accepted(now=at("2026-06-23T17:05"))
    made.refresh_from_db()
    assert (made.state, made.accepted_at) == (RequestState.ACCEPTED, at("2026-06-15T10:00"))


def test_applicant_who_does_not_come_is_thought_of_twice_before_his_thirty_days_are_over(world):
    """Noticed on 2026-09-05, over on 10-05, a day off that does not move it; ten working days ahead is 09-17, three
    are 09-28."""
    made = taken_in(world, "PL02", "2026-09-05T10:00", Ending.NOTIFY, missing=1)
    assert made.lapses_at == at("2026-10-05T17:00")
    heard = []
    for text in ("09-16", "09-17", "09-18", "09-24", "09-28", "09-29", "09-30"):
        Message.objects.all().delete()
        obligations.send_digest(now=at(f"2026-{text}T08:30"))
        if Message.objects.filter(recipient=world.clerk).exists():
            heard.append(text)
    assert heard == ["09-17", "09-28"]
    assert actions.lapse_overdue(now=at("2026-10-05T17:10")) == "逾期未补正终止1件"


def test_warning_of_the_last_working_day_lies_before_the_holiday(world):
    """Promised for 10-08: the working day before it is 09-30."""
    made = taken_in(world, "VR10", "2026-09-30T10:00")
    assert made.promised_due_at == at("2026-10-08T17:00")
    assert Obligation.objects.get(rule="requests.time_limit").warn_at == at("2026-09-30T10:00")


def test_limit_ends_when_the_hall_then_closes(world):
    set_parameter(
        by=SYSTEM,
        code="services.hall_hours",
        value=[["08:30", "12:00"], ["14:00", "17:30"]],
        valid_from=at("2099-07-01T00:00").date(),
        source="测试",
    )
    before = rules.limits(item("PL02"), at("2026-06-12T10:00"), [], queries.clock(at("2026-06-12T10:00").date()))
    after = rules.limits(item("PL02"), at("2099-07-01T10:00"), [], queries.clock(at("2099-07-01T10:00").date()))
    assert (before.promised_due_at, after.promised_due_at) == (at("2026-06-12T17:00"), at("2099-07-01T17:30"))


def test_repeat_fault_lowers_the_rate_of_first_time_right_and_a_new_gap_does_too_but_is_no_fault(world):
    """Three rounds: what was missing first, something new, and the first again."""
    made = taken_in(world, "PL02", "2026-06-08T10:00", Ending.NOTIFY, missing=1)
    faults = []
    for n, lacks in ((9, {"m2": "invalid"}), (10, {"m1": "missing"})):
        made = actions.take_back(
            by=world.clerk, request=made, now=at(f"2026-06-{n:02}T10:00"), marks=marks("PL02", **lacks)
        )
        made = actions.notify(by=world.clerk, request=made, now=at(f"2026-06-{n:02}T10:05"))
        faults.append(made.notices.get(round=made.round).is_repeat_fault)
    assert (made.round, faults) == (3, [False, True])
