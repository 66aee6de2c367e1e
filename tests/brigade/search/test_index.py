"""What is found by whom: on both databases, over records, people and units."""

import pytest
from django.db import connection

from brigade.org.states import Role, Tree, UnitKind
from brigade.search import actions
from brigade.search.queries import find
from services.requests.actions import Citizen
from tests.brigade.org.factories import person, unit
from tests.services.requests.world import HERE, taken_in

pytestmark = pytest.mark.django_db


def found(user, text):
    return [row for group in find(user, text) for row in group.rows]


def request_of(world, name="刘某某", phone="13800000024", code="PL01", moment="2026-06-12T10:00", **more):
    return taken_in(world, code, moment, citizen=Citizen(name=name, phone=phone, **more))


@pytest.mark.parametrize("typed", ["曾伟", "zengwei", "ZW", "cengwei", "cw", "0024", "024"])
def test_a_request_is_found_by_the_citizen_in_every_way_that_he_is_asked_for(world, typed):
    request_of(world, name="刘某某", phone="13800000099")
    request = request_of(world, name="曾伟")
    assert found(world.clerk, typed)[0] == request


def test_a_request_is_found_by_its_number_and_by_the_end_of_it(world):
    request_of(world)
    request = request_of(world)
    for typed in (request.number, request.number.lower(), request.number[-3:]):
        assert found(world.clerk, typed)[0] == request, typed
    assert found(world.clerk, request.number) == [request]


def test_a_whole_phone_number_finds_by_its_blind_index_and_is_not_in_the_index(world):
    request_of(world, phone="13900000024")
    request = request_of(world, phone="13800000024", id_no=HERE)
    assert found(world.clerk, "138 0000 0024") == [request]
    assert found(world.clerk, HERE) == [request]
    assert found(world.clerk, "13800000025") == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT words FROM search_entry")
        kept = " ".join(words for (words,) in cursor.fetchall())
    assert "0024" in kept and "13800000024" not in kept and HERE not in kept and HERE[:10] not in kept


def test_what_is_changed_is_found_by_the_new_words_only(world):

    request = request_of(world, name="曾伟")
    request.citizen_name = "仇强"
    actions.keep([request])
    assert found(world.clerk, "qq") == [request] and found(world.clerk, "zw") == []


def test_nobody_finds_what_he_may_not_see(world):
    request = request_of(world, name="曾伟")
    elsewhere = unit("别处车管所", parent=world.brigade, tree=Tree.HALL, kind=UnitKind.HALL)
    stranger = person(Role.WINDOW_CLERK, at=elsewhere)
    nobody = person(at=elsewhere)
    for typed in ("曾伟", "zw", request.number, "13800000024"):
        assert request in found(world.clerk, typed)
        assert found(stranger, typed) == found(nobody, typed) == []
