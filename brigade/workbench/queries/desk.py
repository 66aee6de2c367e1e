"""What the workbench and the leader's board show, read from obligations, figures and the audit trail alone."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import BooleanField, Case, Count, F, Min, Q, QuerySet, When
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _lazy

from brigade.assignments.moves import KIND as TASK_KIND
from brigade.audit.models import AuditEvent
from brigade.audit.queries import triggers_in_place
from brigade.jobs.models import Job
from brigade.jobs.queries import tick_ok
from brigade.kit.searching import pieces, question
from brigade.notices.models import Message
from brigade.obligations.models import Obligation, duty_of
from brigade.obligations.queries import by_urgency
from brigade.obligations.rules import RULES
from brigade.org.models import Person, Record, Secondment, UnitChange
from brigade.org.queries import holders_of
from brigade.org.states import ChangeState
from brigade.search.queries import find

RECENT_EVENTS = 60


@dataclass(frozen=True, slots=True)
class Todo:
    """One line of the to-do list, as `ui/todo.html` draws it."""

    due_at: datetime
    warn_at: datetime | None
    title: str
    href: str
    parts: list[str]
    verb: str
    do_href: str
    assumed: str = ""
    """What of its limit the product assumes; a star in the line stands for it."""

    @property
    def line(self) -> str:
        return "·".join(self.parts)

    @property
    def tip(self) -> str:
        return f"{self.line}：{self.assumed}" if self.assumed else self.line


@dataclass(frozen=True, slots=True)
class Recent:
    """A record that the person worked on last; with its number where another of the same title stands beside it."""

    title: str
    url: str
    at: datetime
    number: str = ""


def todo(row: Obligation, person: Person) -> Todo:
    """How an obligation stands in a list of `person`: what, whose, on what basis, and the one thing to do."""
    rule = RULES[row.rule]
    verb, url = rule.action(row)
    label = str(rule.label)
    label = "" if str(rule.basis).startswith(label) or row.reason.endswith(label) else label
    whose = [row.unit.short_name, row.person.name if row.person and row.person != person else ""]
    basis = f"{rule.basis or _lazy('期限')}*" if rule.assumed else str(rule.basis)
    parts = [part for part in (label, row.reason, *whose, basis) if part]
    href = "" if is_shut(row, person) else page_url(row)
    return Todo(row.due_at, row.warn_at, row.title, href, parts, str(verb), url, str(rule.assumed))


def is_shut(row: Obligation, person: Person) -> bool:
    """Whether the page behind a duty refuses a person who only oversees it; `shut_to` says it of many at once."""
    sees = RULES[row.rule].sees
    is_his = row.person_id == person.pk or {(row.unit_id, row.post), (row.unit_id, row.helper)} & person.posts
    return bool(sees) and not is_his and row.unit_id not in person.units_for(sees)


def shut_to(person: Person) -> Case:
    ways = {rule.code: rule.sees for rule in RULES.values() if rule.sees}
    his = duty_of(person)
    shut = (When(Q(rule=code) & ~Q(unit__in=person.units_for(sees)) & ~his, then=True) for code, sees in ways.items())
    return Case(*shut, default=False, output_field=BooleanField())


@dataclass(frozen=True, slots=True)
class Vacancy:
    """A post that would stand empty, and how many open duties hang on it."""

    unit: str
    role: str
    duties: int


def vacancies(person: Person, on: date) -> list[Vacancy]:
    """The posts that nobody would hold without him and that have something to do: their duties would be nobody's."""
    grants = list(person.grants.reaching(on).select_related("unit"))
    held = holders_of([(grant.unit_id, grant.role) for grant in grants], on)
    alone = [grant for grant in grants if not [one for one in held[grant.unit_id, grant.role] if one.pk != person.pk]]
    open_now = Obligation.objects.open().filter(person__isnull=True, unit__in=[grant.unit_id for grant in alone])
    counts = {(unit, post): n for unit, post, n in open_now.values_list("unit", "post").annotate(n=Count("pk"))}
    found = [(grant, counts.get((grant.unit_id, grant.role), 0)) for grant in alone]
    return [Vacancy(grant.unit.short_name, str(grant.get_role_display()), n) for grant, n in found if n]


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the other administrator asked for: what it is, from when on, and the page where it is decided."""

    what: str
    since: date
    url: str


def waiting_for(person: Person, today: date) -> list[Waiting]:
    """Changes of units and secondments whose roles the security administrator has to settle, the earliest first."""
    units = person.units_for("org.change_grant")
    if not units:
        return []
    changes = UnitChange.objects.filter(state=ChangeState.WAITING, unit__in=units).select_related("unit", "into")
    lent = Secondment.objects.filter(settled_by="", posting__unit__in=units, posting__ends_on__gt=today)
    lent = lent.exclude(posting__ends_on=F("posting__starts_on")).select_related("posting__unit", "posting__person")
    found = [Waiting(one.what, one.since, one.unit.get_absolute_url()) for one in changes]
    found += [Waiting(one.what, one.posting.starts_on, one.posting.person.get_absolute_url()) for one in lent]
    return sorted(found, key=lambda one: one.since)


def page_url(row: Obligation) -> str:
    """The page behind a duty."""
    return subject_url(row) or RULES[row.rule].action(row)[1]


def subject_url(row: Obligation) -> str:
    """The page of the record that an obligation is about, or where it stands; empty where there is neither."""
    model = apps.get_model(row.kind)
    if not issubclass(model, Record):
        place = RULES[row.rule].place
        return place(row) if place else ""
    return reverse(f"{model._meta.app_label}:{model._meta.model_name}_detail", args=[row.subject])


def todo_groups(person: Person, now: datetime) -> list[tuple[str, str, list[Todo], bool]]:
    """The to-do list by urgency: (code as in `open_counts`, name, lines, whether the due time stays grey)."""
    return [
        (group.code, group.label, [todo(row, person) for row in group.rows], group.code == "later")
        for group in by_urgency(person, now)
    ]


def pressing(person: Person, now: datetime) -> QuerySet[Obligation]:
    """What is late or about to be, of all that the person oversees and of his own; the latest first."""
    rows = Obligation.objects.open().visible_to(person).filter(Q(due_at__lt=now) | Q(warn_at__lte=now)).begun(now)
    return rows.select_related("unit", "person").order_by("due_at", "pk")


def warned(person: Person, now: datetime) -> QuerySet[Obligation]:
    """What others, whom the person oversees, are late with or about to be; not the tasks that he follows up himself,
    which stand in his own list."""
    mine = Obligation.objects.open().for_person(person)
    rows = pressing(person, now).exclude(kind=TASK_KIND, subject__in=mine.filter(kind=TASK_KIND).values("subject"))
    return rows.exclude(pk__in=mine)


def warnings(person: Person, now: datetime, limit: int = 4) -> list[Obligation]:
    """The latest of them first."""
    return list(warned(person, now)[:limit])


def recent(person: Person, limit: int = 6) -> list[Recent]:
    """The records that the person wrote to last, read from the audit trail: no visit is kept for this."""
    found: dict[tuple[str, str], Recent] = {}
    rows = AuditEvent.objects.filter(actor_id=person.pk).exclude(target_id="").order_by("-at", "-pk")[:RECENT_EVENTS]
    for event in rows:
        key = (event.target_type, event.target_id)
        if key not in found and (url := _record_url(*key)):
            found[key] = Recent(event.target_title, url, event.at, event.target_number)
        if len(found) == limit:
            break
    titles = Counter(line.title for line in found.values())
    return [line if titles[line.title] > 1 else replace(line, number="") for line in found.values()]


def message_target_url(message: Message) -> str:
    """The page of the record that a message is about; empty when it is about none."""
    return message.url or (_record_url(message.target_kind, message.target_id) if message.target_kind else "")


def _record_url(kind: str, pk: str) -> str:
    try:
        model = apps.get_model(kind)
        if issubclass(model, Record):
            return reverse(f"{model._meta.app_label}:{model._meta.model_name}_detail", args=[pk])
    except (LookupError, NoReverseMatch):
        pass
    return ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A line of what was found: title and number in pieces, each with whether it is what was looked for."""

    title: list[tuple[str, bool]]
    number: list[tuple[str, bool]]
    url: str
    place: str
    state: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Hits:
    """What was found of one kind; `more` when there may be others, `ledger` where all of them stand."""

    kind: str
    label: str
    icon: str
    hits: list[Hit]
    more: bool
    ledger: str


LEDGERS = {"org.person": "workbench:person_list", "org.unit": "workbench:unit_list"}
ICONS = {"org.person": "person", "org.unit": "diagram-3"}


def search(person: Person, text: str) -> list[Hits]:
    """What the person may see of all that a text asks for, by kind, as the page of the search draws it."""
    words = question(text).words
    return [
        Hits(
            group.kind,
            str(group.model._meta.verbose_name),
            ICONS.get(group.kind, "file-earmark-text"),
            [_hit(row, words) for row in group.rows],
            group.more,
            _ledger(group.kind, person),
        )
        for group in find(person, text)
    ]


def _hit(row: Any, words: Iterable[str]) -> Hit:
    is_record = isinstance(row, Record)
    state = row.get_state_display() if is_record else "" if not isinstance(row, Person) else row.get_kind_display()
    place = row.unit.short_name if is_record else getattr(row, "unit_name", "") or ""
    at = row.created_at if is_record else None
    number = pieces(row.number, words)
    return Hit(pieces(row.title, words), number, row.get_absolute_url(), place, state, at)


def _ledger(kind: str, person: Person) -> str:
    app, _point, name = kind.partition(".")
    if not person.has_perm(f"{app}.view_{name}"):
        return ""
    try:
        return reverse(LEDGERS.get(kind, f"{app}:{name}_list"))
    except NoReverseMatch:
        return ""


# Audit

AUDIT_CHECK = "workbench.check_audit"
ALTERED = _lazy("核验不通过：")
"""How the result of a check begins that found an altered row; a job keeps one line and nothing else."""


def last_audit_check() -> Job | None:
    """The latest check of the audit trail: waiting, running, done with its finding, or given up."""
    return Job.objects.filter(name=AUDIT_CHECK).order_by("-planned_at", "-pk").first()


def found_altered(check: Job | None) -> bool:
    return check is not None and check.result.startswith(str(ALTERED))


# Readiness

LATE_JOB = timedelta(minutes=15)
LEAST_FREE_MB = 200


@dataclass(frozen=True, slots=True)
class Check:
    """What one part of the installation says of itself; without a `needed` one no page can be served."""

    name: str
    ok: bool
    value: int | None = None
    needed: bool = True


def readiness(now: datetime) -> list[Check]:
    """Database, migrations, audit triggers, disk, the tick and the oldest job that nobody took.

    A schedule that stands still or a late job takes no page away.
    """
    free_mb = shutil.disk_usage(settings.VAR).free // 2**20
    disk = Check("disk_free_mb", free_mb >= LEAST_FREE_MB, free_mb)
    try:
        oldest = Job.objects.due(now).aggregate(at=Min("due_at"))["at"]
        waited = now - oldest if oldest else timedelta(0)
        return [
            Check("database", True),
            Check("migrations", not _unapplied()),
            Check("audit_triggers", triggers_in_place()),
            disk,
            Check("tick", tick_ok(now), needed=False),
            Check("oldest_job_seconds", waited < LATE_JOB, int(waited.total_seconds()), needed=False),
        ]
    except DatabaseError:
        return [Check("database", False), disk]


def _unapplied() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
