"""Every write to hazards and to what they lean on. Each verb of a hazard goes through the door, which locks, checks,
audits, tells, and brings duties and figures up to date.

This room is a package: what it offers stands here, by its part.
"""

from collections.abc import Callable

from django.utils.translation import gettext_lazy

from enforcement.hazards.actions.clock import escalate_overdue, mark_overdue
from enforcement.hazards.actions.closing import (
    defer,
    delist,
    find_unmended,
    list_hazard,
    recheck,
    reopen,
    resume,
    verify,
)
from enforcement.hazards.actions.evidence import Picture
from enforcement.hazards.actions.history import PastHazard, ready_past, record_past, take_back_past
from enforcement.hazards.actions.mending import (
    accept,
    ask_extension,
    grant_extension,
    progress,
    refuse_extension,
    start,
    submit,
)
from enforcement.hazards.actions.notifying import (
    control,
    dispute,
    grade,
    grade_major,
    notify,
    report_up,
    transfer,
    uphold,
)
from enforcement.hazards.actions.reference import HOLDINGS, load_categories, reveal_phone, set_owner
from enforcement.hazards.actions.reporting import (
    amend,
    check_direction,
    invalidate,
    merge,
    reassign,
    register,
    report,
    revive,
    usual_title,
)
from enforcement.hazards.models import Hazard

VERBS = {
    "hazards.loaded": gettext_lazy("载入隐患类别"),
    "owner.set": gettext_lazy("登记责任单位"),
}

MAKE: dict[str, Callable[..., Hazard]] = {
    "amend": amend,
    "register": register,
    "invalidate": invalidate,
    "revive": revive,
    "merge": merge,
    "grade": grade,
    "grade_major": grade_major,
    "control": control,
    "notify": notify,
    "accept": accept,
    "dispute": dispute,
    "uphold": uphold,
    "transfer": transfer,
    "start": start,
    "progress": progress,
    "submit": submit,
    "verify": verify,
    "find_unmended": find_unmended,
    "ask_extension": ask_extension,
    "grant_extension": grant_extension,
    "refuse_extension": refuse_extension,
    "defer": defer,
    "resume": resume,
    "reopen": reopen,
    "recheck": recheck,
    "list": list_hazard,
    "delist": delist,
    "report_up": report_up,
    "reassign": reassign,
}
"""Move → the action that makes it; the page and the API both come here."""
