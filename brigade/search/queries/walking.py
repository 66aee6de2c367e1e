"""PostgreSQL: the youngest entries of each kind that a question asks for.

Its index (GIN) knows no order: it yields all entries of a word, so a frequent word costs as much as the table is long.
Walked from its young end, the table costs as much as the word is rare. So the youngest `PROBE` entries of each kind are
read first. What fills its pool there, or promises to within `DEEPEST`, is walked on; the rest is asked of the index.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db.models import Model

from brigade.kit.searching import Clauses, tsquery
from brigade.search import rules
from brigade.search.queries.aiming import Aim, Found, fetched

PROBE = 256
"""So many of the youngest entries of each kind are looked at first: half a microsecond each."""
DEEPEST = 10_000
"""No walk goes further: as many entries, met all over the table, are what the index is good for."""
SAMPLE = 1_000
"""So many of the youngest tell how frequent a word is in a ledger."""
MARGIN = 1.5
"""So much further is walked than the words seen so far promise."""
FREQUENT, FURTHER = 0.01, 8
"""In this share of the entries met a word is frequent; so many times as far is walked for what is seen of it."""
SHORT = 2
"""A beginning of so few signs stands for very many words: the index is asked for the other words, if there are any."""
ANY, WORDS, HEAD, WHOLE = "any", "words", "head", "whole"
"""The parts of a question: what holds its words, of that what is seen, of that what begins so; what has it as a whole
word and is seen."""

WALK = """
SELECT k.kind, walk.n, walk.found FROM
unnest(%s::text[], %s::tsquery[], %s::tsquery[], %s::tsquery[], %s::tsquery[], %s::tsquery[])
    AS k(kind, wanted, words, head, wholes, seen),
LATERAL (
    SELECT count(*) AS n, json_agg(json_build_array(
        object_id, id, words @@ k.words, coalesce(words @@ k.head, false), coalesce(words @@ k.wholes, false),
        coalesce(words @@ k.seen, true)
    )) FILTER (WHERE words @@ k.wanted) AS found
    FROM (
        SELECT object_id, id, words FROM search_entry
        WHERE kind BETWEEN k.kind AND k.kind ORDER BY kind, id DESC LIMIT (SELECT %s)
    ) AS youngest
) AS walk
"""
"""`BETWEEN`, as the planner else walks the whole table for one kind; a depth that it cannot know, as it else sorts."""
ASK = """
WITH found AS MATERIALIZED (
    SELECT k.place AS of_kind, k.pool, object_id, id,
        e.words @@ k.words AS holds, coalesce(e.words @@ k.head, false) AS begins,
        coalesce(e.words @@ k.wholes, false) AS is_whole, coalesce(e.words @@ k.seen, true) AS is_seen
    FROM search_entry AS e
    JOIN unnest(%s::text[], %s::tsquery[], %s::tsquery[], %s::tsquery[], %s::tsquery[], %s::tsquery[], %s::int[])
        WITH ORDINALITY AS k(kind, wanted, words, head, wholes, seen, pool, place) ON k.kind = e.kind
    WHERE e.words @@ (SELECT %s::tsquery) AND (e.words @@ k.wanted) IS TRUE
), placed AS (
    SELECT *, row_number() OVER (
        PARTITION BY of_kind * 16 + holds::int * 8 + begins::int * 4 + is_whole::int * 2 + is_seen::int ORDER BY id DESC
    ) AS place FROM found
)
SELECT of_kind, object_id, id, holds, begins, is_whole, is_seen FROM placed WHERE place <= pool
"""
"""The question as a value that the planner does not know: it would take words that never meet for many and read all."""
SHARE = """
SELECT count(*) FILTER (WHERE words @@ %s::tsquery)::float / greatest(count(*), 1),
    (SELECT reltuples FROM pg_class WHERE oid = %s::regclass)
FROM (
    SELECT words FROM search_entry WHERE kind BETWEEN %s AND %s ORDER BY kind, id DESC LIMIT (SELECT %s)
) AS youngest
"""
KEYS = """
SELECT object_id FROM search_entry WHERE words @@ %s::tsquery AND (words @@ %s::tsquery) IS TRUE AND kind = %s LIMIT %s
"""


class Row(NamedTuple):
    """An entry that was met."""

    age: int
    holds: bool
    begins: bool
    is_whole: bool
    is_seen: bool

    def parts(self) -> Iterator[str]:
        """Of which parts of the question it is."""
        if self.holds:
            yield ANY
        if self.holds and self.is_seen:
            yield WORDS
        if self.holds and self.is_seen and self.begins:
            yield HEAD
        if self.is_whole and self.is_seen:
            yield WHOLE


@dataclass(slots=True)
class Walk:
    """What was met of one kind: `rows` by key, out of the youngest `n`; `is_over` when there are no others."""

    aim: Aim
    n: int = 0
    is_over: bool = False
    rows: dict[str, Row] = field(default_factory=dict)

    def lacking(self) -> dict[str, int]:
        """How many were met of each part of the question that is not full yet."""
        if self.is_over:
            return {}
        aim, met = self.aim, self._met()
        asked = {WORDS: True, ANY: bool(aim.seen), HEAD: bool(aim.head), WHOLE: bool(aim.wholes)}
        return {part: met[part] for part, is_asked in asked.items() if is_asked and met[part] < aim.pool}

    def depth(self) -> int:
        """So far to walk for what promises to be full before `DEEPEST`.

        A part of which nothing was met promises nothing. But where the words are frequent and only none of them is
        seen, as when a whole sheet of another hall came last, the index is dear: `FURTHER` down it may look otherwise.
        """
        lacking, deepest = self.lacking(), 0
        for met in lacking.values():
            if met and (promised := self.n * self.aim.pool / met) <= DEEPEST:
                deepest = max(deepest, int(MARGIN * promised))
        if lacking.get(WORDS) == 0 and self._met()[ANY] >= FREQUENT * self.n:
            deepest = max(deepest, FURTHER * self.n)
        return min(deepest, DEEPEST)

    def _met(self) -> Counter[str]:
        return Counter(part for row in self.rows.values() for part in row.parts())

    def youngest(self) -> Iterator[tuple[str, Row]]:
        """The youngest of each part."""
        left = Counter(dict.fromkeys((ANY, WORDS, HEAD, WHOLE), self.aim.pool))
        for key, row in sorted(self.rows.items(), key=lambda pair: -pair[1].age):
            parts = list(row.parts())
            if any(left[part] > 0 for part in parts):
                yield key, row
            left.subtract(parts)


def walked(aims: Sequence[Aim]) -> Iterator[Found]:
    walks = {aim.kind: Walk(aim) for aim in aims}
    _walk(list(walks.values()), PROBE)
    for walk in walks.values():
        while (depth := walk.depth()) > walk.n:
            _walk([walk], depth)
    if lacking := [walk for walk in walks.values() if walk.lacking()]:
        _ask(lacking)
    for kind, walk in walks.items():
        for key, row in walk.youngest():
            yield kind, key, row.age, row.is_whole and row.is_seen, row.holds and row.is_seen


def keys_of(kind: str, words: Clauses, seen: Clauses, limit: int) -> list[str]:
    found = fetched(KEYS, [tsquery([*_firm(words), *seen]), tsquery(words), kind, limit])
    return [key for (key,) in found]


def expected(model: type[Model], clauses: Clauses) -> float:
    """How many rows of a kind the clauses ask for, if all are as the youngest; 0 while nobody counted the table."""
    table, kind = model._meta.db_table, model._meta.label_lower
    [(share, rows)] = fetched(SHARE, [tsquery(clauses), table, kind, kind, SAMPLE])
    return float(share * max(rows, 0))


def _walk(walks: Sequence[Walk], depth: int) -> None:
    by_kind = {walk.aim.kind: walk for walk in walks}
    for kind, n, found in fetched(WALK, [*_columns(walks), depth]):
        walk = by_kind[kind]
        walk.n, walk.is_over = n, n < depth
        for key, *row in found or ():
            walk.rows[key] = Row(*row)


def _ask(walks: Sequence[Walk]) -> None:
    pools = [walk.aim.pool for walk in walks]
    for place, key, *row in fetched(ASK, [*_columns(walks), pools, _asked(walks)]):
        walks[place - 1].rows[key] = Row(*row)


def _columns(walks: Sequence[Walk]) -> list[list[str | None]]:
    aims = [walk.aim for walk in walks]
    return [
        [aim.kind for aim in aims],
        [_wanted(walk) for walk in walks],
        [tsquery(aim.words) for aim in aims],
        [tsquery(aim.head[-1:]) or None for aim in aims],
        [tsquery([aim.wholes]) if aim.wholes else None for aim in aims],
        [tsquery(aim.seen) or None for aim in aims],
    ]


def _wanted(walk: Walk) -> str:
    """The parts of the question that are not full in one kind."""
    aim, lacking = walk.aim, walk.lacking()
    parts: list[Clauses] = []
    if ANY in lacking or WORDS in lacking:
        parts.append(aim.words if ANY in lacking else [*aim.words, *aim.seen])
    elif HEAD in lacking:
        parts.append([*aim.head, *aim.seen])
    if WHOLE in lacking:
        parts.append([aim.wholes, *aim.seen])
    return " | ".join(f"({tsquery(part)})" for part in parts)


def _asked(walks: Sequence[Walk]) -> str:
    """The same of several kinds, as the index is asked for it. The words stand there once: a beginning is gathered from
    all its words as often as it stands in a question.
    """
    of_words: list[str] = []
    of_wholes: list[str] = []
    has_words = False
    for walk in walks:
        aim, lacking = walk.aim, walk.lacking()
        here: Clauses = [[(rules.kind_token(aim.kind), False)]]
        if ANY in lacking or WORDS in lacking:
            has_words = True
            of_words.append(tsquery(here if ANY in lacking else [*here, *aim.seen]))
        elif HEAD in lacking:
            of_words.append(tsquery([*here, *aim.head[-1:], *aim.seen]))
        if WHOLE in lacking:
            of_wholes.append(tsquery([*here, aim.wholes, *aim.seen]))
    aim = walks[0].aim
    words = tsquery(_firm(aim.words if has_words else aim.head))
    parts = [f"({words}) & ({_either(of_words)})"] if of_words else []
    return _either([*parts, *of_wholes])


def _either(parts: Iterable[str]) -> str:
    return " | ".join(f"({part})" for part in parts)


def _firm(clauses: Clauses) -> Clauses:
    """Without short beginnings where something else is left: what the index yields is looked at once more."""
    return [terms for terms in clauses if any(not begins or len(token) > SHORT for token, begins in terms)] or clauses
