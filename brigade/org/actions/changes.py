"""A unit goes into another, hangs below another, or takes over towns, from a day on.

Two administrators, as everywhere: the system administrator plans, and where roles go along the security administrator
says which. What hangs on units (posts, beats, shared views, rosters, placement) changes at one stroke here; the open
records follow in batches, see `brigade.workbench.actions.carry_out`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.audit import actions as audit
from brigade.audit.actions import SYSTEM
from brigade.kit.refusals import Refused
from brigade.kit.text import needed
from brigade.ledgers.models import SavedView
from brigade.org import queries, rules
from brigade.org.actions.grants import grant_role
from brigade.org.actions.people import post_person
from brigade.org.actions.units import close_unit, lock_open, move_unit
from brigade.org.models import Beat, DutyTurn, Grant, Posting, Unit, UnitChange
from brigade.org.states import ChangeKind, ChangeState, Tree
from brigade.reference.models import Town


@transaction.atomic
def plan_change(
    *,
    by: Any,
    kind: ChangeKind | str,
    unit: Unit,
    since: date,
    reason: str,
    into: Unit | None = None,
    towns: Sequence[Town] = (),
    now: datetime | None = None,
) -> UnitChange:
    """Plan a change of units; system administrator of both. It waits for the day, and for the security administrator
    where roles on the unit go along. Refused for a circle, a closed unit, a second plan for the same unit, and for a
    day gone by, unless nobody policed the towns before: that is how they are first entered.
    """
    now = now or timezone.now()
    rules.check_may(by, "org.change_unit", unit)
    if into is not None:
        rules.check_may(by, "org.change_unit", into)
    is_first = kind == ChangeKind.TOWNS and not Beat.objects.filter(town__in=[town.pk for town in towns]).exists()
    if since < timezone.localdate(now) and not is_first:
        raise Refused(_("从今天或以后的日子起，以前的数字不改。"), field="since")
    both = [one.pk for one in (unit, into) if one is not None]
    # In the order of their keys: each of two units may be planned into the other at the same moment.
    list(Unit.objects.select_for_update(no_key=True).filter(pk__in=both).order_by("pk"))
    unit = lock_open(unit, since)
    into = None if kind == ChangeKind.TOWNS else into and lock_open(into, since, "into")
    check_change(kind, unit, into, towns, since)
    if unit.changes.open().exists():
        raise Refused(_("%s已有一项机构调整没有完成，先完成或取消它。") % unit.name)
    waits = kind == ChangeKind.MERGE and queries.grants_along(unit, since).exists()
    change = UnitChange.objects.create(
        kind=kind,
        unit=unit,
        into=into,
        towns=[town.pk for town in towns],
        since=since,
        reason=needed(reason, "reason", _("写明依据的文件或会议。")),
        state=ChangeState.WAITING if waits else ChangeState.READY,
        planned_by=f"{by.name} {by.police_no}".strip(),
        planned_at=now,
    )
    audit.record(
        "unit.change_planned",
        unit,
        by=by,
        changes={"kind": [None, str(change.get_kind_display())], "since": [None, since.isoformat()]}
        | ({"into": [None, into.name]} if into else {})
        | ({"towns": [None, "、".join(town.name for town in towns)]} if towns else {}),
        note=change.reason,
        now=now,
    )
    return change


def check_change(kind: ChangeKind | str, unit: Unit, into: Unit | None, towns: Collection[Town], since: date) -> None:
    """Refuse what cannot be carried out whoever plans it."""
    if kind == ChangeKind.TOWNS:
        if unit.tree != Tree.LINE:
            raise Refused(_("乡镇街道归中队管，%s不是行政序列的单位。") % unit.name)
        if not towns:
            raise Refused(_("至少选一个乡镇街道。"), field="towns")
        return
    if into is None:
        raise Refused(_("选并入、移到哪个单位。"), field="into")
    if into.path.startswith(unit.path):
        raise Refused(_("不能并入、移到自己或自己的下级。"), field="into")
    if into.closed_on is not None:
        raise Refused(_("%(unit)s到%(day)s撤销，不能接收。") % {"unit": into.name, "day": into.closed_on}, field="into")
    if kind == ChangeKind.MOVE:
        if unit.parent_id == into.pk:
            raise Refused(_("%s现在就在%s之下。") % (unit.name, into.name), field="into")
        if not rules.may_hang_below(unit.tree, into.tree):
            words = {"tree": Tree(unit.tree).label, "parent": Tree(into.tree).label}
            raise Refused(_("%(tree)s的单位不能设在%(parent)s之下。") % words, field="into")
        return
    if unit.tree == Tree.PARTY:
        raise Refused(_("党组织的合并要先转接组织关系，在党支部页办理。"))
    if into.tree != unit.tree:
        raise Refused(_("只能并入同一序列的单位。"), field="into")
    if UnitChange.objects.open().filter(kind=ChangeKind.MERGE, unit=into).exists():
        raise Refused(_("%s自己也要并入别的单位，先定那一项。") % into.name, field="into")
    if below := unit.children.filter(Q(closed_on__isnull=True) | Q(closed_on__gt=since)).count():
        raise Refused(_("还有%d个下级单位，先把它们移走。") % below)


@transaction.atomic
def agree_change(*, by: Any, change: UnitChange, grants: Collection[Grant], now: datetime | None = None) -> UnitChange:
    """Say which roles go along into the other unit; all others on the old one end. Security administrator."""
    change = UnitChange.objects.select_for_update(of=("self",)).select_related("unit", "into").get(pk=change.pk)
    rules.check_may(by, "org.change_grant", change.unit)
    rules.check_may(by, "org.change_grant", change.into)
    if change.state != ChangeState.WAITING:
        raise Refused(_("这项调整不在等安全管理员同意。"))
    if own := [grant for grant in grants if grant.person_id == by.pk]:
        raise Refused(_("不能给自己授权：%s。") % own[0], field="grants")
    UnitChange.objects.filter(pk=change.pk).update(
        state=ChangeState.READY,
        grants=[grant.pk for grant in grants],
        agreed_by=f"{by.name} {by.police_no}".strip(),
    )
    words = "；".join(str(grant) for grant in grants) or _("没有")
    audit.record("unit.change_agreed", change.unit, by=by, changes={"grants": [None, words]}, now=now)
    change.refresh_from_db()
    return change


@transaction.atomic
def drop_change(*, by: Any, change: UnitChange, now: datetime | None = None) -> UnitChange:
    """Give up a plan that has not begun. System administrator."""
    change = UnitChange.objects.select_for_update(of=("self",)).select_related("unit").get(pk=change.pk)
    rules.check_may(by, "org.change_unit", change.unit)
    if change.state not in (ChangeState.WAITING, ChangeState.READY):
        raise Refused(_("这项调整%s，不能取消。") % change.get_state_display())
    UnitChange.objects.filter(pk=change.pk).update(state=ChangeState.DROPPED)
    audit.record("unit.change_dropped", change.unit, by=by, now=now)
    return change


@transaction.atomic
def begin_change(*, change: UnitChange, now: datetime) -> UnitChange:
    """What hangs on units changes at one stroke, and the change is running; done twice it changes nothing.

    A unit that goes into another is closed and hangs below it from the day on: who leads there sees its old records,
    and periods that end later add its figures to his, while earlier ones find it in its old place.
    """
    change = UnitChange.objects.select_for_update(of=("self",)).select_related("unit", "into").get(pk=change.pk)
    if change.state != ChangeState.READY:
        return change
    today = timezone.localdate(now)
    if change.kind == ChangeKind.TOWNS:
        _take_towns(change, now)
    elif change.kind == ChangeKind.MOVE:
        move_unit(by=SYSTEM, unit=change.unit, parent=change.receiver, since=today, now=now)
    else:
        _merge(change, today, now)
    total = sum(rows.count() for _leaves, rows in queries.records_to_move(change))
    UnitChange.objects.filter(pk=change.pk).update(state=ChangeState.RUNNING, total=total)
    change.refresh_from_db()
    return change


def _take_towns(change: UnitChange, now: datetime) -> None:
    rows = Beat.objects.select_for_update().filter(town__in=change.towns, ends_on__isnull=True)
    before = {row.town_id: row for row in rows.exclude(unit=change.unit_id).select_related("unit")}
    held = set(Beat.objects.filter(unit=change.unit_id, ends_on__isnull=True).values_list("town", flat=True))
    Beat.objects.filter(pk__in=[row.pk for row in before.values()]).update(ends_on=change.since)
    Beat.objects.bulk_create(
        [
            Beat(town_id=town_id, unit_id=change.unit_id, starts_on=change.since)
            for town_id in change.towns
            if town_id not in held
        ]
    )
    names = dict(Town.objects.filter(pk__in=change.towns).values_list("pk", "name"))
    changes = {names[pk]: [before[pk].unit.name if pk in before else None, change.unit.name] for pk in change.towns}
    audit.record("unit.towns_taken", change.unit, by=SYSTEM, changes=changes, note=_note(change), now=now)


def _merge(change: UnitChange, today: date, now: datetime) -> None:
    unit, into = change.unit, change.receiver
    posted = unit.postings.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=today)).exclude(ends_on=F("starts_on"))
    for posting in posted.select_related("person").order_by("pk"):
        _repost(posting, into, today, now)
    carried = queries.grants_along(unit, today).filter(pk__in=change.grants)
    for grant in carried:
        held = grant.person.grants.reaching(today).filter(role=grant.role, unit=into)
        if not held.exists():
            grant_role(
                by=SYSTEM,
                person=grant.person,
                role=grant.role,
                unit=into,
                starts_on=max(today, grant.starts_on),
                ends_on=grant.ends_on,
                reason=_("%(unit)s并入，%(who)s同意") % {"unit": unit, "who": change.agreed_by},
                now=now,
            )
    for row in unit.grants.reaching(today):
        Grant.objects.filter(pk=row.pk).update(ends_on=max(today, row.starts_on))
    _take_over_beats(unit, into, today)
    views = SavedView.objects.filter(unit=unit.pk).update(unit=into)
    turns, _by_model = DutyTurn.objects.filter(unit=unit, day__gte=today).delete()
    if unit.parent_id != into.pk:
        move_unit(by=SYSTEM, unit=unit, parent=into, since=today, now=now)
    close_unit(by=SYSTEM, unit=unit, closed_on=today, now=now)
    changes = {"into": [None, into.name], "posted": len(posted), "grants": len(carried), "views": views, "turns": turns}
    audit.record("unit.merged", unit, by=SYSTEM, changes=changes, note=_note(change), now=now)


def _repost(posting: Posting, into: Unit, today: date, now: datetime) -> None:
    """A post goes on in the other unit under its title; one that is to begin later, or a secondment, simply there."""
    if posting.starts_on >= today:
        Posting.objects.filter(pk=posting.pk).update(unit=into)
        return
    if posting.is_secondment:
        Posting.objects.filter(pk=posting.pk).update(ends_on=today)
        Posting.objects.create(
            person=posting.person,
            unit=into,
            title=posting.title,
            starts_on=today,
            ends_on=posting.ends_on,
            is_secondment=True,
        )
        return
    post_person(by=SYSTEM, person=posting.person, unit=into, starts_on=today, title=posting.title, now=now)


def _take_over_beats(unit: Unit, into: Unit, today: date) -> None:
    towns = list(unit.beats.filter(ends_on__isnull=True).values_list("town", flat=True))
    unit.beats.filter(ends_on__isnull=True, starts_on__lt=today).update(ends_on=today)
    unit.beats.filter(ends_on__isnull=True).update(ends_on=F("starts_on"))
    Beat.objects.bulk_create([Beat(town_id=town, unit=into, starts_on=today) for town in towns])


@transaction.atomic
def note_moved(*, change: UnitChange, moved: int, now: datetime) -> UnitChange:
    """So many more records have gone along; with the last the change is done."""
    UnitChange.objects.filter(pk=change.pk).update(moved=F("moved") + moved)
    change.refresh_from_db()
    if not any(rows.exists() for _leaves, rows in queries.records_to_move(change)):
        UnitChange.objects.filter(pk=change.pk, state=ChangeState.RUNNING).update(state=ChangeState.DONE, done_at=now)
        change.refresh_from_db()
        audit.record("unit.change_done", change.unit, by=SYSTEM, changes={"records": change.moved}, now=now)
    return change


def _note(change: UnitChange) -> str:
    return _("%(who)s办理，依据：%(why)s") % {"who": change.planned_by, "why": change.reason}
