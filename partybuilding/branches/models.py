"""Party organisations, their groups and offices, and who belongs to them, all dated."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from brigade.org.models import Person, Unit
from partybuilding.branches.states import BranchKind, ExemptionKind, JoinedBy, MemberStatus, Sanction, SeatRole


class IntervalQuerySet(models.QuerySet):
    """Rows valid from `start_on` up to but not including `end_on`."""

    def on(self, day: date) -> IntervalQuerySet:
        return self.filter(Q(end_on__isnull=True) | Q(end_on__gt=day), start_on__lte=day)

    def touching(self, first: date, last: date) -> IntervalQuerySet:
        """Valid on at least one day from `first` to `last`, both included."""
        return self.filter(Q(end_on__isnull=True) | Q(end_on__gt=first), start_on__lte=last)


class Interval(models.Model):
    """Valid from `start_on` up to but not including `end_on`."""

    start_on = models.DateField(_("起"))
    end_on = models.DateField(_("止"), null=True, blank=True)

    objects = IntervalQuerySet.as_manager()

    class Meta:
        abstract = True

    def is_valid(self, day: date) -> bool:
        return self.start_on <= day and (self.end_on is None or self.end_on > day)


def ends_after_start(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=Q(end_on__isnull=True) | Q(end_on__gt=F("start_on")), name=name)


class PartyBranchQuerySet(models.QuerySet):
    def active_on(self, day: date) -> PartyBranchQuerySet:
        return self.filter(Q(dissolved_on__isnull=True) | Q(dissolved_on__gt=day), established_on__lte=day)

    def visible_to(self, user: Person) -> PartyBranchQuerySet:
        return self.filter(unit__in=user.units_for("branches.view_partybranch"))

    def in_order(self) -> PartyBranchQuerySet:
        """In the fixed order of units: never ranked by result."""
        return self.select_related("unit").order_by("unit__order", "unit_id")


class PartyBranch(models.Model):
    """A Party organisation of the brigade: the general branch, a branch, a joint or temporary one.

    It is a unit of the party tree; its members, committee and full count are computed from dated rows, never typed.
    """

    unit = models.OneToOneField(Unit, models.PROTECT, primary_key=True, related_name="party_branch")
    kind = models.CharField(_("类别"), max_length=16, choices=BranchKind.choices)
    established_on = models.DateField(_("成立日期"))
    dissolved_on = models.DateField(_("撤销日期"), null=True, blank=True)
    feature = models.CharField(_("一支部一特色"), max_length=80, blank=True)
    theme_day_rule = models.CharField(_("主题党日固定日"), max_length=40, blank=True)

    objects = PartyBranchQuerySet.as_manager()

    class Meta:
        verbose_name = _("党支部")
        constraints = [
            models.CheckConstraint(
                condition=Q(dissolved_on__isnull=True) | Q(dissolved_on__gt=F("established_on")),
                name="branch_dissolves_after_founding",
            )
        ]

    def __str__(self) -> str:
        return self.unit.short_name

    def get_absolute_url(self) -> str:
        return reverse("branches:branch_detail", args=[self.pk])

    @property
    def number(self) -> str:
        return self.unit.code

    @property
    def title(self) -> str:
        return self.unit.name

    @property
    def is_general(self) -> bool:
        return self.kind == BranchKind.GENERAL

    def is_active(self, day: date) -> bool:
        return self.established_on <= day and (self.dissolved_on is None or self.dissolved_on > day)


class PartyGroup(models.Model):
    """A group (党小组) of a large or scattered branch; a branch need not have any."""

    branch = models.ForeignKey(PartyBranch, models.PROTECT, related_name="groups", verbose_name=_("党支部"))
    name = models.CharField(_("名称"), max_length=40)
    leader = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="led_groups", verbose_name=_("党小组长")
    )
    start_on = models.DateField(_("起"))
    end_on = models.DateField(_("止"), null=True, blank=True)

    objects = IntervalQuerySet.as_manager()

    class Meta:
        verbose_name = _("党小组")
        constraints = [
            models.UniqueConstraint(fields=["branch", "name"], name="group_named_once_a_branch"),
            ends_after_start("group_ends_after_start"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def unit(self) -> Unit:
        return self.branch.unit

    @property
    def unit_id(self) -> int:
        return self.branch_id

    @property
    def title(self) -> str:
        return self.name

    def is_valid(self, day: date) -> bool:
        return self.start_on <= day and (self.end_on is None or self.end_on > day)


class PartyMemberQuerySet(models.QuerySet):
    def visible_to(self, user: Person) -> PartyMemberQuerySet:
        """Oneself, and whoever belonged to a branch whose members the user may see."""
        units = user.units_for("branches.view_partymember")
        return self.filter(Q(person=user) | Q(pk__in=Membership.objects.filter(branch__in=units).values("member")))


class PartyMember(models.Model):
    """A person on the way into the Party or in it. The dates say how he counted on any past day.

    Probationary from `admitted_on`, full from `confirmed_on`, no longer counted from `ceased_on`.
    """

    person = models.OneToOneField(Person, models.PROTECT, related_name="party_member", verbose_name=_("姓名"))
    status = models.CharField(_("身份"), max_length=12, choices=MemberStatus.choices)
    admitted_on = models.DateField(_("接收为预备党员日期"), null=True, blank=True)
    probation_end = models.DateField(_("预备期满"), null=True, blank=True)
    confirmed_on = models.DateField(_("转正日期"), null=True, blank=True)
    ceased_on = models.DateField(_("停止计入日期"), null=True, blank=True)
    sanction = models.CharField(_("党纪处分"), max_length=24, choices=Sanction.choices, blank=True)
    sanction_from = models.DateField(_("处分起"), null=True, blank=True)
    sanction_to = models.DateField(_("处分止"), null=True, blank=True)
    rights_suspended = models.BooleanField(_("党员权利中止"), default=False)

    objects = PartyMemberQuerySet.as_manager()

    class Meta:
        verbose_name = _("党员")
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmed_on__isnull=True)
                | Q(admitted_on__isnull=True)
                | Q(confirmed_on__gte=F("admitted_on")),
                name="member_confirmed_after_admission",
            ),
            models.CheckConstraint(
                condition=~Q(status=MemberStatus.FULL) | Q(confirmed_on__isnull=False), name="full_member_has_a_date"
            ),
        ]

    def __str__(self) -> str:
        return self.person.name

    def get_absolute_url(self) -> str:
        return reverse("branches:member_detail", args=[self.pk])

    @property
    def title(self) -> str:
        return self.person.name

    @property
    def number(self) -> str:
        return self.person.police_no


class Membership(Interval):
    """A member's time in one branch; nobody is in two at once, and while none has accepted him the old one stays."""

    member = models.ForeignKey(PartyMember, models.PROTECT, related_name="memberships", verbose_name=_("党员"))
    branch = models.ForeignKey(PartyBranch, models.PROTECT, related_name="memberships", verbose_name=_("党支部"))
    group = models.ForeignKey(
        PartyGroup, models.PROTECT, null=True, blank=True, related_name="memberships", verbose_name=_("党小组")
    )
    source = models.CharField(_("来源"), max_length=12, choices=JoinedBy.choices)

    class Meta:
        verbose_name = _("组织关系")
        constraints = [
            models.UniqueConstraint(
                fields=["member"], condition=Q(end_on__isnull=True), name="member_stands_in_one_branch"
            ),
            ends_after_start("membership_ends_after_start"),
        ]
        indexes = [models.Index(fields=["branch", "start_on"])]

    def __str__(self) -> str:
        return f"{self.member}·{self.branch}"

    @property
    def unit_id(self) -> int:
        return self.branch_id


class CommitteeSeat(Interval):
    """An office that a person holds in a branch; the committee is who holds one on the day."""

    branch = models.ForeignKey(PartyBranch, models.PROTECT, related_name="seats", verbose_name=_("党支部"))
    person = models.ForeignKey(Person, models.PROTECT, related_name="party_seats", verbose_name=_("姓名"))
    role = models.CharField(_("职务"), max_length=12, choices=SeatRole.choices)

    class Meta:
        verbose_name = _("支部职务")
        constraints = [
            models.UniqueConstraint(
                fields=["branch"],
                condition=Q(end_on__isnull=True, role=SeatRole.SECRETARY),
                name="branch_has_one_secretary",
            ),
            models.UniqueConstraint(
                fields=["branch", "person"], condition=Q(end_on__isnull=True), name="person_sits_once_in_a_branch"
            ),
            ends_after_start("seat_ends_after_start"),
        ]

    def __str__(self) -> str:
        return f"{self.person.name}·{self.get_role_display()}"

    @property
    def unit_id(self) -> int:
        return self.branch_id


class Exemption(Interval):
    """That activities are no hard requirement for a member (党员教育管理工作条例第二十三条); he keeps his vote."""

    member = models.ForeignKey(PartyMember, models.PROTECT, related_name="exemptions", verbose_name=_("党员"))
    kind = models.CharField(_("情形"), max_length=12, choices=ExemptionKind.choices)
    approved_by = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("批准人"))
    approved_at = models.DateTimeField(_("批准时间"))

    class Meta:
        verbose_name = _("豁免")
        constraints = [ends_after_start("exemption_ends_after_start")]
        indexes = [models.Index(fields=["member", "start_on"])]

    def __str__(self) -> str:
        return f"{self.member}·{self.get_kind_display()}"
