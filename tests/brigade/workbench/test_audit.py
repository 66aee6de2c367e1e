"""The audit page: read by the audit administrator alone, filtered, and checked for changes on request."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from brigade.audit import actions as audit
from brigade.audit.models import AuditEvent
from brigade.jobs import actions as jobs
from brigade.jobs.models import Job
from brigade.notices.models import Message
from brigade.org import actions as org
from brigade.workbench import actions
from tests.brigade.org.factories import person, unit

pytestmark = pytest.mark.django_db


@pytest.fixture
def auditor(brigade):
    return person("audit_admin", at=brigade)


@pytest.fixture
def keeper(brigade):
    return person("system_admin", at=brigade, name="管理甲", search_text="管理甲 guanlijia glj")


@pytest.fixture
def events(brigade, keeper):
    """Somebody was enrolled and stopped here; something happened elsewhere."""
    new = org.enrol_person(by=keeper, police_no="037101", name="曾伟", unit=brigade, starts_on=brigade.opened_on)
    org.disable_account(by=keeper, person=new, reason="调离")
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
    assert client.post("/audit/check/").status_code == 403


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
    new = org.enrol_person(by=keeper, police_no="037101", name="曾伟", unit=brigade, starts_on=brigade.opened_on)
    org.disable_account(by=keeper, person=new, reason="调离")
    client.force_login(auditor)
    text = listed(client, query)
    assert there in text and gone not in text


def test_each_thing_that_can_happen_is_offered_once_by_a_name_of_its_own(client, auditor, brigade):
    client.force_login(auditor)
    form = client.get("/audit/").context["sheet"].filters.form
    choices = dict(form.fields["verb"].choices)
    assert len(set(choices.values())) == len(choices)
    assert choices["meeting.voided"] == "作废（会议记录）"
    audit.record("session.opened", auditor, by=auditor)
    signed = next(value for value, name in choices.items() if name == "登录")
    page = client.get("/audit/", {"verb": signed})
    assert [event.verb for event in page.context["page"].records] == ["session.opened"]


def test_one_event_shows_where_it_came_from_and_what_it_changed(client, auditor, events):
    client.force_login(auditor)
    event = AuditEvent.objects.get(verb="person.enrolled")
    text = client.get(f"/audit/{event.pk}/").text
    assert event.digest in text and "东昌府大队" in text and "待封存" in text


def test_an_event_of_another_unit_is_not_there(client, auditor, events):
    client.force_login(auditor)
    event = AuditEvent.objects.get(verb="unit.closed")
    assert client.get(f"/audit/{event.pk}/").status_code == 404


def checked(client):
    """Ask for a check, let a worker do it, and look again."""
    client.post("/audit/check/")
    jobs.drain()
    return client.get("/audit/check/", headers={"HX-Request": "true"}).text


def alter(event):
    audit.drop_triggers()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE audit_auditevent SET note = 'x' WHERE id = %s", [event.pk])
    audit.make_triggers()


def test_a_clean_trail_is_found_clean_and_an_altered_row_is_named(client, auditor, events, time_machine):
    client.force_login(auditor)
    assert "还没有核验过" in client.get("/audit/").text
    audit.seal_due(now=timezone.now())
    assert "未发现改动" in checked(client)
    event = AuditEvent.objects.get(verb="account.disabled")
    alter(event)
    time_machine.move_to(timezone.now() + timedelta(minutes=2))
    assert f"核验不通过：审计记录第{event.pk}号" in checked(client)


def test_a_check_that_waits_is_asked_about_until_it_is_done(client, auditor):
    client.force_login(auditor)
    assert 'hx-trigger="every 2s"' in client.post("/audit/check/", headers={"HX-Request": "true"}).text
    client.post("/audit/check/")
    assert Job.objects.filter(name="workbench.check_audit").count() == 1
    jobs.drain()
    assert "every 2s" not in client.get("/audit/check/").text


def test_an_alteration_found_at_night_is_told_to_every_auditor_once_a_day(auditor, events):
    alter(AuditEvent.objects.get(verb="account.disabled"))
    for _run in range(2):
        actions.check_audit(now=timezone.now())
    message = Message.objects.get()
    assert message.recipient_id == auditor.pk and message.title == "审计记录核验不通过"


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


def test_a_refused_page_is_told_in_words_and_its_address_stands_with_the_event_alone(client, auditor, brigade):
    client.force_login(auditor)
    asked = f"/org/units/{brigade.pk}/close/"
    assert client.get(asked).status_code == 403
    event = AuditEvent.objects.get(result="refused")
    assert asked not in event.sentence and asked not in listed(client)
    told = "".join(client.get(f"/audit/{event.pk}/").text.split())
    assert f"打开的页面</td><td>—</td><td>{asked}</td>" in told


def test_an_event_shows_what_was_changed_in_the_words_of_its_model(client, auditor, keeper, brigade):
    new = org.enrol_person(by=keeper, police_no="037101", name="曾伟", unit=brigade, starts_on=brigade.opened_on)
    org.change_person(by=keeper, person=new, name="曾伟", kind="auxiliary")
    client.force_login(auditor)
    text = client.get(f"/audit/{AuditEvent.objects.get(verb='person.changed').pk}/").text
    assert "<td>民警</td><td>辅警</td>" in "".join(text.split()) and "auxiliary" not in text
