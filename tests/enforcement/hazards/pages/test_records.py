"""The page of a hazard: who sees what of it, what comes next, its photos and papers."""

import pytest
from django.urls import reverse
from django.utils import timezone

from brigade.audit.models import AuditEvent
from brigade.org.states import Role
from enforcement.hazards import actions
from enforcement.hazards.models import Hazard, Owner
from enforcement.hazards.rules import Place
from enforcement.hazards.states import HazardState
from tests.brigade.org.factories import person, unit
from tests.enforcement.hazards.world import (
    closed,
    controlled,
    drawn,
    graded,
    handed_in,
    later,
    notified,
    photo,
    rectifying,
    registered,
    reported,
    submitted,
)

pytestmark = pytest.mark.django_db
DAY = "2025-05-06T08:00"


def shown(client, who, hazard) -> str:
    client.force_login(who)
    answer = client.get(hazard.get_absolute_url())
    assert answer.status_code == 200
    return answer.content.decode()


def got(client, address) -> tuple[int, str]:
    answer = client.get(address)
    answer.getvalue()
    return answer.status_code, answer["Content-Type"]


@pytest.mark.parametrize("state", HazardState.values)
def test_it_opens_in_every_state_for_whoever_may_see_it(client, world, state):
    hazard, other = closed(world, DAY, major=True), reported(world, DAY)
    Hazard.objects.filter(pk=hazard.pk).update(
        state=state, state_before="rectifying", review_on=timezone.localdate(), dup_of=other
    )
    for who in (
        world.officer,
        world.auxiliary,
        world.clerk,
        world.captain,
        world.deputy,
        world.inspector,
        world.office,
    ):
        shown(client, who, hazard)


def test_its_way_has_at_most_eight_steps_and_overdue_is_none_of_them(client, world):
    hazard = rectifying(world, DAY, days=3)
    client.force_login(world.captain)
    answer = client.get(hazard.get_absolute_url())
    steps = answer.context["track"]
    assert len(steps) == 8
    assert [step["label"] for step in steps if step["stage"] == "now"] == ["整改中"]
    text = answer.content.decode()
    assert "已逾期" in text
    assert "提交核验还缺2项" in text


def test_the_next_step_says_by_when_and_on_what_ground(client, world):
    hazard = rectifying(world, timezone.localtime().isoformat(timespec="minutes")[:16], days=20)
    text = shown(client, world.captain, hazard)
    due = timezone.localdate(hazard.due_at)
    assert f"{due.month}月{due.day}日前提交核验" in text
    assert "未延期，最多可延2次" in text
    assert "逾期第1、7、15、30天" in text


def test_a_major_hazard_without_interim_measures_says_why_no_notice_goes_out(client, world):
    hazard = graded(world, DAY, major=True)
    text = shown(client, world.clerk, hazard)
    assert "重大隐患先登记临时管控措施，才能发整改通知" in text
    assert "发整改通知还缺1项" in text
    assert f"{hazard.get_absolute_url()}moves/control/" in text


def test_an_objection_and_an_extension_stand_in_the_words_of_the_next_step(client, world):
    hazard = actions.dispute(by=world.liaison, hazard=notified(world, DAY), now=later(DAY, hours=4), reason="不归我们")
    text = shown(client, world.clerk, hazard)
    assert "等会商，整改期限暂停计时" in text and "不归我们" in text
    hazard = rectifying(world, DAY)
    actions.ask_extension(by=world.liaison, hazard=hazard, now=later(DAY, days=1), days=5, reason="等材料")
    assert "已申请延长5天" in shown(client, world.deputy, hazard)


def test_what_an_objection_stops_is_late_nowhere(client, world):
    hazard = actions.dispute(by=world.liaison, hazard=notified(world, DAY), now=later(DAY, days=1), reason="不归我们")
    for who, ledger in ((world.liaison, "/enforcement/hazards/sent/"), (world.captain, "/enforcement/hazards/")):
        moved = shown(client, who, hazard).partition("这条记录牵动")[2]
        assert "暂停计时" in moved
        own = moved.partition("会商责任单位的异议")[0]
        assert "签收整改通知" in own and "is-late" not in own
        row = client.get(f"{ledger}?all=1").content.decode()
        assert hazard.number in row and "is-late" not in row


def test_what_is_listed_says_so(client, world):
    hazard = rectifying(world, DAY)
    listing = {"level": "county", "document_no": "东安委〔2025〕3号", "leader": "区领导甲"}
    on = later(DAY).date()
    actions.list_hazard(by=world.office, hazard=hazard, now=later(DAY, hours=9), listed_on=on, **listing)
    assert "县级挂牌督办中，东安委〔2025〕3号，责任领导区领导甲" in shown(client, world.captain, hazard)


def test_the_owner_reads_only_what_was_sent_to_him(client, world):
    hazard = submitted(world, DAY, informant="群众王某", source="public")
    text = shown(client, world.liaison, hazard)
    assert "发给我单位的隐患" in text
    assert "群众王某" not in text and "孙立" not in text and "现场核实" not in text
    assert "谁能看到" not in text
    assert "开始整改" in text
    police = shown(client, world.captain, hazard)
    assert "群众王某" in police and "孙立" in police


def test_the_owner_s_list_opens_on_what_is_to_be_mended_the_nearest_day_first(client, world):
    done = closed(world, DAY)
    late, soon = notified(world, "2025-05-07T08:00", days=30), notified(world, "2025-05-08T08:00", days=7)
    client.force_login(world.liaison)
    opened = client.get("/enforcement/hazards/sent/").context["page"].records
    assert [row.pk for row in opened] == [soon.pk, late.pk]
    assert {row.pk for row in client.get("/enforcement/hazards/sent/?all=1").context["page"].records} == {
        done.pk, late.pk, soon.pk,
    }  # fmt: skip


def test_papers_and_photos_of_the_police_are_not_for_the_owner(client, world):
    hazard = closed(world, DAY)
    client.force_login(world.liaison)
    papers = {row.kind: row for row in hazard.documents.all()}
    pictures = {row.kind: row for row in hazard.photos.all()}
    at = hazard.get_absolute_url()
    assert got(client, f"{at}documents/{papers['notice'].pk}/")[0] == 200
    assert got(client, f"{at}documents/{papers['closing'].pk}/")[0] == 404
    assert got(client, f"{at}photos/{pictures['after'].pk}/")[0] == 200
    assert got(client, f"{at}photos/{pictures['verification'].pk}/")[0] == 404
    client.force_login(world.captain)
    status, media_type = got(client, f"{at}documents/{papers['closing'].pk}/")
    assert status == 200 and "wordprocessingml" in media_type
    assert got(client, f"{at}photos/{pictures['verification'].pk}/?small=1") == (200, "image/jpeg")


def test_the_owner_before_a_transfer_sees_it_no_more_and_the_new_one_nothing_of_before(client, world):
    hazard = rectifying(world, DAY)
    due = later(DAY, days=30).date()
    moved = {"owner": world.housing, "due_on": due, "signed_by": world.deputy, "reason": "归住建"}
    actions.transfer(by=world.office, hazard=hazard, now=later(DAY, days=1), **moved)
    client.force_login(world.liaison)
    assert client.get(hazard.get_absolute_url()).status_code == 404
    text = shown(client, world.stranger, hazard)
    assert "马会良" not in text


def test_other_units_and_other_owners_find_nothing(client, world):
    hazard = closed(world, DAY)
    elsewhere = unit("别的大队")
    picture, paper = hazard.photos.first(), hazard.documents.first()
    at = hazard.get_absolute_url()
    for who in (world.stranger, person(Role.OFFICER, at=elsewhere), person(Role.CLERK, at=elsewhere)):
        client.force_login(who)
        for address in (at, f"{at}moves/recheck/", f"{at}photos/{picture.pk}/", f"{at}documents/{paper.pk}/"):
            assert client.get(address).status_code == 404, (who, address)


def test_what_is_of_another_hazard_is_not_found_under_this_one(client, world):
    one, other = closed(world, DAY), reported(world, DAY)
    client.force_login(world.captain)
    assert client.get(f"{other.get_absolute_url()}photos/{one.photos.first().pk}/").status_code == 404
    assert client.get(f"{other.get_absolute_url()}documents/{one.documents.first().pk}/").status_code == 404


def test_the_ledger_of_an_owner_holds_what_was_sent_to_him_and_no_more(client, world):
    sent = notified(world, DAY)
    mine_not = notified(world, DAY, owner=world.housing)
    waiting = graded(world, DAY)
    client.force_login(world.liaison)
    text = client.get("/enforcement/hazards/sent/?all=1").content.decode()
    assert sent.number in text
    assert mine_not.number not in text and waiting.number not in text
    assert client.get("/enforcement/hazards/").status_code == 403
    client.force_login(world.captain)
    assert client.get("/enforcement/hazards/sent/").status_code == 403


def test_a_number_of_a_liaison_is_shown_for_a_reason_only(client, world):
    actions.set_owner(
        by=world.clerk, unit=world.highway, owner_type="highway", phone="13800000018", liaison=world.liaison
    )
    hazard = notified(world, DAY)
    text = shown(client, world.clerk, hazard)
    assert "0018" in text and "13800000018" not in text
    address = f"/enforcement/hazards/owners/{world.highway.pk}/phone/"
    assert client.post(address, {"reason": ""}).status_code == 422
    assert "13800000018" in client.post(address, {"reason": "通知到场"}).content.decode()
    client.force_login(world.officer)
    assert client.get(address).status_code == 403


def test_who_chases_an_owner_sees_its_number_through_his_hazard_while_the_owner_has_it(client, world):
    actions.set_owner(
        by=world.clerk, unit=world.highway, owner_type="highway", phone="13800000018", liaison=world.liaison
    )
    hazard = notified(world, DAY)
    address = f"{hazard.get_absolute_url()}phone/"
    assert address in shown(client, world.captain, hazard)
    assert "13800000018" in client.post(address, {"reason": "通知到场"}).content.decode()
    event = AuditEvent.objects.get(verb="field.revealed")
    assert (event.actor_name, event.note) == (world.captain.name, "通知到场")
    assert client.get(f"/enforcement/hazards/owners/{world.highway.pk}/phone/").status_code == 403
    stranger = person(Role.SQUADRON_LEADER, at=unit("二中队", parent=world.brigade))
    assert [_status(client, who, address) for who in (world.officer, world.liaison, stranger)] == [403, 403, 404]


def test_the_number_is_not_shown_before_the_owner_has_it_nor_after_it_is_closed(client, world):
    actions.set_owner(
        by=world.clerk, unit=world.highway, owner_type="highway", phone="13800000018", liaison=world.liaison
    )
    for hazard in (graded(world, DAY), closed(world, DAY)):
        address = f"{hazard.get_absolute_url()}phone/"
        assert address not in shown(client, world.captain, hazard)
        answer = client.post(address, {"reason": "通知到场"})
        assert answer.status_code in (403, 404) and "13800000018" not in answer.content.decode()


def _status(client, who, address) -> int:
    client.force_login(who)
    return client.get(address).status_code


def test_similar_photos_of_before_and_after_are_pointed_out_to_the_verifier(client, world):
    hazard = rectifying(world, DAY, photos=[photo(world.officer, DAY, drawn(seed=7))])
    now = later(DAY, hours=6)
    hazard = handed_in(world, hazard, now, photos=[photo(world.liaison, now, drawn(seed=7, brighter=6))])
    assert "几乎一样" in shown(client, world.other, hazard)


def test_the_page_of_a_whole_life_takes_few_queries(client, world, django_assert_max_num_queries):
    hazard = closed(world, DAY, major=True)
    client.force_login(world.captain)
    client.get(hazard.get_absolute_url())
    with django_assert_max_num_queries(26):
        client.get(hazard.get_absolute_url())


def test_registered_waits_for_its_grade(client, world):
    assert "等定级" in shown(client, world.clerk, registered(world, DAY))
    hazard = controlled(world, registered(world, DAY), later(DAY, hours=2))
    assert "限速40" in shown(client, world.captain, hazard)


def test_owners_are_written_down_by_clerk_and_business_administrator(client, world):
    body = unit("区水利局", parent=world.brigade, tree="outside", kind="organisation")
    form = {"unit": body.pk, "owner_type": "water", "liaison_name": "沈某", "phone": "13800000099"}
    client.force_login(world.officer)
    assert client.post("/enforcement/hazards/owners/new/", form).status_code == 403
    client.force_login(person(Role.BUSINESS_ADMIN, at=world.brigade))
    assert client.post("/enforcement/hazards/owners/new/", form).status_code == 302
    made = Owner.objects.get(unit=body)
    assert (made.liaison_name, made.phone_tail) == ("沈某", "0099")
    text = client.get("/enforcement/hazards/owners/?all=1").content.decode()
    assert "区水利局" in text and "13800000099" not in text
    address = f"/enforcement/hazards/owners/{body.pk}/"
    client.post(address, {"owner_type": "water", "liaison_name": "沈二", "phone": ""})
    made.refresh_from_db()
    assert (made.liaison_name, made.phone_tail) == ("沈二", "0099")


def test_who_may_only_read_a_road_is_led_to_what_was_found_on_it(client, world):
    here = Place(
        lat=36.456, lon=115.9855, coord_sys="wgs84", geo_source="map_click", road=world.road, stake_start="K6+222"
    )
    on_it, elsewhere = reported(world, DAY, place=here, direction="up"), reported(world, DAY)
    client.force_login(world.officer)
    address = reverse("hazards:road_edit", args=[world.road.pk])
    page = client.get(address, follow=True)
    assert page.status_code == 200
    assert on_it.number in page.text
    assert elsewhere.number not in page.text
    assert client.post(address, {"name": "改名"}).status_code == 403
