"""Figures: marked by writers, computed by drains, rolled up inside one tree; the indicator here counts postings."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from django.db.models import Count
from django.utils import timezone

from brigade.indicators import actions, queries
from brigade.indicators.models import Dirty, Figure
from brigade.indicators.rules import FIGURES, Cell, Indicator, Kind, Value
from brigade.org.models import Posting, UnitPlacement
from brigade.org.states import Tree
from tests.brigade.org.factories import person, unit

pytestmark = pytest.mark.django_db

NOW = timezone.make_aware(datetime(2026, 6, 30, 12))
DAY = date(2020, 1, 1)


def postings(cells):
    rows = Posting.objects.values("unit", "starts_on").annotate(n=Count("pk")).order_by()
    if cells is not None:
        rows = rows.filter(unit__in={cell.unit_id for cell in cells}, starts_on__in={cell.day for cell in cells})
    return [Value(Cell(row["unit"], row["starts_on"]), row["n"], 10) for row in rows]


@pytest.fixture
def indicator(monkeypatch):
    made = Indicator(
        code="staff",
        label="人数",
        basis="测试",
        kind=Kind.FLOW,
        tree=Tree.LINE,
        suffix="人",
        touched=lambda record: (),
        compute=postings,
        drill=lambda unit, start, end: f"/org/people/?unit={unit.pk}",
        perm="org.view_person",
    )
    monkeypatch.setitem(FIGURES, "staff", made)
    return made


@pytest.fixture
def squadrons():
    brigade = unit("大队")
    return brigade, unit(parent=brigade), unit(parent=brigade)


def mark(*units):
    actions.mark({("staff", Cell(one.pk, DAY)) for one in units})


def test_a_drain_makes_the_board_equal_to_a_live_count(indicator, squadrons):
    brigade, first, second = squadrons
    for where in (first, first, second):
        person(at=where)
    mark(first, second)
    actions.drain(now=NOW)
    (standing,) = queries.standings(["staff"], brigade, DAY, DAY)
    assert standing.amount == Posting.objects.count() == 3


def test_a_second_drain_changes_nothing(indicator, squadrons):
    person(at=squadrons[1])
    mark(squadrons[1])
    actions.drain(now=NOW)
    before = list(Figure.objects.values_list("pk", "value"))
    assert actions.drain(now=NOW) == "重算0处"
    assert list(Figure.objects.values_list("pk", "value")) == before


def test_a_mark_made_while_a_drain_computes_is_left_for_the_next(indicator, squadrons, monkeypatch):
    _brigade, first, second = squadrons
    person(at=first)
    mark(first)

    def compute(cells):
        values = postings(cells)
        if first.pk in {cell.unit_id for cell in cells} and not Dirty.objects.filter(unit_id=second.pk).exists():
            person(at=second)
            mark(second)
        return values

    monkeypatch.setitem(FIGURES, "staff", indicator.__class__(**{**indicator.__dict__, "compute": compute}))
    actions.drain(now=NOW)
    assert Figure.objects.get(unit=second).value == 1
    assert not Dirty.objects.exists()


def test_rebuilding_equals_what_the_drains_made(indicator, squadrons):
    for where in squadrons[1:]:
        person(at=where)
    mark(*squadrons[1:])
    actions.drain(now=NOW)
    drained = sorted(Figure.objects.values_list("indicator", "unit", "day", "facet", "value", "base"))
    actions.rebuild(now=NOW, codes=["staff"])
    assert sorted(Figure.objects.values_list("indicator", "unit", "day", "facet", "value", "base")) == drained


def test_figures_roll_up_inside_one_tree_only(indicator, squadrons):
    brigade, first, _second = squadrons
    branch = unit("支部", parent=brigade, tree=Tree.PARTY)
    person(at=first)
    person(at=branch)
    mark(first, branch)
    actions.drain(now=NOW)
    (standing,) = queries.standings(["staff"], brigade, DAY, DAY)
    assert standing.amount == 1


def test_last_years_figures_use_last_years_tree(indicator, squadrons):
    """A squadron that joined the brigade later does not count for the time before."""
    brigade, first, _second = squadrons
    other = unit("别的大队")
    moved = unit("后来并入的中队", parent=brigade)
    person(at=first)
    person(at=moved)
    mark(first, moved)
    actions.drain(now=NOW)
    UnitPlacement.objects.filter(unit=moved).update(starts_on=date(2026, 1, 1))
    UnitPlacement.objects.create(
        unit=moved, parent=other, path=f"{other.path}{moved.pk}/", starts_on=DAY, ends_on=date(2026, 1, 1)
    )
    (then,) = queries.standings(["staff"], brigade, DAY, DAY)
    assert then.amount == 1


def test_a_ratio_adds_both_parts_and_nothing_to_divide_by_is_no_figure(indicator, squadrons, monkeypatch):
    brigade, first, second = squadrons
    monkeypatch.setitem(FIGURES, "staff", indicator.__class__(**{**indicator.__dict__, "kind": Kind.RATIO}))
    (nothing,) = queries.standings(["staff"], brigade, DAY, DAY)
    assert nothing.amount is None
    for where in (first, first, second):
        person(at=where)
    mark(first, second)
    actions.drain(now=NOW)
    (standing,) = queries.standings(["staff"], brigade, DAY, DAY)
    assert standing.amount == Decimal(15)
