"""Searching in one kind, for a ledger."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import connection
from django.db.models import Model, QuerySet, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Lower, StrIndex
from django.db.models.lookups import GreaterThan

from brigade.kit.searching import question
from brigade.search import rules
from brigade.search.queries.aiming import reach_of
from brigade.search.queries.proposing import expected, keys_of

MANY = 10_000
"""Up to so many rows a ledger takes by key; more are read in the order of the ledger."""
SURELY = 2
"""So many times as many are expected where they are taken for more unread."""


@dataclass(frozen=True, slots=True)
class Narrowed:
    """The rows of one kind that a text asks for; where they are too many to be taken by key, `some` reads keys of them:
    up to one more than MANY."""

    rows: QuerySet
    some: Callable[[], list[Any]] | None = None


def narrowed(rows: QuerySet, text: str, user: Any) -> Narrowed:
    """The rows out of those that `user` may see that a text asks for.

    Up to MANY are taken by key: looked for in the order of a long ledger, a rare word would have the database read all
    of it. So many that the index would be read for nothing are met soon in any order, by `search_text`.
    """
    asked = question(text)
    if not asked:
        return Narrowed(rows.none() if text.strip() else rows)
    reach = reach_of(user, rows.model)
    seen = [] if reach is None else rules.seen_from(reach, user.pk)
    some = partial(keys_of, rows.model._meta.label_lower, asked.clauses, seen, MANY + 1)
    if expected(rows.model, [*asked.clauses, *seen]) <= SURELY * MANY:
        keys = some()
        if len(keys) <= MANY:
            return Narrowed(by_keys(rows, keys))
        some = partial(list, keys)
    for word in asked.words:  # by place, not by LIKE: PostgreSQL takes that for rare and would read and sort everything
        rows = rows.filter(GreaterThan(StrIndex(Lower("search_text"), Value(word)), 0))
    return Narrowed(rows, some)


def by_keys(rows: QuerySet, keys: Sequence[Any]) -> QuerySet:
    """The rows with these keys, given to the database as one value however many they are."""
    listed = json.dumps([rules.key_of(key) for key in keys])
    if connection.vendor == "postgresql":
        of_list = f"SELECT value::{_cast(rows.model)} FROM json_array_elements_text(%s::json)"
    else:
        of_list = "SELECT value FROM json_each(%s)"
    return rows.filter(pk__in=RawSQL(of_list, [listed]))  # noqa: S611 - our statement; the keys are a parameter


def _cast(model: type[Model]) -> str:
    return "uuid" if model._meta.pk.get_internal_type() == "UUIDField" else "bigint"
