"""What a rule is; the rules themselves stand in each slice's `obligations.py`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise

from brigade.kit.clocks import Calendar, add_workdays, last_workday, period_of
from brigade.obligations.models import Key, Obligation
from brigade.obligations.states import ObligationState
from brigade.org.states import Role

GRANTS: dict[str, tuple[Role, ...]] = {
    "obligations.have_obligation": tuple(Role),
    "obligations.view_obligation": (
        Role.SQUADRON_LEADER,
        Role.DEPUTY_LEADER,
        Role.BRIGADE_LEADER,
        Role.POLITICAL_OFFICER,
        Role.GENERAL_SECRETARY,
        Role.PARTY_OFFICE,
        Role.BRANCH_SECRETARY,
        Role.HALL_HEAD,
        Role.WINDOW_LEAD,
        Role.INSPECTOR,
    ),
}


DIGEST = "obligations.digest"
"""The one message of a morning."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a rule says of one key at one moment; a key that a rule does not answer is void.

    `met_kind` and `met_id` name the record that met the duty; of an open one, the record that will once confirmed.
    `barred` comes from `models.barring`.
    """

    key: Key
    unit_id: int
    title: str
    opens_at: datetime
    due_at: datetime
    state: ObligationState
    post: str = ""
    helper: str = ""
    barred: str = ""
    person_id: int | None = None
    warn_at: datetime | None = None
    count: int = 0
    needed: int = 1
    met_kind: str = ""
    met_id: str = ""
    met_at: datetime | None = None
    reason: str = ""
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One rung of a ladder: when somebody is told of an open obligation, and who.

    `day(obligation, calendar)` is the day it falls on; a rung on a day off moves to the next working day. Without
    `to` the responsible and their helpers are told; with `to` also the holders of those roles on the unit or on any
    unit above it.
    `past_owner` leaves the responsible out: they hear of it that day in another way.
    """

    code: str
    label: str | Promise
    day: Callable[[Obligation, Calendar], date]
    to: tuple[Role, ...] = ()
    past_owner: bool = False


def workdays_from_due(n: int) -> Callable[[Obligation, Calendar], date]:
    """The n-th working day after (or before, when negative) the day an obligation falls due."""
    return lambda obligation, calendar: add_workdays(timezone.localdate(obligation.due_at), n, calendar).date


def day_of_month(day: int) -> Callable[[Obligation, Calendar], date]:
    """A fixed day in the month in which an obligation falls due."""
    return lambda obligation, calendar: timezone.localdate(obligation.due_at).replace(day=day)


def last_workday_of_month(obligation: Obligation, calendar: Calendar) -> date:
    return last_workday(period_of(timezone.localdate(obligation.due_at), "month"), calendar).date


LADDER = (
    Step("before", "", workdays_from_due(-1)),
    Step("due", "", workdays_from_due(0)),
    Step("late", "", workdays_from_due(1), (Role.SQUADRON_LEADER, Role.HALL_HEAD, Role.PARTY_OFFICE)),
)
"""The rungs where a rule names none: a working day ahead, on the day, and one working day late to the superior."""


def no_keys(about: Any) -> Iterable[Key]:
    return ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A duty in general.

    `kinds` and `touched(record)` name the records that count and the keys that one counts for as it stands in the
    database now; the door asks before and after each write. `due_keys(now)` names every key that must exist at `now`:
    open periods, and closed ones not yet decided. A duty that comes from the calendar alone has no kinds, one that
    comes from records alone no due keys: what is live is asked again by the reconciler. `answer(keys, now)` says how
    those keys stand, in a constant number of queries; rules may share one answer function and are then asked together.
    `action` is the one thing to do, as words and address; `place` is the page that shows how a duty without a record
    of its own stands, to those as well who only look on. `sees` is the permission that the page behind a duty asks for,
    where not everybody who oversees the duty has it. `assumed` says what of it the product assumes until the brigade
    has confirmed it.
    """

    code: str
    label: str | Promise
    basis: str | Promise
    answer: Callable[[Collection[Key], datetime], Iterable[Answer]]
    action: Callable[[Obligation], tuple[str, str]]
    kinds: frozenset[str] = frozenset()
    touched: Callable[[Any], Iterable[Key]] = no_keys
    due_keys: Callable[[datetime], Iterable[Key]] = no_keys
    ladder: tuple[Step, ...] = LADDER
    place: Callable[[Obligation], str] | None = None
    sees: str = ""
    assumed: str | Promise = ""

    @property
    def ground(self) -> str:
        """The basis together with what is assumed."""
        return "；".join(str(part) for part in (self.basis, self.assumed) if part)


RULES: dict[str, Rule] = {}
"""Every slice's rules by code; filled when the application starts."""
