"""A year and more of hazards of the demo brigade: what is found on its roads, and how far each has come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from itertools import groupby
from random import Random
from uuid import UUID

from django.db.models import Model

from brigade import workflow
from brigade.audit.actions import record_many
from brigade.files.models import File
from brigade.indicators import actions as indicators
from brigade.kit.clocks import add_workdays, at
from brigade.kit.geo import Point, distance
from brigade.kit.ids import new_id
from brigade.notices import actions as notices
from brigade.notices.rules import NOTICES
from brigade.obligations import actions as obligations
from brigade.org.models import Person, Unit
from brigade.reference.actions import next_numbers
from brigade.reference.queries import calendar, parameter
from brigade.workbench.demo import pictures
from brigade.workbench.demo.changes import BEATS
from brigade.workbench.demo.fates import COURSE, PINNED, Script
from brigade.workbench.demo.kinds import KINDS, Kind
from brigade.workbench.demo.pictures import Shot
from brigade.workbench.demo.places import ORGANISATIONS, Map, Spot
from brigade.workbench.demo.story import Ahead, Story, on_the_road
from brigade.workbench.demo.world import SEED, World
from enforcement.hazards import moves
from enforcement.hazards.models import Category, Defect, Hazard, HazardDocument
from enforcement.hazards.queries import day_text
from enforcement.hazards.states import PHOTOLESS, DocumentKind, HazardState, OwnerType, PhotoKind, Source

PER_MONTH = (7, 13)
"""Hazards found in a month, least and most."""
SOURCES = (
    *((Source.PATROL,) * 11),
    *((Source.TWO_STAFF,) * 4),
    *((Source.PUBLIC,) * 3),
    *((Source.CRASH_ANALYSIS,) * 2),
    Source.DEPT,
    Source.SUPERIOR,
    Source.VIDEO,
    Source.DRONE,
)
AGAIN = 6
"""So many were reported twice; the second report was merged into the first."""
APART_M, SAME_FOR, TRIES = 250, 400, 15
"""Metres and days within which nobody finds another of the same category; so often a place is drawn."""
NEWS = timedelta(days=9)
"""What happened longer ago, whoever was told of it has read."""


def build(world: World) -> None:
    """Make the hazards up to now, through the bulk door, with all that their steps left behind."""
    random = Random(SEED + 2)
    stories = sorted(_stories(world, random), key=lambda story: story.hazard.created_at)
    _number(world, [story.hazard for story in stories])
    _number_documents(world, [document for story in stories for document in story.documents])
    for by, told in _by_reporter(stories):
        rows = [story.hazard for story in told]
        workflow.bulk(rows, moves.REPORT, by=by, now=world.now, write=lambda _rows, told=told: _children(told))
    keys = sorted({key for story in stories for key in story.keys})
    for start in range(0, len(keys), obligations.BATCH):
        some = obligations.touch(keys[start : start + obligations.BATCH], now=world.now)
        indicators.mark(indicators.cells_after(some))
    _tell(world, stories)


def _by_reporter(stories: Sequence[Story]) -> Iterator[tuple[Person, list[Story]]]:
    """Each reports his own; what was merged comes after what it was merged into."""
    for has_twin in (False, True):
        found: dict[Person, list[Story]] = {}
        for story in stories:
            if (story.hazard.dup_of is not None) == has_twin:
                found.setdefault(story.hazard.created_by, []).append(story)
        yield from found.items()


def _tell(world: World, stories: Sequence[Story]) -> None:
    """Of the last days' steps, what the door would have told whom."""
    told = {move.audit: move.notice for move in moves.MOVES if move.notice}
    for story in stories:
        for entry in story.entries:
            if entry.verb in told and entry.now > world.now - NEWS:
                notice = NOTICES[told[entry.verb]]
                notices.post(
                    notice.code,
                    to=notice.to(story.hazard),
                    target=story.hazard,
                    stage=f"{entry.now:%y%m%d%H%M}",
                    context={"record": story.hazard, "by": entry.by, "reason": entry.note},
                    now=entry.now,
                )


def _stories(world: World, random: Random) -> Iterator[Story]:
    teller = Teller(world, random)
    months: list[list[Story]] = []
    day = world.start
    while day <= world.today:
        n = random.randrange(*PER_MONTH)
        found = sorted(day + timedelta(days=random.randrange(30)) for _one in range(n))
        months.append([])
        for found_on in found:
            kind = random.choices(KINDS, [kind.often for kind in KINDS])[0]
            script = random.choices([script for _n, script in COURSE], [n for n, _script in COURSE])[0]
            if found_on < world.today:
                months[-1].append(teller.tell(kind, found_on, script))
        yield from months[-1]
        day += timedelta(days=30)
    for pinned in PINNED:
        kind = next(kind for kind in KINDS if kind.title == pinned.title)
        found_on = world.today - timedelta(days=pinned.ago)
        if pinned.ago < 20:
            found_on = add_workdays(world.today, -pinned.ago, calendar()).date
        yield teller.tell(kind, found_on, pinned.script, pinned.town)
    recent = [story for month in months[-6:] for story in month if story.hazard.state not in SETTLED]
    for story in random.sample(recent, min(AGAIN, len(recent))):
        yield teller.tell_again(story)


LISTS = frozenset({DocumentKind.LISTED, DocumentKind.DELISTED})
SETTLED = frozenset({HazardState.INVALID, HazardState.MERGED})


class Teller:
    """Makes stories: where, by whom, whose; then lets the script run until today."""

    def __init__(self, world: World, random: Random) -> None:
        self.world, self.random = world, random
        self.map = Map(random, {name for names in BEATS.values() for name in names})
        self.squadron = {name: world.units[code] for code, names in BEATS.items() for name in names}
        self.categories = {category.code: category for category in Category.objects.all()}
        self.defects = {defect.code: defect for defect in Defect.objects.all()}
        self.shots: dict[str, list[Shot]] = pictures.build(world)
        self.known: dict[str, list[tuple[date, Point]]] = {}

    def tell(self, kind: Kind, found_on: date, script: Script, town: str = "") -> Story:
        spot = self._spot(kind, found_on, town)
        story = self._begin(kind, spot, self._moment(found_on))
        with suppress(Ahead):
            script(story, kind)
        return story

    def _spot(self, kind: Kind, found_on: date, town: str) -> Spot:
        """A place of that sort, in the town if one is named, and where possible away from others of its category."""
        known = [point for day, point in self.known.get(kind.category, ()) if abs((found_on - day).days) < SAME_FOR]
        for _try in range(TRIES):
            spot: Spot = getattr(self.map, kind.where)()
            while town and spot.town.name != town:
                spot = getattr(self.map, kind.where)()
            point = Point(float(spot.columns["lat"]), float(spot.columns["lon"]))
            if all(distance(point, other) > APART_M for other in known):
                break
        self.known.setdefault(kind.category, []).append((found_on, point))
        return spot

    def tell_again(self, first: Story) -> Story:
        """Somebody else reports the same some days later."""
        hazard = first.hazard
        kind = next(kind for kind in KINDS if hazard.title.endswith(kind.title))
        fields = ("road", "stake_start_m", "stake_end_m", "lat", "lon", "coord_sys", "geo_source", "acc_m")
        columns = {name: getattr(hazard, name) for name in fields}
        spot = Spot(columns, hazard.town, hazard.title.removesuffix(kind.title), hazard.place, hazard.direction)
        story = self._begin(kind, spot, self._moment(hazard.created_at.date() + timedelta(days=2)))
        with suppress(Ahead):
            story.merge(hazard)
        return story

    def _moment(self, day: date) -> datetime:
        """By daylight; what would be found later today was found at that hour yesterday."""
        moment = at(day, time(self.random.randrange(8, 18), self.random.randrange(60)))
        return moment if moment < self.world.now - timedelta(minutes=30) else moment - timedelta(days=1)

    def _begin(self, kind: Kind, spot: Spot, moment: datetime) -> Story:
        random, world = self.random, self.world
        unit = self.squadron[spot.town.name]
        source = random.choice(SOURCES)
        by = random.choice(on_the_road(world, unit)[1:])
        hazard = Hazard(
            id=new_id(),
            unit=unit,
            state=HazardState.REPORTED,
            title=f"{spot.words}{kind.title}",
            description=kind.description,
            suggestion=kind.remedy,
            source=source,
            informant="12122接报" if source == Source.PUBLIC else "",
            category=self.categories[kind.category],
            defect=self.defects.get(kind.defect),
            town=spot.town,
            village=spot.village,
            place=spot.where,
            direction=spot.direction,
            is_intersection=kind.category == "intersection",
            discovered_at=moment - timedelta(minutes=random.randrange(3, 25)),
            owner=self._owner(kind, spot),
            created_at=moment,
            created_by=by,
            is_synthetic=True,
            **spot.columns,
        )
        story = Story(world, random, hazard, self.shots)
        if source not in PHOTOLESS:
            story.photo(PhotoKind.BEFORE, by)
        return story

    def _owner(self, kind: Kind, spot: Spot) -> Unit:
        """Who answers: the keeper of the road, the town, else who answers for such things in the city."""
        road = spot.columns["road"]
        if road is not None:
            return self.world.units[road.owner.code]
        wanted = self.categories[kind.category].default_owner_type
        seats = (f"{spot.town.name}政府", f"{spot.town.name}办")
        town = next((one for one in ORGANISATIONS if one.short in seats), None)
        if town is not None:
            return self.world.units[town.code]
        codes = {OwnerType.ENTERPRISE: "SZGS", OwnerType.URBAN: "CGJ", OwnerType.HIGHWAY: "ZJJ"}
        return self.world.units[codes.get(OwnerType(wanted), "ZJJ")]


def _number(world: World, hazards: Sequence[Hazard]) -> None:
    """Gap-free by year, in the order in which they were reported."""
    region = parameter("hazards.region_code", world.today)
    for year, found in groupby(hazards, lambda hazard: hazard.created_at.year):
        rows = list(found)
        for hazard, serial in zip(rows, next_numbers(world.units["DD"].pk, "hazard", year, len(rows)), strict=True):
            hazard.number = f"{region}-YH-{year}-{serial:05}"


def _number_documents(world: World, documents: list[HazardDocument]) -> None:
    """Gap-free by year too; letters to late owners, and about lists, tell what was written before."""
    documents.sort(key=lambda document: document.issued_at)
    letters: dict[UUID, list[str]] = {}
    prefix = parameter("hazards.document_prefix", world.today)
    for year, found in groupby(documents, lambda document: document.issued_at.year):
        rows = list(found)
        serials = next_numbers(world.units["DD"].pk, "hazard_document", year, len(rows))
        for document, serial in zip(rows, serials, strict=True):
            document.number = f"{prefix}〔{year}〕{serial}号"
            document.facts |= {"document_no": document.number, "number": document.hazard.number}
            sent = letters.setdefault(document.hazard.pk, [])
            if document.step or document.kind in LISTS:
                document.facts["history"] = list(sent)
            sent.append(f"{day_text(document.issued_at)} {document.get_kind_display()}（{document.number}）")


def _children(stories: Sequence[Story]) -> None:
    File.objects.bulk_create([file for story in stories for file in story.files], batch_size=500)
    for rows in _by_model(row for story in stories for row in (*story.rows, *story.documents)):
        type(rows[0])._default_manager.bulk_create(rows, batch_size=500)
    record_many(entry for story in stories for entry in story.entries)


def _by_model(rows: Iterable[Model]) -> Iterable[list[Model]]:
    found: dict[type[Model], list[Model]] = {}
    for row in rows:
        found.setdefault(type(row), []).append(row)
    return found.values()
