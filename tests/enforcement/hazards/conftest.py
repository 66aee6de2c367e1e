"""A brigade with a squadron, its people, two owners, the road safety office, a surveyed road and the calendar."""

import pytest

from brigade.org.models import Beat
from brigade.org.states import PersonKind, Role, Tree, UnitKind
from brigade.reference.actions import load_reference
from brigade.reference.models import Road, Town
from enforcement.hazards.actions import load_categories
from enforcement.hazards.models import Owner
from tests.brigade.org.factories import LONG_AGO, grant, person, unit
from tests.enforcement.hazards.world import COURSE, World


@pytest.fixture
def world(db) -> World:
    load_reference()
    load_categories()
    brigade = unit("东昌府大队")
    squadron = unit("城区一中队", parent=brigade)
    highway = unit("区公路中心", parent=brigade, tree=Tree.OUTSIDE, kind=UnitKind.ORGANISATION)
    housing = unit("区住建局", parent=brigade, tree=Tree.OUTSIDE, kind=UnitKind.ORGANISATION)
    liaison = person(Role.OWNER_LIAISON, at=highway, name="马会良", kind=PersonKind.OUTSIDE)
    stranger = person(Role.OWNER_LIAISON, at=housing, name="住建联络员", kind=PersonKind.OUTSIDE)
    Owner.objects.create(unit=highway, owner_type="highway", liaison=liaison, liaison_name=liaison.name)
    Owner.objects.create(unit=housing, owner_type="housing", liaison=stranger, liaison_name=stranger.name)
    town = Town.objects.get(name="于集镇")
    Beat.objects.create(town=town, unit=squadron, starts_on=LONG_AGO)
    road = Road.objects.create(
        code="X012", name="县道012", road_class="county", owner=highway, is_divided=True, stakes=COURSE
    )
    office = person(at=unit("道安办", parent=brigade, tree=Tree.OUTSIDE, kind=UnitKind.ORGANISATION), name="道安办")
    grant(office, Role.ROAD_SAFETY_OFFICE, brigade)
    return World(
        brigade=brigade,
        squadron=squadron,
        highway=highway,
        housing=housing,
        town=town,
        road=road,
        officer=person(Role.OFFICER, at=squadron, name="孙立"),
        other=person(Role.OFFICER, at=squadron, name="李明哲"),
        auxiliary=person(Role.AUXILIARY, at=squadron, name="马晓东", kind=PersonKind.AUXILIARY),
        clerk=person(Role.CLERK, at=brigade, name="韩雪梅"),
        second_clerk=person(Role.CLERK, at=brigade, name="赵敏"),
        captain=person(Role.SQUADRON_LEADER, at=squadron, name="周海峰"),
        deputy=person(Role.DEPUTY_LEADER, at=brigade, name="何立军"),
        leader=person(Role.BRIGADE_LEADER, at=brigade, name="秦志刚"),
        inspector=person(Role.INSPECTOR, at=brigade, name="邱新民"),
        office=office,
        liaison=liaison,
        stranger=stranger,
    )
