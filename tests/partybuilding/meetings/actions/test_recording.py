"""What is written when a meeting is recorded."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from brigade import workflow
from brigade.files.models import File
from brigade.indicators.actions import drain
from brigade.kit.ids import new_id
from brigade.kit.refusals import Stale
from brigade.obligations.models import Obligation
from brigade.org.states import Role
from brigade.search.models import Entry
from brigade.search.rules import fingerprint, words_of
from partybuilding.branches import actions as branches
from partybuilding.branches.models import PartyMember
from partybuilding.meetings import actions, queries
from partybuilding.meetings.models import Attendance, Decision, Meeting, Vote
from partybuilding.meetings.rules import Batch, Count, Mark, Opinion, Picture, Task, Topic
from partybuilding.meetings.states import MeetingState, Presence
from tests.brigade.org.factories import person
from tests.partybuilding import factories as make
from tests.partybuilding.factories import moment, refused, span
from tests.partybuilding.meetings.actions.days import NOW, basket_day, roll, vote

pytestmark = pytest.mark.django_db


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
    make.transferred(world, moved, new, date(2026, 5, 20), issued=date(2026, 5, 10))
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


# One entry, all outputs


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


def test_the_search_follows_the_roll_and_confirming_leaves_it_as_it_is(a):
    now = moment("2026-05-15", "17:30")
    meeting = actions.record_meeting(by=a.recorder, sheet=basket_day(a, absent=3), now=now)
    first = Entry.objects.get(kind="meetings.meeting").print
    assert first == fingerprint(words_of(meeting))
    guest = person(Role.OFFICER, at=a.unit)
    sheet = queries.sheet_of(meeting)
    sheet = replace(sheet, marks=[*sheet.marks, Mark(guest.pk, Presence.OBSERVER)])
    meeting = actions.edit_meeting(by=a.recorder, meeting=meeting, sheet=sheet, version=meeting.version, now=now)
    second = Entry.objects.get(kind="meetings.meeting").print
    assert first != second == fingerprint(words_of(meeting))
    actions.confirm_meeting(by=a.secretary, meeting=meeting, now=now + timedelta(minutes=1))
    assert Entry.objects.get(kind="meetings.meeting").print == second == fingerprint(words_of(meeting))


def test_an_officer_without_a_party_role_reaches_nothing(a):
    make.recorded(a, "2026-06-10", "TD")
    assert not Meeting.objects.visible_to(person(Role.OFFICER, at=a.unit)).exists()
