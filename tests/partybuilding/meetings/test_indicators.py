"""The figures of meetings equal what a count of the records gives, whatever was done before."""

from datetime import date
from decimal import Decimal

import pytest

from brigade import workflow
from brigade.indicators.actions import drain, rebuild
from brigade.indicators.models import Figure
from brigade.indicators.queries import by_facet, standings
from brigade.indicators.rules import FIGURES
from partybuilding.meetings import actions, queries
from partybuilding.meetings.rules import Task, Topic
from tests.partybuilding import factories as make
from tests.partybuilding.factories import moment, span

pytestmark = pytest.mark.django_db
NOW = moment("2026-06-30", "18:00")
MONTH = (date(2026, 6, 1), date(2026, 6, 30))
OWN = [code for code in FIGURES if code.startswith("party.")]


@pytest.fixture
def world():
    return make.world()


def standing(code, unit, start=MONTH[0], end=MONTH[1]):
    drain(now=NOW)
    (found,) = standings([code], unit, start, end)
    return found


def figures():
    return sorted(
        Figure.objects.filter(indicator__in=OWN).values_list("indicator", "unit", "day", "facet", "value", "base")
    )


def test_19_the_rate_of_a_period_is_sums_over_sums(world):
    big, small = make.branch(world, full=18), make.branch(world, "机关党支部", full=10)
    make.held(big, "2026-06-10", "TD", absent=4)
    make.held(big, "2026-06-17", "MM", absent=1)
    make.held(small, "2026-06-18", "TD", absent=1)
    found = standing("party.attendance", world.brigade)
    assert (found.value, found.base) == (40, 46)
    assert round(found.amount, 1) == Decimal("87.0")


def test_23_one_basket_day_is_one_gathering_and_one_of_each_kind(world):
    a = make.branch(world)
    day = "2026-06-15"
    spans = (
        span("TD", day, "14:00", "17:00"),
        span("MM", day, "14:00", "14:50"),
        span("PL", day, "15:00", "16:00", lecturer_id=a.secretary.pk),
        span("VO", day, "16:00", "16:30"),
        span("VO", day, "16:30", "17:00"),
    )
    make.held(a, day, start="14:00", end="17:00", spans=spans, absent=2)
    assert standing("party.meetings", world.brigade).value == 1
    assert by_facet("party.activities", world.general.unit, *MONTH) == {"TD": 1, "MM": 1, "PL": 1, "VO": 1}
    assert standing("party.study_hours", world.brigade).value == 10


def test_study_hours_of_two_meetings_of_one_day_are_held_to_the_cap_of_the_day(world):
    a = make.branch(world, full=3, committee=False)
    for start, end in [("08:00", "12:00"), ("12:00", "16:30"), ("18:00", "19:00")]:
        make.held(
            a, "2026-06-15", "ST", start=start, end=end, now=moment("2026-06-15", "20:00"), confirmed="2026-06-16"
        )
    assert standing("party.study_hours", world.brigade).value == 3 * 8


def test_making_up_moves_the_hours_and_not_the_rate(world):
    a = make.branch(world, full=10)
    meeting = make.held(a, "2026-06-15", "PL", absent=1)
    assert standing("party.study_hours", world.brigade).value == 9
    people = [a.members[1].pk]
    actions.make_up(by=a.recorder, meeting=meeting, people=people, on=date(2026, 6, 16), now=NOW)
    assert standing("party.study_hours", world.brigade).value == 10
    assert round(standing("party.attendance", world.brigade).amount, 1) == 90


def test_40_reopening_takes_a_meeting_out_of_the_figures_until_it_is_confirmed_again(world):
    a = make.branch(world)
    meeting = make.held(a, "2026-06-15", "TD")
    assert standing("party.meetings", world.brigade).value == 1
    meeting = actions.reopen_meeting(by=a.secretary, meeting=meeting, reason="漏记", now=NOW)
    assert standing("party.meetings", world.brigade).value == 0
    actions.confirm_meeting(by=a.secretary, meeting=meeting, now=NOW)
    assert standing("party.meetings", world.brigade).value == 1


def test_a_moved_day_leaves_nothing_behind(world):
    a = make.branch(world)
    meeting = make.held(a, "2026-06-15", "TD")
    drain(now=NOW)
    meeting = actions.reopen_meeting(by=a.secretary, meeting=meeting, reason="日期填错", now=NOW)
    meeting = actions.edit_meeting(
        by=a.recorder, meeting=meeting, sheet=make.sheet(a, "2026-06-16", "TD"), version=meeting.version, now=NOW
    )
    actions.confirm_meeting(by=a.secretary, meeting=meeting, now=NOW)
    drain(now=NOW)
    days = Figure.objects.filter(indicator="party.meetings").values_list("day", flat=True)
    assert list(days) == [date(2026, 6, 16)]


def test_decisions_done_in_time(world):
    a = make.branch(world)
    tasks = tuple(Task(f"事{n}", a.members[2].pk, date(2026, 6, 20)) for n in range(3))
    make.held(a, "2026-06-10", "TD", topics=(Topic("deliberate", "整治", tasks=tasks),))
    first, second, _third = queries.open_decisions(a.pk)
    actions.finish_decision(by=a.members[2], decision=first, result="已办", now=moment("2026-06-20"))
    actions.finish_decision(by=a.members[2], decision=second, result="已办", now=moment("2026-06-21"))
    found = standing("party.decisions", world.brigade)
    assert (found.value, found.base) == (1, 3)


def test_compliance_follows_the_requirements(world):
    a = make.branch(world, full=3, committee=False)
    make.held(a, "2026-05-10", "TD")
    make.held(a, "2026-06-10", "TD", "MM")
    workflow.settle(now=moment("2026-07-01"))
    found = standing("party.compliance", a.unit, date(2026, 5, 1))
    assert (found.value, found.base) == (3, 4)


def test_after_a_drain_the_figures_equal_a_rebuild(world):
    a = make.branch(world, groups=2)
    topics = (Topic("deliberate", "整治", tasks=(Task("踏勘", a.members[2].pk, date(2026, 6, 20)),)),)
    make.held(a, "2026-06-10", "TD", "PL", absent=2, topics=topics)
    meeting = make.held(a, "2026-06-12", spans=(span("GM", "2026-06-12", group_id=a.groups[0].pk),))
    actions.reopen_meeting(by=a.secretary, meeting=meeting, reason="错字", now=NOW)
    drain(now=NOW)
    drained = figures()
    rebuild(now=NOW, codes=OWN)
    assert figures() == drained
    assert {row[0] for row in drained} >= {"party.meetings", "party.attendance", "party.study_hours", "party.decisions"}


@pytest.mark.parametrize("code", OWN)
def test_every_figure_leads_to_the_list_behind_it(world, code):
    address = FIGURES[code].drill(world.general.unit, *MONTH)
    assert address.startswith("/")
    assert "2026" in address


def test_the_list_behind_a_figure_holds_what_the_figure_counts(world, client):
    a = make.branch(world)
    first, second = make.held(a, "2026-06-10", "TD"), make.held(a, "2026-06-30", "MM")
    actions.archive_meeting(by=a.recorder, meeting=second, now=NOW)
    others = [make.recorded(a, "2026-06-11", "TD"), make.held(a, "2026-05-31", "TD")]
    found = standing("party.meetings", world.general.unit)
    client.force_login(world.general_secretary)
    content = client.get(found.url).content.decode()
    shown = [meeting.number in content for meeting in (first, second, *others)]
    assert (found.value, shown) == (2, [True, True, False, False])
