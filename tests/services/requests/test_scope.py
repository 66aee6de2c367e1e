"""Which services a hall takes in: its own dated decision, who makes it, and what the clerk reads."""

import re

import pytest

from brigade.audit.models import AuditEvent
from brigade.kit.ids import new_id
from brigade.kit.refusals import NotAllowed
from brigade.org.states import Role, Tree, UnitKind
from services.requests import actions
from services.requests.models import ItemScope, ServiceItem, ServiceRequest
from services.requests.states import Ending
from tests.brigade.org.factories import person, unit
from tests.moves import refusal
from tests.services.requests.world import at, day, item, marks, taken_in

pytestmark = pytest.mark.django_db
ITEM = "/services/items/SB01/"


def decided(world, *, code="SB01", in_scope=False, since="2026-06-12", by=None, now="2026-06-12T09:00", **fields):
    given = {"elsewhere": "" if in_scope else "聊城市车管所", "basis": "支队通知第3号", **fields}
    return actions.set_scope(
        by=by or world.head,
        item=item(code),
        unit=given.pop("unit", world.hall),
        in_scope=in_scope,
        valid_from=day(since),
        now=at(now),
        **given,
    )


def test_a_service_out_of_scope_is_refused_with_the_place_that_does_it(world):
    decided(world)
    said = refusal(lambda: taken_in(world, "SB01", "2026-06-12T10:00", Ending.RECEIVE))
    assert said == "“校车使用许可征求意见回复”不在本所办理范围，请群众到聊城市车管所办（令164第2条）"
    assert ServiceRequest.objects.count() == 0


def test_a_decision_counts_from_its_day_and_a_later_one_replaces_it(world):
    decided(world, since="2026-06-15")
    assert taken_in(world, "SB01", "2026-06-12T10:00", Ending.RECEIVE)
    refusal(lambda: taken_in(world, "SB01", "2026-06-15T10:00", Ending.RECEIVE))
    decided(world, in_scope=True, since="2026-06-22")
    refusal(lambda: taken_in(world, "SB01", "2026-06-18T10:00", Ending.RECEIVE))
    assert taken_in(world, "SB01", "2026-06-22T10:00", Ending.RECEIVE)


def test_what_was_taken_in_before_goes_on(world):
    made = taken_in(world, "PL01", "2026-06-12T10:00", Ending.RECEIVE)
    decided(world, code="PL01")
    assert actions.accept(by=world.clerk, request=made, now=at("2026-06-12T10:05")).state == "accepted"


def test_a_decision_of_one_hall_is_none_of_another(world):
    other = unit("另一大厅", parent=world.brigade, tree=Tree.HALL, kind=UnitKind.HALL)
    decided(world)
    there = ServiceItem.objects.in_hall(other, day("2026-06-12")).get(code="SB01")
    here = ServiceItem.objects.in_hall(world.hall, day("2026-06-12")).get(code="SB01")
    assert (here.is_offered, there.is_offered) == (False, True)


def test_loading_the_catalogue_again_leaves_the_decisions_of_halls_alone(world):
    decided(world)
    actions.load_catalogue(today=day("2026-06-13"))
    assert not ServiceItem.objects.in_hall(world.hall, day("2026-06-13")).get(code="SB01").is_offered
    assert ServiceItem.objects.filter(code="SB01").count() == 1


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"since": "2026-06-11"}, "只能从今天或以后的日期起改，以前收的件不变"),
        ({"basis": " "}, "写明依据，例如通知的文号"),
        ({"elsewhere": " "}, "写明群众该到哪里办"),
        ({"in_scope": True}, "从这天起本来就是这样，不用再定"),
    ],
)
def test_a_decision_says_from_when_on_what_basis_and_where_else(world, fields, sentence):
    assert refusal(lambda: decided(world, **fields)) == sentence


def test_the_head_and_the_business_administrator_decide_and_nobody_else(world):
    admin = person(Role.BUSINESS_ADMIN, at=world.brigade)
    assert decided(world, by=admin).decided_by == admin
    for other in (world.clerk, world.lead, world.reviewer, world.leader):
        assert refusal(lambda by=other: decided(world, by=by, in_scope=True), NotAllowed)
    stranger = person(Role.HALL_HEAD, at=unit("另一大厅", parent=world.brigade, tree=Tree.HALL, kind=UnitKind.HALL))
    assert refusal(lambda: decided(world, by=stranger, in_scope=True), NotAllowed) == "办理范围由所长或业务管理员定"


def test_a_decision_stands_in_the_audit_trail(world):
    decided(world)
    event = AuditEvent.objects.get(verb="item.scoped")
    assert (event.actor_id, event.unit_id, event.target_number) == (world.head.pk, world.hall.pk, "SB01")
    assert "不办" in event.changes_text and "支队通知第3号" in event.note


def test_the_page_of_a_service_shows_how_the_hall_stands_and_lets_the_head_change_it(client, world):
    client.force_login(world.head)
    assert "定办理范围" in client.get(ITEM).content.decode()
    form = {"unit": world.hall.pk, "in_scope": "0", "valid_from": "2099-01-01", "elsewhere": "", "basis": "通知"}
    assert "写明群众该到哪里办" in client.post(f"{ITEM}scope/", form).content.decode()
    assert client.post(f"{ITEM}scope/", form | {"elsewhere": "聊城市车管所"}).status_code == 302
    assert "聊城市车管所" in client.get(ITEM).content.decode()
    assert ItemScope.objects.get().valid_from == day("2099-01-01")


def test_the_clerk_reads_it_and_does_not_change_it(client, world):
    client.force_login(world.clerk)
    assert "定办理范围" not in client.get(ITEM).content.decode()
    assert client.get(f"{ITEM}scope/").status_code == 403
    assert client.get("/services/items/XX99/").status_code == 404


def test_the_desk_finds_a_service_out_of_scope_and_says_so_in_one_sentence(client, world):
    actions.set_scope(
        by=world.head,
        item=item("SB01"),
        unit=world.hall,
        in_scope=False,
        valid_from=day("2100-01-01"),
        basis="通知",
        elsewhere="聊城市车管所",
        now=at("2026-06-12T09:00"),
    )
    ItemScope.objects.update(valid_from=day("2026-01-01"))
    client.force_login(world.clerk)
    sentence = "不在本所办理范围，请群众到聊城市车管所办（令164第2条）"
    page = client.get("/services/requests/new/")
    assert page.content.decode().count(sentence) == 1
    assert re.search(r'data-code="SB01"[^>]*data-note="本所不办"', page.text)
    form = {"id": str(new_id()), "unit": world.hall.pk, "item": item("SB01").pk, "ending": "settle"}
    form |= {f"material-{pk}": status for pk, (status, _note) in marks("SB01").items()}
    answer = client.post("/services/requests/new/", form)
    assert answer.status_code == 422 and sentence in answer.content.decode()


def test_the_ledger_of_services_says_which_are_not_done_here(client, world):
    ServiceItem.objects.filter(code="SB01").update(in_scope=False)
    client.force_login(world.clerk)
    text = client.get("/services/items/?offered=false").content.decode()
    assert "校车使用许可征求意见回复" in text and "注册登记" not in text
