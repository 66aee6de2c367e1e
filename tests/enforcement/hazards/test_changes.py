"""A town goes to another squadron, a squadron into another: open hazards go along, and what was counted and reported
before stays as it was, to the byte."""

from datetime import date

import pytest
from django.utils import timezone

from brigade import workflow
from brigade.audit.actions import SYSTEM
from brigade.indicators import actions as indicators
from brigade.indicators.queries import by_facet, by_month, by_unit, standings
from brigade.indicators.rules import FIGURES
from brigade.kit.clocks import parse_period
from brigade.kit.refusals import Refused
from brigade.obligations.models import Obligation
from brigade.org import queries as org_queries
from brigade.org.models import Beat, Person, Station, Unit
from brigade.org.states import Role
from brigade.reference.models import Town
from brigade.reports import actions as reports
from brigade.reports import documents
from brigade.reports import queries as report_queries
from brigade.reports.models import Report
from brigade.reports.rules import SERIES
from brigade.search.queries import find
from brigade.workbench import actions
from enforcement.hazards.models import Hazard
from tests.brigade.org.factories import LONG_AGO, person, unit
from tests.enforcement.hazards.world import closed, notified, reported

pytestmark = pytest.mark.django_db
CODES = [code for code in FIGURES if code.startswith("hazards.")]
LAST_YEAR = (date(2025, 1, 1), date(2025, 12, 31))


@pytest.fixture
def second(world):
    return unit("城区二中队", parent=world.brigade)


@pytest.fixture
def captain(second):
    return person(Role.SQUADRON_LEADER, at=second, name="孙队")


@pytest.fixture
def system_admin(world):
    return person(Role.SYSTEM_ADMIN, at=world.brigade)


@pytest.fixture
def other_town(world):
    town = Town.objects.exclude(pk=world.town.pk).order_by("code").first()
    Beat.objects.create(town=town, unit=world.squadron, starts_on=LONG_AGO)
    return town


@pytest.fixture
def last_year(world, other_town, time_machine):
    """One closed and one open hazard in each of the two towns, entered in November and December of 2025."""
    time_machine.move_to("2025-12-20 08:00 +0800")
    found = {}
    for town in (world.town, other_town):
        found[town.pk] = [
            closed(world, f"2025-11-0{3 + len(found)}T09:00", town=town),
            notified(world, f"2025-12-0{3 + len(found)}T09:00", town=town),
        ]
    indicators.drain(now=timezone.now())
    time_machine.move_to("2026-01-05 08:30 +0800")
    settled()
    return found


def settled():
    workflow.settle(now=timezone.now())
    indicators.drain(now=timezone.now())


def fresh(row):
    return type(row)._base_manager.get(pk=row.pk)


def counted(*units):
    """Every figure of last year, of each unit, by the units below it, by month and by facet, as one would read it."""
    said = []
    for one in map(fresh, units):
        said += [
            f"{one.pk} {each.indicator.code} {each.value} {each.base}" for each in standings(CODES, one, *LAST_YEAR)
        ]
        for below, sums in by_unit(CODES, one, *LAST_YEAR):
            said += [f"{one.pk} {below.pk} {code} {value} {base}" for code, (value, base) in sorted(sums.items())]
        for code in CODES:
            said += [f"{one.pk} {code} {when} {n} {of}" for when, n, of in by_month(code, one, *LAST_YEAR)]
            said += [f"{one.pk} {code} {name} {n}" for name, n in sorted(by_facet(code, one, *LAST_YEAR).items())]
    return "\n".join(said).encode()


def plan(system_admin, **asked):
    change = actions.plan_change(
        by=system_admin, since=timezone.localdate(), reason="聊公交〔2026〕1号", now=timezone.now(), **asked
    )
    if change.state == "waiting":
        actions.agree_change(
            by=SYSTEM,
            change=change,
            grants=org_queries.grants_along(change.unit, change.since).exclude(role=Role.SQUADRON_LEADER),
            now=timezone.now(),
        )
    return fresh(change)


def hits(somebody, text):
    found = find(Person.objects.get(pk=somebody.pk), text)
    return {row.pk for group in found for row in group.rows if isinstance(row, Hazard)}


def test_a_town_takes_its_open_hazards_along_and_leaves_everything_else(
    world, second, captain, system_admin, other_town, last_year
):
    gone, going = last_year[world.town.pk]
    _closed, staying = last_year[other_town.pk]
    year = counted(world.squadron, second, world.brigade)
    assert hits(captain, going.number) == set()
    change = plan(system_admin, kind="towns", unit=second, towns=[world.town])
    shown = org_queries.preview(change)
    assert shown.records == [("隐患", 1)] and [str(beat.unit) for beat in shown.towns] == ["城区一中队"]
    actions.carry_out_changes(now=timezone.now())
    change = fresh(change)
    assert (change.state, change.total, change.moved) == ("done", shown.total, shown.total)
    assert [fresh(one).unit for one in (gone, going, staying)] == [world.squadron, second, world.squadron]
    assert fresh(going).number == going.number
    assert set(Obligation.objects.open().filter(subject=str(going.pk)).values_list("unit__name", flat=True)) <= {
        "城区二中队",
        world.brigade.name,
    }
    assert hits(captain, going.number) == {going.pk}, "who has it now finds it by its number"
    assert hits(world.captain, going.number) == set()
    settled()
    assert counted(world.squadron, second, world.brigade) == year
    indicators.rebuild(now=timezone.now(), codes=CODES)
    assert counted(world.squadron, second, world.brigade) == year
    assert reported(world, "2026-01-05T09:00").unit == second, "what is reported from now on is its own"


def test_a_town_that_comes_back_brings_its_hazards_back_and_each_day_counts_where_it_was(
    world, second, captain, system_admin, last_year, time_machine
):
    _gone, going = last_year[world.town.pk]
    plan(system_admin, kind="towns", unit=second, towns=[world.town])
    actions.carry_out_changes(now=timezone.now())
    time_machine.move_to("2026-02-02 08:30 +0800")
    plan(system_admin, kind="towns", unit=world.squadron, towns=[world.town])
    actions.carry_out_changes(now=timezone.now())
    assert fresh(going).unit == world.squadron
    assert list(Station.objects.filter(record=going.pk).order_by("until").values_list("unit", "until")) == [
        (world.squadron.pk, date(2026, 1, 5)),
        (second.pk, date(2026, 2, 2)),
    ]
    assert hits(captain, going.number) == set()


def test_frozen_reports_of_last_year_are_the_same_to_the_byte_after_a_merger(
    client, world, second, captain, system_admin, last_year
):
    series, period = SERIES["monthly"], parse_period("2025-11")
    report = reports.build(by=world.clerk, series=series, unit=world.brigade, period=period, now=timezone.now())
    reports.confirm(by=world.clerk, report=report, now=timezone.now(), sentence="按时整改。")
    year = counted(world.squadron, second, world.brigade)
    content = report_queries.canonical(report.snapshot.content)
    said = papers(client, world.clerk, report)
    change = plan(system_admin, kind="merge", unit=world.squadron, into=second)
    shown = org_queries.preview(change)
    actions.carry_out_changes(now=timezone.now())
    change = fresh(change)
    assert (change.state, change.moved) == ("done", shown.total)
    settled()
    assert papers(client, world.clerk, report) == said
    report = Report.objects.select_related("snapshot").get(pk=report.pk)
    assert report_queries.is_intact(report) and report_queries.canonical(report.snapshot.content) == content
    assert counted(world.squadron, second, world.brigade) == year
    indicators.rebuild(now=timezone.now(), codes=CODES)
    assert counted(world.squadron, second, world.brigade) == year
    anew = report_queries.content_of(series, fresh(world.brigade), period, cut_off=report.cut_off_at)
    assert sums(anew) == sums(report.snapshot.content), "even one that is made again today says the same of last year"


def papers(client, somebody, report):
    """The page without what is new each time it is shown, and every paper of it."""
    client.force_login(somebody)
    found = {}
    for form in documents.PAPERS:
        answer = client.get(report.get_absolute_url(), {"format": form})
        found[form] = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert len(found[form]) > 1000
    return found


def sums(content):
    return content["sections"]


def test_both_words_of_a_change_are_one_change_however_often_it_is_carried_out(
    world, second, captain, system_admin, last_year
):
    change = plan(system_admin, kind="merge", unit=world.squadron, into=second)
    total = org_queries.preview(change).total
    for _twice in range(2):
        actions.carry_out_changes(now=timezone.now())
    change = fresh(change)
    assert (change.total, change.moved) == (total, total)
    assert Station.objects.count() == total
    assert Unit.objects.get(pk=world.squadron.pk).closed_on == date(2026, 1, 5)
    with pytest.raises(Refused, match="已于2026-01-05撤销"):
        plan(system_admin, kind="towns", unit=world.squadron, towns=[world.town])
