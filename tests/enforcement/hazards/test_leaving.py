"""A liaison leaves: another answers for his organisation; what belongs to a post goes with the post."""

from datetime import date

import pytest

from brigade.kit.refusals import Refused
from brigade.obligations.models import Obligation
from brigade.org import queries as org
from brigade.org.actions import hand_over
from brigade.org.states import PersonKind, Role
from enforcement.hazards import actions
from enforcement.hazards.models import Owner
from tests.brigade.org.factories import person
from tests.enforcement.hazards.world import at, closed, notified, reported

pytestmark = pytest.mark.django_db
DAY = "2025-05-06T08:00"
LATER = at("2025-05-07T09:00")


@pytest.fixture(autouse=True)
def day(time_machine):
    time_machine.move_to("2025-05-07 09:00 +0800")


@pytest.fixture
def second(world):
    return person(Role.OWNER_LIAISON, at=world.highway, name="赵新", kind=PersonKind.OUTSIDE)


def due_to(who) -> set[str]:
    return set(Obligation.objects.filter(state="open", person=who).values_list("rule", flat=True))


def test_another_liaison_answers_and_the_duties_are_his(world, second):
    actions.set_owner(
        by=world.clerk, unit=world.highway, owner_type="highway", phone="13800000018", liaison=world.liaison
    )
    hazard, old = notified(world, DAY), closed(world, "2025-04-01T08:00")
    assert due_to(world.liaison) == {"hazards.receipt", "hazards.rectify"}
    key = f"hazards.owners.{world.highway.pk}"
    assert key in {held.key for held in org.held_by(world.liaison, date(2025, 5, 7))}
    hand_over(by=world.leader, person=world.liaison, heirs={key: second}, reason="调离", leaves_on=date(2025, 5, 7))
    owner = Owner.objects.get(pk=world.highway.pk)
    assert (owner.liaison, owner.liaison_name, owner.phone_tail) == (second, "赵新", "")
    assert due_to(world.liaison) == set() and due_to(second) == {"hazards.receipt", "hazards.rectify"}
    old.refresh_from_db()
    assert old.submitted_by == world.liaison, "what he did stays his"
    assert actions.accept(by=second, hazard=hazard, now=LATER).accepted_name == "赵新"


def test_only_a_liaison_of_that_organisation_takes_it(world):
    heirs = {f"hazards.owners.{world.highway.pk}": world.stranger}
    with pytest.raises(Refused, match="住建联络员不能接隐患联络：要区公路中心的责任单位联络员"):
        hand_over(by=world.leader, person=world.liaison, heirs=heirs, reason="调离")


def test_the_clerk_who_names_another_liaison_hands_the_duties_on_too(world, second):
    notified(world, DAY)
    actions.set_owner(by=world.clerk, unit=world.highway, owner_type="highway", liaison=second)
    assert due_to(world.liaison) == set() and due_to(second) == {"hazards.receipt", "hazards.rectify"}
    actions.set_owner(by=world.clerk, unit=world.highway, owner_type="highway", liaison_name="纸质联络员")
    assert due_to(second) == set()


def test_what_a_squadron_leader_has_to_do_waits_for_whoever_follows_him(world):
    hazard = reported(world, DAY)
    held = {held.holding.code for held in org.held_by(world.captain, date(2025, 5, 7))}
    assert held == {"org.posts", "org.grants"}
    hand_over(by=world.leader, person=world.captain, heirs={}, reason="退休", leaves_on=date(2025, 5, 7))
    follower = person(Role.SQUADRON_LEADER, at=world.squadron, name="新队长")
    assert str(hazard.pk) in {row.subject for row in Obligation.objects.filter(state="open").for_person(follower)}
