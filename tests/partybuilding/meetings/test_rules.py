"""The sums of the Party rules, with the numbers of the acceptance scenarios; no database."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from brigade.kit.clocks import CHINA, Calendar
from brigade.kit.refusals import Refused
from brigade.obligations.states import ObligationState as O
from partybuilding.branches.rules import Belonging, at_least_since, check_next_status, committee_overdue
from partybuilding.meetings import rules
from partybuilding.meetings.rules import Count, Facts, Limits, Opinion, Sheet, Span, Tally, Topic
from partybuilding.meetings.states import VoteKind

START = datetime(2026, 6, 30, 15, 0, tzinfo=CHINA)


def hours(minutes, start="09:00", day=15):
    begins = datetime(2026, 5, day, *map(int, start.split(":")), tzinfo=CHINA)
    return begins, begins + timedelta(minutes=minutes)


# Votes


@pytest.mark.parametrize(
    ("present", "ayes", "may", "passed"),
    [(7, 7, False, False), (8, 8, True, False), (9, 9, True, True), (16, 8, True, False)],
)
def test_10_an_ordinary_vote_needs_half_of_those_due_there_and_more_than_half_of_those_due_agreeing(
    present, ayes, may, passed
):
    assert rules.may_vote(VoteKind.ORDINARY, present, 16) is may
    assert rules.passes(VoteKind.ORDINARY, ayes, 0, 16) is passed


@pytest.mark.parametrize(
    ("present", "ayes", "written", "may", "passed"),
    [(8, 8, 0, False, False), (9, 8, 0, True, False), (9, 8, 1, True, True)],
)
def test_11_an_admission_needs_more_than_half_there_and_counts_written_ayes(present, ayes, written, may, passed):
    assert rules.may_vote(VoteKind.ADMISSION, present, 16) is may
    assert rules.passes(VoteKind.ADMISSION, ayes, written, 16) is passed


def test_11_a_written_opinion_after_the_start_is_ignored():
    early, late = Opinion(4, START - timedelta(minutes=1)), Opinion(5, START + timedelta(minutes=1))
    assert rules.written_ayes([early, late], START, present={1, 2}, voters={1, 2, 4, 5}) == 1


def test_11_a_written_opinion_of_somebody_who_is_there_or_says_no_is_no_written_aye():
    before = START - timedelta(days=1)
    opinions = [Opinion(1, before), Opinion(4, before, is_aye=False)]
    assert rules.written_ayes(opinions, START, present={1}, voters={1, 4}) == 0


def test_an_ordinary_vote_counts_no_written_ayes():
    assert not rules.passes(VoteKind.ORDINARY, 8, 1, 16)


def test_13_a_ballot_of_a_probationary_member_is_rejected():
    with pytest.raises(Refused, match="没有表决权"):
        rules.written_ayes([Opinion(9, START - timedelta(days=1))], START, present=set(), voters={1, 2})


def test_13_eight_ayes_of_fifteen_due_pass():
    assert rules.passes(VoteKind.ORDINARY, 8, 0, 15)
    assert not rules.passes(VoteKind.ORDINARY, 7, 0, 15)


def test_more_ballots_than_voters_there_are_rejected():
    with pytest.raises(Refused, match="多于实到会有表决权的15人"):
        rules.check_count(Count(VoteKind.ORDINARY, ayes=14, noes=1, abstain=1), present=15, base=15)


def test_a_vote_without_its_quorum_is_refused_with_the_article():
    with pytest.raises(Refused, match="实到7人，不到一半以上.*第十一条"):
        rules.check_count(Count(VoteKind.ORDINARY, ayes=7), present=7, base=16)


def test_nobody_votes_where_nobody_is_entitled():
    assert not rules.may_vote(VoteKind.ORDINARY, 0, 0)


def test_14_two_candidates_in_one_vote_are_rejected():
    with pytest.raises(Refused, match="分两次表决"):
        rules.check_candidates(Count(VoteKind.ADMISSION, ayes=9, candidates=(1, 2)))


def test_an_admission_names_its_candidate():
    with pytest.raises(Refused, match="表决的是谁"):
        rules.check_candidates(Count(VoteKind.CONFIRMATION, ayes=9))


def test_a_committee_votes_by_its_own_number():
    assert rules.may_vote(VoteKind.COMMITTEE, 3, 5)
    assert not rules.may_vote(VoteKind.COMMITTEE, 2, 5)


def test_16_an_election_needs_four_fifths_of_those_due():
    assert rules.election_is_valid(20, 25)
    assert not rules.election_is_valid(19, 25)
    assert not rules.election_is_valid(20, 27)


@pytest.mark.parametrize(("seats", "least"), [(3, 4), (5, 6), (7, 9)])
def test_16_candidates_are_a_fifth_more_than_seats(seats, least):
    assert rules.least_candidates(seats) == least


def test_16_more_than_half_of_those_there_elect_and_the_other_measure_is_a_note():
    assert rules.is_elected(11, 20)
    assert not rules.is_elected(10, 20)
    assert rules.is_elected(12, 20)
    assert rules.ayes_if_due(25) == 13


def test_16_more_ballots_back_than_out_void_the_election():
    assert not rules.election_is_valid(20, 25, issued=20, returned=21)
    assert rules.election_is_valid(20, 25, issued=20, returned=20)


# Attendance


def test_19_the_rate_of_a_period_is_sums_over_sums():
    total = Tally(due=18, present=14) + Tally(due=18, present=17) + Tally(due=10, present=9)
    assert (total.present, total.due) == (40, 46)
    assert total.rate == Decimal("87.0")


def test_22_being_in_any_shift_is_being_there():
    assert Tally(due=18, present=16).rate == Decimal("88.9")


def test_nobody_due_is_no_rate():
    assert (Tally().rate, Tally().coverage, Tally().absence) == (None, None, None)


def test_the_roll_counts_leave_among_those_due_and_exempt_and_observers_not():
    roll = [
        ("present", "none"), ("late", "none"), ("online", "none"), ("leave_sick", "done"),
        ("absent", "none"), ("unmarked", "none"), ("exempt", "none"), ("observer", "none"),
    ]  # fmt: skip
    assert rules.tally(roll) == Tally(6, 3, 1, 1, 1, 1, 1, 1)
    assert rules.tally(roll).rate == Decimal("50.0")
    assert rules.tally(roll).coverage == Decimal("66.7")
    assert rules.tally(roll).absence == Decimal("16.7")


def test_percent_rounds_half_up():
    assert rules.percent(1, 8) == Decimal("12.5")
    assert rules.percent(Decimal("12.25"), 100) == Decimal("12.3")


@pytest.mark.parametrize(("clock", "late"), [((13, 50), False), ((14, 0), True), ((14, 20), True)])
def test_20_leave_filed_once_the_meeting_has_begun_is_late(clock, late):
    starts_at = datetime(2026, 6, 26, 14, 0, tzinfo=CHINA)
    assert rules.is_late_leave(datetime(2026, 6, 26, *clock, tzinfo=CHINA), starts_at) is late


# Study hours


@pytest.mark.parametrize(("minutes", "earned"), [(29, "0"), (30, "0.5"), (59, "0.5"), (60, "1.0"), (90, "1.5")])
def test_study_earns_half_an_hour_for_each_whole_half_hour(minutes, earned):
    assert rules.segment_hours(minutes) == Decimal(earned)


def test_23_a_lesson_and_half_an_hour_of_study_earn_one_and_a_half():
    assert rules.study_hours([hours(60, "15:00"), hours(30, "14:10")]) == Decimal("1.5")


def test_study_earns_at_most_four_hours_a_half_day():
    assert rules.study_hours([hours(120, "08:00"), hours(150, "10:00")]) == 4


def test_study_earns_at_most_eight_hours_a_day_and_starts_anew_the_next():
    whole_day = [hours(300, "07:00"), hours(300, "14:00")]
    assert rules.study_hours(whole_day) == 8
    assert rules.study_hours([*whole_day, hours(60, day=16)]) == 9


def test_who_was_there_or_made_it_up_earns():
    assert rules.earns("late", "none")
    assert rules.earns("absent", "done")
    assert not rules.earns("leave_duty", "none")


# Deadlines and requirements


def test_1_a_record_is_late_after_five_working_days():
    work = Calendar(loaded_years=frozenset({2026}))
    held_on = date(2026, 6, 30)
    assert rules.record_deadline(held_on, 5, work).date == date(2026, 7, 7)
    assert not rules.is_record_late(date(2026, 7, 7), held_on, 5, work)
    assert rules.is_record_late(date(2026, 7, 8), held_on, 5, work)


def test_what_is_entered_more_than_fifteen_days_late_is_a_backfill():
    assert not rules.is_backfill(date(2026, 6, 16), date(2026, 6, 1), 15)
    assert rules.is_backfill(date(2026, 6, 17), date(2026, 6, 1), 15)


@pytest.mark.parametrize(
    ("count", "waived", "na", "closed", "state"),
    [
        (1, False, "", False, O.MET),
        (1, True, "", True, O.MET),
        (0, True, "", True, O.WAIVED),
        (0, False, "", False, O.OPEN),
        (0, False, "", True, O.MISSED),
        (1, True, "期初尚未成立", True, O.NOT_APPLICABLE),
    ],
)
def test_a_requirement_is_met_waived_open_or_missed(count, waived, na, closed, state):
    assert rules.requirement_state(count=count, needed=1, waived=waived, na_reason=na, closed=closed) == state


def test_38_waived_and_not_applicable_stand_on_neither_side_of_the_rate():
    states = [O.MET] * 6 + [O.WAIVED, O.MISSED, O.NOT_APPLICABLE, O.OPEN]
    assert rules.share(states) == rules.Share(6, 1)
    assert rules.share(states).rate == Decimal("85.7")


def test_a_branch_has_done_its_quarter_when_nothing_is_missing_or_open():
    assert rules.branch_result([O.MET, O.WAIVED, O.NOT_APPLICABLE], closed=True) == O.MET
    assert rules.branch_result([O.MET, O.OPEN], closed=True) == O.OPEN
    assert rules.branch_result([O.MET, O.OPEN, O.MISSED], closed=False) == O.MISSED
    assert rules.branch_result([O.MET], closed=False) == O.OPEN
    assert rules.branch_result([], closed=True) == O.NOT_APPLICABLE


# What is written down


def a_sheet(**fields):
    values = {
        "unit_id": 1,
        "title": "",
        "starts_at": START,
        "ends_at": START + timedelta(hours=2),
        "spans": (Span("TD", START, START + timedelta(hours=2)),),
    }
    return Sheet(**(values | fields))


def a_span(kind, start, minutes, **fields):
    begins = START + timedelta(minutes=start)
    return Span(kind, begins, begins + timedelta(minutes=minutes), **fields)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"ends_at": START}, "结束时间要晚于开始时间"),
        ({"spans": ()}, "至少选一项"),
        ({"spans": (a_span("ST", 0, 0),)}, "集中学习的结束时间"),
        ({"spans": (a_span("ST", 0, 121),)}, "不在会议起止时间以内"),
        ({"spans": (a_span("GM", 0, 30),)}, "是哪个党小组"),
        ({"spans": (a_span("ST", 0, 60), a_span("PL", 30, 60))}, "时段不能重叠"),
        ({"marks": (rules.Mark(1, "absent"), rules.Mark(1, "late"))}, "标了两次"),
        ({"photos": tuple(rules.Picture(n) for n in range(10))}, "照片最多9张"),
    ],
)
def test_what_cannot_be_written_down_is_refused_in_one_sentence(fields, sentence):
    with pytest.raises(Refused, match=sentence):
        rules.check_sheet(a_sheet(**fields), 9)


def test_22_a_vote_in_a_meeting_held_in_shifts_is_refused():
    batches = tuple(rules.Batch(START + timedelta(hours=n), START + timedelta(hours=n + 1)) for n in range(2))
    topics = (Topic("vote", "推优", votes=(Count(VoteKind.ORDINARY, ayes=9),)),)
    with pytest.raises(Refused, match="分场次开的会不能表决"):
        rules.check_sheet(a_sheet(batches=batches, topics=topics), 9)


def test_a_group_leader_writes_down_meetings_of_his_group_only():
    own, other = a_span("GM", 0, 30, group_id=3), a_span("GM", 0, 30, group_id=4)
    rules.check_group_leader(a_sheet(spans=(own,)), {3})
    for spans in [(other,), (own, a_span("TD", 0, 60)), ()]:
        with pytest.raises(Refused, match="党小组长只能记本组"):
            rules.check_group_leader(a_sheet(spans=spans), {3})


# What a record must have before it is confirmed


def facts(**fields):
    values = {
        "starts_at": START,
        "ends_at": START + timedelta(hours=1),
        "entered_on": START.date(),
        "chair_id": 1,
        "recorder_id": 2,
        "spans": (a_span("TD", 0, 60),),
        "statuses": {1: "present", 2: "present", 3: "absent"},
    }
    return Facts(**(values | fields))


def shortcomings(now=START + timedelta(hours=2), **fields):
    return {check.code: check for check in rules.checks(facts(**fields), now) if not check.ok}


def test_a_complete_record_lacks_nothing():
    assert shortcomings() == {}
    rules.check_complete(facts(), START + timedelta(hours=2))


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        ("time", {"ends_at": START}),
        ("time", {"starts_at": START + timedelta(days=1), "ends_at": START + timedelta(days=2)}),
        ("chair", {"chair_id": None}),
        ("chair", {"chair_id": 3}),
        ("recorder", {"recorder_id": 3}),
        ("marks", {"unmarked": ("张三",)}),
        ("marks", {"statuses": {1: "observer", 2: "observer"}}),
        ("lesson", {"spans": (a_span("PL", 0, 60),)}),
        ("lesson", {"spans": (a_span("PL", 0, 29, lecturer_id=1),)}),
        ("group", {"spans": (a_span("GM", 0, 60),)}),
        ("committee", {"spans": (a_span("CM", 0, 60),), "has_committee": False, "first_topic_seq": 1}),
        ("votes", {"votes": 1, "sessions": 2}),
        ("backfill", {"entered_on": date(2026, 7, 20)}),
        ("backfill_approval", {"entered_on": date(2026, 9, 20), "backfill_reason": "系统上线前的会"}),
    ],
)
def test_what_is_missing_blocks_and_is_named(code, fields):
    found = shortcomings(**fields)
    assert found[code].blocks
    with pytest.raises(Refused, match=found[code].text[:6]):
        rules.check_complete(facts(**fields), START + timedelta(hours=2))


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        ("same_person", {"recorder_id": 1}),
        ("first_topic", {"spans": (a_span("MM", 0, 60),), "first_topic_seq": 2}),
        ("reasons", {"without_reason": ("田建军",)}),
    ],
)
def test_what_is_unusual_only_warns(code, fields):
    assert not shortcomings(**fields)[code].blocks
    rules.check_complete(facts(**fields), START + timedelta(hours=2))


def test_a_setting_turns_warnings_into_blocks():
    strict = Limits(first_topic_blocks=True, same_person_blocks=True)
    found = shortcomings(limits=strict, recorder_id=1, spans=(a_span("MM", 0, 60),))
    assert found["same_person"].blocks
    assert found["first_topic"].blocks


# Members


def belonging(**fields):
    values = {
        "person_id": 1,
        "member_id": 1,
        "name": "张三",
        "police_no": "1",
        "branch_id": 1,
        "group_id": None,
        "start_on": date(2026, 1, 1),
        "end_on": None,
        "admitted_on": date(2025, 3, 1),
        "confirmed_on": date(2026, 5, 20),
        "ceased_on": None,
    }
    return Belonging(**(values | fields))


def test_a_member_counts_by_the_dates_of_his_way():
    row = belonging(end_on=date(2026, 9, 1))
    assert not row.is_counted(date(2025, 12, 31))
    assert row.is_counted(date(2026, 5, 19)) and not row.is_full(date(2026, 5, 19))
    assert row.is_full(date(2026, 5, 20))
    assert not row.is_counted(date(2026, 9, 1))
    assert row.full_time() == (date(2026, 5, 20), date(2026, 9, 1))


def test_who_is_under_probation_within_the_party_or_without_rights_has_no_vote():
    day = date(2026, 6, 1)
    assert belonging().is_voter(day)
    assert not belonging(rights_suspended=True).is_voter(day)
    punished = belonging(
        sanction="probation_within_party", sanction_from=date(2026, 5, 21), sanction_to=date(2026, 7, 1)
    )
    assert not punished.is_voter(day)
    assert punished.is_voter(date(2026, 7, 1))


def test_7_a_committee_is_due_ninety_days_after_the_seventh_full_member():
    since = date(2026, 5, 20)
    spans = [(date(2020, 1, 1), None)] * 6 + [(since, None)]
    assert at_least_since(spans, 7, date(2026, 5, 19)) is None
    assert at_least_since(spans, 7, date(2026, 8, 1)) == since
    assert not committee_overdue(since, date(2026, 8, 18), 90)
    assert committee_overdue(since, date(2026, 9, 1), 90)


def test_7_falling_below_seven_starts_the_count_anew():
    spans = [(date(2020, 1, 1), None)] * 6 + [(date(2026, 1, 1), date(2026, 3, 1)), (date(2026, 4, 1), None)]
    assert at_least_since(spans, 7, date(2026, 3, 15)) is None
    assert at_least_since(spans, 7, date(2026, 5, 1)) == date(2026, 4, 1)


def test_the_way_into_the_party_never_leads_backwards():
    check_next_status("probationary", "full")
    with pytest.raises(Refused, match="正式党员不能直接变为预备党员，可以变为：停止党籍、去世、除名"):
        check_next_status("full", "probationary")
    with pytest.raises(Refused, match="可以变为：没有"):
        check_next_status("deceased", "full")
