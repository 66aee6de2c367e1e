"""From a line of a sheet to a hazard that is written down, and what is wrong with it otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from brigade.kit.importing import Row
from brigade.kit.refusals import Refused
from brigade.ledgers.queries import in_use
from brigade.ledgers.rules import Judged, Look
from brigade.org.imports import APART
from brigade.org.models import Person
from enforcement.hazards import actions, rules
from enforcement.hazards.actions import PastHazard
from enforcement.hazards.imports.book import Book
from enforcement.hazards.imports.places import locate, way_of
from enforcement.hazards.models import Hazard
from enforcement.hazards.rules import PLAN
from enforcement.hazards.states import Grade, HazardState, Source

TAKEN = frozenset({HazardState.REGISTERED, HazardState.RECTIFYING, HazardState.CLOSED})


def judge(rows: Sequence[Row], *, by: Any, now: datetime) -> Iterator[Judged]:
    """A line is there already when its number is, or one with its town, category, day and title; one that lies beside
    another of its category needs a word that it is not the same."""
    book = Book(rows, by, now)
    for row in rows:
        look = Look(row)
        if look.text("number") in book.numbers:
            yield look.known("town", (), "")
            continue
        hazard = _hazard(look, book, now)
        verifiers = _verifiers(look, book) if hazard.state == HazardState.CLOSED else None
        _check_times(look, hazard, verifiers, now)
        if look.row.faults:
            yield look.become(None)
            continue
        hazard.title = hazard.title or actions.usual_title(hazard)
        if book.has(hazard):
            yield look.known("town", (), "")
            continue
        _check_near(look, hazard, book)
        yield look.become(PastHazard(hazard=hazard, verifiers=verifiers))


def _hazard(look: Look, book: Book, now: datetime) -> Hazard:
    """The hazard as far as the line can be read; what cannot be is a fault of the line."""
    hazard = Hazard(state=_state(look), source=look["source"] or Source.PATROL, place=look.text("place"))
    for name in ("title", "description", "suggestion", "interim_measures", *(name for name, _words in PLAN)):
        setattr(hazard, name, look[name] if name == "plan_due_on" else look.text(name))
    hazard.discovered_at = look["discovered_at"] or now
    if (town := look.find("town", book.town)) is not None:
        hazard.town = town
        hazard.village = look.find("village", lambda text: book.village(town, text))
        unit = look.find("unit", book.units.find) if look["unit"] else look.find("town", lambda _text: book.unit(town))
        hazard.unit = unit  # type: ignore[assignment] - without a unit the row has a fault and becomes nothing
    if (category := look.find("category", book.category)) is not None:
        hazard.category = category
        hazard.defect = look.find("defect", lambda text: book.defect(category, text))
    hazard.grade = look["grade"] or ""
    hazard.registered_at = hazard.discovered_at
    hazard.direction = way_of(look)
    locate(look, hazard, book)
    owner = look.find("owner", book.owner)
    if hazard.state == HazardState.REGISTERED:
        return hazard
    hazard.grade = hazard.grade or (category.default_grade if category is not None else "")
    due_at = rules.end_of(look["due_on"]) if look["due_on"] else None
    hazard.completed_on, hazard.closed_at = look["completed_on"], look["closed_at"]
    if hazard.state == HazardState.RECTIFYING or (owner and due_at):
        hazard.owner, hazard.due_at = owner, due_at
        hazard.notified_at = hazard.delivered_at = look["notified_at"]
    if hazard.interim_measures:
        hazard.interim_at = hazard.notified_at
    return hazard


def _state(look: Look) -> str:
    """As it is written, else as the line shows: with a day of closing, with an owner and a limit, or neither."""
    if look["state"]:
        return look["state"]
    if look["closed_at"]:
        return HazardState.CLOSED
    return HazardState.RECTIFYING if look["owner"] and look["due_on"] else HazardState.REGISTERED


def _verifiers(look: Look, book: Book) -> tuple[Person, Person] | None:
    """The two police who saw it mended, with whom a closing counts in figures; none where the line does not say who,
    whose it was, or until when."""
    found = look.find("verifiers", lambda text: [book.people.find(name) for name in APART.split(text) if name])
    if not found or not (look["owner"] and look["due_on"] and look["notified_at"]):
        return None
    if len(found) != 2 or found[0].pk == found[1].pk:
        look.fault("verifiers", _("核验人要两名，用顿号分开；只知道一名的空着"))
        return None
    return found[0], found[1]


def _check_times(look: Look, hazard: Hazard, verifiers: Any, now: datetime) -> None:
    """What its state needs, and that things came one after the other."""

    def lacks(code: str, sentence: str) -> None:
        if look[code] is None and not any(fault.code == code for fault in look.row.faults):
            look.fault(code if code in look.row.letters else "town", sentence)

    if hazard.state not in TAKEN:
        label = HazardState(hazard.state).label
        look.fault("state", _("“%s”的不能导入：写成已登记、整改中或者已销号，导入后在系统里接着办") % label)
    if hazard.discovered_at > now:
        look.fault("discovered_at", _("时间还没有到"))
    if hazard.state == HazardState.RECTIFYING:
        lacks("owner", _("整改中的写明责任单位"))
        lacks("due_on", _("整改中的写明整改期限"))
        lacks("notified_at", _("整改中的写明通知日期"))
        if hazard.grade == Grade.MAJOR:
            lacks("interim_measures", _("重大隐患整改中的写明临时管控措施"))
            try:
                rules.check_plan(hazard)
            except Refused as refusal:
                look.fault("plan_measures" if "plan_measures" in look.row.letters else "town", str(refusal))
    if hazard.state == HazardState.CLOSED:
        lacks("closed_at", _("已销号的写明销号日期"))
    for code, later in (("notified_at", hazard.notified_at), ("closed_at", hazard.closed_at)):
        if later is not None and not hazard.discovered_at <= later <= now:
            look.fault(code, _("要在发现以后、现在以前"))
    if hazard.due_at and hazard.notified_at and hazard.due_at <= hazard.notified_at:
        look.fault("due_on", _("整改期限要晚于通知日期"))
    if hazard.state != HazardState.CLOSED or hazard.closed_at is None:
        return
    done = rules.end_of(hazard.completed_on) if hazard.completed_on else hazard.closed_at
    hazard.submitted_at = min(done, hazard.closed_at)
    hazard.verified_at = hazard.closed_at if verifiers else None
    hazard.registered_at = hazard.registered_at if verifiers else None


def _check_near(look: Look, hazard: Hazard, book: Book) -> None:
    """Open ones alone are asked about: what was settled long ago repeats nothing."""
    if hazard.state == HazardState.CLOSED:
        return
    if not look["is_new"] and (nearest := book.around.nearest(hazard)) is not None:
        words = {"metres": nearest[0], "name": nearest[1]}
        look.fault(
            "is_new" if "is_new" in look.row.letters else "category",
            _("与%(name)s相距%(metres)d米，类别相同：同一处的删掉这一行，不是同一处的在“不是同一处”写是") % words,
        )
        return
    book.around.enter(hazard, _("第%d行") % look.row.number)


def used(keys: Sequence[Any]) -> str:
    changed = Hazard.objects.filter(pk__in=keys, version__gt=1).order_by("pk")[:4]
    return in_use([_("%s（已办理过）") % hazard.number for hazard in changed])
