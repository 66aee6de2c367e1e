"""Reads over hazards: usual limits, what lies near, what a page and a document need to know."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.kit.geo import Point, box_around, distance, metres_between
from brigade.org.models import Grant, Person, Unit
from brigade.org.queries import holders
from brigade.org.states import PERMISSIONS, PersonKind, Role, Tree, UnitKind
from brigade.reference.models import Road
from brigade.reference.queries import parameter
from enforcement.hazards.models import Category, Hazard, HazardPhoto, HazardQuerySet, Owner, Verification
from enforcement.hazards.rules import ALIKE, differing
from enforcement.hazards.states import OPEN, Check, Direction, Grade, HazardState, PhotoKind, Term


def brigade_of(unit: Unit) -> Unit:
    """The brigade that a unit belongs to: its numbers run there."""
    above = {row.pk: row for row in Unit.objects.above(unit)}
    line = [above[pk] for pk in unit.lineage[::-1]]
    return next((row for row in line if row.kind == UnitKind.BRIGADE), line[-1])


def units_to_report_in(user: Person) -> list[Unit]:
    """The police units for which the user may report, his own first."""
    found = Unit.objects.filter(tree=Tree.LINE, pk__in=user.units_for("hazards.add_hazard")).open_on(
        timezone.localdate()
    )
    return sorted(found, key=lambda unit: (unit.pk != user.unit_id, unit.order, unit.pk))


def squadrons(on: date) -> QuerySet[Unit]:
    """The units that can look after a hazard."""
    return (
        Unit.objects.filter(tree=Tree.LINE, kind__in=(UnitKind.BRIGADE, UnitKind.SQUADRON))
        .open_on(on)
        .order_by("order", "pk")
    )


def seats(units: Iterable[Unit], on: date) -> dict[tuple[int, str], int]:
    """(unit, role) → the nearest unit, itself or above, where somebody holds the role; one query.

    A squadron without a clerk of its own has the brigade's, and a duty stands where its post is filled.
    """
    units = list(units)
    held = set(
        Grant.objects.on(on)
        .filter(unit__in={pk for unit in units for pk in unit.lineage}, role__in=SEATS, person__is_active=True)
        .values_list("unit", "role")
    )
    found = {}
    for unit in units:
        for role in SEATS:
            place = next((pk for pk in unit.lineage[::-1] if (pk, role) in held), None)
            if place is not None:
                found[unit.pk, str(role)] = place
    return found


SEATS = (Role.SQUADRON_LEADER, Role.CLERK, Role.DEPUTY_LEADER)
"""Whose posts the duties of a hazard are."""

TERMS = {
    Term.IMMEDIATE: "hazards.immediate_days",
    Term.GENERAL: "hazards.general_days",
    Term.FACILITY: "hazards.facility_days",
}


def usual_days(category: Category, grade: str, on: date) -> int:
    """Calendar days for mending, from delivery: by the grade where it is major, else by the category."""
    return parameter("hazards.major_days" if grade == Grade.MAJOR else TERMS[Term(category.term)], on)


def usual_due_on(hazard: Hazard, now: datetime) -> date:
    """What the form of the notice offers as the limit."""
    today = timezone.localdate(now)
    return today + timedelta(days=usual_days(hazard.category, hazard.grade, today))


def usual_owner(hazard: Hazard) -> Unit | None:
    """Who most likely answers: who keeps the road, else the one owner of the type that the category names."""
    if hazard.road is not None and hazard.road.owner_id is not None:
        return hazard.road.owner
    found = list(Owner.objects.live().filter(owner_type=hazard.category.default_owner_type).select_related("unit")[:2])
    return found[0].unit if len(found) == 1 else None


def owners() -> QuerySet[Owner]:
    """Those that can be notified, by type and name."""
    return Owner.objects.live().select_related("unit", "liaison").order_by("owner_type", "unit__name")


def signers_of(hazard: Hazard, on: date) -> list[Person]:
    """The leaders who sign a notice, the nearest first."""
    found = [
        person for role in PERMISSIONS["hazards.sign_hazard"] for person in holders(hazard.unit_id, role, on, up=True)
    ]
    return sorted({person.pk: person for person in found}.values(), key=lambda person: person.police_no)


def verifiers_of(hazard: Hazard, by: Person) -> QuerySet[Person]:
    """Who may be the second at a verification: police of the brigade, but who handed the work in."""
    people = Person.objects.working_in(Unit.objects.below(brigade_of(hazard.unit)).values("pk"), timezone.localdate())
    barred = [pk for pk in (by.pk, hazard.submitted_by_id) if pk is not None]
    return people.filter(kind=PersonKind.OFFICER, is_active=True).exclude(pk__in=barred).order_by("police_no")


def graders_of(hazard: Hazard, by: Person) -> QuerySet[Person]:
    """Who may be the second grader of a major hazard."""
    people = Person.objects.working_in(Unit.objects.below(brigade_of(hazard.unit)).values("pk"), timezone.localdate())
    return people.filter(kind=PersonKind.OFFICER, is_active=True).exclude(pk=by.pk).order_by("police_no")


# Duplicates


@dataclass(frozen=True, slots=True)
class Near:
    """A hazard that may be the same, and how far it lies."""

    hazard: Hazard
    metres: int


SHOWN = 5


def near(
    *,
    category: Category,
    point: Point | None = None,
    acc_m: int | None = None,
    road: Road | None = None,
    stake_m: int | None = None,
    direction: str = Direction.NA,
    now: datetime,
    but: Any = None,
) -> list[Near]:
    """The up to five nearest hazards of the same category, open or closed lately, the newest first.

    Two are near by stakes on the same road in a compatible direction, or over ground; opposite carriageways are not.
    Two queries, each over an index: a box around the point, a stretch of the road.
    """
    if not category.radius_m:
        return []
    today = timezone.localdate(now)
    after = now - timedelta(days=parameter("hazards.duplicate_days", today))
    alive = Hazard.objects.filter(
        Q(state__in=OPEN) | Q(state=HazardState.CLOSED, closed_at__gte=after), category=category
    ).exclude(pk=but)
    found: dict[Any, Near] = {}
    if point is not None:
        widest = parameter("hazards.duplicate_radius_max_m", today)
        box = box_around(point, widest)
        here = alive.filter(
            lat__range=(_degrees(box.south), _degrees(box.north)), lon__range=(_degrees(box.west), _degrees(box.east))
        )
        for other in here.select_related("town", "road"):
            metres = distance(point, other.point) if other.point else widest + 1
            radius = min(max(category.radius_m, acc_m or 0, other.acc_m or 0), widest)
            if metres <= radius and _is_same_way(direction, other.direction, road, other.road):
                found[other.pk] = Near(other, round(metres))
    if road is not None and stake_m is not None:
        reach = parameter("hazards.duplicate_stake_m", today)
        slack = sum(abs(ahead - back) for back, ahead in road.breaks)
        along = alive.filter(road=road, stake_start_m__range=(max(stake_m - reach - slack, 0), stake_m + reach + slack))
        for other in along.select_related("town", "road"):
            metres = metres_between(stake_m, other.stake_start_m or 0, road.breaks)
            if metres <= reach and _is_same_way(direction, other.direction, road, other.road):
                found.setdefault(other.pk, Near(other, metres))
    nearest = sorted(found.values(), key=lambda one: one.metres)[:SHOWN]
    return sorted(nearest, key=lambda one: one.hazard.discovered_at, reverse=True)


def near_place(place: dict[str, Any], category: Category, now: datetime) -> list[Near]:
    """What lies near a place as `rules.located` gives it."""
    point = None if place["lat"] is None else Point(float(place["lat"]), float(place["lon"]))
    return near(
        category=category,
        point=point,
        acc_m=place["acc_m"],
        road=place["road"],
        stake_m=place["stake_start_m"],
        direction=place.get("direction", Direction.NA),
        now=now,
    )


def near_hazard(hazard: Hazard, now: datetime) -> list[Near]:
    """What may be the same as a hazard that is written down."""
    return near(
        category=hazard.category,
        point=hazard.point,
        acc_m=hazard.acc_m,
        road=hazard.road,
        stake_m=hazard.stake_start_m,
        direction=hazard.direction,
        now=now,
        but=hazard.pk,
    )


def _degrees(value: float) -> Decimal:
    return Decimal(value).quantize(Decimal("0.000001"))


def _is_same_way(one: str, other: str, road: Road | None, other_road: Road | None) -> bool:
    """Opposite carriageways of one road are two places."""
    if road is None or other_road is None or road.pk != other_road.pk:
        return True
    return {one, other} != {Direction.UP, Direction.DOWN}


# What a document and a page need to know


def overdue(now: datetime) -> HazardQuerySet:
    """Hazards whose owner is late, with all that a letter about them says."""
    return (
        Hazard.objects.overdue(now)
        .select_related("unit", "owner", "category", "defect", "road", "town", "village")
        .order_by("pk")
    )


def facts(hazard: Hazard, now: datetime) -> dict[str, Any]:
    """What documents say of a hazard, as it stands now: plain text, and empty where nothing is known."""
    owner = hazard.owner
    point = hazard.point
    return {
        "number": hazard.number,
        "title": hazard.title,
        "description": hazard.description,
        "category": hazard.category.name,
        "defect": hazard.defect.name if hazard.defect else "",
        "standard": hazard.category.standard_ref,
        "grade": hazard.get_grade_display(),
        "source": hazard.get_source_display(),
        "where": hazard.where,
        "place": hazard.place,
        "town": hazard.town.name,
        "village": hazard.village.name if hazard.village else "",
        "point": f"{point.lat:.6f}，{point.lon:.6f}" if point else "",
        "owner": owner.name if owner else "",
        "unit": hazard.unit.name,
        "discovered_on": day_text(hazard.discovered_at),
        "notified_on": day_text(hazard.notified_at),
        "due_on": day_text(hazard.due_at),
        "issued_on": day_text(now),
        "suggestion": hazard.suggestion,
        "interim_measures": hazard.interim_measures,
        "plan_measures": hazard.plan_measures,
        "plan_funds": hazard.plan_funds,
        "plan_person": hazard.plan_person,
        "plan_due_on": day_text(hazard.plan_due_on),
        "plan_emergency": hazard.plan_emergency,
        "completed_on": day_text(hazard.completed_on),
        "completion_note": hazard.completion_note,
        "photos": hazard.photos.count(),
    }


def day_text(value: date | datetime | None) -> str:
    """2026年3月7日, or nothing."""
    if value is None:
        return ""
    day = timezone.localdate(value) if isinstance(value, datetime) else value
    return _("%(year)s年%(month)s月%(day)s日") % {"year": day.year, "month": day.month, "day": day.day}


def history(hazard: Hazard) -> list[str]:
    """What was written to the owner so far, in order, a line each."""
    rows = hazard.documents.order_by("issued_at", "pk")
    return [f"{day_text(row.issued_at)} {row.get_kind_display()}（{row.number}）" for row in rows]


def verification_facts(made: Verification) -> dict[str, Any]:
    """What the record of a verification says beside the hazard."""
    return {
        "verified_on": day_text(made.at),
        "verifiers": [who.name for who in (made.first, made.second) if who is not None],
        "checks": [{"item": str(item.label), "passed": bool(made.checks.get(item))} for item in Check],
        "distance": "" if made.distance_m is None else _("距隐患%d米") % made.distance_m,
        "no_fix": made.get_no_fix_display(),
        "verdict": made.note,
        "on_time": _("按期") if made.is_on_time else _("逾期"),
        "submitted_on": day_text(made.submitted_at),
    }


@dataclass(frozen=True, slots=True)
class Reused:
    """A photo of after that looks like one of before, for the verifier to look at twice."""

    after: HazardPhoto
    before: HazardPhoto
    signs: int


def reused_photos(hazard: Hazard) -> list[Reused]:
    """Pairs of before and after that are nearly one picture; two police have to see that it is not."""
    photos = list(hazard.photos.select_related("file").order_by("taken_at", "pk"))
    after = [photo for photo in photos if photo.kind == PhotoKind.AFTER]
    before = [photo for photo in photos if photo.kind in (PhotoKind.BEFORE, PhotoKind.RELAPSE)]
    pairs = [Reused(a, b, differing(a.dhash, b.dhash)) for a in after for b in before]
    return [pair for pair in pairs if pair.signs <= ALIKE]
