"""Who hears of what, and what the message says."""

from datetime import date

import pytest

from brigade.notices.models import Message
from brigade.org.states import Role
from partybuilding.branches import actions as branches
from partybuilding.branches.models import PartyMember
from partybuilding.meetings import actions
from partybuilding.meetings.rules import Task, Topic
from tests.brigade.org.factories import grant
from tests.partybuilding import factories as make
from tests.partybuilding.factories import moment

pytestmark = pytest.mark.django_db
NOW = moment("2026-06-12", "17:00")


@pytest.fixture
def world():
    return make.world()


@pytest.fixture
def a(world):
    return make.branch(world)


def told(code):
    return {message.recipient: (message.title, message.body) for message in Message.objects.filter(code=code)}


def announced(a):
    meeting = actions.plan_meeting(by=a.recorder, sheet=make.sheet(a, "2026-06-20", "TD"), now=NOW)
    return actions.notify_meeting(by=a.recorder, meeting=meeting, now=NOW)


def test_an_announcement_says_when_and_where_to_all_but_the_exempt(a):
    old = PartyMember.objects.get(person=a.members[7])
    branches.exempt_member(
        by=a.secretary, member=old, kind="aged_infirm", start_on=date(2026, 1, 1), end_on=None, now=NOW
    )
    announced(a)
    found = told("meeting.notified")
    assert found[a.members[3]] == (
        "会议通知：城区一中队党支部6月主题党日",
        "6月20日 15:00，会议室。不能到的请在开始前请假。",
    )
    assert len(found) == 12


@pytest.mark.parametrize(
    ("verb", "code", "title"),
    [
        (actions.cancel_meeting, "meeting.cancelled", "会议取消："),
        (actions.postpone_meeting, "meeting.postponed", "会议延期："),
    ],
)
def test_calling_off_tells_those_due_and_why(a, verb, code, title):
    verb(by=a.recorder, meeting=announced(a), reason="中考安保", now=NOW)
    heading, body = told(code)[a.members[3]]
    assert heading.startswith(title)
    assert body == "原因：中考安保"


def test_the_recorder_hears_of_confirmation_and_of_reopening_each_time(a):
    meeting = make.held(a, "2026-06-10", "TD")
    for _n in range(2):
        meeting = actions.reopen_meeting(by=a.secretary, meeting=meeting, reason="漏记", now=NOW)
        meeting = actions.confirm_meeting(by=a.secretary, meeting=meeting, now=NOW)
    assert Message.objects.filter(code="meeting.confirmed", recipient=a.recorder).count() == 3
    assert Message.objects.filter(code="meeting.reopened", recipient=a.recorder).count() == 2


def test_the_owner_hears_of_his_decision(a):
    topics = (Topic("deliberate", "整治", tasks=(Task("联合踏勘", a.members[2].pk, date(2026, 7, 1)),)),)
    make.recorded(a, "2026-06-10", "TD", topics=topics)
    assert told("decision.assigned") == {
        a.members[2]: (
            "有一件议定事项归你办：联合踏勘",
            "2026-07-01前办结，来自“城区一中队党支部6月主题党日”",
        )
    }


def test_those_who_decide_a_waiver_hear_of_it_and_the_asker_of_the_answer(world, a):
    grant(world.political_officer, Role.POLITICAL_OFFICER, world.general.unit)
    waiver = actions.ask_waiver(
        by=a.secretary, unit=a.unit, requirement="MM", period="2026-Q2", reason="中考安保", now=NOW
    )
    assert set(told("waiver.asked")) == {world.general_secretary, world.political_officer}
    actions.return_waiver(by=world.political_officer, waiver=waiver, reason="可以补开", now=NOW)
    assert told("waiver.decided")[a.secretary] == ("豁免批复：2026年第二季度党员大会豁免", "已退回：可以补开")


def test_the_secretary_hears_of_leave_and_the_person_of_the_answer(a):
    meeting, somebody = announced(a), a.members[9]
    asked = actions.file_leave(
        by=somebody, meeting=meeting, person=somebody, kind="leave_duty", reason="护学岗", now=NOW
    )
    assert told("leave.asked")[a.secretary][1] == "护学岗"
    actions.approve_leave(by=a.secretary, leave=asked, now=NOW)
    assert told("leave.decided")[somebody][1] == "已批准：护学岗"
