"""What the record of a hazard says comes next, and whom it offers."""

from datetime import timedelta

import pytest
from django.utils import timezone

from brigade.org.states import Tree, UnitKind
from brigade.reference.models import Road, Town
from enforcement.hazards import actions, queries
from enforcement.hazards.models import Owner
from enforcement.hazards.rules import Place
from tests.brigade.org.factories import unit
from tests.enforcement.hazards.world import accepted, at, category, graded, notified, rectifying

pytestmark = pytest.mark.django_db
DAY = "2025-05-06T08:00"


def text_of(client, who, hazard) -> str:
    client.force_login(who)
    return client.get(hazard.get_absolute_url()).content.decode()


@pytest.mark.parametrize(("made", "words"), [
    (notified, "城区一中队去催签收，收到回执由内勤代录“签收”"),
    (accepted, "城区一中队去催开工，开工后由内勤代录“开始整改”"),
    (rectifying, "城区一中队去催整改，完工后由内勤代录“提交核验”"),
])  # fmt: skip
def test_an_owner_on_paper_is_chased_and_the_record_says_by_whom(client, world, time_machine, made, words):
    hazard = made(world, DAY, days=10)
    actions.set_owner(by=world.clerk, unit=world.highway, owner_type="highway", liaison_name="韩某")
    time_machine.move_to("2025-05-20 08:30 +0800", tick=False)
    actions.escalate_overdue(now=timezone.now())
    for who in (world.captain, world.clerk):
        text = text_of(client, who, hazard)
        assert f"区公路中心没有账号，走纸质：{words}" in text
        assert "已逾期4天，已制发逾期整改提醒函" in text and "；第7天制发督办单" in text


def test_an_owner_with_an_account_is_not_said_to_be_on_paper(client, world, time_machine):
    hazard = rectifying(world, DAY, days=10)
    time_machine.move_to("2025-06-20 08:30 +0800", tick=False)
    assert "已逾期35天；今天制发挂牌督办建议" in text_of(client, world.captain, hazard)
    actions.escalate_overdue(now=timezone.now())
    text = text_of(client, world.captain, hazard)
    assert "走纸质" not in text
    assert "已逾期35天" in text and "天制发" not in text.partition("已逾期35天")[2][:40]


# Who is offered


def offered(world, code, **fields):
    return queries.usual_owner(graded(world, DAY, category=category(code), **fields))


def owner(world, name, kind, liaison="联络员"):
    found = unit(name, parent=world.brigade, tree=Tree.OUTSIDE, kind=UnitKind.ORGANISATION)
    Owner.objects.create(unit=found, owner_type=kind, liaison_name=liaison)
    return found


def test_the_government_of_the_town_is_offered_for_what_is_a_town_s(world):
    here = owner(world, f"{world.town.name}人民政府", "town")
    owner(world, "沙镇镇人民政府", "town")
    assert offered(world, "roadside_market") == here
    elsewhere = Town.objects.exclude(pk=world.town.pk).exclude(name="沙镇镇").first()
    assert offered(world, "school", town=elsewhere, unit=world.squadron) is None


def test_of_several_of_a_type_who_had_the_last_of_the_category_is_offered(world):
    first, second = owner(world, "第一施工公司", "enterprise"), owner(world, "第二施工公司", "enterprise")
    assert offered(world, "works") is None
    for moment, whose in (("2025-04-01T08:00", first), ("2025-04-08T08:00", second)):
        notified(world, moment, category=category("works"), owner=whose)
    assert offered(world, "works") == second


def test_who_keeps_the_road_is_offered_only_while_somebody_answers_there(world):
    far = unit("乡镇养路站", parent=world.brigade, tree=Tree.OUTSIDE, kind=UnitKind.ORGANISATION)
    road = Road.objects.create(code="Y123", name="乡道123", road_class="township", owner=far)
    assert offered(world, "signs", place=Place(road=road, stake_start="K1+200")) == world.highway
    far.hazard_owner = Owner.objects.create(unit=far, owner_type="town", liaison_name="老赵")
    assert offered(world, "signs", place=Place(road=road, stake_start="K2+200")) == far


def test_the_days_on_which_the_clock_stood_still_and_earlier_owners_are_shown(client, world, time_machine):
    hazard = notified(world, DAY, days=30)
    hazard = actions.dispute(by=world.liaison, hazard=hazard, now=at("2025-05-07T09:00"), reason="不归我们管")
    time_machine.move_to("2025-05-09 08:30 +0800", tick=False)
    hazard = actions.uphold(by=world.office, hazard=hazard, now=at("2025-05-10T09:00"), reason="管养协议明确")
    assert "会商3天" in text_of(client, world.captain, hazard)
    now = at("2025-05-16T12:00")
    actions.transfer(
        by=world.clerk, hazard=hazard, now=now, owner=world.housing, due_on=(now + timedelta(days=20)).date(),
        signed_by=world.deputy, reason="路权已移交",
    )  # fmt: skip
    time_machine.move_to("2025-05-20 12:00 +0800", tick=False)
    text = text_of(client, world.captain, hazard)
    assert "区公路中心，10天" in text and "会商3天" not in text
    assert "区公路中心，10天" not in text_of(client, world.stranger, hazard)
