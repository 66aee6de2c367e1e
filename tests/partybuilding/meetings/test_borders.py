"""Days and numbers at the border of a rule: the last minute, leap day, the turn of the year, odd and even bases."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from django.utils import timezone

from brigade import workflow
from brigade.audit.actions import SYSTEM
from brigade.obligations.models import Obligation
from brigade.obligations.queries import rungs_reached
from brigade.obligations.states import ObligationState as O
from brigade.reference.actions import set_workday
from brigade.reference.states import DayReason
from partybuilding.branches import actions as branches
from partybuilding.meetings import actions, queries, rules
from partybuilding.meetings.models import Vote
from partybuilding.meetings.rules import Count, Opinion, Span, Topic
from tests.brigade.org.factories import person
from tests.partybuilding import factories as make
from tests.partybuilding.factories import moment, refused, span

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make.world()


@pytest.fixture
def a(world):
    return make.branch(world)


def owed(rule, subject, period):
    return Obligation.objects.get(rule=f"party.{rule}", subject=str(subject), period=period)


def settle(day, clock="00:10"):
    workflow.settle(now=moment(day, clock))


# Periods


def test_a_meeting_over_midnight_belongs_to_the_quarter_in_which_it_began(a):
    end = moment("2026-04-01", "00:30")
    spans = (Span("TD", moment("2026-03-31", "23:00"), end), Span("MM", moment("2026-04-01", "00:05"), end))
    sheet = make.sheet(a, "2026-03-31", start="23:00", ends_at=end, spans=spans)
    meeting = actions.record_meeting(by=a.recorder, sheet=sheet, now=end)
    actions.confirm_meeting(by=a.secretary, meeting=meeting, now=end)
    settle("2026-04-02")
    assert (owed("MM", a.pk, "2026-Q1").state, owed("MM", a.pk, "2026-Q2").count) == (O.MET, 0)


def test_leap_day_and_the_last_day_of_the_year_each_count_for_their_own_month(a):
    make.held(a, "2027-12-31", "TD")
    make.held(a, "2028-02-29", "TD")
    settle("2028-03-01")
    states = [owed("TD", a.pk, month).state for month in ("2027-12", "2028-01", "2028-02")]
    assert states == [O.MET, O.MISSED, O.MET]
    leap = owed("TD", a.pk, "2028-02")
    assert [timezone.localdate(leap.warn_at), timezone.localdate(leap.due_at)] == [
        date(2028, 2, 24),
        date(2028, 2, 29),
    ]


def test_a_quarter_is_missed_from_its_first_minute_over(a):
    make.held(a, "2026-04-05", "TD")
    settle("2026-06-30", "23:59")
    assert owed("MM", a.pk, "2026-Q2").state == O.OPEN
    settle("2026-07-01", "00:00")
    assert owed("MM", a.pk, "2026-Q2").state == O.MISSED


def test_founded_on_the_first_it_owes_the_period_founded_on_the_second_it_does_not(world, a):
    make.held(a, "2026-01-05", "TD")
    first = make.branch(world, "四月一日党支部", since=date(2026, 4, 1))
    second = make.branch(world, "四月二日党支部", since=date(2026, 4, 2))
    settle("2026-05-20")
    assert [owed(rule, first.pk, period).state for rule, period in (("MM", "2026-Q2"), ("TD", "2026-04"))] == [
        O.OPEN,
        O.MISSED,
    ]
    for rule, period in (("MM", "2026-Q2"), ("TD", "2026-04")):
        assert owed(rule, second.pk, period).state == O.NOT_APPLICABLE
    assert owed("TD", second.pk, "2026-05").state == O.OPEN


def test_a_branch_dissolved_in_mid_month_owes_that_month_and_no_later_one(world, a):
    make.held(a, "2026-01-05", "TD")
    b = make.branch(world, "撤销的党支部", full=3, committee=False)
    settle("2026-05-10")
    last = date(2026, 5, 15)
    b.row.memberships.update(end_on=last)
    branches.dissolve_branch(by=world.office, branch=b.row, on=last, reason="机构调整", now=moment(last))
    settle("2026-06-10")
    assert owed("TD", b.pk, "2026-05").state == O.MISSED
    assert not Obligation.objects.filter(unit=b.pk, period="2026-06").exists()


@pytest.mark.parametrize(("since", "state"), [("2026-01-01", O.NOT_APPLICABLE), ("2025-12-31", O.OPEN)])
def test_ninety_days_with_seven_members_are_not_yet_more_than_ninety(world, since, state):
    make.held(make.branch(world), "2026-01-05", "TD")
    b = make.branch(world, "七人党支部", full=7, committee=False, since=date.fromisoformat(since))
    settle("2026-04-01")
    assert owed("CM", b.pk, "2026-04").state == state


def test_a_group_closed_in_mid_month_owes_that_month_and_one_formed_in_it_does_not(world):
    a = make.branch(world, groups=2)
    make.held(a, "2026-01-05", "TD")
    settle("2026-05-10")
    closed = a.groups[1]
    branches.end_group(by=world.office, group=closed, end_on=date(2026, 5, 15), now=moment("2026-05-15"))
    formed = branches.add_group(
        by=world.office, branch=a.row, name="第三党小组", start_on=date(2026, 5, 2), now=moment("2026-05-16")
    )
    settle("2026-06-01")
    assert owed("GM", closed.pk, "2026-05").state == O.MISSED
    assert not Obligation.objects.filter(rule="party.GM", subject=str(closed.pk), period="2026-06").exists()
    states = [owed("GM", formed.pk, month).state for month in ("2026-05", "2026-06")]
    assert states == [O.NOT_APPLICABLE, O.OPEN]


def test_a_waiver_approved_after_the_period_lifts_what_was_missed_and_a_meeting_goes_before_it(world, a):
    make.held(a, "2026-04-05", "TD")
    settle("2026-07-01")
    asked = actions.ask_waiver(
        by=a.secretary, unit=a.unit, requirement="MM", period="2026-Q2", reason="中考安保", now=moment("2026-07-05")
    )
    actions.approve_waiver(by=world.general_secretary, waiver=asked, now=moment("2026-07-06"))
    assert owed("MM", a.pk, "2026-Q2").state == O.WAIVED
    make.held(a, "2026-06-30", "MM", now=moment("2026-07-06"), confirmed="2026-07-06")
    assert owed("MM", a.pk, "2026-Q2").state == O.MET


# Days by which something is late


@pytest.mark.parametrize(
    ("held", "due"),
    [
        ("2026-09-28", "2026-10-10"),  # over National Day to the Saturday that makes up for it
        ("2026-09-30", "2026-10-13"),
        ("2026-02-12", "2026-02-26"),  # the Saturday before the Spring Festival is a working day
        ("2026-04-30", "2026-05-11"),
        ("2026-06-20", "2026-06-26"),  # held on a day off
        ("2025-12-31", "2026-01-08"),  # Sunday, 4 January is a working day
    ],
)
def test_a_record_has_five_working_days_over_holidays_and_days_made_up(held, due):
    assert queries.record_deadline(date.fromisoformat(held)).date == date.fromisoformat(due)


@pytest.mark.parametrize(("day", "clock", "late"), [("2026-10-13", "23:59", False), ("2026-10-14", "00:00", True)])
def test_the_last_minute_of_the_fifth_day_is_in_time(a, day, clock, late):
    meeting = make.recorded(a, "2026-09-30", "TD")
    assert actions.confirm_meeting(by=a.secretary, meeting=meeting, now=moment(day, clock)).record_late is late


@pytest.mark.parametrize(
    ("day", "backfill", "approval"),
    [
        ("2026-03-16", False, False),
        ("2026-03-17", True, False),
        ("2026-04-30", True, False),
        ("2026-05-01", True, True),
    ],
)
def test_fifteen_days_need_no_reason_and_sixty_no_approval(world, a, day, backfill, approval):
    reason = {"backfill_reason": "在外执勤" if backfill else ""}
    meeting = make.recorded(a, "2026-03-01", "TD", now=moment(day), **reason)
    assert meeting.backfill is backfill
    if approval:
        with refused("党总支同意"):
            actions.confirm_meeting(by=a.secretary, meeting=meeting, now=moment(day))
        meeting = actions.approve_backfill(by=world.office, meeting=meeting, now=moment(day))
    actions.confirm_meeting(by=a.secretary, meeting=meeting, now=moment(day))


def test_a_change_of_the_calendar_moves_the_day_by_which_a_record_is_confirmed(world, a):
    meeting = make.recorded(a, "2026-06-08", "TD")
    duty = Obligation.objects.get(rule="party.confirm", subject=str(meeting.pk))
    assert timezone.localdate(duty.due_at) == date(2026, 6, 15)
    set_workday(by=SYSTEM, day=date(2026, 6, 12), is_workday=False, reason=DayReason.LOCAL, source="通知")
    settle("2026-06-10")
    duty.refresh_from_db()
    assert timezone.localdate(duty.due_at) == date(2026, 6, 16)


def test_a_reminder_of_the_20th_that_is_a_day_off_comes_on_the_next_working_day(a):
    make.held(a, "2026-04-05", "TD")
    settle("2026-06-01")

    def told(day):
        rungs = rungs_reached(moment(day, "08:30")).get(a.secretary, [])
        return {rung.obligation.rule for rung in rungs if rung.obligation.period == "2026-06"}

    assert "party.TD" not in told("2026-06-20")  # the Dragon Boat Festival, until Sunday
    assert "party.TD" in told("2026-06-22")


# Votes and hours


@pytest.mark.parametrize(
    ("full", "absent", "kind", "ayes", "passed"),
    [
        (15, 8, "ordinary", 7, None),
        (15, 7, "ordinary", 8, True),
        (16, 8, "ordinary", 8, False),
        (2, 1, "ordinary", 1, False),
        (15, 7, "admission", 8, True),
        (16, 8, "admission", 8, None),
        (3, 1, "admission", 2, True),
    ],
)
def test_half_of_an_odd_and_of_an_even_base(world, full, absent, kind, ayes, passed):
    b = make.branch(world, full=full, committee=False)
    candidates = (person().pk,) if kind == "admission" else ()
    topics = (Topic("vote", "表决", votes=(Count(kind, ayes=ayes, candidates=candidates),)),)
    sheet = replace(make.sheet(b, "2026-05-10", "MM", absent=absent, topics=topics), recorder_id=b.secretary.pk)
    if passed is None:
        with refused("不能表决"):
            actions.record_meeting(by=b.secretary, sheet=sheet, now=moment("2026-05-10", "18:00"))
    else:
        actions.record_meeting(by=b.secretary, sheet=sheet, now=moment("2026-05-10", "18:00"))
        row = Vote.objects.get()
        assert (row.base, row.present, row.passed) == (full, full - absent, passed)


@pytest.mark.parametrize(("clock", "written"), [("14:59", 1), ("15:00", 0)])
def test_a_written_opinion_handed_in_at_the_very_start_comes_too_late(world, clock, written):
    b = make.branch(world, full=16, committee=False)
    opinion = Opinion(b.members[2].pk, moment("2026-05-10", clock))
    count = Count("admission", ayes=8, candidates=(person().pk,), opinions=(opinion,))
    make.recorded(b, "2026-05-10", "MM", absent=7, topics=(Topic("vote", "接收", votes=(count,)),))
    row = Vote.objects.get()
    assert (row.written, row.passed) == (written, bool(written))


def test_three_meetings_of_one_day_earn_four_hours_each_half_day_and_eight_in_all(a):
    for start, end in (("08:00", "12:30"), ("13:00", "16:00"), ("16:00", "20:00")):
        make.held(
            a, "2026-05-10", "ST", start=start, end=end, now=moment("2026-05-10", "20:30"), confirmed="2026-05-11"
        )
    assert queries.person_hours(a.members[3].pk, 2026) == 8


def test_segments_may_touch_and_lie_inside_each_other_but_study_only_touches(a):
    day = "2026-05-10"
    lesson = {"lecturer_id": a.secretary.pk}
    spans = (
        span("TD", day, "14:00", "17:00"),
        span("MM", day, "14:00", "15:00"),
        span("ST", day, "14:00", "14:30"),
        span("PL", day, "14:30", "15:30", **lesson),
        span("MM", day, "15:30", "16:00"),
    )
    make.held(a, day, start="14:00", end="17:00", spans=spans)
    assert queries.person_hours(a.members[3].pk, 2026) == Decimal("1.5")
    assert owed("MM", a.pk, "2026-Q2").count == 1
    overlapping = (span("ST", day, "14:00", "14:31"), span("PL", day, "14:30", "15:30", **lesson))
    with refused("不能重叠"):
        make.recorded(a, day, start="14:00", end="17:00", spans=overlapping)


def test_a_lesson_of_twenty_nine_minutes_is_none(a):
    short = make.recorded(a, "2026-05-10", "PL", end="15:29")
    with refused("不少于30分钟"):
        actions.confirm_meeting(by=a.secretary, meeting=short, now=moment("2026-05-10", "18:00"))
    make.held(a, "2026-05-10", "PL", end="15:30")


def test_rates_round_the_half_up_also_where_a_machine_would_not():
    assert [rules.percent(part, whole) for part, whole in ((13, 16), (1, 2000), (1, 16), (1, 2001))] == [
        Decimal("81.3"),
        Decimal("0.1"),
        Decimal("6.3"),
        Decimal("0.0"),
    ]
