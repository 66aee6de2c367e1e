"""Columns and filters of the ledger of tasks."""

from __future__ import annotations

from typing import Any

import django_filters
import django_tables2
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from brigade.assignments.models import VIEW
from brigade.assignments.states import RUNNING, AssignmentState, LineKind
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
from brigade.org.states import Role


class AssignmentTable(django_tables2.Table):
    due_on = DueColumn(orderable=True, running=RUNNING)
    title = Column(linkify=True, width=36)
    unit = Column(accessor="unit__short_name", verbose_name=_("承办单位"), css="fit")
    post = Column(css="fit", visible=False)
    state = StateColumn(tones={"replied": "open", "returned": "warn", "withdrawn": "off"})
    last_kind = Column(verbose_name=_("最近往来"), small="last_text", width=30)
    created_by = PersonColumn(verbose_name=_("交办人"))
    created_at = Column(verbose_name=_("交办时间"), visible=False)
    asked_due_on = Column(visible=False)
    source_text = Column(visible=False)
    number = CodeColumn(visible=False)

    def render_post(self, value: str) -> str:
        return str(Role(value).label)

    def value_post(self, value: str) -> str:
        return str(Role(value).label)

    def render_last_kind(self, value: str) -> str:
        return str(LineKind(value).label)

    def value_last_kind(self, value: Any) -> str:
        return str(LineKind(value).label) if value else ""


class AssignmentFilters(LedgerFilters):
    q = Search()
    scope = django_filters.ChoiceFilter(
        label=_("范围"),
        choices=[("own", _("与我有关")), ("given", _("我交办的")), ("mine", _("交给我的"))],
        method="by_scope",
    )
    due = django_filters.ChoiceFilter(
        label=_("进度"),
        choices=[("live", _("未办结")), ("late", _("逾期")), ("asked", _("申请延期"))],
        method="by_due",
    )
    state = django_filters.ChoiceFilter(label=_("状态"), choices=AssignmentState.choices)
    unit = UnitFilter(label=_("承办单位"), perm=VIEW)
    due_on = DaysFilter(label=_("期限"))
    post = django_filters.ChoiceFilter(label=_("承办岗位"), choices=Role.choices)

    def by_scope(self, rows: Any, name: str, value: str) -> QuerySet:
        user = self.request.user
        if value == "own":
            return rows.concerning(user)
        return rows.given_by(user) if value == "given" else rows.to_posts_of(user)

    def by_due(self, rows: Any, name: str, value: str) -> QuerySet:
        if value == "late":
            return rows.overdue(timezone.now())
        return rows.live() if value == "live" else rows.running().filter(asked_due_on__isnull=False)
