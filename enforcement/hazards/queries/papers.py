"""What documents and the page of a hazard say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from enforcement.hazards.models import Hazard, HazardPhoto, HazardQuerySet, Verification
from enforcement.hazards.rules import ALIKE, differing
from enforcement.hazards.states import (
    Check,
    PauseKind,
    PhotoKind,
)


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
    """For how many days the present owner's clock stood still, for an objection and for a deferral."""
    days = dict.fromkeys(PauseKind.values, 0)
    began_at = hazard.term_began_at
    for row in hazard.pauses.filter(started_at__gte=began_at) if began_at is not None else ():
        days[row.kind] += (timezone.localdate(row.ended_at or now) - timezone.localdate(row.started_at)).days
    return days
