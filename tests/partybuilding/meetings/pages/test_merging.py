"""Two recorders write one meeting down at the same time; drafts of the form go when it is sent."""

import json
import re

import pytest
from django.urls import reverse

from brigade.ledgers.models import Draft
from partybuilding.meetings import actions
from partybuilding.meetings.models import Attendance, Decision
from partybuilding.meetings.rules import Task, Topic
from tests.partybuilding import factories
from tests.partybuilding.factories import moment
from tests.partybuilding.meetings.pages.sending import NOW, task, typed

pytestmark = pytest.mark.django_db


@pytest.fixture
def meeting(branch):
    topic = Topic("deliberate", "安全", tasks=(Task("修灯", branch.members[1].pk, moment("2026-12-01").date()),))
    return factories.recorded(branch, "2026-11-20", "TD", now=NOW, topics=(topic,))


@pytest.fixture
def edit(meeting):
    return reverse("meetings:meeting_edit", args=[meeting.pk])


def opened(client, edit):
    """The page's hidden fields, as the browser holds them from now on."""
    text = client.get(edit).content.decode()
    base = re.search(r'name="base" value="([^"]*)"', text)[1].replace("&quot;", '"').replace("&#x27;", "'")
    return {"base": base, "version": re.search(r'name="version" value="(\d+)"', text)[1]}


def form(branch, meeting, *tasks, **fields):
    """The meeting as its page shows it, with what somebody typed."""
    known = task("修灯", branch.members[1], "2026-12-01", id=str(Decision.objects.order_by("pk").first().pk))
    topics = ({"kind": "deliberate", "title": "安全", "tasks": (known, *tasks)},)
    own = {"id": str(meeting.pk), "start": "15:00", "end": "16:00", "place": meeting.place, "theme": meeting.theme}
    return typed(branch, "TD", topics=topics, **own | fields)


def sent(answer):
    assert answer.status_code == 302, re.findall(
        r'class="(?:wrong|note[^"]*)"[^>]*>(.*?)</', answer.content.decode(), re.S
    )


def test_disjoint_changes_of_two_recorders_are_both_saved(client, branch, meeting, edit):
    client.force_login(branch.secretary)
    base = opened(client, edit)
    client.force_login(branch.recorder)
    away = branch.members[3]
    his = {f"mark-{away.pk}": "leave_duty", f"reason-{away.pk}": "执勤", "theme": "学习条例"}
    new = task("买书", branch.members[2], "2026-12-10")
    sent(client.post(edit, form(branch, meeting, new, **opened(client, edit), **his)))
    client.force_login(branch.secretary)
    mine = task("擦窗", branch.members[4], "2026-12-20")
    sent(client.post(edit, form(branch, meeting, mine, **base, place="三楼")))
    meeting.refresh_from_db()
    assert (meeting.place, meeting.theme) == ("三楼", "学习条例")
    assert Attendance.objects.get(meeting=meeting, person=away).status == "leave_duty"
    assert set(Decision.objects.values_list("title", flat=True)) == {"修灯", "买书", "擦窗"}
    assert "也留着" in client.get(meeting.get_absolute_url()).content.decode()


def test_the_same_field_is_shown_side_by_side_and_one_is_picked(client, branch, meeting, edit):
    client.force_login(branch.secretary)
    base = opened(client, edit)
    client.force_login(branch.recorder)
    sent(client.post(edit, form(branch, meeting, **opened(client, edit), theme="第一个人")))
    client.force_login(branch.secretary)
    answer = client.post(edit, form(branch, meeting, **base, theme="第二个人", place="三楼"))
    text = answer.content.decode()
    assert answer.status_code == 409
    assert all(words in text for words in ("第一个人", "第二个人", branch.recorder.name, 'name="take-theme"'))
    meeting.refresh_from_db()
    assert meeting.theme == "第一个人"
    again = {
        name: re.search(rf'name="{name}" value="([^"]*)"', text)[1].replace("&quot;", '"')
        for name in ("base", "version")
    }
    picked = form(branch, meeting, **again, theme="第二个人", place="三楼") | {"clash": "theme", "take-theme": "theirs"}
    sent(client.post(edit, picked))
    meeting.refresh_from_db()
    assert (meeting.theme, meeting.place) == ("第一个人", "三楼")


def test_a_decision_that_was_changed_on_its_own_page_is_not_put_back_by_an_old_form(client, branch, meeting, edit):
    client.force_login(branch.recorder)
    base = opened(client, edit)
    Decision.objects.update(title="修好所有的灯")
    sent(client.post(edit, form(branch, meeting, **base, place="三楼")))
    assert Decision.objects.get().title == "修好所有的灯"


def test_an_edit_after_the_record_was_confirmed_is_refused(client, branch, meeting, edit):
    client.force_login(branch.recorder)
    base = opened(client, edit)
    actions.confirm_meeting(by=branch.secretary, meeting=meeting, now=NOW)
    assert client.post(edit, form(branch, meeting, **base, place="三楼")).status_code == 422


def test_pressing_twice_saves_once(client, branch, meeting, edit):
    client.force_login(branch.recorder)
    data = form(branch, meeting, **opened(client, edit), place="三楼")
    sent(client.post(edit, data))
    sent(client.post(edit, data))
    meeting.refresh_from_db()
    assert meeting.place == "三楼"
    assert Decision.objects.count() == 1


def draft(client, address, **more):
    body = {"address": address, "lines": [["place", "三楼"]], **more}
    return client.post("/drafts/", json.dumps(body), content_type="application/json")


def test_the_draft_goes_when_the_form_is_sent_and_stays_when_it_is_refused(client, branch, meeting, edit):
    client.force_login(branch.recorder)
    name = f"meeting-{meeting.pk}"
    draft(client, edit, name=name, record_id=str(meeting.pk))
    data = form(branch, meeting, **opened(client, edit), draft=name, draft_asked="")
    assert client.post(edit, data | {"end": "14:00"}).status_code == 422
    assert Draft.objects.count() == 1
    sent(client.post(edit, data))
    assert not Draft.objects.exists()


def test_the_draft_of_a_new_meeting_goes_and_that_of_another_stays(client, branch):
    client.force_login(branch.recorder)
    data = typed(branch, "TD", end="16:00", draft=f"meeting-{branch.pk}", draft_asked="kind=TD")
    for record in (data["id"], "another"):
        draft(client, "/party/meetings/new/", name=data["draft"], asked="kind=TD", record_id=record)
    sent(client.post("/party/meetings/new/", data))
    assert [row.form.rpartition("|")[2] for row in Draft.objects.all()] == ["another"]
