"""Quiet hours, wording, and what does not leave the building."""

from datetime import datetime, time

import pytest

from brigade.kit.clocks import CHINA
from brigade.notices.rules import Notice, QuietHours, effect_key, next_attempt, outside_text, worded


def moment(text: str) -> datetime:
    return datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=CHINA)


@pytest.mark.parametrize(
    ("posted", "leaves"),
    [
        ("03-02 20:59", "03-02 20:59"),
        ("03-02 21:00", "03-03 08:00"),
        ("03-02 21:30", "03-03 08:00"),
        ("03-03 07:59", "03-03 08:00"),
        ("03-03 08:00", "03-03 08:00"),
        ("12-31 23:00", "2027"),
    ],
)
def test_between_nine_and_eight_messages_wait_for_the_morning(posted, leaves):
    expected = datetime(2027, 1, 1, 8, tzinfo=CHINA) if leaves == "2027" else moment(leaves)
    assert QuietHours().next_allowed(moment(posted)) == expected


def test_quiet_hours_may_lie_within_one_day_or_be_none():
    noon = QuietHours(time(12), time(14))
    assert noon.next_allowed(moment("03-02 13:00")) == moment("03-02 14:00")
    assert noon.next_allowed(moment("03-02 22:00")) == moment("03-02 22:00")
    assert QuietHours(time(0), time(0)).next_allowed(moment("03-02 00:00")) == moment("03-02 00:00")


@pytest.mark.parametrize(
    ("inside", "outside"),
    [
        ("身份证37150219900307123X已核对", "身份证371502********123X已核对"),
        ("旧证371502900307123。", "旧证371502********7123。"),
        ("电话13812345678", "电话138****5678"),
        ("电话138 1234 5678", "电话138****5678"),
        ("鲁P12345违停", "鲁P***45违停"),
        ("鲁P·D12345充电", "鲁P***45充电"),
        ("鲁P1234学到检", "鲁P***4学到检"),
        ("办件SR-2026-00042将于2026-06-30到期", "办件SR-2026-00042将于2026-06-30到期"),
        ("编号3715022026000421234567890", "编号3715022026000421234567890"),
    ],
)
def test_numbers_of_persons_and_vehicles_lose_their_middle(inside, outside):
    assert outside_text(inside) == outside


def test_a_text_may_be_a_pattern_or_a_function():
    assert worded("%(n)s项", {"n": 3}) == "3项"
    assert worded(lambda context: "、".join(context["lines"]), {"lines": ["甲", "乙"]}) == "甲、乙"
    assert Notice("x", "x", "x").urgent is False


def test_any_part_makes_another_effect():
    parts = {"code": "a", "period": "2026-06", "subject": "m:1", "recipient": 1, "channel": "app", "stage": ""}
    keys = {effect_key(**{**parts, name: "other"}) for name in parts} | {effect_key(**parts)}
    assert len(keys) == 7
    assert all(len(key) == 64 for key in keys)


def test_a_failed_message_waits_longer_each_time_and_is_then_given_up():
    now = moment("03-02 09:00")
    assert [(next_attempt(now, n) - now).seconds // 60 for n in (1, 2, 3, 4)] == [1, 5, 15, 60]
    assert next_attempt(now, 5) is None
