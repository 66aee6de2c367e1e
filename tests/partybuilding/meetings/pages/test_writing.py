"""The form that writes a meeting down: what it brings, takes and refuses; its live panel and photos."""

from __future__ import annotations

import io
import re
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from partybuilding.meetings.models import Decision, Meeting
from partybuilding.meetings.states import MeetingState, Presence
from tests.partybuilding import factories
from tests.partybuilding.meetings.pages.sending import NEW, NOW, PREVIEW, count, row, task, typed

pytestmark = pytest.mark.django_db


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
        {"kind": "deliberate", "title": "路口整治", "tasks": (task("分包路口", owner, "2026-12-10"),)},
        {"kind": "deliberate"},
    )
    recorder.post(NEW, typed(branch, "TD", "MM", "PL", "VO", rows=rows, topics=topics, end="18:00", theme="守好路口"))
    made = Meeting.objects.get()
    assert sorted(made.segments.values_list("kind", flat=True)) == ["MM", "PL", "TD", "VO"]
    assert made.agenda.count() == 2
    decision = Decision.objects.get()
    assert (decision.owner, decision.due_on, decision.agenda.seq) == (owner, date(2026, 12, 10), 2)


def test_vote_is_written_with_its_counts(recorder, branch):
    topics = ({"kind": "vote", "title": "评优", "votes": (count("ordinary", ballot="secret", ayes="16", noes="2"),)},)
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
    assert "保存修改" in recorder.get(edit).content.decode()
    recorder.post(
        edit, typed(branch, "TD", id=str(made.pk), version=made.version, intent="save", day="2026-11-25", theme="改过")
    )
    made.refresh_from_db()
    assert (made.state, made.theme) == (MeetingState.NOTIFIED, "改过")
    recorder.post(edit, typed(branch, "TD", id=str(made.pk), version=made.version))
    made.refresh_from_db()
    assert made.state == MeetingState.RECORDED


def endings(text: str) -> list[str]:
    """What the form can be sent for, the main thing last."""
    return re.findall(r'name="intent"\s+value="(\w+)"', text)


def test_the_form_offers_what_can_be_done_on_that_day(recorder, branch):
    held, ahead = recorder.get(f"{NEW}?day=2026-11-20").text, recorder.get(f"{NEW}?day=2026-11-25").text
    assert endings(held) == ["plan", "record"] and "提交主持人确认" in held
    assert endings(ahead) == ["plan"] and "提交主持人确认" not in ahead


def test_the_buttons_follow_the_day_as_it_is_typed_and_stay_untouched_else(recorder, branch):
    def shown(**fields) -> list[str]:
        return endings(recorder.post(PREVIEW, typed(branch, "TD", **fields), headers={"HX-Request": "true"}).text)

    assert shown(endings="plan record", day="2026-11-25") == ["plan"]
    assert shown(endings="plan", day="2026-11-20", start="15:00") == ["plan", "record"]
    assert shown(endings="plan", day="2026-11-20", start="18:30", end="19:00") == []
    assert shown(endings="plan record", place="") == []


def test_a_planned_meeting_is_saved_before_its_day_and_submitted_after_it(recorder, branch):
    for day, offered in (("2026-11-25", ["save"]), ("2026-11-19", ["save", "record"])):
        made = typed(branch, "TD", intent="plan", day=day)
        recorder.post(NEW, made)
        assert endings(recorder.get(reverse("meetings:meeting_edit", args=[made["id"]])).text) == offered


def test_a_postponed_meeting_can_be_changed(recorder, branch):
    recorder.post(NEW, typed(branch, "TD", intent="plan", day="2026-11-25"))
    made = Meeting.objects.get()
    for code, asked in (("notify", {}), ("postpone", {"reason": "执勤"})):
        made.refresh_from_db()
        recorder.post(reverse("meetings:meeting_move", args=[made.pk, code]), {"version": made.version, **asked})
    made.refresh_from_db()
    assert made.state == MeetingState.POSTPONED
    edit = reverse("meetings:meeting_edit", args=[made.pk])
    [main] = endings(recorder.get(edit).text)
    sent = typed(branch, "TD", id=str(made.pk), version=made.version, intent=main, day="2026-11-27", theme="改过")
    assert recorder.post(edit, sent).status_code == 302


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
        ({"title": "路口", "tasks": ({"title": "分包"},)}, "写明谁来办"),
        ({"title": "路口", "tasks": ({"due_on": "2026-12-01"},)}, "写明定了什么事"),
        ({"title": "路口", "tasks": ({"title": "分包", "due_on": "2026-11-01"},)}, "办理期限不能早于开会那天"),
        ({"title": "路口", "votes": ({"kind": "ordinary"},)}, "写同意的票数，没有就写0"),
        ({"title": "路口", "votes": ({"ayes": "9"},)}, "选是哪种表决"),
        ({"title": "路口", "votes": ({"kind": "ordinary", "ayes": "19"},)}, "票数19张，多于实到会有表决权的18人"),
        ({"title": "字" * 161}, "最多160个字，现在是161个"),
    ],
)
def test_bad_topic_is_one_sentence_beside_it(recorder, branch, topic, sentence):
    if sentence.startswith("办理期限"):
        topic["tasks"][0]["owner"] = branch.members[1].pk
    answer = recorder.post(NEW, typed(branch, "TD", topics=({"kind": "deliberate", **topic},)))
    assert answer.status_code == 422
    assert sentence in answer.content.decode()


def test_emoji_stays_and_nul_goes(recorder, branch):
    recorder.post(NEW, typed(branch, "TD", theme="守好\x00路口😀", topics=({"kind": "study", "title": "=1+1\x00"},)))
    made = Meeting.objects.get()
    assert made.theme == "守好路口😀" and made.agenda.get().title == "=1+1"


def test_ten_thousand_characters_of_speech_stay_and_nul_goes(recorder, branch):
    said = "实😀" * 4_999 + "\x00话"
    topic = {"kind": "study", "title": "学习", "summary": said, "dissent": "不同\x00意见😀", "speaker": "张\x00三"}
    topic["tasks"] = (task("分包\x00路口😀", branch.members[2], "2026-12-01"),)
    recorder.post(NEW, typed(branch, "TD", topics=(topic,), summary=said))
    made = Meeting.objects.get()
    item = made.agenda.get()
    assert item.summary == made.summary == said.replace("\x00", "")
    assert (item.dissent, item.speaker, Decision.objects.get().title) == ("不同意见😀", "张三", "分包路口😀")
    assert said[:2_000] in recorder.get(made.get_absolute_url()).content.decode()


@pytest.mark.parametrize("name", ["summary", "agenda-0-summary"])
def test_too_long_a_text_is_refused_with_its_length_and_stays(recorder, branch, name):
    values = typed(branch, "TD", topics=({"kind": "study", "title": "学习"},))
    answer = recorder.post(NEW, values | {name: "话" * 20_001})
    text = answer.content.decode()
    assert answer.status_code == 422 and "最多20000个字，现在是20001个" in text and "话" * 20_001 in text


def test_long_record_is_kept_whole(recorder, branch):
    recorder.post(NEW, typed(branch, "TD", summary="记" * 10_000))
    assert len(Meeting.objects.get().summary) == 10_000


def test_same_form_sent_twice_is_one_record(recorder, branch):
    values = typed(branch, "TD")
    assert recorder.post(NEW, values).status_code == 302
    assert recorder.post(NEW, values).status_code == 302
    assert Meeting.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_form_that_does_not_say_what_it_was_opened_with_is_refused_when_stale(recorder, client, branch):
    meeting = factories.recorded(branch, "2026-11-20", "TD", now=NOW)
    edit = reverse("meetings:meeting_edit", args=[meeting.pk])
    hours = {"start": "15:00", "end": "16:00", "id": str(meeting.pk), "version": meeting.version}
    assert recorder.post(edit, typed(branch, "TD", **hours, theme="第一个人")).status_code == 302
    client.force_login(branch.secretary)
    answer = client.post(edit, typed(branch, "TD", **hours, theme="第二个人"))
    text = answer.content.decode()
    assert answer.status_code == 409
    assert f"这条记录刚被{branch.recorder.name}改过" in text and "第二个人" in text
    meeting.refresh_from_db()
    assert meeting.theme == "第一个人"


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
