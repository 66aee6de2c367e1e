"""Which moves a task may take: a hand-kept table; what each asks for, refuses and brings."""

import csv
from datetime import date
from pathlib import Path

import pytest

from brigade.assignments import actions
from brigade.assignments.models import Assignment, Line
from brigade.assignments.moves import MOVES
from brigade.assignments.states import AssignmentState
from brigade.audit.actions import SYSTEM
from brigade.audit.models import AuditEvent
from brigade.kit.ids import new_id
from brigade.kit.refusals import NotAllowed, Stale
from brigade.notices.models import Message
from brigade.org.actions import close_unit
from brigade.org.models import Grant
from brigade.org.states import Role
from tests.brigade.assignments.world import DUE, NOW, at, handed_out, task
from tests.brigade.org.factories import person, unit
from tests.moves import legal, listed, refusal

pytestmark = pytest.mark.django_db
ROWS = list(csv.DictReader((Path(__file__).parents[1] / "assignment_moves.csv").read_text("utf-8").splitlines()))


def test_every_move_leads_where_the_table_says():
    expected = {(row["move"], row["state"], row["target"]) for row in ROWS}
    found = {(move.code, state, move.target or state) for move in MOVES for state in move.sources}
    assert found == expected


def test_state_move_role_matrix(world):
    """Every pair that the table does not list is refused, for every role; `post` is who holds the addressed post."""
    roles = ("brigade_leader", "political_officer", "deputy_leader", "inspector", "discipline")
    actors = {role: person(Role(role), at=world.brigade) for role in roles}
    actors |= {role: person(Role(role), at=world.first) for role in ("squadron_leader", "clerk", "officer")}
    actors |= {"post": person(Role.AUXILIARY, at=world.first), "system": SYSTEM, "elsewhere": world.other_head}
    records = [
        Assignment(
            unit=world.first, state=state, post=Role.AUXILIARY, giver_unit=world.brigade, giver_post=Role.DEPUTY_LEADER
        )
        for state in ("", *AssignmentState.values)
    ]
    assert legal(records, MOVES, actors, at(NOW)) == listed(ROWS)


# Handing out


def test_a_task_to_three_is_three_records_with_one_batch_and_a_number_each(world):
    made = handed_out(world, world.first, world.second, (world.first, Role.OFFICER))
    assert len({one.batch for one in made}) == 1
    assert [one.number[-12:] for one in made] == ["JB-2026-0001", "JB-2026-0002", "JB-2026-0003"]
    assert {(one.giver_unit_id, one.giver_post) for one in made} == {(world.brigade.pk, "deputy_leader")}
    assert Message.objects.filter(code="assignments.handed_out").count() == 3
    assert AuditEvent.objects.filter(verb="assignment.handed_out").count() == 3


def test_the_same_form_sent_twice_hands_out_once(world):
    key = new_id()
    first, again = handed_out(world, world.first, batch=key), handed_out(world, world.first, batch=key)
    assert [one.pk for one in first] == [one.pk for one in again]
    assert Assignment.objects.count() == Line.objects.count() == 1
    assert "这个编号已经用过" in refusal(lambda: handed_out(world, world.first, batch=key, by=world.leader))


def test_a_task_to_a_closed_unit_is_refused_in_words(world):
    gone = unit("城区三中队", parent=world.brigade)
    close_unit(by=SYSTEM, unit=gone, closed_on=date(2026, 11, 1))
    assert refusal(lambda: handed_out(world, world.first, gone)) == "城区三中队已于2026-11-01撤销。"
    assert Assignment.objects.count() == 0


def test_what_nobody_could_do_is_refused(world):
    empty = unit("农村一中队", parent=world.brigade)
    assert "现在没有中队长" in refusal(lambda: handed_out(world, empty))
    assert "选交办给谁" in refusal(lambda: handed_out(world))
    assert "期限不能早于今天" in refusal(lambda: handed_out(world, world.first, due_on=date(2026, 11, 19)))
    assert "写明要办什么" in refusal(lambda: handed_out(world, world.first, title="  "))
    own = (world.brigade, Role.DEPUTY_LEADER)
    assert "不用交办给自己" in refusal(lambda: handed_out(world, own))
    assert "不是承办工作的岗位" in refusal(lambda: handed_out(world, (world.first, "member")))


def test_nobody_hands_out_to_a_unit_that_is_not_below_him(world):
    assert "不归你管" in refusal(lambda: handed_out(world, world.second, by=world.head), NotAllowed)
    assert "不归你管" in refusal(lambda: handed_out(world, world.first, by=world.officer), NotAllowed)
    handed_out(world, (world.first, Role.OFFICER), by=world.head)


def test_who_holds_two_posts_gives_by_the_higher_one(world):
    Grant.objects.create(
        person=world.head, unit=world.brigade, role=Role.CLERK, starts_on=date(2026, 1, 1), granted_by="测试"
    )
    [made] = handed_out(world, (world.first, Role.OFFICER), by=type(world.head).objects.get(pk=world.head.pk))
    assert (made.giver_unit, made.giver_post) == (world.brigade, "clerk")


# Reply and answer


def test_a_reply_waits_for_the_giver_and_his_word_ends_it(world):
    made = task(world)
    replied = actions.reply(by=world.head, assignment=made, now=at(NOW), text="已建档214户")
    assert replied.state == "replied"
    assert Message.objects.get(code="assignments.replied").recipient == world.deputy
    done = actions.accept(by=world.deputy, assignment=replied, now=at(NOW))
    assert (done.state, done.closed_at) == ("done", at(NOW))
    assert [line.kind for line in done.lines.order_by("pk")] == ["handed_out", "reply", "accepted"]


def test_a_reply_says_something(world):
    made = task(world)
    assert "写明办理结果" in refusal(lambda: actions.reply(by=world.head, assignment=made, now=at(NOW), text=" "))


def test_the_clerk_of_the_unit_replies_for_the_leader(world):
    assert actions.reply(by=world.clerk, assignment=task(world), now=at(NOW), text="办完了").state == "replied"


def test_nobody_accepts_his_own_reply(world):
    [made] = handed_out(world, (world.first, Role.OFFICER), by=world.head)
    replied = actions.reply(by=world.head, assignment=made, now=at(NOW), text="代为回复")
    assert "自己回复的" in refusal(lambda: actions.accept(by=world.head, assignment=replied, now=at(NOW)), NotAllowed)


def test_what_needs_no_reply_is_finished_by_who_did_it(world):
    made = task(world, needs_reply=False)
    assert "不要求回复" in refusal(lambda: actions.reply(by=world.head, assignment=made, now=at(NOW), text="好"))
    assert actions.finish(by=world.head, assignment=made, now=at(NOW)).state == "done"
    assert "要求回复" in refusal(lambda: actions.finish(by=world.head, assignment=task(world), now=at(NOW)))


def test_a_reply_that_does_not_do_goes_back_with_a_reason_and_a_later_day(world):
    replied = actions.reply(by=world.head, assignment=task(world), now=at(NOW), text="办了")
    assert "要写明原因" in refusal(
        lambda: actions.send_back(by=world.deputy, assignment=replied, now=at(NOW), reason=" ")
    )
    back = actions.send_back(
        by=world.deputy, assignment=replied, now=at(NOW), reason="没有数", due_on=date(2026, 12, 4)
    )
    assert (back.state, back.due_on, back.first_due_on) == ("returned", date(2026, 12, 4), DUE)
    assert Message.objects.get(code="assignments.sent_back").recipient == world.head


def test_the_giver_asks_again_once_a_day(world):
    made = actions.urge(by=world.deputy, assignment=task(world), now=at(NOW))
    assert "今天已经催过" in refusal(lambda: actions.urge(by=world.deputy, assignment=made, now=at(NOW)))
    actions.urge(by=world.deputy, assignment=made, now=at("2026-11-21T09:00"))
    assert Message.objects.filter(code="assignments.urged", recipient=world.head).count() == 2


def test_more_time_is_asked_for_before_the_day_and_decided_by_the_giver(world):
    made = task(world)

    def ask(moment, until, record=made):
        return actions.ask_extension(
            by=world.head, assignment=record, now=at(moment), due_on=until, reason="等镇里名单"
        )

    assert "期限已过" in refusal(lambda: ask("2026-11-28T09:00", date(2026, 12, 4)))
    assert "新期限要晚于现在的期限" in refusal(lambda: ask(NOW, DUE))
    asked = ask(NOW, date(2026, 12, 4))
    assert "已经申请延期" in refusal(lambda: ask(NOW, date(2026, 12, 5), asked))
    kept = actions.refuse_extension(by=world.deputy, assignment=asked, now=at(NOW), reason="月底要用")
    assert (kept.due_on, kept.asked_due_on) == (DUE, None)
    asked = ask(NOW, date(2026, 12, 4), kept)
    given = actions.extend(by=world.deputy, assignment=asked, now=at(NOW), due_on=date(2026, 12, 2))
    assert (given.due_on, given.first_due_on, given.asked_due_on) == (date(2026, 12, 2), DUE, None)
    assert "没有申请延期" in refusal(
        lambda: actions.refuse_extension(by=world.deputy, assignment=given, now=at(NOW), reason="x")
    )


def test_a_remark_reaches_the_other_side(world):
    made = task(world)
    made = actions.remark(by=world.head, assignment=made, now=at(NOW), text="镇里名单明天到")
    actions.remark(by=world.deputy, assignment=made, now=at(NOW), text="好")
    told = Message.objects.filter(code="assignments.remarked").order_by("pk")
    assert [message.recipient for message in told] == [world.deputy, world.head]


def test_a_withdrawn_task_keeps_its_number_and_says_why(world):
    gone = actions.withdraw(by=world.deputy, assignment=task(world), now=at(NOW), reason="大队统一办")
    assert (gone.state, gone.number[-4:]) == ("withdrawn", "0001")
    assert gone.lines.latest("pk").text == "大队统一办"
    assert "现在是“已撤回”" in refusal(lambda: actions.urge(by=world.deputy, assignment=gone, now=at(NOW)))


def test_the_second_of_two_tabs_is_told_that_the_first_was_before_it(world):
    made = task(world)
    actions.remark(by=world.head, assignment=made, now=at(NOW), text="一", version=1)
    assert "刚被" in refusal(
        lambda: actions.reply(by=world.head, assignment=made, now=at(NOW), text="二", version=1), Stale
    )
