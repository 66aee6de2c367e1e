"""The programming interface: the same rules as the pages, scope and refusals in one shape."""

import pytest

from brigade.kit.ids import new_id
from enforcement.hazards.api import READS
from enforcement.hazards.models import Hazard
from tests.brigade.org.factories import unit
from tests.enforcement.hazards.world import closed, graded, notified, photo, registered, reported, submitted

pytestmark = pytest.mark.django_db
DAY = "2025-05-06T08:00"
LIST = "/api/v1/hazards/"


def send(client, person, address, **data):
    client.force_login(person)
    return client.post(address, data, content_type="application/json")


def move(client, person, hazard, code, **data):
    """With the version that stands there now, unless another is named."""
    data = {"version": Hazard.objects.get(pk=hazard.pk).version} | data
    return send(client, person, f"{LIST}{hazard.pk}/moves/{code}/", **data)


def report_of(world, **more):
    picture = photo(world.officer, DAY)
    return {
        "id": str(new_id()),
        "category": "intersection",
        "source": "patrol",
        "town": world.town.pk,
        "location": {"lat": 36.456, "lon": 115.9855, "coord_sys": "wgs84", "geo_source": "gps"},
        "photos": [{"file": str(picture.file_id), "taken_at": "2025-05-06T08:00:00+08:00"}],
    } | more


def test_a_report_answers_with_its_number_and_what_can_be_done(world, client):
    given = report_of(world)
    answer = send(client, world.officer, LIST, **given)
    assert answer.status_code == 201, answer.content.decode()
    assert answer.json()["number"].endswith("-00001")
    assert {row["code"] for row in answer.json()["available_moves"]} == {"amend"}
    assert send(client, world.officer, LIST, **given).json()["id"] == given["id"]
    assert Hazard.objects.count() == 1


@pytest.mark.parametrize(
    ("location", "status", "words"),
    [
        ({"lat": 115.9855, "lon": 36.456, "coord_sys": "wgs84", "geo_source": "gps"}, 422, "填反了"),
        ({"lat": 39.9, "lon": 116.4, "coord_sys": "wgs84", "geo_source": "gps"}, 422, "不在辖区内"),
        ({"road": "X999", "stake_start": "K1"}, 400, "X999"),
        ({"lat": "north"}, 400, ""),
        ({}, 422, "写明位置"),
    ],
)
def test_a_place_that_cannot_be_right_is_refused_in_a_sentence(world, client, location, status, words):
    answer = send(client, world.officer, LIST, **report_of(world, location=location))
    assert answer.status_code == status
    assert words in answer.json()["detail"]
    assert not Hazard.objects.exists()


def test_the_same_place_is_stopped_until_it_is_said_to_be_new(world, client):
    known = reported(world, DAY)
    answer = send(client, world.officer, LIST, **report_of(world))
    assert (answer.status_code, answer.json()["field"]) == (422, "is_new")
    assert known.number in answer.json()["detail"]
    assert send(client, world.officer, LIST, **report_of(world, is_new=True)).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_moves_are_made_and_refused_as_on_the_page(world, client):
    hazard = reported(world, DAY)
    assert move(client, world.officer, hazard, "register", note="现场核实").status_code == 403
    assert move(client, world.captain, hazard, "register").json()["field"] == "note"
    assert move(client, world.captain, hazard, "register", note="现场核实").json()["state"] == "registered"
    assert move(client, world.clerk, hazard, "notify", owner=world.highway.pk).status_code == 422
    assert move(client, world.clerk, hazard, "fly").status_code == 404
    assert move(client, world.clerk, hazard, "grade", version=1).status_code == 409
    assert move(client, world.clerk, hazard, "grade").json()["grade"] == "general"


def test_a_notice_through_the_interface(world, client):
    hazard = graded(world, DAY)
    given = {"owner": world.highway.pk, "due_on": "2099-01-01", "signed_by": world.deputy.pk}
    answer = move(client, world.clerk, hazard, "notify", **given).json()
    assert (answer["state"], [row["kind"] for row in answer["documents"]]) == ("notified", ["notice"])


@pytest.mark.django_db(transaction=True)
def test_what_a_verification_lacks_is_said(world, client):
    hazard = submitted(world, DAY)
    answer = move(client, world.other, hazard, "verify", second=world.captain.pk, checks={"works": True})
    assert (answer.status_code, answer.json()["field"]) == (422, "checks")


def test_a_hazard_handed_to_another_squadron_is_out_of_sight(world, client):
    hazard = registered(world, DAY)
    other = unit("城区二中队", parent=world.brigade)
    assert move(client, world.captain, hazard, "reassign", unit=other.pk).status_code == 204
    hazard.refresh_from_db()
    assert hazard.unit == other


@pytest.mark.parametrize("code", sorted(READS))
def test_no_move_is_made_without_the_version_that_was_read(world, client, code):
    hazard = reported(world, DAY)
    answer = send(client, world.clerk, f"{LIST}{hazard.pk}/moves/{code}/", note="看了照片", reason="不属实")
    assert (answer.status_code, answer.json()["field"]) == (400, "version")
    hazard.refresh_from_db()
    assert (hazard.state, hazard.version) == ("reported", 1)


@pytest.mark.django_db(transaction=True)
def test_correcting_needs_the_version_that_was_read(world, client):
    hazard = reported(world, DAY)
    client.force_login(world.clerk)
    change = lambda **data: client.patch(f"{LIST}{hazard.pk}/", data, content_type="application/json")  # noqa: E731
    assert change(description="补充").status_code == 400
    assert change(version=1, description="补充", defect="branch_access").json()["description"] == "补充"
    assert change(version=2, defect="pothole").json()["field"] == "defect"


# Scenario 22


@pytest.mark.django_db(transaction=True)
def test_22_a_liaison_reaches_only_what_was_sent_to_his_organisation(world, client):
    hazard, unsent = notified(world, DAY), graded(world, DAY)
    address = f"{LIST}{hazard.pk}/"
    client.force_login(world.stranger)
    assert client.get(address).status_code == 404
    assert client.get(LIST).json()["results"] == []
    assert move(client, world.stranger, hazard, "accept").status_code == 404
    client.force_login(world.liaison)
    assert client.get(address).status_code == 200
    assert client.get(f"{LIST}{unsent.pk}/").status_code == 404
    assert [row["number"] for row in client.get(LIST).json()["results"]] == [hazard.number]
    assert move(client, world.liaison, hazard, "accept").json()["state"] == "accepted"
    assert move(client, world.liaison, hazard, "transfer", reason="不归我们").status_code == 403


def test_lists_ask_the_same_however_many_rows_there_are(world, client, django_assert_max_num_queries):
    client.force_login(world.clerk)
    reported(world, DAY)
    client.get(LIST)
    with django_assert_max_num_queries(12) as one:
        client.get(LIST)
    for _n in range(3):
        reported(world, DAY)
    with django_assert_max_num_queries(len(one)):
        assert len(client.get(LIST).json()["results"]) == 4


def test_categories_with_their_defaults(world, client):
    client.force_login(world.officer)
    rows = client.get("/api/v1/hazard-categories/").json()["results"]
    assert len(rows) == 16
    assert client.get("/api/v1/hazard-categories/signals/").json()["verified"] == "default"


def test_an_owner_reads_only_what_was_sent_to_him(client, world):
    hazard = closed(world, DAY)
    address = f"/api/v1/hazards/{hazard.pk}/"
    client.force_login(world.liaison)
    seen = client.get(address).json()
    assert seen["register_note"] == ""
    assert {row["kind"] for row in seen["documents"]} == {"notice"}
    assert {row["kind"] for row in seen["photos"]} == {"before", "after"}
    [line] = client.get(LIST).json()["results"]
    for shown in (seen, line):
        assert (shown["source"], shown["reporter_count"]) == (None, None)  # who reported it is no business of his
    client.force_login(world.captain)
    seen = client.get(address).json()
    assert (seen["source"], seen["reporter_count"]) == ("patrol", 1)
    assert seen["register_note"] == "现场核实"
    assert {row["kind"] for row in seen["documents"]} == {"notice", "verification", "closing"}
