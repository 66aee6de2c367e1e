"""Hazards for tests, made through the actions: `closed(world, "2025-05-01T10:00")` takes one all the way."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import BytesIO
from itertools import count
from random import Random
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from brigade.files.actions import store
from brigade.kit.geo import Point
from brigade.kit.ids import new_id
from brigade.obligations.models import Obligation
from brigade.org.models import Person, Unit
from brigade.reference.models import Road, Town
from enforcement.hazards import actions
from enforcement.hazards.actions import Picture
from enforcement.hazards.models import Category, Hazard
from enforcement.hazards.rules import Place
from enforcement.hazards.states import Check

COURSE = [[0, 36.40, 115.9855], [5_000, 36.445, 115.9855], [10_000, 36.49, 115.9855]]
"""A made-up road straight to the north: 36.456° is at K6+222."""
HERE = Point(36.456, 115.9855)
ALL_PASSED = {item.value: True for item in Check}
_shades = count(1)


@dataclass
class World:
    brigade: Unit
    squadron: Unit
    highway: Unit
    housing: Unit
    town: Town
    road: Road
    officer: Person
    other: Person
    auxiliary: Person
    clerk: Person
    second_clerk: Person
    captain: Person
    deputy: Person
    leader: Person
    inspector: Person
    office: Person
    liaison: Person
    stranger: Person


def at(text: str) -> datetime:
    return timezone.make_aware(datetime.fromisoformat(text))


def category(code: str = "intersection") -> Category:
    return Category.objects.get(code=code)


def drawn(*, seed: int | None = None, brighter: int = 0) -> bytes:
    """A picture like no other (or like that of the same seed, perhaps a little brighter), as JPEG."""
    random = Random(next(_shades) if seed is None else f"same {seed}")
    image = Image.new("L", (9, 8))
    image.putdata([random.randrange(20, 230) + brighter for _spot in range(72)])
    out = BytesIO()
    image.resize((90, 80), Image.Resampling.NEAREST).convert("RGB").save(out, "JPEG", quality=90)
    return out.getvalue()


def duty(rule: str, **more: Any) -> Obligation:
    return Obligation.objects.get(rule=f"hazards.{rule}", **more)


def photo(by: Person, taken: str | datetime, content: bytes | None = None) -> Picture:
    moment = at(taken) if isinstance(taken, str) else taken
    upload = SimpleUploadedFile("现场.jpg", content or drawn(), "image/jpeg")
    return Picture(store(upload, by=by, now=moment).pk, moment)


def reported(world: World, moment: str, **fields: Any) -> Hazard:
    now = at(moment)
    by = fields.pop("by", world.officer)
    given: dict[str, Any] = {
        "id": new_id(),
        "category": category(),
        "source": "patrol",
        "town": world.town,
        "place": Place(lat=HERE.lat, lon=HERE.lon, coord_sys="wgs84", geo_source="gps", acc_m=8),
        "is_new": True,
    } | fields
    if "photos" not in given:
        given["photos"] = [photo(by, now)]
    return actions.report(by=by, now=now, **given)


def later(moment: str, **span: float) -> datetime:
    return at(moment) + timedelta(**span)


def registered(world: World, moment: str, **fields: Any) -> Hazard:
    hazard = reported(world, moment, **fields)
    return actions.register(by=world.captain, hazard=hazard, now=later(moment, hours=1), note="现场核实")


def graded(world: World, moment: str, *, major: bool = False, **fields: Any) -> Hazard:
    hazard = registered(world, moment, **fields)
    if not major:
        return actions.grade(by=world.clerk, hazard=hazard, now=later(moment, hours=2))
    return actions.grade_major(by=world.deputy, hazard=hazard, now=later(moment, hours=2), second_grader=world.leader)


def controlled(world: World, hazard: Hazard, now: datetime) -> Hazard:
    return actions.control(by=world.captain, hazard=hazard, now=now, measures="限速40，锥桶与警示牌")


def notified(world: World, moment: str, *, days: int = 30, owner: Unit | None = None, **fields: Any) -> Hazard:
    hazard = graded(world, moment, **fields)
    now = later(moment, hours=3)
    if hazard.grade == "major":
        hazard = controlled(world, hazard, now)
    return actions.notify(
        by=world.clerk,
        hazard=hazard,
        now=now,
        owner=owner or world.highway,
        due_on=timezone.localdate(now) + timedelta(days=days),
        signed_by=world.deputy,
    )


def accepted(world: World, moment: str, **fields: Any) -> Hazard:
    hazard = notified(world, moment, **fields)
    return actions.accept(by=world.liaison, hazard=hazard, now=later(moment, hours=4))


PLAN = {
    "plan_measures": "加装护栏",
    "plan_funds": "已列预算4.8万元",
    "plan_person": "马会良",
    "plan_due_on": date(2030, 1, 1),
    "plan_emergency": "派人值守",
}


def rectifying(world: World, moment: str, **fields: Any) -> Hazard:
    hazard = accepted(world, moment, **fields)
    plan = PLAN if hazard.grade == "major" else {}
    return actions.start(by=world.liaison, hazard=hazard, now=later(moment, hours=5), **plan)


def handed_in(world: World, hazard: Hazard, now: datetime, **fields: Any) -> Hazard:
    given: dict[str, Any] = {
        "note": "减速带和警示标志已装",
        "completed_on": timezone.localdate(now),
        "photos": [photo(world.liaison, now)],
    } | fields
    return actions.submit(by=world.liaison, hazard=hazard, now=now, **given)


def submitted(world: World, moment: str, **fields: Any) -> Hazard:
    hazard = rectifying(world, moment, **fields)
    return handed_in(world, hazard, later(moment, hours=6))


def verified(world: World, hazard: Hazard, now: datetime, **fields: Any) -> Hazard:
    given: dict[str, Any] = {
        "by": world.other,
        "second": world.captain,
        "checks": ALL_PASSED,
        "here": HERE,
    } | fields
    if "photos" not in given:
        given["photos"] = [photo(given["by"], now)]
    return actions.verify(hazard=hazard, now=now, **given)


def closed(world: World, moment: str, **fields: Any) -> Hazard:
    hazard = submitted(world, moment, **fields)
    return verified(world, hazard, later(moment, hours=7))
