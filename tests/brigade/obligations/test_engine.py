"""The engine of obligations, with a rule of its own: one report a month from every squadron."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from brigade.kit.clocks import parse_period, period_of
from brigade.notices.models import Message
from brigade.obligations import actions, queries
from brigade.obligations.models import Key, Obligation, Reminder, barring
from brigade.obligations.rules import RULES, Answer, Rule, Step, day_of_month, last_workday_of_month, workdays_from_due
from brigade.obligations.states import ObligationState
from brigade.org.models import Unit
from brigade.org.states import Role
from brigade.reference.actions import load_reference
from tests.brigade.org.factories import person, unit

pytestmark = pytest.mark.django_db


def at(text: str) -> datetime:
    return timezone.make_aware(datetime.fromisoformat(text))


class Reports:
    """A rule whose records are a set of (unit id, month): what has been handed in; `helper` writes it for the clerk."""

    helper = barred = ""

    def __init__(self):
        self.handed_in: set[tuple[int, str]] = set()
        self.asked = 0

    def answer(self, keys, now):
        self.asked += 1
        units = Unit.objects.in_bulk({int(key.subject) for key in keys})
        for key in keys:
            period = parse_period(key.period)
            unit = units.get(int(key.subject))
            if unit is None:
                continue
            due = at(f"{period.end}T23:59:59")
            met = (unit.pk, key.period) in self.handed_in
            state = ObligationState.MET if met else ObligationState.MISSED if due < now else ObligationState.OPEN
            yield Answer(
                key, unit.pk, f"{unit.short_name}{key.period}月报", at(f"{period.start}T00:00:00"), due, state,
                post=Role.CLERK, helper=self.helper, barred=self.barred, warn_at=due - timedelta(days=5),
                count=int(met),
            )  # fmt: skip

    def due_keys(self, now):
        month = period_of(timezone.localdate(now), "month")
        for period in (month.previous, month):
            for pk in Unit.objects.filter(kind="squadron").values_list("pk", flat=True):
                yield Key("report", "org.unit", str(pk), period.code)


@pytest.fixture
def reports(monkeypatch):
    rule = Reports()
    monkeypatch.setitem(
        RULES,
        "report",
        Rule(
            code="report",
            label="月报",
            basis="测试",
            answer=rule.answer,
            due_keys=rule.due_keys,
            action=lambda row: ("去写", "/"),
            ladder=(
                Step("20th", "", day_of_month(20)),
                Step("25th", "", day_of_month(25)),
                Step("last", "", last_workday_of_month),
                Step("escalate", "", workdays_from_due(1), (Role.POLITICAL_OFFICER,)),
            ),
        ),
    )
    load_reference()
    return rule


@pytest.fixture
def squadron():
    return unit(parent=unit("大队"))


@pytest.fixture
def clerk(squadron):
    return person(Role.CLERK, at=squadron)


def only(**where):
    return Obligation.objects.get(rule="report", **where)


def reconcile(moment):
    return actions.reconcile(now=moment, rules=["report"])


def test_a_new_period_makes_one_duty_and_a_second_run_changes_nothing(reports, squadron):
    assert len(reconcile(at("2026-02-01T00:05"))) == 2
    assert reconcile(at("2026-02-01T00:05")) == []
    assert only(period="2026-02").state == ObligationState.OPEN
    assert only(period="2026-01").state == ObligationState.MISSED


def test_a_record_meets_its_duty_at_once_and_taking_it_back_opens_it_again(reports, squadron):
    now = at("2026-02-10T09:00")
    key = Key("report", "org.unit", str(squadron.pk), "2026-02")
    reports.handed_in.add((squadron.pk, "2026-02"))
    assert [row.state for row in actions.touch([key], now=now)] == [ObligationState.MET]
    reports.handed_in.clear()
    assert [row.state for row in actions.touch([key], now=now)] == [ObligationState.OPEN]


def test_a_period_that_closes_unmet_is_missed_next_day(reports, squadron):
    reconcile(at("2026-02-10T00:05"))
    assert only(period="2026-02").state == ObligationState.OPEN
    reconcile(at("2026-03-01T00:05"))
    assert only(period="2026-02").state == ObligationState.MISSED


def test_reconciling_a_hundred_units_asks_as_little_as_one(reports, squadron, django_assert_max_num_queries):
    for _n in range(100):
        unit(parent=squadron.parent)
    reconcile(at("2026-02-10T00:05"))
    with django_assert_max_num_queries(14):
        reconcile(at("2026-03-11T00:05"))
    with django_assert_max_num_queries(8):
        reconcile(at("2026-03-12T00:05"))


def lines_to(person):
    return list(Message.objects.filter(recipient=person).order_by("created_at").values_list("created_at", "body"))


def test_the_ladder_skips_the_spring_festival_and_ends_with_the_superior(reports, squadron, clerk):
    """20 February moves to the 24th, then the 25th, Saturday the 28th; escalation 2 March."""
    leader = person(Role.POLITICAL_OFFICER, at=squadron.parent)
    reports.handed_in.add((squadron.pk, "2026-01"))
    told = []
    day = at("2026-02-18T08:30")
    while day <= at("2026-03-03T08:30"):
        actions.reconcile(now=day, rules=["report"])
        if queries.calendar().is_workday(day.date()):
            actions.send_digest(now=day)
        told += [(day.date().isoformat(), row.recipient) for row in Message.objects.filter(created_at=day)]
        day += timedelta(days=1)
    assert [when for when, who in told if who == clerk] == ["2026-02-24", "2026-02-25", "2026-02-28", "2026-03-02"]
    assert [when for when, who in told if who == leader] == ["2026-03-02"]
    of_leader, of_clerk = (Message.objects.filter(recipient=who).latest("created_at") for who in (leader, clerk))
    assert of_leader.title == "今天要看1件事，其中1件已逾期，都由别人办"
    assert of_leader.body == f"{of_clerk.body}（{squadron.short_name}）", "whose it is, where it is another's"
    assert of_clerk.title == "今天要看1件事，其中1件已逾期"


def test_what_is_done_in_time_is_not_chased_any_more(reports, squadron, clerk):
    reports.handed_in.add((squadron.pk, "2026-01"))
    reconcile(at("2026-02-25T08:30"))
    actions.send_digest(now=at("2026-02-25T08:30"))
    reports.handed_in.add((squadron.pk, "2026-02"))
    reconcile(at("2026-02-26T10:00"))
    actions.send_digest(now=at("2026-02-28T08:30"))
    assert len(lines_to(clerk)) == 1


def test_a_digest_run_twice_or_three_days_late_is_one_message(reports, squadron, clerk):
    reports.handed_in.add((squadron.pk, "2026-01"))
    now = at("2026-02-25T08:30")
    reconcile(now)
    for moment in (now, now, now + timedelta(minutes=5)):
        actions.send_digest(now=moment)
    assert len(lines_to(clerk)) == 1
    assert Reminder.objects.filter(person=clerk).count() == 1


def test_the_most_urgent_stands_first_in_the_digest(reports, squadron, clerk):
    reconcile(at("2026-02-25T08:30"))
    reconcile(at("2026-01-26T08:30"))
    actions.send_digest(now=at("2026-02-25T08:30"))
    [(_when, body)] = lines_to(clerk)
    assert [line[:2] for line in body.splitlines()] == ["逾期", "剩3"]


def test_nobody_gets_a_message_with_nothing_in_it(reports, squadron, clerk):
    reports.handed_in |= {(squadron.pk, "2026-01"), (squadron.pk, "2026-02")}
    reconcile(at("2026-02-25T08:30"))
    assert actions.send_digest(now=at("2026-02-25T08:30")) == "提醒0人"


def test_a_duty_follows_the_post_to_the_next_holder(reports, squadron, clerk):
    reconcile(at("2026-02-25T08:30"))
    today = timezone.localdate()
    clerk.grants.update(ends_on=today)
    successor = person(Role.CLERK, at=squadron)
    assert queries.open_counts(successor, at("2026-02-25T09:00"))["total"] == 1
    fresh = type(clerk).objects.get(pk=clerk.pk)
    assert queries.open_counts(fresh, at("2026-02-25T09:00"))["total"] == 0


def test_a_duty_stands_with_the_responsible_and_with_whoever_does_the_work_for_him(reports, squadron, clerk):
    reports.helper = Role.OFFICER
    writer, stranger = person(Role.OFFICER, at=squadron), person(Role.OFFICER, at=unit(parent=squadron))
    now = at("2026-06-10T09:00:00")
    reconcile(now)
    assert {who: [row.period for row in Obligation.objects.open().for_person(who)] for who in (clerk, writer)} == {
        clerk: ["2026-06"],
        writer: ["2026-06"],
    }
    assert not Obligation.objects.for_person(stranger).filter(unit=squadron).exists()
    assert queries.open_counts(writer, now)["total"] == 1
    assert list(Obligation.objects.open().visible_to(writer)) == list(Obligation.objects.open().for_person(writer))


def test_each_duty_is_either_ones_own_or_somebody_elses(reports, squadron, clerk):
    reports.helper = Role.OFFICER
    writer, stranger = person(Role.OFFICER, at=squadron), person(Role.OFFICER, at=unit(parent=squadron))
    reconcile(at("2026-06-10T09:00:00"))
    Obligation.objects.filter(period="2026-05").update(person=stranger)
    every = set(Obligation.objects.all())
    assert every
    for who in (clerk, writer, stranger):
        own, rest = set(Obligation.objects.for_person(who)), set(Obligation.objects.for_others(who))
        assert own | rest == every and not own & rest


def test_whoever_is_both_responsible_and_helper_has_it_once_and_hears_of_it_once(reports, squadron):
    reports.helper = Role.OFFICER
    both, helper = person(Role.CLERK, Role.OFFICER, at=squadron), person(Role.OFFICER, at=squadron)
    reconcile(at("2026-06-10T09:00:00"))
    assert Obligation.objects.open().for_person(both).count() == 1
    now = at("2026-06-22T08:30:00")
    told = {who: sorted(rung.obligation.period for rung in rungs) for who, rungs in queries.rungs_reached(now).items()}
    assert told == dict.fromkeys((both, helper), ["2026-05", "2026-06"])
    actions.send_digest(now=now)
    assert sorted(Message.objects.values_list("recipient", flat=True)) == sorted([both.pk, helper.pk])


def test_whoever_may_not_do_a_duty_himself_neither_has_it_nor_hears_of_it(reports, squadron, clerk):
    barred = person(Role.CLERK, at=squadron)
    reports.barred = barring([barred.pk, 7_000_000])
    now = at("2026-06-22T08:30")
    reconcile(now)
    every = set(Obligation.objects.all())
    assert queries.open_counts(barred, now)["total"] == 0 and queries.open_counts(clerk, now)["total"] == 1
    assert not Obligation.objects.visible_to(barred).exists()
    assert set(Obligation.objects.for_others(barred)) == every == set(Obligation.objects.for_person(clerk))
    assert set(queries.rungs_reached(now)) == {clerk}
