"""Columns and filters of the ledger of reports."""

from __future__ import annotations

import django_filters
import django_tables2
from django.utils.translation import gettext_lazy as _

from brigade.ledgers.tables import (
    CodeColumn,
    Column,
    DaysFilter,
    LedgerFilters,
    PersonColumn,
    Search,
    StateColumn,
    UnitFilter,
)
from brigade.reports.models import VIEW
from brigade.reports.states import ReportState, SeriesCode


class ReportTable(django_tables2.Table):
    ends_on = Column(orderable=True, verbose_name=_("到哪天"), css="fit")
    title = Column(linkify=True, width=36, small="sentence")
    series = Column(css="fit")
    edition = Column(css="num", kind="integer")
    state = StateColumn(tones={"draft": "open", "superseded": "off"})
    cut_off_at = Column()
    confirmed_by = PersonColumn()
    confirmed_at = Column(visible=False)
    unit = Column(accessor="unit__short_name", verbose_name=_("单位"), css="fit", visible=False)
    number = CodeColumn(visible=False)


class ReportFilters(LedgerFilters):
    q = Search()
    series = django_filters.ChoiceFilter(label=_("种类"), choices=SeriesCode.choices)
    state = django_filters.ChoiceFilter(label=_("状态"), choices=ReportState.choices)
    ends_on = DaysFilter(label=_("期间"))
    unit = UnitFilter(label=_("单位"), perm=VIEW)
