"""Waivers, leave, and one's own page."""

from __future__ import annotations

from html import unescape

import pytest
from django.urls import reverse

from brigade.obligations.states import ObligationState
from brigade.org.states import Role
from brigade.workflow import settle
from partybuilding.meetings import actions
from partybuilding.meetings.models import Leave, Meeting, Waiver
from partybuilding.meetings.states import LeaveState, WaiverState
from tests.brigade.org.factories import grant, person
from tests.partybuilding import factories
from tests.partybuilding.factories import Branch
from tests.partybuilding.meetings.pages.sending import MATRIX, NEW, NOW, row, typed

pytestmark = pytest.mark.django_db


# Waivers


def waive(client, branch: Branch) -> Waiver:
    address = f"/party/waivers/new/?unit={branch.pk}&requirement=CM&period=2026-11"
    asked = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "为什么开不成" in asked
    client.post(unescape(asked.partition('hx-post="')[2].partition('"')[0]), {"reason": "双节执勤高峰"})
    return Waiver.objects.get()


def test_waiver_is_asked_from_a_cell_and_approved_with_one_press(recorder, client, branch, world):
    factories.recorded(branch, "2026-11-20", "TD", now=NOW)
    settle(now=NOW)
    waiver = waive(recorder, branch)
    client.force_login(world.political_officer)
    text = client.get(waiver.get_absolute_url()).content.decode()
    assert "双节执勤高峰" in text and "批准豁免</button>" in text
    client.post(reverse("meetings:waiver_move", args=[waiver.pk, "approve"]), {"version": waiver.version})
    waiver.refresh_from_db()
    assert waiver.state == WaiverState.APPROVED
    cell = client.get(f"{MATRIX}?cell={branch.pk}-11").content.decode()
    assert "看豁免" in cell and str(ObligationState.WAIVED.label) in cell
    assert "双节执勤高峰" in client.get("/party/waivers/").content.decode()


def test_waiver_wants_a_reason_and_a_real_requirement(recorder, branch, world):
    assert recorder.post(f"/party/waivers/new/?unit={branch.pk}&requirement=CM&period=2026-11", {}).status_code == 422
    assert (
        recorder.post(
            f"/party/waivers/new/?unit={branch.pk}&requirement=XX&period=2026-11", {"reason": "忙"}
        ).status_code
        == 422
    )
    assert recorder.get(f"/party/waivers/new/?unit={branch.pk}&requirement=CM&period=x").status_code == 404
    assert recorder.get("/party/waivers/new/")["Location"] == MATRIX
    assert recorder.get("/party/waivers/new/")["Location"] == "/party/meetings/matrix/"
    other = factories.branch(world, "车管所党支部")
    assert recorder.get(f"/party/waivers/new/?unit={other.pk}&requirement=CM&period=2026-11").status_code == 404


def test_waiver_is_returned_with_a_reason(recorder, client, branch, world):
    waiver = waive(recorder, branch)
    client.force_login(world.political_officer)
    client.post(reverse("meetings:waiver_move", args=[waiver.pk, "return"]), {"reason": "可以晚上开"})
    waiver.refresh_from_db()
    assert (waiver.state, waiver.answer) == (WaiverState.RETURNED, "可以晚上开")


def test_waiver_says_on_what_basis_until_when_and_who_answers(recorder, client, branch, world):
    waiver = waive(recorder, branch)
    for reader in (world.political_officer, branch.secretary):
        client.force_login(reader)
        page = client.get(waiver.get_absolute_url()).text
        assert "第十二条" in page and "日前答复" in page
        assert f"等党总支书记{world.general_secretary.name}答复" in page
        assert f"{branch.unit.short_name}2026年0次" in page


def test_a_returned_waiver_leads_to_asking_again(recorder, client, branch, world):
    waiver = waive(recorder, branch)
    again = "重新申请"
    assert again not in recorder.get(waiver.get_absolute_url()).text
    actions.return_waiver(by=world.office, waiver=waiver, reason="可以晚上开", now=NOW)
    page = recorder.get(waiver.get_absolute_url()).text
    assert again in page and "日前答复" not in page
    address = unescape(page.partition(f'">{again}')[0].rpartition('href="')[2].partition('"')[0])
    recorder.post(address, {"reason": "夜间也在岗"})
    assert Waiver.objects.filter(state=WaiverState.ASKED).count() == 1
    assert again not in recorder.get(waiver.get_absolute_url()).text
    client.force_login(world.political_officer)
    assert again not in client.get(waiver.get_absolute_url()).text


# Leave, and one's own


@pytest.fixture
def announced(branch) -> Meeting:
    sheet = factories.sheet(branch, "2026-11-25", "TD")
    made = actions.plan_meeting(by=branch.recorder, sheet=sheet, now=NOW)
    return actions.notify_meeting(by=branch.recorder, meeting=made, now=NOW)


def test_member_asks_leave_and_the_secretary_agrees(client, branch, announced):
    member = branch.members[7]
    client.force_login(member)
    address = reverse("meetings:leave_create", args=[announced.pk])
    assert "请假" in client.get("/party/mine/").content.decode()
    assert client.post(address, {"kind": "leave_duty", "reason": ""}).status_code == 422
    assert client.post(address, {"kind": "leave_duty", "reason": "夜查"}).status_code == 302
    again = client.post(address, {"kind": "leave_duty", "reason": "夜查"})
    assert again.status_code == 422 and "已经为这次会议请过假" in again.content.decode()
    leave = Leave.objects.get()
    assert "已请假" in client.get("/party/mine/").content.decode()
    client.force_login(branch.secretary)
    assert "准假</button>" in client.get(leave.get_absolute_url()).content.decode()
    client.post(reverse("meetings:leave_move", args=[leave.pk, "approve"]), {"version": leave.version})
    leave.refresh_from_db()
    assert leave.state == LeaveState.APPROVED
    client.force_login(branch.recorder)
    text = client.get(reverse("meetings:meeting_edit", args=[announced.pk])).content.decode()
    assert '<option value="leave_duty" data-tone="warn" selected>' in text and 'value="夜查"' in text


def test_recorder_writes_down_the_leave_of_a_member(recorder, branch, announced):
    member = branch.members[7]
    assert "登记请假" in recorder.get(announced.get_absolute_url()).content.decode()
    address = reverse("meetings:leave_create", args=[announced.pk])
    asked = recorder.get(address).content.decode()
    assert asked.count("<option") == 19 and f'value="{branch.recorder.pk}" selected' in asked
    sent = {"person": member.pk, "kind": "leave_sick", "reason": "发热"}
    nobody = recorder.post(address, sent | {"person": ""})
    assert nobody.status_code == 422 and "选请假的人" in nobody.content.decode()
    answer = recorder.post(address, sent)
    leave = Leave.objects.get()
    assert (leave.person, leave.created_by, answer["Location"]) == (member, branch.recorder, leave.get_absolute_url())
    page = recorder.get(leave.get_absolute_url()).content.decode()
    assert branch.recorder.name in page and "代登" in page
    again = recorder.post(address, sent)
    assert again.status_code == 422 and "选的不在可选范围内" in again.content.decode()
    assert "发热" in recorder.get(announced.get_absolute_url()).content.decode()


def test_member_cannot_ask_leave_for_another(client, branch, announced):
    client.force_login(branch.members[7])
    address = reverse("meetings:leave_create", args=[announced.pk])
    client.post(address, {"person": branch.members[8].pk, "kind": "leave_sick", "reason": "发热"})
    assert Leave.objects.get().person == branch.members[7]


def test_own_page_says_nothing_about_others(client, branch):
    factories.held(branch, "2026-11-10", "ST", start="15:00", end="16:30", absent=1)
    member = branch.members[7]
    client.force_login(member)
    text = client.get("/party/mine/").content.decode()
    assert "1.5" in text and "到会" in text
    assert not any(other.name in text for other in branch.members if other != member)


def test_group_leader_writes_down_the_meeting_of_his_group(client, world):
    branch = factories.branch(world, "二支部", full=8, groups=2)
    leader = branch.members[6]
    grant(leader, Role.GROUP_LEADER, branch.unit)
    branch.groups[0].leader = leader
    branch.groups[0].save()
    client.force_login(leader)
    rows = (row("GM", "15:00", "16:00", group=branch.groups[0].pk),)
    values = typed(branch, "GM", rows=rows, chair=leader.pk, recorder=leader.pk)
    assert client.post(NEW, values).status_code == 302
    refused = client.post(NEW, typed(branch, "TD", chair=leader.pk, recorder=leader.pk))
    assert refused.status_code == 422 and "党小组长只能记本组的党小组会" in refused.content.decode()


def test_assembly_of_the_general_branch_calls_the_roll_by_branch(client, world, branch):
    client.force_login(world.general_secretary)
    values = typed(world.general, "MM", chair=world.general_secretary.pk, recorder=world.general_secretary.pk)
    client.post(NEW, values | {"branches": [branch.pk]})
    made = Meeting.objects.get()
    assert made.attendances.filter(branch=branch.pk).count() == 18


def test_nobody_else_finds_names(client):
    client.force_login(person())
    assert client.get("/party/meetings/people/?q=a").status_code == 403


def test_a_duty_leads_to_the_meeting_that_is_announced_and_not_to_a_second_one(recorder, branch, announced):
    asked = f"{NEW}?unit={branch.pk}&day=2026-11-20&kind="
    assert recorder.get(f"{asked}TD")["Location"] == reverse("meetings:meeting_edit", args=[announced.pk])
    assert recorder.get(f"{asked}CM").status_code == 200
    assert recorder.get(f"{NEW}?unit={branch.pk}&day=2026-10-20&kind=TD").status_code == 200
    assert recorder.get(f"{NEW}?unit={branch.pk}").status_code == 200


def test_the_only_one_who_has_to_make_up_is_chosen_already(recorder, branch):
    gone = branch.members[1]
    held = factories.held(branch, "2026-11-10", "TD", "ST", absent=1)
    page = recorder.get(reverse("meetings:meeting_move", args=[held.pk, "make_up"])).text
    assert page.partition(f'value="{gone.pk}"')[2].partition(">")[0].count("checked") == 1


def test_a_secretary_who_chairs_finds_last_times_recorder_in_the_blank_form(client, branch):
    client.force_login(branch.secretary)
    factories.held(branch, "2026-11-10", "TD", "ST")
    page = client.get(f"{NEW}?unit={branch.pk}").text
    shown = page.partition('name="recorder"')[2].partition("</select>")[0]
    assert f'value="{branch.recorder.pk}" selected' in shown
