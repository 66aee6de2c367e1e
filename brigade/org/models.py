"""Units, people, what they are allowed to do and since when; the abstract record that every domain extends."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from brigade.kit.ids import new_id
from brigade.org.states import PERMISSIONS, PersonKind, Role, Tree, UnitKind


class DatedQuerySet(models.QuerySet):
    """Rows valid from `starts_on` up to but not including `ends_on`."""

    def on(self, day: date) -> DatedQuerySet:
        return self.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=day), starts_on__lte=day)


class UnitQuerySet(models.QuerySet):
    def below(self, unit: Unit) -> UnitQuerySet:
        """The unit and everything under it as the trees stand today."""
        return self.filter(path__startswith=unit.path)

    def open_on(self, day: date) -> UnitQuerySet:
        return self.filter(Q(closed_on__isnull=True) | Q(closed_on__gt=day), opened_on__lte=day)

    def visible_to(self, user: Person) -> UnitQuerySet:
        return self.filter(pk__in=user.units_for("org.view_unit"))


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
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
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
        return reverse("workbench:unit_detail", args=[self.pk])


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


class PersonManager(BaseUserManager["Person"]):
    def get_by_natural_key(self, username: str | None) -> Person:
        return self.get(police_no__iexact=username or "")


class Person(AbstractBaseUser):
    """Everyone the portal knows, with or without an account; found by police number (警号)."""

    USERNAME_FIELD = "police_no"
    is_system = False

    police_no = models.CharField(_("警号"), max_length=16, unique=True)
    name = models.CharField(_("姓名"), max_length=40)
    kind = models.CharField(_("身份"), max_length=12, choices=PersonKind.choices, default=PersonKind.OFFICER)
    search_text = models.CharField(max_length=240, blank=True, editable=False)
    is_active = models.BooleanField(_("账号启用"), default=True)
    must_change_password = models.BooleanField(default=True)
    password_changed_at = models.DateTimeField(null=True)
    permission_epoch = models.PositiveIntegerField(default=0)
    is_synthetic = models.BooleanField(_("演示人员"), default=False)

    objects = PersonManager()

    class Meta:
        verbose_name = _("人员")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("workbench:person_detail", args=[self.pk])

    @cached_property
    def _grants(self) -> list[tuple[str, int, str]]:
        """(role, unit id, unit path) of every grant valid today; read once a request, so a change counts at the next."""
        if not self.is_active:
            return []
        today = timezone.localdate()
        return list(self.grants.on(today).values_list("role", "unit_id", "unit__path"))  # type: ignore[attr-defined]

    @property
    def posts(self) -> frozenset[tuple[int, str]]:
        """(unit id, role) pairs the person answers for today."""
        return frozenset((unit_id, role) for role, unit_id, _path in self._grants)

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(role for role, _unit_id, _path in self._grants)

    def has_perm(self, perm: str, obj: object | None = None) -> bool:
        """Whether one of the person's grants gives `perm`, and covers the unit of `obj` where one is named."""
        paths = [path for role, _unit_id, path in self._grants if role in PERMISSIONS.get(perm, ())]
        if obj is None or not paths:
            return bool(paths)
        unit = obj if isinstance(obj, Unit) else obj.unit  # type: ignore[attr-defined]
        return any(unit.path.startswith(path) for path in paths)

    def has_module_perms(self, app_label: str) -> bool:
        return False

    def units_for(self, perm: str) -> frozenset[int]:
        """Ids of the units whose records the person reaches with `perm`."""
        cache: dict[str, frozenset[int]] = self.__dict__.setdefault("_units_for", {})
        if perm not in cache:
            paths = {path for role, _unit_id, path in self._grants if role in PERMISSIONS.get(perm, ())}
            below = Q(pk__in=[])
            for path in paths:
                below |= Q(path__startswith=path)
            cache[perm] = frozenset(Unit.objects.filter(below).values_list("pk", flat=True)) if paths else frozenset()
        return cache[perm]


class Posting(models.Model):
    """Where a person works (任职), and when."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="postings")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="postings")
    title = models.CharField(_("职务"), max_length=40, blank=True)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)

    objects = DatedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(ends_on__isnull=True), name="person_works_in_one_place"
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gt=F("starts_on")), name="posting_ends_after_start"
            ),
        ]


class Grant(models.Model):
    """A role that a person holds on a unit and everything under it, until `ends_on` (exclusive)."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="grants")
    role = models.CharField(_("角色"), max_length=20, choices=Role.choices)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="grants")
    starts_on = models.DateField(_("起"))
    ends_on = models.DateField(_("止"), null=True, blank=True)
    granted_by = models.CharField(_("授权人"), max_length=60)
    reason = models.CharField(_("事由"), max_length=200, blank=True)

    objects = DatedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["unit", "role"])]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "role", "unit"], condition=Q(ends_on__isnull=True), name="grant_held_once"
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gt=F("starts_on")), name="grant_ends_after_start"
            ),
        ]


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
        return reverse(f"{self._meta.app_label}:{self._meta.model_name}_detail", args=[self.pk])

    def search_words(self) -> Iterable[str]:
        """What the record can be found by; the door turns it into `search_text`."""
        return (self.title, self.number)
