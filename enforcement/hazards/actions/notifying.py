"""Grading, holding the danger down, telling the owner, and settling whose it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from brigade import workflow
from brigade.kit.refusals import Refused
from brigade.kit.text import clean_text, fitting, needed
from brigade.org.models import Person, Unit
from enforcement.hazards import moves, queries, rules
from enforcement.hazards.actions.evidence import Picture, add_photos, end_pause, issue, pause
from enforcement.hazards.models import Hazard, OwnerTurn
from enforcement.hazards.states import DEPARTMENTS, DocumentKind, Grade, PauseKind, PhotoKind


def grade(
    *,
    by: Any,
    hazard: Hazard,
    now: datetime,
    version: int | None = None,
    is_key: bool = False,
    key_reason: str = "",
    suggestion: str | None = None,
) -> Hazard:
    """Grade it as general; for the clerk and the brigade's leaders. What is key says why."""
    changes = {"grade": Grade.GENERAL, "graded_by": by, "graded_at": now, **_key(is_key, key_reason)}
    return _graded(hazard, moves.GRADE, by, now, version, changes, suggestion)


def grade_major(
    *,
    by: Any,
    hazard: Hazard,
    now: datetime,
    version: int | None = None,
    second_grader: Person | None = None,
    expert_note: str = "",
    is_key: bool = False,
    key_reason: str = "",
    suggestion: str | None = None,
) -> Hazard:
    """Grade it as major; for the brigade's leaders, with a second grader or an expert's note. The second is told.

    From now on somebody holds the danger down within a day.
    """
    expert_note = clean_text(expert_note, multiline=True)
    rules.check_major(by, second_grader, expert_note)
    if second_grader is not None and not queries.graders_of(hazard, by).filter(pk=second_grader.pk).exists():
        raise Refused(_("%s不是本大队在岗的民警，请选另一个人") % second_grader.name, field="second_grader")
    changes = {
        "grade": Grade.MAJOR,
        "graded_by": by,
        "graded_at": now,
        "second_grader": second_grader,
        "expert_note": expert_note,
        **_key(is_key, key_reason),
    }
    return _graded(hazard, moves.GRADE_MAJOR, by, now, version, changes, suggestion)


def _key(is_key: bool, key_reason: str) -> dict[str, Any]:
    if not is_key:
        return {}
    reason = needed(key_reason, "key_reason", _("列为重点要写明理由"))
    return {"is_key": True, "key_reason": fitting(reason, 120, "key_reason")}


def _graded(
    hazard: Hazard,
    move: workflow.Move,
    by: Any,
    now: datetime,
    version: int | None,
    changes: dict[str, Any],
    suggestion: str | None,
) -> Hazard:
    if suggestion is not None:
        changes["suggestion"] = clean_text(suggestion, multiline=True)
    return workflow.advance(hazard, move, by=by, now=now, version=version, changes=changes)


def control(
    *,
    by: Any,
    hazard: Hazard,
    now: datetime,
    measures: str,
    version: int | None = None,
    photos: Sequence[Picture] = (),
) -> Hazard:
    """Write down how the danger is held down meanwhile (临时管控); for the squadron and the owner's liaison."""
    measures = needed(measures, "measures", _("写明临时管控措施，例如限速、锥桶、派人值守"), multiline=True)

    def write(locked: Hazard) -> dict[str, Any]:
        locked.interim_measures = measures
        locked.interim_at = locked.interim_at or now
        return add_photos(locked, photos, PhotoKind.INTERIM, by, now)

    return workflow.edit(hazard, moves.CONTROL, by=by, now=now, version=version, write=write)


def notify(
    *,
    by: Any,
    hazard: Hazard,
    now: datetime,
    owner: Unit,
    due_on: date,
    signed_by: Person,
    version: int | None = None,
    partners: Sequence[Unit] = (),
    suggestion: str | None = None,
) -> Hazard:
    """Issue the notice to the owner (a letter of advice to a government department); for the clerk, signed by a
    leader of the brigade.

    The number is allotted, the owner's clock starts. Refused without a live liaison, without interim measures for a
    major hazard, and with a limit before the next day.
    """
    rules.check_owner(owner)
    rules.check_due(due_on, now)
    rules.check_signer(hazard, signed_by)

    def write(locked: Hazard) -> dict[str, Any]:
        if suggestion is not None:
            locked.suggestion = clean_text(suggestion, multiline=True)
        locked.partners.set(partners)
        return _sent(locked, owner, due_on, by, signed_by, now)

    return workflow.advance(hazard, moves.NOTIFY, by=by, now=now, version=version, write=write)


def _sent(
    locked: Hazard, owner: Unit, due_on: date, by: Any, signed_by: Person, now: datetime, reason: str = ""
) -> dict[str, Any]:
    """The owner has the hazard from now on: a new turn, a new limit, a document of its own. Who leads is no partner."""
    locked.partners.remove(owner)
    locked.owner, locked.notified_at, locked.delivered_at = owner, now, now
    locked.due_at = rules.end_of(due_on)
    locked.accepted_at, locked.accepted_name, locked.is_on_paper, locked.rectifying_at = None, "", False, None
    OwnerTurn.objects.create(
        hazard=locked, owner=owner, delivered_at=now, due_at=locked.due_at, reason=fitting(reason, 300, "reason")
    )
    for_department = rules.check_owner(owner).owner_type in DEPARTMENTS
    kind = DocumentKind.ADVICE if for_department else DocumentKind.NOTICE
    document = issue(locked, kind, by=by, now=now, signed_by=signed_by)
    return {"document": [None, document.number]}


def transfer(
    *,
    by: Any,
    hazard: Hazard,
    now: datetime,
    owner: Unit,
    due_on: date,
    signed_by: Person,
    reason: str,
    version: int | None = None,
) -> Hazard:
    """Give it to another owner (转办); for the clerk and the road safety office, with a reason.

    The old owner keeps the days that it had; the new one gets its own notice and its own clock. An objection that was
    open is decided by this, and what the old owner had asked or planned falls away.
    """
    rules.check_owner(owner)
    rules.check_due(due_on, now)
    rules.check_signer(hazard, signed_by)

    def write(locked: Hazard) -> dict[str, Any]:
        if locked.owner_id == owner.pk:
            raise Refused(_("本来就由%s负责，请选另一个责任单位") % owner.short_name, field="owner")
        end_pause(locked, PauseKind.DISPUTE, now, moves_limit=False)
        locked.turns.filter(ended_at__isnull=True).update(ended_at=now)
        locked.extensions.filter(decided_at__isnull=True).update(
            decided_at=now, decided_by=by, is_granted=False, answer=_("已转办")
        )
        locked.disputed_at, locked.dispute_reason, locked.extension_asked_at = None, "", None
        locked.plan_measures = locked.plan_funds = locked.plan_person = locked.plan_emergency = ""
        locked.plan_due_on = None
        return _sent(locked, owner, due_on, by, signed_by, now, reason)

    return workflow.advance(hazard, moves.TRANSFER, by=by, now=now, version=version, reason=reason, write=write)


def dispute(*, by: Any, hazard: Hazard, now: datetime, reason: str, version: int | None = None) -> Hazard:
    """Object to being the owner (异议), with a reason; for its liaison, or the clerk from paper.

    The clock stands still until the road safety office has decided.
    """

    def write(locked: Hazard) -> None:
        locked.disputed_at, locked.dispute_reason = now, fitting(reason, 300, "reason")
        pause(locked, PauseKind.DISPUTE, by, now, locked.dispute_reason)

    return workflow.advance(hazard, moves.DISPUTE, by=by, now=now, version=version, reason=reason, write=write)


def uphold(*, by: Any, hazard: Hazard, now: datetime, reason: str, version: int | None = None) -> Hazard:
    """Decide that the owner stays the owner (会商); for the road safety office, or the clerk from its minutes.

    The clock runs again; the limit moves by the days for which it stood still.
    """

    def write(locked: Hazard) -> None:
        end_pause(locked, PauseKind.DISPUTE, now)
        locked.disputed_at = None

    return workflow.advance(hazard, moves.UPHOLD, by=by, now=now, version=version, reason=reason, write=write)


def report_up(
    *,
    by: Any,
    hazard: Hazard,
    now: datetime,
    crash_analysis: str,
    scheme: str,
    signed_by: Person,
    version: int | None = None,
    cost: Decimal | None = None,
) -> Hazard:
    """Report a major or listed hazard to the government of the district with what to do about it (专题报告); for the
    clerk, signed by a leader of the brigade. Refused without the crashes, a scheme, and interim measures.

    道路交通安全法第二十九条第二款.
    """
    crashes = needed(crash_analysis, "crash_analysis", _("写明这里的事故情况；没有发生过，写明没有"), multiline=True)
    plan = needed(scheme, "scheme", _("写明怎样整改，一点一方案"), multiline=True)
    rules.check_signer(hazard, signed_by)

    def write(locked: Hazard) -> dict[str, Any]:
        row = locked.open_listing
        locked.cost_estimate = cost if cost is not None else locked.cost_estimate
        more = {
            "crash_analysis": crashes,
            "scheme": plan,
            "cost": "" if locked.cost_estimate is None else f"{locked.cost_estimate:.2f}",
            "listing": f"{row.get_level_display()}，{row.document_no}" if row is not None else "",
        }
        document = issue(locked, DocumentKind.SPECIAL, by=by, now=now, signed_by=signed_by, more=more)
        return {"document": [None, document.number]}

    return workflow.edit(hazard, moves.REPORT_UP, by=by, now=now, version=version, write=write)


def escalate(*, hazard: Hazard, step: int, kind: str, by: Any, now: datetime) -> Hazard:
    """Write the letter of one step of the overdue ladder; the portal's own doing, once for one limit."""

    def write(locked: Hazard) -> dict[str, Any]:
        if locked.documents.filter(due_at=locked.due_at, step__gte=step).exists():
            raise Refused(_("这一步的文书已经制发"))
        late = {"days_overdue": locked.days_overdue(now), "history": queries.history(locked)}
        return {"document": [None, issue(locked, kind, by=by, now=now, step=step, more=late).number]}

    with transaction.atomic():
        return workflow.edit(hazard, moves.ESCALATE, by=by, now=now, write=write)
