"""Text messages and mails that did not leave, or of which nobody knows: the system administrator is told."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from brigade.kit.clocks import CHINA
from brigade.notices import queries
from brigade.notices.models import Message
from brigade.notices.states import Channel, MessageState
from tests.brigade.org.factories import person
from tests.brigade.org.factories import unit as make_unit

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 1, 9, tzinfo=CHINA)
PAGE = "workbench:notices_unclear"


@pytest.fixture(autouse=True)
def morning(monkeypatch):
    """It is the morning of 1 June 2026 for everybody."""
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def brigade(db):
    return make_unit("大队")


@pytest.fixture
def admin(brigade):
    return person("system_admin", at=brigade)


def message(to, state=MessageState.FAILED, at=NOW, channel=Channel.EMAIL) -> Message:
    key = f"{to.pk}|{state}|{at}|{channel}"
    return Message.objects.create(
        effect_key=key, code="obligations.digest", recipient=to, channel=channel, title="某某的事", body="不给旁人看",
        state=state, created_at=at, not_before=at, attempts=5, note="磁盘已满",
    )  # fmt: skip


def unclear(who) -> list[Message]:
    return [row for state in (MessageState.FAILED, MessageState.UNKNOWN) for row in queries.unclear(who, state, NOW)]


def test_what_failed_and_what_nobody_knows_is_listed_for_a_week(admin, brigade):
    somebody = person(at=brigade)
    failed, unknown = message(somebody), message(somebody, MessageState.UNKNOWN)
    message(somebody, MessageState.SENT)
    message(somebody, at=NOW - timedelta(days=8))
    assert unclear(admin) == [failed, unknown]
    assert queries.unclear_count(admin, NOW) == 2


def test_the_people_of_another_brigade_are_none_of_his(admin):
    message(person(at=make_unit("别的大队")))
    assert unclear(admin) == []


def test_the_workbench_says_how_many_and_leads_to_whom_and_why_but_not_to_what(client, admin, brigade):
    somebody = person(at=brigade, name="张收件")
    message(somebody)
    client.force_login(admin)
    home = client.get(reverse("workbench:home")).text
    assert "有1条短信、邮件没有送出或结果不明" in home and reverse(PAGE) in home
    shown = client.get(reverse(PAGE)).text
    assert all(word in shown for word in ("张收件", "邮件", "5次", "磁盘已满", "先让科技室修好发送通道"))
    assert "某某的事" not in shown and "不给旁人看" not in shown


def test_nobody_else_is_told(client, brigade):
    clerk = person("clerk", "security_admin", "audit_admin", at=brigade)
    message(clerk)
    client.force_login(clerk)
    assert "没有送出" not in client.get(reverse("workbench:home")).text
    assert client.get(reverse(PAGE)).status_code == 403


def test_the_list_asks_as_much_for_fifty_as_for_one(client, admin, brigade, django_assert_max_num_queries):
    for n in range(50):
        message(person(at=brigade), at=NOW - timedelta(minutes=n))
    client.force_login(admin)
    client.get(reverse(PAGE))
    with django_assert_max_num_queries(9):
        assert client.get(reverse(PAGE)).text.count("磁盘已满") == 50


@pytest.mark.parametrize("state", [MessageState.FAILED, MessageState.UNKNOWN])
def test_each_state_is_read_from_its_own_small_index(admin, state):
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_bitmapscan = off")
    assert f"message_{state}" in queries.unclear(admin, state, NOW).explain()
