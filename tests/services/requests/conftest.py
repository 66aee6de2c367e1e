"""A hall with its people, the catalogue and the calendar."""

import pytest

from brigade.org.states import Role, Tree, UnitKind
from brigade.reference.actions import load_reference
from services.requests.actions import load_catalogue
from tests.brigade.org.factories import person, unit
from tests.services.requests.world import World, day


@pytest.fixture
def world(db) -> World:
    load_reference()
    load_catalogue(today=day("2025-01-01"))
    brigade = unit("东昌府大队")
    hall = unit("车管所", parent=brigade, tree=Tree.HALL, kind=UnitKind.HALL, code="DCF-CGS")
    return World(
        brigade=brigade,
        hall=hall,
        clerk=person(Role.WINDOW_CLERK, at=hall, name="王晓燕"),
        other=person(Role.WINDOW_CLERK, at=hall, name="李静"),
        lead=person(Role.WINDOW_LEAD, at=hall, name="赵值班"),
        reviewer=person(Role.SERVICE_REVIEWER, at=hall, name="孙审核"),
        head=person(Role.HALL_HEAD, at=hall, name="周所长"),
        leader=person(Role.BRIGADE_LEADER, at=brigade, name="吴队长"),
    )
