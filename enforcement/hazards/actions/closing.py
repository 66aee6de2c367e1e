"""Verifying on the spot, closing, and what may come after: deferral, relapse, re-checks, lists of higher levels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from brigade import workflow
from brigade.kit.geo import Point
from brigade.kit.refusals import Refused
from brigade.kit.text import fitting, needed
from brigade.org.models import Person
from enforcement.hazards import moves, queries, rules
from enforcement.hazards.actions.evidence import Picture, add_photos, end_pause, issue, pause, set_limit
from enforcement.hazards.models import Hazard, Recheck, SupervisionListing, Verification
from enforcement.hazards.states import Check, DocumentKind, ListingLevel, PauseKind, PhotoKind


def verify(
    *,
    by: Any,
    hazard: Hazard,
    now: datetime,
    second: Person,
    checks: Mapping[str, bool],
    version: int | None = None,
    photos: Sequence[Picture] = (),
    here: Point | None = None,
    no_fix: str = "",
    note: str = "",
) -> Hazard:
    """Verify on the spot and close; for two police, at least one of whom did not report it, neither of the owner's.

    `here` is where the device says they stand, in WGS-84; without it, or beyond 200 m, one of three reasons says why.
    Refused without a photo taken since it was handed in, and while an item of the checklist is not passed. The second
    one is told.
    """
    rules.check_checks(checks)

    def write(locked: Hazard) -> dict[str, Any]:
        rules.check_verifiers(locked, by, second)
        if not queries.verifiers_of(locked, by).filter(pk=second.pk).exists():
            raise Refused(_("%s不是本大队在岗的民警，请选另一名") % second.name, field="second")
        away = rules.check_near(here, locked, no_fix, now)
        shown = add_photos(locked, photos, PhotoKind.VERIFICATION, by, now, needed=_("拍至少1张核验照片"))
        made = _verification(locked, by, now, second, True, note)
        made.checks, made.distance_m, made.no_fix = {item.value: True for item in Check}, away, no_fix
        made.save(force_insert=True)
        locked.verified_at = locked.closed_at = now
        facts = queries.verification_facts(made)
        record = issue(locked, DocumentKind.VERIFICATION, by=by, now=now, more=facts)
        closing = issue(locked, DocumentKind.CLOSING, by=by, now=now, more=facts)
        return shown | {"documents": [None, f"{record.number}、{closing.number}"]}

    return workflow.advance(hazard, moves.VERIFY, by=by, now=now, version=version, write=write)


def _verification(
    locked: Hazard, by: Person, now: datetime, second: Person | None, has_passed: bool, note: str
) -> Verification:
    return Verification(
        hazard=locked,
        unit=locked.unit,
        owner=locked.owner,
        at=now,
        submitted_at=locked.submitted_at or now,
        due_at=locked.due_at or now,
        has_passed=has_passed,
        first=by,
        second=second,
        note=fitting(note, 300, "note"),
    )


def find_unmended(
    *,
    by: Any,
    hazard: Hazard,
    now: datetime,
    reason: str,
    version: int | None = None,
    photos: Sequence[Picture] = (),
) -> Hazard:
    """Find that it is not mended (驳回), with a reason; for a verifier. The limit stays as it is."""

    def write(locked: Hazard) -> dict[str, Any]:
        _verification(locked, by, now, None, False, reason).save(force_insert=True)
        locked.return_count += 1
        locked.verified_at = now
        return add_photos(locked, photos, PhotoKind.VERIFICATION, by, now)

    return workflow.advance(hazard, moves.FIND_UNMENDED, by=by, now=now, version=version, reason=reason, write=write)


def defer(
    *,
    by: Any,
    hazard: Hazard,
    now: datetime,
    document_no: str,
    review_on: date,
    reason: str,
    version: int | None = None,
) -> Hazard:
    """Put it off until a day within 180 days, by an approved document; for the brigade's leaders.

    It still counts as open; its clocks stand still, the owner's and our own. Refused without interim measures.
    """
    number = fitting(needed(document_no, "document_no", _("写明批准暂缓的文号")), 60, "document_no")
    rules.check_review(review_on, now)

    def write(locked: Hazard) -> None:
        locked.state_before = locked.state
        locked.deferral_document, locked.review_on = number, review_on
        pause(locked, PauseKind.DEFERRAL, by, now, fitting(reason, 300, "reason"))

    return workflow.advance(hazard, moves.DEFER, by=by, now=now, version=version, reason=reason, write=write)


def resume(*, by: Any, hazard: Hazard, now: datetime, version: int | None = None) -> Hazard:
    """Take a deferred hazard up again where it was left; for the brigade's leaders. The limit moves by the pause."""

    def write(locked: Hazard) -> None:
        end_pause(locked, PauseKind.DEFERRAL, now)
        locked.review_on = None

    return workflow.advance(hazard, moves.RESUME, by=by, now=now, version=version, write=write)


def reopen(
    *,
    by: Any,
    hazard: Hazard,
    now: datetime,
    reason: str,
    due_on: date,
    version: int | None = None,
    photos: Sequence[Picture] = (),
) -> Hazard:
    """Find that a closed hazard is back (反弹), by a photo taken after the closing; for leaders and inspectors.

    The owner gets a new limit; the closing stays written down as it was.
    """
    rules.check_due(due_on, now)

    def write(locked: Hazard) -> dict[str, Any]:
        shown = add_photos(locked, photos, PhotoKind.RELAPSE, by, now, needed=_("传至少1张反弹照片，要在销号之后拍摄"))
        locked.verifications.filter(has_passed=True, reopened_at__isnull=True).update(reopened_at=now)
        locked.extensions.filter(decided_at__isnull=True).update(
            decided_at=now, decided_by=by, is_granted=False, answer=_("已销号")
        )
        locked.reopen_count += 1
        locked.registered_at = locked.registered_at or now  # of an old ledger, and in no figure until today
        locked.reopened_at, locked.closed_at, locked.submitted_at, locked.extension_asked_at = now, None, None, None
        set_limit(locked, rules.end_of(due_on))
        return shown

    return workflow.advance(hazard, moves.REOPEN, by=by, now=now, version=version, reason=reason, write=write)


def recheck(*, by: Any, hazard: Hazard, now: datetime, note: str, version: int | None = None) -> Hazard:
    """Go back to a closed hazard and find it still mended (回访); for police. One that is back is reopened instead."""
    note = fitting(needed(note, "note", _("写明现场情况")), 300, "note")

    def write(locked: Hazard) -> None:
        Recheck.objects.create(hazard=locked, closed_at=locked.closed_at or now, at=now, by=by, note=note)

    return workflow.advance(hazard, moves.RECHECK, by=by, now=now, version=version, reason=note, write=write)


def list_hazard(
    *,
    by: Any,
    hazard: Hazard,
    now: datetime,
    level: str,
    document_no: str,
    leader: str,
    listed_on: date,
    version: int | None = None,
    due_on: date | None = None,
    is_public: bool = False,
) -> Hazard:
    """Put it on the list of a level (挂牌督办): the county's by the road safety office, higher ones by the clerk from
    their document. The owner, where there is one, gets a notice of it."""
    _check_level(level)
    rules.check_level(by, hazard, level)
    number = fitting(needed(document_no, "document_no", _("写明挂牌文号")), 60, "document_no")
    name = fitting(needed(leader, "leader", _("写明挂牌责任领导")), 60, "leader")
    if listed_on > timezone.localdate(now):
        raise Refused(_("挂牌日期不能晚于今天"), field="listed_on")
    if due_on is not None and due_on <= listed_on:
        raise Refused(_("挂牌期限要晚于挂牌日期"), field="due_on")

    def write(locked: Hazard) -> dict[str, Any]:
        if locked.listings.filter(level=level, delisted_on__isnull=True).exists():
            raise Refused(_("已经%s挂牌") % ListingLevel(level).label, field="level")
        row = SupervisionListing.objects.create(
            hazard=locked,
            level=level,
            document_no=number,
            leader=name,
            listed_on=listed_on,
            due_on=due_on,
            is_public=is_public,
            listed_by=by,
        )
        return {"listing": [None, f"{row.get_level_display()}{number}"]} | _told(
            locked, DocumentKind.LISTED, row, by, now
        )

    return workflow.edit(hazard, moves.LIST, by=by, now=now, version=version, write=write)


def delist(
    *,
    by: Any,
    hazard: Hazard,
    now: datetime,
    level: str,
    document_no: str,
    version: int | None = None,
) -> Hazard:
    """Take it off the list (摘牌), only closed and only by the level that listed it; for whom `list_hazard` is. The
    owner gets a notice of it."""
    _check_level(level)
    rules.check_level(by, hazard, level)
    number = fitting(needed(document_no, "document_no", _("写明摘牌文号")), 60, "document_no")

    def write(locked: Hazard) -> dict[str, Any]:
        row = rules.check_delisting(locked, level)
        row.delisted_on, row.delisting_no, row.delisted_by = timezone.localdate(now), number, by
        row.save(update_fields=["delisted_on", "delisting_no", "delisted_by"])
        shown = {"listing": [f"{row.get_level_display()}{row.document_no}", number]}
        return shown | _told(locked, DocumentKind.DELISTED, row, by, now)

    return workflow.edit(hazard, moves.DELIST, by=by, now=now, version=version, write=write)


def _told(locked: Hazard, kind: DocumentKind, row: SupervisionListing, by: Any, now: datetime) -> dict[str, Any]:
    """The notice to the owner that his hazard is on a list, or off it; nothing while nobody has been told of it."""
    if locked.owner is None:
        return {}
    more = {
        "listing_level": row.get_level_display(),
        "listing_no": row.document_no,
        "listing_leader": row.leader,
        "listed_on": queries.day_text(row.listed_on),
        "listing_due_on": queries.day_text(row.due_on),
        "delisting_no": row.delisting_no,
        "delisted_on": queries.day_text(row.delisted_on),
        "closed_on": queries.day_text(locked.closed_at),
        "days_overdue": locked.days_overdue(now),
        "history": queries.history(locked),
    }
    return {"document": [None, issue(locked, kind, by=by, now=now, more=more).number]}


def _check_level(level: str) -> None:
    if level not in ListingLevel.values:
        raise Refused(_("级别只能是：%s") % "、".join(map(str, ListingLevel.labels)), field="level")
