"""The API of requests: the same actions, refusals and scope as the pages."""

import pytest
from django.utils import timezone

from brigade.kit.ids import new_id
from services.requests.models import ServiceRequest
from services.requests.states import Ending
from tests.brigade.org.factories import person, unit
from tests.services.requests.world import World, marks, taken_in

pytestmark = pytest.mark.django_db
REQUESTS = "/api/v1/requests/"


@pytest.fixture
def api(client, world):
    client.force_login(world.clerk)

    def call(method: str, url: str, body: dict | None = None):
        return getattr(client, method)(url, body, content_type="application/json")

    return call


def body(world: World, code: str, ending: str, missing: int = 0, **fields) -> dict:
    statuses = {str(pk): status for pk, (status, _note) in marks(code, missing).items()}
    return {"id": str(new_id()), "unit": world.hall.pk, "item": code, "ending": ending, "materials": statuses, **fields}


def test_request_is_settled_on_the_spot(api, world):
    answer = api("post", REQUESTS, body(world, "PL02", "settle", external_no="X-1"))
    assert answer.status_code == 201
    made = answer.json()
    assert (made["state"], made["item"], made["external_no"]) == ("completed", "PL02", "X-1")
    assert [paper["status"] for paper in made["materials"]] == ["ok", "ok"]


def test_same_id_is_the_same_request(api, world):
    sent = body(world, "PL02", "settle")
    assert api("post", REQUESTS, sent).json()["number"] == api("post", REQUESTS, sent).json()["number"]
    assert ServiceRequest.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "status", "sentence"),
    [
        ({"item": "XX99"}, 422, "先选事项：输代码、拼音或首字母"),
        ({"unit": 999999}, 422, "没有这个大厅，或者不是你办件的大厅"),
        ({"materials": {"1": "ok"}}, 422, "有材料不属于这个事项，请重新选事项"),
        ({"materials": {}}, 422, "材料不齐，不能当场办结：“机动车所有人身份证明”还没看；“损毁的行驶证”还没看"),
        ({"ending": "accept"}, 422, "办件还要接着办，写明办事人姓名"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(api, world, fields, status, sentence):
    if fields.get("materials") == {"1": "ok"}:
        other = taken_in(world, "VR01", "2026-06-12T10:00", Ending.RECEIVE).papers[0].material_id
        fields = {"materials": {str(other): "ok"}}
    answer = api("post", REQUESTS, {**body(world, "PL02", "settle"), **fields})
    assert (answer.status_code, answer.json()["detail"]) == (status, sentence)


@pytest.mark.parametrize("junk", [{}, {"id": 5}, {"materials": []}, {"version": "x"}, {"citizen_name": ["a"]}])
def test_junk_is_a_bad_request(api, world, junk):
    assert api("post", REQUESTS, {**({} if not junk else body(world, "PL02", "settle")), **junk}).status_code in (
        201,
        400,
    )


def test_available_moves_say_what_is_missing(api, world):
    made = taken_in(world, "PL02", f"{timezone.localtime():%Y-%m-%dT%H:%M}", Ending.RECEIVE, missing=1)
    moves = {row["code"]: row["why_not"] for row in api("get", f"{REQUESTS}{made.pk}/").json()["available_moves"]}
    assert moves["notify"] == ""
    assert moves["accept"] == "材料不齐，不能受理：缺“机动车所有人身份证明”"
    assert "reject" not in moves and "deem" not in moves


def test_moves_are_made_by_their_name(api, world):
    made = taken_in(world, "PL01", "2026-06-12T10:00")
    begun = api("post", f"{REQUESTS}{made.pk}/moves/start/", {"version": made.version}).json()
    assert begun["state"] == "processing"
    sent = {"version": begun["version"], "outcome": "approved", "external_no": "X-2"}
    answer = api("post", f"{REQUESTS}{made.pk}/moves/complete/", sent)
    assert (answer.status_code, answer.json()["state"]) == (200, "completed")
    assert api("post", f"{REQUESTS}{made.pk}/moves/deem/", {}).status_code == 404


def test_a_move_needs_the_version_that_was_read(api, world):
    made = taken_in(world, "PL01", "2026-06-12T10:00")
    answer = api("post", f"{REQUESTS}{made.pk}/moves/start/", {})
    assert (answer.status_code, answer.json()["field"]) == (400, "version")
    made.refresh_from_db()
    assert made.state == "accepted"


@pytest.mark.django_db(transaction=True)
def test_stale_version_answers_409(api, world):
    made = taken_in(world, "PL01", "2026-06-12T10:00")
    answer = api("post", f"{REQUESTS}{made.pk}/moves/start/", {"version": made.version + 3})
    assert answer.status_code == 409
    assert answer.json()["detail"].endswith("改过，看过新内容再提交；填的内容还在")
    assert answer.json()["fields"] == []


def test_illegal_move_answers_422(api, world):
    made = taken_in(world, "PL01", "2026-06-12T10:00")
    sent = {"version": made.version, "delivery_kind": "window", "delivery_note": "本人"}
    answer = api("post", f"{REQUESTS}{made.pk}/moves/deliver/", sent)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("现在是“已受理”，不能送达")


def test_request_of_another_hall_is_not_found(client, world):
    made = taken_in(world, "PL01", "2026-06-12T10:00")
    client.force_login(person("window_clerk", at=unit("另一大厅", parent=world.brigade, tree="hall", kind="hall")))
    assert client.get(f"{REQUESTS}{made.pk}/").status_code == 404
    assert client.get(REQUESTS).json()["results"] == []
    assert client.post(f"{REQUESTS}{made.pk}/moves/start/", {}, content_type="application/json").status_code == 404


def test_list_holds_tails_only(api, world):
    made = taken_in(world, "PL01", "2026-06-12T10:00")
    row = api("get", REQUESTS).json()["results"][0]
    assert row["id"] == str(made.pk) and row["phone_tail"] == "0024"
    assert not any("sealed" in name or "index" in name for name in row)


def test_catalogue_is_read_only(api, world):
    found = api("get", "/api/v1/service-items/PL02/").json()
    assert (found["statutory_days"], found["promised_days"], found["verified"]) == (1, 0, "yes")
    assert [row["name"] for row in found["materials"]] == ["机动车所有人身份证明", "损毁的行驶证"]
    assert api("post", "/api/v1/service-items/", {}).status_code == 405


def test_nobody_is_let_in_without_signing_in(client, world):
    assert client.get(REQUESTS).status_code in (302, 401, 403)


def test_officer_without_a_hall_takes_nothing_in(client, world):
    client.force_login(world.leader)
    answer = client.post(REQUESTS, body(world, "PL02", "settle"), content_type="application/json")
    assert (answer.status_code, answer.json()["detail"]) == (422, "没有这个大厅，或者不是你办件的大厅")


@pytest.mark.django_db(transaction=True)
def test_what_was_not_known_before_is_patched_and_a_stale_version_is_a_conflict(api, world):
    made = taken_in(world, "PL01", "2026-06-12T10:00")
    address = f"{REQUESTS}{made.pk}/"
    sent = {"version": made.version, "external_no": "HZ-77"}
    answer = api("patch", address, sent)
    assert answer.status_code == 200, answer.json()
    assert (answer.json()["external_no"], answer.json()["citizen_name"]) == ("HZ-77", made.citizen_name)
    assert api("patch", address, sent).status_code == 409
    assert api("patch", address, {"external_no": "HZ-78"}).status_code == 400
    nameless = api("patch", address, {"version": answer.json()["version"], "citizen_name": "刘某"})
    assert (nameless.status_code, nameless.json()["detail"]) == (422, "改办事人要同时写手机号或证件号")
