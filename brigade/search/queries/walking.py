"""PostgreSQL: the youngest entries of each kind that a question asks for.

Its index (GIN) knows no order: it yields all entries of a word, so a frequent word costs as much as the table is long.
Walked from its young end, the table costs as much as the word is rare. So the youngest `PROBE` entries of each kind are
read first. What fills its pool there, or promises to within `DEEPEST`, is walked on; the rest is asked of the index.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from brigade.kit.searching import Clauses, tsquery
from brigade.search import rules
from brigade.search.queries.aiming import Aim, Found, fetched

PROBE = 256
DEEPEST = 10_000
MARGIN = 1.5
"""So much further is walked than the words seen so far promise."""
SHORT = 2
"""A beginning of so few signs stands for very many words: the index is asked for the other words, if there are any."""
ANY, WORDS, HEAD, WHOLE = "any", "words", "head", "whole"
"""The parts of a question: what holds its words, of that what is seen, of that what begins so; what has it as a whole
word and is seen."""

WALK = """
SELECT k.kind, walk.n, walk.found FROM
unnest(%s::text[], %s::tsquery[], %s::tsquery[], %s::tsquery[], %s::tsquery[]) AS k(kind, words, head, wholes, seen),
LATERAL (
    SELECT count(*) AS n, json_agg(json_build_array(
        object_id, id, words @@ k.words, coalesce(words @@ k.head, false), coalesce(words @@ k.wholes, false),
        coalesce(words @@ k.seen, true)
    )) FILTER (WHERE words @@ k.words OR words @@ k.wholes) AS found
    FROM (
        SELECT object_id, id, words FROM search_entry
        WHERE kind BETWEEN k.kind AND k.kind ORDER BY kind, id DESC LIMIT (SELECT %s)
    ) AS youngest
) AS walk
"""
"""`BETWEEN`, as the planner else walks the whole table for one kind; a depth that it cannot know, as it else sorts."""
ASK = """
WITH found AS MATERIALIZED (
    SELECT e.kind, object_id, id, k.pool, e.words @@ k.words AS holds, coalesce(e.words @@ k.head, false) AS begins,
        coalesce(e.words @@ k.wholes, false) AS is_whole, coalesce(e.words @@ k.seen, true) AS is_seen
    FROM search_entry AS e JOIN
    unnest(%s::text[], %s::tsquery[], %s::tsquery[], %s::tsquery[], %s::tsquery[], %s::int[])
        AS k(kind, words, head, wholes, seen, pool) ON k.kind = e.kind
    WHERE e.words @@ (SELECT %s::tsquery)
), placed AS (
    SELECT *, row_number() OVER (PARTITION BY kind, holds, begins, is_whole, is_seen ORDER BY id DESC) AS place
    FROM found WHERE holds OR is_whole
)
SELECT kind, object_id, id, holds, begins, is_whole, is_seen FROM placed WHERE place <= pool
"""
"""The question as a value that the planner does not know: it would take words that never meet for many and read all."""


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
        aim, met = self.aim, Counter(part for row in self.rows.values() for part in row.parts())
        asked = {WORDS: True, ANY: bool(aim.seen), HEAD: bool(aim.head), WHOLE: bool(aim.wholes)}
        return {part: met[part] for part, is_asked in asked.items() if is_asked and met[part] < aim.pool}

    def depth(self) -> int:
        """So far to walk for what promises to be full before `DEEPEST`."""
        promised = (int(MARGIN * self.n * self.aim.pool / met) for met in self.lacking().values() if met)
        return max((depth for depth in promised if depth <= DEEPEST), default=0)

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
    if deeper := [walk for walk in walks.values() if walk.depth()]:
        _walk(deeper, max(walk.depth() for walk in deeper))
    if lacking := [walk for walk in walks.values() if walk.lacking()]:
        _ask(lacking)
    for kind, walk in walks.items():
        for key, row in walk.youngest():
            yield kind, key, row.age, row.is_whole and row.is_seen, row.holds and row.is_seen


def _walk(walks: Sequence[Walk], depth: int) -> None:
    by_kind = {walk.aim.kind: walk for walk in walks}
    for kind, n, found in fetched(WALK, [*_columns(walks), depth]):
        walk = by_kind[kind]
        walk.n, walk.is_over = n, n < depth
        for key, *row in found or ():
            walk.rows[key] = Row(*row)


def _ask(walks: Sequence[Walk]) -> None:
    by_kind = {walk.aim.kind: walk for walk in walks}
    for kind, key, *row in fetched(ASK, [*_columns(walks), [walk.aim.pool for walk in walks], _lacked(walks)]):
        by_kind[kind].rows[key] = Row(*row)


def _columns(walks: Sequence[Walk]) -> list[list[str | None]]:
    aims = [walk.aim for walk in walks]
    return [
        [aim.kind for aim in aims],
        [tsquery(aim.words) for aim in aims],
        [_or_none(aim.head[-1:]) for aim in aims],
        [_or_none([aim.wholes] if aim.wholes else []) for aim in aims],
        [_or_none(aim.seen) for aim in aims],
    ]


def _or_none(clauses: Clauses) -> str | None:
    return tsquery(clauses) if clauses else None


def _lacked(walks: Sequence[Walk]) -> str:
    """What the index is asked for: of each kind only the parts that are not full. The words stand in it once, for a
    beginning is gathered from all its words as often as it stands there.
    """
    words: dict[str, list[str]] = defaultdict(list)
    heads: dict[str, list[str]] = defaultdict(list)
    wholes: dict[str, list[str]] = defaultdict(list)
    for walk in walks:
        aim, lacking = walk.aim, walk.lacking()
        kind = tsquery([[(rules.kind_token(aim.kind), False)]])
        if ANY in lacking or (not aim.seen and WORDS in lacking):
            words[""].append(kind)
        elif WORDS in lacking:
            words[tsquery(aim.seen)].append(kind)
        elif HEAD in lacking:
            heads[tsquery([*aim.head[-1:], *aim.seen])].append(kind)
        if WHOLE in lacking:
            wholes[tsquery([aim.wholes, *aim.seen])].append(kind)
    aim = walks[0].aim
    asked = []
    if words or heads:
        clauses = _firm(aim.words if words else aim.head)
        asked.append(f"({tsquery(clauses)}) & ({' | '.join([*_each(words), *_each(heads)])})")
    return " | ".join([*asked, *_each(wholes)])


def _each(kinds: dict[str, list[str]]) -> Iterable[str]:
    for clauses, of in kinds.items():
        either = f"({' | '.join(of)})"
        yield f"({clauses} & {either})" if clauses else either


def _firm(clauses: Clauses) -> Clauses:
    """Without the short beginnings where something else is left: what the index finds is looked at once more."""
    return [terms for terms in clauses if any(not begins or len(token) > SHORT for token, begins in terms)] or clauses
