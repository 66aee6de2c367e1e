"""Which moves there are, and whether one of them may be made of a record now, by whom; nothing is written here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from brigade.kit.discover import rooms
from brigade.kit.refusals import NotAllowed, Refused
from brigade.org.models import Person, Record

NEW = ""
"""The source of a move that creates a record."""
SAME = ""
"""The target of a move that leaves the state as it is."""
BACK = "<"
"""The target of a move that goes back to where the record came from, as it keeps in `state_before`."""

Guard = Callable[[Any, Any, datetime], None]


@dataclass(frozen=True)
class Move:
    """One legal move of one kind of record; a slice's `moves.py` lists them all.

    `may(record, by)` widens the permission to whom the record itself names, `whom` in words. `guard(record, by, now)`
    refuses while something is missing. `by_system` lets the portal itself make the move. `merges` says of an edit that
    its form opens with what the record holds: two people's changes are then put together (kit/merging.py) before the
    move is made; every other move refuses what is stale.
    """

    code: str
    kind: str
    label: str | Promise
    sources: frozenset[str]
    target: str
    perm: str
    audit: str
    guard: Guard | None = None
    may: Callable[[Any, Person], bool] | None = None
    whom: str | Promise = ""
    notice: str = ""
    needs_reason: bool = False
    by_system: bool = False
    merges: bool = False

    @property
    def creates(self) -> bool:
        return NEW in self.sources


@dataclass(frozen=True, slots=True)
class Option:
    """A move that a person may make of a record now; `why_not` says what is missing while it cannot be made."""

    move: Move
    why_not: str = ""


def check(record: Record, move: Move, by: Any, now: datetime) -> None:
    """Refuse with the reason why `by` cannot take `record` through `move` now."""
    try:
        if record.state not in move.sources:
            raise Refused(
                _("现在是“%(state)s”，不能%(move)s；可以办的是：%(next)s")
                % {
                    "state": _state_label(record),
                    "move": move.label,
                    "next": "、".join(str(m.label) for m in moves_from(record)) or _("没有"),
                }
            )
        check_may(record, move, by)
        if move.guard is not None:
            move.guard(record, by, now)
    except Refused as refusal:
        refusal.target, refusal.verb = record, move.audit
        raise


def moves_from(record: Record) -> list[Move]:
    """The moves that lead on from the record's state, in the order of the list."""
    return [
        move
        for move in MOVES.values()
        if move.kind == record.kind() and record.state in move.sources and not move.creates
    ]


def moves_for(record: Record, user: Person, now: datetime) -> list[Option]:
    """What `user` may do with `record` now, with what is still missing: the buttons and the API's available moves."""
    options = []
    for move in moves_from(record):
        try:
            check(record, move, user, now)
        except NotAllowed:
            continue
        except Refused as refusal:
            options.append(Option(move, str(refusal)))
        else:
            options.append(Option(move))
    return options


def check_may(record: Record, move: Move, by: Any) -> None:
    """Refuse who neither has the right of the move nor is widened to by it; the portal makes what it is let."""
    if by.is_system:
        allowed = move.by_system
    else:
        allowed = by.has_perm(move.perm, record) or (move.may is not None and move.may(record, by))
    if not allowed:
        raise NotAllowed(_("%(label)s不在你的职责里，请找有这项职责的人办") % {"label": move.label})


def _state_label(record: Record) -> str:
    return str(dict(record._meta.get_field("state").flatchoices).get(record.state, record.state))


MOVES: dict[str, Move] = {}
"""Every slice's moves by kind and code."""


def gather_moves() -> None:
    """Collect the slices' `MOVES` when the application starts."""
    MOVES.clear()
    for module in rooms("moves"):
        for move in getattr(module, "MOVES", ()):
            key = f"{move.kind}.{move.code}"
            if key in MOVES:
                raise ValueError(f"{module.__name__}: move {key!r} is declared twice")
            MOVES[key] = move
