"""Units, people, what they are allowed to do and since when; the abstract record that every domain extends."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from brigade.audit.queries import Edit, last_edits
from brigade.kit.addresses import record_address
from brigade.kit.ids import new_id
from brigade.kit.searching import Name
from brigade.org.states import PERMISSIONS, ChangeKind, ChangeState, PersonKind, Role, Tree, UnitKind

MOST_EDITS = 50
"""Of how many changes since a page was opened it is said who made them."""


class Versioned(models.Model):
    """What two people may change at the same time: `version` counts its changes, `edits_since` says who made them.

    Their changes are put together on the form (kit/merging.py); what is older than the last one is refused.
    """

    CHANGED_BY: frozenset[str] = frozenset()
    """Verbs of the trail that count the version up; of a record, its moves."""

    version = models.PositiveIntegerField(default=1)

    class Meta:
        abstract = True

    def edits_since(self, version: int) -> list[Edit]:
        """What was done to it since it was read as `version`, newest first."""
        return last_edits(self.told_of(), min(max(self.version - version, 0), MOST_EDITS), self.CHANGED_BY)

    def told_of(self) -> models.Model:
        """Under what the trail keeps its changes."""
        return self


class DatedQuerySet(models.QuerySet):
    """Rows valid from `starts_on` up to but not including `ends_on`."""

    def on(self, day: date) -> DatedQuerySet:
        return self.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=day), starts_on__lte=day)


class UnitQuerySet(models.QuerySet):
    def below(self, unit: Unit | int) -> UnitQuerySet:
        """The unit and everything under it as the trees stand today."""
        top = unit if isinstance(unit, Unit) else Unit.objects.only("path").get(pk=unit)
        return self.filter(path__startswith=top.path)

    def below_any(self, paths: Iterable[str]) -> UnitQuerySet:
        """The units at these paths and everything under them."""
        found = Q(pk__in=[])
        for path in paths:
            found |= Q(path__startswith=path)
        return self.filter(found)

    def above(self, unit: Unit) -> UnitQuerySet:
        """The unit and everything that it stands under, today."""
        return self.filter(pk__in=unit.lineage)

    def open_on(self, day: date) -> UnitQuerySet:
        return self.filter(Q(closed_on__isnull=True) | Q(closed_on__gt=day), opened_on__lte=day)

    def visible_to(self, user: Person) -> UnitQuerySet:
        return self.filter(pk__in=user.units_for("org.view_unit"))

    def as_tree(self) -> list[tuple[int, Unit]]:
        """(depth, unit) of each, below its parent as far as that is among them, siblings in their fixed order."""
        units: dict[int, Unit] = {unit.pk: unit for unit in self.order_by("order", "code")}
        below: dict[int | None, list[Unit]] = defaultdict(list)
        for unit in units.values():
            below[next((pk for pk in unit.lineage[-2::-1] if pk in units), None)].append(unit)
        rows: list[tuple[int, Unit]] = []
        waiting = [(0, unit) for unit in reversed(below[None])]
        while waiting:
            depth, unit = waiting.pop()
            rows.append((depth, unit))
            waiting += [(depth + 1, child) for child in reversed(below[unit.pk])]
        return rows


class Unit(models.Model):
    """A place that answers for something: a squadron, a branch, a hall, an outside organisation.

    `path` is the ids from the root down, each with a trailing slash; a branch or hall hangs below the brigade, so that
    a grant on the brigade covers it, while figures roll up only as far as `tree` stays the same.
    """

    tree = models.CharField(_("序列"), max_length=8, choices=Tree.choices)
    kind = models.CharField(_("类别"), max_length=16, choices=UnitKind.choices)
    code = models.CharField(_("代码"), max_length=24, unique=True)
    name = models.CharField(_("名称"), max_length=80)
    short_name = models.CharField(_("简称"), max_length=24)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("上级")
    )
    path = models.CharField(max_length=120, db_index=True, editable=False)
    order = models.PositiveSmallIntegerField(_("次序"), default=0)
    opened_on = models.DateField(_("设立日期"))
    closed_on = models.DateField(_("撤销日期"), null=True, blank=True)

    objects = UnitQuerySet.as_manager()

    class Meta:
        verbose_name = _("单位")
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_on__isnull=True) | Q(closed_on__gt=F("opened_on")), name="unit_closes_after_opening"
            )
        ]

    def __str__(self) -> str:
        return self.short_name

    def get_absolute_url(self) -> str:
        return record_address("workbench:unit_detail", self.pk)

    @property
    def lineage(self) -> list[int]:
        """Ids from the root down to the unit itself."""
        return [int(part) for part in self.path.split("/") if part]

    @property
    def unit(self) -> Unit:
        return self

    @property
    def unit_id(self) -> int:
        return self.pk

    @property
    def number(self) -> str:
        return self.code

    @property
    def title(self) -> str:
        return self.name

    def search_words(self) -> Iterable[str]:
        return (self.name, self.short_name, self.code)


class UnitPlacement(models.Model):
    """Where a unit stood in its tree, and when: last year's roll-up uses last year's tree."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="placements")
    parent = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+")
    path = models.CharField(max_length=120)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True)

    objects = DatedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["path", "starts_on"])]
        constraints = [
            models.UniqueConstraint(fields=["unit"], condition=Q(ends_on__isnull=True), name="unit_stands_in_one_place")
        ]


class PersonQuerySet(models.QuerySet):
    def working_in(self, units: Iterable[int], day: date) -> PersonQuerySet:
        posted = Posting.objects.on(day).filter(unit__in=units)
        return self.filter(pk__in=posted.values("person"))

    def visible_to(self, user: Person) -> PersonQuerySet:
        """Oneself, and whoever worked or held a role in a unit that the user reaches."""
        units = user.units_for("org.view_person")
        worked = Posting.objects.filter(unit__in=units).values("person")
        held = Grant.objects.filter(unit__in=units).values("person")
        return self.filter(Q(pk=user.pk) | Q(pk__in=worked) | Q(pk__in=held))

    def found_by(self, text: str) -> PersonQuerySet:
        """By number, name, full pinyin or initials; several words narrow the search."""
        found = self
        for word in text.casefold().split():
            found = found.filter(search_text__contains=word)
        return found

    def with_unit_names(self, day: date) -> PersonQuerySet:
        """Annotated with `unit_name` and `post_title`, so that a list asks for no unit a row."""
        posting = Posting.objects.on(day).filter(person=OuterRef("pk")).order_by("-is_secondment", "-starts_on", "-pk")
        return self.annotate(
            unit_name=Subquery(posting.values("unit__short_name")[:1]), post_title=Subquery(posting.values("title")[:1])
        )


class PersonManager(BaseUserManager.from_queryset(PersonQuerySet)):
    def get_by_natural_key(self, username: str | None) -> Person:
        return self.get(police_no__iexact=username or "")


class Person(AbstractBaseUser, Versioned):
    """Everyone the portal knows, with or without an account; found by police number (警号)."""

    USERNAME_FIELD = "police_no"
    SENSITIVE = frozenset({"phone"})
    CHANGED_BY = frozenset({"person.changed"})
    is_system = False
    last_login = None  # `signed_in_at` is written by the sign-in itself, together with the address

    police_no = models.CharField(_("警号"), max_length=16, unique=True)
    name = models.CharField(_("姓名"), max_length=40)
    kind = models.CharField(_("身份"), max_length=12, choices=PersonKind.choices, default=PersonKind.OFFICER)
    search_text = models.CharField(max_length=400, blank=True, editable=False)
    phone_sealed = models.TextField(blank=True, editable=False)
    phone_index = models.CharField(max_length=32, blank=True, db_index=True, editable=False)
    phone_tail = models.CharField(_("手机号"), max_length=4, blank=True, editable=False)
    is_active = models.BooleanField(_("账号启用"), default=True)
    must_change_password = models.BooleanField(default=True)
    password_changed_at = models.DateTimeField(null=True)
    signed_in_at = models.DateTimeField(_("上次登录时间"), null=True)
    signed_in_from = models.CharField(_("上次登录地址"), max_length=45, blank=True)
    is_synthetic = models.BooleanField(_("演示人员"), default=False)

    objects = PersonManager()

    class Meta:
        verbose_name = _("人员")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return record_address("workbench:person_detail", self.pk)

    @property
    def number(self) -> str:
        return self.police_no

    @property
    def title(self) -> str:
        return self.name

    def search_words(self) -> Iterable[str]:
        return (self.police_no, Name(self.name), self.phone_tail)

    @cached_property
    def unit(self) -> Unit | None:
        """Where the person works today, while he is seconded where he was sent; else where he works next, or worked
        last. A post that was taken back counts when there is no other: who was enrolled by mistake still has an
        account to be stopped.
        """
        today = timezone.localdate()
        postings = list(self.postings.select_related("unit"))
        postings.sort(
            key=lambda post: (
                post.starts_on != post.ends_on,
                post.is_valid(today),
                post.is_secondment and post.is_valid(today),
                post.starts_on,
            )
        )
        return postings[-1].unit if postings else None

    @property
    def unit_id(self) -> int | None:
        return self.unit.pk if self.unit else None

    @cached_property
    def _grants(self) -> list[tuple[str, int, str, str]]:
        """(role, unit id, path, tree) of every grant valid today; read once a request: a change counts at the next."""
        if not self.is_active:
            return []
        today = timezone.localdate()
        return list(self.grants.on(today).values_list("role", "unit_id", "unit__path", "unit__tree"))

    @property
    def posts(self) -> frozenset[tuple[int, str]]:
        """(unit id, role) pairs the person answers for today."""
        return frozenset((unit_id, role) for role, unit_id, _path, _tree in self._grants)

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(role for role, _unit_id, _path, _tree in self._grants)

    def has_perm(self, perm: str, obj: object | None = None) -> bool:
        """Whether one of the person's grants gives `perm`, and covers the unit of `obj` where one is named."""
        paths = self._paths_of(perm)
        if obj is None or not paths:
            return bool(paths)
        unit = obj if isinstance(obj, Unit) else obj.unit
        return unit is not None and any(unit.path.startswith(path) for path in paths)

    def has_module_perms(self, app_label: str) -> bool:
        return False

    def units_for(self, perm: str) -> frozenset[int]:
        """Ids of the units whose records the person reaches with `perm`."""
        cache: dict[str, frozenset[int]] = self.__dict__.setdefault("_units_for", {})
        if perm not in cache:
            cache[perm] = frozenset(pk for pk, *_rest in self._below(self._paths_of(perm)))
        return cache[perm]

    def reaches(self, perm: str, tree: str) -> bool:
        """Whether `perm` covers a unit of a tree; a recorder whose grant covers no branch has nothing to record."""
        paths, today = self._paths_of(perm), timezone.localdate()
        return tree in paths.values() or any(
            unit_tree == tree and opened_on <= today and (closed_on is None or closed_on > today)
            for _pk, unit_tree, opened_on, closed_on in self._below(paths)
        )

    def _below(self, paths: Collection[str]) -> list[tuple[int, str, date, date | None]]:
        """Id, tree and days of the units below the paths; most permissions of a person cover the same ones."""
        cache: dict[frozenset[str], list] = self.__dict__.setdefault("_units_below", {})
        if (key := frozenset(paths)) not in cache:
            below = Unit.objects.below_any(paths).values_list("pk", "tree", "opened_on", "closed_on")
            cache[key] = list(below) if paths else []
        return cache[key]

    def _paths_of(self, perm: str) -> dict[str, str]:
        """Path of each unit on which a grant gives `perm`, and the tree that the unit is in."""
        return {path: tree for role, _unit_id, path, tree in self._grants if role in PERMISSIONS.get(perm, ())}


class Dated(models.Model):
    """Valid from `starts_on` up to but not including `ends_on`; equal days mean: taken back on the day it was made."""

    starts_on = models.DateField(_("起"))
    ends_on = models.DateField(_("止"), null=True, blank=True)

    objects = DatedQuerySet.as_manager()

    class Meta:
        abstract = True

    def is_valid(self, day: date) -> bool:
        return self.starts_on <= day and (self.ends_on is None or self.ends_on > day)


class Posting(Dated):
    """Where a person works (任职), and when; a secondment (借调) lies over the post at home and ends by itself."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="postings", verbose_name=_("人员"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="postings", verbose_name=_("单位"))
    title = models.CharField(_("职务"), max_length=40, blank=True)
    is_secondment = models.BooleanField(_("借调"), default=False)

    class Meta:
        verbose_name = _("任职")
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(ends_on__isnull=True), name="person_works_in_one_place"
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")), name="posting_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(is_secondment=False) | Q(ends_on__isnull=False), name="posting_secondment_ends"
            ),
        ]

    def __str__(self) -> str:
        return "·".join(filter(None, (self.unit.short_name, self.title)))


class SecondmentQuerySet(models.QuerySet):
    def visible_to(self, user: Person) -> SecondmentQuerySet:
        return self.filter(posting__person__in=Person.objects.visible_to(user))


class Secondment(models.Model):
    """What goes with a seconded person: the roles he is to have there, and whether he keeps those at home meanwhile.

    The system administrator sends him, the security administrator settles the roles; `settled_by` is empty till then.
    """

    posting = models.OneToOneField(Posting, models.PROTECT, related_name="secondment")
    roles = models.JSONField(_("角色"), default=list)
    given = models.JSONField(default=list)
    resumed = models.JSONField(default=list)
    """Ids of the grants that were given for the time, and of those that begin again after it."""
    keeps_home = models.BooleanField(_("原单位的角色照留"), default=False)
    reason = models.CharField(_("事由"), max_length=200, blank=True)
    ordered_by = models.CharField(_("经办人"), max_length=60)
    settled_by = models.CharField(_("授权人"), max_length=60, blank=True)

    objects = SecondmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("借调")

    @property
    def unit(self) -> Unit:
        return self.posting.unit

    @property
    def role_labels(self) -> str:
        return "、".join(str(Role(role).label) for role in self.roles)


class Departure(models.Model):
    """That a person leaves (离任): from which day, who takes over what, and whether his account has been closed.

    `heirs` maps a group of what he holds, as `<code>.<unit>`, to the id of who takes it: what comes to him between the
    decision and the day goes the same way.
    """

    person = models.ForeignKey(Person, models.PROTECT, related_name="departures", verbose_name=_("人员"))
    leaves_on = models.DateField(_("离任日期"))
    reason = models.CharField(_("事由"), max_length=200)
    heirs = models.JSONField(default=dict)
    decided_by = models.CharField(_("经办人"), max_length=60)
    decided_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("离任")
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(closed_at__isnull=True), name="departure_planned_once"
            )
        ]


class GrantQuerySet(DatedQuerySet):
    def visible_to(self, user: Person) -> GrantQuerySet:
        return self.filter(unit__in=user.units_for("org.view_person"))

    def reaching(self, day: date) -> GrantQuerySet:
        """Valid on `day` or later."""
        return self.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=day)).exclude(ends_on=F("starts_on"))


class Grant(Dated):
    """A role that a person holds on a unit and everything under it, until `ends_on` (exclusive)."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="grants", verbose_name=_("人员"))
    role = models.CharField(_("角色"), max_length=20, choices=Role.choices)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="grants", verbose_name=_("单位"))
    granted_by = models.CharField(_("授权人"), max_length=60)
    reason = models.CharField(_("事由"), max_length=200, blank=True)

    objects = GrantQuerySet.as_manager()

    class Meta:
        verbose_name = _("授权")
        indexes = [models.Index(fields=["unit", "role"])]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "role", "unit"], condition=Q(ends_on__isnull=True), name="grant_held_once"
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")), name="grant_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person.name}·{self.get_role_display()}·{self.unit.short_name}"

    @property
    def title(self) -> str:
        return str(self)


class PasswordHistory(models.Model):
    """Hashes of the passwords that a person had, so that the last five do not come back."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="password_history")
    password = models.CharField(max_length=128)
    changed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["person", "-changed_at"])]


class SignInTry(models.Model):
    """Failed sign-ins of one account or one address; the typed number stands here only as a keyed digest.

    Kept by us and not by axes, which holds accounts and addresses to one and the same limit.
    """

    key = models.CharField(max_length=64, unique=True)
    failures = models.PositiveSmallIntegerField(default=0)
    counted_from = models.DateTimeField(db_index=True)
    locked_until = models.DateTimeField(null=True)


class DutyTurn(models.Model):
    """Who leads the shift of a unit on a day (带班领导)."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="duty_turns", verbose_name=_("单位"))
    day = models.DateField(_("日期"))
    person = models.ForeignKey(Person, models.PROTECT, related_name="duty_turns", verbose_name=_("带班领导"))

    class Meta:
        verbose_name = _("带班安排")
        constraints = [models.UniqueConstraint(fields=["unit", "day"], name="duty_led_by_one")]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d} {self.person}"


class Beat(Dated):
    """Which squadron polices a street or town (辖区), and when."""

    town = models.ForeignKey("reference.Town", models.PROTECT, related_name="beats", verbose_name=_("乡镇街道"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="beats", verbose_name=_("单位"))

    class Meta:
        verbose_name = _("辖区")
        constraints = [
            models.UniqueConstraint(fields=["town"], condition=Q(ends_on__isnull=True), name="beat_of_one_unit"),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")), name="beat_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return str(self.town)


class UnitChangeQuerySet(models.QuerySet):
    def open(self) -> UnitChangeQuerySet:
        return self.filter(state__in=[ChangeState.WAITING, ChangeState.READY, ChangeState.RUNNING])

    def due(self, day: date) -> UnitChangeQuerySet:
        """To be carried out by that day, what was broken off first."""
        return self.filter(state__in=[ChangeState.READY, ChangeState.RUNNING], since__lte=day).order_by("since", "pk")

    def visible_to(self, user: Person) -> UnitChangeQuerySet:
        return self.filter(unit__in=user.units_for("org.view_unit"))


class UnitChange(models.Model):
    """A unit that goes into another, hangs below another, or takes over towns, from a day on (机构调整).

    The system administrator plans it; where roles go along, the security administrator agrees first. `total` and
    `moved` say how far its open records are.
    """

    kind = models.CharField(_("调整"), max_length=8, choices=ChangeKind.choices)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="changes", verbose_name=_("单位"))
    into = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+", verbose_name=_("并入、移到"))
    towns = models.JSONField(default=list)
    since = models.DateField(_("从哪天起"))
    reason = models.CharField(_("依据"), max_length=200)
    state = models.CharField(_("状态"), max_length=8, choices=ChangeState.choices)
    grants = models.JSONField(default=list)
    planned_by = models.CharField(_("经办人"), max_length=60)
    planned_at = models.DateTimeField()
    agreed_by = models.CharField(_("同意人"), max_length=60, blank=True)
    total = models.PositiveIntegerField(_("未办结的记录"), default=0)
    moved = models.PositiveIntegerField(_("已转"), default=0)
    done_at = models.DateTimeField(null=True)

    objects = UnitChangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("机构调整")
        constraints = [
            models.UniqueConstraint(
                fields=["unit"], condition=Q(state__in=["waiting", "ready", "running"]), name="unit_changes_once_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.unit.name}·{self.get_kind_display()}"

    @property
    def title(self) -> str:
        return str(self)

    @property
    def receiver(self) -> Unit:
        """Who takes over: the unit into or below which it goes, or the one that takes the towns."""
        return self.into or self.unit

    @property
    def percent(self) -> int:
        return min(100, self.moved * 100 // self.total) if self.total else 0


class Station(models.Model):
    """Where a record stood before it went to another unit: till `until` (exclusive) it counts for `unit`.

    Figures of the days before ask here, so that a change of units leaves the past as it was.
    """

    kind = models.CharField(max_length=48)
    record = models.UUIDField()
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    until = models.DateField()

    class Meta:
        indexes = [
            models.Index(fields=["record", "until"], name="station_of_record"),
            models.Index(fields=["unit", "kind"], name="station_of_unit"),
        ]


class RecordQuerySet(models.QuerySet):
    """Base of every record's queryset; a domain overrides `visible_to` only to widen it to one's own records."""

    def visible_to(self, user: Person) -> RecordQuerySet:
        label = self.model._meta
        return self.filter(unit__in=user.units_for(f"{label.app_label}.view_{label.model_name}"))


class Record(Versioned):
    """Something that was done, entered once: it has a unit, a number, a life cycle and an address.

    Written only by `brigade.workflow`; `kind` and the id together name it everywhere else.
    """

    SENSITIVE: frozenset[str] = frozenset()
    OPEN: frozenset[str] = frozenset()
    """States in which somebody still has something to do: such a record goes along when its unit goes into another."""
    ANSWERING: tuple[str, ...] = ("unit",)
    """Columns that name a unit with something to do about an open record; each goes along."""
    READERS_IN_ROWS = False
    """Its own readers stand in child rows alone: a move that writes none leaves them as they are."""
    LOCKED_WITH: tuple[str, ...] = ("unit",)
    """What is read in one statement with the record that a move locks; a kind adds what its words are made of."""
    state_before: str
    """Where a record comes back to; a kind with a move that goes back keeps it in a column."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("单位"))
    number = models.CharField(_("编号"), max_length=40, blank=True)
    title = models.CharField(_("标题"), max_length=120)
    state = models.CharField(_("状态"), max_length=24)
    search_text = models.TextField(blank=True, editable=False)
    created_at = models.DateTimeField(_("登记时间"))
    created_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name=_("登记人"))
    is_synthetic = models.BooleanField(_("演示数据"), default=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.title

    @classmethod
    def kind(cls) -> str:
        return cls._meta.label_lower

    def get_absolute_url(self) -> str:
        return record_address(f"{self._meta.app_label}:{self._meta.model_name}_detail", self.pk)

    @cached_property
    def stations(self) -> list[tuple[date, int]]:
        """(until, unit) of where it stood before it came to its unit, oldest first; what was never changed stood
        nowhere else."""
        rows = Station.objects.filter(record=self.pk).order_by("until")
        return list(rows.values_list("until", "unit")) if self.version > 1 else []

    def own_readers(self) -> Iterable[tuple[Person, str]]:
        """Who else may read it, and why: whoever a wider `visible_to` lets in beside the grants on its unit."""
        return ()

    def reading_units(self) -> Iterable[int]:
        """Ids of the units whose readers see it: its own; a slice whose `visible_to` lets others in names them too."""
        return (self.unit_id,)

    def search_words(self) -> Iterable[str]:
        """What the record can be found by; the door enters it into the search. A person's name is given as a
        `kit.searching.Name`; of a sealed field only the tail: the whole value is found by its blind index.
        """
        return (self.title, self.number)
