"""The pages of meetings: one form, the record with its moves, the matrix, waivers, leave, one's own."""

from __future__ import annotations

import io
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook
from PIL import Image

from brigade.audit.models import AuditEvent
from brigade.kit.ids import new_id
from brigade.obligations.states import ObligationState
from brigade.org.states import Role
from brigade.workflow import settle
from partybuilding.meetings import actions
from partybuilding.meetings.models import Decision, Leave, Meeting, Waiver
from partybuilding.meetings.states import LeaveState, MeetingState, Presence, WaiverState
from tests.brigade.ledgers.checks import assert_same_queries, assert_swap_is_fresh, csv_of, plain
from tests.brigade.org.factories import grant, person
from tests.partybuilding import factories
from tests.partybuilding.factories import Branch, World, moment

pytestmark = pytest.mark.django_db
NEW, PREVIEW, MATRIX = "/party/meetings/new/", "/party/meetings/preview/", "/party/meetings/matrix/"
NOW = moment("2026-11-20", "18:00")


@pytest.fixture(autouse=True)
def evening(monkeypatch):
    """It is the evening of 20 November 2026 for everybody."""
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def world() -> World:
    return factories.world()


@pytest.fixture
def branch(world) -> Branch:
    return factories.branch(world, full=18)


@pytest.fixture
def recorder(client, branch):
    client.force_login(branch.recorder)
    return client


def typed(branch: Branch, *kinds: str, rows: tuple = (), topics: tuple = (), **fields) -> dict:
    """The form as a browser sends it: everybody there, no rows but those that are given."""
    values = {
        "id": str(new_id()),
        "unit": branch.pk,
        "day": "2026-11-20",
        "start": "15:00",
        "end": "17:00",
        "place": "大队党建活动室",
        "mode": "onsite",
        "chair": branch.secretary.pk,
        "recorder": branch.recorder.pk,
        "kinds": list(kinds),
        "intent": "record",
    }
    for prefix, given in (("segments", rows), ("agenda", topics)):
        values |= {f"{prefix}-TOTAL_FORMS": len(given), f"{prefix}-INITIAL_FORMS": 0}
        for number, row in enumerate(given):
            values |= {f"{prefix}-{number}-{name}": value for name, value in row.items()}
    values |= {f"mark-{member.pk}": Presence.PRESENT for member in branch.members}
    return values | fields


def row(kind: str, start: str, end: str, **fields) -> dict:
    return {"kind": kind, "start": start, "end": end, **fields}


# Writing it down


def test_blank_form_brings_branch_day_chair_recorder_and_roll(recorder, branch):
    text = recorder.get(NEW).content.decode()
    assert 'value="2026-11-20"' in text and 'value="15:00"' in text
    assert f'<option value="{branch.secretary.pk}" selected>{branch.secretary.name}' in text
    assert f'<option value="{branch.recorder.pk}" selected>{branch.recorder.name}' in text
    assert 'data-draft="meeting-' in text


def test_blank_form_for_a_requirement_brings_kind_day_and_hours_of_last_time(recorder, branch):
    factories.held(branch, "2026-10-20", "TD", start="09:00", end="10:30", place="二楼会议室")
    text = recorder.get(f"{NEW}?unit={branch.pk}&kind=TD&day=2026-11-18").content.decode()
    assert 'value="2026-11-18"' in text and 'value="09:00"' in text and 'value="10:30"' in text
    assert 'value="二楼会议室"' in text and 'value="TD" id="id_kinds_0" checked' in text
    assert text.count("data-person") == 18


def test_copy_brings_segments_and_agenda_of_last_time(recorder, branch):
    lesson = row("PL", "15:30", "16:30", topic="延安作风", lecturer=branch.secretary.pk)
    topic = {"kind": "first_topic", "title": "传达学习"}
    recorder.post(NEW, typed(branch, "TD", "PL", rows=(lesson,), topics=(topic,), day="2026-10-20"))
    text = recorder.get(f"{NEW}?kind=TD&copy=1").content.decode()
    assert 'value="延安作风"' in text and 'value="传达学习"' in text and 'value="2026-11-20"' in text


def test_study_meeting_with_three_away_is_recorded(recorder, branch):
    away = branch.members[1:4]
    marks = {f"mark-{away[0].pk}": "leave_duty", f"mark-{away[1].pk}": "leave_sick", f"mark-{away[2].pk}": "absent"}
    answer = recorder.post(
        NEW, typed(branch, "ST", rows=(row("ST", "15:00", "16:00"),), **marks, **{f"reason-{away[2].pk}": "无故"})
    )
    made = Meeting.objects.get()
    assert answer["Location"] == made.get_absolute_url()
    assert made.state == MeetingState.RECORDED and made.number.endswith("20261120-001")
    assert made.attendances.filter(status="present").count() == 15
    assert made.attendances.get(person=away[2]).reason == "无故"


def test_theme_day_with_assembly_lesson_volunteering_and_a_decision_is_one_record(recorder, branch):
    rows = (
        row("MM", "15:00", "16:00"),
        row("PL", "16:00", "17:00", lecturer=branch.secretary.pk),
        row("VO", "17:00", "18:00"),
    )
    owner = branch.members[2]
    topics = (
        {"kind": "first_topic", "title": "传达学习上级部署", "summary": "逐段学习"},
        {"kind": "deliberate", "title": "路口整治", "task": "分包路口", "owner": owner.pk, "due_on": "2026-12-10"},
        {"kind": "deliberate"},
    )
    recorder.post(NEW, typed(branch, "TD", "MM", "PL", "VO", rows=rows, topics=topics, end="18:00", theme="守好路口"))
    made = Meeting.objects.get()
    assert sorted(made.segments.values_list("kind", flat=True)) == ["MM", "PL", "TD", "VO"]
    assert made.agenda.count() == 2
    decision = Decision.objects.get()
    assert (decision.owner, decision.due_on, decision.agenda.seq) == (owner, date(2026, 12, 10), 2)


def test_vote_is_written_with_its_counts(recorder, branch):
    topics = ({"kind": "vote", "title": "评优", "vote": "ordinary", "ballot": "secret", "ayes": "16", "noes": "2"},)
    recorder.post(NEW, typed(branch, "MM", rows=(row("MM", "15:00", "16:00"),), topics=topics))
    vote = Meeting.objects.get().agenda.get().votes.get()
    assert (vote.base, vote.present, vote.ayes, vote.passed) == (18, 18, 16, True)
    text = recorder.get(Meeting.objects.get().get_absolute_url()).content.decode()
    assert "应到会有表决权党员18人，实到18人，同意16票，反对2票，弃权0票，通过。" in text


def test_tick_without_a_row_lasts_the_whole_meeting(recorder, branch):
    recorder.post(NEW, typed(branch, "ST"))
    span = Meeting.objects.get().segments.get()
    assert (timezone.localtime(span.starts_at).hour, timezone.localtime(span.ends_at).hour) == (15, 17)


def test_row_that_was_taken_away_does_not_count(recorder, branch):
    recorder.post(NEW, typed(branch, "TD", rows=(row("PL", "15:00", "16:00", DELETE="on"),)))
    assert list(Meeting.objects.get().segments.values_list("kind", flat=True)) == ["TD"]


def test_observer_sits_in_without_being_due(recorder, branch, world):
    recorder.post(NEW, typed(branch, "TD", observers=[world.leader.pk]))
    assert Meeting.objects.get().attendances.get(person=world.leader).status == Presence.OBSERVER


def test_marks_of_people_who_are_not_due_fall_away(recorder, branch):
    recorder.post(NEW, typed(branch, "CM", **{f"mark-{branch.members[9].pk}": "absent"}))
    assert Meeting.objects.get().attendances.filter(branch__isnull=False).count() == 5


def test_plan_is_a_draft_that_is_announced_and_then_recorded(recorder, branch):
    recorder.post(NEW, typed(branch, "TD", intent="plan", day="2026-11-25"))
    made = Meeting.objects.get()
    assert made.state == MeetingState.DRAFT and made.number == ""
    recorder.post(reverse("meetings:meeting_move", args=[made.pk, "notify"]), {"version": made.version})
    made.refresh_from_db()
    assert made.state == MeetingState.NOTIFIED and made.attendances.count() == 18
    edit = reverse("meetings:meeting_edit", args=[made.pk])
    assert "只保存" in recorder.get(edit).content.decode()
    recorder.post(
        edit, typed(branch, "TD", id=str(made.pk), version=made.version, intent="save", day="2026-11-25", theme="改过")
    )
    made.refresh_from_db()
    assert (made.state, made.theme) == (MeetingState.NOTIFIED, "改过")
    recorder.post(edit, typed(branch, "TD", id=str(made.pk), version=made.version))
    made.refresh_from_db()
    assert made.state == MeetingState.RECORDED


def test_editing_keeps_what_the_form_does_not_show(recorder, branch):
    meeting = factories.recorded(branch, "2026-11-20", "TD", now=NOW)
    text = recorder.get(reverse("meetings:meeting_edit", args=[meeting.pk])).content.decode()
    assert "保存修改" in text and 'name="version"' in text
    values = typed(
        branch, "TD", id=str(meeting.pk), version=meeting.version, place="新地点", start="15:00", end="16:00"
    )
    assert recorder.post(reverse("meetings:meeting_edit", args=[meeting.pk]), values).status_code == 302
    meeting.refresh_from_db()
    assert (meeting.place, meeting.state, meeting.title) == ("新地点", MeetingState.RECORDED, meeting.title)


# What is refused, and loses nothing


REFUSALS = [
    ({"end": "14:00"}, "结束时间要晚于开始时间"),
    ({"day": "2026-11-21"}, "会议还没有开始，不能记录"),
    ({"day": "去年"}, "日期写成2026-11-20这样"),
    ({"start": "下午"}, "时刻写成15:00这样"),
    ({"kinds": []}, "至少选一项这次包含的内容"),
    ({"theme": "字" * 10_000}, "最多120个字，现在是10000个"),
    ({"chair": "999999"}, "选的不在可选范围内，请重新选"),
    ({"observers": ["999999"]}, "选的不在可选范围内，请重新选"),
]


@pytest.mark.parametrize(("fields", "sentence"), REFUSALS)
def test_bad_input_is_one_sentence_and_keeps_what_was_typed(recorder, branch, fields, sentence):
    given = {"theme": "守好😀路口"} | fields
    answer = recorder.post(NEW, typed(branch, *given.pop("kinds", ["TD"]), **given))
    text = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in text
    assert given["theme"][:120] in text and 'value="大队党建活动室"' in text
    assert not Meeting.objects.exists()


@pytest.mark.parametrize(
    ("topic", "sentence"),
    [
        ({"title": "", "summary": "说了话"}, "写议题的题目"),
        ({"title": "路口", "task": "分包"}, "写明谁来办"),
        ({"title": "路口", "due_on": "2026-12-01"}, "写明定了什么事"),
        ({"title": "路口", "task": "分包", "owner": "own", "due_on": "2026-11-01"}, "办理期限不能早于开会那天"),
        ({"title": "路口", "vote": "ordinary"}, "写同意的票数，没有就写0"),
        ({"title": "路口", "vote": "ordinary", "ayes": "19"}, "票数19张，多于实到会有表决权的18人"),
        ({"title": "字" * 161}, "最多160个字，现在是161个"),
    ],
)
def test_bad_topic_is_one_sentence_beside_it(recorder, branch, topic, sentence):
    if topic.get("owner") == "own":
        topic = topic | {"owner": branch.members[1].pk}
    answer = recorder.post(NEW, typed(branch, "TD", topics=({"kind": "deliberate", **topic},)))
    assert answer.status_code == 422
    assert sentence in answer.content.decode()


def test_emoji_stays_and_nul_goes(recorder, branch):
    recorder.post(NEW, typed(branch, "TD", theme="守好\x00路口😀", topics=({"kind": "study", "title": "=1+1\x00"},)))
    made = Meeting.objects.get()
    assert made.theme == "守好路口😀" and made.agenda.get().title == "=1+1"


def test_long_record_is_kept_whole(recorder, branch):
    recorder.post(NEW, typed(branch, "TD", summary="记" * 10_000))
    assert len(Meeting.objects.get().summary) == 10_000


def test_same_form_sent_twice_is_one_record(recorder, branch):
    values = typed(branch, "TD")
    assert recorder.post(NEW, values).status_code == 302
    assert recorder.post(NEW, values).status_code == 302
    assert Meeting.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_second_recorder_is_told_and_his_text_stays(recorder, client, branch):
    meeting = factories.recorded(branch, "2026-11-20", "TD", now=NOW)
    edit = reverse("meetings:meeting_edit", args=[meeting.pk])
    hours = {"start": "15:00", "end": "16:00", "id": str(meeting.pk), "version": meeting.version}
    assert recorder.post(edit, typed(branch, "TD", **hours, theme="第一个人")).status_code == 302
    client.force_login(branch.secretary)
    answer = client.post(edit, typed(branch, "TD", **hours, theme="第二个人"))
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "这条记录刚被别人改过" in text and "第二个人" in text
    meeting.refresh_from_db()
    assert meeting.theme == "第一个人" and f'name="version" value="{meeting.version}"' in text


def test_another_branch_is_not_there(recorder, branch, world):
    other = factories.branch(world, "车管所党支部")
    assert recorder.get(f"{NEW}?unit={other.pk}").status_code == 404
    assert recorder.post(NEW, typed(other, "TD")).status_code == 404
    assert recorder.get(f"{NEW}?unit=x").status_code == 404
    meeting = factories.held(other, "2026-11-10", "TD")
    for name in ("meeting_detail", "meeting_edit", "meeting_minutes", "meeting_sign_in", "leave_create"):
        assert recorder.get(reverse(f"meetings:{name}", args=[meeting.pk])).status_code == 404
    assert not Meeting.objects.filter(unit=other.unit, state=MeetingState.RECORDED).exists()


def test_member_without_a_duty_cannot_record(client, branch):
    client.force_login(branch.members[5])
    assert client.get(NEW).status_code == 403
    meeting = factories.recorded(branch, "2026-11-20", "TD", now=NOW)
    assert client.get(reverse("meetings:meeting_edit", args=[meeting.pk])).status_code == 403


def test_confirmed_record_is_not_edited(recorder, branch):
    meeting = factories.held(branch, "2026-11-10", "TD")
    answer = recorder.get(reverse("meetings:meeting_edit", args=[meeting.pk]))
    assert answer.status_code == 422 and "不能修改" in answer.content.decode()


# The live panel and photos


def test_live_panel_says_what_one_record_completes(recorder, branch):
    rows = (row("PL", "15:30", "16:30", lecturer=branch.secretary.pk),)
    values = typed(branch, "TD", "PL", rows=rows, **{f"mark-{branch.members[3].pk}": "absent"})
    answer = recorder.post(PREVIEW, values, headers={"HX-Request": "true"})
    text = answer.content.decode()
    assert "<html" not in text and "no-store" in answer["Cache-Control"]
    assert "11月主题党日" in text and "四季度党课" in text and text.count("达标") == 2
    assert "17人，每人1.0学时" in text and "17.0" in text
    assert f"{branch.members[3].name}没有写原因" in text
    assert "hx-swap-oob" not in text
    assert not Meeting.objects.exists()


def test_live_panel_brings_the_roll_of_the_committee_with_what_was_tapped(recorder, branch):
    values = typed(branch, "CM", **{f"mark-{branch.members[1].pk}": "leave_sick"})
    text = recorder.post(PREVIEW, values, headers={"HX-Request": "true"}).content.decode()
    assert 'hx-swap-oob="true"' in text and text.count("data-person") == 5
    assert '<option value="leave_sick" data-tone="warn" selected>' in text


def test_live_panel_says_what_to_put_right_first(recorder, branch):
    answer = recorder.post(PREVIEW, typed(branch, "TD", start=""), headers={"HX-Request": "true"})
    assert answer.status_code == 200 and "先补这几处" in answer.content.decode()


def picture() -> SimpleUploadedFile:
    content = io.BytesIO()
    Image.new("RGB", (60, 40), "navy").save(content, "PNG")
    return SimpleUploadedFile("会场.png", content.getvalue(), "image/png")


def test_photo_is_put_away_at_once_and_hangs_on_the_record(recorder, branch):
    values = typed(branch, "TD")
    part = recorder.post("/party/meetings/photos/", values | {"photos": [picture()]}, headers={"HX-Request": "true"})
    text = part.content.decode()
    assert "会场.png" in text and "<html" not in text
    file_id = text.partition('name="photo" value="')[2][:36]
    recorder.post(NEW, values | {"photo": [file_id], f"caption-{file_id}": "学习现场"})
    made = Meeting.objects.get()
    assert made.photos.get().caption == "学习现场"
    shown = recorder.get(reverse("meetings:meeting_photo", args=[made.pk, 1]))
    assert shown.getvalue() and shown["Content-Type"].startswith("image/")
    assert recorder.get(reverse("meetings:meeting_photo", args=[made.pk, 2])).status_code == 404


def test_page_without_scripts_sends_photos_with_the_form(recorder, branch):
    recorder.post(NEW, typed(branch, "TD") | {"photos": [picture()]})
    assert Meeting.objects.get().photos.count() == 1


def test_file_that_is_no_photo_is_refused_and_the_rest_stays(recorder, branch):
    bad = SimpleUploadedFile("会场.png", b"MZ" + b"0" * 100, "image/png")
    part = recorder.post(
        "/party/meetings/photos/", typed(branch, "TD") | {"photos": [bad]}, headers={"HX-Request": "true"}
    )
    assert "会场.png" in part.content.decode() and 'name="photo"' not in part.content.decode()


def test_photo_of_somebody_else_is_not_taken(recorder, client, branch):
    client.force_login(branch.secretary)
    part = client.post(
        "/party/meetings/photos/", typed(branch, "TD") | {"photos": [picture()]}, headers={"HX-Request": "true"}
    )
    file_id = part.content.decode().partition('name="photo" value="')[2][:36]
    client.force_login(branch.recorder)
    answer = client.post(NEW, typed(branch, "TD") | {"photo": [file_id]})
    assert answer.status_code == 422 and "照片没有传上来" in answer.content.decode()


def test_names_for_observers_are_found_by_name(recorder, branch, world):
    found = recorder.get(f"/party/meetings/people/?q={world.leader.police_no}").json()["results"]
    assert [row["id"] for row in found] == [world.leader.pk]


# The record


@pytest.fixture
def meeting(branch) -> Meeting:
    return factories.recorded(branch, "2026-11-20", "TD", absent=2, now=NOW)


def test_record_shows_next_step_checks_roll_and_history(recorder, meeting, branch):
    text = recorder.get(meeting.get_absolute_url()).content.decode()
    assert "11月27日前确认" in text and "确认前再看一眼" in text
    assert "应到18　实到16" in text and "88.9%" in text
    assert branch.members[1].name in text and "谁能看到这条记录" in text and "记录会议" in text


def test_chair_confirms_with_one_press(client, meeting, branch):
    client.force_login(branch.secretary)
    text = client.get(meeting.get_absolute_url()).content.decode()
    assert "确认会议记录</button>" in text
    client.post(reverse("meetings:meeting_move", args=[meeting.pk, "confirm"]), {"version": meeting.version})
    meeting.refresh_from_db()
    assert meeting.state == MeetingState.CONFIRMED


@pytest.mark.django_db(transaction=True)
def test_confirm_names_what_is_missing(client, branch):
    meeting = factories.recorded(branch, "2026-11-20", "TD", now=NOW, recorder_id=None)
    client.force_login(branch.secretary)
    assert "disabled aria-describedby" in client.get(meeting.get_absolute_url()).content.decode()
    answer = client.post(reverse("meetings:meeting_move", args=[meeting.pk, "confirm"]), {"version": meeting.version})
    assert answer.status_code == 422 and "记录人没有填" in answer.content.decode()
    assert AuditEvent.objects.filter(verb="meeting.confirmed", result="refused").exists()


@pytest.mark.django_db(transaction=True)
def test_move_of_a_stale_page_is_a_conflict(client, meeting, branch):
    client.force_login(branch.secretary)
    answer = client.post(
        reverse("meetings:meeting_move", args=[meeting.pk, "confirm"]), {"version": meeting.version + 1}
    )
    assert answer.status_code == 409


def test_reason_is_asked_in_a_dialog_and_kept_when_refused(client, branch):
    meeting = factories.held(branch, "2026-11-10", "TD")
    client.force_login(branch.secretary)
    address = reverse("meetings:meeting_move", args=[meeting.pk, "reopen"])
    asked = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "<dialog" in asked and "<html" not in asked
    empty = client.post(address, {"version": meeting.version, "reason": " "}, headers={"HX-Request": "true"})
    assert empty.status_code == 422 and "写明原因" in empty.content.decode()
    done = client.post(address, {"version": meeting.version, "reason": "漏记一人"}, headers={"HX-Request": "true"})
    assert done["HX-Redirect"] == meeting.get_absolute_url()
    text = client.get(meeting.get_absolute_url()).content.decode()
    assert "第2版" in text and "漏记一人" in text and "以前的版次" in text


@pytest.mark.parametrize(("code", "status"), [("fly", 404), ("archive", 422)])
def test_move_that_is_not_there_or_not_now(recorder, meeting, code, status):
    assert recorder.get(reverse("meetings:meeting_move", args=[meeting.pk, code])).status_code == status


def test_makeup_is_ticked_for_those_who_were_away(recorder, branch):
    meeting = factories.held(branch, "2026-11-10", "ST", absent=2)
    address = reverse("meetings:meeting_move", args=[meeting.pk, "make_up"])
    assert recorder.get(address).content.decode().count('name="people"') == 2
    recorder.post(address, {"people": [branch.members[1].pk], "on": "2026-11-12", "version": meeting.version})
    assert "已补课" in recorder.get(meeting.get_absolute_url()).content.decode()


def test_record_costs_the_same_queries_for_few_and_many(client, world):
    counts = []
    for name, full in (("一支部", 6), ("二支部", 20)):
        branch = factories.branch(world, name, full=full)
        meeting = factories.held(branch, "2026-11-10", "TD", absent=full // 3)
        client.force_login(branch.secretary)
        client.get(meeting.get_absolute_url())
        with CountedQueries() as counted:
            client.get(meeting.get_absolute_url())
        counts.append(counted.number)
    assert counts[0] == counts[1]


class CountedQueries:
    def __enter__(self):
        self.number = 0
        self.wrapper = connection.execute_wrapper(self.note)
        self.wrapper.__enter__()
        return self

    def note(self, execute, sql, *rest):
        self.number += 1
        return execute(sql, *rest)

    def __exit__(self, *problem):
        self.wrapper.__exit__(*problem)


# Ledgers


def test_ledger_of_meetings(recorder, branch):
    meeting = factories.held(branch, "2026-11-10", "TD", absent=2, theme="守好路口")
    table = csv_of(recorder, "/party/meetings/")
    assert table[1][table[0].index("到会率")] == "88.9%" and table[1][table[0].index("编号")] == meeting.number
    assert meeting.number in recorder.get("/party/meetings/?kind=TD&q=路口").content.decode()
    assert meeting.number not in recorder.get("/party/meetings/?kind=CM").content.decode()
    assert_swap_is_fresh(recorder, "/party/meetings/?state=confirmed")


def test_ledger_of_meetings_costs_constant_queries(recorder, branch):
    days = iter(f"2025-{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 28))

    def make(number: int) -> None:
        for _n in range(min(number, 12)):
            factories.recorded(branch, next(days), "TD", now=NOW, backfill_reason="补")

    assert_same_queries(recorder, "/party/meetings/?per=200", make)


def test_ledger_of_decisions_and_its_moves(recorder, branch, client):
    topics = (
        {
            "kind": "deliberate",
            "title": "路口",
            "task": "分包路口",
            "owner": branch.members[2].pk,
            "due_on": "2026-12-10",
        },
    )
    recorder.post(NEW, typed(branch, "TD", topics=topics))
    decision = Decision.objects.get()
    assert "分包路口" in recorder.get("/party/decisions/?state=open").content.decode()
    client.force_login(branch.members[2])
    assert "办结" in client.get(decision.get_absolute_url()).content.decode()
    address = reverse("meetings:decision_move", args=[decision.pk, "finish"])
    assert client.post(address, {"result": ""}).status_code == 422
    client.post(address, {"result": "13个路口都挂了牌", "version": decision.version})
    decision.refresh_from_db()
    assert decision.state == "done" and decision.result == "13个路口都挂了牌"
    client.force_login(branch.members[6])
    assert client.get(decision.get_absolute_url()).status_code == 404


# The matrix


def test_matrix_shows_each_state_with_word_and_figure(client, branch, world):
    factories.held(branch, "2026-10-20", "TD")
    settle(now=NOW)
    client.force_login(world.office)
    answer = client.get(MATRIX)
    text = answer.content.decode()
    assert "三会一课：11月还有" in text and "达标率" in text
    assert "data-cell" in text and 'class="cell is-late' in text and "未达标" in text
    assert str(branch.row) in text and "去记录" in text and "申请豁免" in text


def test_cell_swaps_to_what_the_page_at_its_address_shows(client, branch, world):
    factories.held(branch, "2026-10-20", "TD")
    settle(now=NOW)
    client.force_login(world.office)
    address = f"{MATRIX}?cell={branch.pk}-10"
    fragment = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment and "10月20日" in fragment
    assert plain(fragment).strip() in plain(client.get(address).content.decode())


def test_matrix_costs_constant_queries(client, world):
    client.force_login(world.office)
    client.get(MATRIX)
    counts = []
    for number in range(2):
        for n in range(1 + 4 * number):
            factories.branch(world, f"支部{number}{n}", full=4)
        settle(now=NOW)
        with CountedQueries() as counted:
            client.get(MATRIX)
        counts.append(counted.number)
    assert counts[0] == counts[1]


@pytest.mark.parametrize("query", ["year=1899", "year=x", "kind=XX", "cell=1-99", "cell=x", "year=2024", "kind=GB"])
def test_matrix_takes_any_address(client, branch, world, query):
    client.force_login(world.office)
    assert client.get(f"{MATRIX}?{query}").status_code == 200


def test_statistic_form_holds_the_figures_of_the_screen(client, branch, world):
    factories.held(branch, "2026-10-20", "TD")
    settle(now=NOW)
    client.force_login(world.office)
    answer = client.get(f"{MATRIX}?format=xlsx&kind=TD")
    book = load_workbook(io.BytesIO(answer.getvalue()))
    cells = [cell.value for line in book.active.iter_rows() for cell in line if cell.value]
    assert "2026年三会一课落实情况统计表" in cells and "达标1/1" in cells
    assert AuditEvent.objects.filter(verb="ledger.exported").exists()


def test_matrix_is_not_for_everybody(client, branch):
    client.force_login(branch.members[5])
    assert client.get(MATRIX).status_code == 403


# Waivers


def waive(client, branch: Branch) -> Waiver:
    address = f"/party/waivers/new/?unit={branch.pk}&requirement=CM&period=2026-11"
    assert "为什么开不成" in client.get(address).content.decode()
    client.post(address, {"reason": "双节执勤高峰"})
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
