"""Leave and waivers."""

import pytest

from brigade.audit.models import AuditEvent
from brigade.kit.refusals import NotAllowed
from brigade.notices.models import Message
from partybuilding.meetings import actions, queries
from partybuilding.meetings.models import Attendance
from partybuilding.meetings.rules import Mark
from partybuilding.meetings.states import Presence
from tests.brigade.org.factories import person
from tests.partybuilding import factories as make
from tests.partybuilding.factories import moment, refused
from tests.partybuilding.meetings.actions.days import NOW, announced, roll

pytestmark = pytest.mark.django_db


# Leave


def leave(a, meeting, somebody, now, by=None):
    return actions.file_leave(
        by=by or somebody, meeting=meeting, person=somebody, kind="leave_duty", reason="护学岗", now=now
    )


def test_20_leave_filed_in_time_is_leave_on_the_roll(a):
    meeting = announced(a, start="14:00", end="15:00")
    somebody = a.members[9]
    asked = leave(a, meeting, somebody, moment("2026-06-20", "13:50"))
    assert not asked.late
    actions.approve_leave(by=a.secretary, leave=asked, now=moment("2026-06-20", "18:00"))
    assert queries.leave_marks(meeting) == (Mark(somebody.pk, "leave_duty", "护学岗"),)
    meeting = actions.submit_meeting(by=a.recorder, meeting=meeting, now=moment("2026-06-20", "18:30"))
    assert roll(meeting)[somebody.pk] == Presence.LEAVE_DUTY


def test_20_leave_filed_after_the_start_is_absence_until_it_is_approved(a):
    meeting = announced(a, start="14:00", end="15:00")
    somebody = a.members[9]
    asked = leave(a, meeting, somebody, moment("2026-06-20", "14:20"))
    assert asked.late
    marked = make.sheet(
        a, "2026-06-20", "TD", start="14:00", end="15:00", marks=(Mark(somebody.pk, "leave_duty", "护学岗"),)
    )
    meeting = actions.record_meeting(by=a.recorder, meeting=meeting, sheet=marked, now=moment("2026-06-20", "16:00"))
    meeting = actions.confirm_meeting(by=a.secretary, meeting=meeting, now=moment("2026-06-20", "17:00"))
    assert roll(meeting)[somebody.pk] == Presence.ABSENT
    assert queries.tally_of(meeting).absent == 1
    actions.approve_leave(by=a.secretary, leave=asked, now=moment("2026-06-21"))
    row = Attendance.objects.get(meeting=meeting, person=somebody)
    assert (row.status, row.late_leave, row.approved_by) == (Presence.LEAVE_DUTY, True, a.secretary)
    assert (queries.tally_of(meeting).absent, queries.tally_of(meeting).leave) == (0, 1)


def test_20_handing_in_the_meeting_as_it_stands_keeps_late_leave_as_absence(a):
    meeting = announced(a)
    leave(a, meeting, a.members[9], moment("2026-06-20", "15:20"))
    meeting = actions.submit_meeting(by=a.recorder, meeting=meeting, now=moment("2026-06-20", "17:00"))
    assert roll(meeting)[a.members[9].pk] == Presence.ABSENT


def test_leave_too_late_for_the_first_day_is_in_time_for_the_day_to_which_the_meeting_was_put_off(a):
    meeting = announced(a)
    actions.expire_meetings(now=moment("2026-06-21", "00:02"))
    meeting.refresh_from_db()
    now = moment("2026-06-21", "09:00")
    assert leave(a, meeting, a.members[9], now).late
    put_off = {"reason": "人未到齐", "starts_at": moment("2026-06-24")}
    meeting = actions.postpone_meeting(by=a.recorder, meeting=meeting, now=now, **put_off)
    meeting = actions.notify_meeting(by=a.recorder, meeting=meeting, now=now)
    meeting = actions.submit_meeting(by=a.recorder, meeting=meeting, now=moment("2026-06-24", "17:00"))
    assert roll(meeting)[a.members[9].pk] == Presence.LEAVE_DUTY


def test_20_leave_approved_the_next_day_is_late_leave_and_the_rates_follow(a):
    meeting = announced(a, start="14:00", end="15:00")
    somebody = a.members[9]
    asked = leave(a, meeting, somebody, moment("2026-06-20", "14:20"))
    meeting = actions.submit_meeting(by=a.recorder, meeting=meeting, now=moment("2026-06-20", "16:00"))
    actions.confirm_meeting(by=a.secretary, meeting=meeting, now=moment("2026-06-20", "17:00"))
    assert (str(queries.tally_of(meeting).absence), str(queries.tally_of(meeting).rate)) == ("5.6", "94.4")
    actions.approve_leave(by=a.secretary, leave=asked, now=moment("2026-06-21"))
    assert (str(queries.tally_of(meeting).absence), str(queries.tally_of(meeting).rate)) == ("0.0", "94.4")


def test_the_recorder_writes_down_the_leave_that_a_member_told_him(a):
    meeting, somebody = announced(a), a.members[9]
    asked = leave(a, meeting, somebody, NOW, by=a.recorder)
    assert (asked.person, asked.created_by, asked.late) == (somebody, a.recorder, False)
    assert AuditEvent.objects.get(verb="leave.asked").actor_name == a.recorder.name
    assert Message.objects.get(code="leave.asked").recipient == a.secretary
    with refused(kind=NotAllowed):
        actions.approve_leave(by=a.recorder, leave=asked, now=NOW)
    actions.approve_leave(by=a.secretary, leave=asked, now=NOW)
    told = Message.objects.filter(code="leave.decided").values_list("recipient", flat=True)
    assert set(told) == {somebody.pk, a.recorder.pk}


def test_the_secretary_decides_the_leave_that_he_wrote_down_for_another(a):
    asked = leave(a, announced(a), a.members[9], NOW, by=a.secretary)
    assert actions.approve_leave(by=a.secretary, leave=asked, now=NOW).decided_by == a.secretary


def test_the_leave_of_the_secretary_himself_goes_to_who_stands_above_him(world, a):
    leave(a, announced(a), a.secretary, NOW)
    assert Message.objects.get(code="leave.asked").recipient == world.general_secretary


def test_whoever_was_there_is_not_excused(a):
    meeting = make.recorded(a, "2026-06-10", "TD")
    with refused("记的是到会"):
        leave(a, meeting, a.members[9], NOW, by=a.recorder)


def test_leave_that_is_refused_after_the_meeting_was_absence(a):
    meeting = announced(a)
    asked = leave(a, meeting, a.members[9], NOW)
    meeting = actions.submit_meeting(by=a.recorder, meeting=meeting, now=moment("2026-06-20", "17:00"))
    assert roll(meeting)[a.members[9].pk] == Presence.LEAVE_DUTY
    actions.return_leave(by=a.secretary, leave=asked, reason="有替班", now=moment("2026-06-20", "18:00"))
    assert roll(meeting)[a.members[9].pk] == Presence.ABSENT


def test_leave_is_for_those_due_asked_once_and_not_approved_by_oneself(a):
    meeting = announced(a)
    with refused("不在这次会议的应到名单里"):
        leave(a, meeting, person(), NOW, by=a.recorder)
    asked = leave(a, meeting, a.members[9], NOW)
    with refused("请过假"):
        leave(a, meeting, a.members[9], NOW)
    with refused(kind=NotAllowed):
        leave(a, meeting, a.members[8], NOW, by=a.members[9])
    own = leave(a, meeting, a.secretary, NOW)
    with refused("不能批自己的申请"):
        actions.approve_leave(by=a.secretary, leave=own, now=NOW)
    returned = actions.return_leave(by=a.secretary, leave=asked, reason="有替班", now=NOW)
    assert returned.answer == "有替班"
    assert queries.leave_marks(meeting) == (Mark(a.secretary.pk, "leave_duty", "护学岗"),)


@pytest.mark.parametrize(("kind", "reason", "sentence"), [("absent", "有事", "类别"), ("leave_sick", "", "事由")])
def test_leave_says_what_kind_and_why(a, kind, reason, sentence):
    with refused(sentence):
        actions.file_leave(
            by=a.members[9], meeting=announced(a), person=a.members[9], kind=kind, reason=reason, now=NOW
        )


def test_nobody_asks_leave_of_a_cancelled_meeting(a):
    meeting = actions.cancel_meeting(by=a.recorder, meeting=announced(a), reason="合并到下月", now=NOW)
    with refused("现在不能请假"):
        leave(a, meeting, a.members[9], NOW)


# Waivers


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"requirement": "GB"}, "没有这项要求"),
        ({"requirement": "OL"}, "没有这项要求"),
        ({"period": "2026-13"}, "期间不对"),
        ({"period": "2026-06"}, "按季度算"),
        ({"period": "9999-Q4"}, "明年年底以前"),
        ({"period": "0001-Q1"}, "支部成立以后"),
        ({"reason": ""}, "写明豁免的理由"),
    ],
)
def test_a_waiver_that_makes_no_sense_is_refused(a, fields, sentence):
    values = {"unit": a.unit, "requirement": "MM", "period": "2026-Q2", "reason": "中考安保"} | fields
    with refused(sentence):
        actions.ask_waiver(by=a.secretary, now=NOW, **values)


def test_a_period_in_full_width_digits_is_the_same_period(a):
    values = {"unit": a.unit, "requirement": "MM", "reason": "中考安保", "now": NOW}
    assert actions.ask_waiver(by=a.secretary, period="２０２６-Q2", **values).period == "2026-Q2"
    with refused("已经申请过"):
        actions.ask_waiver(by=a.secretary, period="2026-Q2", **values)


def test_a_waiver_is_asked_once_and_never_decided_by_who_asked(world, a):
    asked = actions.ask_waiver(
        by=world.office, unit=a.unit, requirement="MM", period="2026-Q2", reason="中考安保", now=NOW
    )
    with refused("已经申请过"):
        actions.ask_waiver(by=a.secretary, unit=a.unit, requirement="MM", period="2026-Q2", reason="中考安保", now=NOW)
    with refused("不能批自己的申请"):
        actions.approve_waiver(by=world.office, waiver=asked, now=NOW)
    with refused(kind=NotAllowed):
        actions.approve_waiver(by=a.secretary, waiver=asked, now=NOW)
    actions.return_waiver(by=world.political_officer, waiver=asked, reason="可补开", now=NOW)
    assert Message.objects.filter(code="waiver.decided", recipient=world.office).count() == 1
    again = actions.ask_waiver(
        by=a.secretary, unit=a.unit, requirement="MM", period="2026-Q2", reason="确实抽不出人", now=NOW
    )
    assert (
        actions.approve_waiver(by=world.political_officer, waiver=again, now=NOW).decided_by == world.political_officer
    )
