"""Fifty thousand hazards along twenty roads: the map by viewport, and the look for duplicates at entry."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import count
from statistics import median
from typing import Any

from django.test import Client  # noqa: TID251 - outside pytest there are no fixtures
from django.urls import reverse

from brigade.kit.geo import Point
from brigade.org.states import Role
from brigade.reference.models import Road, Town
from brigade.reference.queries import district
from enforcement.hazards import queries
from enforcement.hazards.actions import load_categories
from enforcement.hazards.models import Category, Hazard
from tests.bench.world import NOW, World, analyse, insert, is_postgres, minutes_ago
from tests.brigade.org.factories import person

ROWS, ROADS, LONG = 50_000, 20, 30_000
"""Each road runs north for LONG metres, a kilometre and a half beside the one before."""
SOUTH, WEST, METRE, APART = 36.30, 115.75, 0.000009, 0.0165


def stake_of(n: int) -> int:
    return n * 7919 % LONG


def point_of(n: int) -> Point:
    return Point(SOUTH + stake_of(n) * METRE, WEST + n % ROADS * APART)


def add_hazards(world: World, categories: list[Category], roads: list[Road]) -> None:
    """Number 1 to ROWS: a third reported, a third registered, a third closed half a year ago or later."""
    stake, road = f"(n.i * 7919) % {LONG}", f"n.i % {ROADS}"
    settled = "n.i % 3 = 2"
    insert(
        Hazard,
        1,
        ROWS,
        id="lpad(to_hex(n.i), 32, '0')::uuid" if is_postgres() else "printf('%032x', n.i)",
        unit_id=str(world.brigade.pk),
        number="'隐患' || lpad(n.i::text, 6, '0')" if is_postgres() else "'隐患' || printf('%06d', n.i)",
        title="'缺让行标志' || n.i",
        state="CASE n.i % 3 WHEN 0 THEN 'reported' WHEN 1 THEN 'registered' ELSE 'closed' END",
        closed_at=f"CASE WHEN {settled} THEN {minutes_ago(1440)} END",
        source="'patrol'",
        category_id=f"{categories[0].pk} + n.i % {len(categories)}",
        town_id=f"{Town.objects.order_by('pk')[0].pk} + n.i % {Town.objects.count()}",
        road_id=f"{roads[0].pk} + {road}",
        stake_start_m=stake,
        stake_end_m=stake,
        lat=f"{SOUTH} + ({stake}) * {METRE:.6f}",
        lon=f"{WEST} + ({road}) * {APART}",
        coord_sys="'wgs84'",
        geo_source="'gps'",
        acc_m="8",
        **dict.fromkeys(("created_at", "discovered_at"), minutes_ago(4320)),
        created_by_id=str(world.clerk.pk),
    )
    analyse()


def measure(
    world: World,
    say: Callable[[str, str, str, bool], None],
    timed: Callable[..., list[float]],
    counted: Callable[[], AbstractContextManager[list[str]]],
) -> None:
    load_categories()
    categories = list(Category.objects.order_by("pk"))
    owner = {"road_class": "county", "owner": world.brigade}
    roads = Road.objects.bulk_create([Road(code=f"X{n:03}", name=f"县道{n:03}", **owner) for n in range(ROADS)])
    add_hazards(world, categories, roads)
    by_viewport(world, say, counted)
    duplicates(categories, roads, say, timed)


def viewports() -> Iterator[str]:
    """The whole district, and ever smaller boxes around a place in it; south, west, north, east."""
    (south, west), (north, east) = district().bounds
    yield f"{south},{west},{north},{east}"
    middle = point_of(ROADS * 500 + ROADS // 2)
    for across in (0.4, 0.2, 0.1, 0.05, 0.02, 0.005):
        half = across / 2
        yield f"{middle.lat - half},{middle.lon - half},{middle.lat + half},{middle.lon + half}"


def by_viewport(
    world: World, say: Callable[[str, str, str, bool], None], counted: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    client, address = Client(), reverse("hazards:hazard_points")
    client.force_login(person(Role.BRIGADE_LEADER, at=world.brigade, name="丁"))
    client.get(address)
    sizes, numbers, drawn = [], [], 0
    for box in viewports():
        with counted() as statements:
            answer = client.get(address, {"box": box})
        found = answer.json()
        sizes.append(len(answer.content))
        numbers.append(len(statements))
        drawn = max(drawn, sum(group[2] for group in found["groups"]) + len(found["places"]))
    assert drawn == ROWS, drawn
    words = f"{max(sizes) / 1024:.0f} KB, {max(numbers)} queries, {len(sizes)} viewports"
    say("map of 50,000 hazards by viewport", "≤ 300 KB, ≤ 8", words, max(sizes) <= 300 * 1024 and max(numbers) <= 8)


def duplicates(
    categories: list[Category],
    roads: list[Road],
    say: Callable[[str, str, str, bool], None],
    timed: Callable[..., list[float]],
) -> None:
    """A new place on a road, by coordinates and stake, against one hazard read by its number; each time another."""
    places, numbers, found = count(1), count(1), []

    def check() -> None:
        n = next(places) * 37 % ROWS + 1
        place: dict[str, Any] = {"acc_m": 8, "road": roads[n % ROADS], "direction": "na"}
        point = point_of(n)
        place |= {"lat": point.lat, "lon": point.lon, "geo_source": "gps"}
        place |= dict.fromkeys(("stake_start_m", "stake_end_m"), stake_of(n))
        found.append(len(queries.near_place(place, categories[n % len(categories)], NOW)))

    def look_up() -> None:
        n = next(numbers) * 37 % ROWS + 1
        Hazard.objects.select_related("town", "road").get(number=f"隐患{n:06}")

    slow, fast = timed(check, look_up, rounds=300, warm=20)
    assert median(found) >= 1, found[:10]
    words = f"{slow / fast:.2f}×  ({slow:.2f} ms : {fast:.2f} ms)"
    say("duplicate check at entry : indexed look-up", "≤ 3×", words, slow <= 3 * fast)
