"""A brigade with one unit, somebody who may change reference data and somebody who may not."""

from datetime import date

import pytest

from brigade.org.models import Grant, Person, Unit
from brigade.org.states import Role, Tree, UnitKind


def make_unit() -> Unit:
    unit = Unit.objects.create(
        tree=Tree.LINE, kind=UnitKind.BRIGADE, code="371502", name="东昌府大队", short_name="大队", path="/",
        opened_on=date(2000, 1, 1),
    )  # fmt: skip
    Unit.objects.filter(pk=unit.pk).update(path=f"{unit.pk}/")
    unit.refresh_from_db()
    return unit


@pytest.fixture
def unit(db):
    return make_unit()


@pytest.fixture
def administrator(unit):
    person = Person.objects.create(police_no="100001", name="管数")
    Grant.objects.create(
        person=person, role=Role.BUSINESS_ADMIN, unit=unit, starts_on=date(2020, 1, 1), granted_by="测试"
    )
    return person


@pytest.fixture
def officer(unit):
    person = Person.objects.create(police_no="100002", name="民警")
    Grant.objects.create(person=person, role=Role.OFFICER, unit=unit, starts_on=date(2020, 1, 1), granted_by="测试")
    return person
