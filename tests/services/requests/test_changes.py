"""A hall goes into another: open requests go along with their numbers, and what was counted before stays as it was."""

from datetime import date, datetime
from io import BytesIO
from zipfile import ZipFile

import pytest
from django.utils import timezone

from brigade import workflow
from brigade.audit.actions import SYSTEM
from brigade.audit.models import AuditEvent
from brigade.indicators import actions as indicators
from brigade.indicators.queries import by_facet, by_month, by_unit, standings
from brigade.indicators.rules import FIGURES
from brigade.kit.exporting import Column, write_xlsx
from brigade.kit.ids import new_id
from brigade.obligations.models import Obligation
from brigade.org import actions as org
from brigade.org import queries as org_queries
from brigade.org.models import Station, Unit
from brigade.org.states import Role, Tree, UnitKind
from brigade.workbench import actions
from services.requests import actions as requests
from services.requests import moves
from services.requests.models import ServiceRequest
from services.requests.states import Ending, RequestState
from tests.brigade.org.factories import grant, person, unit
from tests.services.requests.world import at, item, taken_in

pytestmark = pytest.mark.django_db
CODES = [code for code in FIGURES if code.startswith("requests.")]
LAST_YEAR = (date(2025, 1, 1), date(2025, 12, 31))
STAMP = datetime(2026, 1, 5, 9, 0, tzinfo=timezone.get_default_timezone())


@pytest.fixture
def other_hall(world):
    return unit("驾考分所", parent=world.brigade, tree=Tree.HALL, kind=UnitKind.HALL, code="DCF-JK")


@pytest.fixture
def system_admin(world):
    return person(Role.SYSTEM_ADMIN, at=world.brigade)


@pytest.fixture
def last_year(world, other_hall, time_machine):
    """Both halls worked in 2025: settled ones, and some that are open over the turn of the year."""
    time_machine.move_to("2025-12-30 18:00 +0800")
    grant(world.clerk, Role.WINDOW_CLERK, other_hall)
    for month in (3, 6, 9, 12):
        taken_in(world, "PL02", f"2025-{month:02}-10T10:00", Ending.SETTLE)
        taken_in(world, "PL01", f"2025-{month:02}-16T10:00")
    place = world.hall
    world.hall = other_hall
    taken_in(world, "PL02", "2025-12-16T10:00", Ending.SETTLE)
    taken_in(world, "PL01", "2025-12-29T10:00")
    world.hall = place
    drained()


def drained():
    indicators.drain(now=timezone.now())


def merge(system_admin, into, gone, when, time_machine):
    org.plan_change(by=system_admin, kind="merge", unit=gone, into=into, since=when.date(), reason="并所", now=when)
    for change in gone.changes.filter(state="waiting"):
        org.agree_change(by=SYSTEM, change=change, grants=org_queries.grants_along(gone, when.date()), now=when)
    actions.carry_out_changes(now=when)


def sheet(units):
    """Every figure of last year as a workbook: as it stood for each unit, by unit, by month and by kind of service."""
    rows = []
    for one in units:
        one = Unit.objects.get(pk=one.pk)
        found = standings(CODES, one, *LAST_YEAR)
        rows += [[one.name, each.indicator.code, str(each.value), str(each.base)] for each in found]
        for below, sums in by_unit(CODES, one, *LAST_YEAR) if one.tree == Tree.HALL else ():
            rows += [[below.name, code, str(value), str(base)] for code, (value, base) in sorted(sums.items())]
        for code in CODES if one.tree == Tree.HALL else ():
            rows += [
                [code, str(month), str(value), str(base)] for month, value, base in by_month(code, one, *LAST_YEAR)
            ]
            rows += [[code, facet, str(n), ""] for facet, n in sorted(by_facet(code, one, *LAST_YEAR).items())]
    file = BytesIO()
    columns = [Column(name) for name in ("单位", "指标", "值", "基数")]
    write_xlsx(
        file,
        title="2025年指标",
        unit="东昌府大队",
        filters="2025年",
        person="测试",
        at=STAMP,
        columns=columns,
        rows=rows,
    )
    assert len(rows) > 20
    with ZipFile(file) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def test_last_years_figures_are_byte_identical_before_and_after_a_merger(
    world, other_hall, system_admin, last_year, time_machine
):
    time_machine.move_to("2026-01-05 08:00 +0800")
    workflow.settle(now=timezone.now())
    drained()
    units = (world.hall, other_hall, world.brigade)
    before = sheet(units)
    merge(system_admin, world.hall, other_hall, at("2026-01-05T08:30"), time_machine)
    workflow.settle(now=timezone.now())
    drained()
    assert sheet(units) == before
    moved = ServiceRequest.objects.get(pk=Station.objects.get(unit=other_hall).record)
    assert moved.unit == world.hall and moved.number.startswith("DCF-JK-BJ-2025-")
    indicators.rebuild(now=timezone.now(), codes=CODES)
    assert sheet(units) == before, "nor does computing all from nothing change it"


def test_a_moved_request_counts_on_at_its_new_place_from_the_day_on(
    world, other_hall, system_admin, last_year, time_machine
):
    time_machine.move_to("2026-01-05 08:00 +0800")
    merge(system_admin, world.hall, other_hall, at("2026-01-05T08:30"), time_machine)
    moved = ServiceRequest.objects.get(pk=Station.objects.get(unit=other_hall).record)
    now = at("2026-01-06T10:00")
    moved = requests.start(by=world.clerk, request=moved, now=now)
    received = {one.pk: sums for one, sums in by_unit(["requests.received"], world.hall, *LAST_YEAR)}
    drained()
    again = {one.pk: sums for one, sums in by_unit(["requests.received"], world.hall, *LAST_YEAR)}
    assert again == received
    assert moved.unit == world.hall


def test_the_brigades_year_keeps_what_the_closed_hall_did_in_it(
    world, other_hall, system_admin, last_year, time_machine
):
    time_machine.move_to("2026-01-05 08:00 +0800")
    world.hall, place = other_hall, world.hall
    taken_in(world, "PL02", "2026-01-04T10:00", Ending.SETTLE)
    world.hall = place
    drained()
    year = (date(2026, 1, 1), date(2026, 12, 31))
    assert by_unit(["requests.received"], other_hall, *year)
    merge(system_admin, world.hall, other_hall, at("2026-01-05T08:30"), time_machine)
    drained()
    sums = {one.name: values["requests.received"][0] for one, values in by_unit(["requests.received"], place, *year)}
    assert sums == {"驾考分所": 1}, (
        "after the day the closed hall hangs below the other and its part of the year with it"
    )


def test_open_requests_go_along_with_number_duty_and_trail_and_settled_ones_stay(
    world, other_hall, system_admin, last_year, time_machine
):
    time_machine.move_to("2026-01-05 08:00 +0800")
    workflow.settle(now=timezone.now())
    settled = ServiceRequest.objects.get(unit=other_hall, state__in=[RequestState.COMPLETED, RequestState.DELIVERED])
    running = ServiceRequest.objects.get(unit=other_hall, state=RequestState.ACCEPTED)
    met = set(Obligation.objects.filter(unit=other_hall).exclude(state="open").values_list("pk", flat=True))
    merge(system_admin, world.hall, other_hall, at("2026-01-05T08:30"), time_machine)
    moved = ServiceRequest.objects.get(pk=running.pk)
    assert (moved.unit, moved.number, moved.version) == (world.hall, running.number, running.version + 1)
    assert ServiceRequest.objects.get(pk=settled.pk).unit == other_hall
    assert not Obligation.objects.open().filter(unit=other_hall).exists()
    assert Obligation.objects.open().filter(subject=str(moved.pk), unit=world.hall).exists()
    assert met <= set(Obligation.objects.filter(unit=other_hall).values_list("pk", flat=True)), "what was settled stays"
    event = AuditEvent.objects.get(verb="record.moved")
    assert "并所" in event.note and event.target_number == moved.number
    assert settled in ServiceRequest.objects.visible_to(world.lead), "who leads there sees the old records too"


def many(world, hall, count):
    """Open requests as an import would bring them."""
    service = item("PL01")
    now = at("2025-12-01T10:00")
    rows = [
        ServiceRequest(
            id=new_id(), unit=hall, number=f"{hall.code}-BJ-2025-9{n:05}", title=service.name, item=service,
            state=RequestState.RECEIVED, handler=world.clerk, first_contact_officer=world.clerk, received_at=now,
            round_at=now, created_at=now, created_by=world.clerk,
        )
        for n in range(count)
    ]  # fmt: skip
    workflow.bulk(rows, moves.RECEIVE, by=SYSTEM, now=now)


def test_a_run_that_breaks_off_goes_on_where_it_was(world, other_hall, system_admin, time_machine, monkeypatch):
    time_machine.move_to("2026-01-05 08:00 +0800")
    many(world, other_hall, 5)
    monkeypatch.setattr(actions, "RECORDS_AT_ONCE", 2)
    when = at("2026-01-05T08:30")
    org.plan_change(
        by=system_admin, kind="merge", unit=other_hall, into=world.hall, since=when.date(), reason="并所", now=when
    )
    change = org.begin_change(change=other_hall.changes.get(), now=when)
    batch = list(ServiceRequest.objects.filter(unit=other_hall)[:2])
    along = {"out_of": other_hall.pk, "to": world.hall, "since": change.since, "now": when, "reason": "并所"}
    assert len(workflow.move_unit(batch, **along)) == 2
    change = org.note_moved(change=change, moved=2, now=when)
    assert (change.state, change.moved, change.total, change.percent) == ("running", 2, 5, 40)
    assert workflow.move_unit(batch, **along) == []
    assert Station.objects.count() == 2, "sent twice it moves nothing twice"
    actions.carry_out_changes(now=when)
    change.refresh_from_db()
    assert (change.state, change.moved) == ("done", 5)
    assert Station.objects.count() == 5
