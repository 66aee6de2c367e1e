"""Categories of hazards with their defects, and who answers for a road."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from brigade.org.models import Person, Unit
from brigade.reference.states import Trust
from enforcement.hazards.states import (
    Grade,
    OwnerType,
    Term,
)


class CategoryQuerySet(models.QuerySet["Category"]):
    def visible_to(self, user: Person) -> CategoryQuerySet:
        """The list is no secret: whoever may see hazards sees all of it."""
        return self.all() if user.has_perm("hazards.view_hazard") else self.none()


class Category(models.Model):
    """A kind of hazard (类别), with what is usual for it: grade, owner, days, and how near another counts as the same.

    `radius_m` 0 turns the search for duplicates off.
    """

    code = models.CharField(_("代码"), max_length=24, unique=True)
    name = models.CharField(_("类别"), max_length=20)
    order = models.PositiveSmallIntegerField()
    default_grade = models.CharField(_("通常定级"), max_length=8, choices=Grade.choices)
    default_owner_type = models.CharField(_("通常责任单位"), max_length=12, choices=OwnerType.choices)
    term = models.CharField(_("整改期限"), max_length=10, choices=Term.choices)
    radius_m = models.PositiveSmallIntegerField(_("查重半径（米）"))
    standard_ref = models.CharField(_("标准"), max_length=80, blank=True)
    source = models.CharField(_("依据"), max_length=120)
    verified = models.CharField(_("可信程度"), max_length=10, choices=Trust.choices)

    objects = CategoryQuerySet.as_manager()

    class Meta:
        verbose_name = _("隐患类别")

    def __str__(self) -> str:
        return self.name


class Defect(models.Model):
    """What is wrong, more precisely than the category (缺陷)."""

    category = models.ForeignKey(Category, models.PROTECT, related_name="defects", verbose_name=_("类别"))
    code = models.CharField(_("代码"), max_length=24, unique=True)
    name = models.CharField(_("缺陷"), max_length=20)
    order = models.PositiveSmallIntegerField()

    class Meta:
        verbose_name = _("缺陷")

    def __str__(self) -> str:
        return self.name


class OwnerQuerySet(models.QuerySet["Owner"]):
    def live(self) -> OwnerQuerySet:
        """Those that can be notified: the unit stands, and somebody there answers."""
        standing = Q(unit__closed_on__isnull=True) | Q(unit__closed_on__gt=timezone.localdate())
        return self.filter(standing).exclude(liaison_name="", liaison__isnull=True)

    def visible_to(self, user: Person) -> OwnerQuerySet:
        """The list is no secret among police; who answers for one sees that one."""
        if user.has_perm("hazards.view_hazard") or user.has_perm("hazards.change_owner"):
            return self.all()
        return self.filter(unit__in=user.units_for("hazards.answer_hazard"))


class Owner(models.Model):
    """A responsible organisation (责任单位): what the outside unit answers for, and who answers there.

    `liaison` is set where that person can reach the portal; the others get paper, and the clerk writes down their
    answer.
    """

    SENSITIVE = frozenset({"phone"})

    unit = models.OneToOneField(Unit, models.PROTECT, primary_key=True, related_name="hazard_owner")
    owner_type = models.CharField(_("类型"), max_length=12, choices=OwnerType.choices)
    liaison = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("联络员账号")
    )
    liaison_name = models.CharField(_("联络员"), max_length=40, blank=True)
    phone_sealed = models.TextField(blank=True, editable=False)
    phone_index = models.CharField(max_length=32, blank=True, db_index=True, editable=False)
    phone_tail = models.CharField(_("联络电话"), max_length=4, blank=True, editable=False)

    objects = OwnerQuerySet.as_manager()

    class Meta:
        verbose_name = _("责任单位")

    def __str__(self) -> str:
        return self.unit.short_name

    @property
    def has_liaison(self) -> bool:
        """Whether somebody there can be told; a liaison whose account is closed is nobody."""
        return self.liaison.is_active if self.liaison is not None else bool(self.liaison_name)
