"""The first unit and the first people of an empty installation."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.kit.refusals import Refused
from brigade.org.actions.accounts import reset_password
from brigade.org.actions.grants import grant_role
from brigade.org.actions.people import enrol_person
from brigade.org.actions.units import open_unit
from brigade.org.models import Unit
from brigade.org.states import Role, Tree, UnitKind

UNITED_ON = date(1986, 10, 7)
"""Traffic police belong to public security since then: no ledger of a brigade is older. Source: 国发〔1986〕94号."""


def found_brigade(
    *,
    by: Any,
    code: str,
    name: str,
    administrators: dict[Role, tuple[str, str]],
    opened_on: date = UNITED_ON,
    now: datetime | None = None,
) -> dict[Role, str]:
    """The first unit of an empty installation and its three administrators (number, name); gives their passwords.

    Nothing below the brigade is older than `opened_on`: not its squadrons, branches and posts, and no record of them.
    Set-up only: afterwards everything goes through those three.
    """
    today = timezone.localdate(now)
    people = {}
    with transaction.atomic():
        if Unit.objects.exists():
            raise Refused(_("已经有单位了，由系统管理员在页面上设立。"))
        brigade = open_unit(
            by=by,
            tree=Tree.LINE,
            kind=UnitKind.BRIGADE,
            code=code,
            name=name,
            short_name=name[:24],
            opened_on=opened_on,
            now=now,
        )
        for role, (police_no, person_name) in administrators.items():
            person = enrol_person(by=by, police_no=police_no, name=person_name, unit=brigade, starts_on=today, now=now)
            grant_role(by=by, person=person, role=role, unit=brigade, starts_on=today, now=now)
            people[role] = person
    return {role: reset_password(by=by, person=person, now=now) for role, person in people.items()}
