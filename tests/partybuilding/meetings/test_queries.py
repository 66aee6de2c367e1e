"""What the pages read: the live panel, the matrix, the quarter, a person's own hours."""

from datetime import date
from decimal import Decimal

import pytest

from brigade import workflow
from brigade.kit.clocks import parse_period
from brigade.obligations.models import Obligation
from brigade.obligations.states import ObligationState as O
from partybuilding.meetings import actions, queries, rules
from partybuilding.meetings.models import Meeting
from partybuilding.meetings.rules import Mark, Task, Topic
from tests.partybuilding import factories as make
from tests.partybuilding.factories import moment, span
from tests.partybuilding.meetings.actions.days import basket_day

pytestmark = pytest.mark.django_db
NOW = moment("2026-05-15", "17:30")


@pytest.fixture
def world():
    return make.world()


@pytest.fixture
def a(world):
    return make.branch(world, full=18)


def test_43_the_panel_shows_beforehand_what_the_record_will_complete(a):
    workflow.settle(now=NOW)
    topics = (Topic("deliberate", "整治", tasks=(Task("踏勘", a.members[2].pk, date(2026, 6, 1)),)),)
    found = queries.preview(basket_day(a, absent=3, topics=topics), now=NOW)
    outcomes = {row.title: (row.state, row.count, row.needed) for row in found.outcomes}
    assert outcomes == {
        "5月主题党日": (O.MET, 1, 1),
        "二季度党员大会": (O.MET, 1, 1),
        "二季度党课": (O.MET, 1, 1),
    }
    assert (found.tally.present, found.tally.due, str(found.tally.rate)) == (15, 18, "83.3")
    assert (found.hours_each, found.hours_total, found.volunteer_hours) == (Decimal("1.5"), Decimal("22.5"), 1)
    assert [task.title for task in found.tasks] == ["踏勘"]
    assert {row.title: row.note for row in found.outcomes if row.note} == {"二季度党课": "书记讲党课，60分钟"}
    assert len(found.documents) == 3
    assert found.record_due.date == date(2026, 5, 22)
    assert not Meeting.objects.exists()


def test_the_panel_and_the_record_agree(a):
    sheet = basket_day(a, absent=3)
    found = queries.preview(sheet, now=NOW)
    meeting = actions.record_meeting(by=a.recorder, sheet=sheet, now=NOW)
    assert queries.tally_of(meeting) == found.tally
    assert [(c.code, c.ok) for c in queries.checks_of(meeting, NOW)] == [(c.code, c.ok) for c in found.checks]
    actions.confirm_meeting(by=a.secretary, meeting=meeting, now=NOW)
    for outcome in found.outcomes:
        assert Obligation.objects.get(title=outcome.title, unit=a.pk).state == outcome.state


def test_the_panel_of_a_record_that_already_counts_does_not_count_it_twice(a):
    meeting = make.held(a, "2026-05-15", "TD", end="17:00")
    found = queries.preview(make.sheet(a, "2026-05-15", "TD", end="17:00"), now=NOW, meeting=meeting)
    assert [row.count for row in found.outcomes] == [1]


def test_the_panel_of_an_empty_form_asks_for_what_is_missing(a):
    sheet = make.sheet(a, "2026-05-15", chair_id=None, recorder_id=None, spans=(span("GM", "2026-05-15"),))
    found = queries.preview(sheet, now=NOW)
    assert found.outcomes == []
    assert {check.code for check in found.checks if check.blocks} >= {"chair", "recorder", "group", "marks"}


def test_the_panel_of_an_assembly_counts_each_branch(world, a):
    b = make.branch(world, "机关党支部", full=3, committee=False)
    sheet = make.sheet(world.general, "2026-05-15", "MM", branches=(a.pk, b.pk))
    found = queries.preview(sheet, now=NOW)
    assert {row.unit_id for row in found.outcomes} == {a.pk, b.pk}
    assert found.tally.due == 18 + 3


def test_the_panel_takes_a_constant_number_of_queries(a, django_assert_max_num_queries):
    sheet = basket_day(a, absent=3)
    with django_assert_max_num_queries(13):
        queries.preview(sheet, now=NOW)


def test_the_matrix_shows_worst_first_and_names_what_stands_in_a_cell(world, a):
    make.held(a, "2026-03-10", "TD", "CM")
    make.held(a, "2026-04-10", "TD")
    workflow.settle(now=moment("2026-05-27"))
    table = queries.matrix(world.office, 2026, "", moment("2026-05-27"))
    states = [cell.state for cell in next(line for line in table.lines if line.branch.pk == a.pk).cells]
    assert states[2:6] == ["missed", "missed", "warning", "open"]
    assert states[6:] == ["future"] * 6
    march = table.cell(a.pk, 3)
    assert (march.done, march.needed) == (2, 4)
    assert {item.label: item.state for item in march.items} == {
        "党员大会": O.MISSED, "支委会": O.MET, "党课": O.MISSED, "主题党日": O.MET,
    }  # fmt: skip
    assert table.count("missed") >= 2


def test_the_matrix_shows_a_person_his_branches_only(world, a):
    make.branch(world, "机关党支部")
    workflow.settle(now=NOW)
    lines = queries.matrix(a.secretary, 2026, "TD", NOW).lines
    assert [line.branch.pk for line in lines] == [a.pk]


def test_the_matrix_takes_a_constant_number_of_queries(world, django_assert_num_queries):
    for n in range(2):
        make.branch(world, f"第{n}党支部", groups=2)
    workflow.settle(now=NOW)
    office = type(world.office).objects.get(pk=world.office.pk)
    with django_assert_num_queries(5):
        queries.matrix(office, 2026, "", NOW)
    for n in range(2, 6):
        make.branch(world, f"第{n}党支部", groups=2)
    workflow.settle(now=NOW)
    office = type(world.office).objects.get(pk=world.office.pk)
    with django_assert_num_queries(5):
        queries.matrix(office, 2026, "", NOW)


def test_a_cell_of_waived_and_of_nothing_applicable():
    month = parse_period("2026-05")

    def cell(*states):
        return queries.Cell(
            month,
            tuple(queries.Item("TD", "主题党日", state, False, 0, 1, NOW, "", (), ()) for state in states),
        )

    assert cell(O.WAIVED, O.NOT_APPLICABLE).state == "waived"
    assert cell(O.NOT_APPLICABLE).state == "na"
    assert cell(O.WAIVED, O.MET).state == "met"
    assert cell().state == "future"


def test_several_groups_together():
    assert queries.worst([O.MET, O.WAIVED]) == O.MET
    assert queries.worst([O.MET, O.MISSED]) == O.MISSED
    assert queries.worst([O.WAIVED]) == O.WAIVED


def test_38_the_quarter_of_a_branch_with_something_missing(world, a):
    make.held(a, "2026-05-10", "TD", "CM", "MM", "PL")
    workflow.settle(now=moment("2026-07-01"))
    (result,) = queries.quarter_results([a.pk], "2026-Q2", moment("2026-07-01"))
    assert result.state == O.MISSED
    assert {item.label for item in result.items if item.state == O.MISSED} == {"支委会", "主题党日"}


def test_a_quarter_is_not_done_while_months_of_it_are_still_to_come(a):
    make.held(a, "2026-04-10", "TD", "CM", "MM", "PL")
    workflow.settle(now=moment("2026-04-20"))
    assert queries.quarter_results([a.pk], "2026-Q2", moment("2026-04-20"))[0].state == O.OPEN


def test_the_form_copies_from_the_last_of_its_kind(a):
    make.held(a, "2026-04-10", "TD", place="活动室")
    make.held(a, "2026-04-20", "CM")
    found = queries.last_meeting(a.pk, "TD", NOW)
    assert found.place == "活动室"
    assert queries.last_meeting(a.pk, "PL", NOW) is None


def test_hours_are_of_the_year_and_of_counted_meetings(a):
    make.held(a, "2025-12-31", "PL")
    make.held(a, "2026-01-01", "PL")
    make.recorded(a, "2026-01-02", "PL")
    assert queries.person_hours(a.members[3].pk, 2026) == 1
    assert queries.person_hours(a.members[3].pk, 2025) == 1


def test_observers_earn_no_hours(world, a):
    marks = (Mark(world.leader.pk, "observer"),)
    make.held(a, "2026-01-05", "PL", marks=marks)
    assert queries.person_hours(world.leader.pk, 2026) == 0


def test_the_matrix_says_why_a_branch_did_not_stand_in_a_month(world, a):
    young = make.branch(world, "科技宣传党支部", since=date(2026, 4, 10))
    workflow.settle(now=NOW)
    table = queries.matrix(world.office, 2026, "", NOW)
    assert [(table.cell(young.pk, month).state, table.cell(young.pk, month).reason) for month in (1, 4)] == [
        ("na", "4月成立"),
        ("na", "4月成立"),
    ]
    assert table.cell(young.pk, 5).state == "open"
    type(young.row).objects.filter(pk=young.pk).update(dissolved_on=date(2026, 5, 20))
    later = queries.matrix(world.office, 2026, "TD", moment("2026-07-05"))
    assert later.cell(young.pk, 7).reason == "5月撤销"
    workflow.settle(now=moment("2026-07-05"))
    assert Obligation.objects.get(rule="party.MM", subject=str(young.pk), period="2026-Q2").state == O.NOT_APPLICABLE


def test_the_rate_of_the_matrix_is_the_sum_of_its_lines(world, a):
    make.held(a, "2026-04-10", "TD")
    workflow.settle(now=NOW)
    table = queries.matrix(world.office, 2026, "TD", NOW)
    assert table.share == sum((line.share for line in table.lines), rules.Share())
    assert table.share.met == 1
