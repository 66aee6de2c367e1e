"""What sheets bring in: units and people; and how a cell names a unit or a person, for the sheets of other slices."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any

from django.db.models import Count, F, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.kit.importing import Column, Row
from brigade.kit.refusals import Refused
from brigade.kit.text import normalise_code
from brigade.ledgers.queries import in_use, used_since
from brigade.ledgers.rules import Import, Judged, Look
from brigade.org import actions
from brigade.org.actions import Newcomer, NewUnit
from brigade.org.models import Person, Unit
from brigade.org.rules import PHONE, look_up, may_hang_below
from brigade.org.states import PersonKind, Tree, UnitKind


class Units:
    """Open units in which somebody has a permission, as a cell names them: by code, name or short name."""

    def __init__(self, by: Any, perm: str, day: date, **narrow: Any) -> None:
        self._by_name: dict[str, set[Unit]] = defaultdict(set)
        for unit in Unit.objects.filter(pk__in=by.units_for(perm), **narrow).open_on(day):
            for name in (unit.code, unit.name, unit.short_name):
                self._by_name[name].add(unit)

    def find(self, text: str) -> Unit:
        found = self._by_name.get(text, set())
        if len(found) > 1:
            raise Refused(_("有%(n)d个单位叫“%(name)s”，请写代码。") % {"n": len(found), "name": text})
        if not found:
            alike = get_close_matches(text, list(self._by_name), n=1)
            hint = _("，是不是%s") % alike[0] if alike else ""
            raise Refused(_("没有“%(name)s”这个单位，或不在你的范围内%(hint)s") % {"name": text, "hint": hint})
        return next(iter(found))


class People:
    """People as cells name them: by police number, or by a name that only one of them bears; read in one query."""

    def __init__(self, texts: Iterable[str | None], within: Q | None = None) -> None:
        wanted = {text for text in texts if text}
        rows = Person.objects.filter(Q(police_no__in=wanted) | Q(name__in=wanted), within or Q(), is_active=True)
        self._by_name: dict[str, list[Person]] = defaultdict(list)
        for person in rows.distinct().order_by("pk"):
            self._by_name[person.name].append(person)
            self._by_name[person.police_no].append(person)

    def all(self) -> set[int]:
        return {person.pk for found in self._by_name.values() for person in found}

    def find(self, text: str) -> Person:
        found = self._by_name.get(text, [])
        if len(found) > 1:
            raise Refused(_("有%(n)d个人叫%(name)s，请写警号。") % {"n": len(found), "name": text})
        if not found:
            raise Refused(_("人员里没有%s，先登记或改成警号。") % text)
        return found[0]


# Units

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
TREES = {UnitKind.HALL: Tree.HALL, UnitKind.ORGANISATION: Tree.OUTSIDE}
TREES |= dict.fromkeys((UnitKind.GENERAL_BRANCH, UnitKind.PARTY_BRANCH), Tree.PARTY)
"""Kinds that say by themselves to which tree a unit belongs; all others are of the line of command."""


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
        if kind in TREES and tree != TREES[kind]:
            look.fault("tree", _("%(kind)s属于%(tree)s") % {"kind": UnitKind(kind).label, "tree": TREES[kind].label})
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


# People

PEOPLE_AT_ONCE = 500
"""Each first password takes a third of a second of the worker to hash: a brigade comes in within three minutes."""
PEOPLE_COLUMNS = (
    Column("police_no", gettext_lazy("警号"), "id", True, ("人员编号", "工号", "警号/工号"), 16),
    Column("name", gettext_lazy("姓名"), "name", True, max_length=40),
    Column("kind", gettext_lazy("身份"), "choice", synonyms=("人员类别", "人员身份"), choices=PersonKind.choices),
    Column(
        "unit",
        gettext_lazy("单位"),
        "name",
        True,
        ("所在单位", "工作单位", "所属单位", "所在部门", "部门"),
        80,
        width=20,
    ),
    Column("title", gettext_lazy("职务"), synonyms=("现任职务", "职务名称", "岗位"), max_length=40),
    Column(
        "phone",
        gettext_lazy("手机号"),
        "id",
        synonyms=("手机", "手机号码", "联系电话", "联系方式", "电话"),
        max_length=20,
    ),
    Column("starts_on", gettext_lazy("任职日期"), "date", synonyms=("任职时间", "任现职时间", "起始日期")),
)


def judge_people(rows: Sequence[Row], *, by: Any, now: datetime) -> Iterator[Judged]:
    """Who is there already is skipped when nothing differs; a phone of which only the tail shows is none."""
    today = timezone.localdate(now)
    units = Units(by, "org.change_person", today)
    numbers = {normalise_code(row.values.get("police_no") or "") for row in rows}
    there = Person.objects.filter(police_no__in=numbers).prefetch_related("postings__unit", "grants")
    known = {person.police_no: person for person in there}
    for row in rows:
        look = Look(row)
        phone = re.sub("[-–—]", "", look.text("phone"))
        phone = "" if "*" in phone else phone
        if phone and not re.fullmatch(PHONE, phone):
            look.fault("phone", _("手机号是1开头的11位数字。"))
        unit = look.find("unit", units.find)
        starts_on = look["starts_on"] or today
        if unit and unit.opened_on > starts_on:
            look.fault("starts_on", _("%(name)s %(day)s才设立。") % {"name": unit.name, "day": unit.opened_on})
        police_no = normalise_code(look.text("police_no"))
        person = known.get(police_no)
        if person is not None and not _was_taken_back(person):
            yield look.known(
                "police_no",
                _differences(look, person, unit, phone, today),
                _("警号已登记，%(what)s不同；更正请到人员页"),
            )
            continue
        yield look.become(
            Newcomer(
                police_no=police_no,
                name=look.text("name"),
                kind=look["kind"] or PersonKind.OFFICER,
                unit=unit,  # type: ignore[arg-type] - without a unit the row has a fault and becomes nothing
                title=look.text("title"),
                phone=phone,
                starts_on=starts_on,
                earlier=person,
            )
        )


def _differences(look: Look, person: Person, unit: Unit | None, phone: str, today: date) -> list[Any]:
    labels = {column.code: column.label for column in PEOPLE_COLUMNS}
    here = next((post.unit for post in person.postings.all() if post.is_valid(today)), None)
    pairs = {
        "name": (look["name"], person.name),
        "kind": (look["kind"], person.kind),
        "unit": (unit, here),
        "phone": (phone and look_up(Person, "phone", phone), person.phone_index),
    }
    return [labels[code] for code, (given, kept) in pairs.items() if given and given != kept]


def _was_taken_back(person: Person) -> bool:
    """An undone import left the account: stopped, never signed in to, without a post of even a day or a role."""
    posts = person.postings.all()
    is_idle = not person.is_active and person.signed_in_at is None and not person.grants.all()
    return is_idle and bool(posts) and all(post.starts_on == post.ends_on for post in posts)


def people_in_use(keys: Sequence[Any]) -> str:
    signed_in = Person.objects.filter(pk__in=keys, signed_in_at__isnull=False).order_by("pk")[:4]
    if signed_in:
        return in_use([_("%s（已登录过）") % person.name for person in signed_in])
    posts = Count("postings", filter=~Q(postings__starts_on=F("postings__ends_on")))
    moved = Person.objects.filter(pk__in=keys).annotate(posts=posts).exclude(posts=1).order_by("pk")[:4]
    if moved:
        return in_use([_("%s（已调动）") % person.name for person in moved])
    return used_since(Person, keys, ("org.posting", "org.passwordhistory"))


PEOPLE = Import(
    code="workbench:person_list",
    title=gettext_lazy("人员"),
    perm="org.change_person",
    columns=PEOPLE_COLUMNS,
    keys=("police_no",),
    private=("phone",),
    notes={"unit": gettext_lazy("代码、名称或简称"), "phone": gettext_lazy("11位")},
    explains=gettext_lazy("每人有一个账号和一个初始密码，首次登录必须改；角色由安全管理员授予。"),
    judge=judge_people,
    prepare=actions.with_password,
    write=lambda drafts, *, by, now: actions.take_in_people(drafts, by=by, now=now),
    used=people_in_use,
    undo=actions.take_back_people,
    handout_note=gettext_lazy("初始密码，首次登录必须改；下载后当面交给本人"),
    handout=(
        Column("police_no", gettext_lazy("警号"), "id"),
        Column("name", gettext_lazy("姓名")),
        Column("unit", gettext_lazy("单位"), width=20),
        Column("password", gettext_lazy("初始密码"), "id", width=20),
    ),
    handed=lambda draft: [draft.police_no, draft.name, str(draft.unit), draft.password],
    max_rows=PEOPLE_AT_ONCE,
)

IMPORTS = [UNITS, PEOPLE]
