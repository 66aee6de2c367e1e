"""The API of meetings, decisions, waivers and leave: what the pages do, with the same words."""

import pytest

from brigade.kit.ids import new_id
from partybuilding.meetings.models import Decision, Meeting
from tests.attack.town import Town

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(client, town):
    """Calls as the branch's recorder; `by` is somebody else."""

    def call(method, path, body=None, by=None):
        client.force_login(by or town.branch.recorder)
        return getattr(client, method)(f"/api/v1/{path}", body, content_type="application/json")

    return call


def body(town: Town, **fields) -> dict:
    branch = town.branch
    return {
        "id": str(new_id()),
        "unit": branch.pk,
        "day": "2026-06-17",
        "start": "15:00",
        "end": "17:00",
        "place": "会议室",
        "chair": branch.secretary.pk,
        "recorder": branch.recorder.pk,
        "kinds": ["TD"],
        "segments": [
            {"kind": "ST", "start": "15:00", "end": "16:00", "topic": "学习条例"},
            {"kind": "PL", "start": "16:00", "end": "17:00", "topic": "党课", "lecturer": branch.secretary.pk},
        ],
        "agenda": [
            {
                "kind": "deliberate",
                "title": "会议室的灯",
                "tasks": [{"title": "修好", "owner": branch.members[1].pk, "due_on": "2026-06-30"}],
            }
        ],
        "marks": [{"person": branch.members[2].pk, "status": "leave_duty", "reason": "执勤"}],
        "backfill_reason": "补录",
        **fields,
    }


def test_a_meeting_is_written_down_in_one_call(api, town):
    answer = api("post", "meetings/", body(town))
    assert answer.status_code == 201, answer.json()
    made = answer.json()
    assert (made["state"], made["version"]) == ("recorded", 1)
    assert {row["kind"] for row in made["segments"]} == {"TD", "ST", "PL"}
    absent = [row for row in made["attendances"] if row["status"] != "present"]
    assert [(row["person"], row["reason"]) for row in absent] == [(town.branch.members[2].pk, "执勤")]
    assert Decision.objects.get(meeting=made["id"]).title == "修好"


def test_the_same_id_is_the_same_meeting(api, town):
    sent = body(town)
    count = Meeting.objects.count()
    numbers = {api("post", "meetings/", sent).json()["number"] for _n in range(2)}
    assert len(numbers) == 1 and Meeting.objects.count() == count + 1


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"end": "14:00"}, "结束时间要晚于开始时间"),
        ({"day": "2099-01-01"}, "会议还没有开始，不能记录"),
        ({"segments": [{"kind": "GM", "start": "15:00", "end": "16:00"}]}, ""),
        ({"unit": 999999}, "没有这个支部，或者不在你能办的范围内"),
    ],
)
def test_what_cannot_be_written_down_is_refused_in_one_sentence(api, town, fields, sentence):
    count = Meeting.objects.count()
    answer = api("post", "meetings/", body(town, **fields))
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(sentence) and answer.json()["detail"]
    assert Meeting.objects.count() == count


def test_moves_are_made_by_their_name_and_say_what_is_missing(api, town):
    made = api("post", "meetings/", body(town)).json()
    shown = {row["code"]: row["why_not"] for row in api("get", f"meetings/{made['id']}/").json()["available_moves"]}
    assert "confirm" not in shown and "void" in shown
    answer = api("post", f"meetings/{made['id']}/moves/confirm/", {"version": 1}, by=town.branch.secretary)
    assert answer.status_code in (200, 422), answer.json()
    assert api("post", f"meetings/{made['id']}/moves/expire/", {}).status_code == 404


def test_a_decision_is_finished_by_its_owner(api, town):
    owner = town.branch.members[1]
    path = f"decisions/{town.decision.pk}/moves/finish/"
    assert api("post", path, {"version": town.decision.version}, by=owner).json()["detail"] == "写一句办理结果"
    answer = api("post", path, {"result": "灯已修好", "version": town.decision.version}, by=owner)
    assert (answer.status_code, answer.json()["state"], answer.json()["result"]) == (200, "done", "灯已修好")


def test_a_waiver_is_asked_and_answered(api, town):
    sent = {"id": str(new_id()), "unit": town.branch.pk, "requirement": "MM", "period": "2026-Q3", "reason": "执勤高峰"}
    made = api("post", "waivers/", sent)
    assert (made.status_code, made.json()["state"]) == (201, "asked")
    office = town.branch.recorder.__class__.objects.get(grants__role="party_office")
    answer = api("post", f"waivers/{made.json()['id']}/moves/approve/", {"answer": "同意", "version": 1}, by=office)
    assert (answer.status_code, answer.json()["state"], answer.json()["answer"]) == (200, "approved", "同意")


def test_leave_is_asked_for_oneself(api, town):
    member = town.branch.members[2]
    sent = {"id": str(new_id()), "meeting": str(town.announced.pk), "leave_kind": "leave_sick", "reason": "看病"}
    made = api("post", "leaves/", sent, by=member)
    assert (made.status_code, made.json()["person"]) == (201, member.pk)
    answer = api("post", f"leaves/{made.json()['id']}/moves/approve/", {"version": 1}, by=town.branch.secretary)
    assert (answer.status_code, answer.json()["state"]) == (200, "approved")


NOUNS = ("requests", "meetings", "decisions", "waivers", "leaves", "service-items")


@pytest.mark.parametrize("noun", NOUNS)
def test_a_page_of_a_list_costs_the_same_whatever_its_length(api, town, noun, django_assert_max_num_queries):
    reader = town.hall.clerk if noun in ("requests", "service-items") else town.branch.recorder
    api("get", f"{noun}/", by=reader)
    with django_assert_max_num_queries(10):
        answer = api("get", f"{noun}/?per=200", by=reader)
    assert answer.status_code == 200 and answer.json()["results"]


@pytest.mark.parametrize("noun", NOUNS)
@pytest.mark.parametrize("cursor", ["x", "cD1hYmM=", "cD0yMDk5LTEzLTQ1", "bz0xZTk5OTk=", "%00", "cD0AAA=="])
def test_a_made_up_cursor_leads_nowhere(api, town, noun, cursor):
    assert api("get", f"{noun}/?cursor={cursor}").status_code in (200, 404)


def test_no_page_is_longer_than_two_hundred_rows(api, town):
    assert len(api("get", "service-items/?per=100000").json()["results"]) <= 200
    assert api("get", "service-items/?per=-1&ordering=password&sort=-x").status_code == 200
