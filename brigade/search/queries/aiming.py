"""What a question looks for in each kind, and from where the person who asks sees rows of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import Model

from brigade.kit import crypto
from brigade.kit.searching import Clauses, Question, Term, whole
from brigade.search import rules

POOL = 60
"""So many of the youngest rows of a kind are looked at, of those that begin like the question and of all."""
PEOPLE = 300
"""The same for people and units, who have no place of their own in the index."""

Found = tuple[str, str, int, bool, bool]
"""(kind, key, age: the higher the younger, whether the question is a whole word of it, whether it holds the words and
is seen)"""


@dataclass(frozen=True, slots=True)
class Aim:
    """What is looked for in one kind: the youngest `pool` entries that hold all `words`, of those that begin so
    (`head`), and of those with one of the `wholes`; of what the person sees, where `seen` says that it is a part.
    """

    kind: str
    pool: int
    words: Clauses
    head: Clauses
    wholes: Sequence[Term]
    seen: Clauses


def aims(user: Any, text: str, asked: Question, kinds: dict[str, type[Model]]) -> list[Aim]:
    found = []
    ends = [(asked.whole, False)] if asked.whole.isdecimal() else []
    for kind, model in kinds.items():
        reach = reach_of(user, model)
        seen = [] if reach is None else rules.seen_from(reach, user.pk)
        wholes = [(token, False) for token in (whole(text), *_blind(text, model)) if token] + ends
        pool = POOL if hasattr(model, "own_readers") else PEOPLE
        found.append(Aim(kind, pool, asked.clauses, asked.head, wholes, seen))
    return found


def reach_of(user: Any, model: type[Model]) -> list[int] | None:
    """The units from which the person sees records of a kind; None for all, and for what has no place in the index."""
    if not hasattr(model, "own_readers"):
        return None
    reach = user.units_for(f"{model._meta.app_label}.view_{model._meta.model_name}")
    return None if len(reach) >= apps.get_model("org", "Unit").objects.count() else sorted(reach)


def fetched(sql: str, params: Sequence[Any]) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def _blind(text: str, model: type[Model]) -> Iterable[str]:
    """A whole phone, identity or plate number finds its row by the blind index, as `org.rules.look_up` does."""
    if sum(sign.isdigit() for sign in text) >= 5:
        for name in getattr(model, "SENSITIVE", ()):
            yield rules.blind(crypto.blind_index(text, purpose=f"{model._meta.label_lower}.{name}"))
