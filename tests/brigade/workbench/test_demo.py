"""The demo world is what it says: synthetic, whole, and equal to what its records say."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from brigade.audit.queries import verify
from brigade.indicators.models import Figure
from brigade.indicators.rules import FIGURES
from brigade.kit.clocks import add_months
from brigade.obligations.actions import reconcile
from brigade.obligations.models import Obligation
from brigade.org.models import Person, Unit
from brigade.org.states import Role
from brigade.reference.actions import load_reference
from brigade.workbench.demo.world import ACCOUNTS
from partybuilding.meetings.models import Decision, Meeting, Waiver
from services.requests.models import ServiceItem, ServiceRequest

pytestmark = pytest.mark.django_db
RECORDS = (Meeting, Decision, Waiver, ServiceRequest)


@pytest.fixture(scope="module", autouse=True)
def demo(django_db_setup, django_db_blocker):
    """One demo world for all tests here, taken back afterwards."""
    with django_db_blocker.unblock():
        whole = transaction.atomic()
        whole.__enter__()
        load_reference()
        call_command("demo")
        yield timezone.now()
        transaction.set_rollback(True)
        whole.__exit__(None, None, None)


def test_the_audit_trail_of_the_demo_world_is_clean():
    assert verify().ok


@pytest.mark.parametrize("code", ["party.meetings", "party.attendance", "party.study_hours", "party.compliance"])
def test_every_party_figure_equals_its_live_count(code):
    equal_to_live(code)


@pytest.mark.parametrize("code", ["requests.received", "requests.completed", "requests.on_time"])
def test_every_figure_of_the_hall_equals_its_live_count(code):
    equal_to_live(code)


def equal_to_live(code):
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
    for model, moment in ((Meeting, "starts_at"), (ServiceRequest, "received_at")):
        days = {timezone.localdate(at) for at in model.objects.values_list(moment, flat=True)}
        assert min(days) < add_months(timezone.localdate(demo), -12) + timedelta(days=31)
        assert max(days) <= timezone.localdate(demo)
        assert len({(day.year, day.month) for day in days}) >= 12


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
