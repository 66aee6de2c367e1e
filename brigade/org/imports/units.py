"""The units of a brigade, as a sheet brings them in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.kit.importing import Column, Row
from brigade.ledgers.queries import in_use, used_since
from brigade.ledgers.rules import Import, Judged, Look
from brigade.org import actions
from brigade.org.actions import NewUnit
from brigade.org.imports.names import Units
from brigade.org.models import Unit
from brigade.org.rules import TREES, may_hang_below, misplaced
from brigade.org.states import Tree, UnitKind

UNIT_COLUMNS = (
    Column("code", gettext_lazy("代码"), "id", True, ("单位代码", "单位编码", "机构代码", "编码"), 24),
    Column("name", gettext_lazy("名称"), "name", True, ("单位名称", "机构名称", "部门名称", "全称"), 80, width=24),
    Column("short_name", gettext_lazy("简称"), "name", synonyms=("单位简称", "机构简称"), max_length=24),
    Column("tree", gettext_lazy("序列"), "choice", choices=Tree.choices, width=20),
    Column(
        "kind",
        gettext_lazy("类别"),
        "choice",
        True,
        ("单位类别", "机构类别", "单位类型", "单位性质"),
        choices=UnitKind.choices,
        width=20,
    ),
    Column("parent", gettext_lazy("上级"), "name", True, ("上级单位", "所属单位", "上级部门", "隶属"), 80, width=20),
    Column("opened_on", gettext_lazy("设立日期"), "date", synonyms=("成立日期", "设立时间", "成立时间")),
)


def judge_units(rows: Sequence[Row], *, by: Any, now: datetime) -> Iterator[Judged]:
    """A unit may hang below one that stands further down in the same sheet, but not below itself."""
    today = timezone.localdate(now)
    above = Units(by, "org.change_unit", today)
    codes = {row.values.get("code") for row in rows}
    known = {unit.code: unit for unit in Unit.objects.filter(code__in=codes - {None}).select_related("parent")}
    looks = [Look(row) for row in rows]
    in_sheet: dict[str, list[Look]] = defaultdict(list)
    for look in looks:
        for name in {look["code"], look["name"], look["short_name"]} - {None}:
            in_sheet[name].append(look)
    parents = {look["code"]: in_sheet[look["parent"]][0]["code"] for look in looks if look["parent"] in in_sheet}
    left = _unused_units([unit for unit in known.values() if unit.closed_on is not None])
    for look in looks:
        kind = look["kind"]
        tree = look["tree"] or TREES.get(kind, Tree.LINE)
        if kind and (why := misplaced(kind, tree)):
            look.fault("tree", why)
        unit = known.get(look["code"])
        if unit is not None and unit.pk not in left:
            given = {"name": unit.name, "short_name": unit.short_name, "kind": unit.kind}
            differs = [
                column.label
                for column in UNIT_COLUMNS
                if look[column.code] not in (None, given.get(column.code, look[column.code]))
            ]
            yield look.known("code", differs, _("代码已有单位在用，%(what)s不同；更正请到单位页"))
            continue
        twins, parent, parent_code = in_sheet.get(look["parent"], []), None, ""
        if len(twins) > 1:
            look.fault(
                "parent", _("表里有%(n)d个单位叫“%(name)s”，请写代码。") % {"n": len(twins), "name": look["parent"]}
            )
        elif twins and not (known.get(twins[0]["code"]) and known[twins[0]["code"]].pk not in left):
            parent_code = twins[0]["code"] or ""
            parent_tree = twins[0]["tree"] or TREES.get(twins[0]["kind"], Tree.LINE)
            if _is_circle(look["code"], parents):
                look.fault("parent", _("上级连成了一圈，自己不能在自己之下。"))
        else:
            parent = look.find("parent", above.find)
            parent_tree = parent.tree if parent else tree
        if not look.row.faults and not may_hang_below(tree, parent_tree):
            words = {"tree": Tree(tree).label, "parent": Tree(parent_tree).label}
            look.fault("parent", _("%(tree)s的单位不能设在%(parent)s之下。") % words)
        opened_on, since = look["opened_on"], parent.opened_on if parent else twins[0]["opened_on"] if twins else None
        if opened_on and opened_on > today:
            look.fault("opened_on", _("设立日期还没有到"))
        if opened_on and since and since > opened_on:
            look.fault("opened_on", _("早于上级的设立日期%s") % since)
        yield look.become(
            NewUnit(
                code=look.text("code"),
                name=look.text("name"),
                short_name=look.text("short_name") or look.text("name")[:24],
                tree=tree,
                kind=kind or "",
                opened_on=opened_on,
                parent=parent,
                parent_code=parent_code,
                earlier=unit,
            )
        )


def _is_circle(code: Any, parents: dict[Any, Any]) -> bool:
    seen, at = set(), code
    while at in parents:
        if at in seen:
            return True
        seen.add(at)
        at = parents[at]
    return False


def _unused_units(closed: Sequence[Unit]) -> set[int]:
    """Those of the closed units that were never used: an undone import left them, and they may come again."""
    own = (*UNIT_OWN, "org.unit")
    above = set(Unit.objects.filter(parent__in=closed, closed_on=None).values_list("parent", flat=True))
    return {unit.pk for unit in closed if unit.pk not in above and not used_since(Unit, [unit.pk], own)}


UNIT_OWN = ("org.unitplacement",)


def units_in_use(keys: Sequence[Any]) -> str:
    own = {int(key) for key in keys}
    if children := Unit.objects.filter(parent__in=own, closed_on=None).exclude(pk__in=own)[:3]:
        return in_use([_("%(name)s（有下级%(child)s）") % {"name": child.parent, "child": child} for child in children])
    return used_since(Unit, keys, (*UNIT_OWN, "org.unit"))


UNITS = Import(
    code="workbench:unit_list",
    title=gettext_lazy("单位"),
    perm="org.change_unit",
    columns=UNIT_COLUMNS,
    keys=("code",),
    notes={
        "parent": gettext_lazy("代码、名称或简称，可以是本表里的"),
        "opened_on": gettext_lazy("如2026-5-3，不填同上级"),
    },
    explains=gettext_lazy("设立日期以前的任职、会议和办件都不收，写真实的日子；党组织由党建办在支部页导入。"),
    judge=judge_units,
    write=lambda drafts, *, by, now: actions.open_units(drafts, by=by, now=now),
    used=units_in_use,
    undo=actions.take_back_units,
    max_rows=500,
)
