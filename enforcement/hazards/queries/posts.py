"""Whose a hazard is: units, owners, signers, graders, verifiers, and what is usual."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db.models import Case, QuerySet, When
from django.utils import timezone

from brigade.kit.geo import Point, distance
from brigade.org.models import Grant, Person, Unit
from brigade.org.queries import beats_of, holders_of
from brigade.org.states import PERMISSIONS, PersonKind, Role, Tree, UnitKind
from brigade.reference.queries import parameter
from enforcement.hazards.models import Category, Hazard, Owner
from enforcement.hazards.queries.duplicates import in_box
from enforcement.hazards.states import GeoSource, Grade, OwnerType, Term


def brigade_of(unit: Unit) -> Unit:
    """The brigade that a unit belongs to: its numbers run there."""
    above = {row.pk: row for row in Unit.objects.above(unit)}
    line = [above[pk] for pk in unit.lineage[::-1]]
    return next((row for row in line if row.kind == UnitKind.BRIGADE), line[-1])


def usual_town(user: Person, now: datetime) -> int | None:
    """Where the user most likely stands: the town of his last report, else the first that his unit polices."""
    last = Hazard.objects.filter(created_by=user).order_by("-discovered_at", "-id").values_list("town", flat=True)
    if (found := last.first()) is not None or user.unit is None:
        return found
    return beats_of(user.unit, timezone.localdate(now)).values_list("town", flat=True).order_by("town").first()


NEIGHBOURS = (200, 800, 2_000)
"""Metres within which a known hazard tells the town: nothing else does, for the outlines of the towns are not public
(产品默认值)."""
ENOUGH = 200


def town_at(point: Point) -> int | None:
    """The town in which a place most likely lies: that of the nearest hazard that somebody has verified."""
    known = Hazard.objects.filter(registered_at__isnull=False).exclude(geo_source=GeoSource.STAKE_CALC)
    for metres in NEIGHBOURS:
        rows = in_box(known, point, metres).values_list("lat", "lon", "town")[:ENOUGH]
        away = [(distance(point, Point(float(lat or 0), float(lon or 0))), town) for lat, lon, town in rows]
        if away:
            return min(away)[1]
    return None


def squadrons(unit: Unit, on: date) -> QuerySet[Unit]:
    """The units of the same brigade that can look after a hazard."""
    return (
        Unit.objects.below(brigade_of(unit))
        .filter(tree=Tree.LINE, kind__in=(UnitKind.BRIGADE, UnitKind.SQUADRON))
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


SEATS = (Role.SQUADRON_LEADER, Role.CLERK, Role.DEPUTY_LEADER, Role.ROAD_SAFETY_OFFICE)
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
    """Who most likely answers: who keeps the road, else an owner of the type that the category names. Of several the
    one of the town, else who had the last of the category."""
    live = Owner.objects.live().select_related("unit")
    if hazard.road is not None and (keeper := live.filter(pk=hazard.road.owner_id).first()) is not None:
        return keeper.unit
    found = [owner.unit for owner in live.filter(owner_type=hazard.category.default_owner_type).order_by("pk")]
    if len(found) < 2:
        return next(iter(found), None)
    if of_town := [unit for unit in found if hazard.town.name in unit.name]:
        return of_town[0]
    if hazard.category.default_owner_type == OwnerType.TOWN:
        return None  # that of another town never answers
    last = Hazard.objects.filter(category=hazard.category, owner__in=found).order_by("-discovered_at", "-id").first()
    return last.owner if last is not None else None


def owners() -> QuerySet[Owner]:
    """Those that can be notified, by type and name."""
    return Owner.objects.live().select_related("unit", "liaison").order_by("owner_type", "unit__name")


def liaisons_of(unit: Unit, on: date) -> QuerySet[Person]:
    """Who may answer for an outside unit on a day."""
    held = Grant.objects.on(on).filter(unit__in=unit.lineage, role__in=PERMISSIONS["hazards.answer_hazard"])
    return Person.objects.filter(is_active=True, pk__in=held.values("person"))


def signers_of(hazard: Hazard, on: date) -> list[Person]:
    """The leaders who may sign a notice, by police number: of each post those of the nearest unit that has any."""
    held = holders_of([(hazard.unit_id, role) for role in PERMISSIONS["hazards.sign_hazard"]], on, up=True)
    people = {person.pk: person for found in held.values() for person in found}
    return sorted(people.values(), key=lambda person: person.police_no)


def verifiers_of(hazard: Hazard, by: Person) -> QuerySet[Person]:
    """Who may be the second at a verification: police of the brigade, but who handed the work in."""
    return _police_of(hazard).exclude(pk__in=[pk for pk in (by.pk, hazard.submitted_by_id) if pk is not None])


def graders_of(hazard: Hazard, by: Person) -> QuerySet[Person]:
    """Who may be the second grader of a major hazard: police of the brigade."""
    return _police_of(hazard).exclude(pk=by.pk)


def _police_of(hazard: Hazard) -> QuerySet[Person]:
    """Those of the hazard's own unit first: they are at hand."""
    today = timezone.localdate()
    people = Person.objects.working_in(Unit.objects.below(brigade_of(hazard.unit)).values("pk"), today)
    at_hand = Person.objects.working_in([hazard.unit_id], today).values("pk")
    nearest = Case(When(pk__in=at_hand, then=0), default=1)
    return people.filter(kind=PersonKind.OFFICER, is_active=True).order_by(nearest, "police_no")
