"""Secondment (借调): a post elsewhere for a time, and the roles that go with it; both end by themselves."""

from __future__ import annotations

from collections.abc import Sequence
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
from brigade.org.actions.grants import end_grant, grant_role
from brigade.org.actions.units import lock_open
from brigade.org.models import Grant, Person, Posting, Secondment, Unit
from brigade.org.states import ADMIN_ROLES


@transaction.atomic
def second_person(
    *,
    by: Any,
    person: Person,
    unit: Unit,
    starts_on: date,
    ends_on: date,
    roles: Sequence[str] = (),
    keeps_home: bool = False,
    title: str = "",
    reason: str = "",
    now: datetime | None = None,
) -> Secondment:
    """Send a person to another unit from a day until before another. System administrator of both units.

    The post at home stays and is his again by itself afterwards. `roles` are asked for: the security administrator
    settles them. Unless he `keeps_home`, his roles at home rest meanwhile, so that their duties are the others'.
    """
    person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    rules.check_may(by, "org.change_person", person)
    rules.check_may(by, "org.change_person", unit)
    unit = lock_open(unit, starts_on)
    if not person.is_active:
        raise Refused(_("%s的账号已停用。") % person.name)
    if ends_on <= starts_on:
        raise Refused(_("止日要晚于起日，借调到这一天就回原单位。"), field="ends_on")
    if starts_on < timezone.localdate(now):
        raise Refused(_("借调从今天或以后的日子起。"), field="starts_on")
    if unit.closed_on is not None and unit.closed_on < ends_on:
        raise Refused(
            _("%(unit)s到%(day)s撤销，借调不能更长。") % {"unit": unit, "day": unit.closed_on}, field="ends_on"
        )
    _check_home(person, unit, starts_on, ends_on)
    posting = Posting.objects.create(
        person=person, unit=unit, title=clean_text(title), starts_on=starts_on, ends_on=ends_on, is_secondment=True
    )
    secondment = Secondment.objects.create(
        posting=posting,
        roles=[str(role) for role in roles],
        keeps_home=keeps_home,
        reason=clean_text(reason),
        ordered_by=f"{by.name} {by.police_no}".strip(),
    )
    changes = {"unit": [None, unit.name], "starts_on": [None, str(starts_on)], "ends_on": [None, str(ends_on)]}
    audit.record("person.seconded", person, by=by, changes=changes, note=secondment.reason, now=now)
    return secondment


def _check_home(person: Person, unit: Unit, starts_on: date, ends_on: date) -> None:
    lasting = person.postings.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=starts_on))
    home = lasting.filter(is_secondment=False, starts_on__lte=starts_on).select_related("unit").first()
    if home is None or (home.ends_on is not None and home.ends_on < ends_on):
        raise Refused(_("%s没有覆盖这段时间的原任职，回来无处可回，先办任职。") % person.name)
    if home.unit_id == unit.pk:
        raise Refused(_("%s本来就在%s，不用借调。") % (person.name, unit.name), field="unit")
    if lasting.filter(is_secondment=True, starts_on__lt=ends_on).exists():
        raise Refused(_("这段时间里%s已有借调，先结束它。") % person.name, field="starts_on")
    if person.grants.reaching(starts_on).filter(role__in=ADMIN_ROLES).exists():
        raise Refused(_("%s是管理员，先由安全管理员收回管理员角色。") % person.name)


@transaction.atomic
def settle_secondment(*, by: Any, secondment: Secondment, now: datetime | None = None) -> Secondment:
    """Give the roles asked for, until the secondment ends, and let those at home rest. Security administrator.

    A role at home that rests is held again from the last day on; nobody has to think of it.
    """
    rows = Secondment.objects.select_for_update(of=("self",)).select_related("posting__unit", "posting__person")
    secondment = rows.get(pk=secondment.pk)
    posting, today = secondment.posting, timezone.localdate(now)
    rules.check_may(by, "org.change_grant", posting.unit)
    rules.check_may(by, "org.change_grant", posting.person)
    if secondment.settled_by:
        raise Refused(_("这次借调的角色已由%s办过。") % secondment.settled_by)
    if posting.ends_on is None or posting.ends_on <= today:
        raise Refused(_("借调已经结束，不用授权。"))
    start = max(posting.starts_on, today)
    secondment.resumed = [] if secondment.keeps_home else _rest(by, posting, start, posting.ends_on, now)
    secondment.given = [
        grant_role(
            by=by,
            person=posting.person,
            role=role,
            unit=posting.unit,
            starts_on=start,
            ends_on=posting.ends_on,
            reason=_("借调"),
            now=now,
        ).pk
        for role in secondment.roles
    ]
    secondment.settled_by = f"{by.name} {by.police_no}".strip()
    secondment.save(update_fields=["settled_by", "given", "resumed"])
    return secondment


def _rest(by: Any, posting: Posting, start: date, end: date, now: datetime | None) -> list[int]:
    """Every role on another unit of the line ends for the time and begins again afterwards; in the Party he stays."""
    resumed = []
    held = posting.person.grants.reaching(start).filter(starts_on__lte=start, unit__tree=posting.unit.tree)
    for grant in held.exclude(unit=posting.unit).select_related("unit", "person"):
        until = grant.ends_on
        end_grant(by=by, grant=grant, ends_on=start, reason=_("借调期间"), now=now)
        if until is None or until > end:
            again = grant_role(
                by=by,
                person=posting.person,
                role=grant.role,
                unit=grant.unit,
                starts_on=end,
                ends_on=until,
                reason=_("借调结束，回原单位"),
                now=now,
            )
            resumed.append(again.pk)
    return resumed


@transaction.atomic
def end_secondment(*, by: Any, secondment: Secondment, ends_on: date, now: datetime | None = None) -> Secondment:
    """Back earlier than was said: post and roles there end on that day, those at home begin on it.

    System administrator; the roles follow the post, as the security administrator settled them.
    """
    rows = Secondment.objects.select_for_update(of=("self",)).select_related("posting__unit", "posting__person")
    secondment = rows.get(pk=secondment.pk)
    posting = secondment.posting
    rules.check_may(by, "org.change_person", posting.person)
    before, today = posting.ends_on, timezone.localdate(now)
    if before is None or before <= today:
        raise Refused(_("借调已经结束。"))
    if not max(today, posting.starts_on) <= ends_on < before:
        raise Refused(
            _("只能提前，不早于今天：写%(from)s到%(to)s之间的一天。") % {"from": today, "to": before}, field="ends_on"
        )
    Posting.objects.filter(pk=posting.pk).update(ends_on=ends_on)
    Grant.objects.filter(pk__in=secondment.given, ends_on=before).update(ends_on=ends_on)
    Grant.objects.filter(pk__in=secondment.resumed, starts_on=before).update(starts_on=ends_on)
    changes = {"ends_on": [before.isoformat(), ends_on.isoformat()]}
    audit.record("person.secondment_ended", posting.person, by=by, changes=changes, now=now)
    posting.ends_on = ends_on
    return secondment
