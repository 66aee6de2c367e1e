"""How the index lies in each database; the fingerprint of what is kept; where a record is seen from."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from hashlib import blake2b
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _lazy

from brigade.kit.searching import BEGINNINGS, SIGN, Clauses, tokens

EDITION = 2
"""Goes up when tokens are made another way; `actions.catch_up` then makes those of all entries anew."""
VERBS = {"search.asked": _lazy("搜索")}
NOTED = timedelta(minutes=10)
"""The same words of the same person are noted once in that time."""
TABLE = "search_entry"
FULL_TEXT = "search_words"
"""SQLite's full text table; it keeps no copy of the words, three triggers follow `TABLE`."""


def index(vendor: str) -> list[str]:
    """The statements that make the index where it does not stand yet.

    The tokens hold no sign that SQLite's `ascii` would part, so it only cuts at the blanks, as we wrote them;
    `unicode61` knows no character that is younger than itself. Positions are not kept: no question needs them. The
    BEGINNINGS have lists of their own there, which are read only as far as needed.
    PostgreSQL writes an entry into the index at once (`fastupdate=off`): no search has to read a list of waiting ones.
    """
    if vendor == "postgresql":
        return [f"CREATE INDEX IF NOT EXISTS {FULL_TEXT} ON {TABLE} USING gin (words) WITH (fastupdate = off)"]
    drop = f"INSERT INTO {FULL_TEXT}({FULL_TEXT}, rowid, words) VALUES ('delete', old.id, old.words);"
    put = f"INSERT INTO {FULL_TEXT}(rowid, words) VALUES (new.id, new.words);"
    events = {"INSERT": put, "DELETE": drop, "UPDATE OF words": drop + put}
    beginnings = " ".join(map(str, BEGINNINGS))
    options = (
        f"content='{TABLE}', content_rowid='id', tokenize='ascii', detail='none', columnsize=0, prefix='{beginnings}'"
    )
    return [
        f"CREATE VIRTUAL TABLE IF NOT EXISTS {FULL_TEXT} USING fts5(words, {options})",
        *(
            f"CREATE TRIGGER IF NOT EXISTS {FULL_TEXT}_{event.split()[0].lower()} AFTER {event} ON {TABLE} "
            f"BEGIN {body} END"
            for event, body in events.items()
        ),
    ]


def key_of(pk: Any) -> str:
    """The key of a row as an entry has it."""
    return pk.hex if isinstance(pk, UUID) else str(pk)


def kind_token(kind: str) -> str:
    return f"{SIGN}k{kind.replace('.', '').replace('_', '')}"


def places(units: Iterable[int], people: Iterable[int]) -> list[str]:
    """From where a record is seen: tokens of the units whose readers reach it, and of its own readers."""
    return [*(f"{SIGN}u{unit}" for unit in units), *(f"{SIGN}p{person}" for person in people)]


def seen_from(units: Iterable[int], person: int) -> Clauses:
    """The clause of a question that only asks for what is seen from those units or by that person."""
    return [[(place, False) for place in places(units, [person])]]


def basis_of(thing: Any) -> tuple[tuple, ...]:
    """What the tokens of a record are made of, but for its own readers: while it stays, they stay."""
    sealed = tuple(getattr(thing, f"{field}_index", "") for field in thing.SENSITIVE)
    return tuple(thing.search_words()), tuple(thing.reading_units()), sealed


def words_of(thing: Any) -> str:
    """All tokens of a thing, in a fixed order. Of a sealed field only its blind index and what `search_words` gives."""
    found = tokens(thing.search_words())
    found.add(kind_token(thing._meta.label_lower))
    for field in getattr(thing, "SENSITIVE", ()):
        if index := getattr(thing, f"{field}_index", ""):
            found.add(blind(index))
    if hasattr(thing, "own_readers"):
        found.update(places(thing.reading_units(), (person.pk for person, _why in thing.own_readers())))
    return " ".join(sorted(found))


def blind(index: str) -> str:
    return f"{SIGN}b{index}"


def fingerprint(words: str) -> str:
    return blake2b(words.encode(), digest_size=16).hexdigest()
