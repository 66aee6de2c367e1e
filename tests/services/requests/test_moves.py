"""Which moves a request may take: a hand-kept table, and what each move asks for and brings."""

import csv
from pathlib import Path

import pytest

from brigade.audit.actions import SYSTEM
from brigade.audit.models import AuditEvent
from brigade.kit.ids import new_id
from brigade.kit.refusals import NotAllowed, Stale
from brigade.notices.models import Message
from brigade.org.states import Role
from brigade.reference.queries import kept_calendar, kept_parameters
from services.requests import actions, documents
from services.requests.actions import Citizen
from services.requests.models import ServiceItem, ServiceRequest
from services.requests.moves import KIND, MOVES
from services.requests.states import Ending, RequestState
from tests.brigade.org.factories import person
from tests.moves import legal, listed, refusal
from tests.services.requests.world import HERE, at, marks, taken_in

pytestmark = pytest.mark.django_db
ROWS = list(csv.DictReader((Path(__file__).parents[1] / "request_moves.csv").read_text("utf-8").splitlines()))
ROLES = ("window_guide", "window_clerk", "window_lead", "service_reviewer", "hall_head", "brigade_leader", "officer")
NOW = "2026-06-12T10:00"


def test_every_move_leads_where_the_table_says():
    expected = {(row["move"], row["state"], row["target"]) for row in ROWS}
    found = {(move.code, state, move.target or state) for move in MOVES for state in move.sources}
    assert found == expected


def test_state_move_role_matrix(world):
    """Every pair that the table does not list is refused, for every role."""
    actors = {role: person(Role(role), at=world.hall) for role in ROLES} | {"system": SYSTEM}
    records = [ServiceRequest(unit=world.hall, state=state) for state in ("", *RequestState.values)]
    assert legal(records, MOVES, actors, at(NOW)) == listed(ROWS)


def test_settling_on_the_spot_is_one_move_and_keeps_nothing_of_the_citizen(world):
    made = taken_in(world, "PL02", NOW, Ending.SETTLE, external_no="37150020260612001")
    assert made.state == RequestState.COMPLETED
    assert made.received_at == made.accepted_at == made.completed_at == at(NOW)
    assert AuditEvent.objects.filter(target_id=str(made.pk)).values_list("verb", flat=True).get() == "request.settled"
    assert (made.citizen_name, made.id_no_sealed, made.phone_sealed) == ("", "", "")


def test_settling_needs_every_material(world):
    assert "缺“损毁的行驶证”" in refusal(
        lambda: taken_in(world, "PL02", NOW, Ending.SETTLE, marks=marks("PL02", m2="missing"))
    )
    assert "“损毁的行驶证”还没看" in refusal(
        lambda: taken_in(world, "PL02", NOW, Ending.SETTLE, marks=marks("PL02", m2="unseen"))
    )
    assert "有容缺材料，不能当场办结：损毁的行驶证" in refusal(
        lambda: taken_in(world, "PL02", NOW, Ending.SETTLE, marks=marks("PL02", m2="tolerated"))
    )
    assert ServiceRequest.objects.count() == 0


def test_flagged_item_is_never_settled_on_the_spot(world):
    assert "须审核岗审核" in refusal(lambda: taken_in(world, "DL05", NOW, Ending.SETTLE))


def test_second_sending_of_a_form_changes_nothing(world):
    key = new_id()
    first = taken_in(world, "PL01", NOW, Ending.ACCEPT, id=key)
    again = taken_in(world, "PL01", NOW, Ending.ACCEPT, id=key)
    assert (first.number, first.version) == (again.number, again.version)
    assert AuditEvent.objects.filter(target_id=str(key)).count() == 2


def test_id_of_another_officer_is_not_taken_over(world):
    key = new_id()
    taken_in(world, "PL02", NOW, Ending.SETTLE, id=key)
    assert "这个编号已经用过" in refusal(lambda: taken_in(world, "PL02", NOW, Ending.SETTLE, id=key, by=world.other))


def test_numbers_of_a_hall_and_year_have_no_gaps(world):
    taken_in(world, "PL02", NOW, Ending.SETTLE)
    refusal(lambda: taken_in(world, "PL02", NOW, Ending.SETTLE, missing=1))
    assert taken_in(world, "PL02", NOW, Ending.SETTLE).number == "DCF-CGS-BJ-2026-00002"


def test_notice_names_everything_that_is_missing_at_once(world):
    made = taken_in(world, "VR21", NOW, Ending.NOTIFY, missing=2)
    assert made.state == RequestState.SUPPLEMENT_REQUESTED
    notice = made.notices.get()
    assert [row["name"] for row in notice.items] == ["现机动车所有人身份证明", "所有权转让证明凭证"]
    assert notice.round == 1 and not notice.is_repeat_fault


def test_notice_waits_until_every_material_was_looked_at(world):
    unseen = marks("PL02", missing=1, m2="unseen")
    assert "要一次告知全部，这些材料还没看：损毁的行驶证" in refusal(
        lambda: taken_in(world, "PL02", NOW, Ending.NOTIFY, marks=unseen)
    )


def test_second_notice_of_what_was_missing_before_is_allowed_and_a_recorded_fault(world):
    """Scenario 10."""
    made = taken_in(world, "PL02", NOW, Ending.NOTIFY, missing=1)
    made = actions.take_back(by=world.clerk, request=made, now=at("2026-06-15T10:00"))
    assert made.round == 2 and [paper.status for paper in made.papers] == ["unseen", "ok"]
    made = actions.check_materials(
        by=world.clerk, request=made, marks=marks("PL02", missing=1), now=at("2026-06-15T10:01")
    )
    made = actions.notify(by=world.clerk, request=made, now=at("2026-06-15T10:02"))
    assert [notice.is_repeat_fault for notice in made.notices.order_by("round")] == [False, True]


def test_second_notice_of_something_new_is_no_fault(world):
    made = taken_in(world, "PL02", NOW, Ending.NOTIFY, missing=1)
    made = actions.take_back(
        by=world.clerk, request=made, now=at("2026-06-15T10:00"), marks=marks("PL02", m2="invalid")
    )
    made = actions.notify(by=world.clerk, request=made, now=at("2026-06-15T10:02"))
    assert not made.notices.get(round=2).is_repeat_fault


def test_tolerated_material_needs_a_day_and_blocks_delivery_until_it_is_brought(world):
    tolerated = marks("PL01", m2="tolerated")
    assert "要写明补交日期" in refusal(lambda: taken_in(world, "PL01", NOW, Ending.ACCEPT, marks=tolerated))
    made = taken_in(world, "PL01", NOW, Ending.ACCEPT, marks=tolerated, tolerated_due_on=at("2026-06-20T00:00").date())
    made = actions.start(by=world.clerk, request=made, now=at("2026-06-12T10:05"))
    made = actions.complete(by=world.clerk, request=made, now=at("2026-06-13T10:00"))
    assert "不能送达：未灭失的号牌" in refusal(
        lambda: actions.deliver(
            by=world.clerk, request=made, now=at("2026-06-13T10:05"), delivery_note="本人，尾号0035"
        )
    )
    made = actions.supply(by=world.clerk, request=made, now=at("2026-06-18T10:00"))
    assert (
        actions.deliver(by=world.clerk, request=made, now=at("2026-06-18T10:05"), delivery_note="本人，尾号0035").state
        == RequestState.DELIVERED
    )


def flagged(world):
    made = taken_in(world, "DL05", NOW)
    return actions.start(by=world.clerk, request=made, now=at("2026-06-12T10:05"))


def test_flagged_item_is_completed_by_the_review_post_only(world):
    """Scenario 35: who accepted it and holds no review post gets 403."""
    made = flagged(world)
    assert "须由审核岗办结" in refusal(lambda: actions.complete(by=world.clerk, request=made, now=at(NOW)), NotAllowed)
    assert "经办人还没有提交审核" in refusal(lambda: actions.complete(by=world.reviewer, request=made, now=at(NOW)))
    made = actions.ask_review(by=world.clerk, request=made, now=at("2026-06-12T11:00"), proposal="approve")
    done = actions.complete(by=world.reviewer, request=made, now=at("2026-06-12T15:00"))
    assert (done.outcome, done.reviewer) == ("approved", world.reviewer)


def test_reviewer_does_not_review_what_he_accepted_himself(world):
    both = person(Role.WINDOW_CLERK, Role.SERVICE_REVIEWER, at=world.hall)
    made = taken_in(world, "DL05", NOW, by=both)
    made = actions.start(by=both, request=made, now=at("2026-06-12T10:05"))
    made = actions.ask_review(by=world.clerk, request=made, now=at("2026-06-12T11:00"), proposal="approve")
    assert "受理人不能审核自己受理的办件" in refusal(
        lambda: actions.complete(by=both, request=made, now=at("2026-06-12T12:00")), NotAllowed
    )


@pytest.mark.django_db(transaction=True)
def test_refused_completion_answers_403_and_stands_in_the_audit_trail(client, world):
    """Scenario 35, through the page and through the API."""
    made = flagged(world)
    client.force_login(world.clerk)
    page = client.post(f"/services/requests/{made.pk}/moves/complete/", {"version": made.version})
    sent = {"version": made.version}
    api = client.post(f"/api/v1/requests/{made.pk}/moves/complete/", sent, content_type="application/json")
    assert (page.status_code, api.status_code) == (403, 403)
    events = AuditEvent.objects.filter(target_id=str(made.pk), result="refused")
    assert {event.actor_id for event in events} == {world.clerk.pk} and events.count() == 2
    made.refresh_from_db()
    assert made.state == RequestState.PROCESSING


def test_rejection_takes_two_people_a_reason_and_a_remedy(world):
    made = taken_in(world, "PL02", NOW, Ending.RECEIVE)
    assert "先由经办人" in refusal(lambda: actions.reject(by=world.reviewer, request=made, now=at(NOW)))
    ask = {"by": world.clerk, "request": made, "now": at(NOW), "proposal": "reject"}
    assert "要写明理由" in refusal(lambda: actions.ask_review(**ask))
    assert "救济途径" in refusal(lambda: actions.ask_review(**ask, reason="不属于本所管辖"))
    made = actions.ask_review(**ask, reason="不属于本所管辖", remedy="向登记地车管所申请")
    done = actions.reject(by=world.reviewer, request=made, now=at("2026-06-12T11:00"))
    assert (done.state, done.outcome_reason, done.remedy) == ("rejected", "不属于本所管辖", "向登记地车管所申请")


def test_returned_proposal_goes_back_with_its_reason(world):
    made = actions.ask_review(by=world.clerk, request=flagged(world), now=at(NOW), proposal="approve")
    made = actions.return_review(by=world.reviewer, request=made, now=at("2026-06-12T11:00"), reason="照片不清")
    assert made.proposal == "" and made.review_asked_at is None
    assert Message.objects.get(code="requests.review_returned").body == "照片不清"
    made = actions.ask_review(by=world.clerk, request=made, now=at("2026-06-12T11:30"), proposal="approve")
    actions.return_review(by=world.reviewer, request=made, now=at("2026-06-12T12:00"), reason="还是不清")
    assert Message.objects.filter(code="requests.review_returned").count() == 2


def test_refusal_of_a_licence_needs_its_reason(world):
    made = actions.start(by=world.clerk, request=taken_in(world, "PL01", NOW), now=at(NOW))
    refuse = {"by": world.clerk, "request": made, "now": at("2026-06-12T11:00"), "outcome": "refused"}
    assert "不予许可要写明理由（行政许可法第三十八条）" in refusal(lambda: actions.complete(**refuse))
    assert actions.complete(**refuse, reason="车辆被查封").outcome_reason == "车辆被查封"


def test_suspension_names_a_reason_of_the_list_and_how_the_citizen_was_told(world):
    made = actions.start(by=world.clerk, request=taken_in(world, "PL01", NOW), now=at(NOW))
    suspend = {"by": world.lead, "request": made, "now": at("2026-06-12T11:00")}
    assert "中止的原因只能是" in refusal(lambda: actions.suspend(**suspend, reason_code="busy", told_by="短信"))
    assert "怎样书面告知" in refusal(lambda: actions.suspend(**suspend, reason_code="experts", told_by=" "))
    assert "不在你的职责里" in refusal(
        lambda: actions.suspend(**{**suspend, "by": world.clerk}, reason_code="experts", told_by="短信"), NotAllowed
    )


def test_handing_over_names_the_receiver_who_hears_of_it(world):
    made = taken_in(world, "PL01", NOW)
    assert "不能接手" in refusal(lambda: actions.hand_over(by=world.clerk, request=made, now=at(NOW), to=world.leader))
    made = actions.hand_over(by=world.clerk, request=made, now=at("2026-06-12T11:00"), to=world.other)
    assert (made.handler, made.first_contact_officer) == (world.other, world.clerk)
    assert Message.objects.get(code="requests.handed_over").recipient == world.other


def test_stale_version_is_refused(world):
    made = taken_in(world, "PL01", NOW)
    actions.start(by=world.clerk, request=made, now=at(NOW))
    assert "改过，看过新内容再提交" in refusal(
        lambda: actions.withdraw(
            by=world.clerk, request=made, now=at(NOW), reason="不办了", is_signed=True, version=made.version
        ),
        Stale,
    )


def test_numbers_of_identity_and_phone_are_sealed_and_only_their_tails_are_plain(world):
    made = taken_in(world, "PL01", NOW, citizen=Citizen(name="刘某某", id_no=HERE, phone="13800000024"))
    assert (made.id_no_tail, made.phone_tail) == ("0035", "0024")
    assert HERE not in made.id_no_sealed and HERE not in made.search_text
    text = "".join(AuditEvent.objects.values_list("changes_text", flat=True))
    assert HERE not in text and "13800000024" not in text


def test_number_learnt_later_adds_what_a_visitor_brings(world):
    made = taken_in(world, "DL08", NOW, Ending.RECEIVE)
    visitor = Citizen(name="应某某", id_no="330102199003070019")
    made = actions.amend(by=world.clerk, request=made, now=at("2026-06-12T10:10"), citizen=visitor)
    assert made.is_out_of_province
    names = {paper.material.name for paper in ServiceRequest.objects.get(pk=made.pk).papers if paper.status == "unseen"}
    assert names == {"机动车驾驶证", "申报身体条件"}


def test_voided_request_keeps_its_number(world):
    made = taken_in(world, "PL02", NOW, Ending.SETTLE)
    assert "要写明原因" in refusal(lambda: actions.void(by=world.lead, request=made, now=at(NOW), reason=" "))
    done = actions.void(by=world.lead, request=made, now=at("2026-06-12T11:00"), reason="选错事项")
    assert (done.state, done.number) == ("voided", made.number)


def test_item_out_of_scope_is_refused(world):
    ServiceItem.objects.filter(code="SB01").update(in_scope=False)
    said = refusal(lambda: taken_in(world, "SB01", NOW, Ending.RECEIVE))
    assert said.endswith("不在本所办理范围，可办的话先请所长在服务事项里改（令164第2条）")


def test_kind_is_the_label_of_the_record():
    assert ServiceRequest.kind() == KIND


def test_move_costs_at_most_sixteen_queries(world, django_assert_max_num_queries):
    made = taken_in(world, "PL01", NOW, Ending.RECEIVE)
    reference = (kept_calendar, kept_parameters)
    for kept in reference:
        kept.drop()
        kept.get()
    with django_assert_max_num_queries(16):
        actions.accept(by=world.clerk, request=made, now=at("2026-06-12T10:05"))
    with django_assert_max_num_queries(16):
        taken_in(world, "PL02", NOW, Ending.SETTLE)


def settled(world, moment="2026-06-12T15:00"):
    made = actions.start(by=world.clerk, request=taken_in(world, "PL01", NOW), now=at(NOW))
    return actions.complete(by=world.clerk, request=made, now=at(moment))


@pytest.mark.parametrize(
    ("kind", "note", "sentence"),
    [
        ("window", " ", "窗口领取要核对证件，写明领取人和证件尾号"),
        ("courier", "", "邮寄要填快递单号"),
        ("window", "本人，尾号0035", ""),
        ("courier", "SF1234567890", ""),
        ("electronic", "", ""),
    ],
)
def test_delivery_says_who_was_looked_at_or_which_parcel_it_is(world, kind, note, sentence):
    made = settled(world)
    deliver = {"by": world.clerk, "request": made, "now": at("2026-06-12T16:00")}
    if sentence:
        assert refusal(lambda: actions.deliver(**deliver, delivery_kind=kind, delivery_note=note)) == sentence
    else:
        assert actions.deliver(**deliver, delivery_kind=kind, delivery_note=note).delivery_note == note


def test_withdrawal_is_signed_by_the_applicant_and_only_before_it_is_settled(world):
    made = taken_in(world, "PL01", NOW)
    back = {"by": world.clerk, "now": at("2026-06-12T11:00"), "reason": "不办了"}
    assert "签字" in refusal(lambda: actions.withdraw(**back, request=made, is_signed=False))
    assert actions.withdraw(**back, request=made, is_signed=True).state == RequestState.WITHDRAWN
    done = settled(world)
    assert "现在是“已办结”，不能申请人撤回" in refusal(lambda: actions.withdraw(**back, request=done, is_signed=True))


def test_item_that_needs_no_reviewer_is_not_put_before_one(world):
    made = actions.start(by=world.clerk, request=taken_in(world, "PL01", NOW), now=at(NOW))
    ask = {"by": world.clerk, "request": made, "now": at("2026-06-12T11:00"), "proposal": "approve"}
    assert refusal(lambda: actions.ask_review(**ask)) == "“补领、换领机动车号牌”不须审核，直接办结"


def test_proposal_is_put_forward_once_and_only_what_was_proposed_is_rejected(world):
    made = actions.ask_review(by=world.clerk, request=flagged(world), now=at(NOW), proposal="approve")
    again = {"by": world.clerk, "request": made, "now": at(NOW), "proposal": "approve"}
    assert refusal(lambda: actions.ask_review(**again)) == "已经提交审核，等审核岗办理"
    received = taken_in(world, "PL02", NOW, Ending.RECEIVE)
    early = {"by": world.clerk, "request": received, "now": at(NOW), "proposal": "approve"}
    assert "受理前只能拟不予受理" in refusal(lambda: actions.ask_review(**early))
    assert refusal(lambda: actions.return_review(by=world.reviewer, request=received, now=at(NOW), reason="重办")) == (
        "没有提交审核，不用退回"
    )


def test_rejection_bears_the_day_of_its_decision(world):
    made = taken_in(world, "PL02", NOW, Ending.RECEIVE)
    why = {"proposal": "reject", "reason": "不属于本所管辖", "remedy": "向登记地车管所申请"}
    made = actions.ask_review(by=world.clerk, request=made, now=at(NOW), **why)
    made = actions.reject(by=world.reviewer, request=made, now=at("2026-06-15T09:00"))
    paper = documents.receipt(made)
    assert (paper.title, paper.at, paper.tail) == ("不予受理通知书", at("2026-06-15T09:00"), "向登记地车管所申请")


def test_refusal_tells_the_applicant_of_his_rights(world):
    made = actions.start(by=world.clerk, request=taken_in(world, "PL01", NOW), now=at(NOW))
    made = actions.complete(
        by=world.clerk, request=made, now=at("2026-06-12T11:00"), outcome="refused", reason="车辆被查封"
    )
    assert "行政复议" in documents.receipt(made).tail


def test_reviewer_hears_at_once_of_what_he_may_decide_and_not_of_what_he_accepted(world):
    both = person(Role.WINDOW_CLERK, Role.SERVICE_REVIEWER, at=world.hall)
    made = actions.start(by=both, request=taken_in(world, "DL05", NOW, by=both), now=at(NOW))
    actions.ask_review(by=world.clerk, request=made, now=at("2026-06-12T11:00"), proposal="approve")
    assert {row.recipient for row in Message.objects.filter(code="requests.review_asked")} == {world.reviewer}


def test_reviewer_does_not_decide_what_he_proposed_himself(world):
    both = person(Role.WINDOW_CLERK, Role.SERVICE_REVIEWER, at=world.hall)
    made = actions.ask_review(by=both, request=flagged(world), now=at(NOW), proposal="approve")
    assert "提交的人不能审核自己提交的办件" in refusal(
        lambda: actions.complete(by=both, request=made, now=at("2026-06-12T12:00")), NotAllowed
    )


def test_tolerated_material_whose_day_is_over_needs_another_before_acceptance(world):
    made = taken_in(
        world,
        "PL01",
        NOW,
        Ending.RECEIVE,
        marks=marks("PL01", m2="tolerated"),
        tolerated_due_on=at("2026-06-15T00:00").date(),
    )
    accept = {"by": world.clerk, "request": made}
    assert "容缺补交日期不能早于今天" in refusal(lambda: actions.accept(**accept, now=at("2026-06-16T10:00")))
    assert actions.accept(**accept, now=at("2026-06-15T10:00")).state == RequestState.ACCEPTED


def test_licence_request_past_its_five_days_is_neither_noticed_nor_rejected_before_the_evening_job(world):
    """Received 2026-06-12, due on 06-22 at 17:00."""
    lacks = taken_in(world, "PL02", NOW, Ending.RECEIVE, missing=1)
    assert "已经视为受理，请按受理办" in refusal(
        lambda: actions.notify(by=world.clerk, request=lacks, now=at("2026-06-22T17:00"))
    )
    why = {"proposal": "reject", "reason": "不属于本所管辖", "remedy": "向登记地车管所申请"}
    made = actions.ask_review(by=world.clerk, request=taken_in(world, "PL02", NOW, Ending.RECEIVE), now=at(NOW), **why)
    assert "已经视为受理，请按受理办（行政许可法第三十二条第（四）项）" in refusal(
        lambda: actions.reject(by=world.reviewer, request=made, now=at("2026-06-22T17:01"))
    )


def test_licence_request_accepted_too_late_is_accepted_from_its_receipt(world):
    made = taken_in(world, "PL01", NOW, Ending.RECEIVE)
    made = actions.accept(by=world.clerk, request=made, now=at("2026-06-24T09:00"))
    assert (made.is_deemed, made.accepted_at) == (True, at(NOW))
    done = taken_in(world, "PL02", NOW, Ending.RECEIVE)
    done = actions.finish(by=world.clerk, request=done, now=at("2026-06-24T09:05"))
    assert (done.accepted_at, done.completed_at) == (at(NOW), at("2026-06-24T09:05"))
    lacks = taken_in(world, "PL02", NOW, Ending.RECEIVE, missing=1)
    assert actions.accept(by=world.clerk, request=lacks, now=at("2026-06-24T09:00")).is_deemed
    other = taken_in(world, "VI01", NOW, Ending.RECEIVE)
    assert not actions.accept(by=world.clerk, request=other, now=at("2026-06-24T09:00")).is_deemed
