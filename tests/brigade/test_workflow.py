"""The door: what every write of a record must hold to, tried on waivers and decisions."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from brigade import workflow
from brigade.audit.actions import SYSTEM
from brigade.audit.models import AuditEvent
from brigade.indicators.models import Dirty
from brigade.kit.ids import new_id
from brigade.kit.refusals import NotAllowed, Refused, Stale
from brigade.notices.models import Message
from brigade.obligations.models import Obligation
from brigade.obligations.states import ObligationState
from brigade.reference.actions import load_reference
from partybuilding.meetings import actions, moves
from partybuilding.meetings.models import Waiver
from partybuilding.meetings.states import WaiverState
from tests.partybuilding import factories

NOW = timezone.now().replace(microsecond=0)


@pytest.fixture
def house(db):
    load_reference()
    return factories.world()


@pytest.fixture
def branch(house):
    return factories.branch(house)


def ask(branch, **fields):
    given = {
        "by": branch.secretary,
        "unit": branch.unit,
        "requirement": "TD",
        "period": NOW.astimezone().strftime("%Y-%m"),
        "reason": "执勤高峰",
        "now": NOW,
    }
    return actions.ask_waiver(**given | fields)


def test_one_write_leaves_record_audit_duty_mark_and_message(house, branch):
    waiver = ask(branch)
    assert AuditEvent.objects.get(target_id=str(waiver.pk)).verb == "waiver.asked"
    assert Obligation.objects.get(rule="party.waiver").state == ObligationState.OPEN
    assert Message.objects.filter(target_id=str(waiver.pk)).exists()
    approved = actions.approve_waiver(by=house.general_secretary, waiver=waiver, now=NOW)
    assert (approved.state, approved.version) == (WaiverState.APPROVED, 2)
    assert Obligation.objects.get(rule="party.waiver").state == ObligationState.MET
    assert Obligation.objects.get(rule="party.TD", unit=branch.pk).state == ObligationState.WAIVED
    assert Dirty.objects.filter(indicator="party.compliance", unit_id=branch.pk).exists()


def test_the_same_form_sent_twice_makes_one_record(branch):
    minted = new_id()
    first, second = (ask(branch, waiver_id=minted) for _n in range(2))
    assert first.pk == second.pk
    assert AuditEvent.objects.filter(target_id=str(first.pk)).count() == 1


def test_another_persons_minted_id_is_refused(house, branch):
    waiver = ask(branch)
    with pytest.raises(Refused, match="请重新打开空白表单再填"):
        ask(branch, by=house.office, waiver_id=waiver.pk, period="2020-01")


def test_a_stale_version_is_refused_and_nothing_is_written(house, branch):
    waiver = ask(branch)
    actions.return_waiver(by=house.general_secretary, waiver=waiver, reason="请写清楚", now=NOW)
    before = AuditEvent.objects.count()
    with pytest.raises(Stale, match=f"刚被{house.general_secretary.name}改过") as refusal, transaction.atomic():
        workflow.advance(waiver, moves.APPROVE_WAIVER, by=house.general_secretary, now=NOW, version=1)
    assert {"state", "decided_by"} <= set(refusal.value.fields)
    assert AuditEvent.objects.count() == before


def test_an_illegal_move_names_where_the_record_stands_and_what_is_possible(house, branch):
    waiver = actions.approve_waiver(by=house.general_secretary, waiver=ask(branch), now=NOW)
    with pytest.raises(Refused, match="现在是“已批准”，不能退回申请；可以办的是：没有"):
        actions.return_waiver(by=house.general_secretary, waiver=waiver, reason="晚了", now=NOW)


def test_somebody_without_the_right_is_refused(house, branch):
    with pytest.raises(NotAllowed, match="不在你的职责里"):
        actions.approve_waiver(by=branch.members[3], waiver=ask(branch), now=NOW)


def test_the_right_on_another_unit_is_no_right(house, branch):
    other = factories.branch(house, "城区二中队党支部")
    with pytest.raises(NotAllowed):
        ask(branch, by=other.secretary)


def test_a_move_that_needs_a_reason_asks_for_it(house, branch):
    with pytest.raises(Refused) as refusal:
        actions.return_waiver(by=house.general_secretary, waiver=ask(branch), reason="  ", now=NOW)
    assert refusal.value.field == "reason"


def test_the_portal_makes_only_the_moves_that_are_its_own(branch):
    with pytest.raises(NotAllowed):
        workflow.advance(ask(branch), moves.APPROVE_WAIVER, by=SYSTEM, now=NOW)


def test_buttons_show_what_is_possible_and_say_what_is_missing(house, branch):
    waiver = ask(branch)
    offered = {option.move.code: option.why_not for option in workflow.moves_for(waiver, house.general_secretary, NOW)}
    assert offered == {"approve": "", "return": ""}
    assert workflow.moves_for(waiver, branch.members[3], NOW) == []
    own = ask(branch, by=house.office, requirement="MM", period="2026-Q4")
    assert all(option.why_not == "不能批自己的申请" for option in workflow.moves_for(own, house.office, NOW))


def test_a_write_that_fails_half_way_leaves_nothing(house, branch):
    waiver = ask(branch)
    counts = [model.objects.count() for model in (AuditEvent, Message, Dirty)]

    def fail(_record):
        raise RuntimeError("disk full")

    with pytest.raises(RuntimeError), transaction.atomic():
        workflow.advance(waiver, moves.APPROVE_WAIVER, by=house.general_secretary, now=NOW, write=fail)
    waiver.refresh_from_db()
    assert waiver.state == WaiverState.ASKED
    assert [model.objects.count() for model in (AuditEvent, Message, Dirty)] == counts


def test_many_records_at_once_are_audited_and_owed_like_single_ones(house, branch):
    rows = [
        Waiver(
            unit=branch.unit,
            title=f"{month}月主题党日",
            state=WaiverState.ASKED,
            requirement="TD",
            period=f"2026-{month:02}",
            reason="导入",
            created_at=NOW - timedelta(days=month),
            created_by=branch.secretary,
        )
        for month in range(1, 11)
    ]
    workflow.bulk(rows, moves.ASK_WAIVER, by=SYSTEM, now=NOW)
    assert AuditEvent.objects.filter(verb="waiver.asked").count() == 10
    assert Obligation.objects.filter(rule="party.waiver", state=ObligationState.OPEN).count() == 10


def test_a_person_brings_in_many_only_where_he_has_the_right(house, branch):
    other = factories.branch(house, "城区二中队党支部")
    row = Waiver(
        unit=other.unit, title="x", state="asked", requirement="TD", period="2026-01", reason="导入", created_at=NOW
    )
    with pytest.raises(NotAllowed), transaction.atomic():
        workflow.bulk([row], moves.ASK_WAIVER, by=branch.secretary, now=NOW)
    assert not Waiver.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_who_decide_at_the_same_moment_decide_once():
    load_reference()
    house = factories.world()
    branch = factories.branch(house)
    waiver = ask(branch)
    answers, start = [], threading.Barrier(2)

    def decide():
        start.wait()
        try:
            actions.approve_waiver(by=house.general_secretary, waiver=waiver, version=1, now=NOW)
            answers.append("approved")
        except Refused as refusal:
            answers.append(type(refusal).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=decide) for _n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["Stale", "approved"]
    assert AuditEvent.objects.filter(verb="waiver.approved").count() == 1


def test_a_move_that_the_record_itself_opens_to_somebody_says_to_whom():
    assert {move.audit: str(move.whom) for move in workflow.MOVES.values() if move.may or move.whom} == {
        "meeting.confirmed": "主持人",
        "decision.finished": "责任人",
        "leave.asked": "请假人",
        "transfer.accepted": "接收支部的支部书记",
        "transfer.returned": "接收支部的支部书记",
        "assignment.replied": "承办岗位、本单位内勤",
        "assignment.finished": "承办岗位、本单位内勤",
        "assignment.extension_asked": "承办岗位、本单位内勤",
        "assignment.accepted": "交办岗位",
        "assignment.sent_back": "交办岗位",
        "assignment.urged": "交办岗位",
        "assignment.extended": "交办岗位",
        "assignment.extension_refused": "交办岗位",
        "assignment.withdrawn": "交办岗位",
        "assignment.remarked": "双方",
        "hazard.reported": "其他中队的民警、辅警",
        "hazard.amended": "上报人",
        "hazard.controlled": "责任单位联络员",
        "hazard.accepted": "责任单位联络员",
        "hazard.disputed": "责任单位联络员",
        "hazard.started": "责任单位联络员",
        "hazard.progressed": "责任单位联络员",
        "hazard.submitted": "责任单位联络员",
        "hazard.extension_asked": "责任单位联络员",
    }
