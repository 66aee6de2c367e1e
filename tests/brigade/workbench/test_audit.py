"""The audit page: read by the audit administrator alone, filtered, and checked for changes on request."""

import pytest
from django.db import connection

from brigade.audit import actions as audit
from brigade.audit.models import AuditEvent
from brigade.org import actions
from tests.brigade.org.factories import person, unit

pytestmark = pytest.mark.django_db


@pytest.fixture
def brigade():
    return unit("东昌府大队")


@pytest.fixture
def auditor(brigade):
    return person("audit_admin", at=brigade)


@pytest.fixture
def keeper(brigade):
    return person("system_admin", at=brigade, name="管理甲", search_text="管理甲 guanlijia glj")


@pytest.fixture
def events(brigade, keeper):
    """Somebody was enrolled and stopped here; something happened elsewhere."""
    new = actions.enrol_person(by=keeper, police_no="037101", name="曾伟", unit=brigade, starts_on=brigade.opened_on)
    actions.disable_account(by=keeper, person=new, reason="调离")
    audit.record("unit.closed", unit("邻县大队"), by=audit.SYSTEM)


def listed(client, query=""):
    return client.get(f"/audit/{query}").text


def test_the_auditor_reads_the_events_of_his_units(client, auditor, events):
    client.force_login(auditor)
    text = listed(client)
    assert "登记人员" in text and "停用账号" in text and "邻县大队" not in text


@pytest.mark.parametrize("role", ["system_admin", "security_admin", "brigade_leader", "inspector"])
def test_nobody_else_reads_it(client, brigade, events, role):
    client.force_login(person(role, at=brigade))
    event = AuditEvent.objects.first()
    assert client.get("/audit/").status_code == 403
    assert client.get(f"/audit/{event.pk}/").status_code == 404
    assert client.post("/audit/verify/").status_code == 403


@pytest.mark.parametrize(("query", "there", "gone"), [
    ("?verb=account.disabled", "调离", "办理“登记人员”"),
    ("?who=glj", "办理“登记人员”", "办理“查看敏感信息”"),
    ("?who=nobody", "没有符合条件的记录", "办理“登记人员”"),
    ("?at_after=2026-11-23&at_before=2026-11-23", "办理“登记人员”", "没有符合条件的记录"),
    ("?at_after=2026-11-24", "没有符合条件的记录", "办理“登记人员”"),
    ("?result=refused", "没有符合条件的记录", "办理“登记人员”"),
])  # fmt: skip
def test_events_are_found_by_who_what_when_and_how_it_ended(
    client, auditor, brigade, keeper, time_machine, query, there, gone
):
    time_machine.move_to("2026-11-23 09:00 +0800")
    new = actions.enrol_person(by=keeper, police_no="037101", name="曾伟", unit=brigade, starts_on=brigade.opened_on)
    actions.disable_account(by=keeper, person=new, reason="调离")
    client.force_login(auditor)
    text = listed(client, query)
    assert there in text and gone not in text


def test_one_event_shows_where_it_came_from_and_what_it_changed(client, auditor, events):
    client.force_login(auditor)
    event = AuditEvent.objects.get(verb="person.enrolled")
    text = client.get(f"/audit/{event.pk}/").text
    assert event.digest in text and "东昌府大队" in text and "待封存" in text


def test_an_event_of_another_unit_is_not_there(client, auditor, events):
    client.force_login(auditor)
    event = AuditEvent.objects.get(verb="unit.closed")
    assert client.get(f"/audit/{event.pk}/").status_code == 404


def test_a_check_finds_nothing_in_a_clean_trail_and_names_the_row_that_was_altered(client, auditor, events):
    from django.utils import timezone

    client.force_login(auditor)
    audit.seal_due(now=timezone.now())
    assert "未发现改动" in client.post("/audit/verify/").text
    audit.drop_triggers()
    event = AuditEvent.objects.get(verb="account.disabled")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE audit_auditevent SET note = 'x' WHERE id = %s", [event.pk])
    audit.make_triggers()
    answer = client.post("/audit/verify/", headers={"HX-Request": "true"}).text
    assert f"审计记录第{event.pk}号" in answer and "<html" not in answer


def test_the_list_asks_the_same_few_questions_for_many_events(client, auditor, brigade, django_assert_max_num_queries):
    client.force_login(auditor)
    for _n in range(30):
        audit.record("unit.moved", brigade, by=audit.SYSTEM)
    client.get("/audit/")
    with django_assert_max_num_queries(14):
        client.get("/audit/")


def test_a_refused_step_is_in_the_trail_too(client, auditor, brigade, keeper):
    client.force_login(keeper)
    client.post(f"/org/people/{keeper.pk}/account/", {"reason": "x"})
    event = AuditEvent.objects.get(result="refused")
    assert event.actor_id == keeper.pk and "自己的账号" in event.note
