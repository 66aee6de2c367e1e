"""Searching: over all kinds at once for the page, in one kind for a ledger.

The index only proposes; every row that is shown went through `visible_to` of its own kind.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection
from django.db.models import CharField, Exists, Model, OuterRef, QuerySet, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast, Lower, Replace, StrIndex
from django.db.models.lookups import GreaterThan
from django.utils import timezone

from brigade.kit import crypto
from brigade.kit.searching import Clauses, Name, Question, forms, fts5, question, tsquery
from brigade.kit.searching import whole as whole_token
from brigade.search import rules
from brigade.search.models import Entry

MANY = 10_000
"""Up to so many rows a ledger takes by key; more are read in the order of the ledger."""
POOL = 60
"""So many of the youngest rows of a kind are looked at, of those that begin like the question and of all."""
PEOPLE = 300
"""The same for people and units, who have no place of their own in the index."""


def findable() -> dict[str, type[Model]]:
    """Every kind of thing that can be found: whatever says by which words."""
    return {model._meta.label_lower: model for model in apps.get_models() if hasattr(model, "search_words")}


FREQUENT = 2
"""So short a beginning stands in many rows."""
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

    First come rows whose number, then whose title is the text or reads so, then those that have it as another word (a
    name, a tail, initials), then those whose number or title begins so, or holds it, then the rest; among equals what
    is not voided, and the younger one.
    """
    asked = question(text)
    if not asked:
        return []
    kinds = findable()
    found: dict[str, dict[str, tuple[int, bool]]] = defaultdict(dict)
    seen: dict[str, int] = defaultdict(int)
    for kind, key, age, is_whole, counts in _proposed(_arms(user, text, asked, kinds)):
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


@dataclass(slots=True)
class Narrowed:
    """The rows of one kind that a text asks for; `some` keys of them where they are too many to be taken by key."""

    rows: QuerySet
    some: list[Any] = field(default_factory=list)


def narrowed(rows: QuerySet, text: str, user: Any) -> Narrowed:
    """The rows out of those that `user` may see that a text asks for.

    Up to MANY are taken by key: looked for in the order of a long ledger, a rare word would have the database read all
    of it. So many that the index would be read for nothing are met soon in any order, by `search_text`.
    """
    asked = question(text)
    if not asked:
        return Narrowed(rows.none() if text.strip() else rows)
    kind = rows.model._meta.label_lower
    reach = _reach(user, rows.model)
    clauses = asked.clauses if reach is None else [*asked.clauses, *rules.seen_from(reach, user.pk)]
    sql, params = _matching(kind, clauses)
    keys = [key for (key,) in _fetched(f"{sql} LIMIT {MANY + 1}", params)]
    if len(keys) <= MANY:
        return Narrowed(by_keys(rows, keys))
    for word in asked.words:  # by place, not by LIKE: PostgreSQL takes that for rare and would read and sort everything
        rows = rows.filter(GreaterThan(StrIndex(Lower("search_text"), Value(word)), 0))
    return Narrowed(rows, keys)


def by_keys(rows: QuerySet, keys: Sequence[Any]) -> QuerySet:
    """The rows with these keys, given to the database as one value however many they are."""
    listed = json.dumps([rules.key_of(key) for key in keys])
    if connection.vendor == "postgresql":
        of_list = f"SELECT value::{_cast(rows.model)} FROM json_array_elements_text(%s::json)"
    else:
        of_list = "SELECT value FROM json_each(%s)"
    return rows.filter(pk__in=RawSQL(of_list, [listed]))  # noqa: S611 - our statement; the keys are a parameter


def _reach(user: Any, model: type[Model]) -> list[int] | None:
    """The units from which the person sees records of a kind; None for all, and for what has no place in the index."""
    if not hasattr(model, "own_readers"):
        return None
    reach = user.units_for(f"{model._meta.app_label}.view_{model._meta.model_name}")
    return None if len(reach) >= apps.get_model("org", "Unit").objects.count() else sorted(reach)


@dataclass(frozen=True, slots=True)
class _Arm:
    """One part of the one question to the index: the youngest `limit` entries of a kind."""

    clauses: Clauses
    limit: int
    kind: str
    is_whole: bool = False
    counts: bool = False


def _arms(user: Any, text: str, asked: Question, kinds: dict[str, type[Model]]) -> list[_Arm]:
    """Of each kind what has it as a whole word, what begins so, and all; of what the person sees a part of, that part,
    and of the rest a few: `visible_to` has the last word.
    """
    arms = []
    ends = [(asked.whole, False)] if asked.whole.isdecimal() else []
    for kind, model in kinds.items():
        pool, reach = _pool(model), _reach(user, model)
        seen = [] if reach is None else rules.seen_from(reach, user.pk)
        wholes = [(token, False) for token in (whole_token(text), *_blind(text, model)) if token] + ends
        if wholes:
            arms.append(_Arm([wholes, *seen], pool, kind, is_whole=True))
        if asked.head:
            arms.append(_Arm([*asked.head, *seen], pool, kind))
        arms.append(_Arm([*asked.clauses, *seen], pool, kind, counts=True))
        if seen:
            arms.append(_Arm(asked.clauses, pool, kind))
    return arms


def _blind(text: str, model: type[Model]) -> Iterable[str]:
    """A whole phone, identity or plate number finds its row by the blind index, as `org.rules.look_up` does."""
    if sum(sign.isdigit() for sign in text) >= 5:
        for name in getattr(model, "SENSITIVE", ()):
            yield rules.blind(crypto.blind_index(text, purpose=f"{model._meta.label_lower}.{name}"))


def _pool(model: type[Model]) -> int:
    return POOL if hasattr(model, "own_readers") else PEOPLE


def _proposed(arms: list[_Arm]) -> list[tuple[str, str, int, bool, bool]]:
    """(kind, key, age, found as a whole, counts) of what the arms find, in one statement."""
    parts, params = [], []
    for arm in arms:
        sql, values = _youngest(arm)
        flags = f"{int(arm.is_whole)} AS is_whole, {int(arm.counts)} AS counts"
        parts.append(f"SELECT arm.*, {flags} FROM ({sql}) AS arm")
        params += values
    rows = _fetched(" UNION ALL ".join(parts), params)
    return [(kind, key, age, bool(is_whole), bool(counts)) for kind, key, age, is_whole, counts in rows]


def _youngest(arm: _Arm) -> tuple[str, list[str]]:
    """The youngest entries that an arm asks for. SQLite walks its index backwards and stops.

    PostgreSQL's index has no order. So some entries are read without any; only where they are too many, the planner
    chooses between the index and the table from its young end. Of a beginning it cannot tell whether it is rare: one of
    a sign or two is not, and `IS TRUE` keeps it from the index there.
    """
    columns = "search_entry.kind, search_entry.object_id, search_entry.id"
    sql, values = _matching(arm.kind, arm.clauses, columns)
    if connection.vendor != "postgresql":
        return f"{sql} ORDER BY search_words.rowid DESC LIMIT {arm.limit}", values
    beginnings = [token for terms in arm.clauses for token, begins in terms if begins]
    is_frequent = bool(beginnings) and all(len(token) <= FREQUENT for token in beginnings)
    walked = sql.replace("words @@ %s::tsquery", "(words @@ %s::tsquery) IS TRUE") if is_frequent else sql
    both = (
        f"WITH few AS MATERIALIZED ({sql} LIMIT {SOME + 1}), counted AS (SELECT count(*) AS n FROM few) "
        f"SELECT * FROM (SELECT * FROM few WHERE (SELECT n FROM counted) <= {SOME} "
        f"ORDER BY id DESC LIMIT {arm.limit}) AS a "
        f"UNION ALL SELECT * FROM ({walked} AND (SELECT n FROM counted) > {SOME} "
        f"ORDER BY search_entry.id DESC LIMIT {arm.limit}) AS b"
    )
    return both, values * 2


def _matching(kind: str, clauses: Clauses, columns: str = "object_id") -> tuple[str, list[str]]:
    """A statement that reads the entries of a kind that the clauses ask for."""
    if connection.vendor == "postgresql":
        where = "words @@ %s::tsquery AND kind = %s"
        return f"SELECT {columns} FROM search_entry WHERE {where}", [tsquery(clauses), kind]
    of_kind: Clauses = [[(rules.kind_token(kind), False)]]
    joined = "search_words CROSS JOIN search_entry ON search_entry.id = search_words.rowid"
    sql = f"SELECT {columns} FROM {joined} WHERE search_words MATCH %s"
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


def _rank(row: Any, text: str, age: int, is_whole: bool) -> tuple[int, bool, int]:
    is_person = isinstance(row, AbstractBaseUser)
    name = Name(row.title) if is_person else row.title
    number, title = question(str(row.number)).whole, question(str(name)).whole
    spoken = forms(name) if text.isascii() else ()
    steps = (
        text == number,
        text == title,
        text in spoken,
        is_whole,
        number.startswith(text) or title.startswith(text),
        any(one.startswith(text) for one in spoken),
        text in number or text in title,
        True,
    )
    return steps.index(True), getattr(row, "state", "") == "voided", -age


def _cast(model: type[Model]) -> str:
    return "uuid" if model._meta.pk.get_internal_type() == "UUIDField" else "bigint"


def missing(model: type[Model]) -> QuerySet:
    """Rows without an entry, or with one of an earlier edition."""
    key = Replace(Cast(OuterRef("pk"), CharField()), Value("-"), Value(""))
    kept = Entry.objects.filter(kind=model._meta.label_lower, edition=rules.EDITION, object_id=key)
    return model._base_manager.filter(~Exists(kept)).order_by("pk")


def is_complete(model: type[Model]) -> bool:
    """Whether every row has its entry, told by the counts: nothing is ever deleted."""
    kept = Entry.objects.filter(kind=model._meta.label_lower, edition=rules.EDITION)
    return kept.count() >= model._base_manager.count()
