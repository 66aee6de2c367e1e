"""Photos put to a hazard, documents issued about it, and its limit: what several verbs write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.files.models import File
from brigade.files.queries import open_file, version_in_use
from brigade.files.states import FileKind
from brigade.kit.refusals import Refused
from brigade.kit.text import fitting
from brigade.org.models import Person
from brigade.reference.actions import next_number
from brigade.reference.queries import parameter
from enforcement.hazards import queries, rules
from enforcement.hazards.models import ClockPause, Hazard, HazardDocument, HazardPhoto
from enforcement.hazards.states import PauseKind, PhotoKind, form_code


@dataclass(frozen=True, slots=True)
class Picture:
    """A photo that the person has uploaded, and when it was taken."""

    file_id: UUID
    taken_at: datetime
    note: str = ""


def set_fields(hazard: Hazard, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        setattr(hazard, name, value)


def add_photos(
    hazard: Hazard, pictures: Sequence[Picture], kind: str, by: Person, now: datetime, *, needed: str = ""
) -> dict[str, Any]:
    """Put one's own uploads to a hazard; returns what the audit shows. `needed` is the sentence where one must be."""
    if not pictures:
        if needed:
            raise Refused(needed, field="photos")
        return {}
    limit = parameter("hazards.photo_limit", timezone.localdate(now))
    if hazard.photos.filter(kind=kind).count() + len(pictures) > limit:
        raise Refused(_("照片最多%d张") % limit, field="photos")
    files = {
        file.pk: file
        for file in File.objects.filter(pk__in=[one.file_id for one in pictures], by_id=by.pk, kind=FileKind.IMAGE)
    }
    if len(files) < len(pictures):
        raise Refused(_("照片没有传上来，请重新选"), field="photos")
    digests = [file.sha256 for file in files.values()]
    if kind in (PhotoKind.AFTER, PhotoKind.RELAPSE):
        since = hazard.term_began_at if kind == PhotoKind.AFTER else hazard.closed_at
        earlier = hazard.photos.exclude(kind=kind, taken_at__gt=since) if since else hazard.photos.all()
        rules.check_not_reused(digests, set(earlier.values_list("file__sha256", flat=True)))
    if hazard.photos.filter(file__in=files).exists():
        raise Refused(_("这张照片已经在这处隐患里，不用再传"), field="photos")
    for one in pictures:
        rules.check_taken(hazard, kind, one.taken_at, now)
        with open_file(files[one.file_id]) as content:
            seen = rules.dhash(content.read())
        HazardPhoto.objects.create(
            hazard=hazard,
            file=files[one.file_id],
            kind=kind,
            taken_at=one.taken_at,
            by=by,
            note=fitting(one.note, 80, "photos"),
            dhash=seen,
        )
    return {"photos": [None, f"{PhotoKind(kind).label}{len(pictures)}"]}


def issue(
    hazard: Hazard,
    kind: str,
    *,
    by: Any,
    now: datetime,
    signed_by: Person | None = None,
    step: int = 0,
    more: Mapping[str, Any] | None = None,
) -> HazardDocument:
    """Give a document its number and keep what it says; inside the transaction of what it follows from."""
    today = timezone.localdate(now)
    brigade = queries.brigade_of(hazard.unit)
    prefix, serial = parameter("hazards.document_prefix", today), next_number(brigade.pk, "hazard_document", today.year)
    number = _("%(prefix)s〔%(year)s〕%(serial)s号") % {"prefix": prefix, "year": today.year, "serial": serial}
    facts = queries.facts(hazard, now) | {"document_no": number, "issuer": brigade.name} | dict(more or {})
    facts["signer"] = signed_by.name if signed_by is not None else ""
    facts["form"] = version_in_use(form_code(kind))
    return HazardDocument.objects.create(
        hazard=hazard,
        kind=kind,
        number=number,
        issued_at=now,
        issued_by=None if by.is_system else by,
        signed_by=signed_by,
        step=step,
        due_at=hazard.due_at,
        facts=facts,
    )


def pause(hazard: Hazard, kind: PauseKind, by: Person, now: datetime, note: str) -> None:
    ClockPause.objects.create(hazard=hazard, kind=kind, started_at=now, note=note, by=by)


def end_pause(hazard: Hazard, kind: PauseKind, now: datetime, *, moves_limit: bool = True) -> None:
    """Let the clock run again; the owner's limit, where there is one, moves by the days for which it stood still."""
    row = hazard.pauses.filter(kind=kind, ended_at__isnull=True).first()
    if row is None:
        return
    ClockPause.objects.filter(pk=row.pk).update(ended_at=now)
    if moves_limit and hazard.due_at is not None:
        due_at = rules.moved_by_pause(hazard.due_at, row.started_at, now)
        for other in hazard.pauses.filter(ended_at__gt=row.started_at).exclude(pk=row.pk):
            counted = max(other.started_at, row.started_at), other.ended_at or now
            due_at -= rules.moved_by_pause(due_at, *counted) - due_at  # those days moved it when that pause ended
        letters = hazard.documents.filter(step__gt=0, due_at=hazard.due_at)
        letters.update(due_at=due_at)  # of the same limit, which only lies later: no step is written again
        set_limit(hazard, due_at)


def set_limit(hazard: Hazard, due_at: datetime) -> None:
    """The limit of the hazard and of the turn of its owner."""
    hazard.due_at = due_at
    hazard.turns.filter(ended_at__isnull=True).update(due_at=due_at)
