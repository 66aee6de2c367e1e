"""Searching: over all kinds at once for the page, in one kind for a ledger.

The index only proposes; every row that is shown went through `visible_to` of its own kind.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import CharField, Exists, Model, OuterRef, QuerySet, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast, Replace
from django.utils import timezone

from brigade.kit import crypto
from brigade.kit.searching import Clauses, Question, fts5, question, tsquery
from brigade.kit.searching import whole as whole_token
from brigade.search import rules
from brigade.search.models import Entry

FEW = 200
"""So many rows a ledger takes by key; up to MANY by a subquery; more are read in the order of the ledger."""
MANY = 10_000
POOL = 60
"""So many of the youngest rows of a kind are looked at, of those that begin like the question and of all."""
PEOPLE = 300
"""The same for people and units, who have no place of their own in the index."""


def findable() -> dict[str, type[Model]]:
    """Every kind of thing that can be found: whatever says by which words."""
    return {model._meta.label_lower: model for model in apps.get_models() if hasattr(model, "search_words")}


SOME = 2_000
"""More entries than that are many: a word that stands in them is met soon wherever one begins to read."""


@dataclass(slots=True)
class Group:
    """What was found of one kind, the best first; `more` when there may be others beyond."""

    kind: str
    model: type[Model]
    rows: list[Any] = field(default_factory=list)
    best: tuple = ()
    more: bool = False


def find(user: Any, text: str) -> list[Group]:
    """What `user` may see of all that the text asks for, by kind: the group with the best row first.

    First come rows whose number, then whose title is the text, then those that have it as another word (a name, a tail,
    initials), then those whose number or title begins so, then the rest; among equals the younger one.
    """
    asked = question(text)
    if not asked:
        return []
    kinds = findable()
    found: dict[str, dict[str, tuple[int, bool]]] = defaultdict(dict)
    seen: dict[str, int] = defaultdict(int)
    for kind, key, age, is_whole, counts in _proposed(_arms(user, text, asked, kinds)):
        if kind in kinds:
            seen[kind] += counts
            found[kind][key] = (age, is_whole or found[kind].get(key, (0, False))[1])
    groups = []
    for kind, proposed in found.items():
        group = Group(kind, kinds[kind], more=seen[kind] >= _pool(kinds[kind]))
        every: Any = kinds[kind]._default_manager
        rows = every.visible_to(user).filter(pk__in=list(proposed))
        ranked = [(_rank(row, asked.whole, *proposed[rules.key_of(row.pk)]), row) for row in _with_unit(rows)]
        if ranked:
            ranked.sort(key=lambda pair: pair[0])
            group.best, group.rows = ranked[0][0], [row for _rank, row in ranked]
            groups.append(group)
    return sorted(groups, key=lambda group: group.best)


def narrowed(rows: QuerySet, text: str) -> QuerySet:
    """The rows of one kind that a text asks for.

    A few are taken by key: looked for in the order of a long ledger, a rare word would have the database read all of
    it. So many that the index would be read for nothing are met soon in any order, by `search_text`.
    """
    asked = question(text)
    if not asked:
        return rows.none() if text.strip() else rows
    sql, params = _matching(rows.model._meta.label_lower, asked.clauses)
    keys = [key for (key,) in _fetched(f"{sql} LIMIT {FEW + 1}", params)]
    if len(keys) <= FEW:
        return rows.filter(pk__in=keys)
    [[count]] = _fetched(f"SELECT count(*) FROM ({sql} LIMIT {MANY + 1}) AS found", params)
    if count <= MANY:
        return rows.filter(pk__in=RawSQL(sql, params))  # noqa: S611 - our statement; what was typed is a parameter
    for word in asked.words:
        rows = rows.filter(search_text__icontains=word)
    return rows


@dataclass(frozen=True, slots=True)
class _Arm:
    """One part of the one question to the index: the youngest `limit` entries."""

    clauses: Clauses
    limit: int
    kind: str = ""
    is_whole: bool = False
    counts: bool = False


def _arms(user: Any, text: str, asked: Question, kinds: dict[str, type[Model]]) -> list[_Arm]:
    """As a whole in any kind; then of each kind what begins so, all, and where the person sees a part, that part."""
    arms = []
    if wholes := [(token, False) for token in (whole_token(text), *_blind(text, kinds.values())) if token]:
        arms.append(_Arm([wholes], POOL, is_whole=True))
    units = apps.get_model("org", "Unit").objects.count()
    for kind, model in kinds.items():
        pool = _pool(model)
        if asked.head:
            arms.append(_Arm(asked.head, pool, kind))
        arms.append(_Arm(asked.clauses, pool, kind, counts=True))
        if hasattr(model, "own_readers"):
            reach = user.units_for(f"{model._meta.app_label}.view_{model._meta.model_name}")
            if len(reach) < units:
                arms.append(_Arm([*asked.clauses, *rules.seen_from(sorted(reach), user.pk)], pool, kind))
    return arms


def _blind(text: str, models: Iterable[type[Model]]) -> Iterable[str]:
    """A whole phone, identity or plate number finds its row by the blind index, as `org.rules.look_up` does."""
    if sum(sign.isdigit() for sign in text) < 5:
        return
    for model in models:
        for name in getattr(model, "SENSITIVE", ()):
            yield rules.blind(crypto.blind_index(text, purpose=f"{model._meta.label_lower}.{name}"))


def _pool(model: type[Model]) -> int:
    return POOL if hasattr(model, "own_readers") else PEOPLE


def _proposed(arms: list[_Arm]) -> list[tuple[str, str, int, bool, bool]]:
    """(kind, key, age, found as a whole, counts) of what the arms find, in one statement."""
    parts, params = [], []
    for arm in arms:
        sql, values = _matching(arm.kind, arm.clauses, "search_entry.kind, search_entry.object_id, search_entry.id")
        flags = f"{int(arm.is_whole)} AS is_whole, {int(arm.counts)} AS counts"
        parts.append(f"SELECT arm.*, {flags} FROM ({_youngest(sql, arm.limit)}) AS arm")
        params += values * (2 if connection.vendor == "postgresql" else 1)
    rows = _fetched(" UNION ALL ".join(parts), params)
    return [(kind, key, age, bool(is_whole), bool(counts)) for kind, key, age, is_whole, counts in rows]


def _youngest(sql: str, limit: int) -> str:
    """The youngest entries of a statement. SQLite walks its index backwards and stops.

    PostgreSQL's index has no order, and of a beginning the planner cannot tell whether it is rare. So some entries are
    read without any; only where they are too many, and so met soon, the table is walked from its young end.
    """
    if connection.vendor != "postgresql":
        return f"{sql} ORDER BY search_words.rowid DESC LIMIT {limit}"
    return (
        f"WITH few AS MATERIALIZED ({sql} LIMIT {SOME + 1}), counted AS (SELECT count(*) AS n FROM few) "
        f"SELECT * FROM (SELECT * FROM few WHERE (SELECT n FROM counted) <= {SOME} "
        f"ORDER BY id DESC LIMIT {limit}) AS a "
        f"UNION ALL SELECT * FROM ({sql} AND (SELECT n FROM counted) > {SOME} "
        f"ORDER BY search_entry.id DESC LIMIT {limit}) AS b"
    )


def _matching(kind: str, clauses: Clauses, columns: str = "") -> tuple[str, list[str]]:
    """A statement that reads the entries of a kind, or of all, that the clauses ask for."""
    if connection.vendor == "postgresql":
        model = apps.get_model(kind) if kind else None
        cast = "uuid" if model and model._meta.pk.get_internal_type() == "UUIDField" else "bigint"
        where = "words @@ %s::tsquery" + (" AND kind = %s" if kind else "")
        return (
            f"SELECT {columns or f'object_id::{cast}'} FROM search_entry WHERE {where}",
            [tsquery(clauses), *([kind] if kind else [])],
        )
    of_kind: Clauses = [[(rules.kind_token(kind), False)]] if kind else []
    joined = "search_words CROSS JOIN search_entry ON search_entry.id = search_words.rowid"
    sql = f"SELECT {columns or 'object_id'} FROM {joined} WHERE search_words MATCH %s"
    return sql, [fts5([*of_kind, *clauses])]


def _fetched(sql: str, params: list[Any]) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def _with_unit(rows: QuerySet) -> QuerySet:
    if hasattr(rows, "with_unit_names"):
        return rows.with_unit_names(timezone.localdate())
    is_record = hasattr(rows.model, "own_readers")
    return rows.select_related("unit").defer("search_text") if is_record else rows


def _rank(row: Any, text: str, age: int, is_whole: bool) -> tuple[int, int]:
    number, title = (question(str(getattr(row, name))).whole for name in ("number", "title"))
    steps = (text == number, text == title, is_whole, number.startswith(text) or title.startswith(text), True)
    return steps.index(True), -age


def missing(model: type[Model]) -> QuerySet:
    """Rows without an entry, or with one of an earlier edition."""
    key = Replace(Cast(OuterRef("pk"), CharField()), Value("-"), Value(""))
    kept = Entry.objects.filter(kind=model._meta.label_lower, edition=rules.EDITION, object_id=key)
    return model._base_manager.filter(~Exists(kept)).order_by("pk")


def is_complete(model: type[Model]) -> bool:
    """Whether every row has its entry, told by the counts: nothing is ever deleted."""
    kept = Entry.objects.filter(kind=model._meta.label_lower, edition=rules.EDITION)
    return kept.count() >= model._base_manager.count()
