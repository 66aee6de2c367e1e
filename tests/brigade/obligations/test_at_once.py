"""What two people do in the same moment counts for both."""

from contextlib import suppress
from datetime import timedelta
from threading import Barrier, BrokenBarrierError, Thread

import pytest
from django.db import connection, transaction
from django.utils import timezone

from brigade.kit.clocks import period_of
from brigade.kit.ids import new_id
from brigade.obligations import actions
from brigade.obligations.models import Key, Obligation
from brigade.obligations.rules import RULES, Answer, Rule
from brigade.obligations.states import ObligationState
from brigade.org.models import Station
from brigade.org.states import Role
from tests.brigade.org.factories import unit

pytestmark = pytest.mark.django_db(transaction=True)


class Counting:
    """A rule that counts rows; whoever has counted first waits until the other has, or cannot."""

    def __init__(self):
        self.meeting, self.backwards = Barrier(2), False

    def answer(self, keys, now):
        found = [self._of(key, now) for key in keys]
        with suppress(BrokenBarrierError):  # SQLite lets one write at a time, and a second counting is alone
            self.meeting.wait(timeout=1)
        return reversed(found) if self.backwards else found

    def _of(self, key, now):
        count = Station.objects.filter(kind="report", unit=int(key.subject)).count()
        return Answer(
            key, int(key.subject), "月报", now, now + timedelta(days=1), ObligationState.OPEN, post=Role.CLERK,
            count=count, needed=9,
        )  # fmt: skip


def both(write, *arguments):
    """What each call gave, begun together, each in a transaction and with a connection of its own."""
    found = [None] * len(arguments)

    def run(number, argument):
        try:
            with transaction.atomic():
                found[number] = write(argument)
        finally:
            connection.close()

    threads = [Thread(target=run, args=pair) for pair in enumerate(arguments)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.fixture
def counting(monkeypatch):
    rule = Counting()
    whole = Rule(code="report", label="月报", basis="测试", answer=rule.answer, action=lambda row: ("去写", "/"))
    monkeypatch.setitem(RULES, "report", whole)
    return rule


def key_of(where):
    return Key("report", "org.unit", str(where.pk), period_of(timezone.localdate(), "month").code)


def hand_in(where):
    Station.objects.create(kind="report", record=new_id(), unit=where, until=timezone.localdate())


def test_two_records_for_a_duty_that_is_not_there_yet_both_count(counting):
    where, now = unit(), timezone.now()

    def write(_number):
        hand_in(where)
        return actions.touch([key_of(where)], now=now)

    told = both(write, 1, 2)
    assert Obligation.objects.get(rule="report").count == 2
    assert [[row.unit_id for row in rows] for rows in told] == [[where.pk], [where.pk]]


def test_duties_are_made_in_the_order_in_which_they_are_locked(counting):
    """Two who make the same ones would otherwise wait for each other in a circle."""
    first, second, now = unit("一中队"), unit("二中队"), timezone.now()
    counting.backwards = True
    actions.touch([key_of(first), key_of(second)], now=now)
    made = Obligation.objects.filter(rule="report").order_by("pk").values_list("subject", flat=True)
    assert list(made) == sorted([str(first.pk), str(second.pk)])
