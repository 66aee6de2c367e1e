"""Columns and filters of the ledgers of requests and of the catalogue."""

from __future__ import annotations

from typing import Any

import django_filters
import django_tables2
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

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
from services.requests.models import ServiceItem
from services.requests.states import CLOCK_RUNS, Category, RequestState, Trust


class RequestTable(django_tables2.Table):
    number = CodeColumn()
    title = Column(verbose_name=_("事项"), small="item__code", linkify=True)
    unit = Column(accessor="unit__short_name", verbose_name=_("大厅"), visible=False)
    citizen_name = Column(visible=False)
    id_no_tail = Column(verbose_name=_("证件尾号"), visible=False)
    phone_tail = Column(verbose_name=_("手机尾号"), visible=False)
    state = StateColumn(tones={"supplement_requested": "warn", "suspended": "na", "rejected": "off", "voided": "off"})
    proposal = Column(visible=False)
    review_asked_at = Column(visible=False)
    promised_due_at = DueColumn(verbose_name=_("到期"), running=CLOCK_RUNS)
    received_at = Column(orderable=True)
    completed_at = Column()
    statutory_due_at = Column(visible=False)
    handler = PersonColumn()
    external_no = CodeColumn(visible=False)
    category = Column(accessor="item__category", verbose_name=_("类别"), visible=False)


class ItemCode(django_filters.CharFilter):
    """Requests of a service, by its code. All its versions are looked up first: what is rare is then found by key."""

    def filter(self, qs: QuerySet, value: str) -> QuerySet:
        items = ServiceItem.objects.filter(code__iexact=value).values_list("pk", flat=True)
        return qs.filter(item__in=list(items)) if value else qs


class CompletedDays(DaysFilter):
    """What was settled by a day came in by then: said too, so that the ledger, in order of receipt, starts there."""

    def filter(self, qs: QuerySet, value: slice | None) -> QuerySet:
        found = super().filter(qs, value)
        return found.filter(received_at__lte=value.stop) if value and value.stop else found


class RequestFilters(LedgerFilters):
    q = Search()
    state = django_filters.ChoiceFilter(label=_("状态"), choices=RequestState.choices)
    category = django_filters.ChoiceFilter(label=_("类别"), field_name="item__category", choices=Category.choices)
    item = ItemCode(label=_("事项代码"), max_length=8)
    received_at = DaysFilter(label=_("收件"))
    completed_at = CompletedDays(label=_("办结"))
    overdue = django_filters.ChoiceFilter(label=_("期限"), choices=[("true", _("已逾期"))], method="only_overdue")
    review = django_filters.ChoiceFilter(
        label=_("审核"), choices=[("waiting", _("待审核")), ("mine", _("等我审核"))], method="by_review"
    )
    unit = UnitFilter(label=_("大厅"), perm="requests.view_servicerequest", tree=Tree.HALL)

    def by_review(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        """What waits for the review post; `mine` without what the person accepted or put forward himself."""
        waiting = queryset.open().exclude(proposal="")
        if value != "mine":
            return waiting
        user = self.request.user
        return waiting.filter(unit__in=user.units_for("requests.review_servicerequest")).exclude(
            Q(accepted_by=user, accepted_by__isnull=False) | Q(review_asked_by=user)
        )

    def only_overdue(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.overdue(timezone.now())


class ItemTable(django_tables2.Table):
    code = CodeColumn(orderable=True)
    name = Column(linkify=True)
    is_offered = StateColumn(verbose_name=_("本所"))
    category = Column()
    statutory_days = Column(verbose_name=_("法定"))
    promised_days = Column(verbose_name=_("承诺"))
    legal_basis = Column()
    verified = StateColumn(tones={"partial": "waive", "memory": "warn"})
    needs_reviewer = Column()
    effective_from = Column(visible=False)
    version = Column(visible=False)

    def render_is_offered(self, record: Any) -> Any:
        return _("办理") if record.is_offered else ui.state("na", _("不办"))

    def render_statutory_days(self, record: Any) -> str:
        return record.statutory_text

    def render_promised_days(self, record: Any) -> str:
        return record.promised_text


class ItemFilters(LedgerFilters):
    q = Search()
    category = django_filters.ChoiceFilter(label=_("类别"), choices=Category.choices)
    offered = django_filters.ChoiceFilter(
        label=_("办理范围"),
        choices=[("true", _("办理")), ("false", _("不办"))],
        method="by_scope",
    )
    verified = django_filters.ChoiceFilter(label=_("可信程度"), choices=Trust.choices)

    def by_scope(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(is_offered=value == "true")
