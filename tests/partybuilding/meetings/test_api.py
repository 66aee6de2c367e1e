"""The API of meetings, decisions, waivers and leave: the same forms, actions, refusals and scope as the pages."""

from dataclasses import replace

import pytest
from django.utils import timezone

from brigade.kit.ids import new_id
from partybuilding.meetings import actions, queries
from partybuilding.meetings.models import Decision, Meeting, Waiver
from tests.brigade.ledgers.checks import queries_of
from tests.brigade.org.factories import person
from tests.partybuilding import factories
from tests.partybuilding.factories import moment, sheet

pytestmark = pytest.mark.django_db
MEETINGS = "/api/v1/meetings/"
NOW = moment("2026-11-20", "18:00")


@pytest.fixture(autouse=True)
def evening(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def branch():
    return factories.branch(factories.world(), full=12)


@pytest.fixture
def api(client, branch):
    client.force_login(branch.recorder)

    def call(method: str, url: str, body: dict | None = None, by=None):
        if by is not None:
            client.force_login(by)
        return getattr(client, method)(url, body, content_type="application/json")

    return call


def body(branch, **fields) -> dict:
    values = {
        "id": str(new_id()),
        "unit": branch.pk,
        "day": "2026-11-20",
        "start": "15:00",
        "end": "16:00",
        "chair": branch.secretary.pk,
        "recorder": branch.recorder.pk,
        "kinds": ["TD"],
        "segments": [{"kind": "PL", "start": "15:00", "end": "15:40", "lecturer": branch.secretary.pk}],
        "marks": [{"person": branch.members[1].pk, "status": "absent", "reason": "未到"}],
        "agenda": [
            {
                "kind": "vote",
                "title": "路口",
                "votes": [{"kind": "ordinary", "ayes": 11}],
                "tasks": [{"title": "分包", "owner": branch.members[2].pk, "due_on": "2026-12-10"}],
            }
        ],
    }
    return values | fields


def test_meeting_is_recorded_and_confirmed(api, branch):
    made = api("post", MEETINGS, body(branch))
    assert made.status_code == 201, made.json()
    record = made.json()
    meeting = Meeting.objects.get()
    assert record["state"] == "recorded" and meeting.attendances.count() == 12
    assert sorted(meeting.segments.values_list("kind", flat=True)) == ["PL", "TD"]
    assert meeting.agenda.get().votes.get().passed and meeting.attendances.get(status="absent").reason == "未到"
    assert {move["code"] for move in record["available_moves"]} >= {"edit", "void"}
    confirm = f"{MEETINGS}{record['id']}/moves/confirm/"
    assert api("post", confirm, {"version": record["version"]}).status_code == 403
    done = api("post", confirm, {"version": record["version"]}, by=branch.secretary)
    assert (done.status_code, done.json()["state"]) == (200, "confirmed")


def test_same_id_is_the_same_meeting(api, branch):
    sent = body(branch)
    assert api("post", MEETINGS, sent).json()["number"] == api("post", MEETINGS, sent).json()["number"]
    assert Meeting.objects.count() == 1


def test_plan_is_announced_and_called_off(api, branch):
    sent = body(branch, plan=True, day="2026-11-25", agenda=[])
    made = api("post", MEETINGS, sent).json()
    assert made["state"] == "draft"
    address = f"{MEETINGS}{made['id']}/moves/"
    told = api("post", f"{address}notify/", {"version": made["version"]}).json()
    assert told["state"] == "notified"
    empty = api("post", f"{address}cancel/", {"version": told["version"], "reason": ""})
    assert empty.status_code == 422 and "原因" in empty.json()["detail"]
    gone = api("post", f"{address}cancel/", {"version": told["version"], "reason": "勤务"}).json()
    assert gone["state"] == "cancelled"


@pytest.mark.parametrize(
    ("fields", "status", "sentence"),
    [
        ({"kinds": [], "segments": []}, 422, "至少选一项这次包含的内容"),
        ({"end": "14:00"}, 422, "结束时间要晚于开始时间"),
        ({"day": "2026-11-21"}, 422, "会议还没有开始，不能记录"),
        ({"unit": 999999}, 422, "没有这个支部，或者不在你能办的范围内"),
        (
            {"segments": [{"kind": "PL", "start": "15:00", "end": "15:40", "lecturer": 999999}]},
            422,
            "时段1：选的不在可选范围内，请重新选",
        ),
        ({"agenda": [{"kind": "vote", "title": "路口", "tasks": [{"title": "分包"}]}]}, 400, None),
        ({"agenda": [{"kind": "vote", "title": " "}]}, 400, None),
        ({"theme": "字" * 121}, 422, "最多120个字，现在是121个"),
        ({"day": "昨天"}, 400, None),
    ],
)
def test_bad_input_is_refused_in_one_sentence(api, branch, fields, status, sentence):
    answer = api("post", MEETINGS, body(branch, **fields))
    assert answer.status_code == status
    if sentence:
        assert answer.json()["detail"] == sentence
    assert not Meeting.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_old_version_is_a_conflict(api, branch):
    made = api("post", MEETINGS, body(branch)).json()
    answer = api("post", f"{MEETINGS}{made['id']}/moves/void/", {"version": made["version"] + 1, "reason": "重复"})
    assert answer.status_code == 409 and "改过，看过新内容再提交" in answer.json()["detail"]


def test_move_that_is_not_there_or_lacks_something(api, branch):
    made = api("post", MEETINGS, body(branch)).json()
    assert api("post", f"{MEETINGS}{made['id']}/moves/fly/").status_code == 404
    assert api("post", f"{MEETINGS}{made['id']}/moves/archive/", {"version": made["version"]}).status_code == 422
    meeting = factories.held(branch, "2026-11-10", "ST", absent=1)
    sent = {"version": meeting.version, "people": [branch.members[1].pk]}
    lacking = api("post", f"{MEETINGS}{meeting.pk}/moves/make_up/", sent)
    assert (lacking.status_code, lacking.json()["field"]) == (422, "on")


@pytest.mark.django_db(transaction=True)
def test_a_recorded_meeting_becomes_what_is_put(api, branch):
    made = api("post", MEETINGS, body(branch)).json()
    task = Decision.objects.get()
    sent = {name: value for name, value in body(branch).items() if name not in ("id", "unit")}
    sent |= {"place": "二楼", "version": made["version"], "end": "16:30"}
    sent["agenda"][0]["tasks"][0]["id"] = str(task.pk)
    answer = api("put", f"{MEETINGS}{made['id']}/", sent)
    assert answer.status_code == 200, answer.json()
    assert (answer.json()["place"], answer.json()["version"]) == ("二楼", made["version"] + 1)
    assert [row.pk for row in Decision.objects.all()] == [task.pk]
    stale = api("put", f"{MEETINGS}{made['id']}/", sent)
    assert stale.status_code == 409 and "改过，看过新内容再提交" in stale.json()["detail"]


def test_only_what_is_named_is_patched(api, branch):
    shifts = {"start": "09:00", "end": "10:00", "shifts": [{"start": "15:00", "end": "16:00"}], "segments": []}
    marks = [{"person": branch.members[1].pk, "status": "absent", "reason": "未到"}]
    marks += [{"person": branch.members[2].pk, "status": "present", "shifts": [2]}]
    made = api("post", MEETINGS, body(branch, **shifts, agenda=[], marks=marks)).json()
    meeting = Meeting.objects.get()
    before = queries.sheet_of(meeting)
    answer = api("patch", f"{MEETINGS}{made['id']}/", {"theme": "守好路口", "version": made["version"]})
    assert answer.status_code == 200, answer.json()
    meeting.refresh_from_db()
    assert queries.sheet_of(meeting) == replace(before, theme="守好路口")
    assert [len(batch.present) for batch in before.batches] == [10, 1]
    assert api("patch", f"{MEETINGS}{made['id']}/", {"theme": "x"}).json()["detail"] == "写明读到的版本号"


def test_a_meeting_is_not_changed_by_others_nor_once_it_is_confirmed(api, branch):
    meeting = factories.held(branch, "2026-11-10", "TD")
    sent = {"place": "二楼", "version": meeting.version}
    assert api("patch", f"{MEETINGS}{meeting.pk}/", sent).status_code == 422
    assert api("patch", f"{MEETINGS}{meeting.pk}/", sent, by=branch.members[6]).status_code == 403
    assert api("patch", f"{MEETINGS}{meeting.pk}/", sent, by=person()).status_code == 404


def test_other_branches_are_not_there(api, branch):
    meeting = factories.held(branch, "2026-11-10", "TD")
    assert api("get", f"{MEETINGS}{meeting.pk}/", by=person()).status_code == 404
    assert api("get", MEETINGS).json()["results"] == []
    assert api("post", MEETINGS, body(branch)).status_code == 422


def test_lists_cost_constant_queries(api, client, branch):
    api("get", MEETINGS)
    counts = []
    for days in (("2026-11-02",), ("2026-11-03", "2026-11-04", "2026-11-05")):
        for day in days:
            factories.held(branch, day, "TD")
        counts.append(queries_of(client, MEETINGS))
    assert counts[0] == counts[1]


def test_decision_is_finished_by_its_owner(api, branch):
    api("post", MEETINGS, body(branch))
    decision = Decision.objects.get()
    address = f"/api/v1/decisions/{decision.pk}/moves/finish/"
    assert api("post", address, {"version": 1, "result": ""}, by=branch.members[2]).status_code == 422
    assert api("post", address, {"version": 1, "result": "挂了牌"}).json()["state"] == "done"
    assert api("get", "/api/v1/decisions/").json()["results"][0]["result"] == "挂了牌"


def test_waiver_is_asked_and_approved(api, branch):
    sent = {"id": str(new_id()), "unit": branch.pk, "requirement": "CM", "period": "2026-11", "reason": "执勤高峰"}
    assert api("post", "/api/v1/waivers/", sent).status_code == 201
    assert api("post", "/api/v1/waivers/", sent | {"id": str(new_id())}).status_code == 422
    waiver = Waiver.objects.get()
    by = person("political_officer", at=branch.unit.parent.parent)
    address = f"/api/v1/waivers/{waiver.pk}/moves/approve/"
    assert api("post", address, {"version": waiver.version}, by=by).json()["state"] == "approved"


def test_leave_is_asked_for_oneself(api, branch):
    plan = actions.plan_meeting(by=branch.recorder, sheet=sheet(branch, "2026-11-25", "TD"), now=NOW)
    actions.notify_meeting(by=branch.recorder, meeting=plan, now=NOW)
    member = branch.members[6]
    sent = {"id": str(new_id()), "meeting": str(plan.pk), "leave_kind": "leave_sick", "reason": "发烧"}
    made = api("post", "/api/v1/leaves/", sent, by=member)
    assert made.status_code == 201 and made.json()["person"] == member.pk
    other = sent | {"id": str(new_id()), "person": branch.members[7].pk}
    assert api("post", "/api/v1/leaves/", other, by=member).status_code == 403
    assert api("post", "/api/v1/leaves/", other, by=branch.recorder).json()["created_by"] == branch.recorder.pk
    address = f"/api/v1/leaves/{made.json()['id']}/moves/approve/"
    assert api("post", address, {"version": 1}, by=member).status_code == 403
    assert api("post", address, {"version": 1}, by=branch.secretary).json()["state"] == "approved"
