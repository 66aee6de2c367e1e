"""The page of a record: next step, checks, roll, history, and its moves."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils.html import strip_tags

from brigade.audit.models import AuditEvent
from partybuilding.meetings import actions
from partybuilding.meetings.models import Meeting
from partybuilding.meetings.states import MeetingState
from tests.partybuilding import factories
from tests.partybuilding.meetings.pages.sending import NOW, CountedQueries

pytestmark = pytest.mark.django_db


@pytest.fixture
def meeting(branch) -> Meeting:
    return factories.recorded(branch, "2026-11-20", "TD", absent=2, now=NOW)


def test_record_shows_next_step_checks_roll_and_history(recorder, meeting, branch):
    text = recorder.get(meeting.get_absolute_url()).content.decode()
    assert "11月27日前确认" in text and "确认前再看一眼" in text
    assert "应到18　实到16" in text and "88.9%" in text
    assert branch.members[1].name in text and "谁能看到这条记录" in text and "记录会议" in text


def test_the_roll_says_how_many_were_there_were_reached_and_stayed_away(recorder, branch):
    held = factories.held(branch, "2026-11-10", "TD", absent=2)
    gone = held.attendances.filter(status="absent").first()
    actions.make_up(by=branch.recorder, meeting=held, people=[gone.person_id], on=NOW.date(), now=NOW)
    text = strip_tags(recorder.get(held.get_absolute_url()).content.decode())
    assert "到会率88.9%覆盖率94.4%缺席率11.1%" in "".join(text.split())


def test_who_was_there_is_led_to_no_list_that_he_may_not_open(client, recorder, branch):
    held = factories.held(branch, "2026-11-10", "TD")
    the_list = f'<p class="crumb"><a href="{reverse("meetings:meeting_list")}">'
    assert the_list in " ".join(recorder.get(held.get_absolute_url()).content.decode().split())
    client.force_login(branch.members[7])
    assert client.get(reverse("meetings:meeting_list")).status_code == 403
    assert '<p class="crumb">会议记录 / ' in " ".join(client.get(held.get_absolute_url()).content.decode().split())


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
    assert "disabled aria-describedby" in " ".join(client.get(meeting.get_absolute_url()).content.decode().split())
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
