"""Whoever does something leaves a row that can be read by itself, for ever."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.utils.translation import gettext_lazy

from brigade.audit import actions, queries, rules
from brigade.audit.actions import SYSTEM, Entry
from brigade.audit.models import AuditEvent
from brigade.audit.states import Result
from brigade.kit import context
from tests.brigade.audit.people import AUDITOR, ZHANG, Hazard

pytestmark = pytest.mark.django_db

AT = datetime(2026, 6, 26, 7, 30, tzinfo=UTC)


@pytest.fixture
def hazard():
    return Hazard(pk=7, unit_id=3, number="隐〔2026〕7号", title="G105国道缺护栏")


def test_the_sentence_says_who_when_to_what_what_and_with_what_result(hazard, monkeypatch):
    monkeypatch.setitem(queries.verb_labels(), "hazard.closed", gettext_lazy("销号"))
    event = actions.record("hazard.closed", hazard, by=ZHANG, now=AT)
    assert event.sentence == (
        "张三（012345）于2026年6月26日15:30对隐患隐〔2026〕7号“G105国道缺护栏”办理“销号”，结果：成功。"
    )


def test_the_sentence_ends_with_the_reason_given(hazard):
    event = actions.record("hazard.void", hazard, by=ZHANG, note="登记重复。", now=AT)
    assert event.sentence.endswith("，结果：成功，说明：登记重复。")


def test_a_sentence_of_the_caller_s_own_keeps_who_when_and_result(hazard):
    event = actions.record("hazard.closed", hazard, by=ZHANG, sentence="销号：G105国道缺护栏。", now=AT)
    assert event.sentence == "张三（012345）于2026年6月26日15:30销号：G105国道缺护栏，结果：成功。"


def test_what_the_portal_does_itself_is_done_by_the_system():
    event = actions.record("night.run", None, by=SYSTEM, now=AT)
    assert event.sentence == "系统于2026年6月26日15:30办理“night.run”，结果：成功。"
    assert (event.actor_id, event.actor_no, event.target_type) == (None, "", "")


def test_nobody_signed_in_is_named_so():
    event = actions.record("signin", None, by=None, result=Result.REFUSED, now=AT)
    assert event.sentence == "未登录者于2026年6月26日15:30办理“signin”，结果：被拒绝。"


def test_a_list_with_columns_of_who_when_and_result_tells_the_rest(hazard):
    event = actions.record("hazard.void", hazard, by=ZHANG, note="登记重复。", now=AT)
    assert queries.gist(event) == "对隐患隐〔2026〕7号“G105国道缺护栏”办理“hazard.void”，说明：登记重复。"


def test_a_sentence_that_does_not_begin_as_its_row_says_is_told_in_full(hazard):
    event = actions.record("hazard.closed", hazard, by=ZHANG, now=AT)
    event.actor_name = "李四"
    assert queries.gist(event) == event.sentence


def test_the_row_outlives_person_and_record(hazard):
    event = actions.record("hazard.closed", hazard, by=ZHANG, now=AT)
    assert (event.actor_id, event.actor_name, event.unit_id) == (5, "张三", 3)
    assert (event.target_type, event.target_id, event.target_title) == ("audit_test.hazard", "7", "G105国道缺护栏")
    assert not [field for field in AuditEvent._meta.get_fields() if field.is_relation]


def test_the_row_says_where_from(hazard):
    with context.using(context.Context("request-0001", "10.1.2.3", "Chrome 86")):
        event = actions.record("hazard.closed", hazard, by=ZHANG)
    assert (event.request_id, event.ip, event.terminal) == ("request-0001", "10.1.2.3", "Chrome 86")
    assert actions.record("hazard.closed", hazard, by=ZHANG).request_id == ""


def test_sensitive_values_never_appear_in_clear(hazard):
    changes = {
        "owner_phone": ["13800001234", ""],
        "id_no": [None, "371502199001011234"],
        "plate": "鲁P12345",
        "informant": ["李四", "王五"],
        "people": [{"name": "赵六", "phone": "13900005678"}],
        "template": ["旧模板", "新模板"],
    }
    event = actions.record("hazard.edited", hazard, by=ZHANG, changes=changes)
    event.refresh_from_db()
    assert event.changes == {
        "owner_phone": ["***", ""],
        "id_no": [None, "***"],
        "plate": "***",
        "informant": ["***", "***"],
        "people": [{"name": "赵六", "phone": "***"}],
        "template": ["旧模板", "新模板"],
    }


def test_changes_of_every_type_are_kept_as_text_that_reads_back(hazard):
    changes = {
        "on": [date(2026, 6, 1), None],
        "at": AT,
        "amount": Decimal("12.50"),
        "count": [1, True],
        "result": [Result.OK, gettext_lazy("成功")],
        "who": ZHANG,
        "codes": {"b", "a"},
        "remark": "有\0控制字符",
    }
    event = actions.record("hazard.edited", hazard, by=ZHANG, changes=changes)
    assert event.changes == {
        "on": ["2026-06-01", None],
        "at": "2026-06-26T07:30:00+00:00",
        "amount": "12.50",
        "count": [1, True],
        "result": ["ok", "成功"],
        "who": "张三",
        "codes": ["a", "b"],
        "remark": "有控制字符",
    }


def test_no_changes_are_an_empty_dict(hazard):
    assert actions.record("hazard.seen", hazard, by=ZHANG).changes == {}


def test_many_at_once_are_recorded_as_one_by_one(hazard):
    entries = [
        Entry(verb="hazard.edited", target=hazard, by=ZHANG, changes={"n": n}, note="导入", now=AT) for n in range(3)
    ]
    for entry in entries:
        actions.record(entry.verb, entry.target, by=entry.by, changes=entry.changes, note=entry.note, now=entry.now)
    assert actions.record_many(entries) == 3
    one_by_one, at_once = list(AuditEvent.objects.order_by("id"))[:3], list(AuditEvent.objects.order_by("id"))[3:]
    assert [event.digest for event in one_by_one] == [event.digest for event in at_once]
    assert [event.sentence for event in one_by_one] == [event.sentence for event in at_once]


def test_a_record_is_one_insert_and_no_other_query(hazard, django_assert_num_queries):
    with django_assert_num_queries(1):
        actions.record("hazard.closed", hazard, by=ZHANG, changes={"state": ["open", "closed"]})


def test_the_digest_comes_out_the_same_from_the_stored_row(hazard):
    written = actions.record("hazard.edited", hazard, by=ZHANG, changes={"é": "👮"}, note="理由")
    read = AuditEvent.objects.get(pk=written.pk)
    assert rules.digest_of_event(read) == read.digest == written.digest


def test_long_and_unsafe_texts_fit_the_row_on_both_databases(hazard):
    hazard.title = "很" * 500 + "\0"
    hazard.number = "号" * 100
    event = actions.record("hazard.edited", hazard, by=ZHANG, note="a\0b")
    read = AuditEvent.objects.get(pk=event.pk)
    assert (len(read.target_title), len(read.target_number), read.note) == (160, 40, "ab")
    assert rules.digest_of_event(read) == read.digest


def test_the_history_of_a_record_is_told_in_order(hazard):
    first = actions.record("hazard.opened", hazard, by=ZHANG, now=AT)
    second = actions.record("hazard.closed", hazard, by=ZHANG)
    actions.record("hazard.opened", Hazard(pk=8), by=ZHANG)
    assert list(AuditEvent.objects.of(hazard)) == [first, second]


def test_an_auditor_reads_the_events_of_the_own_units_and_those_of_none(hazard):
    own = actions.record("hazard.opened", hazard, by=ZHANG)
    nowhere = actions.record("night.run", None, by=SYSTEM)
    actions.record("hazard.opened", Hazard(pk=8, unit_id=99), by=ZHANG)
    assert set(AuditEvent.objects.visible_to(AUDITOR)) == {own, nowhere}


def test_nobody_else_reads_the_audit_trail(hazard):
    actions.record("night.run", None, by=SYSTEM)
    assert not AuditEvent.objects.visible_to(ZHANG)


def test_only_the_audit_administrator_may_read_it():
    assert rules.GRANTS == {"audit.view_auditevent": ("audit_admin",)}


def test_the_system_may_everything():
    assert SYSTEM.has_perm("hazards.close_hazard", object())
    assert (SYSTEM.is_system, str(SYSTEM)) == (True, "系统")
