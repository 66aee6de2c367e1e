"""Who belongs to which branch, when, and what is different for him."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from brigade.kit.addresses import record_address
from brigade.kit.clocks import add_months
from brigade.org.models import Person, Versioned
from partybuilding.branches.models.intervals import Interval, ends_after_start
from partybuilding.branches.models.organisations import PartyBranch, PartyGroup
from partybuilding.branches.states import ExclusionReason, ExemptionKind, JoinedBy, MemberStatus, Sanction


class PartyMemberQuerySet(models.QuerySet):
    def visible_to(self, user: Person) -> PartyMemberQuerySet:
        """Oneself, and whoever belonged to a branch whose members the user may see."""
        units = user.units_for("branches.view_partymember")
        return self.filter(Q(person=user) | Q(pk__in=Membership.objects.filter(branch__in=units).values("member")))


class PartyMember(Versioned):
    """A person on the way into the Party or in it. The dates say how he counted on any past day.

    Probationary from `admitted_on`, full from `confirmed_on`, no longer counted from `ceased_on`.
    """

    CHANGED_BY = frozenset({"member.sanctioned"})

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
        return record_address("branches:member_detail", self.pk)

    @property
    def title(self) -> str:
        return self.person.name

    @property
    def number(self) -> str:
        return self.person.police_no

    def told_of(self) -> models.Model:
        """What is done to a member stands under his time in the branch that did it."""
        return self.memberships.order_by("-start_on", "-pk").first() or self


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


EXEMPTION_MONTHS = 6
"""After so many months somebody looks whether an exemption still applies; a default of the product."""


class Exemption(Interval, Versioned):
    """That activities are no hard requirement for a member (党员教育管理工作条例第二十三条); he keeps his vote."""

    member = models.ForeignKey(PartyMember, models.PROTECT, related_name="exemptions", verbose_name=_("党员"))
    kind = models.CharField(_("情形"), max_length=12, choices=ExemptionKind.choices)
    approved_by = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("批准人"))
    approved_at = models.DateTimeField(_("批准时间"))
    reviewed_on = models.DateField(_("复核日期"), null=True, blank=True)

    CHANGED_BY = frozenset({"member.exemption_reviewed"})

    class Meta:
        verbose_name = _("豁免")
        constraints = [ends_after_start("exemption_ends_after_start")]
        indexes = [models.Index(fields=["member", "start_on"])]

    def __str__(self) -> str:
        return f"{self.member}·{self.get_kind_display()}"

    def told_of(self) -> models.Model:
        return self.member.told_of()

    @property
    def review_due(self) -> date:
        """By when somebody must look whether it still applies."""
        seen = self.reviewed_on or max(self.start_on, timezone.localdate(self.approved_at))
        return add_months(seen, EXEMPTION_MONTHS)


class VotingExclusion(Interval, Versioned):
    """That a voter is left out of those due to vote (不计算在应到会人数之内); he stays a member and stays on the roll.

    It counts once the superior has approved it *and* the members' meeting has passed it; till then the row only says
    what is still missing. Source: 基层组织选举工作条例, as the organisation department answers it.
    """

    member = models.ForeignKey(PartyMember, models.PROTECT, related_name="exclusions", verbose_name=_("党员"))
    reason = models.CharField(_("情形"), max_length=12, choices=ExclusionReason.choices)
    approval_no = models.CharField(_("上级批准文号"), max_length=40, blank=True)
    passed_on = models.DateField(_("党员大会通过日期"), null=True, blank=True)

    CHANGED_BY = frozenset({"voter.exclusion_changed"})

    class Meta:
        verbose_name = _("不计入应到会")
        constraints = [ends_after_start("exclusion_ends_after_start")]
        indexes = [models.Index(fields=["member", "start_on"])]

    def __str__(self) -> str:
        return f"{self.member}·{self.get_reason_display()}"

    def told_of(self) -> models.Model:
        return self.member.told_of()

    @property
    def is_complete(self) -> bool:
        return bool(self.approval_no) and self.passed_on is not None

    def counts(self, day: date) -> bool:
        return self.is_valid(day) and bool(self.approval_no) and self.passed_on is not None and self.passed_on <= day
