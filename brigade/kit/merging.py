"""Two people change one record at the same time: what each of them changed is put together, field by field.

Three states of a form meet: *base*, what it said when it was opened (it travels with the form as keyed digests, so that
nothing readable lies in it), *mine*, what was sent, and *theirs*, the form as it would open now. What only one of them
changed is taken; what both changed differently is a `Clash`. Rows of a formset are matched by their `id`, else by what
they said; several choices of one list are merged choice by choice. A form with more inputs than its fields and
formsets names them by `loose()`.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from difflib import SequenceMatcher
from typing import Any

from django import forms
from django.conf import settings
from django.forms import BaseForm, BaseFormSet
from django.http import QueryDict
from django.utils.translation import gettext as _

from brigade.kit.crypto import hmac_sm3

BASE, VERSION, CLASH, TAKE = "base", "version", "clash", "take-"
"""Names of the hidden fields, and of the choice that each clash asks for: take-<field>=theirs or mine."""
AROUND = frozenset({BASE, VERSION, "id", "DELETE", "ORDER"})
SEALED = ("_sealed", "_index", "_tail")
"""Columns of a sealed value: a form never shows it, so only the audit trail tells that somebody changed it."""
WORDS = 200
Values = tuple[str, ...]
Tree = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Loose:
    """Inputs of one name that are no fields of the form: what they are called, what they hold, in words too."""

    label: str
    values: Values
    words: str = ""


@dataclass(slots=True)
class Part:
    """A form or a row of one: `lines` by name, several choices as one line each; `rows` by the name of their set.

    A row that was taken away is None, so that the others keep their place; `blank` counts the empty rows after them,
    `known` those that the formset counts as there from the start.
    """

    form: Any
    lines: dict[str, Values]
    rows: dict[str, list[Part | None]] = field(default_factory=dict)
    loose: dict[str, Loose] = field(default_factory=dict)
    blank: dict[str, int] = field(default_factory=dict)
    known: dict[str, int] = field(default_factory=dict)
    key: str = ""

    def label(self, name: str) -> str:
        first = name.partition("=")[0]
        if name in self.loose:
            return self.loose[name].label
        return str(self.form[first].label) if first in self.form.fields else first

    def words(self, name: str) -> str:
        """What a line says, as a person reads it."""
        if name in self.loose:
            return self.loose[name].words or "、".join(self.loose[name].values)
        values = self.lines.get(name, ())
        known = getattr(self.form.fields.get(name), "choices", None)
        named = dict(_named(known or ()))
        return "、".join(named.get(value, value) for value in values)

    def summary(self) -> str:
        """A whole row in words."""
        told = [self.words(name) for name in self.lines] + [
            row.summary() for rows in self.rows.values() for row in rows if row
        ]
        return "，".join(filter(None, told))[:WORDS]


def _named(choices: Iterable[Any]) -> Iterator[tuple[str, str]]:
    """Value → what it is called, also of choices in groups."""
    for value, label in choices:
        if isinstance(label, list | tuple):
            yield from _named(label)
        else:
            yield str(value), str(label)


@dataclass(frozen=True, slots=True)
class Clash:
    """What both changed: the two values in words, by whom and when. Without a `name` there is nothing to pick."""

    label: str
    theirs: str
    mine: str
    name: str = ""
    who: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Merge:
    """What came of it: the data to go on with, what both changed, and the labels of what only the other changed."""

    data: QueryDict
    clashes: list[Clash]
    kept: list[str]
    edits: list[Any]

    @property
    def said(self) -> str:
        """That the other's changes stay, for the message after saving."""
        if not self.kept:
            return ""
        who = "、".join(dict.fromkeys(edit.who for edit in self.edits)) or _("别人")
        return _("；%(who)s改的%(what)s也留着") % {"who": who, "what": "、".join(self.kept[:6])}


def settle(
    make: Callable[[QueryDict | None], BaseForm], typed: QueryDict, record: Any
) -> tuple[BaseForm, Merge | None]:
    """The form to go on with, and what was merged into it when somebody changed the record since it was opened.

    `make(None)` is the form as it opens now, `make(data)` with what was typed. A form that brings no base stays as it
    is: the door then refuses what is stale.
    """
    base = _read(typed.get(BASE, ""))
    version = typed.get(VERSION, "")
    if base is None or not version.isdecimal():
        return make(typed), None
    theirs = part_of(make(None))
    picked = {name.removeprefix(TAKE): value for name, value in typed.items() if name.startswith(TAKE)}
    open_ = set(typed.getlist(CLASH)) - picked.keys()
    edits = record.edits_since(int(version)) if int(version) != record.version else []
    if not edits and not picked and not open_ and base == tree_of(theirs):
        return make(typed), None
    found = _Merging(edits, {name for name, value in picked.items() if value == "theirs"}, open_)
    mine = part_of(make(typed))
    whole = found.part(base, mine, theirs)
    data = typed.copy()
    for name in [name for name in data if name == CLASH or name.startswith(TAKE)]:
        del data[name]
    _put(data, whole, mine)
    data[VERSION], data[BASE] = str(record.version), _written(tree_of(theirs))
    return make(data), Merge(data, found.clashes, list(dict.fromkeys(found.kept)), edits)


def base_of(form: BaseForm) -> str:
    """What the form says as it opens, for its hidden field; of one that was sent, what it said when it was opened."""
    return form.data.get(BASE, "") if form.is_bound else _written(tree_of(part_of(form)))


# Forms as parts, parts as trees of digests


def part_of(form: Any) -> Part:
    """The form as it would be sent now, or as it was sent."""
    part = Part(form, {})
    for name in form.fields:
        values = _values(form[name])
        if name == "id":
            part.key = "".join(values)
        elif name not in AROUND and values:
            several = getattr(form[name].field.widget, "allow_multiple_selected", False)
            part.lines |= {f"{name}={value}": ("on",) for value in values} if several else {name: values}
    part.loose = form.loose() if hasattr(form, "loose") else {}
    part.lines |= {name: line.values for name, line in part.loose.items() if line.values}
    for rows in _sets(form):
        name = _relative(rows.prefix or "", form)
        part.rows[name] = _rows(rows)
        part.blank[name] = len(rows.forms) - len(part.rows[name])
        part.known[name] = rows.initial_form_count()
    return part


def _sets(form: Any) -> Iterator[BaseFormSet]:
    return (value for value in vars(form).values() if isinstance(value, BaseFormSet))


def _relative(prefix: str, form: Any) -> str:
    return prefix.removeprefix(f"{form.prefix}-") if form.prefix else prefix


def _rows(rows: Any) -> list[Part | None]:
    """Those that stand there; the empty ones at the end are none. Of rows that were sent each keeps its place."""
    if not rows.is_bound:
        return [part_of(row) for row in rows.forms[: len(rows.initial or ())]]
    found = [None if _is_gone(rows, at, row) else part_of(row) for at, row in enumerate(rows.forms)]
    while found and found[-1] is None and not _is_deleted(rows.forms[len(found) - 1]):
        found.pop()
    return found


def _is_deleted(row: Any) -> bool:
    return "DELETE" in row.fields and row["DELETE"].value() not in (None, False, "", "False")


def _is_gone(rows: Any, at: int, row: Any) -> bool:
    return _is_deleted(row) or (at >= rows.initial_form_count() and not row.has_changed())


def _values(bound: forms.BoundField) -> Values:
    """What a browser sends for the field: nothing for what is empty, plain line ends."""
    widget, value = bound.field.widget, bound.value()
    if isinstance(widget, forms.FileInput):
        return ()
    if isinstance(widget, forms.CheckboxInput):
        return ("on",) if widget.check_test(value) else ()
    shown = widget.format_value(value)
    several = shown if isinstance(shown, list | tuple) else [shown]
    plain = (str(one).replace("\r\n", "\n").strip() for one in several if one is not None)
    return tuple(one for one in plain if one)


def tree_of(part: Part | None) -> Tree:
    """The part as digests, fit to be compared and to travel with the form."""
    if part is None:
        return {}
    tree: Tree = {"f": {name: _digest(name, values) for name, values in part.lines.items()}}
    if part.rows:
        tree["r"] = {name: [tree_of(row) for row in rows] for name, rows in part.rows.items()}
    if part.key:
        tree["k"] = part.key
    return tree


def _digest(name: str, values: Values) -> str:
    plain = json.dumps([name, *values]).encode()
    return urlsafe_b64encode(hmac_sm3(settings.SECRET_KEY.encode(), plain)[:9]).decode()


def _written(tree: Tree) -> str:
    return json.dumps(tree, separators=(",", ":"))


def _read(text: str) -> Tree | None:
    """The base as it was sent; None when it is none of ours, which counts as a form without a base."""
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return tree if _is_tree(tree) else None


def _is_tree(tree: Any, depth: int = 0) -> bool:
    if not isinstance(tree, dict) or depth > 3 or not isinstance(tree.get("k", ""), str):
        return False
    lines, rows = tree.get("f", {}), tree.get("r", {})
    return (
        isinstance(lines, dict)
        and all(isinstance(value, str) for value in lines.values())
        and isinstance(rows, dict)
        and all(isinstance(some, list) and all(_is_tree(row, depth + 1) for row in some) for some in rows.values())
    )


# The merge itself


class _Merging:
    """One merge under way: gathers what both changed, and what only the other changed."""

    def __init__(self, edits: list[Any], takes: set[str], open_: set[str]) -> None:
        self.edits, self.takes, self.open = edits, takes, open_
        self.clashes: list[Clash] = []
        self.kept: list[str] = []
        self.touched = {name for edit in edits for name in edit.fields}

    def part(self, base: Tree, mine: Part, theirs: Part, where: str = "", label: str = "") -> Part:
        """Both changes put together; where they differ mine stands, and the clash is noted."""
        before, here, there = base.get("f", {}), tree_of(mine)["f"], tree_of(theirs)["f"]
        lines = {}
        for name in dict.fromkeys((*theirs.lines, *mine.lines)):
            was, is_mine, is_theirs = before.get(name), here.get(name), there.get(name)
            if f"{where}{name}" in self.takes:
                chosen = theirs
            elif f"{where}{name}" in self.open and is_mine != is_theirs:
                chosen = mine
                self.clash(where, name, label + mine.label(name), theirs.words(name), mine.words(name))
            elif is_theirs in (was, is_mine):
                chosen = mine
                if is_mine != was and is_theirs == was and self.is_sealed(name):
                    self.clash(where, name, label + mine.label(name), _("已改，不显示"), mine.words(name))
            elif is_mine == was:
                chosen = theirs
                self.kept.append(label + theirs.label(name))
            else:
                chosen = mine
                self.clash(where, name, label + mine.label(name), theirs.words(name), mine.words(name))
            if name in chosen.lines:
                lines[name] = chosen.lines[name]
        names = dict.fromkeys((*theirs.rows, *mine.rows))
        rows = {
            name: self.rows(
                base.get("r", {}).get(name, []),
                mine.rows.get(name, []),
                [row for row in theirs.rows.get(name, []) if row],
                f"{where}{name}-",
                label,
            )
            for name in names
        }
        blank, known = theirs.blank | mine.blank, mine.known | theirs.known
        return Part(mine.form, lines, rows, theirs.loose | mine.loose, blank, known, mine.key)

    def rows(
        self, base: list[Tree], mine: list[Part | None], theirs: list[Part], where: str, label: str
    ) -> list[Part | None]:
        """In their order, so that places go on meaning the same; then mine that they took away, then my new ones."""
        pairs = _pairs(base, [tree_of(row) for row in theirs])
        merged: list[Part | None] = []
        for at, other in enumerate(theirs):
            head = f"{label}{_row_label(other)}{at + 1}"
            if at not in pairs:
                self.kept.append(head)
                merged.append(other)
                continue
            was = base[pairs[at]]
            own = mine[pairs[at]] if pairs[at] < len(mine) else None
            if own is not None:
                merged.append(self.part(was, own, other, f"{where}{at}-", f"{head}·"))
            elif tree_of(other) == was:
                merged.append(None)
            else:
                self.clash("", "", head, other.summary(), _("去掉了；还要去掉就在下面再去掉一次"))
                merged.append(other)
        left = set(pairs.values())
        added = [tree_of(row)["f"] for at, row in enumerate(theirs) if at not in pairs]
        for at, row in enumerate(mine):
            if row is None or at in left:
                continue
            is_known = at < len(base)
            if is_known and tree_of(row) == base[at]:
                self.kept.append(_("去掉的%s") % f"{label}{_row_label(row)}{at + 1}")
                continue
            if is_known:
                gone = _("去掉了；同意去掉就在下面去掉")
                self.clash("", "", f"{label}{_row_label(row)}{len(merged) + 1}", gone, row.summary())
            elif tree_of(row)["f"] in added:
                continue
            merged.append(row)
        return merged

    def is_sealed(self, name: str) -> bool:
        return any(f"{name}{ending}" in self.touched for ending in SEALED)

    def clash(self, where: str, name: str, label: str, theirs: str, mine: str) -> None:
        edit = next((edit for edit in self.edits if name and name in edit.fields), None) or next(iter(self.edits), None)
        who, at = (edit.who, edit.at) if edit else (_("别人"), None)
        empty = _("（空）")
        self.clashes.append(Clash(label, theirs or empty, mine or empty, f"{where}{name}" if name else "", who, at))


def _row_label(row: Part) -> str:
    return str(getattr(row.form, "label", ""))


def _pairs(base: list[Tree], theirs: list[Tree]) -> dict[int, int]:
    """Place among theirs → place in the base: by the row's own key, by what it says, by what it still says."""
    keys = {row["k"]: at for at, row in enumerate(base) if row.get("k")}
    pairs = {at: keys[row["k"]] for at, row in enumerate(theirs) if row.get("k") in keys}
    free = [at for at in range(len(base)) if at not in pairs.values() and not base[at].get("k")]
    open_ = [at for at in range(len(theirs)) if at not in pairs and not theirs[at].get("k")]
    same = SequenceMatcher(None, [_written(base[at]) for at in free], [_written(theirs[at]) for at in open_], False)
    for old, new, length in same.get_matching_blocks():
        pairs |= {open_[new + step]: free[old + step] for step in range(length)}
    rest = [
        (-_likeness(base[old], theirs[new]), abs(old - new), old, new)
        for old in free
        for new in open_
        if old not in pairs.values() and new not in pairs
    ]
    for likeness, _far, old, new in sorted(rest):
        if likeness and old not in pairs.values() and new not in pairs:
            pairs[new] = old
    return pairs


def _likeness(one: Tree, other: Tree) -> int:
    """How many lines two rows share, those of the rows inside them too."""
    shared = len(one.get("f", {}).items() & other.get("f", {}).items())
    for name, rows in one.get("r", {}).items():
        shared += sum(_likeness(a, b) for a, b in zip(rows, other.get("r", {}).get(name, []), strict=False))
    return shared


# Back into what a form reads


def _put(data: QueryDict, part: Part, mine: Part, prefix: str = "") -> None:
    """Write the merged lines in place of those that were sent."""
    for name in {f"{prefix}{line.partition('=')[0]}" for line in (*part.lines, *mine.lines)}:
        data.pop(name, None)
    for line, values in part.lines.items():
        name, several, value = line.partition("=")
        for one in (value,) if several else values:
            data.appendlist(f"{prefix}{name}", one)
    for name, rows in part.rows.items():
        where = f"{prefix}{name}"
        _put_rows(data, where, rows)
        data[f"{where}-TOTAL_FORMS"] = str(len(rows) + part.blank.get(name, 0))
        data[f"{where}-INITIAL_FORMS"] = str(part.known.get(name, 0))


def _put_rows(data: QueryDict, prefix: str, rows: list[Part | None]) -> None:
    """All rows anew; the caller counts them, and as many empty ones at the end as were sent."""
    for name in [name for name in data if name.startswith(f"{prefix}-")]:
        del data[name]
    for at, row in enumerate(rows):
        if row is None:
            data[f"{prefix}-{at}-DELETE"] = "on"
            continue
        if row.key:
            data[f"{prefix}-{at}-id"] = row.key
        _put(data, row, row, f"{prefix}-{at}-")
