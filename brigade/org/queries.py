"""Who holds which post, who works where, and who can see a record and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import or_
from typing import Any

from django.apps import apps
from django.db.models import BigIntegerField, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from brigade.kit.discover import rooms
from brigade.ledgers.models import SavedView
from brigade.org.models import (
    Beat,
    Departure,
    DutyTurn,
    Grant,
    Person,
    Posting,
    Record,
    Secondment,
    Station,
    Unit,
    UnitChange,
)
from brigade.org.rules import HOLDINGS, Holding
from brigade.org.states import ADMIN_ROLES, PERMISSIONS, ChangeKind, PersonKind, Role


def holders(unit_id: int, role: str, on: date, *, up: bool = False) -> list[Person]:
    """Who holds the role on exactly this unit; with `up`, on the nearest unit above that has anybody."""
    return holders_of([(unit_id, role)], on, up=up)[unit_id, role]


def holders_of(posts: Iterable[tuple[int, str]], on: date, *, up: bool = False) -> dict[tuple[int, str], list[Person]]:
    """The holders of many (unit, role) posts in two queries, in order of police number."""
    posts = set(posts)
    lines: dict[int, list[int]] = {unit: [unit] for unit, _role in posts}
    if up:
        lines = {unit.pk: unit.lineage[::-1] for unit in Unit.objects.filter(pk__in=lines)}
    grants = (
        Grant.objects.on(on)
        .filter(unit__in={pk for line in lines.values() for pk in line}, role__in={role for _unit, role in posts})
        .filter(person__is_active=True)
        .select_related("person")
        .order_by("person__police_no")
    )
    found: dict[tuple[int, str], list[Person]] = defaultdict(list)
    for grant in grants:
        found[grant.unit_id, grant.role].append(grant.person)
    return {
        (unit, role): next((found[pk, role] for pk in lines.get(unit, ()) if (pk, role) in found), [])
        for unit, role in posts
    }


def everybody_with(role: str, on: date) -> QuerySet[Person]:
    """Whoever holds the role on any unit, with an account in use."""
    return Person.objects.filter(pk__in=Grant.objects.on(on).filter(role=role).values("person"), is_active=True)


def people_of(unit_id: int, on: date) -> QuerySet[Person]:
    """Whoever works in exactly this unit on a day, by police number."""
    return Person.objects.working_in([unit_id], on).order_by("police_no")


def colleagues(units: Iterable[int]) -> QuerySet[Person]:
    """Whoever works, worked or holds a role anywhere in the brigades that the units belong to."""
    roots = {path.split("/")[0] for path in Unit.objects.filter(pk__in=units).values_list("path", flat=True)}
    below = reduce(or_, (Q(path__startswith=f"{root}/") for root in roots), Q(pk__in=[]))
    around = Unit.objects.filter(below)
    worked, held = (rows.filter(unit__in=around).values("person") for rows in (Posting.objects, Grant.objects))
    return Person.objects.filter(Q(pk__in=worked) | Q(pk__in=held), is_active=True)


def units_as_tree(user: Person, on: date) -> list[tuple[int, Unit]]:
    """(depth, unit) of every unit that the user reaches and that stands open."""
    return Unit.objects.visible_to(user).open_on(on).as_tree()


@dataclass(frozen=True)
class Reason:
    """One way in which a person comes to see a record: a role on a unit, or a part in the record itself."""

    person: Person
    role: str
    unit: Unit | None
    since: date | None
    until: date | None
    why: str


def who_can_see(record: Record, on: date | None = None) -> list[Reason]:
    """Everybody whom `visible_to` lets read the record today, each with the reason; three queries."""
    meta = record._meta
    roles = PERMISSIONS.get(f"{meta.app_label}.view_{meta.model_name}", frozenset())
    grants = (
        Grant.objects.on(on or timezone.localdate())
        .filter(role__in=roles, unit__in=record.unit.lineage, person__is_active=True)
        .select_related("person", "unit")
        .order_by("unit__path", "role", "person__police_no")
    )
    by_grant = [_by_grant(grant, record) for grant in grants]
    own = [Reason(person, "", None, None, None, why) for person, why in record.own_readers() if person.is_active]
    return by_grant + own


def _by_grant(grant: Grant, record: Record) -> Reason:
    role = str(Role(grant.role).label)
    if grant.unit_id == record.unit_id:
        why = _("%(role)s可看本单位的%(what)s") % {"role": role, "what": record._meta.verbose_name}
    else:
        why = _("%(role)s可看%(unit)s及其下级的%(what)s") % {
            "role": role,
            "unit": grant.unit.short_name,
            "what": record._meta.verbose_name,
        }
    return Reason(grant.person, role, grant.unit, grant.starts_on, grant.ends_on, why)


def postings_of(person: Person) -> QuerySet[Posting]:
    """Where the person worked, the latest first."""
    return person.postings.select_related("unit").order_by("-starts_on", "-pk")


def works_in(people: Iterable[int], on: date) -> dict[int, Unit]:
    """Where each works on a day, one who is seconded where he was sent; who works nowhere is not in it."""
    posts = Posting.objects.on(on).filter(person__in=set(people)).select_related("unit")
    return {post.person_id: post.unit for post in posts.order_by("is_secondment", "starts_on", "pk")}


def grantable(
    by: Person, role: str, where: Unit, kind: str, unit: Unit | None, on: date
) -> tuple[QuerySet[Person], QuerySet[Person]]:
    """Those who work in `where` or below it and may have a role on `unit`, or each where he works; and those of them
    who have it there already. No administrators, nobody stopped, not the giver himself; people of outside
    organisations only when that `kind` is asked for."""
    admins = Grant.objects.reaching(on).filter(role__in=ADMIN_ROLES)
    working = Person.objects.visible_to(by).working_in(Unit.objects.below(where).values("pk"), on)
    working = working.filter(kind=kind) if kind else working.exclude(kind=PersonKind.OUTSIDE)
    working = working.filter(is_active=True).exclude(pk=by.pk)
    working = working.exclude(pk__in=admins.values("person")).with_unit_names(on)
    held = Grant.objects.reaching(on).filter(role=role)
    if unit is not None:
        held = held.filter(unit=unit)
    else:
        home = Posting.objects.on(on).filter(person=OuterRef("person")).order_by("-is_secondment", "-starts_on", "-pk")
        held = held.filter(unit=Subquery(home.values("unit")[:1]))
    return working.order_by("police_no"), working.filter(pk__in=held.values("person"))


def grants_of(person: Person) -> QuerySet[Grant]:
    """What the person was granted, running ones first."""
    return person.grants.select_related("unit", "person").order_by("ends_on", "-starts_on", "-pk")


WORDS_OF_PERMISSIONS = {
    "org.change_unit": _lazy("设立、改隶属、撤销"),
    "org.change_person": _lazy("登记、更正、任职、停用账号、发放密码"),
    "org.change_grant": _lazy("授予、收回"),
    "org.change_dutyturn": _lazy("排班"),
    "org.hand_over_person": _lazy("移交离任人员名下的事项，定离任日期"),
    "audit.view_auditevent": _lazy("查看、核验"),
    "files.change_formtemplate": _lazy("上传、启用、换回自带的"),
    "notices.follow_message": _lazy("查看没有送出的短信和邮件，不含内容"),
    "notices.receive_announcement": _lazy("接收、签收"),
    "notices.publish_announcement": _lazy("起草、发布、撤回，看谁没看"),
}
VERBS_OF_PERMISSIONS = {
    "view": _lazy("查看"),
    "change": _lazy("登记、修改"),
    "reveal": _lazy("查看敏感信息"),
    "have": _lazy("承担"),
    "approve": _lazy("批准"),
    "accept": _lazy("接收"),
    "sign": _lazy("签发"),
    "answer": _lazy("签收、整改、报完工"),
    "record_any": _lazy("登记他人负责的"),
}
"""What a permission is called where no move asks for it: by itself, else by its verb."""


def role_catalogue() -> list[tuple[str, list[tuple[str, str, frozenset[str]]]]]:
    """Subject → (what may be done, permission, roles), as the slices declare it and an official can read it."""
    subjects: dict[str, list[tuple[str, str, frozenset[str]]]] = defaultdict(list)
    moves = _labels_of_moves()
    for perm, roles in PERMISSIONS.items():
        app, _dot, name = perm.partition(".")
        verb, _line, model = name.rpartition("_")
        subject = apps.all_models.get(app, {}).get(model)
        words = moves.get(perm) or [str(WORDS_OF_PERMISSIONS.get(perm) or VERBS_OF_PERMISSIONS.get(verb) or verb)]
        label = subject._meta.verbose_name if subject else apps.get_app_config(app).verbose_name
        subjects[str(label)].append(("、".join(words), perm, roles))
    return list(subjects.items())


def _labels_of_moves() -> dict[str, list[str]]:
    """Permission → labels of the moves that ask for it."""
    labels: dict[str, list[str]] = defaultdict(list)
    for module in rooms("moves"):
        for move in getattr(module, "MOVES", ()):
            if str(move.label) not in labels[move.perm]:
                labels[move.perm].append(str(move.label))
    return labels


def duty_leader(unit_path: str, day: date) -> Person | None:
    """Who leads the shift on that day: of the unit itself, else of the nearest unit above it that has a roster."""
    lineage = [int(pk) for pk in unit_path.split("/") if pk]
    turns = DutyTurn.objects.filter(unit__in=lineage, day=day).select_related("person", "unit")
    turn = max(turns, key=lambda turn: len(turn.unit.path), default=None)
    return turn.person if turn else None


def may_lead_duty(unit: Unit, day: date) -> QuerySet[Person]:
    """The leaders of the unit and of those below it, who can be put on its duty roster."""
    roles = [Role.BRIGADE_LEADER, Role.POLITICAL_OFFICER, Role.DEPUTY_LEADER, Role.SQUADRON_LEADER, Role.HALL_HEAD]
    held = Grant.objects.on(day).filter(unit__in=Unit.objects.below(unit), role__in=roles)
    return Person.objects.filter(pk__in=held.values("person"), is_active=True).order_by("police_no")


def duty_turns(unit: Unit, start: date, end: date) -> list[DutyTurn]:
    """The roster of a unit from one day to another, both included."""
    return list(unit.duty_turns.filter(day__range=(start, end)).select_related("person").order_by("day"))


# What a person holds


@dataclass(frozen=True)
class Held:
    """Things of one kind that a person holds on one unit, or on any where nobody takes them over."""

    holding: Holding
    unit: Unit | None
    rows: list[Any]

    @property
    def key(self) -> str:
        return f"{self.holding.code}.{self.unit.pk}" if self.unit else self.holding.code

    def heirs(self, person: Person, on: date) -> QuerySet[Person]:
        """Who may take them over: holders of what it takes, on that unit, but for the person himself."""
        if self.holding.heirs is None or self.unit is None:
            return Person.objects.none()
        found = self.holding.heirs(self.unit, on).filter(is_active=True).exclude(pk=person.pk)
        return found.order_by("police_no")


def held_by(person: Person, on: date) -> list[Held]:
    """Everything that the person holds, by kind and unit; a query a kind, and one for the units."""
    found: list[tuple[Holding, int | None, list[Any]]] = []
    for holding in HOLDINGS.values():
        by_unit: dict[int | None, list[Any]] = defaultdict(list)
        for row in holding.held(person, on):
            by_unit[row.unit_id if holding.heirs else None].append(row)
        found += [(holding, unit_id, rows) for unit_id, rows in by_unit.items()]
    units = Unit.objects.in_bulk({unit_id for _holding, unit_id, _rows in found if unit_id is not None})
    return [Held(holding, units.get(unit_id) if unit_id else None, rows) for holding, unit_id, rows in found]


def is_administrator(person: Person, on: date) -> bool:
    return person.grants.reaching(on).filter(role__in=ADMIN_ROLES).exists()


def planned_departure(person: Person) -> Departure | None:
    return person.departures.filter(closed_at__isnull=True).first()


def secondments_of(person: Person, on: date) -> QuerySet[Secondment]:
    """Those that run or are to come, the next first."""
    rows = Secondment.objects.filter(posting__person=person, posting__ends_on__gt=on)
    return (
        rows.exclude(posting__ends_on=F("posting__starts_on"))
        .select_related("posting__unit")
        .order_by("posting__starts_on")
    )


def away(people: Iterable[int], unit_id: int, on: date) -> dict[int, Posting]:
    """Which of the people of a unit are seconded elsewhere on a day, and where to."""
    rows = Posting.objects.on(on).filter(is_secondment=True, person__in=people).exclude(unit=unit_id)
    return {row.person_id: row for row in rows.select_related("unit")}


def guests_of(unit_id: int, on: date) -> dict[int, Posting]:
    """Person → his secondment, of those who are in a unit for a time."""
    rows = Posting.objects.on(on).filter(unit=unit_id, is_secondment=True)
    return {row.person_id: row for row in rows}


# Towns, and where records stood


def squadron_of(town_id: int, on: date) -> Unit | None:
    """The unit that polices a street or town on a day."""
    beat = Beat.objects.on(on).filter(town=town_id).select_related("unit").first()
    return beat.unit if beat else None


def squadrons_of(towns: Iterable[int], on: date) -> dict[int, int]:
    """Town → unit that polices it on a day, in one query."""
    return dict(Beat.objects.on(on).filter(town__in=towns).values_list("town", "unit"))


def beats_of(unit: Unit, on: date) -> QuerySet[Beat]:
    """The streets and towns that a unit polices on a day or is to police later."""
    rows = unit.beats.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=on)).exclude(ends_on=F("starts_on"))
    return rows.select_related("town").order_by("starts_on", "town__code")


def stood_in(model: type[Record], day: str, *, record: str = "pk", unit: str = "unit") -> Any:
    """For the figures of a kind of record: the unit in which each stood on the local day that the column `day`
    holds, which is its unit unless it went to another since. While none of the kind ever did, it costs nothing.
    """
    moved = Station.objects.filter(kind=model.kind())
    if not moved.exists():
        return F(unit)
    then = moved.filter(record=OuterRef(record), until__gt=OuterRef(day)).order_by("until").values("unit")[:1]
    return Coalesce(Subquery(then), F(unit), output_field=BigIntegerField())


def ever_in(model: type[Record], unit_id: int, *, record: str = "pk", unit: str = "unit") -> Q:
    """Records that stand in the unit or once stood in it: narrows what `stood_in` then tells apart."""
    gone = Station.objects.filter(kind=model.kind(), unit=unit_id)
    return Q(**{unit: unit_id}) | Q(**{f"{record}__in": gone.values("record")})


# Changes of units


def changes_of(unit: Unit) -> QuerySet[UnitChange]:
    """What was planned for a unit or with it, the latest first."""
    rows = UnitChange.objects.filter(Q(unit=unit) | Q(into=unit))
    return rows.select_related("unit", "into").order_by("-since", "-pk")


def records_to_move(change: UnitChange) -> list[tuple[int, QuerySet[Any]]]:
    """The open records that go along with a change and have not gone yet: the unit that they leave and a queryset, a
    kind at a time. In a merger those go too that the unit only answers for, as a task that it gave."""
    kinds = [model for model in apps.get_models() if issubclass(model, Record) and model.OPEN]
    if change.kind == ChangeKind.MERGE:
        gone = change.unit_id
        named = [(model, reduce(or_, (Q((name, gone)) for name in model.ANSWERING))) for model in kinds]
        return [(gone, model._base_manager.filter(answers, state__in=model.OPEN)) for model, answers in named]
    if change.kind == ChangeKind.TOWNS:
        with_town = [model for model in kinds if any(field.name == "town" for field in model._meta.get_fields())]
        before = former_units(change)
        return [
            (unit_id, model._base_manager.filter(Q(("town", town_id)), unit=unit_id, state__in=model.OPEN))
            for model in with_town
            for town_id, unit_id in before.items()
        ]
    return []


def former_units(change: UnitChange) -> dict[int, int]:
    """Town → the unit that policed it until the change."""
    rows = Beat.objects.filter(town__in=change.towns, starts_on__lt=change.since).exclude(unit=change.unit_id)
    rows = rows.filter(Q(ends_on__isnull=True) | Q(ends_on=change.since))
    return dict(rows.values_list("town", "unit"))


@dataclass(frozen=True)
class Preview:
    """What a change of a unit would move and what would stay, in numbers: an administrator sees no business data."""

    records: list[tuple[str, int]]
    settled: list[tuple[str, int]]
    people: list[Person]
    grants: list[Grant]
    towns: list[Beat]
    views: int
    turns: int

    @property
    def total(self) -> int:
        return sum(count for _label, count in self.records)


def preview(change: UnitChange) -> Preview:
    """Of a change that is planned or only thought of; some queries a kind of record."""
    unit, since = change.unit, change.since
    moving: dict[Any, int] = defaultdict(int)
    for _leaves, rows in records_to_move(change):
        moving[rows.model] += rows.count()
    merges = change.kind == ChangeKind.MERGE
    kinds = [model for model in apps.get_models() if issubclass(model, Record)] if merges else []
    settled = [(model, model._base_manager.filter(unit=unit).exclude(state__in=model.OPEN).count()) for model in kinds]
    beats = Beat.objects.on(since).select_related("town", "unit").order_by("town__code")
    return Preview(
        records=[(str(model._meta.verbose_name), count) for model, count in moving.items() if count],
        settled=[(str(model._meta.verbose_name), count) for model, count in settled if count],
        people=list(people_of(unit.pk, since)) if merges else [],
        grants=list(grants_along(unit, since)) if merges else [],
        towns=list(beats.filter(unit=unit) if merges else beats.filter(town__in=change.towns)),
        views=SavedView.objects.filter(unit=unit.pk).count() if merges else 0,
        turns=unit.duty_turns.filter(day__gte=since).count() if merges else 0,
    )


def grants_along(unit: Unit, since: date) -> QuerySet[Grant]:
    """Roles on the unit that run on the day it goes into another; administrators' stay with who has them."""
    rows = unit.grants.reaching(since).exclude(role__in=ADMIN_ROLES).filter(person__is_active=True)
    return rows.select_related("person", "unit").order_by("role", "person__police_no")
