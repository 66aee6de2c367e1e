"""Columns and filters of the list of members."""

from __future__ import annotations

import django_filters
import django_tables2
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from brigade.ledgers.tables import CodeColumn, Column, LedgerFilters, Search, UnitFilter
from brigade.org.models import Unit
from partybuilding.branches.models import Membership, PartyMember
from partybuilding.branches.states import MemberStatus


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
