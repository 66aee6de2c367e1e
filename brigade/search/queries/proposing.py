"""What the index proposes of each kind to a question; `visible_to` of the kind decides what is shown of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Model

from brigade.kit.searching import Clauses, fts5
from brigade.search import rules
from brigade.search.queries import walking
from brigade.search.queries.aiming import Aim, Found, fetched


@dataclass(slots=True)
class Proposed:
    """An entry that is looked at: the higher its `age`, the younger."""

    age: int
    is_whole: bool = False
    counts: bool = False


def proposed(aims: Sequence[Aim]) -> dict[str, dict[str, Proposed]]:
    """Of each kind what has the question as a whole word, what begins so, and all; of what the person sees a part of,
    that part, and of the rest a few: `visible_to` has the last word. By kind and key.
    """
    found: dict[str, dict[str, Proposed]] = {aim.kind: {} for aim in aims}
    read = walking.walked if connection.vendor == "postgresql" else _read
    for kind, key, age, is_whole, counts in read(aims):
        one = found[kind].setdefault(key, Proposed(age))
        one.is_whole |= bool(is_whole)
        one.counts |= bool(counts)
    return {kind: few for kind, few in found.items() if few}


def _read(aims: Sequence[Aim]) -> list[Found]:
    """SQLite: one statement; of each arm it walks its index backwards and stops."""
    parts, params = [], []
    for aim in aims:
        for clauses, is_whole, counts in _arms(aim):
            columns = f"search_entry.kind, search_entry.object_id, search_entry.id, {is_whole:d}, {counts:d}"
            sql, values = _matching(aim.kind, clauses, columns)
            parts.append(f"SELECT * FROM ({sql} ORDER BY search_words.rowid DESC LIMIT {aim.pool})")
            params += values
    return fetched(" UNION ALL ".join(parts), params)


def _arms(aim: Aim) -> list[tuple[Clauses, bool, bool]]:
    """(clauses, found as a whole, counts) of the parts of the question in one kind."""
    arms: list[tuple[Clauses, bool, bool]] = []
    if aim.wholes:
        arms.append(([aim.wholes, *aim.seen], True, False))
    if aim.head:
        arms.append(([*aim.head, *aim.seen], False, False))
    arms.append(([*aim.words, *aim.seen], False, True))
    if aim.seen:
        arms.append((aim.words, False, False))
    return arms


def keys_of(kind: str, words: Clauses, seen: Clauses, limit: int) -> list[str]:
    """Keys of entries of a kind that hold all words and are seen, in no order."""
    if connection.vendor == "postgresql":
        return walking.keys_of(kind, words, seen, limit)
    sql, values = _matching(kind, [*words, *seen], "object_id")
    return [key for (key,) in fetched(f"{sql} LIMIT {limit}", values)]


def expected(model: type[Model], clauses: Clauses) -> float:
    """How many rows of a kind the clauses may ask for, where that is sooner guessed than read: SQLite stops reading."""
    return walking.expected(model, clauses) if connection.vendor == "postgresql" else 0


def _matching(kind: str, clauses: Clauses, columns: str) -> tuple[str, list[str]]:
    """SQLite's statement that reads the entries of a kind that the clauses ask for."""
    of_kind: Clauses = [[(rules.kind_token(kind), False)]]
    joined = "search_words CROSS JOIN search_entry ON search_entry.id = search_words.rowid"
    return f"SELECT {columns} FROM {joined} WHERE search_words MATCH %s", [fts5([*of_kind, *clauses])]
