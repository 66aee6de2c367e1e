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

from brigade.kit.addresses import record_address
from brigade.kit.ids import new_id
from brigade.org.states import PERMISSIONS, PersonKind, Role, Tree, UnitKind


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
        posting = Posting.objects.on(day).filter(person=OuterRef("pk"))
        return self.annotate(
            unit_name=Subquery(posting.values("unit__short_name")[:1]), post_title=Subquery(posting.values("title")[:1])
        )


class PersonManager(BaseUserManager.from_queryset(PersonQuerySet)):
    def get_by_natural_key(self, username: str | None) -> Person:
        return self.get(police_no__iexact=username or "")


class Person(AbstractBaseUser):
    """Everyone the portal knows, with or without an account; found by police number (警号)."""

    USERNAME_FIELD = "police_no"
    SENSITIVE = frozenset({"phone"})
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

    @cached_property
    def unit(self) -> Unit | None:
        """Where the person works today; else where he works next, or worked last. A post that was taken back counts
        when there is no other: who was enrolled by mistake still has an account to be stopped.
        """
        today = timezone.localdate()
        postings = list(self.postings.select_related("unit"))
        postings.sort(key=lambda post: (post.starts_on != post.ends_on, post.is_valid(today), post.starts_on))
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
    """Where a person works (任职), and when."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="postings", verbose_name=_("人员"))
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="postings", verbose_name=_("单位"))
    title = models.CharField(_("职务"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("任职")
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(ends_on__isnull=True), name="person_works_in_one_place"
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")), name="posting_ends_after_start"
            ),
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


class RecordQuerySet(models.QuerySet):
    """Base of every record's queryset; a domain overrides `visible_to` only to widen it to one's own records."""

    def visible_to(self, user: Person) -> RecordQuerySet:
        label = self.model._meta
        return self.filter(unit__in=user.units_for(f"{label.app_label}.view_{label.model_name}"))


class Record(models.Model):
    """Something that was done, entered once: it has a unit, a number, a life cycle and an address.

    Written only by `brigade.workflow`; `kind` and the id together name it everywhere else.
    """

    SENSITIVE: frozenset[str] = frozenset()

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("单位"))
    number = models.CharField(_("编号"), max_length=40, blank=True)
    title = models.CharField(_("标题"), max_length=120)
    state = models.CharField(_("状态"), max_length=24)
    version = models.PositiveIntegerField(default=1)
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

    def own_readers(self) -> Iterable[tuple[Person, str]]:
        """Who else may read it, and why: whoever a wider `visible_to` lets in beside the grants on its unit."""
        return ()

    def search_words(self) -> Iterable[str]:
        """What the record can be found by; the door turns it into `search_text`."""
        return (self.title, self.number)
