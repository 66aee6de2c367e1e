"""Searching over all kinds at once, for the page."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Model, QuerySet
from django.utils import timezone

from brigade.kit.searching import Name, forms, question
from brigade.search import rules
from brigade.search.queries.aiming import aims
from brigade.search.queries.proposing import Proposed, proposed
from brigade.search.queries.standing import findable


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
    all_ = {aim.kind: aim for aim in aims(user, text, asked, kinds)}
    groups = []
    for kind, few in proposed(list(all_.values())).items():
        group = Group(kind, kinds[kind], more=sum(one.counts for one in few.values()) >= all_[kind].pool)
        every: Any = kinds[kind]._default_manager
        rows = every.visible_to(user).filter(pk__in=list(few))
        ranked = [(_rank(row, asked.whole, few[rules.key_of(row.pk)]), row) for row in _with_unit(rows)]
        if ranked:
            ranked.sort(key=lambda pair: pair[0])
            group.best, group.rows = ranked[0][0], [row for _rank, row in ranked]
            groups.append(group)
    return sorted(groups, key=lambda group: group.best)


def _with_unit(rows: QuerySet) -> QuerySet:
    if hasattr(rows, "with_unit_names"):
        return rows.with_unit_names(timezone.localdate())
    is_record = hasattr(rows.model, "own_readers")
    return rows.select_related("unit").defer("search_text") if is_record else rows


def _rank(row: Any, text: str, few: Proposed) -> tuple[int, bool, int]:
    is_person = isinstance(row, AbstractBaseUser)
    name = Name(row.title) if is_person else row.title
    number, title = question(str(row.number)).whole, question(str(name)).whole
    spoken = forms(name) if text.isascii() else ()
    steps = (
        text == number,
        text == title,
        text in spoken,
        few.is_whole,
        number.startswith(text) or title.startswith(text),
        any(one.startswith(text) for one in spoken),
        text in number or text in title,
        True,
    )
    return steps.index(True), getattr(row, "state", "") == "voided", -few.age
