"""Letters of transfer: who belongs where until they are accepted, which moves there are, when they run out."""

import csv
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from brigade import workflow
from brigade.audit.actions import SYSTEM
from brigade.kit.ids import new_id
from brigade.kit.refusals import NotAllowed, Refused, Stale
from brigade.notices.models import Message
from brigade.obligations.models import Obligation
from brigade.obligations.states import ObligationState as O
from brigade.org.models import Person
from brigade.org.states import ADMIN_ROLES, Role
from partybuilding.branches import actions, moves, queries
from partybuilding.branches.models import CommitteeSeat, Membership, PartyGroup, PartyMember, Transfer
from partybuilding.branches.states import TransferState as S
from partybuilding.meetings import queries as meetings
from partybuilding.meetings.models import Attendance
from partybuilding.meetings.rules import Mark
from partybuilding.meetings.states import Presence
from tests.brigade.org.factories import person
from tests.partybuilding import factories as make
from tests.partybuilding.factories import moment, refused, span

pytestmark = pytest.mark.django_db
LETTER = date(2026, 5, 10)


@pytest.fixture
def world():
    return make.world()


@pytest.fixture
def old(world):
    return make.branch(world)


@pytest.fixture
def new(world):
    return make.branch(world, "机关党支部", groups=1)


@pytest.fixture
def he(old):
    return PartyMember.objects.get(person=old.members[8])


def issue(world, he, new, **fields):
    values = {
        "by": world.office,
        "member": he,
        "to_branch": new.row,
        "letter_no": "组转〔2026〕5号",
        "issued_on": LETTER,
    }
    return actions.issue_transfer(**(values | {"now": moment(LETTER)} | fields))


def in_transit(world, he, new, **fields):
    return actions.send_transfer(by=world.office, transfer=issue(world, he, new, **fields), now=moment(LETTER))


def accept(new, letter, day, **fields):
    values = {"by": new.secretary, "transfer": letter, "accepted_on": date.fromisoformat(day), "now": moment(day)}
    return actions.accept_transfer(**(values | fields))


def statuses(meeting):
    return dict(Attendance.objects.filter(meeting=meeting).values_list("person", "status"))


def test_25_he_is_due_where_he_stands_on_the_day_and_keeps_his_hours(world, old, new, he):
    for n in range(5, 8):  # three times four hours, the last a half-hour shorter
        end = "11:30" if n == 7 else "12:00"
        make.held(old, f"2026-05-0{n}", spans=(span("ST", f"2026-05-0{n}", "08:00", end),), start="08:00", end=end)
    letter = in_transit(world, he, new)
    at_old = make.held(old, "2026-05-15", "TD")
    at_new_before = make.recorded(new, "2026-05-18", "TD", marks=(Mark(he.person_id, "observer"),))
    letter = accept(new, letter, "2026-05-20", group=new.groups[0])
    at_new = make.held(new, "2026-05-22", "TD")
    assert statuses(at_old)[he.person_id] == Presence.PRESENT
    assert statuses(at_new_before)[he.person_id] == Presence.OBSERVER
    assert statuses(at_new)[he.person_id] == Presence.PRESENT
    assert [meetings.tally_of(one).due for one in (at_old, at_new_before, at_new)] == [12, 12, 13]
    assert he.person_id not in statuses(make.held(old, "2026-05-22", "TD"))
    assert meetings.person_hours(he.person_id, 2026) == Decimal("11.5")
    assert (letter.state, letter.accepted_on) == (S.ACCEPTED, date(2026, 5, 20))
    before, after = Membership.objects.filter(member=he).order_by("start_on")
    assert (before.branch, before.end_on) == (old.row, date(2026, 5, 20))
    assert (after.branch, after.start_on, after.group) == (new.row, date(2026, 5, 20), new.groups[0])
    assert queries.branch_of(he.person_id, date(2026, 5, 1)) == old.pk  # who collects the dues of May


def test_26_a_letter_that_nobody_accepts_runs_out_after_ninety_days(world, old, new, he):
    letter = in_transit(world, he, new)
    last = moment("2026-08-08", "23:00")
    assert actions.expire_transfers(now=last) == "过期介绍信0封"
    with refused("2026-08-08到期，还没有过期"):
        workflow.advance(letter, moves.EXPIRE, by=SYSTEM, now=last)
    assert actions.expire_transfers(now=moment("2026-08-12", "00:01")) == "过期介绍信1封"
    letter.refresh_from_db()
    assert letter.state == S.EXPIRED
    assert queries.branch_of(he.person_id, date(2026, 8, 12)) == old.pk
    told = Message.objects.get(code="transfer.expired")
    assert told.recipient == old.secretary and "仍是原支部的党员" in told.body
    assert Obligation.objects.get(rule="party.transfer").state == O.MISSED
    assert actions.expire_transfers(now=moment("2026-08-13", "00:01")) == "过期介绍信0封"
    assert Message.objects.filter(code="transfer.expired").count() == 1
    with refused("现在是“已过期”，不能接收；可以办的是：没有"):
        accept(new, letter, "2026-08-13")
    assert issue(world, he, new, issued_on=date(2026, 8, 13), now=moment("2026-08-13")).state == S.ISSUED


def test_the_secretary_of_the_new_branch_owes_an_answer_and_is_told(world, old, new, he):
    letter = issue(world, he, new)
    assert not Obligation.objects.filter(rule="party.transfer").exists()
    letter = actions.send_transfer(by=world.office, transfer=letter, now=moment(LETTER))
    duty = Obligation.objects.get(rule="party.transfer")
    assert (duty.unit_id, duty.post, duty.state) == (new.pk, Role.BRANCH_SECRETARY, O.OPEN)
    assert duty.title == f"接收组织关系：{he.person.name}"
    assert timezone.localdate(duty.due_at) == date(2026, 8, 8)
    assert Message.objects.get(code="transfer.sent").recipient == new.secretary
    accept(new, letter, "2026-05-20")
    duty.refresh_from_db()
    assert duty.state == O.MET
    told = Message.objects.filter(code="transfer.answered").values_list("recipient", flat=True)
    assert set(told) == {old.secretary.pk, he.person_id}


def test_a_returned_letter_leaves_him_where_he_is(world, old, new, he):
    letter = in_transit(world, he, new)
    with refused("退回介绍信要写明原因"):
        actions.return_transfer(by=new.secretary, transfer=letter, reason=" ", now=moment("2026-05-20"))
    letter = actions.return_transfer(by=new.secretary, transfer=letter, reason="岗位没有定", now=moment("2026-05-20"))
    assert (letter.state, letter.answer) == (S.RETURNED, "岗位没有定")
    assert queries.branch_of(he.person_id, date(2026, 5, 21)) == old.pk
    issue(world, he, new)


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        ("accept", "现在是“已开介绍信”，不能接收；可以办的是：交接收方"),
        ("return", "现在是“已开介绍信”，不能退回介绍信；可以办的是：交接收方"),
    ],
)
def test_a_refused_move_names_those_that_are_open(world, new, he, act, sentence):
    letter = issue(world, he, new)
    given = {"accept": {"accepted_on": LETTER}, "return": {"reason": "不收"}}[act]
    with refused(sentence):
        actions.MAKE[f"transfer.{act}"](by=new.secretary, transfer=letter, now=moment(LETTER), **given)


@pytest.mark.parametrize(
    ("day", "now", "sentence"),
    [
        ("2026-05-21", "2026-05-20", "接收日期还没有到"),
        ("2026-05-09", "2026-05-20", "不能早于开信日期2026-05-10"),
        ("2026-08-09", "2026-08-09", "介绍信2026-08-08已到期，请重开介绍信"),
    ],
)
def test_he_is_accepted_between_issue_and_end_of_the_letter(world, new, he, day, now, sentence):
    letter = in_transit(world, he, new)
    with refused(sentence):
        accept(new, letter, day, now=moment(now))
    assert Membership.objects.get(member=he).end_on is None


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"to_branch": None}, "只填一个"),
        ({"to_outside": "区直机关工委"}, "只填一个"),
        ({"letter_no": " "}, "写介绍信编号"),
        ({"issued_on": date(2026, 5, 11)}, "开信日期还没有到"),
        ({"issued_on": date(1999, 5, 11)}, "才编入现在的支部"),
        ({"issued_on": date(2026, 2, 8)}, "已经过了有效期，请重开"),
        ({"letter_no": "字" * 41}, "最多40个字"),
    ],
)
def test_a_letter_that_cannot_be_written_is_refused(world, new, he, fields, sentence):
    with refused(sentence):
        issue(world, he, new, **fields)


def test_nobody_has_two_letters_and_none_leads_where_he_is(world, old, new, he):
    with refused("现在就在这个支部"):
        issue(world, he, old)
    first = issue(world, he, new)
    with refused("已有一封介绍信在转接"):
        issue(world, he, new)
    with pytest.raises(IntegrityError), transaction.atomic():
        Transfer.objects.create(
            unit=old.unit, member=he, to_branch=new.row, letter_no="2", issued_on=LETTER, state=S.ISSUED, title="",
            created_at=moment(LETTER),
        )  # fmt: skip
    assert Transfer.objects.get() == first


def test_a_double_click_is_one_letter(world, new, he):
    key = new_id()
    assert issue(world, he, new, transfer_id=key) == issue(world, he, new, transfer_id=key)
    assert Transfer.objects.count() == 1


def test_two_who_accept_at_once(world, new, he):
    letter = in_transit(world, he, new)
    accept(new, letter, "2026-05-20")
    with refused(kind=Stale):
        accept(new, letter, "2026-05-21", version=letter.version)


def test_his_office_and_group_in_the_old_branch_end_with_his_membership(world, old, new):
    he = PartyMember.objects.get(person=old.members[1])
    group = actions.add_group(
        by=old.secretary, branch=old.row, name="第一党小组", leader=he.person, start_on=LETTER, now=moment(LETTER)
    )
    accept(new, in_transit(world, he, new), "2026-05-20")
    assert CommitteeSeat.objects.get(person=he.person).end_on == date(2026, 5, 20)
    assert PartyGroup.objects.get(pk=group.pk).leader is None


def test_whoever_goes_to_an_organisation_elsewhere_belongs_nowhere_here_once_its_receipt_came(world, old, he, new):
    letter = in_transit(world, he, new, to_branch=None, to_outside="市直机关工委")
    duty = Obligation.objects.get(rule="party.transfer")
    assert (duty.unit_id, duty.title) == (old.pk, f"催组织关系回执：{he.person.name}")
    with refused(kind=NotAllowed):
        accept(new, letter, "2026-05-20")
    actions.accept_transfer(by=world.office, transfer=letter, accepted_on=date(2026, 5, 20), now=moment("2026-05-20"))
    assert queries.branch_of(he.person_id, date(2026, 5, 19)) == old.pk
    assert queries.branch_of(he.person_id, date(2026, 5, 20)) is None
    with refused("现在不在任何支部"):
        issue(world, he, new, now=moment("2026-05-21"))


def test_a_group_of_another_branch_is_refused(world, old, new, he):
    foreign = actions.add_group(by=old.secretary, branch=old.row, name="组", start_on=LETTER, now=moment(LETTER))
    with refused("不是这个支部的党小组"):
        accept(new, in_transit(world, he, new), "2026-05-20", group=foreign)


def expected():
    with Path(__file__).with_name("transfer_moves.csv").open(encoding="utf-8", newline="") as file:
        return {(row["state"], row["move"]): set(row["roles"].split()) for row in csv.DictReader(file)}


def test_the_table_names_every_pair_of_state_and_move():
    codes = [move.code for move in moves.MOVES if not move.creates]
    assert sorted(expected()) == sorted((state, code) for state in S.values for code in codes)


@pytest.mark.parametrize("state", S.values)
def test_moves_are_open_to_the_roles_of_the_table_and_to_nobody_else(world, old, new, he, state):
    """`old:` and `new:` stand before roles held on the branch that he leaves and the one that he goes to."""
    letter = in_transit(world, he, new)
    people = {
        f"{end}:{role.value}": person(role, at=where.unit)
        for end, where in (("old", old), ("new", new))
        for role in Role
        if role not in ADMIN_ROLES
    }
    Transfer.objects.filter(pk=letter.pk).update(state=state, accepted_on=date(2026, 5, 20))
    record = Transfer.objects.select_related("unit", "to_branch__unit").get(pk=letter.pk)
    for move in moves.MOVES:
        if not move.creates:
            free = replace(move, guard=None)
            found = {role for role, by in (people | {"system": SYSTEM}).items() if may(record, free, by)}
            assert found == expected()[state, move.code], move.code


def may(record, move, by):
    try:
        workflow.check(record, move, by, moment("2026-06-01"))
    except Refused:
        return False
    return True


def test_the_list_shows_what_the_rule_allows(world, old, new, he):
    letter = in_transit(world, he, new)
    third = make.branch(world, "事故处理中队党支部")
    plain = person(Role.MEMBER, at=new.unit)
    for somebody in Person.objects.all():
        readers = [reader for reader, _why in letter.own_readers()]
        allowed = somebody.has_perm("branches.view_transfer", letter) or somebody in readers
        assert Transfer.objects.visible_to(somebody).exists() == allowed, somebody
    shown = {who for who in (old.secretary, new.secretary, he.person, third.secretary, plain)
             if Transfer.objects.visible_to(who).exists()}  # fmt: skip
    assert shown == {old.secretary, new.secretary, he.person}
    assert {why for _who, why in letter.own_readers()} == {"本人", "接收支部的支部书记"}
