"""Party organisations, their groups and offices, and who belongs to them, all dated."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from brigade.kit.addresses import record_address
from brigade.kit.clocks import add_months
from brigade.kit.searching import Name
from brigade.org.models import Grant, Person, Record, RecordQuerySet, Unit, Versioned
from brigade.org.states import PERMISSIONS
from partybuilding.branches.states import (
    UNDER_WAY,
    BranchKind,
    ExclusionReason,
    ExemptionKind,
    JoinedBy,
    MemberStatus,
    Sanction,
    SeatRole,
    TransferState,
)


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


class TransferQuerySet(RecordQuerySet):
    def visible_to(self, user: Person) -> TransferQuerySet:
        """Those that leave or reach a branch that the user sees to, and his own."""
        units = user.units_for("branches.view_transfer")
        return self.filter(Q(unit__in=units) | Q(to_branch__in=units) | Q(member__person=user))

    def under_way(self) -> TransferQuerySet:
        return self.filter(state__in=UNDER_WAY)


class Transfer(Record):
    """A letter that takes a member's Party membership (组织关系) from `unit`'s branch to another, here or elsewhere.

    Until the day on which the other side accepts him, the old branch stays responsible for him.
    Source: 党员教育管理工作条例第二十五条.
    """

    OPEN = UNDER_WAY

    state = models.CharField(_("状态"), max_length=24, choices=TransferState.choices)
    member = models.ForeignKey(PartyMember, models.PROTECT, related_name="transfers", verbose_name=_("党员"))
    to_branch = models.ForeignKey(
        PartyBranch, models.PROTECT, null=True, blank=True, related_name="transfers_in", verbose_name=_("接收支部")
    )
    to_outside = models.CharField(_("大队外接收党组织"), max_length=80, blank=True)
    letter_no = models.CharField(_("介绍信编号"), max_length=40)
    issued_on = models.DateField(_("开信日期"))
    accepted_on = models.DateField(_("接收日期"), null=True, blank=True)
    answer = models.CharField(_("退回原因"), max_length=200, blank=True)

    objects = TransferQuerySet.as_manager()

    class Meta:
        verbose_name = _("组织关系转接")
        constraints = [
            models.UniqueConstraint(
                fields=["member"], condition=Q(state__in=sorted(UNDER_WAY)), name="transfer_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(to_branch__isnull=False, to_outside="") | (Q(to_branch__isnull=True) & ~Q(to_outside="")),
                name="transfer_goes_to_one_place",
            ),
            models.CheckConstraint(
                condition=~Q(state=TransferState.ACCEPTED) | Q(accepted_on__gte=F("issued_on")),
                name="transfer_accepted_after_issue",
            ),
        ]
        indexes = [
            models.Index(fields=["unit", "-issued_on", "-id"], name="transfer_unit"),
            models.Index(fields=["to_branch", "-issued_on", "-id"], name="transfer_to"),
            models.Index(fields=["-issued_on", "-id"], name="transfer_all"),
            models.Index(fields=["issued_on"], condition=Q(state=TransferState.IN_TRANSIT), name="transfer_in_transit"),
        ]

    def own_readers(self) -> Iterable[tuple[Person, str]]:
        yield self.member.person, str(_("本人"))
        if self.to_branch is not None:
            beyond = set(self.to_branch.unit.lineage) - set(self.unit.lineage)
            roles = PERMISSIONS["branches.view_transfer"]
            grants = Grant.objects.on(timezone.localdate()).filter(unit__in=beyond, role__in=roles)
            for grant in grants.select_related("person"):
                yield grant.person, str(_("接收支部的%(role)s") % {"role": grant.get_role_display()})

    def search_words(self) -> Iterable[str]:
        person = self.member.person
        return (self.title, self.letter_no, Name(person.name), person.police_no, self.to_outside)

    def reading_units(self) -> Iterable[int]:
        return (self.unit_id, *filter(None, [self.to_branch_id]))

    @property
    def destination(self) -> str:
        return self.to_branch.unit.short_name if self.to_branch else self.to_outside
