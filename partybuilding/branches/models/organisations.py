"""Branches and groups, their terms, and who holds which office in them."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from brigade.kit.addresses import record_address
from brigade.kit.clocks import add_months
from brigade.org.models import Person, Unit, Versioned
from partybuilding.branches.models.intervals import Interval, ends_after_start
from partybuilding.branches.states import BranchKind, SeatRole


class PartyBranchQuerySet(models.QuerySet):
    def active_on(self, day: date) -> PartyBranchQuerySet:
        return self.filter(Q(dissolved_on__isnull=True) | Q(dissolved_on__gt=day), established_on__lte=day)

    def visible_to(self, user: Person) -> PartyBranchQuerySet:
        return self.filter(unit__in=user.units_for("branches.view_partybranch"))

    def in_order(self) -> PartyBranchQuerySet:
        """In the fixed order of units: never ranked by result."""
        return self.select_related("unit").order_by("unit__order", "unit_id")


class PartyBranch(Versioned):
    """A Party organisation of the brigade: the general branch, a branch, a joint or temporary one.

    It is a unit of the party tree; its members, committee and full count are computed from dated rows, never typed.
    """

    CHANGED_BY = frozenset({"branch.changed", "seat.filled"})

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
        return record_address("branches:branch_detail", self.pk)

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


class PartyGroup(Interval):
    """A group (党小组) of a large or scattered branch; a branch need not have any."""

    branch = models.ForeignKey(PartyBranch, models.PROTECT, related_name="groups", verbose_name=_("党支部"))
    name = models.CharField(_("名称"), max_length=40)
    leader = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="led_groups", verbose_name=_("党小组长")
    )

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


class TermQuerySet(models.QuerySet):
    def latest(self) -> TermQuerySet:
        """The running term of each branch: no other was elected after it."""
        later = Term.objects.filter(branch=models.OuterRef("branch"), elected_on__gt=models.OuterRef("elected_on"))
        return self.filter(~models.Exists(later))


class Term(models.Model):
    """The term (任期) of a branch's committee, or of its secretary where there is none; it ends with the next election.

    `early_no` is the superior's approval of an election before the term before it was over, `approval_no` that of a
    longer term. Source: 中国共产党基层组织选举工作条例第三条; years: 支部工作条例.
    """

    branch = models.ForeignKey(PartyBranch, models.PROTECT, related_name="terms", verbose_name=_("党支部"))
    elected_on = models.DateField(_("选举日期"))
    years = models.PositiveSmallIntegerField(_("任期（年）"), default=3)
    early_no = models.CharField(_("提前换届批准文号"), max_length=40, blank=True)
    extended_to = models.DateField(_("延期至"), null=True, blank=True)
    approval_no = models.CharField(_("延期批准文号"), max_length=40, blank=True)

    objects = TermQuerySet.as_manager()

    class Meta:
        verbose_name = _("任期")
        constraints = [
            models.UniqueConstraint(fields=["branch", "elected_on"], name="term_begins_once_a_day"),
            models.CheckConstraint(condition=Q(years__range=(1, 5)), name="term_of_one_to_five_years"),
            models.CheckConstraint(
                condition=Q(extended_to__isnull=True) | (Q(extended_to__gt=F("elected_on")) & ~Q(approval_no="")),
                name="term_extended_by_approval",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.branch}·{self.elected_on:%Y-%m-%d}"

    @property
    def unit_id(self) -> int:
        return self.branch_id

    @property
    def expires_on(self) -> date:
        """The last day of the term as elected."""
        return add_months(self.elected_on, 12 * self.years)

    @property
    def last_day(self) -> date:
        """The last day by which the next election is due, the extension included."""
        return self.extended_to or self.expires_on


class CommitteeSeat(Interval):
    """An office that a person holds in a branch; the committee is who holds one on the day."""

    term = models.ForeignKey(Term, models.PROTECT, null=True, blank=True, related_name="seats", verbose_name=_("任期"))
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
    def unit(self) -> Unit:
        return self.branch.unit

    @property
    def unit_id(self) -> int:
        return self.branch_id
