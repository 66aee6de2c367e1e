"""Opening, moving and closing units."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.audit import actions as audit
from brigade.kit.refusals import Refused
from brigade.kit.text import clean_text
from brigade.org import rules
from brigade.org.models import Unit, UnitPlacement
from brigade.org.states import Tree, UnitKind
from brigade.search import actions as search


@transaction.atomic
def open_unit(
    *,
    by: Any,
    tree: Tree | str,
    kind: UnitKind | str,
    code: str,
    name: str,
    short_name: str,
    opened_on: date,
    parent: Unit | None = None,
    order: int = 0,
    now: datetime | None = None,
) -> Unit:
    """Open a unit below `parent`. System administrator of the parent; only the set-up opens a root.

    Without an `order` it stands after its sisters, as a new unit does on every list.
    """
    rules.check_may(by, "org.change_unit", parent)
    if why := rules.misplaced(kind, tree):
        raise Refused(_("%s，序列或类别改一个。") % why, field="kind")
    parent = parent and _lock_parent(tree, parent, opened_on)
    code = clean_text(code)
    if Unit.objects.filter(code=code).exists():
        raise Refused(_("代码%s已有单位在用。") % code, field="code")
    unit = Unit.objects.create(
        tree=tree,
        kind=kind,
        code=code,
        name=clean_text(name),
        short_name=clean_text(short_name),
        parent=parent,
        order=order or _last_place(parent, tree),
        opened_on=opened_on,
    )
    unit.path = f"{parent.path if parent else ''}{unit.pk}/"
    unit.save(update_fields=["path"])
    UnitPlacement.objects.create(unit=unit, parent=parent, path=unit.path, starts_on=opened_on)
    search.enter([unit])
    audit.record("unit.opened", unit, by=by, changes={"parent": [None, parent and parent.name]}, now=now)
    return unit


@transaction.atomic
def move_unit(*, by: Any, unit: Unit, parent: Unit, since: date, now: datetime | None = None) -> Unit:
    """Put a unit, with everything under it, below another one from a day on. System administrator of both places.

    Rights follow the new place at once; figures of earlier periods keep the place of their time.
    """
    # In the order of their keys: each of two units may be moved below the other at the same moment.
    list(Unit.objects.select_for_update(no_key=True).filter(pk__in=[unit.pk, parent.pk]).order_by("pk"))
    below = {row.pk: row for row in Unit.objects.select_for_update(no_key=True).below(unit.pk).order_by("pk")}
    unit = below[unit.pk]
    before = unit.parent
    rules.check_may(by, "org.change_unit", unit)
    rules.check_may(by, "org.change_unit", parent)
    _check_open(unit, since)
    parent = _lock_parent(unit.tree, parent, since)
    if parent.pk in below:
        raise Refused(_("不能移到自己或自己的下级之下。"), field="parent")
    if before == parent:
        raise Refused(_("%s现在就在%s之下。") % (unit.name, parent.name), field="parent")
    if since > timezone.localdate(now):
        raise Refused(_("这里只能从今天或以前的日子起改；以后的日子在“机构调整”里登记。"), field="since")
    current = UnitPlacement.objects.get(unit=unit, ends_on__isnull=True)
    if since <= current.starts_on:
        raise Refused(_("现在的隶属从%s起，新的要晚于这一天。") % current.starts_on, field="since")
    old, new = unit.path, f"{parent.path}{unit.pk}/"
    for row in below.values():
        row.path = new + row.path.removeprefix(old)
        _place(row, parent if row == unit else row.parent, since)
    unit.parent = parent
    Unit.objects.bulk_update(below.values(), ["path", "parent"])
    audit.record("unit.moved", unit, by=by, changes={"parent": [before and before.name, parent.name]}, now=now)
    return unit


def _place(unit: Unit, parent: Unit | None, since: date) -> None:
    """The unit stands at its present path from `since` on; one that was opened later always stood there."""
    current = UnitPlacement.objects.get(unit=unit, ends_on__isnull=True)
    if current.starts_on >= since:
        current.parent, current.path = parent, unit.path
        current.save(update_fields=["parent", "path"])
        return
    current.ends_on = since
    current.save(update_fields=["ends_on"])
    UnitPlacement.objects.create(unit=unit, parent=parent, path=unit.path, starts_on=since)


@transaction.atomic
def close_unit(*, by: Any, unit: Unit, closed_on: date, reason: str = "", now: datetime | None = None) -> Unit:
    """Close an empty unit. System administrator; its people are posted elsewhere and its grants ended before.

    Its place in the tree stays: what it did in the year in which it was closed goes on counting above it.
    """
    unit = Unit.objects.select_for_update(no_key=True).get(pk=unit.pk)
    rules.check_may(by, "org.change_unit", unit)
    _check_open(unit, closed_on)
    if closed_on <= unit.opened_on:
        raise Refused(_("撤销日期要晚于设立日期%s。") % unit.opened_on, field="closed_on")
    lasting = Q(ends_on__isnull=True) | Q(ends_on__gt=closed_on)
    if below := unit.children.filter(Q(closed_on__isnull=True) | Q(closed_on__gt=closed_on)).count():
        raise Refused(_("还有%d个下级单位，先撤销或移走它们。") % below)
    if people := unit.postings.filter(lasting).count():
        raise Refused(_("还有%d人在此任职，先办调动。") % people)
    if grants := unit.grants.filter(lasting).count():
        raise Refused(_("还有%d项角色授在这个单位上，先由安全管理员收回。") % grants)
    unit.closed_on = closed_on
    unit.save(update_fields=["closed_on"])
    changes = {"closed_on": [None, closed_on.isoformat()]}
    audit.record("unit.closed", unit, by=by, changes=changes, note=reason, now=now)
    return unit


def lock_open(unit: Unit, day: date, field: str = "unit") -> Unit:
    """The unit as it is now, held until the end of the transaction: nobody closes it meanwhile."""
    unit = Unit.objects.select_for_update(no_key=True).get(pk=unit.pk)
    _check_open(unit, day, field)
    return unit


def _check_open(unit: Unit, day: date, field: str = "unit") -> None:
    if unit.closed_on is not None and unit.closed_on <= day:
        raise Refused(_("%s已于%s撤销。") % (unit.name, unit.closed_on), field=field)
    if unit.opened_on > day:
        raise Refused(_("%s %s才设立。") % (unit.name, unit.opened_on), field=field)


def _last_place(parent: Unit | None, tree: Tree | str) -> int:
    last = Unit.objects.filter(parent=parent, tree=tree).aggregate(order=Max("order"))["order"]
    return 0 if last is None else last + 1


def _lock_parent(tree: str, parent: Unit, day: date) -> Unit:
    parent = lock_open(parent, day, "parent")
    if not rules.may_hang_below(tree, parent.tree):
        words = {"tree": Tree(tree).label, "parent": Tree(parent.tree).label}
        raise Refused(_("%(tree)s的单位不能设在%(parent)s之下。") % words, field="parent")
    return parent
