"""The door: the only writers of records.

Each of `begin`, `edit` and `advance` is one transaction: lock the record, compare its version, ask whether the move is
legal from its state, whether this person may and whether the guard holds; then write, audit, post the notice, and bring
obligations and figures up to date for what the record was before and for what it is after (a moved date touches both
days). Locks are taken in one order everywhere: record, counter, obligation, then inserts. What is done to many at once
keeps to the same, in few queries.

This room is a package: what it offers stands here, by its part.
"""

from brigade.workflow.many import Ready, advance_many, bulk, hand_over, make_ready, move_unit, settle
from brigade.workflow.one import Write, advance, begin, edit
from brigade.workflow.rules import (
    BACK,
    MOVES,
    NEW,
    SAME,
    Move,
    Option,
    check,
    gather_moves,
    moves_for,
    moves_from,
)

__all__ = [
    "BACK",
    "MOVES",
    "NEW",
    "SAME",
    "Move",
    "Option",
    "Ready",
    "Write",
    "advance",
    "advance_many",
    "begin",
    "bulk",
    "check",
    "edit",
    "gather_moves",
    "hand_over",
    "make_ready",
    "move_unit",
    "moves_for",
    "moves_from",
    "settle",
]
