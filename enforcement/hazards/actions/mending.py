"""What the owner does: sign, plan, report, hand in, ask for time. On paper, the clerk writes it down (代录)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from brigade import workflow
from brigade.kit.refusals import Refused
from brigade.kit.text import clean_text, fitting, needed
from enforcement.hazards import moves, queries, rules
from enforcement.hazards.actions.evidence import Picture, add_photos, issue, set_fields, set_limit
from enforcement.hazards.models import Extension, Hazard
from enforcement.hazards.states import DocumentKind, PhotoKind


def accept(
    *,
    by: Any,
    hazard: Hazard,
    now: datetime,
    version: int | None = None,
    signed_name: str = "",
    signed_at: datetime | None = None,
) -> Hazard:
    """Sign for the notice; for the owner's liaison under his own name, or the clerk from the paper slip (回执).

    The slip says who signed and when, and that is written down: not before the delivery, not after now.
    """
    is_on_paper = not rules.is_owner(hazard, by)
    name, at = by.name, now
    if is_on_paper:
        name = needed(signed_name, "signed_name", _("代录回执要写明签收人"))
        if signed_at is None:
            raise Refused(_("代录回执要写明签收时间"), field="signed_at")
        at = signed_at

    def write(locked: Hazard) -> None:
        if at > now + timedelta(minutes=1) or (locked.delivered_at is not None and at < locked.delivered_at):
            raise Refused(_("签收时间要在送达之后、现在之前"), field="signed_at")
        locked.accepted_at, locked.is_on_paper = at, is_on_paper
        locked.accepted_name = fitting(name, 40, "signed_name")

    return workflow.advance(hazard, moves.ACCEPT, by=by, now=now, version=version, write=write)


def start(
    *,
    by: Any,
    hazard: Hazard,
    now: datetime,
    version: int | None = None,
    plan_measures: str = "",
    plan_funds: str = "",
    plan_person: str = "",
    plan_due_on: date | None = None,
    plan_emergency: str = "",
    cost_estimate: Decimal | None = None,
) -> Hazard:
    """Begin to mend; for the owner's liaison. A major hazard needs all five of 五落实."""
    plan = {
        "plan_measures": clean_text(plan_measures, multiline=True),
        "plan_funds": fitting(plan_funds, 120, "plan_funds"),
        "plan_person": fitting(plan_person, 60, "plan_person"),
        "plan_due_on": plan_due_on,
        "plan_emergency": clean_text(plan_emergency, multiline=True),
        "cost_estimate": _cost(cost_estimate, "cost_estimate"),
    }

    def write(locked: Hazard) -> None:
        set_fields(locked, {name: value for name, value in plan.items() if value})
        rules.check_plan(locked)
        locked.rectifying_at = now

    return workflow.advance(hazard, moves.START, by=by, now=now, version=version, write=write)


def _cost(amount: Decimal | None, field: str) -> Decimal | None:
    if amount is not None and not 0 <= amount < Decimal(10) ** 10:
        raise Refused(_("金额要在0到100亿元之间"), field=field)
    return amount


def progress(
    *,
    by: Any,
    hazard: Hazard,
    now: datetime,
    note: str,
    version: int | None = None,
    photos: Sequence[Picture] = (),
) -> Hazard:
    """Say how far the work is; for the owner's liaison. It stands in the history."""
    note = fitting(needed(note, "note", _("写一句进展")), 300, "note")

    def write(locked: Hazard) -> dict[str, Any]:
        return add_photos(locked, photos, PhotoKind.AFTER, by, now)

    return workflow.advance(hazard, moves.PROGRESS, by=by, now=now, version=version, reason=note, write=write)


def submit(
    *,
    by: Any,
    hazard: Hazard,
    now: datetime,
    note: str,
    completed_on: date,
    version: int | None = None,
    photos: Sequence[Picture] = (),
    cost_actual: Decimal | None = None,
) -> Hazard:
    """Hand the mended place in for verification; for the owner's liaison.

    Refused without a note, without a photo of after that was taken since the notice and is none of before, and with
    a day of completion that is yet to come or lies before the hazard was found or came back.
    """
    note = fitting(needed(note, "note", _("写明做了什么")), 300, "note")
    cost = _cost(cost_actual, "cost_actual")

    def write(locked: Hazard) -> dict[str, Any]:
        rules.check_completed(locked, completed_on, now)
        shown = add_photos(locked, photos, PhotoKind.AFTER, by, now)
        since = max(filter(None, (locked.notified_at, locked.reopened_at)))
        if not locked.photos.filter(kind=PhotoKind.AFTER, taken_at__gt=since).exists():
            raise Refused(_("传至少1张整改后的照片，要在整改通知之后拍摄"), field="photos")
        locked.submitted_at, locked.submitted_by = now, by
        locked.completed_on, locked.completion_note = completed_on, note
        locked.cost_actual = cost if cost is not None else locked.cost_actual
        return shown

    return workflow.advance(hazard, moves.SUBMIT, by=by, now=now, version=version, write=write)


def ask_extension(
    *, by: Any, hazard: Hazard, now: datetime, days: int, reason: str, version: int | None = None
) -> Hazard:
    """Ask for more days before the limit ends, with a reason; for the owner's liaison. At most twice, and each time
    no more days than the first term had."""
    reason = fitting(needed(reason, "reason", _("写明为什么要延期")), 300, "reason")

    def write(locked: Hazard) -> dict[str, Any]:
        new_due_at = rules.extended(locked, days)
        asked = Extension.objects.create(
            hazard=locked,
            seq=locked.extensions.count() + 1,
            days=days,
            reason=reason,
            old_due_at=new_due_at - timedelta(days=days),
            new_due_at=new_due_at,
            asked_at=now,
            asked_by=by,
        )
        locked.extension_asked_at = now
        return {"extension": [None, timezone.localdate(asked.new_due_at).isoformat()]}

    return workflow.advance(hazard, moves.ASK_EXTENSION, by=by, now=now, version=version, reason=reason, write=write)


def grant_extension(*, by: Any, hazard: Hazard, now: datetime, version: int | None = None, answer: str = "") -> Hazard:
    """Agree to the extension that was asked; for the brigade's leaders, of a major hazard's second for the road
    safety office. The limit moves, and the form is issued."""

    def write(locked: Hazard) -> dict[str, Any]:
        asked = _decide(locked, by, now, is_granted=True, answer=answer)
        set_limit(locked, asked.new_due_at)
        more = {
            "extension_days": asked.days,
            "extension_reason": asked.reason,
            "old_due_on": queries.day_text(asked.old_due_at),
        }
        document = issue(locked, DocumentKind.EXTENSION, by=by, now=now, signed_by=by, more=more | {"answer": answer})
        return {"document": [None, document.number]}

    return workflow.edit(hazard, moves.GRANT_EXTENSION, by=by, now=now, version=version, write=write)


def refuse_extension(*, by: Any, hazard: Hazard, now: datetime, reason: str, version: int | None = None) -> Hazard:
    """Refuse the extension that was asked, with a reason; for whom `grant_extension` is."""

    def write(locked: Hazard) -> None:
        _decide(locked, by, now, is_granted=False, answer=reason)

    return workflow.advance(hazard, moves.REFUSE_EXTENSION, by=by, now=now, version=version, reason=reason, write=write)


def _decide(locked: Hazard, by: Any, now: datetime, *, is_granted: bool, answer: str) -> Extension:
    asked = rules.asked_extension(locked)
    asked.decided_at, asked.decided_by, asked.is_granted = now, by, is_granted
    asked.answer = fitting(answer, 200, "answer")
    locked.extension_asked_at = None
    asked.old_due_at = locked.due_at or asked.old_due_at  # a pause may have moved it since it was asked
    asked.new_due_at = asked.old_due_at + timedelta(days=asked.days)
    asked.save(update_fields=["decided_at", "decided_by", "is_granted", "answer", "old_due_at", "new_due_at"])
    return asked
