"""The Party organisations of a brigade, as a sheet brings them in: founded with their units and groups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import count
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.kit.importing import Column, Row
from brigade.kit.refusals import Refused
from brigade.ledgers.queries import in_use, used_since
from brigade.ledgers.rules import Import, Judged, Look
from brigade.org.actions import NewUnit
from brigade.org.imports import APART, Units
from brigade.org.models import Unit
from brigade.org.states import Tree, UnitKind
from partybuilding.branches import actions
from partybuilding.branches.actions import NewBranch, branch_was_taken_back
from partybuilding.branches.models import PartyBranch
from partybuilding.branches.states import BranchKind

PERM = "branches.change_partybranch"
COLUMNS = (
    Column("code", gettext_lazy("代码"), "id", synonyms=("党组织代码", "组织代码", "单位代码", "编码"), max_length=24),
    Column(
        "name",
        gettext_lazy("党组织"),
        "name",
        required=True,
        synonyms=("党组织名称", "党支部名称", "支部名称", "组织名称", "名称", "党支部", "支部"),
        max_length=80,
        width=30,
    ),
    Column("short_name", gettext_lazy("简称"), "name", synonyms=("党组织简称", "支部简称"), max_length=24),
    Column("kind", gettext_lazy("类别"), "choice", synonyms=("党组织类别", "组织类别"), choices=BranchKind.choices),
    Column(
        "parent", gettext_lazy("上级"), "name", synonyms=("上级党组织", "所属党总支", "隶属"), max_length=80, width=20
    ),
    Column(
        "established_on",
        gettext_lazy("成立日期"),
        "date",
        True,
        ("成立时间", "建立时间", "建立日期", "设立日期", "批准日期"),
    ),
    Column("groups", gettext_lazy("党小组"), synonyms=("党小组名称",), max_length=400, width=24),
    Column("feature", gettext_lazy("一支部一特色"), synonyms=("特色", "特色品牌"), max_length=80, width=24),
    Column("theme_day_rule", gettext_lazy("主题党日固定日"), synonyms=("固定日", "主题党日"), max_length=40, width=18),
)
KINDS = (("总支", BranchKind.GENERAL), ("联合", BranchKind.JOINT), ("临时", BranchKind.TEMPORARY))
"""Words in the name of an organisation that say what it is."""
OWN = ("org.unit", "org.unitplacement", "branches.partybranch", "obligations.obligation", "indicators.figure")
"""What came with the branch, and what the portal itself derives for it and drops again with it."""


def judge(rows: Sequence[Row], *, by: Any, now: datetime) -> Iterator[Judged]:
    """A branch hangs below a general branch, which may stand in the same sheet, or below the brigade itself."""
    book = _Book(rows, by, timezone.localdate(now))
    for look in book.looks:
        place = book.place(look)
        branch = book.branches.get(place.pk) if place else None
        if branch is not None and not branch_was_taken_back(branch):
            yield look.known("name", _differences(look, branch), _("已经成立，%(what)s不同；更正请到支部页"))
        else:
            yield look.become(book.draft(look, place, branch))


def _differences(look: Look, branch: PartyBranch) -> list[Any]:
    unit = branch.unit
    here = {"name": unit.name, "short_name": unit.short_name, "kind": branch.kind}
    here["established_on"] = branch.established_on
    labels = {column.code: column.label for column in COLUMNS}
    return [labels[code] for code, value in here.items() if look[code] not in (None, value)]


class _Book:
    """The rows of the sheet by their names, and the units that they may name, in a few queries."""

    def __init__(self, rows: Sequence[Row], by: Any, today: date) -> None:
        self.looks = [Look(row) for row in rows]
        self._today = today
        self._units = Units(by, PERM, today, tree__in=(Tree.LINE, Tree.PARTY))
        codes = {look["code"] for look in self.looks} - {None}
        names = {look["name"] for look in self.looks} - {None}
        reach = by.units_for(PERM)
        self._by_code = {unit.code: unit for unit in Unit.objects.filter(code__in=codes)}
        same_name = Unit.objects.filter(pk__in=reach, name__in=names, tree=Tree.PARTY)
        self._by_name = {unit.name: unit for unit in sorted(same_name, key=lambda unit: unit.closed_on is None)}
        found = {unit.pk for unit in (*self._by_code.values(), *self._by_name.values())}
        self.branches = {row.pk: row for row in PartyBranch.objects.filter(pk__in=found).select_related("unit")}
        self._rows: dict[str, list[Look]] = defaultdict(list)
        for look in self.looks:
            for name in {look["code"], look["name"], look["short_name"]} - {None}:
                self._rows[name].append(look)
        here = Unit.objects.filter(pk__in=reach).open_on(today)
        self._generals = list(here.filter(kind=UnitKind.GENERAL_BRANCH))
        self._tops = list(here.filter(tree=Tree.LINE).exclude(parent__in=reach))
        self._taken = set(Unit.objects.values_list("code", flat=True)) | codes
        self._codes: dict[int, str] = {}

    def place(self, look: Look) -> Unit | None:
        """The unit that the row means, where it stands already."""
        return self._by_code.get(look["code"]) if look["code"] else self._by_name.get(look.text("name"))

    def draft(self, look: Look, place: Unit | None, branch: PartyBranch | None) -> NewBranch | None:
        kind, day, name = _kind(look), look["established_on"], look.text("name")
        is_open = place is not None and place.closed_on is None
        if place is not None:
            _check_place(look, place, branch, kind)
        parent, above = (None, None) if is_open else self._parent(look, kind)
        if day and day > self._today:
            look.fault("established_on", _("日期还没有到"))
        since = parent.opened_on if parent else above["established_on"] if above else None
        if day and since and day < since:
            look.fault("established_on", _("早于上级的成立日期%s") % since)
        groups = look.find("groups", _groups) or ()
        if look.row.faults:
            return None
        general = kind == BranchKind.GENERAL
        unit = NewUnit(
            code=self._code(look),
            name=name,
            short_name=look.text("short_name") or _short(name),
            tree=Tree.PARTY,
            kind=UnitKind.GENERAL_BRANCH if general else UnitKind.PARTY_BRANCH,
            opened_on=day,
            parent=parent,
            parent_code=self._code(above) if above else "",
            earlier=None if is_open else place,
        )
        return NewBranch(
            unit=unit,
            place=place if is_open else None,
            kind=kind,
            established_on=day,
            groups=groups,
            feature=look.text("feature"),
            theme_day_rule=look.text("theme_day_rule"),
        )

    def _parent(self, look: Look, kind: str) -> tuple[Unit | None, Look | None]:
        """What the organisation hangs below: a unit that stands, or another row of the sheet."""
        text = look.text("parent")
        if text and not self._rows.get(text):
            parent = look.find("parent", self._units.find)
            wanted = (UnitKind.BRIGADE, UnitKind.DETACHMENT) if kind == BranchKind.GENERAL else _ABOVE
            if parent and parent.kind not in wanted:
                look.fault("parent", _("%s之下不设党组织，写党总支或大队") % parent)
            return parent, None
        rows = self._rows[text] if text else self._general_rows(kind)
        units = [] if text else self._tops if kind == BranchKind.GENERAL else self._generals
        standing = {unit.pk: unit for unit in units}
        new = []
        for row in rows:
            place = self.place(row)
            if place is not None and place.closed_on is None:
                standing[place.pk] = place
            else:
                new.append(row)
        if not text and not standing and not new:
            standing = {unit.pk: unit for unit in self._tops}
        if len(standing) + len(new) != 1:
            beside = "parent" if "parent" in look.row.letters else "name"
            look.fault(beside, _("写明上级是哪个，用代码或全称"))
            return None, None
        if new and (_kind(new[0]) != BranchKind.GENERAL or kind == BranchKind.GENERAL):
            look.fault("parent", _("%s之下不设党组织，写党总支或大队") % new[0].text("name"))
        return next(iter(standing.values()), None), new[0] if new else None

    def _general_rows(self, kind: str) -> list[Look]:
        if kind == BranchKind.GENERAL:
            return []
        return [look for look in self.looks if _kind(look) == BranchKind.GENERAL]

    def _code(self, look: Look) -> str:
        """The code of a unit: as written or as it has it, else the next free one below its parent's."""
        number, place = look.row.number, self.place(look)
        if place is not None:
            return place.code
        if number not in self._codes:
            parent, above = self._parent(Look(look.row), _kind(look)) if not look["code"] else (None, None)
            base = (self._code(above) if above else parent.code if parent else "")[:20]
            free = (f"{base}-{n:02}" for n in count(1) if f"{base}-{n:02}" not in self._taken)
            self._codes[number] = look["code"] or next(free)
            self._taken.add(self._codes[number])
        return self._codes[number]


_ABOVE = (UnitKind.BRIGADE, UnitKind.DETACHMENT, UnitKind.GENERAL_BRANCH)


def _kind(look: Look) -> str:
    found = (kind for word, kind in KINDS if word in look.text("name"))
    return look["kind"] or next(found, BranchKind.BRANCH)


def _short(name: str) -> str:
    """中共某某大队城区一中队支部委员会 is called 某某大队城区一中队党支部."""
    plain = name.removeprefix("中国共产党").removeprefix("中共")
    for ending, word in (("总支部委员会", "党总支"), ("支部委员会", "党支部")):
        if plain.endswith(ending):
            plain = plain.removesuffix(ending) + word
            break
    return plain[:24]


def _groups(text: str) -> list[str]:
    names = [name for name in APART.split(text) if name]
    if any(name.isdigit() for name in names):
        raise Refused(_("写党小组的名称，用顿号分开，如第一党小组、第二党小组"))
    if len(set(names)) < len(names):
        raise Refused(_("有两个党小组同名"))
    if any(len(name) > 40 for name in names):
        raise Refused(_("党小组的名称最多40个字"))
    return names


def _check_place(look: Look, place: Unit, branch: PartyBranch | None, kind: str) -> None:
    """Whether a unit that stands, or one that an undone import left, may become this organisation."""
    is_general = kind == BranchKind.GENERAL
    if place.tree != Tree.PARTY:
        look.fault("code", _("代码%(code)s是%(unit)s在用") % {"code": place.code, "unit": place})
    elif place.closed_on is not None:
        if branch is None or use_of([place.pk]):
            look.fault("code" if look["code"] else "name", _("代码%s的党组织已经撤销，换一个代码") % place.code)
    elif place.name != look.text("name") or is_general != (place.kind == UnitKind.GENERAL_BRANCH):
        words = {"code": place.code, "unit": place.name, "kind": place.get_kind_display()}
        look.fault("code", _("代码%(code)s是%(unit)s（%(kind)s），和这行不同") % words)
    elif look["established_on"] and look["established_on"] < place.opened_on:
        look.fault("established_on", _("早于单位的设立日期%s") % place.opened_on)


def use_of(keys: Sequence[Any]) -> str:
    """Why these organisations cannot be taken back: who or what is there by now; nothing where nobody is."""
    own = {int(key) for key in keys}
    if children := Unit.objects.filter(parent__in=own, closed_on=None).exclude(pk__in=own)[:3]:
        return in_use([_("%(name)s（有下级%(child)s）") % {"name": child.parent, "child": child} for child in children])
    return used_since(PartyBranch, keys, ("branches.partygroup",)) or used_since(Unit, keys, OWN)


ORGANISATIONS = Import(
    code="branches:branch_list",
    title=gettext_lazy("党组织"),
    perm=PERM,
    columns=COLUMNS,
    keys=("name",),
    notes={
        "code": gettext_lazy("不填自动编"),
        "parent": gettext_lazy("只有一个党总支的不用填"),
        "groups": gettext_lazy("名称，用顿号分开"),
    },
    explains=gettext_lazy("不写类别的按名称认：总支、联合、临时，其余是党支部；支委会和书记成立后在支部页登记。"),
    judge=judge,
    write=lambda drafts, *, by, now: actions.found_branches(drafts, by=by, now=now),
    used=use_of,
    undo=actions.take_back_branches,
    max_rows=500,
)
