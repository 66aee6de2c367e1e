"""Every write to the catalogue and to requests. Each verb of a request goes through the door, which locks, checks,
audits, tells, and brings duties and figures up to date.

This room is a package: what it offers stands here, by its part.
"""

from collections.abc import Callable

from django.utils.translation import gettext_lazy

from services.requests.actions.catalogue import CATALOGUE, Row, load_catalogue, set_scope
from services.requests.actions.clock import (
    deem_accepted,
    forget_citizens,
    lapse_overdue,
    mark_overdue,
    recompute_due,
    remind_soon_due,
)
from services.requests.actions.handling import (
    amend,
    ask_review,
    complete,
    deliver,
    hand_over,
    reject,
    resume,
    return_review,
    start,
    supply,
    suspend,
    void,
    withdraw,
)
from services.requests.actions.history import PastRequest, ready_past, record_past, take_back_past
from services.requests.actions.intake import accept, check_materials, finish, notify, take_back, take_in
from services.requests.actions.leaving import HOLDINGS
from services.requests.actions.papers import Citizen, Marks
from services.requests.models import ServiceRequest

VERBS = {
    "catalogue.loaded": gettext_lazy("载入服务事项目录"),
    "item.scoped": gettext_lazy("定办理范围"),
}

MAKE: dict[str, Callable[..., ServiceRequest]] = {
    "check_materials": check_materials,
    "accept": accept,
    "finish": finish,
    "notify": notify,
    "take_back": take_back,
    "start": start,
    "ask_review": ask_review,
    "return_review": return_review,
    "reject": reject,
    "complete": complete,
    "suspend": suspend,
    "resume": resume,
    "supply": supply,
    "deliver": deliver,
    "withdraw": withdraw,
    "hand_over": hand_over,
    "amend": amend,
    "void": void,
}
"""Move → the action that makes it; the page and the API both come here."""
