"""What an officer who leaves has in hand at the windows, and who goes on with it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy

from brigade import workflow
from brigade.org.models import Person
from brigade.org.rules import Holding
from services.requests import moves, queries
from services.requests.models import ServiceRequest


def give_requests(*, by: Any, rows: list[ServiceRequest], to: Person, now: datetime) -> None:
    """Another officer goes on with all of them; leaders of the brigade, when somebody leaves."""
    workflow.hand_over(rows, by=by, field="handler", to=to, now=now, audit_verb=moves.HAND_OVER.audit)


HOLDINGS = [
    Holding(
        "requests.handler",
        gettext_lazy("经办的办件"),
        queries.handled_by,
        give_requests,
        heirs=queries.clerks_in,
        whom=gettext_lazy("窗口人员"),
    )
]
