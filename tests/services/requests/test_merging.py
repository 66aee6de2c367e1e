"""Two window officers write into one request: papers merge paper by paper, a move that is no edit is refused."""

import re
from html import unescape

import pytest
from django.urls import reverse

from services.requests.states import Ending, MaterialStatus
from tests.services.requests.world import taken_in

pytestmark = pytest.mark.django_db


def opened(client, address):
    text = client.get(address).content.decode()
    return {name: unescape(re.search(rf'name="{name}" value="([^"]*)"', text)[1]) for name in ("base", "version")}


def papers(made, **changed):
    own = {f"material-{paper.material_id}": paper.status for paper in made.papers}
    return own | {f"material-{made.papers[int(at[1:])].material_id}": status for at, status in changed.items()}


def move(made, code):
    return reverse("requests:servicerequest_move", args=[made.pk, code])


def test_two_officers_look_at_different_papers_and_both_marks_stay(client, world):
    made = taken_in(world, "PL01", "2026-06-12T10:00", Ending.RECEIVE)
    check = move(made, "check_materials")
    client.force_login(world.clerk)
    mine = opened(client, check)
    client.force_login(world.other)
    assert client.post(check, papers(made, p0=MaterialStatus.MISSING) | opened(client, check)).status_code == 302
    client.force_login(world.clerk)
    assert client.post(check, papers(made, p1=MaterialStatus.INVALID) | mine).status_code == 302
    made.refresh_from_db()
    assert [paper.status for paper in type(made).objects.get(pk=made.pk).papers[:2]] == ["missing", "invalid"]


def test_the_same_paper_marked_differently_is_asked(client, world):
    made = taken_in(world, "PL01", "2026-06-12T10:00", Ending.RECEIVE)
    check = move(made, "check_materials")
    client.force_login(world.clerk)
    mine = opened(client, check)
    client.force_login(world.other)
    client.post(check, papers(made, p0=MaterialStatus.MISSING) | opened(client, check))
    client.force_login(world.clerk)
    answer = client.post(check, papers(made, p0=MaterialStatus.INVALID) | mine)
    text = answer.content.decode()
    assert answer.status_code == 409
    assert f'name="take-material-{made.papers[0].material_id}"' in text and world.other.name in text


def test_filling_in_the_number_does_not_put_back_the_citizens_name(client, world):
    made = taken_in(world, "PL01", "2026-06-12T10:00")
    amend = move(made, "amend")
    client.force_login(world.clerk)
    page = client.get(amend).content.decode()
    own = {"citizen_name": made.citizen_name, "id_kind": made.id_kind}
    mine = opened(client, amend)
    client.force_login(world.other)
    his = own | {"citizen_name": "李四", "phone": "13900002222"} | opened(client, amend)
    assert client.post(amend, his).status_code == 302
    client.force_login(world.clerk)
    assert client.post(amend, own | mine | {"external_no": "YS20260612"}).status_code == 302
    made = type(made).objects.get(pk=made.pk)
    assert (made.citizen_name, made.external_no) == ("李四", "YS20260612")
    for name in ("phone", "id_no", "citizen_name"):
        assert re.search(rf'name="{name}"[^>]*data-no-draft', page), "never kept in a browser or as a draft"


def test_the_same_sealed_number_changed_by_both_is_asked(client, world):
    made = taken_in(world, "PL01", "2026-06-12T10:00")
    amend = move(made, "amend")
    client.force_login(world.clerk)
    own = {"citizen_name": made.citizen_name, "id_kind": made.id_kind}
    mine = opened(client, amend)
    client.force_login(world.other)
    assert client.post(amend, own | {"phone": "13900002222"} | opened(client, amend)).status_code == 302
    client.force_login(world.clerk)
    answer = client.post(amend, own | mine | {"phone": "13700003333"})
    assert answer.status_code == 409 and "已改，不显示" in answer.content.decode()
    assert type(made).objects.get(pk=made.pk).phone_tail == "2222"
