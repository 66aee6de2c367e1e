"""People and units out of a sheet: those who were taken back by an undone import come in again, first passwords."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.audit import actions as audit
from brigade.kit.refusals import Refused
from brigade.org import rules
from brigade.org.actions.accounts import disable_account, enable_account, first_password, keep_first_password
from brigade.org.actions.people import change_person, enrol_person
from brigade.org.actions.units import close_unit, lock_open, open_unit
from brigade.org.models import Person, Posting, Unit, UnitPlacement
from brigade.search import actions as search


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """A person as a row of a sheet has him; `earlier` is his account that an undone import left behind."""

    police_no: str
    name: str
    kind: str
    unit: Unit
    title: str
    phone: str
    starts_on: date
    earlier: Person | None = None
    password: str = ""
    hashed: str = ""


def with_password(newcomer: Newcomer) -> Newcomer:
    """The newcomer with a first password and its hash, which takes its time: before the transaction."""
    password = first_password()
    fields = {name: getattr(newcomer, name) for name in Newcomer.__slots__}
    return Newcomer(**fields | {"password": password, "hashed": make_password(password)})


@transaction.atomic
def take_in_people(newcomers: Sequence[Newcomer], *, by: Any, now: datetime) -> list[Person]:
    """Enrol people with their posts and first passwords, each audited. System administrator of their units.

    Nobody sees anything before the security administrator gave him a role.
    """
    found = []
    for one in newcomers:
        if one.earlier is None:
            person = enrol_person(
                by=by,
                police_no=one.police_no,
                name=one.name,
                unit=one.unit,
                starts_on=one.starts_on,
                kind=one.kind,
                title=one.title,
                phone=one.phone,
                now=now,
            )
        else:
            person = _enrol_again(one, one.earlier, by, now)
        keep_first_password(by=by, person=person, hashed=one.hashed, now=now)
        found.append(person)
    return found


def _enrol_again(one: Newcomer, person: Person, by: Any, now: datetime) -> Person:
    enable_account(by=by, person=person, now=now)
    rules.check_may(by, "org.change_person", one.unit)
    unit = lock_open(one.unit, one.starts_on)
    Posting.objects.create(person=person, unit=unit, title=one.title, starts_on=one.starts_on)
    person = Person.objects.get(pk=person.pk)
    return change_person(by=by, person=person, name=one.name, kind=one.kind, phone=one.phone, now=now)


@transaction.atomic
def take_back_people(keys: Sequence[Any], *, by: Any, now: datetime, reason: str) -> None:
    """Take people back whom an import brought in and who did nothing yet: post ended as it began, account stopped."""
    for person in Person.objects.filter(pk__in=keys).order_by("pk"):
        disable_account(by=by, person=person, reason=reason, now=now)
        for posting in person.postings.filter(ends_on__isnull=True):
            posting.ends_on = posting.starts_on
            posting.save(update_fields=["ends_on"])
            changes = {"ends_on": [None, posting.ends_on.isoformat()]}
            audit.record("person.unposted", person, by=by, changes=changes, note=reason, now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUnit:
    """A unit as a row of a sheet has it; its parent is there already, or another row of the sheet (`parent_code`).

    Without a day it is as old as its parent. `earlier` is the unit that an undone import left behind.
    """

    code: str
    name: str
    short_name: str
    tree: str
    kind: str
    opened_on: date | None
    parent: Unit | None = None
    parent_code: str = ""
    earlier: Unit | None = None


@transaction.atomic
def open_units(drafts: Sequence[NewUnit], *, by: Any, now: datetime) -> list[Unit]:
    """Open units, each after its parent, in the order of the sheet. System administrator of their parents.

    All that hang below each other come in one call.
    """
    opened: dict[str, Unit] = {}
    waiting = list(drafts)
    while waiting:
        ready = [one for one in waiting if not one.parent_code or one.parent_code in opened]
        if not ready:
            raise Refused(_("没有代码%s这个上级单位。") % waiting[0].parent_code)
        for one in ready:
            opened[one.code] = _open(one, opened.get(one.parent_code) or one.parent, by, now)
        waiting = [one for one in waiting if one.code not in opened]
    return list(opened.values())


def _open(one: NewUnit, parent: Unit | None, by: Any, now: datetime) -> Unit:
    opened_on = one.opened_on or (parent.opened_on if parent else timezone.localdate(now))
    if one.earlier is None:
        return open_unit(
            by=by,
            tree=one.tree,
            kind=one.kind,
            code=one.code,
            name=one.name,
            short_name=one.short_name,
            opened_on=opened_on,
            parent=parent,
            now=now,
        )
    rules.check_may(by, "org.change_unit", parent)
    unit = Unit.objects.select_for_update(no_key=True).get(pk=one.earlier.pk)
    unit.name, unit.short_name, unit.tree, unit.kind = one.name, one.short_name, one.tree, one.kind
    unit.opened_on, unit.closed_on, unit.parent = opened_on, None, parent
    unit.path = f"{parent.path if parent else ''}{unit.pk}/"
    unit.save()
    UnitPlacement.objects.filter(unit=unit).update(parent=parent, path=unit.path, starts_on=opened_on)
    search.keep([unit])
    audit.record("unit.opened", unit, by=by, changes={"parent": [None, parent and parent.name]}, now=now)
    return unit


@transaction.atomic
def take_back_units(keys: Sequence[Any], *, by: Any, now: datetime, reason: str) -> None:
    """Close units that an import opened and nobody used yet, the lower ones first."""
    units = sorted(Unit.objects.filter(pk__in=keys), key=lambda unit: -len(unit.lineage))
    day = max([timezone.localdate(now), *(unit.opened_on + timedelta(days=1) for unit in units)])
    for unit in units:
        close_unit(by=by, unit=unit, closed_on=day, reason=reason, now=now)
