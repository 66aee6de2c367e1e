"""Writing the index: with every write of what can be found, and once for what was there before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.db import connections, transaction
from django.db.models import ForeignKey, Model, prefetch_related_objects
from django.utils.translation import gettext as _

from brigade.audit import actions as audit
from brigade.kit.searching import masked
from brigade.search import rules
from brigade.search.models import Entry
from brigade.search.queries import findable, is_complete, missing
from brigade.search.rules import words_of

BATCH = 500


def enter(things: Sequence[Any]) -> None:
    """Make the entries of new things of one kind, in the transaction that wrote them and their child rows."""
    for start in range(0, len(things), BATCH):
        Entry.objects.bulk_create(made(things[start : start + BATCH]))


def made(things: Sequence[Any]) -> list[Entry]:
    """The entries of new things, to be written in the transaction that writes these."""
    return [_entry(thing) for thing in things]


def keep(things: Sequence[Any]) -> None:
    """Bring the entries of things of one kind to what they are found by now, in the transaction that changed them."""
    for start in range(0, len(things), BATCH):
        wanted = {entry.object_id: entry for entry in map(_entry, things[start : start + BATCH])}
        rows = Entry.objects.filter(kind=things[0]._meta.label_lower, object_id__in=wanted)
        for pk, key, print, edition in rows.values_list("pk", "object_id", "print", "edition"):
            entry = wanted.pop(key)
            if (entry.print, entry.edition) != (print, edition):
                Entry.objects.filter(pk=pk).update(print=entry.print, edition=entry.edition, words=entry.words)
        Entry.objects.bulk_create(wanted.values())


def _entry(thing: Any) -> Entry:
    words = words_of(thing)
    return Entry(
        kind=thing._meta.label_lower,
        object_id=rules.key_of(thing.pk),
        print=rules.fingerprint(words),
        edition=rules.EDITION,
        words=words,
    )


def catch_up(*, now: datetime) -> str:
    """Enter what has no entry yet: rows from before the index, or of an earlier edition of it. A timed job.

    What was entered last time is not looked at again; a batch is one transaction, so a stop loses nothing.
    """
    n = 0
    for model in findable().values():
        while not is_complete(model) and (done := _enter(model)):
            n += done
    return _("搜索索引补上%(n)d条") % {"n": n}


def _enter(model: type[Model]) -> int:
    with transaction.atomic():
        pks = list(missing(model).values_list("pk", flat=True)[:BATCH])
        rows = list(model._base_manager.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk"))
        keys = [field.name for field in model._meta.concrete_fields if isinstance(field, ForeignKey)]
        prefetch_related_objects(rows, *keys)
        keep(rows)
    return len(rows)


def note(*, by: Any, text: str, found: int, now: datetime) -> None:
    """Leave in the trail what a person looked for and how many rows he was shown; of numbers of people the last four.

    The same words within `NOTED` count once: a page that is opened again is not another search.
    """
    key = f"search.noted:{by.pk}:{rules.fingerprint(text)}"
    if not cache.add(key, True, rules.NOTED.total_seconds()):
        return
    words = masked(text)
    sentence = _("搜索“%(words)s”，看到%(found)d条") % {"words": words, "found": found}
    audit.record("search.asked", None, by=by, sentence=sentence, changes={"words": words, "found": found}, now=now)


def make_index(using: str = "default") -> None:
    """Make the full text index where it does not stand yet, and fill it from the entries. Runs after each migration."""
    connection = connections[using]
    with connection.cursor() as cursor:
        is_new = rules.FULL_TEXT not in connection.introspection.table_names(cursor)
        for statement in rules.index(connection.vendor):
            cursor.execute(statement)
        if connection.vendor == "sqlite" and is_new:
            cursor.execute(f"INSERT INTO {rules.FULL_TEXT}({rules.FULL_TEXT}) VALUES ('rebuild')")
