"""整改率 and the stock of open hazards: of what, as of which day, and where it stood when units changed."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from brigade.audit.actions import SYSTEM
from brigade.indicators.actions import cells_of, drain, mark, rebuild
from brigade.indicators.models import Figure
from brigade.indicators.queries import by_facet, by_month, by_town, by_unit, standings
from brigade.indicators.rules import FIGURES
from brigade.kit.ids import new_id
from brigade.org import actions as org
from brigade.org.queries import grants_along
from brigade.org.states import Role
from brigade.reference.models import Town
from brigade.workbench.actions import carry_out_changes
from enforcement.hazards import actions
from enforcement.hazards.models import Hazard, Verification
from tests.brigade.org.factories import person, unit
from tests.enforcement.hazards.world import at, category, closed, handed_in, notified, photo, registered, verified

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


def test_what_is_open_and_late_is_the_same_street_by_street(world, spring):
    """By town as in all, on every day; and what goes to another town is counted there on all days."""
    codes = ("hazards.open_in_town", "hazards.overdue_in_town")

    def split(day):
        return by_town(codes, world.brigade, date(2025, 4, 1), date.fromisoformat(day))

    for day in ("2025-04-28", "2025-05-19", "2025-05-20", "2025-06-10"):
        assert split(day)[world.town.pk][STOCK][0] == stock(world.brigade, day), day
    late = notified(world, "2025-05-08T08:00", days=5)
    drain(now=at("2025-06-11T08:00"))
    assert split("2025-06-10")[world.town.pk] == {STOCK: (3, 0), "hazards.overdue": (1, 0)}
    other = Town.objects.exclude(pk=world.town.pk).first()
    Hazard.objects.filter(pk=late.pk).update(town=other)
    late.refresh_from_db()
    mark(cells_of(late))
    drain(now=at("2025-06-11T08:01"))
    assert split("2025-06-10")[other.pk] == {STOCK: (1, 0), "hazards.overdue": (1, 0)}
    assert split("2025-06-10")[world.town.pk] == {STOCK: (2, 0)}


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


def test_three_rates_of_one_month_say_of_what_they_are(world):
    """160 due, 148 closed, 120 of them on time: 92.5 % of all, 75.0 % of what was due, 81.1 % of what was closed."""
    moment, due_at = at("2025-05-06T08:00"), at("2025-05-30T23:59:59")
    rows = [
        Hazard(
            id=new_id(), number=f"371502-YH-2025-{n:05}", title="护栏缺失", unit=world.squadron, town=world.town,
            category=category(), lat="36.456", lon="115.9855", coord_sys="wgs84", created_at=moment,
            created_by=world.officer, discovered_at=moment, registered_at=moment, grade="general",
            owner=world.highway, notified_at=moment, delivered_at=moment, due_at=due_at,
            state="closed" if n < 148 else "rectifying", verified_at=moment if n < 148 else None,
            closed_at=at("2025-05-31T09:00") if n < 148 else None,
        )
        for n in range(160)
    ]  # fmt: skip
    Hazard.objects.bulk_create(rows)
    Verification.objects.bulk_create(
        Verification(
            hazard=row, unit=row.unit, owner=row.owner, at=row.closed_at, due_at=due_at, has_passed=True,
            submitted_at=due_at if n < 120 else due_at + timedelta(seconds=1), first=world.other, second=world.captain,
        )
        for n, row in enumerate(rows[:148])
    )  # fmt: skip
    rebuild(now=at("2025-06-01T08:00"))
    found = {
        code: standing(f"hazards.{code}", world.brigade, "2025-05-01", "2025-05-31")
        for code in ("closing", "on_time", "closed_on_time")
    }
    assert {code: (one.value, one.base) for code, one in found.items()} == {
        "closing": (148, 160), "on_time": (120, 160), "closed_on_time": (120, 148),
    }  # fmt: skip
    assert [str(round(one.amount, 1)) for one in found.values()] == ["92.5", "75.0", "81.1"]
    assert all("÷" in str(one.indicator.basis) for one in found.values())


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
