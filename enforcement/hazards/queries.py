"""Reads over hazards: usual limits, what lies near, what a page and a document need to know."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Avg, Count, F, FloatField, IntegerField, Max, Min, Q, QuerySet, Value
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.kit.clocks import at
from brigade.kit.geo import Box, Point, box_around, distance, metres_between
from brigade.org.models import Grant, Person, Unit
from brigade.org.queries import holders
from brigade.org.states import PERMISSIONS, PersonKind, Role, Tree, UnitKind
from brigade.reference.models import Road
from brigade.reference.queries import parameter
from enforcement.hazards.models import Category, Hazard, HazardPhoto, HazardQuerySet, Owner, Verification
from enforcement.hazards.rules import ALIKE, differing
from enforcement.hazards.states import (
    OPEN,
    WITH_OWNER,
    Check,
    Direction,
    Grade,
    HazardState,
    PauseKind,
    PhotoKind,
    Term,
)


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
    )
    if but is not None:
        alive = alive.exclude(pk=but)
    found: list[Near] = []
    if point is not None:
        widest = parameter("hazards.duplicate_radius_max_m", today)
        for other in _in_box(alive, point, widest):
            if stake_m is not None and other.stake_start_m is not None and _is_on(other, road):
                continue  # the stakes say it better
            metres = distance(point, other.point) if other.point else widest + 1
            radius = min(max(category.radius_m, acc_m or 0, other.acc_m or 0), widest)
            if metres <= radius and _is_same_way(direction, other, road):
                found.append(Near(other, round(metres)))
    if road is not None and stake_m is not None:
        reach = parameter("hazards.duplicate_stake_m", today)
        for other in _along(alive, road, stake_m, reach):
            metres = metres_between(stake_m, other.stake_start_m or 0, road.breaks)
            if metres <= reach and _is_same_way(direction, other, road):
                found.append(Near(other, metres))
    nearest = sorted(found, key=lambda one: one.metres)[:SHOWN]
    return sorted(nearest, key=lambda one: one.hazard.discovered_at, reverse=True)


def _in_box(alive: QuerySet[Hazard], point: Point, metres: float) -> QuerySet[Hazard]:
    box = box_around(point, metres)
    here = {
        "lat__range": (_degrees(box.south), _degrees(box.north)),
        "lon__range": (_degrees(box.west), _degrees(box.east)),
    }
    return alive.filter(**here).select_related("town", "road")


def _along(alive: QuerySet[Hazard], road: Road, stake_m: int, reach: int) -> QuerySet[Hazard]:
    """Wide enough for what chainage equations add or take away."""
    slack = reach + sum(abs(ahead - back) for back, ahead in road.breaks)
    stretch = (max(stake_m - slack, 0), stake_m + slack)
    return alive.filter(road=road, stake_start_m__range=stretch).select_related("town", "road")


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


def _is_on(other: Hazard, road: Road | None) -> bool:
    return road is not None and other.road_id == road.pk


def _is_same_way(direction: str, other: Hazard, road: Road | None) -> bool:
    """Opposite carriageways of one road are two places."""
    return not _is_on(other, road) or {direction, other.direction} != {Direction.UP, Direction.DOWN}


# The map

ALONE = 300
"""Up to so many places of a view stand one by one; more are drawn together."""
ACROSS = 20
"""Squares from west to east in which places are drawn together."""


def on_map(hazards: QuerySet[Hazard], box: Box, now: datetime) -> dict[str, Any]:
    """What of these lies inside the box: `places` one by one, or `groups` of those in one square; two queries.

    A place: latitude, longitude, tone, number, title, state, due day, address. A group: middle, how many, how many of
    them late, and its corners.
    """
    inside = hazards.filter(
        lat__range=(_degrees(box.south), _degrees(box.north)), lon__range=(_degrees(box.west), _degrees(box.east))
    ).order_by()
    if inside.values("pk")[: ALONE + 1].count() > ALONE:
        return {"groups": _groups(inside, box, now), "places": []}
    fields = ("pk", "lat", "lon", "number", "title", "state", "due_at", "disputed_at")
    return {"groups": [], "places": [_spot(row, now) for row in inside.select_related(None).only(*fields)]}


def _groups(inside: QuerySet[Hazard], box: Box, now: datetime) -> list[list[Any]]:
    side = (box.east - box.west) / ACROSS
    late = Q(state__in=WITH_OWNER, disputed_at__isnull=True, due_at__lt=now)
    squares = inside.annotate(column=_square("lon", side), row=_square("lat", side)).values("column", "row")
    found: Any = squares.annotate(
        n=Count("pk"),
        late=Count("pk", filter=late),
        middle_lat=Avg("lat"),
        middle_lon=Avg("lon"),
        south=Min("lat"),
        west=Min("lon"),
        north=Max("lat"),
        east=Max("lon"),
    )
    names = ("middle_lat", "middle_lon", "n", "late", "south", "west", "north", "east")
    return [[row[name] if name in ("n", "late") else round(float(row[name]), 6) for name in names] for row in found]


def _square(name: str, side: float) -> Cast:
    return Cast(Cast(name, FloatField()) / Value(side), IntegerField())


def _spot(hazard: Hazard, now: datetime) -> list[Any]:
    due = timezone.localtime(hazard.due_at) if hazard.due_at and hazard.state in WITH_OWNER else None
    return [
        float(hazard.lat or 0),
        float(hazard.lon or 0),
        tone_of(hazard, now),
        hazard.number,
        hazard.title,
        str(hazard.get_state_display()),
        f"{due:%Y-%m-%d}" if due else "",
        hazard.get_absolute_url(),
    ]


SOON = timedelta(days=7)


def tone_of(hazard: Hazard, now: datetime) -> str:
    """How urgent it is on a map: late, warn in the last week of its limit, open, or off once settled."""
    if hazard.state not in OPEN:
        return "off"
    if hazard.is_overdue(now):
        return "late"
    return "warn" if hazard.due_at and hazard.state in WITH_OWNER and hazard.due_at < now + SOON else "open"


def by_town(hazards: QuerySet[Hazard], now: datetime) -> list[dict[str, Any]]:
    """How many there are in each town, open, late, and without coordinates; the towns with most open ones first."""
    late = Q(state__in=WITH_OWNER, disputed_at__isnull=True, due_at__lt=now)
    rows: Any = hazards.order_by().values("town", "town__name")
    return list(
        rows.annotate(
            n=Count("pk"),
            open=Count("pk", filter=Q(state__in=OPEN)),
            late=Count("pk", filter=late),
            unplaced=Count("pk", filter=Q(lat__isnull=True)),
        ).order_by("-open", "town")
    )


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


def paused_days(hazard: Hazard, now: datetime) -> dict[str, int]:
    """For how many days the owner's clock stood still, for an objection and for a deferral."""
    days = dict.fromkeys(PauseKind.values, 0)
    for row in hazard.pauses.all():
        days[row.kind] += (timezone.localdate(row.ended_at or now) - timezone.localdate(row.started_at)).days
    return days


# How towns and owners stand


@dataclass(frozen=True, slots=True)
class Rates:
    """Counts of a stretch of days, and the rates made of them; a rate is None where nothing can be divided.

    `due` are those whose limit ended in it; of these `due_closed` were closed, `on_time` of them handed in by the
    limit. `open` and `overdue` are as of now.
    """

    registered: int = 0
    open: int = 0
    closed: int = 0
    due: int = 0
    due_closed: int = 0
    on_time: int = 0
    overdue: int = 0

    @property
    def closing(self) -> float | None:
        """整改率: closed ÷ registered."""
        return _percent(self.closed, self.registered)

    @property
    def of_due(self) -> float | None:
        """按期整改率: in time ÷ due."""
        return _percent(self.on_time, self.due)

    @property
    def of_closed(self) -> float | None:
        """In time ÷ closed of what was due."""
        return _percent(self.on_time, self.due_closed)


def _percent(part: int, base: int) -> float | None:
    return part * 100 / base if base else None


def rates_by(field: str, units: Iterable[int], start: date, end: date, now: datetime) -> list[tuple[int, Rates]]:
    """(town or owner, its rates) of these units from a day to another, both included; two queries.

    `field` is "town" or "owner"; what was not sent to anybody has no owner and is left out there.
    """
    since, until = at(start, time.min), at(end + timedelta(days=1), time.min)

    def within(moment: str) -> Q:
        return Q(**{f"{moment}__gte": since, f"{moment}__lt": until})

    sums: dict[int, dict[str, int]] = defaultdict(dict)
    ours = Hazard.objects.filter(unit__in=list(units)).exclude(state=HazardState.MERGED)
    counted = {
        "registered": within("registered_at"),
        "open": Q(state__in=OPEN),
        "overdue": Q(state__in=WITH_OWNER, disputed_at__isnull=True, due_at__lt=now),
        "due": Q(state__in=[*WITH_OWNER, HazardState.SUBMITTED], disputed_at__isnull=True) & within("due_at"),
    }
    _add(sums, ours, field, counted)
    passed = Verification.objects.filter(unit__in=list(units), has_passed=True)
    in_due = within("due_at")
    settled = {
        "closed": within("at"),
        "due": in_due,
        "due_closed": in_due,
        "on_time": in_due & Q(submitted_at__lte=F("due_at")),
    }
    _add(sums, passed, "owner" if field == "owner" else f"hazard__{field}", settled)
    return sorted((key, Rates(**counts)) for key, counts in sums.items())


def _add(sums: dict[int, dict[str, int]], rows: QuerySet, field: str, counted: dict[str, Q]) -> None:
    """One query; a name of `counted` that is there already is added to."""
    found = rows.filter(**{f"{field}__isnull": False}).order_by().values_list(field)
    names = list(counted)
    for key, *values in found.annotate(**{f"n_{name}": Count("pk", filter=counted[name]) for name in names}):
        for name, value in zip(names, values, strict=True):
            sums[key][name] = sums[key].get(name, 0) + value
