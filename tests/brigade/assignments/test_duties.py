"""What a task makes due on both sides, who hears when it is late, and what a transfer hands over."""

from datetime import date, timedelta

import pytest

from brigade.assignments import actions
from brigade.assignments.models import Assignment
from brigade.audit.actions import SYSTEM
from brigade.obligations.actions import send_digest
from brigade.obligations.models import Obligation, Reminder
from brigade.org import queries as org_queries
from brigade.org.models import Grant, Person
from brigade.org.states import Role
from brigade.workbench.actions import agree_change, carry_out_changes, plan_change
from brigade.workflow import move_unit, settle
from tests.brigade.assignments.world import NOW, at, handed_out, task
from tests.brigade.org.factories import grant, person
from tests.moves import refusal

pytestmark = pytest.mark.django_db
LATE = "2026-11-28T00:05"


def todo(somebody: Person, moment: str = NOW) -> list[str]:
    fresh = Person.objects.get(pk=somebody.pk)
    rows = Obligation.objects.open().begun(at(moment)).for_person(fresh).order_by("pk")
    return [row.rule.removeprefix("assignments.") for row in rows]


def states(made: Assignment) -> dict[str, str]:
    rows = Obligation.objects.filter(subject=str(made.pk))
    return {row.rule.removeprefix("assignments."): row.state for row in rows}


def test_a_task_is_a_duty_of_its_post_and_of_the_clerk_who_helps(world):
    task(world)
    assert todo(world.head) == todo(world.clerk) == ["task"]
    assert todo(world.deputy) == todo(world.other_head) == todo(world.officer) == []


def test_three_addressees_have_a_duty_each(world):
    handed_out(world, world.first, world.second, (world.first, Role.OFFICER))
    assert Obligation.objects.filter(rule="assignments.task", state="open").count() == 3
    assert todo(world.other_head) == todo(world.officer) == ["task"]


def test_a_reply_moves_the_duty_to_the_giver_and_back(world):
    made = actions.reply(by=world.head, assignment=task(world), now=at(NOW), text="办了")
    assert (todo(world.head), todo(world.deputy)) == ([], ["decision"])
    back = actions.send_back(by=world.deputy, assignment=made, now=at(NOW), reason="没有数")
    assert (todo(world.head), todo(world.deputy)) == (["task"], [])
    assert states(back)["decision"] == "met"
    made = actions.reply(by=world.head, assignment=back, now=at("2026-11-23T10:00"), text="补了数")
    actions.accept(by=world.deputy, assignment=made, now=at("2026-11-23T11:00"))
    assert states(made) == {"task": "met", "decision": "met"}


def test_a_request_for_more_time_is_the_givers_duty_until_he_answers(world):
    asked = actions.ask_extension(
        by=world.head, assignment=task(world), now=at(NOW), due_on=date(2026, 12, 4), reason="等名单"
    )
    assert todo(world.deputy) == ["decision"]
    actions.extend(by=world.deputy, assignment=asked, now=at(NOW), due_on=date(2026, 12, 4))
    assert (todo(world.deputy), states(asked)["decision"]) == ([], "met")
    assert Obligation.objects.get(rule="assignments.task").due_at.date() == date(2026, 12, 4)


def test_the_giver_owes_a_follow_up_from_the_night_after_the_day(world):
    made = task(world)
    settle(now=at("2026-11-27T00:05"))
    assert "chase" not in states(made)
    settle(now=at(LATE))
    assert todo(world.deputy, LATE) == ["chase"]
    actions.urge(by=world.deputy, assignment=made, now=at("2026-11-28T09:00"))
    assert (todo(world.deputy, LATE), todo(world.head, LATE)) == ([], ["task"])
    settle(now=at("2026-11-29T00:05"))
    assert states(made) == {"task": "open", "chase": "met"}


def test_settling_twice_changes_nothing(world):
    task(world)
    settle(now=at(LATE))
    before = list(Obligation.objects.values_list("pk", "state", "changed_at"))
    settle(now=at(LATE))
    assert list(Obligation.objects.values_list("pk", "state", "changed_at")) == before


def test_what_was_done_in_time_is_never_followed_up(world):
    made = actions.reply(by=world.head, assignment=task(world), now=at(NOW), text="办了")
    settle(now=at(LATE))
    assert states(made) == {"task": "met", "decision": "open"}


def test_more_time_takes_the_follow_up_back(world):
    made = task(world)
    settle(now=at(LATE))
    actions.extend(by=world.deputy, assignment=made, now=at("2026-11-28T09:00"), due_on=date(2026, 12, 4))
    assert states(made) == {"task": "open", "chase": "void"}


def test_a_withdrawn_task_is_nobodys_duty(world):
    made = actions.withdraw(by=world.deputy, assignment=task(world), now=at(NOW), reason="不办了")
    assert states(made) == {"task": "void"}


def test_late_tasks_climb_from_the_post_to_the_giver_and_to_the_brigades_leader(world, time_machine):
    """Due on Friday the 27th: Thursday and Friday the post, Monday the giver too, Wednesday who stands above him."""
    task(world)
    told = {}
    for offset in range(6, 14):
        day = date(2026, 11, 20) + timedelta(days=offset)
        if day.weekday() < 5:
            time_machine.move_to(f"{day} 08:30 +0800", tick=False)
            settle(now=at(f"{day}T00:05"))
            send_digest(now=at(f"{day}T08:30"))
            new = Reminder.objects.filter(at=at(f"{day}T08:30")).values_list("person__name", flat=True)
            told[day.day] = sorted(set(new))
    assert told[26] == told[27] == sorted(["周海峰", "赵敏"])
    assert told[30] == sorted(["周海峰", "赵敏", "何立军"])
    assert told[2] == sorted(["周海峰", "赵敏", "秦志刚"])
    assert told[1] == told[3] == []


def test_a_transfer_hands_the_task_to_the_new_holder_of_the_post(world):
    made = task(world)
    Grant.objects.filter(person=world.head).update(ends_on=date(2026, 11, 20))
    new = person(at=world.first, name="新队长")
    grant(new, Role.SQUADRON_LEADER, world.first, starts_on=date(2026, 11, 20))
    assert (todo(world.head), todo(new)) == ([], ["task"])
    old, new = Person.objects.get(pk=world.head.pk), Person.objects.get(pk=new.pk)
    assert not Assignment.objects.visible_to(old).exists()
    assert Assignment.objects.visible_to(new).get() == made
    assert actions.reply(by=new, assignment=made, now=at(NOW), text="接着办").state == "replied"


def test_an_open_task_goes_along_with_its_unit_even_where_both_had_the_same_one(world):
    first, second = handed_out(world, world.first, world.second)
    moved = {"out_of": world.first.pk, "to": world.second, "since": date(2026, 11, 20), "reason": "中队合并"}
    assert move_unit([first], now=at(NOW), **moved) == [first]
    assert (todo(world.head), todo(world.other_head)) == ([], ["task", "task"])
    assert {first.state, second.state} <= Assignment.OPEN


def test_what_a_merged_unit_had_given_is_followed_up_where_it_went(world):
    """周海峰 gave a task to his own officer; his squadron goes into the second, and both sides of it with it."""
    [given] = handed_out(world, (world.first, Role.OFFICER), by=world.head)
    [other] = handed_out(world, (world.first, Role.CLERK), by=world.head)
    replied = actions.reply(by=world.officer, assignment=given, now=at(NOW), text="办了")
    settled = actions.withdraw(by=world.head, assignment=other, now=at(NOW), reason="不用了")
    system_admin, day = person(Role.SYSTEM_ADMIN, at=world.brigade), date(2026, 11, 20)
    asked = {"kind": "merge", "unit": world.first, "into": world.second, "since": day, "reason": "中队合并"}
    change = plan_change(by=system_admin, now=at(NOW), **asked)
    shown = org_queries.preview(change)
    assert shown.records == [("交办", 1)]
    along = [one for one in shown.grants if one.role != Role.SQUADRON_LEADER]
    agree_change(by=SYSTEM, change=change, grants=along, now=at(NOW))
    carry_out_changes(now=at(NOW))
    change.refresh_from_db()
    assert (change.state, change.total, change.moved) == ("done", 1, 1)
    given.refresh_from_db()
    assert (given.unit, given.giver_unit, given.version) == (world.second, world.second, replied.version + 1)
    assert todo(world.other_head) == ["decision"], "the giver has no post any more, so who has his now decides"
    fresh = Person.objects.get(pk=world.other_head.pk)
    assert actions.accept(by=fresh, assignment=given, now=at(NOW)).state == "done"
    settled.refresh_from_db()
    assert (settled.unit, settled.giver_unit) == (world.first, world.first), "what is over stays where it was"


def test_a_transfer_of_the_giver_hands_the_follow_up_over_too(world):
    made = actions.reply(by=world.head, assignment=task(world), now=at(NOW), text="办了")
    new = person(Role.DEPUTY_LEADER, at=world.brigade, name="新副大队长")
    assert todo(new) == [], "the giver still holds his post"
    assert not Assignment.objects.given_by(new).exists()
    Grant.objects.filter(person=world.deputy).update(ends_on=date(2026, 11, 20))
    settle(now=at(NOW))
    assert (todo(world.deputy), todo(new)) == ([], ["decision"])
    fresh = Person.objects.get(pk=new.pk)
    assert Assignment.objects.given_by(fresh).get() == made
    assert actions.accept(by=fresh, assignment=made, now=at(NOW)).state == "done"


def test_a_reply_after_the_day_is_taken_and_stays_a_late_one(world):
    made = task(world)
    settle(now=at(LATE))
    replied = actions.reply(by=world.head, assignment=made, now=at("2026-11-30T09:00"), text="补齐了")
    assert states(replied) == {"task": "met", "decision": "open", "chase": "met"}
    duty = Obligation.objects.get(rule="assignments.task")
    assert duty.met_at > duty.due_at
    assert todo(world.deputy, "2026-11-30T09:05") == ["decision"]


def test_time_that_was_asked_for_in_time_can_be_given_after_the_day(world):
    made = task(world)
    assert "期限已过" in refusal(lambda: ask(world, made, "2026-11-28T00:00"))
    asked = ask(world, made, "2026-11-27T23:59")
    settle(now=at(LATE))
    assert states(asked)["chase"] == "open"
    given = actions.extend(by=world.deputy, assignment=asked, now=at("2026-11-30T09:00"), due_on=date(2026, 12, 4))
    assert states(given) == {"task": "open", "decision": "met", "chase": "void"}


def test_a_task_whose_post_stands_empty_is_its_clerks_and_the_giver_can_end_it(world):
    made = task(world)
    Grant.objects.filter(person=world.head).update(ends_on=date(2026, 11, 20))
    assert todo(Person.objects.get(pk=world.clerk.pk)) == ["task"]
    settle(now=at(LATE))
    assert "chase" in todo(world.deputy, LATE)
    done = actions.withdraw(by=world.deputy, assignment=made, now=at("2026-11-30T09:00"), reason="岗位空着，另行交办")
    assert set(states(done).values()) == {"void"}


def ask(world, made, moment):
    return actions.ask_extension(
        by=world.head, assignment=made, now=at(moment), due_on=date(2026, 12, 4), reason="等名单"
    )
