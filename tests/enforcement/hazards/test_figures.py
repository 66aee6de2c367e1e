"""整改率 and the stock of open hazards: of what, as of which day, and where it stood when units changed."""

from datetime import date
from decimal import Decimal

import pytest
from django.utils import timezone

from brigade.audit.actions import SYSTEM
from brigade.indicators.actions import drain, rebuild
from brigade.indicators.models import Figure
from brigade.indicators.queries import by_facet, by_month, by_unit, standings
from brigade.indicators.rules import FIGURES
from brigade.org import actions as org
from brigade.org.queries import grants_along
from brigade.org.states import Role
from brigade.workbench.actions import carry_out_changes
from enforcement.hazards import actions
from enforcement.hazards.models import Hazard
from tests.brigade.org.factories import person, unit
from tests.enforcement.hazards.world import at, category, closed, handed_in, photo, registered, verified

pytestmark = pytest.mark.django_db
RATE, STOCK = "hazards.closing", "hazards.open"


def standing(code, where, start, end):
    [found] = standings([code], where, date.fromisoformat(start), date.fromisoformat(end))
    return found


def stock(where, day):
    return int(standing(STOCK, where, day[:8] + "01", day).value)


def back(world, hazard, moment, due="2025-07-30"):
    return actions.reopen(
        by=world.captain, hazard=hazard, now=at(moment), reason="护栏缺失", due_on=date.fromisoformat(due),
        photos=[photo(world.captain, at(moment))],
    )  # fmt: skip


def all_figures():
    return sorted(Figure.objects.values_list("indicator", "unit", "day", "facet", "value", "base"))


@pytest.fixture
def spring(world):
    """Registered on 28 April, 6 and 7 May; the first closed on 6 May, back on the 20th, closed again on 10 June."""
    first = closed(world, "2025-05-06T08:00")
    Hazard.objects.filter(pk=first.pk).update(registered_at=at("2025-04-28T08:00"))
    registered(world, "2025-05-06T09:00", category=category("signs"))
    registered(world, "2025-05-07T09:00", category=category("works"))
    first.refresh_from_db()
    first = back(world, first, "2025-05-20T10:00")
    first = handed_in(world, first, at("2025-06-10T08:00"))
    verified(world, first, at("2025-06-10T09:00"))
    rebuild(now=at("2025-06-11T08:00"))
    return first


def test_the_stock_can_be_read_as_of_any_day(world, spring):
    days = [f"2025-{day}" for day in ("04-27", "04-28", "05-06", "05-07", "05-19", "05-20", "06-09", "06-10")]
    found = [stock(world.brigade, day) for day in days]
    assert found == [0, 1, 1, 2, 2, 3, 3, 2]
    live = [Hazard.objects.open_at(at(f"{day}T23:59:59.999999")).count() for day in days]
    assert live == found


def test_a_month_in_which_nothing_changed_has_the_stock_of_before(world, spring):
    assert stock(world.brigade, "2025-09-30") == 2
    august = (date(2025, 8, 1), date(2025, 8, 31))
    months = by_month(STOCK, world.brigade, date(2025, 5, 1), august[1])
    assert [(day.month, int(value)) for day, value, _base in months] == [(5, 3), (6, 2), (7, 2), (8, 2)]
    lines = by_unit([STOCK], world.brigade, *august)
    assert [(one.pk, int(sums[STOCK][0])) for one, sums in lines] == [(world.squadron.pk, 2)]
    assert by_facet(STOCK, world.brigade, *august) == {"general": 0, "": 2}


def test_the_list_behind_the_stock_holds_as_many(client, world, spring):
    client.force_login(world.captain)
    for day, count in (("2025-05-19", 2), ("2025-05-20", 3), ("2025-06-10", 2)):
        end = date.fromisoformat(day)
        page = client.get(FIGURES[STOCK].drill(world.squadron, end, end))
        assert page.context["page"].total == count, day


def test_closed_of_what_was_registered_and_never_more_than_all(world, spring):
    rate = standing(RATE, world.brigade, "2025-04-01", "2025-06-30")
    assert (rate.value, rate.base) == (1, 3)
    assert round(rate.amount, 1) == Decimal("33.3")
    assert standing(RATE, world.brigade, "2025-05-01", "2025-05-31").amount == 0
    assert standing(RATE, world.brigade, "2025-06-01", "2025-06-30").amount is None


def test_the_rate_falls_when_a_hazard_comes_back_and_drains_equal_a_rebuild(world):
    hazard = closed(world, "2025-05-06T08:00")
    drain(now=at("2025-05-10T08:00"))
    assert standing(RATE, world.brigade, "2025-05-01", "2025-05-31").amount == 100
    back(world, hazard, "2025-05-20T10:00")
    drain(now=at("2025-05-21T08:00"))
    assert standing(RATE, world.brigade, "2025-05-01", "2025-05-31").amount == 0
    assert [stock(world.brigade, f"2025-05-{day}") for day in ("06", "19", "20")] == [0, 0, 1]
    kept = all_figures()
    rebuild(now=at("2025-05-21T09:00"))
    assert all_figures() == kept


def test_the_stock_goes_along_when_a_squadron_goes_into_another(world, time_machine):
    """The day before it is the old squadron's, from that day on the new one's; the brigade has the same throughout."""
    closed(world, "2025-05-06T08:00")
    open_one = registered(world, "2025-05-07T08:00", category=category("signs"))
    other = unit("城区二中队", parent=world.brigade, order=9)
    time_machine.move_to("2025-06-01 00:10 +0800", tick=False)
    now, keeper = timezone.now(), person(Role.SYSTEM_ADMIN, at=world.brigade)
    since = timezone.localdate(now)
    org.plan_change(by=keeper, kind="merge", unit=world.squadron, into=other, since=since, reason="合并", now=now)
    for change in world.squadron.changes.filter(state="waiting"):
        org.agree_change(by=SYSTEM, change=change, grants=grants_along(world.squadron, since), now=now)
    carry_out_changes(now=now)
    drain(now=now)
    open_one.refresh_from_db()
    assert open_one.unit == other
    assert [stock(world.brigade, day) for day in ("2025-05-31", "2025-06-01")] == [1, 1]
    assert [stock(other, day) for day in ("2025-05-31", "2025-06-01")] == [0, 1]
    lines = by_unit([STOCK], world.brigade, date(2025, 6, 1), date(2025, 6, 30))
    assert [(one.pk, int(sums[STOCK][0])) for one, sums in lines] == [(other.pk, 1)]
    kept = all_figures()
    rebuild(now=now)
    assert all_figures() == kept
