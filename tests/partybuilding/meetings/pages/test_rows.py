"""Rows of the form: several decisions and votes on one topic, several sessions of one meeting."""

from datetime import date

import pytest
from django.urls import reverse
from django.utils import timezone

from partybuilding.branches.models import PartyBranch
from partybuilding.meetings import forms, queries
from partybuilding.meetings.models import Decision, Meeting
from partybuilding.meetings.rules import Count, Mark, Opinion, Topic
from tests.partybuilding import factories
from tests.partybuilding.factories import Branch, moment
from tests.partybuilding.meetings.pages.sending import NEW, NOW, PREVIEW, count, task, typed

pytestmark = pytest.mark.django_db


def test_14_a_topic_takes_several_decisions_and_one_vote_a_candidate(recorder, branch):
    first, second = branch.members[2], branch.members[3]
    votes = (
        count("admission", candidate=first.pk, ballot="secret", ayes="15", noes="1"),
        count("admission", candidate=second.pk, ballot="secret", ayes="8", noes="8"),
    )
    tasks = (
        task("报上级审批", first, "2026-12-01"),
        task("谈话", second, "2026-12-05"),
        {"DELETE": "on", "title": "x"},
        {},
    )
    topic = {"kind": "vote", "title": "接收预备党员", "tasks": tasks, "votes": votes}
    assert recorder.post(NEW, typed(branch, "MM", topics=(topic, {}))).status_code == 302
    item = Meeting.objects.get().agenda.get()
    assert [(v.candidate, v.ayes, v.passed) for v in item.votes.order_by("pk")] == [
        (first, 15, True),
        (second, 8, False),
    ]
    assert list(item.decisions.order_by("due_on").values_list("title", "owner")) == [
        ("报上级审批", first.pk),
        ("谈话", second.pk),
    ]


def test_the_same_person_is_voted_on_once_in_a_topic(recorder, branch):
    votes = tuple(count("admission", candidate=branch.members[2].pk, ayes="15") for _n in range(2))
    answer = recorder.post(NEW, typed(branch, "MM", topics=({"kind": "vote", "title": "接收", "votes": votes},)))
    assert answer.status_code == 422 and "同一个人只表决一次" in answer.content.decode()


def test_a_known_decision_stays_the_same_when_another_is_added_and_one_is_dropped(recorder, branch):
    owner = branch.members[2]
    tasks = (task("分包路口", owner, "2026-12-01"), task("挂牌", owner, "2026-12-02"))
    recorder.post(NEW, typed(branch, "TD", topics=({"kind": "deliberate", "title": "路口", "tasks": tasks},)))
    made, known = Meeting.objects.get(), Decision.objects.get(title="分包路口")
    edit = reverse("meetings:meeting_edit", args=[made.pk])
    text = recorder.get(edit).content.decode()
    assert f'value="{known.pk}"' in text and text.count('value="挂牌"') == 1
    dropped = Decision.objects.get(title="挂牌")
    tasks = (
        task("分包路口", owner, "2026-12-09", id=str(known.pk)),
        task("挂牌", owner, "2026-12-02", id=str(dropped.pk), DELETE="on"),
        task("复查", owner, "2026-12-20"),
    )
    topics = ({"kind": "deliberate", "title": "路口", "tasks": tasks},)
    recorder.post(edit, typed(branch, "TD", topics=topics, id=str(made.pk), version=made.version))
    rows = Decision.objects.order_by("due_on").values_list("title", "due_on", "state")
    assert list(rows) == [
        ("挂牌", date(2026, 12, 2), "void"),
        ("分包路口", date(2026, 12, 9), "open"),
        ("复查", date(2026, 12, 20), "open"),
    ]
    known.refresh_from_db()
    assert known.due_on == date(2026, 12, 9)


def test_what_the_form_does_not_show_of_a_written_opinion_stays(recorder, branch):
    away, at = branch.members[9], moment("2026-11-19", "09:30")
    opinions = (Opinion(away.pk, at), Opinion(branch.members[8].pk, moment("2026-11-20", "16:00"), is_aye=False))
    vote = Count("admission", ayes=12, candidates=(branch.members[2].pk,), opinions=opinions)
    marks = tuple(Mark(member.pk, "absent") for member in (away, branch.members[8]))
    topics = (Topic("vote", "接收", votes=(vote,)),)
    meeting = factories.recorded(branch, "2026-11-20", "MM", topics=topics, marks=marks, now=NOW)
    before = queries.sheet_of(meeting)
    start = forms.written(meeting)
    sent = forms.typed({**forms.sent_of(start), "id": meeting.pk, "photos": ()})
    row = PartyBranch.objects.select_related("unit").get(pk=branch.pk)
    form = forms.MeetingForm(sent, branch=row, user=branch.recorder, meeting=meeting, start=start)
    assert form.is_valid(), form.problems
    assert form.sheet().topics == before.topics


def shifts(branch: Branch) -> dict:
    """Nine in the first session, eight in the second, one of them in both, two away."""
    marks = {f"mark-{member.pk}": "s2" for member in branch.members[9:16]}
    marks |= {f"mark-{branch.members[8].pk}": "s1-2"}
    marks |= {f"mark-{member.pk}": "absent" for member in branch.members[16:]}
    rest = {f"mark-{member.pk}": "s1" for member in branch.members[:8]}
    # the recorder is one of those who came
    times = {"start": "09:00", "end": "10:00", "shifts": ({"start": "15:00", "end": "16:00"},)}
    return times | marks | rest | {"recorder": branch.members[8].pk}


def test_22_sessions_are_entered_by_who_came_to_which(recorder, branch):
    branch.recorder = branch.members[8]
    assert recorder.post(NEW, typed(branch, "TD", **shifts(branch))).status_code == 302
    made = Meeting.objects.get()
    tally = queries.tally_of(made)
    assert (tally.present, tally.due, str(tally.rate)) == (16, 18, "88.9")
    hours = [
        (timezone.localtime(row.starts_at).hour, timezone.localtime(row.ends_at).hour) for row in made.sessions.all()
    ]
    assert hours == [(9, 10), (15, 16)]
    text = recorder.get(made.get_absolute_url()).content.decode()
    assert "09:00–10:00，到9人" in text and "15:00–16:00，到8人" in text
    paper = recorder.get(reverse("meetings:meeting_minutes", args=[made.pk])).content.decode()
    assert "第1场 09:00–10:00，到会9人" in paper and "第2场 15:00–16:00，到会8人" in paper
    edit = recorder.get(reverse("meetings:meeting_edit", args=[made.pk])).content.decode()
    assert edit.count('<option value="s2" data-tone="ok" selected>') == 7
    assert edit.count('<option value="s1-2" data-tone="ok" selected>') == 1 and 'value="15:00"' in edit


def test_the_next_meeting_starts_with_the_hours_of_the_first_session_and_a_copy_with_all(recorder, branch):
    recorder.post(NEW, typed(branch, "TD", **shifts(branch), day="2026-11-19"))
    blank = recorder.get(f"{NEW}?kind=TD&day=2026-11-18").content.decode()
    assert 'name="end" value="10:00"' in blank and 'name="shifts-TOTAL_FORMS" value="0"' in blank
    copy = recorder.get(f"{NEW}?kind=TD&day=2026-11-18&copy=1").content.decode()
    assert 'name="shifts-0-start" value="15:00"' in copy and 'name="end" value="10:00"' in copy


@pytest.mark.parametrize("topic", [{"kind": "vote", "title": "评优"}, {"kind": "other", "title": "x", "votes": "one"}])
def test_22_nothing_is_voted_on_in_sessions(recorder, branch, topic):
    if "votes" in topic:
        topic = topic | {"votes": (count("ordinary", ayes="9"),)}
    answer = recorder.post(NEW, typed(branch, "TD", topics=(topic,), **shifts(branch)))
    text = answer.content.decode()
    assert answer.status_code == 422 and "分场次开的会不能表决，表决要一次到齐" in text
    assert text.count('<option value="s2" data-tone="ok" selected>') == 7 and 'value="16:00"' in text


@pytest.mark.parametrize(
    ("start", "end", "sentence"),
    [
        ("15:00", "14:00", "第2场的结束时间要晚于开始时间"),
        ("09:30", "11:00", "第2场要在前一场结束以后开始"),
        ("15:00", "", "场次1：写时刻"),
    ],
)
def test_sessions_follow_each_other(recorder, branch, start, end, sentence):
    times = {"start": "09:00", "end": "10:00", "shifts": ({"start": start, "end": end},)}
    answer = recorder.post(NEW, typed(branch, "TD", **times))
    assert answer.status_code == 422 and sentence in answer.content.decode()


def test_live_panel_brings_the_roll_of_the_sessions(recorder, branch):
    values = typed(
        branch, "TD", start="09:00", end="10:00", shifts=({"start": "15:00", "end": "16:00"},), roll_shifts="1"
    )
    values[f"mark-{branch.members[3].pk}"] = "leave_sick"
    text = recorder.post(PREVIEW, values, headers={"HX-Request": "true"}).content.decode()
    assert 'hx-swap-oob="true"' in text and "默认都在第1场" in text
    assert text.count('<option value="s1" data-tone="" selected>') == 17
    again = recorder.post(PREVIEW, values | {"roll_shifts": "2"}, headers={"HX-Request": "true"}).content.decode()
    assert "hx-swap-oob" not in again
