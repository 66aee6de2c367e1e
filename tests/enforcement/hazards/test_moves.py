"""Which moves a hazard may take: a hand-kept table, and what each move asks for and brings."""

import csv
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from brigade import workflow
from brigade.audit.actions import SYSTEM
from brigade.audit.models import AuditEvent
from brigade.kit.geo import Point
from brigade.kit.ids import new_id
from brigade.kit.refusals import NotAllowed, Stale
from brigade.notices.models import Message
from brigade.org.states import Role
from enforcement.hazards import actions, queries
from enforcement.hazards.models import Hazard, HazardDocument, OwnerTurn
from enforcement.hazards.moves import MOVES
from enforcement.hazards.states import HazardState
from tests.brigade.org.factories import person
from tests.enforcement.hazards.world import (
    ALL_PASSED,
    accepted,
    at,
    category,
    closed,
    controlled,
    drawn,
    graded,
    handed_in,
    later,
    notified,
    photo,
    rectifying,
    registered,
    reported,
    submitted,
    verified,
)
from tests.moves import legal, listed, refusal

pytestmark = pytest.mark.django_db
ROWS = list(csv.DictReader((Path(__file__).parents[1] / "hazard_moves.csv").read_text("utf-8").splitlines()))
ROLES = (
    "officer", "auxiliary", "clerk", "squadron_leader", "deputy_leader", "brigade_leader", "political_officer",
    "inspector", "road_safety_office", "business_admin",
)  # fmt: skip
DAY = "2025-05-06T08:00"


def test_every_move_leads_where_the_table_says():
    expected = {(row["move"], row["state"], row["target"]) for row in ROWS}
    found = {(move.code, state, move.target or state) for move in MOVES for state in move.sources}
    assert found == expected


def test_state_move_role_matrix(world):
    """Every pair that the table does not list is refused, for every role."""
    actors = {role: person(Role(role), at=world.squadron) for role in ROLES}
    actors |= {"owner_liaison": world.liaison, "system": SYSTEM}
    records = []
    for state in ("", *HazardState.values):
        sent = state in ("notified", "accepted", "rectifying", "submitted", "closed", "deferred")
        record = Hazard(unit=world.squadron, state=state, created_by=world.officer, owner=world.highway)
        record.notified_at = at(DAY) if sent else None
        records.append(record)
    assert legal(records, MOVES, actors, at(DAY)) == listed(ROWS)


def test_the_liaison_of_another_owner_makes_no_move(world):
    hazard = notified(world, DAY)
    assert workflow.moves_for(hazard, world.stranger, at(DAY)) == []
    assert {option.move.code for option in workflow.moves_for(hazard, world.liaison, at(DAY))} == {
        "accept",
        "dispute",
        "control",
    }


# Report and register


def test_a_report_gets_the_next_number_of_the_year_and_the_squadron_of_the_town(world):
    first, second = reported(world, DAY), reported(world, DAY, category=category("signs"))
    assert (first.number, second.number) == ("371502-YH-2025-00001", "371502-YH-2025-00002")
    assert first.unit == world.squadron
    assert reported(world, "2026-01-05T08:00", category=category("works")).number == "371502-YH-2026-00001"


def test_sending_the_form_twice_makes_one_hazard(world):
    twice = new_id()
    assert reported(world, DAY, id=twice, is_new=False) == reported(world, DAY, id=twice, is_new=False)
    assert Hazard.objects.count() == 1


def test_a_photo_is_asked_for_where_one_can_be_taken(world):
    assert "拍一张现场照片" in refusal(lambda: reported(world, DAY, photos=[]))
    by_phone = reported(world, DAY, photos=[], source="public", informant="群众来电")
    call = lambda **more: actions.register(by=world.captain, hazard=by_phone, now=at(DAY), note="电话核实", **more)  # noqa: E731
    assert "还没有照片" in refusal(call)
    made = call(no_photo_reason="夜间，次日补拍")
    assert made.register_note == "电话核实；没有照片：夜间，次日补拍"


def test_a_photo_of_somebody_else_is_no_upload_of_mine(world):
    foreign = photo(world.clerk, DAY)
    assert "照片没有传上来" in refusal(lambda: reported(world, DAY, photos=[foreign]))


def test_an_auxiliary_does_not_confirm_his_own_report(world):
    """Even one who is a clerk as well."""
    world.auxiliary.grants.create(role=Role.CLERK, unit=world.squadron, starts_on="2020-01-01", granted_by="测试")
    hazard = reported(world, DAY, by=world.auxiliary)
    call = lambda by: actions.register(by=by, hazard=hazard, now=at(DAY), note="看了照片")  # noqa: E731
    assert "辅警不能核实自己上报的隐患" in refusal(lambda: call(world.auxiliary), NotAllowed)
    assert call(world.captain).state == "registered"


def test_what_is_not_so_can_be_taken_up_again_for_thirty_days(world):
    hazard = reported(world, DAY)
    assert "要写明原因" in refusal(lambda: actions.invalidate(by=world.captain, hazard=hazard, now=at(DAY), reason=""))
    hazard = actions.invalidate(by=world.captain, hazard=hazard, now=at(DAY), reason="现场没有缺口")
    assert Message.objects.get(code="hazards.invalid").recipient == world.officer
    late = later(DAY, days=30, minutes=1)
    again = {"by": world.clerk, "hazard": hazard, "reason": "复查属实"}
    assert "已超过30天" in refusal(lambda: actions.revive(**again, now=late))
    assert actions.revive(**again, now=later(DAY, days=30)).state == "reported"


# Scenario 10


def test_10_no_chains_and_no_circles_of_merged_hazards(world):
    a, b, c = (reported(world, DAY) for _n in range(3))
    clerk = {"by": world.clerk, "now": at(DAY)}
    assert "不能并入自己" in refusal(lambda: actions.merge(hazard=a, target=a, **clerk))
    b = actions.merge(hazard=b, target=a, **clerk)
    a.refresh_from_db()
    assert (b.state, b.dup_of, a.reporter_count, a.photos.count(), b.photos.count()) == ("merged", a, 2, 2, 0)
    assert f"请并入{a.number}" in refusal(lambda: actions.merge(hazard=a, target=b, **clerk))
    assert f"{b.number}已经并入{a.number}，请并入{a.number}" in refusal(
        lambda: actions.merge(hazard=c, target=b, **clerk)
    )
    assert "请反过来" in refusal(lambda: actions.merge(hazard=a, target=c, **clerk))
    actions.merge(hazard=c, target=a, **clerk)
    a.refresh_from_db()
    assert (a.reporter_count, a.merged.count()) == (3, 2)


def test_what_was_closed_long_ago_takes_nothing_in(world):
    old = closed(world, "2025-05-06T08:00")
    near, far = reported(world, "2025-11-02T08:00"), reported(world, "2025-11-03T08:00")
    assert actions.merge(by=world.clerk, hazard=near, target=old, now=at("2025-11-02T09:00")).dup_of == old
    late = at("2025-11-03T09:00")
    assert "180天内销号" in refusal(lambda: actions.merge(by=world.clerk, hazard=far, target=old, now=late))


# Grade and notify: scenarios 11 and 23


def test_a_major_hazard_needs_two_graders_or_an_expert(world):
    hazard = registered(world, DAY)
    grade = lambda **more: actions.grade_major(by=world.deputy, hazard=hazard, now=at(DAY), **more)  # noqa: E731
    assert "要有第二名定级人" in refusal(grade)
    assert "不能是自己" in refusal(lambda: grade(second_grader=world.deputy))
    assert grade(expert_note="专家组意见：坡差过大").grade == "major"


def test_11_a_major_hazard_is_held_down_before_its_owner_is_told(world):
    hazard = graded(world, DAY, major=True)
    now = later(DAY, hours=3)
    given = {"owner": world.highway, "due_on": now.date() + timedelta(days=180), "signed_by": world.deputy}
    call = lambda row: actions.notify(by=world.clerk, hazard=row, now=now, **given)  # noqa: E731
    assert "先登记临时管控措施" in refusal(lambda: call(hazard))
    assert not HazardDocument.objects.exists()
    made = call(controlled(world, hazard, now))
    assert made.documents.get().number == "东公交隐〔2025〕1号"
    assert made.documents.get().kind == "notice"


def test_a_government_department_is_advised_not_ordered(world):
    assert notified(world, DAY, owner=world.housing).documents.get().kind == "advice"


def test_a_notice_needs_a_live_liaison_a_leader_and_a_day_ahead(world):
    hazard, now = graded(world, DAY), later(DAY, hours=3)
    usual = {"owner": world.highway, "due_on": timezone.localdate(now) + timedelta(days=1), "signed_by": world.deputy}
    call = lambda **more: actions.notify(by=world.clerk, hazard=hazard, now=now, **(usual | more))  # noqa: E731
    assert "最早是通知的第二天" in refusal(lambda: call(due_on=timezone.localdate(now)))
    assert "不能签发整改通知" in refusal(lambda: call(signed_by=world.clerk))
    assert "还没有登记为责任单位" in refusal(lambda: call(owner=world.squadron))
    world.liaison.is_active = False
    world.liaison.save()
    assert "没有在用的联络员" in refusal(call)
    actions.set_owner(
        by=world.clerk, unit=world.highway, owner_type="highway", liaison_name="接班人", phone="13800000018"
    )
    world.highway.refresh_from_db()
    assert call().state == "notified"


def test_23_the_second_of_two_clerks_who_grade_is_told_and_nothing_is_lost(world):
    hazard = registered(world, DAY)
    seen = hazard.version
    made = actions.grade(by=world.clerk, hazard=hazard, now=at(DAY), version=seen, is_key=True, key_reason="校门口")
    late = lambda: actions.grade(by=world.second_clerk, hazard=hazard, now=at(DAY), version=seen)  # noqa: E731
    assert refusal(late, Stale)
    made.refresh_from_db()
    assert (made.graded_by, made.key_reason) == (world.clerk, "校门口")


# The owner


def test_a_clerk_writes_the_paper_slip_down(world):
    hazard, now = notified(world, DAY), later(DAY, days=1)
    call = lambda **more: actions.accept(by=world.clerk, hazard=hazard, now=now, **more)  # noqa: E731
    assert "写明签收人" in refusal(call)
    assert "写明签收时间" in refusal(lambda: call(signed_name="韩某"))
    assert "送达之后" in refusal(lambda: call(signed_name="韩某", signed_at=at(DAY)))
    made = call(signed_name="韩某", signed_at=later(DAY, hours=9))
    assert (made.is_on_paper, made.accepted_name, made.accepted_at) == (True, "韩某", later(DAY, hours=9))


def test_an_objection_stops_the_clock_until_it_is_settled(world):
    hazard = notified(world, DAY, days=30)
    due = hazard.due_at
    hazard = actions.dispute(by=world.liaison, hazard=hazard, now=later(DAY, days=1), reason="该路段已移交乡镇")
    assert "先由道安办会商" in refusal(
        lambda: actions.accept(by=world.liaison, hazard=hazard, now=later(DAY, days=1, hours=1))
    )
    assert not Hazard.objects.overdue(later(DAY, days=60)).exists()
    hazard = actions.uphold(by=world.office, hazard=hazard, now=later(DAY, days=6), reason="管养协议明确")
    assert hazard.due_at == due + timedelta(days=5)
    assert hazard.turns.get().due_at == hazard.due_at
    assert [(row.kind, row.ended_at) for row in hazard.pauses.all()] == [("dispute", later(DAY, days=6))]


def test_the_old_owner_keeps_its_days_and_the_new_one_gets_its_own_clock(world):
    hazard = accepted(world, DAY, days=30)
    now = later(DAY, days=10, hours=3)
    hazard = actions.transfer(
        by=world.clerk,
        hazard=hazard,
        now=now,
        owner=world.housing,
        due_on=timezone.localdate(now) + timedelta(days=20),
        signed_by=world.deputy,
        reason="城区段由住建管养",
    )
    assert (hazard.state, hazard.owner, hazard.notified_at, hazard.accepted_at) == (
        "notified",
        world.housing,
        now,
        None,
    )
    old, new = OwnerTurn.objects.order_by("pk")
    assert (old.owner, old.ended_at, old.days(later(DAY, days=99))) == (world.highway, now, 10)
    assert (new.owner, new.delivered_at, new.ended_at) == (world.housing, now, None)
    assert [row.kind for row in hazard.documents.order_by("pk")] == ["notice", "advice"]
    assert not Hazard.objects.visible_to(world.liaison).exists()


def test_a_major_hazard_is_not_begun_without_all_five_of_the_plan(world):
    hazard = accepted(world, DAY, major=True)
    words = refusal(
        lambda: actions.start(by=world.liaison, hazard=hazard, now=later(DAY, hours=5), plan_measures="加装护栏")
    )
    assert "还缺：资金、责任人、时限、预案" in words


def test_17_a_photo_of_before_is_none_of_after(world):
    picture = drawn(seed=5)
    hazard = rectifying(world, DAY, photos=[photo(world.officer, DAY, picture)])
    now = later(DAY, hours=6)
    call = lambda *photos: handed_in(world, hazard, now, photos=list(photos))  # noqa: E731
    assert "传至少1张整改后的照片" in refusal(call)
    assert "这张就是整改前的照片" in refusal(lambda: call(photo(world.liaison, now, picture)))
    assert "整改通知之后拍摄" in refusal(lambda: call(photo(world.liaison, later(DAY, hours=2))))
    hazard = call(photo(world.liaison, now, drawn(seed=5, brighter=4)))
    [pair] = queries.reused_photos(hazard)
    assert pair.signs <= 4
    assert (pair.before.kind, pair.after.kind) == ("before", "after")


def test_two_different_pictures_raise_no_warning(world):
    assert queries.reused_photos(submitted(world, DAY)) == []


def test_work_is_not_finished_tomorrow(world):
    hazard = rectifying(world, DAY)
    words = refusal(lambda: handed_in(world, hazard, later(DAY, hours=6), completed_on=at("2025-05-07T00:00").date()))
    assert "完工日期不能晚于今天" in words
    words = refusal(lambda: handed_in(world, hazard, later(DAY, hours=6), completed_on=at("2020-01-01T00:00").date()))
    assert "完工日期不能早于发现隐患的2025" in words


# Extensions


def test_extension_is_asked_before_the_limit_and_at_most_twice(world):
    hazard = rectifying(world, DAY, days=10)
    due = hazard.due_at
    ask = lambda row, days, now: actions.ask_extension(  # noqa: E731
        by=world.liaison, hazard=row, now=now, days=days, reason="材料未到"
    )
    assert "整改期限已过" in refusal(lambda: ask(hazard, 5, due + timedelta(seconds=1)))
    assert "每次延期不超过原期限10天" in refusal(lambda: ask(hazard, 11, later(DAY, days=1)))
    for turn in (1, 2):
        hazard = ask(hazard, 10, later(DAY, days=turn))
        assert "已经有一次延期申请" in refusal(lambda row=hazard: ask(row, 1, later(DAY, days=2)))
        hazard = actions.grant_extension(by=world.deputy, hazard=hazard, now=later(DAY, days=turn, hours=1))
    assert hazard.due_at == due + timedelta(days=20)
    assert "已经延期2次" in refusal(lambda: ask(hazard, 1, later(DAY, days=3)))
    assert hazard.documents.filter(kind="extension").count() == 2


def test_the_second_extension_of_a_major_hazard_is_the_road_safety_office_s(world):
    hazard = rectifying(world, DAY, major=True, days=180)
    for deputy_may, turn in ((True, 1), (False, 2)):
        now = later(DAY, days=turn)
        hazard = actions.ask_extension(by=world.liaison, hazard=hazard, now=now, days=30, reason="招标流标")
        wrong, right = (world.office, world.deputy) if deputy_may else (world.deputy, world.office)
        given = {"hazard": hazard, "now": now}
        assert refusal(lambda by=wrong, given=given: actions.grant_extension(by=by, **given), NotAllowed)
        hazard = actions.grant_extension(by=right, **given)


def test_a_refused_extension_leaves_the_limit(world):
    hazard = rectifying(world, DAY, days=10)
    due = hazard.due_at
    hazard = actions.ask_extension(by=world.liaison, hazard=hazard, now=later(DAY, days=1), days=5, reason="下雨")
    hazard = actions.refuse_extension(by=world.deputy, hazard=hazard, now=later(DAY, days=2), reason="可以先做")
    assert (hazard.due_at, hazard.extensions.get().is_granted) == (due, False)


# Verification: scenario 16


def test_16_two_police_verify_who_neither_handed_it_in_nor_belong_to_the_owner(world):
    hazard, now = submitted(world, DAY), later(DAY, hours=7)
    call = lambda **more: verified(world, hazard, now, **more)  # noqa: E731
    assert "核验要两名民警" in refusal(lambda: call(second=world.other))
    assert "不是民警" in refusal(lambda: call(second=world.auxiliary), NotAllowed)
    assert "是责任单位的人" in refusal(
        lambda: call(second=person(Role.OFFICER, at=world.highway, name="借调")), NotAllowed
    )
    assert "不在你的职责里" in refusal(lambda: call(by=world.liaison), NotAllowed)
    assert "核验项没有全部通过" in refusal(lambda: call(checks=ALL_PASSED | {"works": False}))
    assert "至少1张核验照片" in refusal(lambda: call(photos=[]))
    assert "要现场定位" in refusal(lambda: call(here=None))
    assert "定位距隐患250米，超过200米" in refusal(lambda: call(here=Point(36.456 + 0.00224830, 115.9855)))
    made = call(here=Point(36.456 + 0.001349, 115.9855))
    assert (made.state, made.verifications.get().distance_m) == ("closed", 150)
    assert {row.kind for row in made.documents.all()} == {"notice", "verification", "closing"}


def test_16_who_handed_it_in_for_the_owner_does_not_verify_it(world):
    hazard = rectifying(world, DAY)
    now = later(DAY, hours=6)
    clerk = person(Role.CLERK, Role.OFFICER, at=world.brigade, name="内勤兼民警")
    hazard = actions.submit(
        by=clerk,
        hazard=hazard,
        now=now,
        note="按回执代录",
        completed_on=timezone.localdate(now),
        photos=[photo(clerk, now)],
    )
    assert "提交了这次整改" in refusal(lambda: verified(world, hazard, later(DAY, hours=7), by=clerk), NotAllowed)
    assert "提交了这次整改" in refusal(lambda: verified(world, hazard, later(DAY, hours=7), second=clerk), NotAllowed)


def test_far_away_with_one_of_three_reasons_may_close(world):
    hazard, now = submitted(world, DAY), later(DAY, hours=7)
    assert "只能是" in refusal(lambda: verified(world, hazard, now, here=None, no_fix="lazy"))
    assert verified(world, hazard, now, here=None, no_fix="no_signal").state == "closed"


def test_the_reporter_may_verify_with_somebody_who_did_not_report(world):
    hazard = submitted(world, DAY)
    assert verified(world, hazard, later(DAY, hours=7), by=world.officer, second=world.other).state == "closed"


def test_what_is_sent_back_keeps_its_limit(world):
    hazard = submitted(world, DAY)
    due = hazard.due_at
    hazard = actions.find_unmended(by=world.other, hazard=hazard, now=later(DAY, hours=7), reason="标志被树挡住")
    assert (hazard.state, hazard.return_count, hazard.due_at) == ("rectifying", 1, due)
    assert not hazard.verifications.get().has_passed


# Deferral, relapse, listing: scenarios 19 and 20


def test_a_deferred_hazard_goes_back_to_where_it_was_with_its_clock(world):
    hazard = rectifying(world, DAY, days=30)
    due = hazard.due_at
    given = {"by": world.deputy, "document_no": "东政办〔2025〕9号", "reason": "并入改建工程"}
    call = lambda row, **more: actions.defer(  # noqa: E731
        hazard=row, now=later(DAY, days=2), **(given | {"review_on": at("2025-08-01T00:00").date()} | more)
    )
    assert "先登记临时管控措施" in refusal(lambda: call(hazard))
    hazard = controlled(world, hazard, later(DAY, days=1))
    assert "复审日期要在" in refusal(lambda: call(hazard, review_on=at("2026-01-01T00:00").date()))
    hazard = call(hazard)
    assert hazard in Hazard.objects.open()
    hazard = actions.resume(by=world.deputy, hazard=hazard, now=later(DAY, days=42))
    assert (hazard.state, hazard.due_at) == ("rectifying", due + timedelta(days=40))


def test_19_a_hazard_that_comes_back_keeps_its_first_closing(world):
    hazard = closed(world, "2025-05-01T08:00")
    first = hazard.verifications.get()
    due_on = at("2025-06-20T00:00").date()
    call = lambda now, *photos: actions.reopen(  # noqa: E731
        by=world.inspector, hazard=hazard, now=now, reason="护栏又缺失", due_on=due_on, photos=list(photos)
    )
    now = at("2025-05-20T10:00")
    assert "至少1张反弹照片" in refusal(lambda: call(now))
    assert "销号之后拍摄" in refusal(lambda: call(now, photo(world.inspector, "2025-05-01T09:00")))
    hazard = call(now, photo(world.inspector, now))
    assert (hazard.state, hazard.reopen_count, hazard.closed_at) == ("rectifying", 1, None)
    assert hazard.verifications.get() == first
    hazard = verified(world, handed_in(world, hazard, later("2025-06-01T08:00")), at("2025-06-02T08:00"))
    assert hazard.verifications.filter(has_passed=True).count() == 2


def test_20_only_the_level_that_listed_takes_it_off_and_only_when_closed(world):
    hazard = rectifying(world, DAY)
    county = {"level": "county", "document_no": "东安委〔2025〕3号", "leader": "区领导甲", "listed_on": at(DAY).date()}
    city = county | {"level": "city", "document_no": "聊安委〔2025〕8号"}
    assert "由道安办办理" in refusal(
        lambda: actions.list_hazard(by=world.clerk, hazard=hazard, now=at(DAY), **county), NotAllowed
    )
    assert "只能按上级文件" in refusal(
        lambda: actions.list_hazard(by=world.office, hazard=hazard, now=at(DAY), **city), NotAllowed
    )
    hazard = actions.list_hazard(by=world.office, hazard=hazard, now=at(DAY), **county)
    off = {"now": later(DAY, days=3), "document_no": "东安委〔2025〕30号"}
    assert "不能摘牌" in refusal(lambda: actions.delist(by=world.office, hazard=hazard, level="county", **off))
    hazard = verified(world, handed_in(world, hazard, later(DAY, days=1)), later(DAY, days=2))
    assert hazard.open_listing is not None
    assert refusal(lambda: actions.delist(by=world.clerk, hazard=hazard, level="county", **off), NotAllowed)
    hazard = actions.delist(by=world.office, hazard=hazard, level="county", **off)
    assert not Hazard.objects.listed().exists()


def test_20_the_county_does_not_delist_what_the_city_listed(world):
    hazard = rectifying(world, DAY)
    city = {"level": "city", "document_no": "聊安委〔2025〕8号", "leader": "市领导", "listed_on": at(DAY).date()}
    hazard = actions.list_hazard(by=world.clerk, hazard=hazard, now=at(DAY), **city)
    hazard = verified(world, handed_in(world, hazard, later(DAY, days=1)), later(DAY, days=2))
    off = {"hazard": hazard, "now": later(DAY, days=3), "document_no": "东安委〔2025〕30号"}
    assert "只能由市级摘牌" in refusal(lambda: actions.delist(by=world.office, level="county", **off))
    assert refusal(lambda: actions.delist(by=world.office, level="city", **off), NotAllowed)
    assert actions.delist(by=world.clerk, level="city", **off).open_listing is None


# What every move leaves


def test_every_step_stands_in_the_trail_with_who_when_and_what(world):
    hazard = closed(world, DAY)
    events = AuditEvent.objects.filter(target_id=str(hazard.pk)).order_by("pk")
    assert list(events.values_list("verb", flat=True)) == [
        "hazard.reported",
        "hazard.registered",
        "hazard.graded",
        "hazard.notified",
        "hazard.accepted",
        "hazard.started",
        "hazard.submitted",
        "hazard.closed",
    ]
    assert events.last().changes["state"] == ["submitted", "closed"]
