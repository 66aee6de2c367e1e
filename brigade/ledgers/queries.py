"""The views that a ledger offers to a person, kept for a minute: each page of each ledger asks for them; what a sheet
that is brought in would come to; which draft somebody has of a form."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db.models import ManyToOneRel, Model
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.kit import crypto, importing
from brigade.kit.crypto import tail
from brigade.kit.refusals import Refused
from brigade.ledgers import rules
from brigade.ledgers.models import LONGEST_FORM, Draft, ImportRun, KeptMapping, SavedView
from brigade.ledgers.rules import Import, Judged


def saved_views(user: Any, listing: str, perm: str) -> list[SavedView]:
    """One's own views at once; what somebody else shares or drops may take a minute to show."""

    def offered() -> list[SavedView]:
        return list(SavedView.objects.offered_to(user, perm).filter(listing=listing).order_by("pk"))

    found: list[SavedView] | None = cache.get_or_set(_key(user, listing), offered, 60)
    return offered() if found is None else found


def forget_views(user: Any, listing: str) -> None:
    cache.delete(_key(user, listing))


def _key(user: Any, listing: str) -> str:
    return f"ledgers.views:{user.pk}:{listing}"


# Imports


def rows_of_import(asked: str, owner: Any) -> list[str]:
    """What an import of one's own wrote, by its id out of an address; nothing for anybody else's."""
    try:
        run = ImportRun.objects.filter(pk=asked, owner=owner).only("rows").first()
    except ValidationError:
        return []
    return run.rows if run else []


@dataclass(frozen=True, slots=True)
class Opened:
    """An uploaded workbook: its sheets, the table that was found, and how its headings are meant as far as known."""

    sheets: tuple[str, ...]
    table: importing.Table
    mapping: dict[str, str]


def opened(source: bytes | Path, spec: Import, owner: Any, sheet: str = "") -> Opened:
    """The table of the workbook, its headings mapped as its owner confirmed them before, else as they read."""
    kept = KeptMapping.objects.filter(owner=owner, listing=spec.code).order_by("kept_at")
    by_signature = {row.signature: row.mapping for row in kept}
    known = {heading: code for mapping in by_signature.values() for heading, code in mapping.items()}
    book = importing.open_book(source)
    table = importing.find_table(book, spec.columns, sheet=sheet, kept=known)
    kept_now = by_signature.get(signature(table.headings), known)
    return Opened(book.sheets, table, importing.suggest(table.headings, spec.columns, kept_now))


def signature(headings: Sequence[str]) -> str:
    return hashlib.sha256("\0".join(headings).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Checked:
    """A sheet of which every row was looked at; nothing of it is written."""

    table: importing.Table
    judged: list[Judged]

    @property
    def counts(self) -> dict[str, int]:
        return {
            "total": len(self.judged),
            "new": sum(one.draft is not None for one in self.judged),
            "known": sum(one.is_known for one in self.judged),
            "faulty": sum(bool(one.row.faults) for one in self.judged),
        }

    @property
    def drafts(self) -> list[Any]:
        return [one.draft for one in self.judged if one.draft is not None]


def checked(run: ImportRun, spec: Import, *, by: Any, now: datetime) -> Checked:
    """Look at every row of the run's file as `by` may write it now: cells, doubles in the file, the database.

    Refuses a file that is not the one that was uploaded, a mapping without the columns that are needed, and too much.
    """
    content = content_of(run)
    if hashlib.sha256(content).hexdigest() != run.sha256:
        raise Refused(_("服务器上的文件和上传时不一样了，没有入库；请重新上传。"))
    table = importing.find_table(importing.open_book(content), spec.columns, sheet=run.sheet, kept=run.mapping)
    rows = list(importing.read(table, spec.columns, run.mapping, keys=spec.keys))
    if not rows:
        raise Refused(_("表头下面没有内容，填好再上传。"))
    if spec.max_rows and len(rows) > spec.max_rows:
        limits = {"max": spec.max_rows, "n": len(rows)}
        raise Refused(_("一次最多导入%(max)d行，这张表有%(n)d行；请分成几个文件再导入。") % limits)
    return Checked(table, list(spec.judge(rows, by=by, now=now)))


def content_of(run: ImportRun) -> bytes:
    try:
        return run.file.read_bytes()
    except FileNotFoundError:
        raise Refused(_("上传的文件已清除，请重新上传。")) from None


def used_since(model: type[Model], keys: Sequence[Any], but: Collection[str] = (), within: str = "") -> str:
    """The sentence that names rows of an import which others point at by now; nothing where none is.

    `but` names the models (`org.posting`) whose rows came along with the import; `within` a domain that is looked at.
    """
    found: dict[Any, str] = {}
    for relation in model._meta.get_fields(include_hidden=True):
        if not isinstance(relation, ManyToOneRel) or relation.related_model._meta.label_lower in but:
            continue
        if not relation.related_model.__module__.startswith(within):
            continue
        rows = relation.related_model._base_manager.filter(**{f"{relation.field.name}__in": keys})
        for key in rows.values_list(relation.field.attname, flat=True).order_by().distinct()[:3]:
            found.setdefault(key, str(relation.related_model._meta.verbose_name))
    names = {row.pk: str(row) for row in model._base_manager.filter(pk__in=found)}
    return in_use([_("%(name)s（%(what)s）") % {"name": names[key], "what": what} for key, what in found.items()])


def in_use(names: Sequence[str]) -> str:
    """Why an import cannot be undone as a whole: these rows of it are in use."""
    if not names:
        return ""
    words = {"names": "、".join(names[:3]), "more": _("等") if len(names) > 3 else ""}
    return _("已经在用，不能整批撤销：%(names)s%(more)s；错的逐条更正。") % words


_MAY_BE_PRIVATE = re.compile(r"\d{9}")


def headings_of(table: importing.Table) -> list[list[str]]:
    """Each heading with what stands below it first, for the page on which columns are matched: of what may be the
    number of a person or a phone only the tail, as nobody knows yet what the column is."""
    found = []
    for place, heading in enumerate(table.headings):
        if heading:
            below = (_plain(line.cells[place]) for line in table.lines[:20])
            sample = next(filter(None, below), "")[:30]
            found.append([heading, f"*******{tail(sample)}" if _MAY_BE_PRIVATE.search(sample) else sample])
    return found


def preview(found: Checked, spec: Import, mapping: Mapping[str, str]) -> list[dict[str, Any]]:
    """Rows for the page of the check: the faulty ones, else the first; each cell with what is wrong with it."""
    faulty = [one for one in found.judged if one.row.faults][: rules.SHOWN_FAULTY]
    lines = {line.number: line.cells for line in found.table.lines}
    places = {mapping[heading]: n for n, heading in enumerate(found.table.headings) if mapping.get(heading)}
    shown = []
    for one in faulty or found.judged[: rules.SHOWN_GOOD]:
        faults: dict[str, str] = {}
        for fault in one.row.faults:
            faults[fault.code] = "；".join(filter(None, (faults.get(fault.code), fault.sentence.rstrip("。"))))
        cells = []
        for column in spec.columns:
            if column.code in places:
                text = _cell(one, column, lines[one.row.number][places[column.code]], spec)
                cells.append({"label": str(column.label), "text": text, "fault": faults.pop(column.code, "")})
        shown.append({"n": one.row.number, "cells": cells, "known": one.is_known, "rest": "；".join(faults.values())})
    return shown


def _cell(one: Judged, column: importing.Column, raw: Any, spec: Import) -> str:
    """What was understood, or what stands there where nothing was; only the tail of what is private."""
    value = one.row.values.get(column.code)
    words = {str(key): str(word) for key, word in column.choices}
    text = _plain(raw) if value is None else words.get(str(value), _plain(value))
    if column.code in spec.private and text:
        return f"*******{tail(text)}"
    return text[:60]


def _plain(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return _("是") if value else _("否")
        case float() if value.is_integer():
            return str(int(value))
        case datetime():
            local = timezone.make_naive(value) if timezone.is_aware(value) else value
            return f"{local:%Y-%m-%d %H:%M}"
        case date():
            return value.isoformat()
    return str(value)


# Drafts


def page_of(address: str, name: str) -> str:
    """The form `name` at an address of the portal, whatever record it would make: view, its arguments, name."""
    try:
        return form_at(resolve(urlsplit(address).path), name)
    except (Resolver404, ValueError):
        raise Refused(_("没有这个页面，草稿只存在这台电脑")) from None


def form_at(match: ResolverMatch, name: str, *more: str) -> str:
    """The same for an address that is resolved; `more`: what the blank form was asked for, the new record's id."""
    parts = [match.view_name, *(str(value) for value in match.kwargs.values()), name, *more]
    found = "|".join(filter(None, parts))
    if len(found) > LONGEST_FORM:
        raise Refused(_("这张表单的地址太长，草稿只存在这台电脑"))
    return found


def draft_of(person: Any, page: str) -> Draft | None:
    """The newest draft that a person has of a form."""
    return Draft.objects.visible_to(person).filter(page=page).order_by("-saved_at", "-id").first()


def typed_in(draft: Draft) -> dict[str, Any]:
    """What was typed; `Unreadable` when its key is gone."""
    return json.loads(crypto.unseal(draft.sealed, aad=draft_cell(draft)))


def draft_cell(draft: Draft) -> str:
    return crypto.cell("ledgers_draft", "sealed", draft.pk)
