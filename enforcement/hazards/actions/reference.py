"""The categories, the owners and the roads that hazards lean on."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.audit.actions import SYSTEM, record
from brigade.kit.refusals import NotAllowed, Refused
from brigade.kit.text import clean_text, fitting
from brigade.obligations import actions as obligations
from brigade.org.actions import reveal
from brigade.org.models import Person, Unit
from brigade.org.rules import Holding, sealed
from brigade.org.states import Tree
from enforcement.hazards import queries
from enforcement.hazards.models import Category, Defect, Hazard, Owner
from enforcement.hazards.states import SENT, HazardState, OwnerType

DATA = Path(__file__).parents[1] / "data"


@transaction.atomic
def load_categories(*, by: Any = SYSTEM) -> str:
    """Load the categories and defects that are missing; run at each start, never overwrites what is there.

    Audited when something was loaded; one line says what.
    """
    known = set(Category.objects.values_list("code", flat=True))
    new = [
        Category(**row, order=order) for order, row in enumerate(_rows("categories.csv"), 1) if row["code"] not in known
    ]
    Category.objects.bulk_create(new)
    ids = dict(Category.objects.values_list("code", "pk"))
    listed = set(Defect.objects.values_list("code", flat=True))
    defects = [
        Defect(category_id=ids[row["category"]], code=row["code"], name=row["name"], order=order)
        for order, row in enumerate(_rows("defects.csv"), 1)
        if row["code"] not in listed
    ]
    Defect.objects.bulk_create(defects)
    if not (new or defects):
        return _("隐患类别已是最新。")
    sentence = _("载入隐患类别%(categories)d个、缺陷%(defects)d个") % {
        "categories": len(new),
        "defects": len(defects),
    }
    record("hazards.loaded", None, by=by, sentence=sentence)
    return sentence


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@transaction.atomic
def set_owner(
    *,
    by: Any,
    unit: Unit,
    owner_type: str,
    liaison_name: str = "",
    phone: str | None = None,
    liaison: Person | None = None,
) -> Owner:
    """Say what an outside unit answers for and who answers there; for the clerk and the business administrator.

    `phone` None leaves the number as it is. `liaison` is the account of one who can reach the portal: the right to
    answer is granted beside it. Audited; a phone number is never in the trail.
    """
    if not by.has_perm("hazards.change_owner", unit):
        raise NotAllowed(_("责任单位由内勤或业务管理员登记"))
    if unit.tree != Tree.OUTSIDE:
        raise Refused(_("责任单位要先由系统管理员设为外部单位"), field="unit")
    if owner_type not in OwnerType.values:
        raise Refused(_("类型只能是：%s") % "、".join(map(str, OwnerType.labels)), field="owner_type")
    name = fitting(liaison_name, 40, "liaison_name") or (liaison.name if liaison is not None else "")
    row = Owner.objects.select_for_update(of=("self",)).filter(pk=unit.pk).first() or Owner(unit=unit)
    before = {field: getattr(row, field) for field in ("owner_type", "liaison_name", "liaison_id", "phone_tail")}
    row.owner_type, row.liaison_name, row.liaison = owner_type, name, liaison
    if phone is not None:
        for column, value in sealed(row, "phone", clean_text(phone)).items():
            setattr(row, column, value)
    row.save()
    if row.liaison_id != before["liaison_id"]:
        _hand_duties_on([unit.pk], timezone.now())
    after = {field: getattr(row, field) for field in before}
    changes = {field: [before[field], after[field]] for field in before if before[field] != after[field]}
    if changes:
        record("owner.set", unit, by=by, changes=changes)
    return row


def _hand_duties_on(owners: Iterable[int], now: datetime) -> None:
    """What these owners have to do becomes the duty of who answers for them now."""
    hazards = Hazard.objects.open().sent_to(owners)
    obligations.touch({key for hazard in hazards for key in obligations.keys_of(hazard)}, now=now)


def reveal_phone(*, by: Any, hazard: Hazard, reason: str) -> str:
    """The number of who answers for the owner of a hazard, for a stated reason that the audit keeps.

    For clerk and leaders of the squadron that chases the owner, while it is with him: they reach the hazard, and never
    the outside unit itself.
    """
    owner = Owner.objects.select_related("unit").filter(pk=hazard.owner_id).first()
    if owner is None or hazard.state not in SENT or hazard.state == HazardState.CLOSED:
        raise NotAllowed(_("隐患在责任单位手里的时候才能看联络员的号码"))
    return reveal(by=by, target=owner, field="phone", reason=reason, about=hazard)


# What somebody who leaves answers for


def _answered_by(person: Person, on: date) -> QuerySet[Owner]:
    return Owner.objects.filter(liaison=person).select_related("unit").order_by("pk")


def _give_owners(*, by: Any, rows: list[Owner], to: Person, now: datetime) -> None:
    """Another liaison answers from now on; the number of the old one goes."""
    for owner in rows:
        changes = {"liaison_name": [owner.liaison_name, to.name], "liaison_id": [owner.liaison_id, to.pk]}
        unknown = sealed(owner, "phone", "")
        Owner.objects.filter(pk=owner.pk).update(liaison=to, liaison_name=to.name, **unknown)
        record("owner.set", owner.unit, by=by, changes=changes, now=now)
    _hand_duties_on([owner.pk for owner in rows], now)


HOLDINGS = [
    Holding(
        "hazards.owners",
        gettext_lazy("隐患联络"),
        _answered_by,
        _give_owners,
        heirs=queries.liaisons_of,
        whom=gettext_lazy("责任单位联络员"),
    )
]
"""Whatever else of a hazard somebody has to do belongs to his post, and who found or graded it stays in its record."""
