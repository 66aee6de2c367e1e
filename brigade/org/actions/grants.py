"""Who holds which role where."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.audit import actions as audit
from brigade.kit.refusals import Refused
from brigade.kit.text import clean_text
from brigade.org import queries, rules
from brigade.org.actions.units import lock_open
from brigade.org.models import Grant, Person, Unit
from brigade.org.states import ADMIN_ROLES, BRANCH_ROLES, Role, Tree

GRANTED_AT_ONCE = 500
"""People to whom one answer of the page gives a role; a sheet, which the worker writes, may name more."""
NAMED = 5
"""Names in a sentence that refuses several people."""


@transaction.atomic
def grant_role(
    *,
    by: Any,
    person: Person,
    role: Role | str,
    unit: Unit,
    starts_on: date,
    ends_on: date | None = None,
    reason: str = "",
    now: datetime | None = None,
) -> Grant:
    """Give a role on a unit and everything under it. Security administrator of the unit, never to himself.

    Administrators are separated: an administrator role stands alone.
    """
    rules.check_may(by, "org.change_grant", unit)
    person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    if by.pk == person.pk:
        raise Refused(_("不能给自己授权。"), field="person")
    if not person.is_active:
        raise Refused(_("%s的账号已停用。") % person.name, field="person")
    rules.check_span(starts_on, ends_on)
    unit = lock_open(unit, max(starts_on, timezone.localdate(now)))
    _check_against_held(person, str(role), unit, starts_on, ends_on)
    grant = _grant(by, person, role, unit, starts_on, ends_on, clean_text(reason))
    grant.save(force_insert=True)
    audit.record("grant.given", grant, by=by, changes=_span(grant), note=grant.reason, now=now)
    return grant


def _grant(by: Any, person: Person, role: str, unit: Unit, starts_on: date, ends_on: date | None, reason: str) -> Grant:
    return Grant(
        person=person,
        role=role,
        unit=unit,
        starts_on=starts_on,
        ends_on=ends_on,
        granted_by=f"{by.name} {by.police_no}".strip(),
        reason=reason,
    )


def _span(grant: Grant) -> dict[str, list[Any]]:
    ends_on = grant.ends_on and grant.ends_on.isoformat()
    return {"starts_on": [None, grant.starts_on.isoformat()], "ends_on": [None, ends_on]}


def _check_against_held(person: Person, role: str, unit: Unit, starts_on: date, ends_on: date | None) -> None:
    held = person.grants.reaching(starts_on)
    if ends_on is not None:
        held = held.filter(starts_on__lt=ends_on)
    if held.filter(role=role, unit=unit).exists():
        raise Refused(_("%s在%s已有这个角色。") % (person.name, unit.name), field="role")
    if conflict := rules.role_conflict(role, set(held.values_list("role", flat=True))):
        raise Refused(conflict, field="role")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRoles:
    """Roles that somebody is to have on a unit, as a row of a sheet has them."""

    person: Person
    unit: Unit
    roles: tuple[str, ...]
    ends_on: date | None = None


@transaction.atomic
def grant_roles(
    *,
    by: Any,
    people: Sequence[Person],
    role: Role | str,
    unit: Unit | None,
    starts_on: date,
    ends_on: date | None = None,
    reason: str = "",
    now: datetime | None = None,
) -> list[Grant]:
    """Give a role to many, on one unit or, without one, to each where he works today; who holds it is passed over.

    Security administrator of each of the units, never to himself. All or nobody: whoever cannot have it is named.
    Roles of administrators are given one by one.
    """
    if not people:
        raise Refused(_("点选要授予的人。"), field="people")
    if len(people) > GRANTED_AT_ONCE:
        limits = {"max": GRANTED_AT_ONCE, "n": len(people)}
        raise Refused(_("一次最多授予%(max)d人，选了%(n)d人；分几次授，或者从表里导入。") % limits, field="people")
    rules.check_span(starts_on, ends_on)
    places = {} if unit else queries.works_in((person.pk for person in people), timezone.localdate(now))
    if not unit:
        _refuse_any(
            [person for person in people if person.pk not in places],
            _("%(names)s没有任职单位，选一个“管到哪里”，或者先办任职。"),
            "unit",
        )
    wanted = [
        NewRoles(person=person, unit=unit or places[person.pk], roles=(str(role),), ends_on=ends_on)
        for person in people
    ]
    return _give_all(by, wanted, starts_on, reason, now)


@transaction.atomic
def take_in_roles(wanted: Sequence[NewRoles], *, by: Any, now: datetime) -> list[Grant]:
    """Give the roles of a sheet from today on, as `grant_roles` does. Security administrator of each of the units."""
    return _give_all(by, wanted, timezone.localdate(now), _("导入"), now)


def _give_all(by: Any, wanted: Sequence[NewRoles], starts_on: date, reason: str, now: datetime | None) -> list[Grant]:
    """People are locked before units, both in the order of their keys, so that two who give do not wait in a circle."""
    if any(role in ADMIN_ROLES for one in wanted for role in one.roles):
        raise Refused(_("管理员角色在人员页逐人授予。"), field="role")
    units = {one.unit.pk: one.unit for one in wanted}
    for unit in units.values():
        rules.check_may(by, "org.change_grant", unit)
    for one in wanted:
        if one.unit.tree != Tree.PARTY and (of_branch := BRANCH_ROLES.intersection(one.roles)):
            words = {"role": Role(min(of_branch)).label, "unit": one.unit.name}
            raise Refused(_("%(role)s管的是党组织，%(unit)s不是；“管到哪里”选支部。") % words, field="unit")
    locked = Person.objects.select_for_update(no_key=True).filter(pk__in={one.person.pk for one in wanted})
    people = {person.pk: person for person in locked.order_by("pk")}
    if by.pk in people:
        raise Refused(_("不能给自己授权。"), field="people")
    _refuse_any(
        [person for person in people.values() if not person.is_active],
        _("%(names)s的账号已停用，先从名单里去掉。"),
        "people",
    )
    day = max(starts_on, timezone.localdate(now))
    units = {pk: lock_open(units[pk], day) for pk in sorted(units)}
    held: dict[int, list[Grant]] = defaultdict(list)
    for grant in Grant.objects.reaching(starts_on).filter(person__in=people):
        held[grant.person_id].append(grant)
    _refuse_any(
        [person for pk, person in people.items() if any(grant.role in ADMIN_ROLES for grant in held[pk])],
        _("%(names)s是管理员，不能再授予其他角色，先从名单里去掉。"),
        "people",
    )
    made = []
    for one in wanted:
        person, unit = people[one.person.pk], units[one.unit.pk]
        for role in one.roles:
            if not _holds(held[person.pk], role, unit, one.ends_on):
                grant = _grant(by, person, role, unit, starts_on, one.ends_on, clean_text(reason))
                held[person.pk].append(grant)
                made.append(grant)
    Grant.objects.bulk_create(made, batch_size=500)
    audit.record_many(
        audit.Entry(verb="grant.given", target=grant, by=by, changes=_span(grant), note=grant.reason, now=now)
        for grant in made
    )
    return made


def _holds(held: Iterable[Grant], role: str, unit: Unit, ends_on: date | None) -> bool:
    """Whether he has the role there already, on any day of the new span."""
    return any(
        grant.role == role and grant.unit_id == unit.pk and (ends_on is None or grant.starts_on < ends_on)
        for grant in held
    )


def _refuse_any(people: Sequence[Person], sentence: str, field: str) -> None:
    if people:
        names = "、".join(person.name for person in people[:NAMED])
        more = _("等%d人") % len(people) if len(people) > NAMED else ""
        raise Refused(sentence % {"names": f"{names}{more}"}, field=field)


@transaction.atomic
def take_back_grants(keys: Sequence[Any], *, by: Any, now: datetime, reason: str) -> None:
    """Take back roles that a sheet brought; one that has ended meanwhile stays as it ended."""
    today = timezone.localdate(now)
    for grant in Grant.objects.filter(pk__in=keys).reaching(today).order_by("pk"):
        end_grant(by=by, grant=grant, ends_on=max(grant.starts_on, today), reason=reason, now=now)


@transaction.atomic
def end_grant(*, by: Any, grant: Grant, ends_on: date, reason: str = "", now: datetime | None = None) -> Grant:
    """Take a role back from a day on; today counts at the person's next request. Security administrator.

    The last security administrator of a unit stays, else nobody could grant there again.
    """
    held = Grant.objects.select_for_update(no_key=True, of=("self",))
    grant = held.select_related("unit", "person").get(pk=grant.pk)
    rules.check_may(by, "org.change_grant", grant.unit)
    today = timezone.localdate(now)
    if grant.ends_on is not None and grant.ends_on <= today:
        raise Refused(_("这项授权已于%s结束。") % grant.ends_on)
    if ends_on < today and ends_on != grant.starts_on:
        raise Refused(_("授权已经用到今天，止日不能早于今天。"), field="ends_on")
    rules.check_span(grant.starts_on, ends_on)
    if grant.role == Role.SECURITY_ADMIN:
        check_others_grant(grant.unit, grant.person, ends_on)
    changes = {"ends_on": [grant.ends_on and grant.ends_on.isoformat(), ends_on.isoformat()]}
    grant.ends_on = ends_on
    grant.save(update_fields=["ends_on"])
    audit.record("grant.ended", grant, by=by, changes=changes, note=clean_text(reason), now=now)
    return grant


def check_others_grant(unit: Unit, person: Person, day: date) -> None:
    """Refuse what would leave a unit without a security administrator; two who stop each other follow one another."""
    Unit.objects.select_for_update(no_key=True).get(pk=unit.lineage[0])
    others = Grant.objects.filter(
        Q(ends_on__isnull=True),
        role=Role.SECURITY_ADMIN,
        unit__in=unit.lineage,
        starts_on__lte=day,
        person__is_active=True,
    ).exclude(person=person)
    if not others.exists():
        raise Refused(_("%s是%s最后一名安全管理员，先另授一名。") % (person.name, unit.name))
