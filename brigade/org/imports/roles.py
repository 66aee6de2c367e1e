"""Who is to have which role where, as a sheet says: often the very one that brought the people, with a column more."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.kit.importing import Column, Row
from brigade.ledgers.queries import used_since
from brigade.ledgers.rules import Import, Judged, Look
from brigade.org import actions
from brigade.org.actions import NewRoles
from brigade.org.imports.names import People, Units
from brigade.org.models import Grant, Person, Unit
from brigade.org.queries import works_in
from brigade.org.rules import role_conflict
from brigade.org.states import ADMIN_ROLES, BRANCH_ROLES, Role, Tree

ROLE_COLUMNS = (
    Column("police_no", gettext_lazy("警号"), "id", synonyms=("人员编号", "工号", "警号/工号"), max_length=16),
    Column("name", gettext_lazy("姓名"), "name", True, ("党员姓名",), 40),
    Column("roles", gettext_lazy("角色"), "text", True, ("系统角色", "平台角色", "授予角色", "权限"), 120, width=24),
    Column(
        "unit",
        gettext_lazy("管到哪里"),
        "name",
        synonyms=(
            "授权单位",
            "所属支部",
            "所在支部",
            "党支部",
            "支部",
            "单位",
            "所在单位",
            "工作单位",
            "所在部门",
            "部门",
        ),
        max_length=80,
        width=20,
    ),
    Column("ends_on", gettext_lazy("止"), "date", synonyms=("授权止日", "止日", "有效期至", "截止日期")),
)
NO_ROLE = frozenset({"无", "-", "—", "/"})
ROLES_BY_NAME = {str(word): role for role in Role for word in (role.label, role.value)}


def judge_roles(rows: Sequence[Row], *, by: Any, now: datetime) -> Iterator[Judged]:
    """The roles of a row on one unit, else where the person works; those that he has there already are passed over."""
    today = timezone.localdate(now)
    units = Units(by, "org.change_grant", today)
    within = Q(pk__in=Person.objects.visible_to(by).values("pk"))
    people = People((row.values.get(code) for row in rows for code in ("police_no", "name")), within)
    homes = works_in(people.all(), today)
    held: dict[int, set[tuple[str, int]]] = defaultdict(set)
    for grant in Grant.objects.reaching(today).filter(person__in=people.all()):
        held[grant.person_id].add((grant.role, grant.unit_id))
    seen: dict[tuple[int, str, int], int] = {}
    for row in rows:
        look = Look(row)
        person = look.find("police_no" if look["police_no"] else "name", people.find)
        if person and look["police_no"] and person.name != look["name"]:
            look.fault("name", _("警号%(no)s是%(name)s") % {"no": person.police_no, "name": person.name})
        if person and person.pk == by.pk:
            look.fault("roles", _("不能给自己授权。"))
        unit = _grant_on(look, person, units, homes, by)
        if look["ends_on"] and look["ends_on"] <= today:
            look.fault("ends_on", _("止日要晚于今天"))
        roles = _roles(look, person, unit, held)
        if person is None or unit is None or look.row.faults:
            yield look.become(None)
            continue
        for role in roles:
            if seen.setdefault((person.pk, role, unit.pk), row.number) != row.number:
                first = seen[person.pk, role, unit.pk]
                look.fault("roles", _("%(role)s与第%(n)d行重复") % {"role": Role(role).label, "n": first})
        new = tuple(role for role in roles if (role, unit.pk) not in held[person.pk])
        if not new:
            yield look.known("roles", [], "")
            continue
        yield look.become(NewRoles(person=person, unit=unit, roles=new, ends_on=look["ends_on"]))


def _grant_on(look: Look, person: Person | None, units: Units, homes: dict[int, Unit], by: Any) -> Unit | None:
    if look["unit"]:
        return look.find("unit", units.find)
    if person is None:
        return None
    home = homes.get(person.pk)
    if home is None or home.pk not in by.units_for("org.change_grant"):
        look.fault("unit" if "unit" in look.row.letters else "name", _("没有在你范围内的任职单位，写明管到哪里"))
        return None
    return home


def _roles(
    look: Look, person: Person | None, unit: Unit | None, held: dict[int, set[tuple[str, int]]]
) -> tuple[Role, ...]:
    """The roles that a cell names, each of which may come with a sheet."""
    found: dict[Role, None] = {}
    for word in re.split(r"[、，,;；/\s]+", look.text("roles")):
        if not word or word in NO_ROLE:
            continue
        role = ROLES_BY_NAME.get(word)
        if role is None:
            alike = get_close_matches(word, [str(one.label) for one in Role], n=1, cutoff=0.4)
            hint = _("，是不是%s") % alike[0] if alike else ""
            look.fault("roles", _("没有“%(name)s”这个角色%(hint)s") % {"name": word, "hint": hint})
        elif role in ADMIN_ROLES:
            look.fault("roles", _("%s在人员页逐人授予，不能从表里导入") % role.label)
        elif role in BRANCH_ROLES and unit and unit.tree != Tree.PARTY:
            words = {"role": role.label, "unit": unit}
            look.fault("roles", _("%(role)s管的是党组织，%(unit)s不是；另起一行，管到哪里写支部") % words)
        elif person and (conflict := role_conflict(role, {name for name, _unit in held[person.pk]})):
            look.fault("roles", conflict)
        else:
            found[role] = None
    return tuple(found)


ROLES = Import(
    code="workbench:grant_list",
    title=gettext_lazy("授权"),
    perm="org.change_grant",
    columns=ROLE_COLUMNS,
    notes={
        "police_no": gettext_lazy("同名的必填"),
        "roles": gettext_lazy("多个用、隔开，没有的写无"),
        "unit": gettext_lazy("代码、名称或简称，不填就是任职单位"),
    },
    explains=gettext_lazy(
        "系统管理员导入人员的花名册加一列“角色”就行；今天起生效，连同全部下级。管理员角色在人员页逐人授予。"
    ),
    judge=judge_roles,
    write=lambda wanted, *, by, now: actions.take_in_roles(wanted, by=by, now=now),
    used=lambda keys: used_since(Grant, keys),
    undo=actions.take_back_grants,
    max_rows=2_000,
)
