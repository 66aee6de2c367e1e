"""Columns and filters of the ledger of hazards; the map takes the same filters."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

import django_filters
import django_tables2
from django import forms
from django.db.models import QuerySet
from django.template import Context
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from brigade.kit.clocks import at
from brigade.kit.forms import DayInput
from brigade.kit.templatetags import ui
from brigade.ledgers.tables import (
    CodeColumn,
    Column,
    DaysFilter,
    DueColumn,
    LedgerFilters,
    PersonColumn,
    Search,
    StateColumn,
    UnitFilter,
)
from brigade.org.states import Tree
from brigade.reference.models import Road, Town
from brigade.reference.states import RoadClass
from enforcement.hazards.models import Category
from enforcement.hazards.queries import owners
from enforcement.hazards.states import SENT, WITH_OWNER, Grade, HazardState, OwnerType, Source


class GradeColumn(Column):
    """Only 重大 stands out, framed: it says how grave a thing is, not that anything is late."""

    css = "fit"

    def render(self, value: str, raw: str) -> Any:
        return format_html('<span class="tag major">{}</span>', value) if raw == Grade.MAJOR else value


class LimitColumn(DueColumn):
    """The limit of the owner: while his objection stands, the day stands there without urgency."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, running=WITH_OWNER, **kwargs)
        self.reads += ("disputed_at",)

    def render(self, value: Any, record: Any, context: Context) -> Any:
        if record.disputed_at is not None:
            return ui.due(context, value, over=True)
        return super().render(value, record, context)


class HazardTable(django_tables2.Table):
    number = CodeColumn()
    title = Column(small="place", linkify=True, width=30)
    town = Column(accessor="town__name", verbose_name=_("乡镇街道"), css="fit")
    category = Column(accessor="category__name", verbose_name=_("类别"), css="fit")
    grade = GradeColumn()
    state = StateColumn(tones={"deferred": "waive", "invalid": "off", "merged": "off", "voided": "off"})
    owner = Column(accessor="owner__short_name", verbose_name=_("责任单位"))
    due_at = LimitColumn(verbose_name=_("到期"))
    discovered_at = Column(orderable=True)
    unit = Column(accessor="unit__short_name", verbose_name=_("负责中队"), visible=False)
    source = Column(visible=False)
    road = Column(accessor="road__name", verbose_name=_("道路"), visible=False)
    stakes = Column(verbose_name=_("桩号"), visible=False)
    village = Column(accessor="village__name", verbose_name=_("村社区"), visible=False)
    lat = Column(visible=False)
    lon = Column(visible=False)
    is_key = Column(visible=False)
    notified_at = Column(visible=False)
    closed_at = Column(visible=False)
    created_by = PersonColumn(verbose_name=_("上报人"), visible=False)


class SentTable(django_tables2.Table):
    """What an owner sees of the hazards that were sent to him."""

    number = CodeColumn()
    title = Column(small="place", linkify=True, width=30)
    town = Column(accessor="town__name", verbose_name=_("乡镇街道"), css="fit")
    category = Column(accessor="category__name", verbose_name=_("类别"), css="fit")
    grade = GradeColumn()
    state = StateColumn(tones={"deferred": "waive"})
    due_at = LimitColumn(verbose_name=_("到期"), orderable=True)
    notified_at = Column()
    closed_at = Column(visible=False)


class OwnerTable(django_tables2.Table):
    unit = Column(
        accessor="unit__name", verbose_name=_("单位"), linkify=("hazards:owner_edit", {"pk": django_tables2.A("pk")})
    )
    owner_type = Column()
    liaison_name = Column()
    phone_tail = Column(verbose_name=_("电话尾号"), linkify=("hazards:owner_reveal", {"pk": django_tables2.A("pk")}))
    liaison = PersonColumn()


class RoadTable(django_tables2.Table):
    code = CodeColumn()
    name = Column(linkify=("hazards:road_edit", {"pk": django_tables2.A("pk")}))
    road_class = Column()
    owner = Column(accessor="owner__short_name", verbose_name=_("管养单位"))
    is_urban = Column()
    is_divided = Column()
    surveyed = Column(verbose_name=_("有坐标的桩号"), css="num")

    def render_is_urban(self, value: bool) -> Any:
        """In words of its own: a list on a phone has no heads of columns."""
        return _("城区") if value else _("城区外")

    def render_is_divided(self, value: bool) -> Any:
        return _("有中央隔离") if value else _("无中央隔离")


class ByCode(django_filters.ChoiceFilter):
    """One of a small list of (id, name), which is read when the page is drawn."""

    def __init__(self, *args: Any, rows: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.rows = rows

    @property
    def field(self) -> forms.Field:
        self.extra["choices"] = list(self.rows())
        return super().field


class HazardFilters(LedgerFilters):
    q = Search()
    state = django_filters.ChoiceFilter(label=_("状态"), choices=HazardState.choices)
    category = ByCode(label=_("类别"), rows=lambda: Category.objects.order_by("order").values_list("pk", "name"))
    town = ByCode(label=_("乡镇街道"), rows=lambda: Town.objects.order_by("code").values_list("pk", "name"))
    grade = django_filters.ChoiceFilter(label=_("定级"), choices=Grade.choices)
    discovered_at = DaysFilter(label=_("发现"))
    open = django_filters.ChoiceFilter(label=_("销号"), choices=[("true", _("未销号"))], method="only_open")
    overdue = django_filters.ChoiceFilter(label=_("期限"), choices=[("true", _("已逾期"))], method="only_overdue")
    listed = django_filters.ChoiceFilter(label=_("挂牌"), choices=[("true", _("挂牌督办中"))], method="only_listed")
    is_key = django_filters.ChoiceFilter(label=_("重点"), choices=[("true", _("只看重点"))], method="only_key")
    source = django_filters.ChoiceFilter(label=_("来源"), choices=Source.choices)
    open_on = django_filters.DateFilter(label=_("存量（当天24时）"), method="stock_of", widget=DayInput())
    registered_at = DaysFilter(label=_("登记"))
    due_at = DaysFilter(label=_("到期"))
    closed_at = DaysFilter(label=_("销号日期"))
    owner = ByCode(label=_("责任单位"), rows=lambda: owners().values_list("pk", "unit__short_name"))
    road = ByCode(label=_("道路"), rows=lambda: Road.objects.order_by("code").values_list("pk", "name"))
    unit = UnitFilter(label=_("负责中队"), perm="hazards.view_hazard", tree=Tree.LINE)

    def only_open(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.open()

    def stock_of(self, queryset: QuerySet, name: str, value: date) -> QuerySet:
        return queryset.open_at(at(value + timedelta(days=1), time.min))

    def only_overdue(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.overdue(timezone.now())

    def only_listed(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.listed()

    def only_key(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(is_key=True)


class SentFilters(LedgerFilters):
    q = Search()
    state = django_filters.ChoiceFilter(
        label=_("状态"), choices=[row for row in HazardState.choices if HazardState(row[0]) in SENT]
    )
    open = django_filters.ChoiceFilter(label=_("销号"), choices=[("true", _("未销号"))], method="only_open")
    overdue = django_filters.ChoiceFilter(label=_("期限"), choices=[("true", _("已逾期"))], method="only_overdue")
    notified_at = DaysFilter(label=_("通知"))
    due_at = DaysFilter(label=_("到期"))

    def only_open(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.open()

    def only_overdue(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.overdue(timezone.now())


class RoadFilters(LedgerFilters):
    road_class = django_filters.ChoiceFilter(label=_("类别"), choices=RoadClass.choices)
    owner = ByCode(label=_("管养单位"), rows=lambda: owners().values_list("pk", "unit__short_name"))


class OwnerFilters(LedgerFilters):
    owner_type = django_filters.ChoiceFilter(label=_("类型"), choices=OwnerType.choices)
