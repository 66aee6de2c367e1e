"""From the report to a registered hazard: what was found, whether it is so, and whether it was known already."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade import workflow
from brigade.audit.actions import SYSTEM
from brigade.kit.refusals import Refused
from brigade.kit.text import clean_text, fitting, needed
from brigade.org.models import Unit
from brigade.org.queries import squadron_of
from brigade.org.states import Tree
from brigade.reference.actions import next_number
from brigade.reference.models import Road, Town, Village
from brigade.reference.queries import district, parameter
from enforcement.hazards import moves, queries, rules
from enforcement.hazards.actions.evidence import Picture, add_photos, set_fields
from enforcement.hazards.models import Category, Defect, Hazard, HazardPhoto
from enforcement.hazards.rules import Place
from enforcement.hazards.states import PHOTOLESS, Direction, HazardState, PhotoKind, Source, Visibility

TITLE = 60


@transaction.atomic
def report(
    *,
    by: Any,
    id: UUID,
    category: Category,
    source: str,
    town: Town,
    place: Place,
    now: datetime,
    unit: Unit | None = None,
    title: str = "",
    description: str = "",
    defect: Defect | None = None,
    direction: str = Direction.NA,
    village: Village | None = None,
    where: str = "",
    is_intersection: bool = False,
    informant: str = "",
    suggestion: str = "",
    discovered_at: datetime | None = None,
    photos: Sequence[Picture] = (),
    is_new: bool = False,
) -> Hazard:
    """Report a hazard; for police, auxiliaries and clerks, wherever it lies. Its number is given at once.

    Without a `unit` it goes to the squadron that polices the town, else to the reporter's own. Without a title it gets
    one of place and defect. Sending the same id twice makes one record. Refused without a
    place, without a photo where one can be taken, and while `is_new` does not say that what lies near was looked at.
    """
    if unit is not None:
        _check_own_brigade(unit, by.unit, now)
    unit = unit or squadron_of(town.pk, timezone.localdate(now)) or by.unit
    _check_parts(unit, source, category, defect, town, village)
    found_at = discovered_at or now
    if found_at > now + timedelta(minutes=1):
        raise Refused(_("发现时间不能晚于现在"), field="discovered_at")
    if source not in PHOTOLESS and not photos:
        raise Refused(_("拍一张现场照片再上报；拍不了的，来源选群众举报、事故研判或上级交办"), field="photos")
    columns = rules.located(place, Road.objects.surveyed(), district())
    check_direction(place.road, direction)
    if Hazard.objects.filter(pk=id).exists():
        is_new = True  # the same form came before, and the hazard near it is itself
    if not is_new and (close := queries.near_place(columns | {"direction": direction}, category, now)):
        raise Refused(
            _("附近有%(n)d处相近隐患（%(numbers)s），看过不是同一处再提交")
            % {"n": len(close), "numbers": "、".join(one.hazard.number for one in close)},
            field="is_new",
        )
    hazard = Hazard(
        id=id,
        unit=unit,
        category=category,
        defect=defect,
        source=source,
        town=town,
        village=village,
        direction=direction,
        place=fitting(where, 120, "where"),
        is_intersection=is_intersection,
        description=clean_text(description, multiline=True),
        suggestion=clean_text(suggestion, multiline=True),
        informant=fitting(informant, 60, "informant"),
        discovered_at=found_at,
        **columns,
    )
    hazard.title = fitting(title, TITLE, "title") or usual_title(hazard)
    return workflow.begin(hazard, moves.REPORT, by=by, now=now, write=lambda new: _reported(new, photos, by, now))


def _check_own_brigade(unit: Unit, near: Unit | None, now: datetime) -> None:
    if near is None or not queries.squadrons(near, timezone.localdate(now)).filter(pk=unit.pk).exists():
        raise Refused(_("选本大队在用的中队或大队"), field="unit")


def _check_parts(
    unit: Unit | None, source: str, category: Category, defect: Defect | None, town: Town, village: Village | None
) -> None:
    if unit is None or unit.tree != Tree.LINE:
        raise Refused(_("选负责的中队或大队"), field="unit")
    if source not in Source.values:
        raise Refused(_("来源只能是：%s") % "、".join(map(str, Source.labels)), field="source")
    if defect is not None and defect.category_id != category.pk:
        raise Refused(
            _("“%(defect)s”不属于“%(category)s”，请重新选") % {"defect": defect, "category": category}, field="defect"
        )
    if village is not None and village.town_id != town.pk:
        raise Refused(_("%(village)s不在%(town)s，请重新选") % {"village": village, "town": town}, field="village")


def check_direction(road: Road | None, direction: str) -> None:
    if direction not in Direction.values:
        raise Refused(_("方向只能是：%s") % "、".join(map(str, Direction.labels)), field="direction")
    if road is not None and road.is_divided and direction == Direction.NA:
        raise Refused(_("%s有中央隔离，要写明上行、下行还是双向") % road.name, field="direction")


def usual_title(hazard: Hazard) -> str:
    """Place and defect: what a hazard is called when nobody gave it a name."""
    spot = hazard.where or hazard.place or hazard.town.name
    gap = " " if spot[-1:].isascii() else ""  # after a stake only, never between Chinese words
    return f"{spot}{gap}{hazard.defect or hazard.category}"[:TITLE]


def _reported(new: Hazard, photos: Sequence[Picture], by: Any, now: datetime) -> dict[str, Any]:
    today = timezone.localdate(now)
    serial = next_number(queries.brigade_of(new.unit).pk, "hazard", today.year)
    new.number = f"{parameter('hazards.region_code', today)}-YH-{today.year}-{serial:05}"
    return add_photos(new, photos, PhotoKind.BEFORE, by, now)


def register(
    *,
    by: Any,
    hazard: Hazard,
    now: datetime,
    note: str,
    version: int | None = None,
    photos: Sequence[Picture] = (),
    no_photo_reason: str = "",
) -> Hazard:
    """Confirm that it is so; for the squadron leader and the clerk, not for an auxiliary who reported it himself.

    Refused without a note of how it was verified, and without any photo unless a reason says why there is none.
    """
    note = needed(note, "note", _("写明怎样核实的，例如现场核实或者看了照片"))

    def write(locked: Hazard) -> dict[str, Any]:
        shown = add_photos(locked, photos, PhotoKind.BEFORE, by, now)
        why = ""
        if not locked.photos.exists():
            why = needed(no_photo_reason, "no_photo_reason", _("还没有照片：补一张，或者写明为什么没有"))
        locked.register_note = fitting(f"{note}；{_('没有照片：')}{why}" if why else note, 300, "note")
        locked.registered_at, locked.registered_by = now, by
        return shown

    return workflow.advance(hazard, moves.REGISTER, by=by, now=now, version=version, write=write)


@transaction.atomic
def invalidate(*, by: Any, hazard: Hazard, now: datetime, reason: str, version: int | None = None) -> Hazard:
    """Find that it is not so, with a reason; for the squadron leader and the clerk. The reporter is told.

    What was merged into it goes back to where it stood, with its photos, and is looked at by itself: nobody has said
    of those reports that they are not so.
    """
    rows = Hazard.objects.select_for_update(of=("self",)).filter(Q(pk=hazard.pk) | Q(dup_of=hazard)).order_by("pk")
    list(rows)
    merged = [row for row in rows.all() if row.pk != hazard.pk]  # with who was joined while the first reading waited

    def write(locked: Hazard) -> None:
        locked.ended_at = now
        locked.reporter_count -= sum(row.reporter_count for row in merged)

    made = workflow.advance(hazard, moves.INVALIDATE, by=by, now=now, version=version, reason=reason, write=write)
    for row in merged:
        _give_back(row, made, now)
    return made


def _give_back(row: Hazard, into: Hazard, now: datetime) -> None:
    HazardPhoto.objects.filter(hazard=into, came_with=row).update(hazard=row, came_with=None)
    before = HazardState.REGISTERED if row.registered_at is not None else HazardState.REPORTED
    workflow.advance(
        row,
        moves.GIVE_BACK,
        by=SYSTEM,
        now=now,
        reason=_("并入的%s不属实") % into.number,
        changes={"state_before": before, "dup_of": None, "ended_at": None, "returned_at": now},
    )


def revive(*, by: Any, hazard: Hazard, now: datetime, reason: str, version: int | None = None) -> Hazard:
    """Take up again within 30 days what was found not to be so; for the squadron leader and the clerk."""
    return workflow.advance(
        hazard,
        moves.REVIVE,
        by=by,
        now=now,
        version=version,
        reason=reason,
        changes={"ended_at": None, "returned_at": now},
    )


@transaction.atomic
def merge(*, by: Any, hazard: Hazard, target: Hazard, now: datetime, version: int | None = None) -> Hazard:
    """Join a report to the hazard that it repeats; for the clerk. Its photos go over, and one more has reported it.

    No chains, no circles; only into what is open or was closed lately, on the same road in a compatible direction or as
    near as a duplicate. Both are locked in one order.
    """
    locked = Hazard.objects.select_for_update(of=("self",)).filter(pk__in=[hazard.pk, target.pk]).order_by("pk")
    rows = {row.pk: row for row in locked}
    into = rows[target.pk]

    def write(merged: Hazard) -> dict[str, Any]:
        rules.check_merge(merged, into, now)
        merged.dup_of, merged.ended_at = into, now
        have = into.photos.values("file")
        HazardPhoto.objects.filter(hazard=merged).exclude(file__in=have).update(hazard=into, came_with=merged)
        return {"dup_of": [None, into.number]}

    made = workflow.advance(hazard, moves.MERGE, by=by, now=now, version=version, write=write)
    workflow.advance(
        into,
        moves.ABSORB,
        by=SYSTEM,
        now=now,
        reason=_("%(number)s由%(name)s并入") % {"number": made.number, "name": by.name},
        changes={"reporter_count": into.reporter_count + made.reporter_count},
    )
    return made


AMENDED = {
    "title": TITLE,
    "informant": 60,
    "where": 120,
}


def amend(
    *,
    by: Any,
    hazard: Hazard,
    now: datetime,
    version: int | None = None,
    place: Place | None = None,
    photos: Sequence[Picture] = (),
    **fields: Any,
) -> Hazard:
    """Fill in or correct before the owner is told; for the squadron leader and the clerk, while it waits also for who
    reported it.

    `fields` are those of `report`, and is_key with key_reason, visibility, cost_estimate and partners; what is not
    named stays.
    """
    partners = fields.pop("partners", None)
    _check_amended(hazard, fields)

    def write(locked: Hazard) -> dict[str, Any]:
        set_fields(locked, {("place" if name == "where" else name): value for name, value in fields.items()})
        if locked.is_key and not locked.key_reason:
            raise Refused(_("列为重点要写明理由"), field="key_reason")
        if place is not None:
            set_fields(locked, rules.located(place, Road.objects.surveyed(), district()))
        check_direction(locked.road, locked.direction)
        _check_parts(locked.unit, locked.source, locked.category, locked.defect, locked.town, locked.village)
        locked.title = locked.title or usual_title(locked)
        if partners is not None:
            locked.partners.set(partners)
        return add_photos(locked, photos, PhotoKind.BEFORE, by, now)

    return workflow.edit(hazard, moves.AMEND, by=by, now=now, version=version, write=write)


FIELDS = frozenset(
    {
        "title", "description", "suggestion", "informant", "where", "category", "defect", "source", "town", "village",
        "direction", "is_intersection", "is_key", "key_reason", "visibility", "cost_estimate",
    }
)  # fmt: skip


def _check_amended(hazard: Hazard, fields: dict[str, Any]) -> None:
    if unknown := fields.keys() - FIELDS:
        raise TypeError(f"not fields of a hazard that can be amended: {sorted(unknown)}")
    for name, limit in AMENDED.items():
        if name in fields:
            fields[name] = fitting(fields[name], limit, name)
    for name in ("description", "suggestion"):
        if name in fields:
            fields[name] = clean_text(fields[name], multiline=True)
    if "key_reason" in fields:
        fields["key_reason"] = fitting(fields["key_reason"], 120, "key_reason")
    if fields.get("visibility", Visibility.INTERNAL) not in Visibility.values:
        raise Refused(_("公开范围只能是：%s") % "、".join(map(str, Visibility.labels)), field="visibility")


def reassign(*, by: Any, hazard: Hazard, unit: Unit, now: datetime, version: int | None = None) -> Hazard:
    """Give a hazard to another squadron; for its leader, the clerk and the brigade's leaders. The squadron is told."""
    _check_own_brigade(unit, hazard.unit, now)
    if unit.pk == hazard.unit_id:
        raise Refused(_("本来就由%s负责") % unit.short_name, field="unit")
    return workflow.edit(hazard, moves.REASSIGN, by=by, now=now, version=version, changes={"unit": unit})
