"""Columns and filters of the lists of members and of transfers."""

from __future__ import annotations

import django_filters
import django_tables2
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from brigade.ledgers.tables import (
    CodeColumn,
    Column,
    DaysFilter,
    LedgerFilters,
    Search,
    StateColumn,
    UnitFilter,
)
from brigade.org.models import Unit
from partybuilding.branches.models import Membership, PartyMember, Transfer
from partybuilding.branches.states import MemberStatus, TransferState


class MemberTable(django_tables2.Table):
    number = CodeColumn(accessor="person__police_no", verbose_name=_("警号"), orderable=True)
    person = Column(accessor="person__name", verbose_name=_("姓名"), linkify=lambda record: record.get_absolute_url())
    branch_name = Column(verbose_name=_("党支部"))
    group_name = Column(verbose_name=_("党小组"))
    status = Column()
    admitted_on = Column()
    confirmed_on = Column()
    probation_end = Column(visible=False)


class InBranch(UnitFilter):
    """Whoever belongs to the branch, or to one below it, today."""

    def filter(self, qs: QuerySet, value: Unit | None) -> QuerySet:
        if not value:
            return qs
        branches = Unit.objects.below(value).values("pk")
        rows = Membership.objects.on(timezone.localdate()).filter(branch__in=branches)
        return qs.filter(pk__in=rows.values("member"))


class MemberFilters(LedgerFilters):
    q = Search("person__search_text", label=_("警号、姓名、拼音、首字母"))
    unit = InBranch(label=_("党支部"), perm="branches.view_partymember")
    status = django_filters.ChoiceFilter(label=_("身份"), choices=MemberStatus.choices)

    class Meta:
        model = PartyMember
        fields = ["q", "unit", "status"]


class TransferTable(django_tables2.Table):
    title = Column(linkify=True, small="letter_no", verbose_name=_("转接"))
    unit = Column(accessor="unit__short_name", verbose_name=_("转出支部"))
    destination = Column(verbose_name=_("接收方"))
    issued_on = Column(orderable=True, css="fit")
    accepted_on = Column(css="fit")
    state = StateColumn(tones={"in_transit": "warn", "expired": "late"})
    answer = Column(visible=False)


class EitherEnd(UnitFilter):
    """Letters that leave the branch, or one below it, and those that reach it."""

    def filter(self, qs: QuerySet, value: Unit | None) -> QuerySet:
        if not value:
            return qs
        branches = Unit.objects.below(value).values("pk")
        return qs.filter(Q(unit__in=branches) | Q(to_branch__in=branches))


class TransferFilters(LedgerFilters):
    q = Search(label=_("姓名、警号、介绍信编号、接收方"))
    unit = EitherEnd(label=_("党支部"), perm="branches.view_transfer")
    state = django_filters.ChoiceFilter(label=_("状态"), choices=TransferState.choices)
    issued_on = DaysFilter(label=_("开信日期"))

    class Meta:
        model = Transfer
        fields = ["q", "unit", "state", "issued_on"]
