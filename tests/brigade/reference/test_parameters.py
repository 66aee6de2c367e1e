"""Dated parameters: what a rule reads, and how a value changes from a day on."""

from datetime import date, timedelta

import pytest

from brigade.audit.models import AuditEvent
from brigade.kit.refusals import NotAllowed, Refused
from brigade.reference import actions, queries
from brigade.reference.models import Parameter
from brigade.reference.states import Trust

CODE = "party.record_deadline_workdays"
START = date(2026, 7, 1)


@pytest.fixture(autouse=True)
def defaults(db):
    actions.load_reference()


def change(by, **fields):
    given = {"code": CODE, "value": 3, "valid_from": START, "source": "支部会议决定", **fields}
    return actions.set_parameter(by=by, **given)


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("party.minimum.GB", 1),
        ("party.minimum.MM", 1),
        ("party.warning_days.quarter", 10),
        ("party.warning_days.month", 5),
        (CODE, 5),
        ("party.backfill_reason_days", 15),
        ("party.backfill_approval_days", 60),
        ("services.supplement_notice_workdays", 5),
        ("services.supplement_lapse_days", 30),
        ("services.hall_hours", [["08:30", "12:00"], ["13:30", "17:00"]]),
        ("notices.quiet_hours", ["21:00", "08:00"]),
    ],
)
def test_the_defaults_are_loaded(code, value):
    assert queries.parameter(code, date(2026, 6, 1)) == value


def test_every_parameter_says_what_it_rests_on_and_how_far_it_is_trusted():
    for row in Parameter.objects.all():
        assert row.source, row.code
        assert row.verified in Trust.values, row.code
    assert Parameter.objects.get(code="services.supplement_lapse_days").verified == Trust.DEFAULT
    assert Parameter.objects.get(code="services.supplement_notice_workdays").verified == Trust.VERIFIED


def test_a_new_value_counts_from_its_day_and_the_old_one_before(administrator):
    change(administrator)
    assert queries.parameter(CODE, START - timedelta(days=1)) == 5
    assert queries.parameter(CODE, START) == 3
    event = AuditEvent.objects.get(verb="parameter.set")
    assert event.note == "支部会议决定"
    assert "5" in event.changes_text


def test_a_second_change_for_the_same_day_corrects_the_first(administrator):
    change(administrator)
    change(administrator, value=4)
    assert queries.parameter(CODE, START) == 4
    assert Parameter.objects.filter(code=CODE).count() == 2


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"code": "party.nothing"}, "没有名为"),
        ({"source": ""}, "依据"),
        ({"value": "三"}, "形式"),
        ({"value": -1}, "形式"),
        ({"value": True}, "形式"),
        ({"code": "services.hall_hours", "value": []}, "形式"),
        ({"code": "services.hall_hours", "value": ["08:30"]}, "形式"),
        ({"valid_from": date(2000, 1, 1)}, "不能早于"),
    ],
)
def test_a_value_that_cannot_stand_is_refused_and_changes_nothing(administrator, fields, words):
    with pytest.raises(Refused, match=words):
        change(administrator, **fields)
    assert queries.parameter(CODE, START) == 5


def test_only_the_business_administrator_changes_a_parameter(officer):
    with pytest.raises(NotAllowed):
        change(officer)


def test_a_code_or_a_day_without_a_value_is_a_bug():
    with pytest.raises(LookupError):
        queries.parameter("party.nothing", START)
    with pytest.raises(LookupError):
        queries.parameter(CODE, date(1999, 1, 1))
