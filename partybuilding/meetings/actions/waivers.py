"""Asking that a requirement be waived, and the answer."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.utils.translation import gettext as _

from brigade import workflow
from brigade.kit.clocks import parse_period
from brigade.kit.ids import new_id
from brigade.kit.refusals import Refused
from brigade.kit.text import fitting
from brigade.org.models import Unit
from partybuilding.branches.models import PartyBranch
from partybuilding.meetings import moves, rules
from partybuilding.meetings.models import Waiver
from partybuilding.meetings.states import REQUIRED, SegmentKind


def ask_waiver(
    *,
    by: Any,
    unit: Unit,
    requirement: str,
    period: str,
    reason: str,
    now: datetime,
    waiver_id: UUID | None = None,
) -> Waiver:
    """Ask that one requirement be waived for one period, instead of inventing a meeting. Recorder, secretary."""
    branch = PartyBranch.objects.filter(pk=unit.pk).first()
    if branch is None or requirement not in REQUIRED or branch.is_general != (requirement == SegmentKind.GB):
        raise Refused(_("这个支部没有这项要求"), field="requirement")
    try:
        span = parse_period(period)
    except ValueError:
        raise Refused(_("期间不对，例如2026-06或2026-Q2"), field="period") from None
    if not branch.established_on <= span.end <= date(now.year + 1, 12, 31):
        raise Refused(_("只能豁免支部成立以后、明年年底以前的期间"), field="period")
    if span.kind != rules.period_kind(requirement):
        raise Refused(
            _("这项要求按%(kind)s算") % {"kind": _("季度") if requirement in rules.QUARTERLY else _("月")},
            field="period",
        )
    reason = fitting(reason, 200, "reason")
    if not reason:
        raise Refused(_("写明豁免的理由，例如执勤高峰"), field="reason")
    waiver = Waiver(
        pk=waiver_id or new_id(),
        unit=unit,
        title=_("%(period)s%(kind)s豁免") % {"period": span.label, "kind": SegmentKind(requirement).label},
        requirement=requirement,
        period=span.code,
        reason=reason,
    )
    same = Waiver.objects.filter(unit=unit, requirement=requirement, period=span.code).exclude(pk=waiver.pk)
    asked = Refused(_("这项要求在这个期间已经申请过豁免"), field="period")
    if same.exclude(state="returned").exists():
        raise asked
    try:
        return workflow.begin(waiver, moves.ASK_WAIVER, by=by, now=now)
    except IntegrityError:  # somebody asked in the same moment
        raise asked from None


def approve_waiver(*, by: Any, waiver: Waiver, now: datetime, answer: str = "", version: int | None = None) -> Waiver:
    """Waive the requirement: its cell of the matrix turns to 豁免. General secretary, Party office, political officer.

    Nobody approves what he asked for himself.
    """
    changes = {"decided_by_id": by.pk, "decided_at": now, "answer": fitting(answer, 200, "answer")}
    return workflow.advance(waiver, moves.APPROVE_WAIVER, by=by, now=now, version=version, changes=changes)


def return_waiver(*, by: Any, waiver: Waiver, reason: str, now: datetime, version: int | None = None) -> Waiver:
    """Send a waiver back, with a reason; it may be asked for again. Who may approve it may return it."""
    changes = {"decided_by_id": by.pk, "decided_at": now, "answer": fitting(reason, 200, "reason")}
    return workflow.advance(
        waiver, moves.RETURN_WAIVER, by=by, now=now, version=version, reason=reason, changes=changes
    )
