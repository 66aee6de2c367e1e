"""A person leaves or moves on: what he holds goes to others, and on the day his posts, roles and account end.

Taking away takes one person, giving takes two: who hands over gives nobody a role. New owners are those who hold what
it takes already; where nobody does, the security administrator grants it first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.audit import actions as audit
from brigade.audit.actions import SYSTEM
from brigade.kit.refusals import Refused
from brigade.kit.text import needed
from brigade.ledgers.models import SavedView
from brigade.org import queries, rules
from brigade.org.models import Departure, DutyTurn, Grant, Person, Posting, Unit
from brigade.org.queries import Held
from brigade.org.rules import Holding

PERM = "org.hand_over_person"


@transaction.atomic
def hand_over(
    *,
    by: Any,
    person: Person,
    heirs: Mapping[str, Person],
    reason: str,
    leaves_on: date | None = None,
    now: datetime | None = None,
) -> Departure | None:
    """Give what `person` holds to `heirs`, by group; leaders of the brigade.

    Without `leaves_on` he only hands over, whatever groups are named. With it he leaves on that day: every group needs
    an heir now, and on that day (today's at once, a later one by the timed job) his posts, roles and offices end and
    his account is closed. Refused, by name, for an heir who does not hold what a group takes; nothing is half done.
    """
    now = now or timezone.now()
    today = timezone.localdate(now)
    person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    _check_may_leave(by, person, leaves_on, today)
    reason = needed(reason, "reason", _("写明移交事由。"))
    found = [held for held in queries.held_by(person, today) if held.holding.heirs is not None]
    if leaves_on is None and not any(held.key in heirs for held in found):
        raise Refused(_("至少选一名接手人，或者填离任日期。"))
    if leaves_on is not None and (missing := [held for held in found if held.key not in heirs]):
        raise Refused(
            _("%(unit)s的%(what)s还没有选接手人。") % {"unit": missing[0].unit, "what": missing[0].holding.label},
            field=missing[0].key,
        )
    given = _hand(by, person, found, {key: heir.pk for key, heir in heirs.items()}, today, now)
    audit.record("person.handed_over", person, by=by, changes=given, note=reason, now=now)
    if leaves_on is None:
        return None
    departure = _plan(by, person, heirs, leaves_on, reason, now)
    if leaves_on <= today:
        _close(departure, by=by, now=now)
    return departure


def _check_may_leave(by: Any, person: Person, leaves_on: date | None, today: date) -> None:
    rules.check_may(by, PERM, person)
    if by.pk == person.pk:
        raise Refused(_("自己的事项由大队领导移交，不能自己办。"))
    if not person.is_active:
        raise Refused(_("%s的账号已经停用。") % person.name)
    if leaves_on is None:
        return
    if leaves_on < today:
        raise Refused(_("离任日期不能早于今天，账号用到今天了。"), field="leaves_on")
    if queries.is_administrator(person, today):
        raise Refused(_("%s是管理员，先由安全管理员收回管理员角色，再办离任。") % person.name)


def _hand(
    by: Any, person: Person, found: Iterable[Held], heirs: Mapping[str, int], today: date, now: datetime
) -> dict[str, Any]:
    """Hand each group to its heir; what was given to whom, for the trail."""
    people = Person.objects.in_bulk(heirs.values())
    given = {}
    for held in found:
        if held.key not in heirs:
            continue
        heir, holding = people[heirs[held.key]], held.holding
        rules.check_may(by, PERM, held.unit)
        if not held.heirs(person, today).filter(pk=heir.pk).exists():
            words = {"name": heir.name, "unit": held.unit, "whom": holding.whom, "what": holding.label}
            raise Refused(
                _("%(name)s不能接%(what)s：要%(unit)s的%(whom)s，先由安全管理员授权。") % words, field=held.key
            )
        holding.hand(by=by, rows=held.rows, to=heir, now=now)
        given[f"{holding.label}（{held.unit}）"] = [f"{person.name} {len(held.rows)}", heir.name]
    return given


def _plan(
    by: Any, person: Person, heirs: Mapping[str, Person], leaves_on: date, reason: str, now: datetime
) -> Departure:
    departure, _made = Departure.objects.update_or_create(
        person=person,
        closed_at=None,
        defaults={
            "leaves_on": leaves_on,
            "reason": reason,
            "heirs": {key: heir.pk for key, heir in heirs.items()},
            "decided_by": f"{by.name} {by.police_no}".strip(),
            "decided_at": now,
        },
    )
    audit.record(
        "person.leaves", person, by=by, changes={"leaves_on": [None, leaves_on.isoformat()]}, note=reason, now=now
    )
    return departure


@transaction.atomic
def cancel_departure(*, by: Any, person: Person, now: datetime | None = None) -> None:
    """The person stays after all; what he has handed over stays with who took it. Leaders of the brigade."""
    rules.check_may(by, PERM, person)
    gone, _by_model = Departure.objects.filter(person=person, closed_at__isnull=True).delete()
    if not gone:
        raise Refused(_("%s没有待生效的离任。") % person.name)
    audit.record("person.stays", person, by=by, now=now)


def close_departed(*, now: datetime) -> str:
    """End posts, roles and accounts of those whose day has come. A timed job; a missed day is caught up."""
    today = timezone.localdate(now)
    due = Departure.objects.filter(closed_at__isnull=True, leaves_on__lte=today).order_by("leaves_on", "pk")
    gone = [row for row in due.select_related("person") if not queries.is_administrator(row.person, today)]
    for departure in gone:
        with transaction.atomic():
            _close(departure, by=SYSTEM, now=now)
    return _("离任%(gone)d人，%(kept)d人还是管理员，没有办") % {"gone": len(gone), "kept": len(due) - len(gone)}


def _close(departure: Departure, *, by: Any, now: datetime) -> None:
    """What came to him since the decision goes the same way; then everything ends, the account first.

    A group whose heir may no longer take it stays with him, and with it his name on the list of open duties: the
    account is closed all the same, for the day of leaving is a day of leaving.
    """
    today = timezone.localdate(now)
    person = Person.objects.select_for_update(no_key=True).get(pk=departure.person_id)
    if Departure.objects.filter(pk=departure.pk, closed_at__isnull=True).update(closed_at=now) == 0:
        return
    found = queries.held_by(person, today)
    able = [
        held
        for held in found
        if held.key in departure.heirs and held.heirs(person, today).filter(pk=departure.heirs[held.key]).exists()
    ]
    given = _hand(SYSTEM, person, able, departure.heirs, today, now)
    if person.is_active:
        Person.objects.filter(pk=person.pk).update(is_active=False)
    for held in found:
        if held.holding.heirs is None:
            held.holding.hand(by=SYSTEM, rows=held.rows, to=None, now=now)
    note = _("%(who)s办理：%(why)s") % {"who": departure.decided_by, "why": departure.reason}
    audit.record("person.left", person, by=by, changes=given, note=note, now=now)


# What org itself knows that a person holds


def _turns(person: Person, on: date) -> QuerySet[DutyTurn]:
    return person.duty_turns.filter(day__gte=on).select_related("unit", "person").order_by("day")


def _give_turns(*, by: Any, rows: list[DutyTurn], to: Person | None, now: datetime) -> None:
    DutyTurn.objects.filter(pk__in=[turn.pk for turn in rows]).update(person=to)
    changes = {turn.day.isoformat(): [turn.person.name, to and to.name] for turn in rows}
    audit.record("duty.arranged", rows[0].unit, by=by, changes=changes, now=now)


def _shared_views(person: Person, on: date) -> QuerySet[SavedView]:
    return SavedView.objects.filter(owner=person.pk, unit__isnull=False).order_by("listing", "name")


def _colleagues(unit: Unit, on: date) -> QuerySet[Person]:
    return Person.objects.working_in([unit.pk], on) | Person.objects.filter(
        pk__in=Grant.objects.on(on).filter(unit=unit).values("person")
    )


def _give_views(*, by: Any, rows: list[SavedView], to: Person | None, now: datetime) -> None:
    """A name that the heir uses already for a view of his own gets the giver's behind it."""
    taken = set(SavedView.objects.filter(owner=to).values_list("listing", "name"))
    for view in rows:
        name, serial = view.name, 1
        while (view.listing, name) in taken:
            serial += 1
            name = f"{view.name[:17]}({serial})"
        taken.add((view.listing, name))
        SavedView.objects.filter(pk=view.pk).update(owner=to, name=name, is_default=False)
    audit.record_many([audit.Entry(verb="ledger.view_given", target=view, by=by, now=now) for view in rows])


def _posts(person: Person, on: date) -> QuerySet[Posting]:
    rows = person.postings.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=on)).exclude(ends_on=F("starts_on"))
    return rows.select_related("unit").order_by("starts_on")


def _end_posts(*, by: Any, rows: list[Posting], to: Person | None, now: datetime) -> None:
    today = timezone.localdate(now)
    for posting in rows:
        Posting.objects.filter(pk=posting.pk).update(ends_on=max(today, posting.starts_on))
    person = rows[0].person
    changes = {"unit": [[posting.unit.name for posting in rows], None], "ends_on": [None, today.isoformat()]}
    audit.record("person.unposted", person, by=by, changes=changes, now=now)


def _grants(person: Person, on: date) -> QuerySet[Grant]:
    return person.grants.reaching(on).select_related("unit", "person").order_by("unit__path", "role")


def _end_grants(*, by: Any, rows: list[Grant], to: Person | None, now: datetime) -> None:
    today = timezone.localdate(now)
    for grant in rows:
        Grant.objects.filter(pk=grant.pk).update(ends_on=max(today, grant.starts_on))
    audit.record_many(
        [
            audit.Entry(
                verb="grant.ended", target=grant, by=by, changes={"ends_on": [None, today.isoformat()]}, now=now
            )
            for grant in rows
        ]
    )


HOLDINGS = [
    Holding(
        "org.duty_turns",
        gettext_lazy("带班"),
        _turns,
        _give_turns,
        heirs=queries.may_lead_duty,
        whom=gettext_lazy("领导"),
    ),
    Holding(
        "org.views",
        gettext_lazy("共享的台账视图"),
        _shared_views,
        _give_views,
        heirs=_colleagues,
        whom=gettext_lazy("同事"),
    ),
    Holding("org.posts", gettext_lazy("任职"), _posts, _end_posts, goes=gettext_lazy("到离任日结束")),
    Holding(
        "org.grants",
        gettext_lazy("角色"),
        _grants,
        _end_grants,
        goes=gettext_lazy("到离任日收回，岗位上的应办事项归同岗位的人"),
    ),
]
