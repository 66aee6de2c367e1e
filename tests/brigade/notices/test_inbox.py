"""Posting and reading messages inside the portal."""

from datetime import date, datetime, timedelta

import pytest
from django.db import transaction

from brigade.kit.clocks import CHINA
from brigade.kit.refusals import NotAllowed
from brigade.notices import actions, queries
from brigade.notices.models import Message
from brigade.notices.rules import NOTICES
from brigade.notices.states import Channel, MessageState
from brigade.org.models import Grant
from brigade.org.states import Role
from brigade.reference.actions import load_reference
from tests.brigade.notices.conftest import make_people

NOW = datetime(2026, 6, 1, 9, tzinfo=CHINA)
CONTEXT = {"what": "五月会议记录", "day": "6月5日"}


def post(to, **fields):
    actions.post(fields.pop("code", "test.plain"), to=to, context=CONTEXT, now=fields.pop("now", NOW), **fields)


def test_a_message_is_in_the_inbox_with_its_insert(people):
    post(people[:2])
    message = queries.inbox(people[0]).get()
    assert (message.title, message.body) == ("五月会议记录即将到期", "请在6月5日前办理。")
    assert (message.channel, message.state, message.sent_at) == (Channel.APP, MessageState.SENT, NOW)
    assert not queries.inbox(people[2]).exists()


def test_the_same_effect_is_one_message_however_often_it_is_posted(people):
    for hour in range(3):
        post(people, now=NOW + timedelta(hours=hour), period="2026-06")
    assert Message.objects.count() == 3
    post(people, period="2026-07")
    post(people, period="2026-07", stage="overdue")
    assert Message.objects.count() == 9


def test_a_rolled_back_action_tells_nobody(people):
    with transaction.atomic():
        post(people)
        transaction.set_rollback(True)
    assert not Message.objects.exists()


def test_a_message_leads_to_the_thing_it_speaks_of(people, unit):
    post(people[:1], target=unit)
    message = Message.objects.get()
    assert (message.target_kind, message.target_id) == ("org.unit", str(unit.pk))
    assert message.url == unit.get_absolute_url()


def test_posting_to_forty_costs_as_many_queries_as_to_one(db, django_assert_num_queries):
    """Beyond that SQLite takes a further statement for each 47 or so; PostgreSQL one for each 500."""
    many = make_people(40)
    queries.quiet_hours(NOW)  # the parameters are held by the process
    with django_assert_num_queries(1):
        post(many[:1], stage="one")
    with django_assert_num_queries(1):
        post(many, stage="forty")
    assert Message.objects.count() == 41


def test_an_overlong_title_is_cut_and_not_refused(people):
    actions.post("test.list", to=people[:1], context={"lines": ["很长的标题"] * 60}, now=NOW)
    title = Message.objects.get().title
    assert len(title) == 120
    assert title.endswith("…")


def test_an_unknown_notice_is_a_bug(people):
    with pytest.raises(KeyError):
        post(people, code="test.nothing")


def test_the_newest_message_stands_first(people):
    for hour in (2, 0, 1):
        post(people[:1], now=NOW + timedelta(hours=hour), stage=str(hour))
    hours = [message.created_at.astimezone(CHINA).hour for message in queries.inbox(people[0])]
    assert hours == [11, 10, 9]


def test_the_badge_counts_one_s_own_unread_in_one_query_and_not_beyond_a_hundred(people, django_assert_num_queries):
    for number in range(103):
        post(people[:1], stage=str(number))
    post(people[1:2])
    with django_assert_num_queries(1):
        assert queries.unread_count(people[0]) == 100
    assert queries.unread_count(people[1]) == 1
    assert queries.unread_count(people[2]) == 0


def test_reading_a_message_is_noted_once(people):
    post(people)
    message = queries.inbox(people[0]).get()
    actions.mark_read(by=people[0], message_id=message.pk, now=NOW)
    actions.mark_read(by=people[0], message_id=message.pk, now=NOW + timedelta(hours=1))
    message.refresh_from_db()
    assert message.read_at == NOW
    assert queries.unread_count(people[0]) == 0
    assert not queries.inbox(people[0], unread_only=True).exists()
    assert queries.unread_count(people[1]) == 1


def test_nobody_reads_another_s_message_or_one_that_is_not_there(people):
    post(people[:1])
    message = queries.inbox(people[0]).get()
    for message_id in (message.pk, message.pk + 1):
        with pytest.raises(NotAllowed, match="自己"):
            actions.mark_read(by=people[1], message_id=message_id, now=NOW)
    message.refresh_from_db()
    assert message.read_at is None


def test_reading_all_leaves_what_arrived_meanwhile_and_what_is_others(people):
    post(people, stage="1")
    post(people, stage="2", now=NOW + timedelta(minutes=1))
    assert actions.mark_all_read(by=people[0], now=NOW) == 1
    assert queries.unread_count(people[0]) == 1
    assert queries.unread_count(people[1]) == 2


def test_an_outside_copy_is_no_part_of_the_inbox(people, unit, channels_on):
    post(people[:1], code="test.outside", target=unit)
    assert Message.objects.count() == 3
    assert queries.inbox(people[0]).count() == 1
    outside = Message.objects.get(channel=Channel.SMS)
    with pytest.raises(NotAllowed):
        actions.mark_read(by=people[0], message_id=outside.pk, now=NOW)


# The missing calendar


def test_business_administrators_hear_once_a_day_of_a_missing_calendar(people, unit):
    load_reference()
    chief, former, officer = people
    start = date(2026, 1, 1)
    Grant.objects.create(person=chief, role=Role.BUSINESS_ADMIN, unit=unit, starts_on=start, granted_by="测试")
    Grant.objects.create(
        person=former, role=Role.BUSINESS_ADMIN, unit=unit, starts_on=start, ends_on=date(2026, 6, 1), granted_by="测试"
    )
    Grant.objects.create(person=officer, role=Role.OFFICER, unit=unit, starts_on=start, granted_by="测试")
    november = datetime(2026, 11, 30, 9, tzinfo=CHINA)
    assert actions.warn_calendar(now=november) == "放假安排齐全"
    for _run in range(2):
        assert "2027" in actions.warn_calendar(now=november + timedelta(days=1))
    message = Message.objects.get()
    assert (message.recipient_id, message.title) == (chief.pk, "2027年放假安排尚未录入")
    actions.warn_calendar(now=november + timedelta(days=2))
    assert Message.objects.count() == 2


def test_every_declared_notice_is_registered():
    assert "notices.calendar_missing" in NOTICES
    assert all(code == notice.code for code, notice in NOTICES.items())
