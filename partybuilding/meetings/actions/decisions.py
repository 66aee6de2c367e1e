"""What becomes of a decision."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from brigade import workflow
from brigade.kit.refusals import Refused
from brigade.kit.text import fitting
from partybuilding.meetings import moves
from partybuilding.meetings.models import Decision


def finish_decision(*, by: Any, decision: Decision, result: str, now: datetime, version: int | None = None) -> Decision:
    """Say that a decision is carried out, and how. Its owner, the secretary, Party office."""
    result = fitting(result, 500, "result")
    if not result:
        raise Refused(_("写一句办理结果"), field="result")
    changes = {"result": result, "finished_at": now}
    return workflow.advance(decision, moves.FINISH_DECISION, by=by, now=now, version=version, changes=changes)


def drop_decision(*, by: Any, decision: Decision, reason: str, now: datetime, version: int | None = None) -> Decision:
    """Give up a decision, with a reason. Secretary, Party office."""
    changes = {"result": fitting(reason, 500, "reason")}
    return workflow.advance(
        decision, moves.DROP_DECISION, by=by, now=now, version=version, reason=reason, changes=changes
    )
