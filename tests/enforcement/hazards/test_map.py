"""The map shows what the ledger would, inside the box that is looked at, and is small however many there are."""

import json

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from django_filters import ChoiceFilter

from brigade.kit.ids import new_id
from enforcement.hazards import queries
from enforcement.hazards.models import Hazard
from enforcement.hazards.tables import HazardFilters
from tests.enforcement.hazards.world import HERE, category, reported

POINTS, AROUND = "hazards:hazard_points", "36.4,115.9,36.5,116.1"


def found(client, **asked):
    return client.get(reverse(POINTS), {"box": AROUND} | asked).json()


def many(world, n):
    now = timezone.now()
    Hazard.objects.bulk_create(
        [
            Hazard(
                id=new_id(),
                unit=world.squadron,
                number=f"371502-YH-2020-{seq:05}",
                title=f"缺让行标志{seq}",
                state="reported",
                created_at=now,
                source="patrol",
                category=category(),
                lat=36.41 + seq % 100 * 0.0008,
                lon=115.92 + seq // 100 % 100 * 0.0015,
                coord_sys="wgs84",
                geo_source="gps",
                town=world.town,
                discovered_at=now,
            )
            for seq in range(n)
        ],
        batch_size=500,
    )


def test_a_place_says_what_it_is_and_where_its_record_stands(client, world):
    hazard = reported(world, "2026-03-02T09:00")
    client.force_login(world.captain)
    lat, lon, tone, number, title, state, due, url = found(client)["places"][0]
    assert (lat, lon) == tuple(HERE)
    assert (tone, number, title, state, due) == ("open", hazard.number, hazard.title, "待核实", "")
    assert url == hazard.get_absolute_url()


def test_the_filters_of_the_ledger_hold_on_the_map(client, world):
    reported(world, "2026-03-02T09:00")
    client.force_login(world.captain)
    assert len(found(client, state="reported")["places"]) == 1
    assert found(client, state="closed")["places"] == []
    assert found(client, box="35,114,35.1,114.1")["places"] == []


def test_every_choice_of_the_filters_is_understood(client, world):
    reported(world, "2026-03-02T09:00")
    client.force_login(world.captain)
    filters = HazardFilters.base_filters.items()
    choices = {name: one.extra.get("choices", ()) for name, one in filters if isinstance(one, ChoiceFilter)}
    for name, value in [(name, value) for name, pairs in choices.items() for value, _label in pairs]:
        answer = client.get(reverse("hazards:hazard_list"), {name: value})
        assert answer.status_code == 200 and "errorlist" not in answer.text, (name, value)
    Hazard.objects.update(is_key=True, key_reason="校门口")
    assert len(found(client, is_key="true")["places"]) == 1


@pytest.mark.django_db
def test_the_stock_of_a_day_asks_for_the_closings_of_each_hazard_and_not_for_all_there_ever_were():
    plan = Hazard.objects.open_at(timezone.now()).explain()
    assert ("Anti Join" if connection.vendor == "postgresql" else "CORRELATED") in plan


def test_nobody_sees_on_the_map_what_he_may_not_see(client, world):
    reported(world, "2026-03-02T09:00")
    client.force_login(world.stranger)
    answer = client.get(reverse(POINTS), {"box": AROUND})
    assert answer.status_code == 403 or answer.json()["places"] == []


@pytest.mark.parametrize(
    "box",
    [
        "",
        "1,2,3",
        "a,b,c,d",
        "36.5,115.9,36.4,116.1",
        "nan,nan,nan,nan",
        "-91,0,1,1",
        "36,116,36.1,116.000000001",
        "36,181,37,190",
        "36,116,37,-inf",
    ],
)
def test_a_box_that_is_none_is_refused_in_a_sentence(client, world, box):
    client.force_login(world.captain)
    answer = client.get(reverse(POINTS), {"box": box})
    assert answer.status_code in (409, 422)
    assert "地图范围不对" in answer.content.decode()


def test_many_places_are_drawn_together_and_none_is_lost(client, world, django_assert_max_num_queries):
    many(world, queries.ALONE + 200)
    client.force_login(world.captain)
    found(client)
    with django_assert_max_num_queries(8):
        drawn = found(client)
    assert drawn["places"] == []
    assert sum(group[2] for group in drawn["groups"]) == queries.ALONE + 200
    assert len(drawn["groups"]) <= queries.ACROSS * queries.ACROSS
    assert len(json.dumps(drawn)) < 300_000


def test_the_table_below_the_map_counts_the_same_by_town(client, world):
    reported(world, "2026-03-02T09:00")
    client.force_login(world.captain)
    page = client.get(reverse("hazards:hazard_map"))
    assert [(row["town__name"], row["n"], row["open"]) for row in page.context["towns"]] == [(world.town.name, 1, 1)]
    assert f"town={world.town.pk}" in page.content.decode()


def test_41_the_map_needs_nothing_but_the_district_and_its_roads(client, world):
    client.force_login(world.officer)
    drawn = client.get("/enforcement/hazards/map/outline/").json()
    shapes = [feature["geometry"]["type"] for feature in drawn["features"]]
    assert shapes[0] in ("Polygon", "MultiPolygon") and shapes[1:] == ["LineString"]
    road = drawn["features"][1]
    assert road["properties"]["name"] == "县道012" and road["geometry"]["coordinates"][0] == [115.9855, 36.4]
    page = client.get("/enforcement/hazards/map/").content.decode()
    assert "http://" not in page.replace("http://www.w3.org", "") and "tile" not in page
