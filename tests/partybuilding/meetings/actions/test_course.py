"""A meeting from the plan to the archive: announced, put off, corrected, voided."""

from datetime import date

import pytest

from brigade.audit.models import AuditEvent
from brigade.kit.refusals import NotAllowed
from brigade.notices.models import Message
from brigade.obligations.models import Obligation
from partybuilding.meetings import actions, queries
from partybuilding.meetings.models import Decision, Meeting, MeetingEdition
from partybuilding.meetings.rules import Batch, Task, Topic
from partybuilding.meetings.states import DecisionState, MeetingState, Presence
from tests.brigade.org.factories import person
from tests.partybuilding import factories as make
from tests.partybuilding.factories import moment, refused
from tests.partybuilding.meetings.actions.days import NOW, announced, roll

pytestmark = pytest.mark.django_db


# Plan, notice, postponement


def test_an_announced_meeting_tells_those_due_and_stands_in_their_list(a):
    meeting = announced(a)
    assert set(roll(meeting).values()) == {Presence.UNMARKED}
    assert Message.objects.filter(code="meeting.notified").count() == 18
    assert meeting in Meeting.objects.visible_to(a.members[9])
    assert not Meeting.objects.visible_to(person()).exists()


def test_a_past_meeting_is_not_announced(a):
    meeting = actions.plan_meeting(by=a.recorder, sheet=make.sheet(a, "2026-06-10", "TD"), now=NOW)
    with refused("已经过了"):
        actions.notify_meeting(by=a.recorder, meeting=meeting, now=NOW)


def test_a_postponed_meeting_keeps_its_length_and_is_announced_anew(a):
    meeting = actions.postpone_meeting(
        by=a.recorder, meeting=announced(a), reason="临时执勤", starts_at=moment("2026-06-25", "09:00"), now=NOW
    )
    assert (meeting.starts_at, meeting.ends_at) == (moment("2026-06-25", "09:00"), moment("2026-06-25", "10:00"))
    assert meeting.segments.get().starts_at == moment("2026-06-25", "09:00")
    meeting = actions.notify_meeting(by=a.recorder, meeting=meeting, now=NOW)
    assert Message.objects.filter(code="meeting.notified", recipient=a.members[9]).count() == 2


@pytest.mark.parametrize("verb", ["cancel_meeting", "postpone_meeting"])
def test_4_calling_off_needs_a_reason(a, verb):
    with refused("要写明原因"):
        getattr(actions, verb)(by=a.recorder, meeting=announced(a), reason=" ", now=NOW)


def test_an_announced_meeting_that_nobody_recorded_expires_the_next_day_and_can_still_be_recorded(a):
    meeting = announced(a)
    assert actions.expire_meetings(now=moment("2026-06-20", "23:59")) == "过期未记录0次"
    assert actions.expire_meetings(now=moment("2026-06-21", "00:10")) == "过期未记录1次"
    assert actions.expire_meetings(now=moment("2026-06-21", "00:20")) == "过期未记录0次"
    meeting.refresh_from_db()
    assert meeting.state == MeetingState.EXPIRED
    meeting = actions.submit_meeting(by=a.recorder, meeting=meeting, now=moment("2026-06-21"))
    assert (meeting.state, queries.tally_of(meeting).present) == (MeetingState.RECORDED, 18)


def test_a_planned_meeting_of_a_past_day_may_be_recorded_directly(a):
    meeting = actions.plan_meeting(by=a.recorder, sheet=make.sheet(a, "2026-06-10", "TD"), now=NOW)
    meeting = actions.record_meeting(
        by=a.recorder, meeting=meeting, sheet=make.sheet(a, "2026-06-10", "TD", absent=2), version=1, now=NOW
    )
    assert (meeting.state, queries.tally_of(meeting).present) == (MeetingState.RECORDED, 16)


# Correction


def test_40_a_reopened_record_keeps_what_it_said(a):
    meeting = make.held(a, "2026-06-10", "PL", absent=4)
    meeting = actions.archive_meeting(by=a.recorder, meeting=meeting, now=NOW)
    meeting = actions.reopen_meeting(by=a.secretary, meeting=meeting, reason="漏记一人到会", now=NOW)
    assert (meeting.state, meeting.edition) == (MeetingState.RECORDED, 2)
    meeting = actions.edit_meeting(
        by=a.recorder, meeting=meeting, sheet=make.sheet(a, "2026-06-10", "PL", absent=3), version=meeting.version,
        now=NOW,
    )  # fmt: skip
    meeting = actions.confirm_meeting(by=a.secretary, meeting=meeting, now=NOW)
    assert queries.tally_of(meeting).present == 15
    kept = MeetingEdition.objects.get(meeting=meeting)
    assert (kept.edition, kept.reason) == (1, "漏记一人到会")
    assert sum(row["status"] == "present" for row in kept.content["roll"]) == 14
    assert queries.person_hours(a.members[4].pk, 2026) == 1
    assert AuditEvent.objects.filter(verb="meeting.reopened", note="漏记一人到会").count() == 1


def test_an_edition_keeps_the_shifts_too(a):
    batches = tuple(
        Batch(moment("2026-06-10", start), moment("2026-06-10", end), frozenset(p.pk for p in a.members))
        for start, end in [("15:00", "15:30"), ("15:30", "16:00")]
    )
    meeting = make.held(a, "2026-06-10", "TD", batches=batches)
    actions.reopen_meeting(by=a.secretary, meeting=meeting, reason="错字", now=NOW)
    kept = MeetingEdition.objects.get().content["sheet"]["batches"]
    assert [batch["present"] for batch in kept] == [sorted(p.pk for p in a.members)] * 2


def test_correcting_in_time_keeps_the_record_in_time(a):
    meeting = make.held(a, "2026-06-10", "TD")
    later = moment("2026-09-01")
    meeting = actions.reopen_meeting(by=a.secretary, meeting=meeting, reason="错字", now=later)
    assert not actions.confirm_meeting(by=a.secretary, meeting=meeting, now=later).record_late


def test_a_recorder_cannot_reopen(a):
    meeting = make.held(a, "2026-06-10", "TD")
    with refused(kind=NotAllowed):
        actions.reopen_meeting(by=a.recorder, meeting=meeting, reason="错字", now=NOW)


def test_a_mistake_is_voided_with_its_decisions_and_keeps_its_number(a):
    topics = (Topic("deliberate", "整治", tasks=(Task("联合踏勘", a.members[2].pk, date(2026, 7, 1)),)),)
    meeting = make.recorded(a, "2026-06-10", "TD", topics=topics)
    meeting = actions.void_meeting(by=a.recorder, meeting=meeting, reason="记重了", now=NOW)
    assert (meeting.state, bool(meeting.number)) == (MeetingState.VOID, True)
    assert Decision.objects.get().state == DecisionState.VOID
    assert set(Obligation.objects.filter(rule__in=["party.decision", "party.confirm"]).values_list("state")) == {
        ("void",)
    }


def test_decisions_follow_the_corrected_agenda(a):
    def topics(*tasks):
        return (Topic("deliberate", "整治", tasks=tasks),)

    first, second = (Task(f"事{n}", a.members[2].pk, date(2026, 7, 1)) for n in range(2))
    meeting = make.recorded(a, "2026-06-10", "TD", topics=topics(first, second))
    known = {row.title: row for row in Decision.objects.all()}
    changed = Task("事0", a.members[3].pk, date(2026, 7, 9), known["事0"].pk)
    added = Task("事2", a.members[4].pk, date(2026, 7, 2))
    actions.edit_meeting(
        by=a.recorder, meeting=meeting, version=1, now=NOW,
        sheet=make.sheet(a, "2026-06-10", "TD", topics=topics(changed, added)),
    )  # fmt: skip
    found = {row.title: (row.state, row.owner, row.due_on) for row in Decision.objects.all()}
    assert found == {
        "事0": ("open", a.members[3], date(2026, 7, 9)),
        "事1": ("void", a.members[2], date(2026, 7, 1)),
        "事2": ("open", a.members[4], date(2026, 7, 2)),
    }


def test_a_finished_decision_stays_when_the_agenda_is_corrected(a):
    topics = (Topic("deliberate", "整治", tasks=(Task("踏勘", a.members[2].pk, date(2026, 7, 1)),)),)
    meeting = make.recorded(a, "2026-06-10", "TD", topics=topics)
    actions.finish_decision(by=a.members[2], decision=Decision.objects.get(), result="已办", now=NOW)
    actions.edit_meeting(by=a.recorder, meeting=meeting, sheet=make.sheet(a, "2026-06-10", "TD"), version=1, now=NOW)
    assert Decision.objects.get().state == DecisionState.DONE


def test_a_decision_says_what_is_to_be_done(a):
    topics = (Topic("deliberate", "整治", tasks=(Task(" ", a.members[2].pk, date(2026, 7, 1)),)),)
    with refused("写明定了什么事"):
        make.recorded(a, "2026-06-10", "TD", topics=topics)


def test_a_decision_is_not_due_before_the_meeting(a):
    topics = (Topic("deliberate", "整治", tasks=(Task("踏勘", a.members[2].pk, date(2026, 6, 9)),)),)
    with refused("不能早于开会那天"):
        make.recorded(a, "2026-06-10", "TD", topics=topics)


def test_a_decision_tells_its_owner_and_comes_back_until_it_is_done(a):
    topics = (Topic("deliberate", "整治", tasks=(Task("踏勘", a.members[2].pk, date(2026, 7, 1)),)),)
    make.recorded(a, "2026-06-10", "TD", topics=topics)
    assert Message.objects.filter(code="decision.assigned").get().recipient == a.members[2]
    (decision,) = queries.open_decisions(a.pk)
    with refused("写一句办理结果"):
        actions.finish_decision(by=a.members[2], decision=decision, result="", now=NOW)
    with refused(kind=NotAllowed):
        actions.finish_decision(by=a.members[3], decision=decision, result="已办", now=NOW)
    actions.finish_decision(by=a.members[2], decision=decision, result="已办", now=NOW)
    assert queries.open_decisions(a.pk) == []


def test_making_up_earns_the_hours_once(a):
    meeting = make.held(a, "2026-06-10", "PL", absent=1)
    late = a.members[1]
    assert queries.person_hours(late.pk, 2026) == 0
    meeting = actions.make_up(by=a.recorder, meeting=meeting, people=[late.pk], on=date(2026, 6, 11), now=NOW)
    assert queries.person_hours(late.pk, 2026) == 1
    assert (str(queries.tally_of(meeting).rate), str(queries.tally_of(meeting).coverage)) == ("94.4", "100.0")
    with refused("已经补过课"):
        actions.make_up(by=a.recorder, meeting=meeting, people=[late.pk], on=date(2026, 6, 11), now=NOW)
    with refused("会议之后"):
        actions.make_up(by=a.recorder, meeting=meeting, people=[late.pk], on=date(2026, 6, 9), now=NOW)
