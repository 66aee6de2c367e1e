"""A small ledger over units, and its address, for the tests of what every ledger does."""

import django_filters
import django_tables2
from django.urls import include, path

from brigade.ledgers.tables import CodeColumn, Column, DaysFilter, LedgerFilters, Search, StateColumn, UnitFilter
from brigade.ledgers.views import Listing
from brigade.org.models import Unit
from brigade.org.states import UnitKind


class UnitTable(django_tables2.Table):
    code = CodeColumn(orderable=True)
    name = Column(linkify=lambda record: f"/org/units/{record.pk}/", small="short_name")
    kind = StateColumn(tones={"squadron": "warn"})
    opened_on = Column(orderable=True)
    order = Column(visible=False)
    parent = Column("上级", accessor="parent__name")


class UnitFilters(LedgerFilters):
    q = Search("name", "code")
    kind = django_filters.ChoiceFilter(label="类别", choices=UnitKind.choices)
    under = UnitFilter(label="所在单位", field_name="pk", perm="org.view_unit")
    opened_on = DaysFilter(label="设立日期")


class UnitList(Listing):
    model = Unit
    table = UnitTable
    filterset = UnitFilters
    permission = "org.view_unit"
    title = "单位台账"
    order = ("-opened_on", "-id")
    related = ("parent",)
    tabs = (("中队", "kind=squadron"),)
    empty = "先设立一个单位。"


urlpatterns = [
    path("toy/units/", UnitList.as_view(), name="toy_units"),
    path("", include("brigade.config.urls")),
]
