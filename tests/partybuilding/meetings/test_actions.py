"""What is written when a meeting is planned, recorded, corrected and excused from."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from brigade import workflow
from brigade.audit.models import AuditEvent
from brigade.files.models import File
from brigade.indicators.actions import drain
from brigade.kit.ids import new_id
from brigade.kit.refusals import NotAllowed, Stale
from brigade.notices.models import Message
from brigade.obligations.models import Obligation
from brigade.org.states import Role
from partybuilding.branches import actions as branches
from partybuilding.branches.models import PartyMember
from partybuilding.meetings import actions, queries
from partybuilding.meetings.models import Attendance, Decision, Meeting, MeetingEdition, Vote
from partybuilding.meetings.rules import Batch, Count, Mark, Opinion, Picture, Task, Topic
from partybuilding.meetings.states import DecisionState, MeetingState, Presence
from tests.brigade.org.factories import person
from tests.partybuilding import factories as make
from tests.partybuilding.factories import moment, refused, span

pytestmark = pytest.mark.django_db
NOW = moment("2026-06-12", "17:00")


@pytest.fixture
def world():
    return make.world()


@pytest.fixture
def a(world):
    return make.branch(world, full=18)


def roll(meeting):
    return dict(Attendance.objects.filter(meeting=meeting).values_list("person", "status"))


def vote(**fields):
    return Topic("vote", "表决事项", votes=(Count("ordinary", **fields),))


# Recording


def test_44_whoever_is_not_marked_was_there_and_no_photo_is_needed(a):
    meeting = make.recorded(a, "2026-06-10", "TD", absent=3)
    there = Attendance.objects.filter(meeting=meeting, status=Presence.PRESENT)
    assert there.count() == 15
    assert set(there.values_list("source", flat=True)) == {"roll_call"}
    confirmed = actions.confirm_meeting(by=a.secretary, meeting=meeting, now=NOW)
    assert confirmed.state == MeetingState.CONFIRMED


def test_a_record_gets_a_title_and_a_number_of_its_own(a):
    first, second = make.recorded(a, "2026-06-10", "TD"), make.recorded(a, "2026-06-11", "CM")
    code = a.unit.code
    assert (first.number, second.number) == (f"DJ-{code}-20260610-001", f"DJ-{code}-20260611-002")
    assert first.title == "城区一中队党支部6月主题党日"


def test_a_double_click_is_one_record(a):
    ident, sheet = new_id(), make.sheet(a, "2026-06-10", "TD")
    first = actions.record_meeting(by=a.recorder, sheet=sheet, now=NOW, meeting_id=ident)
    again = actions.record_meeting(by=a.recorder, sheet=sheet, now=NOW, meeting_id=ident)
    assert first.pk == again.pk
    assert Meeting.objects.count() == 1


def test_56_two_recorders_at_once_the_second_is_told_and_nothing_is_lost(a):
    meeting = make.recorded(a, "2026-06-10", "TD")
    actions.edit_meeting(
        by=a.recorder, meeting=meeting, sheet=make.sheet(a, "2026-06-10", "TD", place="一楼"), version=1, now=NOW
    )
    with refused(kind=Stale):
        actions.edit_meeting(
            by=a.secretary, meeting=meeting, sheet=make.sheet(a, "2026-06-10", "TD", place="二楼"), version=1, now=NOW
        )
    meeting.refresh_from_db()
    assert meeting.place == "一楼"


def test_the_committee_is_due_at_its_own_meeting_and_a_group_at_its_own(world):
    b = make.branch(world, groups=3)
    committee = make.recorded(b, "2026-06-10", "CM", recorder_id=b.members[1].pk)
    assert set(roll(committee)) == {somebody.pk for somebody in b.members[:5]}
    group = make.recorded(
        b, "2026-06-11", spans=(span("GM", "2026-06-11", group_id=b.groups[0].pk),), recorder_id=b.members[3].pk
    )
    assert {pk for pk, status in roll(group).items() if status != "observer"} == {p.pk for p in b.members[0::3]}


def test_who_chairs_without_being_due_sits_in_as_an_observer(world, a):
    meeting = make.recorded(a, "2026-06-10", "TD", chair_id=world.political_officer.pk)
    assert roll(meeting)[world.political_officer.pk] == Presence.OBSERVER
    assert queries.tally_of(meeting).due == 18


def test_an_exempt_member_is_no_part_of_the_denominator_but_keeps_his_vote(world, a):
    old = PartyMember.objects.get(person=a.members[7])
    branches.exempt_member(
        by=a.secretary, member=old, kind="aged_infirm", start_on=date(2026, 1, 1), end_on=None, now=NOW
    )
    meeting = make.recorded(a, "2026-06-10", "MM", topics=(vote(ayes=17),))
    assert queries.tally_of(meeting).due == 17
    assert Vote.objects.get().base == 18


def test_25_a_member_who_moves_is_due_where_he_stands_on_the_day(world, a):
    new = make.branch(world, "机关党支部")
    moved = a.members[8]
    branches.move_member(
        by=world.office,
        member=PartyMember.objects.get(person=moved),
        branch=new.row,
        since=date(2026, 5, 20),
        now=moment("2026-05-20"),
    )
    at_old = make.held(a, "2026-05-15", "PL")
    at_new_before = make.recorded(new, "2026-05-18", "TD", marks=(Mark(moved.pk, "observer"),))
    at_new = make.recorded(new, "2026-05-22", "TD")
    assert roll(at_old)[moved.pk] == Presence.PRESENT
    assert roll(at_new_before)[moved.pk] == Presence.OBSERVER
    assert roll(at_new)[moved.pk] == Presence.PRESENT
    assert queries.person_hours(moved.pk, 2026) == 1


def test_the_roll_stays_as_it_was_when_the_record_is_corrected_later(world, a):
    meeting = make.held(a, "2026-06-10", "TD")
    newcomer = person()
    branches.enrol_member(
        by=world.office, person=newcomer, branch=a.row, start_on=date(2026, 6, 1), now=NOW,
        admitted_on=date(2020, 1, 1), confirmed_on=date(2021, 1, 1),
    )  # fmt: skip
    meeting = actions.reopen_meeting(by=a.secretary, meeting=meeting, reason="补写要点", now=NOW)
    sheet = queries.sheet_of(meeting)
    meeting = actions.edit_meeting(by=a.recorder, meeting=meeting, sheet=sheet, version=meeting.version, now=NOW)
    assert newcomer.pk not in roll(meeting)


def test_saving_a_record_again_as_its_form_shows_it_changes_nothing(a):
    topics = (
        Topic("first_topic", "学习", summary="要点"),
        vote(ayes=12),
        Topic("deliberate", "整治", tasks=(Task("联合踏勘", a.members[2].pk, date(2026, 7, 1)),)),
    )
    meeting = make.recorded(a, "2026-06-10", "MM", "TD", absent=3, topics=topics)
    before = queries.sheet_of(meeting), roll(meeting)
    meeting = actions.edit_meeting(by=a.recorder, meeting=meeting, sheet=before[0], version=1, now=NOW)
    assert (queries.sheet_of(meeting), roll(meeting)) == before
    assert Decision.objects.count() == 1


def test_13_a_vote_counts_voters_from_the_roll(world):
    c = make.branch(world, full=16, probationary=2)
    punished = PartyMember.objects.get(person=c.members[6])
    branches.sanction_member(
        by=world.office,
        member=punished,
        sanction="probation_within_party",
        start_on=date(2026, 1, 1),
        end_on=date(2027, 1, 1),
        now=NOW,
    )
    meeting = make.recorded(c, "2026-06-10", "MM", topics=(vote(ayes=8),))
    row = Vote.objects.get()
    assert queries.tally_of(meeting).due == 18
    assert (row.base, row.present, row.passed) == (15, 15, True)


def test_11_an_admission_with_a_written_opinion(world):
    b = make.branch(world, full=16)
    before = moment("2026-06-09")
    away = tuple(Mark(somebody.pk, "leave_duty", "执勤") for somebody in b.members[1:8])
    candidate = person()
    count = Count(
        "admission", ayes=8, ballot="secret", candidates=(candidate.pk,), opinions=(Opinion(b.members[1].pk, before),)
    )
    make.recorded(b, "2026-06-10", "MM", marks=away, topics=(Topic("vote", "接收", votes=(count,)),))
    row = Vote.objects.get()
    assert (row.base, row.present, row.written, row.passed) == (16, 9, 1, True)


def test_nobody_votes_on_his_own_confirmation_though_he_is_full_from_that_day_on(world):
    b = make.branch(world, full=5, probationary=1, committee=False)
    candidate = b.members[-1]
    on_the_day = moment("2026-06-10", "16:30")
    branches.confirm_member(by=world.office, member=candidate.party_member, on=date(2026, 6, 10), now=on_the_day)
    count = Count("confirmation", ayes=3, candidates=(candidate.pk,))
    make.recorded(b, "2026-06-10", "MM", topics=(Topic("vote", "转正", votes=(count,)),))
    row = Vote.objects.get()
    assert (row.base, row.present, row.passed) == (5, 5, True)


def test_a_committee_vote_goes_by_the_committee(a):
    topics = (Topic("vote", "分工", votes=(Count("committee", ayes=3),)),)
    make.recorded(a, "2026-06-10", "CM", "TD", topics=topics)
    assert (Vote.objects.get().base, Vote.objects.get().passed) == (5, True)


def test_22_shifts_count_whoever_came_to_any(a):
    first, second = a.members[:9], [a.members[8], *a.members[9:16]]
    batches = tuple(
        Batch(moment("2026-06-10", start), moment("2026-06-10", end), frozenset(p.pk for p in people))
        for start, end, people in [("09:00", "10:00", first), ("15:00", "16:00", second)]
    )
    absent = tuple(Mark(p.pk, "absent", "未到") for p in a.members[16:])
    meeting = make.recorded(
        a,
        "2026-06-10",
        spans=(span("TD", "2026-06-10", "09:00", "16:00"),),
        start="09:00",
        batches=batches,
        marks=absent,
        recorder_id=a.members[8].pk,
    )
    tally = queries.tally_of(meeting)
    assert (tally.present, tally.due, str(tally.rate)) == (16, 18, "88.9")
    assert Attendance.objects.get(meeting=meeting, person=a.members[8]).sessions == 0b11
    assert queries.sheet_of(meeting).batches == batches


def test_20_confirming_with_one_person_unmarked_is_refused(a):
    marks = (Mark(a.members[5].pk, "unmarked"),)
    meeting = make.recorded(a, "2026-06-10", "TD", marks=marks)
    with refused(f"{a.members[5].name}没有标到会情况"):
        actions.confirm_meeting(by=a.secretary, meeting=meeting, now=NOW)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"marks": (Mark(10**9, "absent"),)}, "没有的人"),
        ({"title": "题" * 121}, "最多120个字，现在是121个"),
        ({"topics": (Topic("other", " "),)}, "议题要有题目"),
        ({"photos": (Picture(uuid4()),)}, "照片没有传上来"),
    ],
)
def test_what_cannot_be_kept_is_refused(a, fields, sentence):
    with refused(sentence):
        make.recorded(a, "2026-06-10", "TD", **fields)
    assert not Meeting.objects.exists()


def test_somebody_who_is_not_due_can_only_sit_in(world, a):
    with refused("只能标为列席"):
        make.recorded(a, "2026-06-10", "TD", marks=(Mark(world.leader.pk, "present"),))


def test_keys_of_other_branches_are_refused(world, a):
    other = make.branch(world, "机关党支部", groups=1)
    with refused("不是这个支部的"):
        make.recorded(a, "2026-06-10", spans=(span("GM", "2026-06-10", group_id=other.groups[0].pk),))
    with refused("只有党总支的大会"):
        make.recorded(a, "2026-06-10", "MM", branches=(other.pk,))
    with refused("不开党总支会"):
        make.recorded(a, "2026-06-10", "GB")


def test_a_photo_is_ones_own_and_stays_when_somebody_else_corrects_the_record(a):
    file = File.objects.create(
        sha256="0" * 64, size=1, kind="image", media_type="image/jpeg", name="a.jpg", by_id=a.recorder.pk, at=NOW
    )
    photos = (Picture(file.pk, "现场"),)
    with refused("照片没有传上来"):
        actions.record_meeting(
            by=a.secretary, sheet=make.sheet(a, "2026-06-10", "TD", photos=photos), now=moment("2026-06-11")
        )
    meeting = make.recorded(a, "2026-06-10", "TD", photos=photos)
    sheet = queries.sheet_of(meeting)
    actions.edit_meeting(by=a.secretary, meeting=meeting, sheet=sheet, version=1, now=NOW)
    assert [photo.caption for photo in meeting.photos.all()] == ["现场"]


def test_the_branch_of_a_record_is_a_branch_and_stays(world, a):
    other = make.branch(world, "机关党支部")
    with refused("选开会的支部"):
        make.recorded(a, "2026-06-10", "TD", unit_id=world.brigade.pk)
    meeting = make.recorded(a, "2026-06-10", "TD")
    sheet = make.sheet(a, "2026-06-10", "TD", unit_id=other.pk)
    with refused("不能换支部"):
        actions.edit_meeting(by=world.general_secretary, meeting=meeting, sheet=sheet, version=1, now=NOW)
    with refused("不能晚于现在"):
        actions.edit_meeting(
            by=a.recorder, meeting=meeting, sheet=make.sheet(a, "2026-06-13", "TD"), version=1, now=NOW
        )


def test_a_meeting_that_has_not_begun_cannot_be_recorded(a):
    with refused("还没有开始"):
        make.recorded(a, "2026-06-10", "TD", now=moment("2026-06-10", "14:59"))


def test_text_from_anywhere_is_kept_clean(a):
    meeting = make.recorded(a, "2026-06-10", "TD", summary="第一行\x00\n" + "长" * 10_000 + "😀")
    assert meeting.summary.startswith("第一行\n长") and meeting.summary.endswith("😀")


# Backfill


def test_a_record_entered_weeks_later_is_marked_and_says_why(a):
    meeting = make.recorded(a, "2026-05-20", "TD", now=NOW)
    assert meeting.backfill
    with refused("要写明补录原因"):
        actions.confirm_meeting(by=a.secretary, meeting=meeting, now=NOW)
    meeting = actions.edit_meeting(
        by=a.recorder, meeting=meeting, version=1, now=NOW,
        sheet=make.sheet(a, "2026-05-20", "TD", backfill_reason="系统上线前的会"),
    )  # fmt: skip
    assert actions.confirm_meeting(by=a.secretary, meeting=meeting, now=NOW).record_late


def test_a_record_entered_months_later_needs_the_general_branch(world, a):
    meeting = make.recorded(a, "2026-03-20", "TD", now=NOW, backfill_reason="系统上线前的会")
    with refused("要党总支同意"):
        actions.confirm_meeting(by=a.secretary, meeting=meeting, now=NOW)
    meeting = actions.approve_backfill(by=world.general_secretary, meeting=meeting, now=NOW)
    assert actions.confirm_meeting(by=a.secretary, meeting=meeting, now=NOW).state == MeetingState.CONFIRMED


def test_only_a_backfill_is_approved_and_only_once(world, a):
    meeting = make.recorded(a, "2026-06-10", "TD")
    with refused("不是补录"):
        actions.approve_backfill(by=world.general_secretary, meeting=meeting, now=NOW)
    old = make.recorded(a, "2026-03-20", "TD", now=NOW)
    old = actions.approve_backfill(by=world.general_secretary, meeting=old, now=NOW)
    with refused("已经同意过"):
        actions.approve_backfill(by=world.general_secretary, meeting=old, now=NOW)


# Plan, notice, postponement


def announced(a, day="2026-06-20", **fields):
    meeting = actions.plan_meeting(by=a.recorder, sheet=make.sheet(a, day, "TD", **fields), now=NOW)
    return actions.notify_meeting(by=a.recorder, meeting=meeting, now=NOW)


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


# One entry, all outputs


def basket_day(a, **fields):
    """Scenario 23: a theme party day with a members' meeting, a lesson by the secretary and volunteering."""
    day = "2026-05-15"
    spans = (
        span("TD", day, "14:00", "17:00"),
        span("MM", day, "14:00", "14:50"),
        span("ST", day, "14:10", "14:40"),
        span("PL", day, "15:00", "16:00", lecturer_id=a.secretary.pk),
        span("VO", day, "16:00", "17:00"),
    )
    return make.sheet(a, day, start="14:00", end="17:00", spans=spans, **fields)


def test_23_and_43_one_record_does_it_all(world, a):
    now = moment("2026-05-15", "17:30")
    topics = (
        Topic("first_topic", "学习"),
        Topic("deliberate", "整治", tasks=(Task("踏勘", a.members[2].pk, date(2026, 6, 1)),)),
    )
    sheet = basket_day(a, absent=3, topics=topics)
    meeting = actions.record_meeting(by=a.recorder, sheet=sheet, now=now)
    actions.confirm_meeting(by=a.secretary, meeting=meeting, now=now)
    drain(now=now)
    met = Obligation.objects.filter(met_id=str(meeting.pk), rule__in=queries.REQUIREMENT_RULES)
    assert {row.rule for row in met} == {"party.TD", "party.MM", "party.PL"}
    table = queries.matrix(world.office, 2026, "", now)
    may = {item.requirement: item.count for item in table.cell(a.pk, 5).items}
    june = {item.requirement: item.count for item in table.cell(a.pk, 6).items}
    assert (may["TD"], june["MM"], june["PL"]) == (1, 1, 1)
    assert queries.person_hours(a.members[5].pk, 2026) == Decimal("1.5")
    assert queries.person_hours(a.members[1].pk, 2026) == 0
    assert [row.title for row in queries.open_decisions(a.pk)] == ["踏勘"]


def test_confirming_takes_at_most_sixteen_queries_with_begin_and_commit(a, django_assert_max_num_queries):
    now = moment("2026-05-15", "17:30")
    workflow.settle(now=now)
    meeting = actions.record_meeting(by=a.recorder, sheet=basket_day(a, absent=3), now=now)
    somebody = type(a.secretary).objects.get(pk=a.secretary.pk)
    meeting = Meeting.objects.select_related("unit").get(pk=meeting.pk)
    with django_assert_max_num_queries(15):
        actions.confirm_meeting(by=somebody, meeting=meeting, version=1, now=now + timedelta(minutes=1))


def test_an_officer_without_a_party_role_reaches_nothing(a):
    make.recorded(a, "2026-06-10", "TD")
    assert not Meeting.objects.visible_to(person(Role.OFFICER, at=a.unit)).exists()
