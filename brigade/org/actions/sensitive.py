"""Showing what is sealed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext as _

from brigade.audit import actions as audit
from brigade.kit.refusals import Refused
from brigade.kit.text import needed
from brigade.org import rules


def reveal(
    *, by: Any, target: models.Model, field: str, reason: str, about: Any = None, now: datetime | None = None
) -> str:
    """The plain value of a sensitive field of any row, for a stated reason that the audit keeps.

    Whoever holds `<app>.reveal_<model>` on the row's unit, or on that of the record that he needs it for (`about`; that
    the two belong together is the caller's to say); of oneself, everybody. Nothing is shown unless the audit row is
    written.
    """
    if field not in getattr(target, "SENSITIVE", ()) or not hasattr(target, f"{field}_sealed"):
        raise Refused(_("这一项不是敏感信息。"))
    if target != by:
        rules.check_may(by, rules.reveal_permission(target), about or target)
    with transaction.atomic():
        note = needed(reason, "reason", _("写明查看事由。"))
        audit.record("field.revealed", target, by=by, changes={"field": field}, note=note, now=now)
        return rules.unsealed(target, field)
