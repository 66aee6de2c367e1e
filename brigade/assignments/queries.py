"""Reads over tasks: who can be given one, what one is about, who is on its two sides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.utils.translation import gettext as _

from brigade.assignments.models import Assignment, Line
from brigade.assignments.rules import GIVERS, HAND_OUT, LEADING, NOT_ADDRESSED
from brigade.assignments.states import RUNNING, AssignmentState
from brigade.indicators.queries import Standing, standings
from brigade.indicators.rules import FIGURES, Kind
from brigade.kit.clocks import Day, add_workdays
from brigade.kit.templatetags.ui import rounded
from brigade.org.models import Grant, Person, Record, Unit
from brigade.org.queries import holders
from brigade.org.states import Role, Tree
from brigade.reference.queries import calendar, parameter

# Who can be given a task


@dataclass(frozen=True, slots=True)
class Addressee:
    """A post that somebody holds today: 12:squadron_leader."""

    unit: Unit
    post: str
    people: tuple[str, ...]
    leads: bool

    @property
    def key(self) -> str:
        return f"{self.unit.pk}:{self.post}"

    @property
    def label(self) -> str:
        """A unit by its name, any other post with its unit and who it is."""
        if self.leads:
            return self.unit.short_name
        who = self.people[0] if len(self.people) == 1 else _("%(n)d人") % {"n": len(self.people)}
        return f"{self.unit.short_name}{Role(self.post).label}（{who}）"


def addressees(user: Person, day: date) -> list[Addressee]:
    """The posts below the user that are held on that day and are not his own, units in their fixed order.

    The first of each unit is the post that leads it, where it has one.
    """
    units = Unit.objects.filter(pk__in=user.units_for(HAND_OUT)).open_on(day)
    held: dict[int, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    grants = Grant.objects.on(day).filter(unit__in=units, person__is_active=True).exclude(role__in=NOT_ADDRESSED)
    for grant in grants.exclude(person=user).select_related("person").order_by("person__police_no"):
        held[grant.unit_id][grant.role].append(grant.person.name)
    found = []
    for _depth, unit in units.as_tree():
        posts = {role: people for role, people in held[unit.pk].items() if (unit.pk, role) not in user.posts}
        leading = next((role for role in LEADING if role in posts), None)
        ranked = sorted(posts, key=lambda role: (role != leading, list(Role).index(Role(role))))
        found += [Addressee(unit, role, tuple(posts[role]), role == leading) for role in ranked]
    return found


def grouped(found: Iterable[Addressee]) -> list[tuple[str, list[tuple[str, str]]]]:
    """The same as choices of a form: whole units by their tree, then the other posts."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for one in sorted(found, key=lambda one: (not one.leads, list(Tree).index(Tree(one.unit.tree)))):
        name = str(Tree(one.unit.tree).label) if one.leads else _("其他岗位")
        groups.setdefault(name, []).append((one.key, one.label))
    return list(groups.items())


def post_of_giver(by: Person, unit: Unit) -> tuple[int, str] | None:
    """The highest of the giver's posts that covers the unit: (unit id, role)."""
    posts = [(unit.lineage.index(pk), GIVERS.index(role)) for pk, role in _giving(by) if pk in unit.lineage]
    if not posts:
        return None
    place, rank = min(posts)
    return unit.lineage[place], GIVERS[rank]


def _giving(by: Person) -> Iterable[tuple[int, Role]]:
    return ((pk, Role(role)) for pk, role in by.posts if role in GIVERS)


def default_due(now: datetime) -> date:
    """So many working days from today as the parameter says."""
    today = timezone.localdate(now)
    return add_workdays(today, parameter("assignments.default_workdays", today), calendar()).date


# The two sides of a task


def doers(task: Assignment, day: date) -> list[Person]:
    """Who answers for it: the holders of the post."""
    return holders(task.unit_id, task.post, day)


def givers(task: Assignment, day: date) -> list[Person]:
    """The giver as long as he holds his post; then whoever holds it."""
    found = holders(task.giver_unit_id, task.giver_post, day)
    own = [person for person in found if person.pk == task.created_by_id]
    return own or found


def giver_ids(tasks: Iterable[Assignment], day: date) -> dict[object, int | None]:
    """Task → the giver who still holds his post, else None: then the duty is the post's. One query."""
    tasks = list(tasks)
    grants = Grant.objects.on(day).filter(
        unit__in={task.giver_unit_id for task in tasks}, person__in={task.created_by_id for task in tasks}
    )
    held = set(grants.values_list("person", "unit", "role"))
    return {
        task.pk: task.created_by_id if (task.created_by_id, task.giver_unit_id, task.giver_post) in held else None
        for task in tasks
    }


def decision_due(since: datetime) -> Day:
    """Until when the giver answers what came at that moment."""
    day = timezone.localdate(since)
    return add_workdays(day, parameter("assignments.decide_workdays", day), calendar())


def next_due(task: Assignment) -> date | None:
    """The day of what comes next: the addressee's, or the giver's who has a reply before him."""
    if task.state in RUNNING:
        return task.due_on
    if task.state == AssignmentState.REPLIED and task.replied_at is not None:
        return decision_due(task.replied_at).date
    return None


def others_of_batch(task: Assignment, user: Person) -> QuerySet[Assignment]:
    """What was handed out together with it, as far as the user may see it."""
    same = Assignment.objects.visible_to(user).filter(batch=task.batch).exclude(pk=task.pk)
    return same.select_related("unit").order_by("unit__order", "pk")


def thread(task: Assignment) -> QuerySet[Line]:
    return task.lines.select_related("by").prefetch_related("files__file").order_by("-at", "-pk")


# What a task is about


@dataclass(frozen=True, slots=True)
class Source:
    """The record or the figure that a task is handed out from, in the words of the day."""

    title: str
    text: str
    url: str
    kind: str = ""
    id: str = ""
    unit: Unit | None = None


def source_of_record(user: Person, kind: str, pk: str) -> Source | None:
    """A record that the user may see; None where there is none."""
    try:
        model = apps.get_model(kind)
        if not issubclass(model, Record):
            return None
        rows: Any = model._default_manager
        record = rows.visible_to(user).select_related("unit").filter(pk=pk).first()
    except (LookupError, ValueError, ValidationError):
        return None
    if record is None:
        return None
    what = _("%(kind)s：%(title)s") % {"kind": record._meta.verbose_name, "title": record.title}
    text = f"{what}（{record.number}）" if record.number else what
    return Source(record.title[:120], text[:200], record.get_absolute_url(), record.kind(), str(record.pk), record.unit)


def source_of_figures(user: Person, codes: Iterable[str], unit_id: int, start: date, end: date) -> Source | None:
    """Figures of a unit in a period as they stand now, for who may see them; None where there are none."""
    known = [code for code in codes if code in FIGURES]
    unit = Unit.objects.filter(pk__in=user.units_for("indicators.view_figure"), pk=unit_id).first()
    if unit is None or not known or start > end:
        return None
    found = standings(known, unit, start, end)
    if not found:
        return None
    days = _("%(start)s至%(end)s") % {"start": _day(start), "end": _day(end)}
    said = "，".join(_worded(one) for one in found)
    title = f"{unit.short_name}：{said}"
    url = found[0].url if len(found) == 1 else f"{reverse('workbench:dashboard')}?unit={unit.pk}"
    return Source(title[:120], f"{title}（{days}）"[:200], url[:300], unit=unit)


def _worded(one: Standing) -> str:
    amount = one.amount
    if amount is None:
        return _("%(what)s没有数") % {"what": one.indicator.label}
    places = 1 if one.indicator.kind == Kind.RATIO or amount != amount.to_integral_value() else 0
    return f"{one.indicator.label}{rounded(amount, places):,}{one.indicator.suffix}"


def _day(day: date) -> str:
    return date_format(day, "Y年n月j日")
