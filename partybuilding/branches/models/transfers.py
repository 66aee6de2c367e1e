"""Members on the way from one branch to another."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from brigade.kit.searching import Name
from brigade.org.models import Grant, Person, Record, RecordQuerySet
from brigade.org.states import PERMISSIONS
from partybuilding.branches.models.members import PartyMember
from partybuilding.branches.models.organisations import PartyBranch
from partybuilding.branches.states import UNDER_WAY, TransferState


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
