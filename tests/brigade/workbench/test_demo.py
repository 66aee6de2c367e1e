"""The demo world is what it says: synthetic, whole, and equal to what its records say."""

import re
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from brigade.assignments.models import Assignment
from brigade.audit.models import AuditEvent
from brigade.audit.queries import verify
from brigade.indicators.models import Figure
from brigade.indicators.rules import FIGURES
from brigade.kit.clocks import add_months, parse_period
from brigade.obligations.actions import reconcile
from brigade.obligations.models import Obligation
from brigade.obligations.states import ObligationState
from brigade.org.models import Person, Unit
from brigade.org.queries import squadron_of
from brigade.org.states import Role
from brigade.reference.actions import load_reference
from brigade.reference.queries import calendar, district, kept_calendar, kept_parameters
from brigade.reports.models import Report
from brigade.reports.queries import is_intact
from brigade.reports.rules import SERIES, due_at
from brigade.reports.states import ReportState
from brigade.search.queries import findable, missing
from brigade.workbench.demo.world import ACCOUNTS
from enforcement.hazards.models import Extension, Hazard, HazardDocument, SupervisionListing
from enforcement.hazards.rules import is_in_district
from enforcement.hazards.states import STEPS, DocumentKind, Grade, HazardState
from partybuilding.meetings.models import Decision, Meeting, Waiver
from services.requests.models import ServiceItem, ServiceRequest

pytestmark = pytest.mark.django_db
RECORDS = (Meeting, Decision, Waiver, ServiceRequest, Hazard, Assignment, Report)


@pytest.fixture(scope="module", autouse=True)
def demo(django_db_setup, django_db_blocker):
    """One demo world for all tests here, taken back afterwards."""
    with django_db_blocker.unblock():
        whole = transaction.atomic()
        whole.__enter__()
        load_reference()
        drop_kept()  # what the process keeps of them, it else keeps only after a commit
        call_command("demo")
        yield timezone.now()
        transaction.set_rollback(True)
        whole.__exit__(None, None, None)
        drop_kept()


def drop_kept():
    kept_calendar.drop()
    kept_parameters.drop()


def test_the_audit_trail_of_the_demo_world_is_clean():
    assert verify().ok


@pytest.mark.parametrize("code", sorted(FIGURES))
def test_every_figure_equals_its_live_count(code):
    live = sorted((v.cell.unit_id, v.cell.day, v.facet, v.value, v.base) for v in FIGURES[code].compute(None))
    kept = Figure.objects.filter(indicator=code).values_list("unit", "day", "facet", "value", "base")
    assert live
    assert sorted(kept) == live


def test_no_indicator_is_without_figures():
    assert set(Figure.objects.values_list("indicator", flat=True)) == set(FIGURES)


def test_the_duties_are_those_that_the_rules_would_find_now(demo):
    assert reconcile(now=demo) == []
    assert Obligation.objects.exists()


def test_a_year_of_records_lies_behind_it(demo):
    for model, moment in ((Meeting, "starts_at"), (ServiceRequest, "received_at"), (Hazard, "discovered_at")):
        days = {timezone.localdate(at) for at in model.objects.values_list(moment, flat=True)}
        assert min(days) < add_months(timezone.localdate(demo), -12) + timedelta(days=31)
        assert max(days) <= timezone.localdate(demo)
        assert len({(day.year, day.month) for day in days}) >= 12


def test_hazards_stand_everywhere_in_the_table():
    left = {HazardState.VOIDED}  # only an import that is taken back voids
    assert set(Hazard.objects.values_list("state", flat=True)) == set(HazardState) - left
    assert set(HazardDocument.objects.values_list("step", flat=True)) == {0, *(step for step, _kind in STEPS)}
    assert Hazard.objects.filter(reopen_count=1, state=HazardState.RECTIFYING).exists()
    assert Hazard.objects.filter(disputed_at__isnull=False).exists()
    assert Extension.objects.filter(decided_at__isnull=True).exists()
    assert Hazard.objects.listed().filter(grade=Grade.MAJOR).count() == 2
    assert SupervisionListing.objects.filter(delisted_on__isnull=False).exists()


def test_hazards_lie_in_the_district_and_belong_to_who_polices_the_town():
    for hazard in Hazard.objects.select_related("unit", "town"):
        assert is_in_district(hazard.point, district()), hazard
        assert squadron_of(hazard.town_id, timezone.localdate(hazard.created_at)) == hazard.unit


def test_hazards_and_their_documents_are_numbered_in_the_order_of_time():
    for rows in (
        Hazard.objects.order_by("created_at").values_list("created_at", "number"),
        HazardDocument.objects.order_by("issued_at").values_list("issued_at", "number"),
    ):
        years = {}
        for moment, number in rows:
            serial = int(re.split(r"[-〕]", number.rstrip("号"))[-1])
            years.setdefault(timezone.localtime(moment).year, []).append(serial)
        for serials in years.values():
            assert sorted(serials) == list(range(1, len(serials) + 1))


def test_a_closed_hazard_tells_its_whole_way(demo):
    for hazard in Hazard.objects.filter(state=HazardState.CLOSED):
        steps = AuditEvent.objects.of(hazard).order_by("at", "id").values_list("verb", flat=True)
        assert [verb for verb in steps if verb in WAY] == list(WAY), hazard
        made = hazard.verifications.get(has_passed=True)
        assert len({made.first_id, made.second_id, hazard.created_by_id}) == 3
        kinds = set(hazard.documents.values_list("kind", flat=True))
        assert {DocumentKind.VERIFICATION, DocumentKind.CLOSING} <= kinds
        moments = [hazard.created_at, hazard.registered_at, hazard.graded_at, hazard.notified_at, hazard.accepted_at]
        moments += [hazard.rectifying_at, hazard.submitted_at, hazard.closed_at, demo]
        assert moments == sorted(moments)


WAY = (
    "hazard.reported",
    "hazard.registered",
    "hazard.notified",
    "hazard.accepted",
    "hazard.started",
    "hazard.closed",
)


def test_reports_say_what_was_known_then(demo):
    reports = list(Report.objects.select_related("snapshot").order_by("cut_off_at"))
    for report in reports:
        assert is_intact(report)
        assert report.cut_off_at == due_at(SERIES[report.series], parse_period(report.period), calendar())
    assert {report.state for report in reports if report.series == "monthly"} == {ReportState.CONFIRMED}
    assert ReportState.DRAFT in {report.state for report in reports if report.series == "daily"}
    assert {report.series for report in reports} == set(SERIES)
    assert not Obligation.objects.filter(state=ObligationState.OPEN, met_at__isnull=False).exists()


def test_tasks_stand_everywhere_in_their_table(demo):
    states = set(Assignment.objects.values_list("state", flat=True))
    assert states == {"open", "replied", "returned", "done"}
    assert Assignment.objects.overdue(demo).exists()
    assert Assignment.objects.filter(asked_due_on__isnull=False).exists()
    assert Assignment.objects.filter(source_kind="hazards.hazard").exists()


def test_everything_can_be_found():
    for model in findable().values():
        assert not missing(model).exists(), model


def test_every_person_and_record_is_marked_synthetic():
    assert not Person.objects.filter(is_synthetic=False).exists()
    for model in RECORDS:
        assert model.objects.filter(is_synthetic=True).exists()
        assert not model.objects.filter(is_synthetic=False).exists()


def test_there_is_an_account_for_every_role():
    assert {role for account in ACCOUNTS for role, _unit in account.roles} == set(Role)


def test_the_brigade_is_that_of_the_article():
    names = set(Unit.objects.values_list("short_name", flat=True))
    assert {"东昌府大队", "大队党总支", "城区一中队党支部", "车管所大厅"} <= names
    assert ServiceItem.objects.filter(effective_to=None).count() == 83


def test_it_goes_into_an_empty_database_only():
    with pytest.raises(CommandError, match="not empty"):
        call_command("demo")
