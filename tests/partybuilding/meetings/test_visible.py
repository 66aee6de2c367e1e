"""Who reaches which record: the list and the rule on one record agree for everybody in a small world."""

from datetime import date

import pytest

from brigade.org.models import Person
from brigade.org.states import Role
from partybuilding.meetings import actions
from partybuilding.meetings.models import Decision, Leave, Meeting, Waiver
from partybuilding.meetings.rules import Mark, Task, Topic
from tests.brigade.org.factories import person
from tests.partybuilding import factories as make
from tests.partybuilding.factories import moment

pytestmark = pytest.mark.django_db
NOW = moment("2026-06-12")


@pytest.fixture
def small_world():
    world = make.world()
    here, there = make.branch(world, full=4, committee=False), make.branch(world, "机关党支部", full=4, committee=False)
    for where in (here, there):
        topics = (Topic("deliberate", "整治", tasks=(Task("踏勘", there.members[2].pk, date(2026, 7, 1)),)),)
        meeting = make.recorded(where, "2026-06-10", "TD", topics=topics, marks=(Mark(where.members[2].pk, "absent"),))
        actions.ask_waiver(
            by=where.secretary, unit=where.unit, requirement="MM", period="2026-Q2", reason="安保", now=NOW
        )
        actions.file_leave(
            by=where.members[2], meeting=meeting, person=where.members[2], kind="leave_duty", reason="执勤", now=NOW
        )
    for role in (Role.OFFICER, Role.MEMBER, Role.GROUP_LEADER, Role.INSPECTOR, Role.DISCIPLINE, Role.CLERK):
        person(role, at=here.unit)
    return world


@pytest.mark.parametrize("model", [Meeting, Decision, Waiver, Leave])
def test_the_list_shows_what_the_rule_allows(small_world, model):
    perm = f"meetings.view_{model._meta.model_name}"
    assert model.objects.count() == 2
    for somebody in Person.objects.all():
        shown = set(model.objects.visible_to(somebody))
        allowed = {
            record
            for record in model.objects.select_related("unit")
            if somebody.has_perm(perm, record) or somebody in [reader for reader, _why in record.own_readers()]
        }
        assert shown == allowed, (somebody, model)


def test_every_record_gives_a_reason_for_each_own_reader(small_world):
    assert {why for row in Meeting.objects.all() for _who, why in row.own_readers()} == {"本次会议的参会人"}
    assert {why for row in Decision.objects.all() for _who, why in row.own_readers()} == {"责任人"}
    assert {why for row in Leave.objects.all() for _who, why in row.own_readers()} == {"请假人"}
