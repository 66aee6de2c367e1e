"""Who holds which role where."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.audit import actions as audit
from brigade.kit.refusals import Refused
from brigade.kit.text import clean_text
from brigade.org import rules
from brigade.org.actions.units import lock_open
from brigade.org.models import Grant, Person, Unit
from brigade.org.states import Role


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
    grant = Grant.objects.create(
        person=person,
        role=role,
        unit=unit,
        starts_on=starts_on,
        ends_on=ends_on,
        granted_by=f"{by.name} {by.police_no}".strip(),
        reason=clean_text(reason),
    )
    audit.record(
        "grant.given",
        grant,
        by=by,
        changes={"starts_on": [None, starts_on.isoformat()], "ends_on": [None, ends_on and ends_on.isoformat()]},
        note=grant.reason,
        now=now,
    )
    return grant


def _check_against_held(person: Person, role: str, unit: Unit, starts_on: date, ends_on: date | None) -> None:
    held = person.grants.reaching(starts_on)
    if ends_on is not None:
        held = held.filter(starts_on__lt=ends_on)
    if held.filter(role=role, unit=unit).exists():
        raise Refused(_("%s在%s已有这个角色。") % (person.name, unit.name), field="role")
    if conflict := rules.role_conflict(role, set(held.values_list("role", flat=True))):
        raise Refused(conflict, field="role")


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
