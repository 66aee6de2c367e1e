"""What of a hazard a reader gets to see: police all of it, its owner what was sent to him."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from brigade.audit.queries import Step, history
from enforcement.hazards.models import Hazard, HazardDocument, HazardPhoto
from enforcement.hazards.states import DocumentKind, PhotoKind

TOLD = frozenset(
    f"hazard.{verb}"
    for verb in (
        "notified", "accepted", "disputed", "upheld", "transferred", "started", "progressed", "controlled", "submitted",
        "found_unmended", "closed", "extension_asked", "extended", "extension_refused", "reopened", "listed",
        "delisted", "escalated",
    )
)  # fmt: skip
"""What its owner reads in the history, from the day on which he got it."""
SENT_PAPERS = (
    DocumentKind.NOTICE,
    DocumentKind.ADVICE,
    DocumentKind.REMINDER,
    DocumentKind.URGING,
    DocumentKind.EXTENSION,
    DocumentKind.LISTED,
    DocumentKind.DELISTED,
)
SENT_PHOTOS = (PhotoKind.BEFORE, PhotoKind.INTERIM, PhotoKind.AFTER, PhotoKind.RELAPSE)


@dataclass(frozen=True, slots=True)
class Sight:
    """A hazard as one reader sees it. `since` is when its owner got it, for him alone."""

    record: Hazard
    is_owner: bool
    since: datetime | None = None

    def photos(self) -> QuerySet[HazardPhoto]:
        rows = HazardPhoto.objects.filter(hazard=self.record).select_related("file").order_by("taken_at", "pk")
        return rows.filter(kind__in=SENT_PHOTOS) if self.is_owner else rows

    def papers(self) -> QuerySet[HazardDocument]:
        rows = HazardDocument.objects.filter(hazard=self.record).order_by("-issued_at", "-pk")
        return rows.filter(kind__in=SENT_PAPERS, issued_at__gte=self.since) if self.is_owner else rows

    def events(self) -> list[Step]:
        return history(self.record, verbs=TOLD, since=self.since) if self.is_owner else history(self.record)


def is_owners(user: Any, record: Hazard) -> bool:
    """Whether the reader, who may see the record, sees it only because his organisation has to mend it."""
    return not user.has_perm("hazards.view_hazard", record) and record.created_by_id != user.pk


def sight_of(user: Any, record: Hazard) -> Sight:
    """What this reader, who may see the record, sees of it."""
    if not is_owners(user, record):
        return Sight(record, is_owner=False)
    turn = record.turns.filter(ended_at__isnull=True).first()
    return Sight(record, is_owner=True, since=turn.delivered_at if turn else record.notified_at)
