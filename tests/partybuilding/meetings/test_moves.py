"""Every move of a meeting from every state by every role, against a table that is kept by hand."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from brigade import workflow
from brigade.audit.actions import SYSTEM
from brigade.kit.refusals import NotAllowed, Refused
from brigade.org.states import ADMIN_ROLES, Role
from partybuilding.meetings import actions, moves, rules
from partybuilding.meetings.models import Meeting
from partybuilding.meetings.states import MeetingState as S
from tests.brigade.org.factories import person
from tests.partybuilding import factories as make
from tests.partybuilding.factories import moment, refused, span

pytestmark = pytest.mark.django_db
NOW = moment("2026-06-12", "17:00")


def expected():
    with Path(__file__).with_name("meeting_moves.csv").open(encoding="utf-8", newline="") as file:
        return {(row["state"], row["move"]): set(row["roles"].split()) for row in csv.DictReader(file)}


@pytest.fixture
def meeting():
    """A meeting that no guard of the moves holds up: past, entered late, complete."""
    where = make.branch(make.world())
    made = make.recorded(where, "2026-06-10", "TD")
    Meeting.objects.filter(pk=made.pk).update(backfill=True, confirmed_at=NOW)
    made.refresh_from_db()
    return made


def who(meeting):
    """One person a role on the branch's unit, the chair without any role, and the portal itself."""
    people = {role.value: person(role, at=meeting.unit) for role in Role if role not in ADMIN_ROLES}
    chair = person(at=meeting.unit)
    Meeting.objects.filter(pk=meeting.pk).update(chair=chair)
    return people | {"chair": chair, "system": SYSTEM}


def test_the_table_names_every_pair_of_state_and_move():
    codes = [move.code for move in moves.MOVES if move.kind == moves.MEETING and not move.creates]
    assert sorted(expected()) == sorted((state, code) for state in S.values for code in codes)


@pytest.mark.parametrize("state", S.values)
def test_moves_are_open_to_the_roles_of_the_table_and_to_nobody_else(meeting, state):
    people = who(meeting)
    Meeting.objects.filter(pk=meeting.pk).update(state=state)
    record = Meeting.objects.select_related("unit").get(pk=meeting.pk)
    for move in moves.MOVES:
        if move.kind == moves.MEETING and not move.creates:
            free = replace(move, guard=None)
            found = {role for role, by in people.items() if _may(record, free, by)}
            if "group_leader" in found:
                found.remove("group_leader")
            assert found == expected()[state, move.code], move.code


def _may(record, move, by):
    try:
        workflow.check(record, move, by, NOW)
    except Refused:
        return False
    return True


def test_a_refused_move_names_the_moves_that_are_open():
    where = make.branch(make.world())
    meeting = make.recorded(where, "2026-06-10", "TD")
    with refused("现在是“待确认”，不能归档；可以办的是：修改、确认会议记录"):
        actions.archive_meeting(by=where.recorder, meeting=meeting, now=NOW)


def test_a_group_leader_makes_the_moves_of_his_group_only():
    where = make.branch(make.world(), groups=2)
    leader = where.members[6]
    make.grant(leader, Role.GROUP_LEADER, where.unit)
    own, other = where.groups
    type(own).objects.filter(pk=own.pk).update(leader=leader)
    sheets = [
        make.sheet(where, "2026-06-10", recorder_id=leader.pk, spans=(span("GM", "2026-06-10", group_id=group.pk),))
        for group in (own, other)
    ]
    meeting = actions.record_meeting(by=leader, sheet=sheets[0], now=NOW)
    actions.edit_meeting(by=leader, meeting=meeting, sheet=sheets[0], version=1, now=NOW)
    with refused("党小组长只能记本组"):
        actions.record_meeting(by=leader, sheet=sheets[1], now=NOW)
    foreign = actions.record_meeting(by=where.recorder, sheet=sheets[1], now=NOW)
    with refused("党小组长只能记本组"):
        actions.edit_meeting(by=leader, meeting=foreign, sheet=sheets[0], version=1, now=NOW)


def test_nobody_records_for_a_branch_that_is_not_his():
    world = make.world()
    here, there = make.branch(world), make.branch(world, "机关党支部")
    with refused(kind=NotAllowed):
        actions.record_meeting(by=there.secretary, sheet=make.sheet(here, "2026-06-10", "TD"), now=NOW)
    meeting = make.recorded(here, "2026-06-10", "TD")
    with refused(kind=NotAllowed):
        actions.confirm_meeting(by=there.secretary, meeting=meeting, now=NOW)


def test_the_chair_sees_the_button_to_confirm_and_a_member_sees_none():
    where = make.branch(make.world())
    meeting = make.recorded(where, "2026-06-10", "TD", chair_id=where.members[3].pk)
    options = workflow.moves_for(meeting, where.members[3], NOW)
    assert [(option.move.code, option.why_not) for option in options] == [("confirm", "")]
    assert workflow.moves_for(meeting, where.members[4], NOW) == []


def test_a_meeting_does_not_expire_on_its_own_day():
    where = make.branch(make.world())
    meeting = actions.plan_meeting(by=where.recorder, sheet=make.sheet(where, "2026-06-20", "TD"), now=NOW)
    meeting = actions.notify_meeting(by=where.recorder, meeting=meeting, now=NOW)
    with refused("当天还没有过完"):
        workflow.advance(meeting, moves.EXPIRE, by=SYSTEM, now=moment("2026-06-20", "23:00"))


def test_a_meeting_until_midnight_expires_the_next_day():
    where = make.branch(make.world())
    midnight = moment("2026-06-21", "00:00")
    spans = (rules.Span("TD", moment("2026-06-20", "22:00"), midnight),)
    sheet = make.sheet(where, "2026-06-20", start="22:00", ends_at=midnight, spans=spans)
    meeting = actions.plan_meeting(by=where.recorder, sheet=sheet, now=NOW)
    meeting = actions.notify_meeting(by=where.recorder, meeting=meeting, now=NOW)
    actions.expire_meetings(now=moment("2026-06-21", "00:02"))
    meeting.refresh_from_db()
    assert meeting.state == S.EXPIRED
