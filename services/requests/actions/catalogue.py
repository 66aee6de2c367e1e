"""Loading the catalogue of services, and what each hall takes in of it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.audit.actions import SYSTEM, record
from brigade.kit import pinyin
from brigade.kit.refusals import NotAllowed, Refused
from brigade.kit.text import fitting, needed
from brigade.org.models import Unit
from services.requests import queries
from services.requests.models import ItemScope, MaterialItem, ServiceItem
from services.requests.states import When

CATALOGUE = Path(__file__).parents[1] / "data" / "service_catalog.csv"
Row = tuple[str, str, str, bool]
"""Name, form, when it is asked, and whether networked data replace it."""


@transaction.atomic
def load_catalogue(*, by: Any = SYSTEM, today: date | None = None, path: Path = CATALOGUE) -> str:
    """Bring the catalogue to what the file says; run at each start, a second run changes nothing.

    A row that is new comes in from its `effective_from`. A changed row becomes a new version from today, the old one
    ends; requests keep theirs. A row that is gone ends today. Audited when something changed; one line says what.
    """
    day = today or timezone.localdate()
    current = {item.code: item for item in ServiceItem.objects.filter(effective_to__isnull=True)}
    known: dict[int, list[Row]] = {}
    for paper in MaterialItem.objects.filter(item__effective_to__isnull=True).order_by("item_id", "order"):
        known.setdefault(paper.item_id, []).append((paper.name, paper.kind, paper.when, paper.exempt_if_networked))
    new, changed = [], []
    for row in _catalogue_rows(path):
        code, fields, materials = row["code"], _item_fields(row), _materials(row)
        old = current.pop(code, None)
        if old is None:
            version, end = _last(code)
            _add_version(code, version + 1, max(date.fromisoformat(row["effective_from"]), end), fields, materials)
            new.append(code)
        elif known.get(old.pk, []) != materials or any(getattr(old, name) != value for name, value in fields.items()):
            _end(old, day)
            _add_version(code, old.version + 1, max(day, old.effective_from), fields, materials)
            changed.append(code)
    for item in current.values():
        _end(item, day)
    if not (new or changed or current):
        return _("服务事项目录已是最新。")
    sentence = _("服务事项目录：新增%(new)d项，变更%(changed)d项，停办%(ended)d项") % {
        "new": len(new),
        "changed": len(changed),
        "ended": len(current),
    }
    record("catalogue.loaded", None, by=by, sentence=sentence, changes={"changed": changed, "ended": sorted(current)})
    return sentence


def _catalogue_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _item_fields(row: Mapping[str, str]) -> dict[str, Any]:
    full, *rest = pinyin.search_forms(row["name_zh"]) or [""]
    initials = rest[0] if rest else full
    return {
        "name": row["name_zh"],
        "category": row["category"],
        "statutory_days": int(row["statutory_days"]) if row["statutory_days"] else None,
        "promised_days": int(row["promised_days"]),
        "day_kind": row["day_kind"],
        "rolls_over": row["rolls_over"] == "yes",
        "legal_basis": row["legal_basis"],
        "verified": row["verified"],
        "is_licence": row["is_licence"] == "yes",
        "needs_reviewer": row["needs_reviewer"] == "yes",
        "in_scope": row["in_scope"] == "yes",
        "pinyin": full,
        "initials": initials,
        "search_text": f"{row['code'].lower()} {row['name_zh']} {full} {initials}",
    }


def _materials(row: Mapping[str, str]) -> list[Row]:
    conditional, networked = _split(row["conditional"]), _split(row["networked"])
    own: list[Row] = [
        (name, _kind_of(name), When.CONDITIONAL if name in conditional else When.ALWAYS, name in networked)
        for name in _split(row["materials"])
    ]
    return own + [(name, _kind_of(name), When.OUT_OF_PROVINCE, False) for name in _split(row["out_of_province"])]


def _split(cell: str) -> list[str]:
    return [part for part in cell.split(";") if part]


def _kind_of(name: str) -> str:
    return "electronic" if "电子" in name else "original"


def _last(code: str) -> tuple[int, date]:
    """The last version that a code had, and the day on which it ended."""
    ended = ServiceItem.objects.filter(code=code).order_by("version").values_list("version", "effective_to").last()
    return (ended[0], ended[1] or date.min) if ended else (0, date.min)


def _end(item: ServiceItem, day: date) -> None:
    ServiceItem.objects.filter(pk=item.pk).update(effective_to=max(day, item.effective_from))


def _add_version(code: str, version: int, start: date, fields: Mapping[str, Any], materials: Iterable[Row]) -> None:
    item = ServiceItem.objects.create(code=code, version=version, effective_from=start, **fields)
    MaterialItem.objects.bulk_create(
        MaterialItem(item=item, order=order, name=name, kind=kind, when=when, exempt_if_networked=exempt)
        for order, (name, kind, when, exempt) in enumerate(materials, 1)
    )


@transaction.atomic
def set_scope(
    *,
    by: Any,
    item: ServiceItem,
    unit: Unit,
    in_scope: bool,
    valid_from: date,
    basis: str,
    now: datetime,
    elsewhere: str = "",
) -> ItemScope:
    """Say whether a hall takes in a service from a day on; for its head and the business administrator.

    Requests that were taken in before go on. Refused for a day that is over, without its basis, for a service that is
    not taken in without a place that does, and where nothing would change. Audited.
    """
    if not by.has_perm("requests.change_serviceitem", unit):
        raise NotAllowed(_("办理范围由所长或业务管理员定"))
    if valid_from < timezone.localdate(now):
        raise Refused(_("只能从今天或以后的日期起改，以前收的件不变"), field="valid_from")
    basis = fitting(needed(basis, "basis", _("写明依据，例如通知的文号")), 120, "basis")
    where = ""
    if not in_scope:
        where = fitting(needed(elsewhere, "elsewhere", _("写明群众该到哪里办")), 60, "elsewhere")
    stands = queries.item_in_hall(item, unit, valid_from)
    if (stands.is_offered, stands.elsewhere) == (in_scope, where):
        raise Refused(_("从这天起本来就是这样，不用再定"), field="in_scope")
    row = ItemScope.objects.create(
        unit=unit,
        code=item.code,
        name=item.name,
        in_scope=in_scope,
        elsewhere=where,
        basis=basis,
        valid_from=valid_from,
        decided_by=by,
        decided_at=now,
    )
    words = {True: _("办理"), False: _("不办")}
    record(
        "item.scoped",
        row,
        by=by,
        changes={"in_scope": [words[stands.is_offered], words[in_scope]], "elsewhere": [stands.elsewhere, where]},
        note=_("从%(day)s起；%(basis)s") % {"day": valid_from.isoformat(), "basis": basis},
        now=now,
    )
    return row
