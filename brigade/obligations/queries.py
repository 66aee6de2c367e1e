"""Reads over obligations: what somebody has to do, and who must hear of what today."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.kit.clocks import Calendar, at, workday_on_or_after
from brigade.notices.models import Message
from brigade.obligations.models import Obligation, Reminder, barring
from brigade.obligations.rules import DIGEST, RULES, Step
from brigade.obligations.states import EXCUSED, ObligationState
from brigade.org.models import Grant, Person, Unit
from brigade.reference.queries import calendar

LOOK_BACK = timedelta(days=40)
LOOK_AHEAD = timedelta(days=190)


@dataclass(frozen=True, slots=True)
class Urgency:
    """A group of the to-do list."""

    code: str
    label: str
    rows: list[Obligation]


def by_urgency(person: Person, now: datetime, limit: int = 30) -> list[Urgency]:
    """What `person` answers for and can act on, in one query: late, today, within seven days, later."""
    end_of_day = at(timezone.localdate(now), time.max)
    rows = list(
        Obligation.objects.open()
        .begun(now)
        .for_person(person)
        .select_related("unit", "person")
        .order_by("due_at", "pk")[:limit]
    )
    groups = {
        "late": (_("已逾期"), [row for row in rows if row.due_at < now]),
        "today": (_("今天到期"), [row for row in rows if now <= row.due_at <= end_of_day]),
        "week": (_("7天内"), [row for row in rows if end_of_day < row.due_at <= end_of_day + timedelta(days=7)]),
        "later": (_("以后"), [row for row in rows if row.due_at > end_of_day + timedelta(days=7)]),
    }
    return [Urgency(code, label, found) for code, (label, found) in groups.items() if found]


def open_counts(person: Person, now: datetime) -> dict[str, int]:
    """How many open duties `person` has, and how many of them stand in each group of `by_urgency`."""
    today = timezone.localdate(now)
    end_of_day = at(today, time.max)
    week = Q(due_at__gt=end_of_day, due_at__lte=end_of_day + timedelta(days=7))
    later = Q(due_at__gt=end_of_day + timedelta(days=7))
    return (
        Obligation.objects.open()
        .begun(now)
        .for_person(person)
        .aggregate(
            total=Count("pk"),
            late=Count("pk", filter=Q(due_at__lt=now)),
            today=Count("pk", filter=Q(due_at__gte=now, due_at__date=today)),
            week=Count("pk", filter=week),
            later=Count("pk", filter=later),
        )
    )


@dataclass(frozen=True, slots=True)
class Rung:
    """That a person is to hear of an obligation at a step of its ladder: as who has to do it (`is_own`), or above."""

    obligation: Obligation
    step: str
    is_own: bool

    def line(self, now: datetime) -> str:
        """One line of the digest: what, how long there is, and whose it is where it is another's."""
        days = (timezone.localdate(self.obligation.due_at) - timezone.localdate(now)).days
        if days < 0:
            when = _("逾期%(n)d天") % {"n": -days}
        elif days == 0:
            when = _("今天到期")
        else:
            when = _("剩%(n)d天") % {"n": days}
        whose = "" if self.is_own else f"（{self.obligation.unit.short_name}）"
        return f"{when}：{self.obligation.title}{whose}"


def rungs_reached(now: datetime) -> dict[Person, list[Rung]]:
    """Per person, the latest rung reached and not yet told of each obligation that is still open or was missed, the
    most urgent first.

    A rung that was passed over while nothing ran is not made up for: the latest one says all that the earlier did.
    """
    work, today = calendar(), timezone.localdate(now)
    rows = (
        Obligation.objects.filter(
            state__in=[ObligationState.OPEN, ObligationState.MISSED],
            opens_at__lte=now,
            due_at__gte=now - LOOK_BACK,
            due_at__lte=now + LOOK_AHEAD,
        )
        .select_related("unit", "person")
        .order_by("due_at", "pk")
    )
    reached = [(row, step) for row in rows if (step := _latest_step(row, work, today)) is not None]
    told = set(
        Reminder.objects.filter(obligation__in=[row.pk for row, _step in reached]).values_list(
            "obligation_id", "person_id", "step", "due_at"
        )
    )
    holders = _holders(today)
    found: dict[Person, list[Rung]] = defaultdict(list)
    for row, step in reached:
        for person, is_own in _recipients(row, step, holders):
            if (row.pk, person.pk, step.code, row.due_at) not in told:
                found[person].append(Rung(row, step.code, is_own))
    return dict(found)


def _latest_step(row: Obligation, work: Calendar, today: date) -> Step | None:
    reached = [
        (day, step)
        for step in RULES[row.rule].ladder
        if (day := workday_on_or_after(step.day(row, work), work).date) <= today
        and (row.state == ObligationState.OPEN or day > timezone.localdate(row.due_at))
    ]
    return max(reached, key=lambda pair: pair[0])[1] if reached else None


def _holders(today: date) -> dict[tuple[int, str], list[Person]]:
    found: dict[tuple[int, str], list[Person]] = defaultdict(list)
    for grant in Grant.objects.on(today).filter(person__is_active=True).select_related("person"):
        found[grant.unit_id, grant.role].append(grant.person)
    return found


def _recipients(
    row: Obligation, step: Step, holders: dict[tuple[int, str], list[Person]]
) -> Iterator[tuple[Person, bool]]:
    """Who hears of it, each once, and whether it is his own to do."""
    people = [row.person] if row.person else _may_do(row, holders.get((row.unit_id, row.post), ()))
    people += holders.get((row.unit_id, row.helper), ())
    own = {person.pk for person in people}
    seen: set[int] = set()
    if step.past_owner:
        seen, people = set(own), []
    for unit_id in map(int, filter(None, row.unit.path.split("/"))):
        for role in step.to:
            people += holders.get((unit_id, role), ())
    for person in people:
        if person.is_active and person.pk not in seen:
            seen.add(person.pk)
            yield person, person.pk in own


def _may_do(row: Obligation, holders: Iterable[Person]) -> list[Person]:
    return [person for person in holders if barring([person.pk]) not in row.barred]


def told_on(day: date) -> set[int]:
    """Ids of the people who have had their digest of that day."""
    start = at(day, time.min)
    sent = Message.objects.filter(code=DIGEST, created_at__gte=start, created_at__lt=start + timedelta(days=1))
    return set(sent.values_list("recipient_id", flat=True))


MET = Q(state=ObligationState.MET)
ON_TIME = MET & Q(met_at__lte=F("due_at"))


def _gone(now: datetime) -> Q:
    """Its time is over, and nothing excuses it."""
    return Q(due_at__lt=now) & ~Q(state__in=[*EXCUSED, ObligationState.PAUSED])


@dataclass(frozen=True, slots=True)
class Funnel:
    """How the obligations that fell due in a period ended."""

    due: int
    met: int
    on_time: int
    late: int
    excused: int
    ahead: int


def funnel(units: Iterable[int] | QuerySet, start: datetime, end: datetime, now: datetime) -> Funnel:
    """Obligations of `units` that are due in [start, end): those that have fallen due, and beside them the rest."""
    gone = _gone(now)
    sums = (
        Obligation.objects.filter(unit__in=units, due_at__gte=start, due_at__lt=end)
        .exclude(state=ObligationState.VOID)
        .aggregate(
            due=Count("pk", filter=gone | MET),
            met=Count("pk", filter=MET),
            on_time=Count("pk", filter=ON_TIME),
            late=Count("pk", filter=gone & ~MET),
            excused=Count("pk", filter=Q(state__in=EXCUSED)),
            ahead=Count("pk", filter=Q(state=ObligationState.OPEN, due_at__gte=now)),
        )
    )
    return Funnel(**sums)


@dataclass(frozen=True, slots=True)
class Load:
    """What a unit with all below it has to do now, and of what fell due in a period how much was done in time."""

    unit: Unit
    open: int
    today: int
    late: int
    due: int
    on_time: int


def loads(top: Unit, start: datetime, end: datetime, now: datetime) -> list[Load]:
    """`top` itself and the units right below it, each with all that it oversees, in their fixed order; two queries.

    Units without any duty are left out.
    """
    units = {unit.pk: unit for unit in Unit.objects.below(top).order_by("order", "pk")}
    todo = Q(state=ObligationState.OPEN, opens_at__lte=now)
    within = Q(due_at__gte=start, due_at__lt=end)
    rows = (
        Obligation.objects.filter(todo | within, unit__in=list(units))
        .exclude(state=ObligationState.VOID)
        .order_by()
        .values_list("unit")
        .annotate(
            open=Count("pk", filter=todo),
            today=Count("pk", filter=todo & Q(due_at__gte=now, due_at__date=timezone.localdate(now))),
            late=Count("pk", filter=todo & Q(due_at__lt=now)),
            due=Count("pk", filter=within & (_gone(now) | MET)),
            on_time=Count("pk", filter=within & ON_TIME),
        )
    )
    sums: dict[int, list[int]] = defaultdict(lambda: [0] * 5)
    depth = len(top.lineage)
    for unit_id, *counts in rows:
        below = units[unit_id].lineage[depth:]
        whose = below[0] if below else top.pk
        sums[whose] = [before + more for before, more in zip(sums[whose], counts, strict=True)]
    return [Load(unit, *sums[pk]) for pk, unit in units.items() if any(sums.get(pk, ()))]
