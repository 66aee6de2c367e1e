"""Columns and filters of the lists of people and of what they were granted."""

from __future__ import annotations

import django_filters
import django_tables2
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from brigade.ledgers.tables import CodeColumn, Column, LedgerFilters, UnitFilter
from brigade.org.models import Grant, GrantQuerySet, Person, Unit
from brigade.org.states import PersonKind, Role


class PeopleTable(django_tables2.Table):
    police_no = CodeColumn(orderable=True)
    name = Column(linkify=True)
    kind = Column()
    unit_name = Column(verbose_name=_("单位"))
    post_title = Column(verbose_name=_("职务"))
    phone_tail = Column()
    is_active = Column(verbose_name=_("账号"))
    signed_in_at = Column(visible=False)

    def render_phone_tail(self, value: str) -> str:
        return f"*******{value}"

    value_phone_tail = render_phone_tail

    def render_is_active(self, value: bool) -> str:
        return str(_("启用") if value else _("停用"))

    value_is_active = render_is_active


class FindPerson(django_filters.CharFilter):
    def filter(self, qs: QuerySet, value: str) -> QuerySet:
        return qs.found_by(value or "")


class WorksIn(UnitFilter):
    """Whoever works in the unit, or in one below it, today."""

    def filter(self, qs: QuerySet, value: str) -> QuerySet:
        return qs.working_in(Unit.objects.below(int(value)).values("pk"), timezone.localdate()) if value else qs


class PeopleFilters(LedgerFilters):
    q = FindPerson(label=_("警号、姓名、拼音、首字母"), max_length=40)
    unit = WorksIn(label=_("单位"), perm="org.view_person")
    kind = django_filters.ChoiceFilter(label=_("身份"), choices=PersonKind.choices)
    is_active = django_filters.ChoiceFilter(label=_("账号"), choices=[("1", _("启用")), ("0", _("停用"))])

    class Meta:
        model = Person
        fields = ["q", "unit", "kind", "is_active"]


class GrantsTable(django_tables2.Table):
    person = Column(
        accessor="person__name", verbose_name=_("姓名"), linkify=lambda record: record.person.get_absolute_url()
    )
    police_no = CodeColumn(accessor="person__police_no", verbose_name=_("警号"))
    role = Column()
    unit = Column(accessor="unit__name", verbose_name=_("管到哪里"))
    starts_on = Column()
    ends_on = Column()
    granted_by = Column()
    reason = Column(visible=False)


class HeldBy(django_filters.CharFilter):
    def filter(self, qs: QuerySet, value: str) -> QuerySet:
        return qs.filter(person__in=Person.objects.found_by(value).values("pk")) if value else qs


class Running(django_filters.ChoiceFilter):
    """What runs, or runs from some day on; or what has ended."""

    def filter(self, qs: GrantQuerySet, value: str) -> QuerySet:
        reaching = qs.reaching(timezone.localdate())
        return {"1": reaching, "0": qs.exclude(pk__in=reaching.values("pk"))}.get(value, qs)


class GrantFilters(LedgerFilters):
    q = HeldBy(label=_("警号、姓名、拼音、首字母"), max_length=40)
    role = django_filters.ChoiceFilter(label=_("角色"), choices=Role.choices)
    unit = UnitFilter(label=_("单位"), perm="org.change_grant")
    running = Running(label=_("有效"), choices=[("1", _("有效")), ("0", _("已结束"))])

    class Meta:
        model = Grant
        fields = ["q", "role", "unit", "running"]
