"""The ledger of requests with and without sealed fields, and Django's admin with its columns and order."""

from collections.abc import Callable
from typing import Any

import django_tables2
from django.contrib import admin

from brigade.ledgers.tables import Cell, Column, cells_of
from services.requests.models import ServiceRequest
from services.requests.views import RequestList


def table(*names: str) -> type[django_tables2.Table]:
    return type("ShortTable", (django_tables2.Table,), {name: Column(accessor=name) for name in names})


class SealedList(RequestList):
    """With the citizen's number and phone, sealed at rest, by their last four digits."""

    table = table("number", "title", "received_at", "citizen_name", "id_no_tail", "phone_tail")


class PlainList(RequestList):
    """The same page over columns that were never sealed."""

    table = table("number", "title", "received_at", "citizen_name", "external_no", "province_code")


class OpenSite(admin.AdminSite):
    """Whoever is signed in may look."""

    def has_permission(self, request: Any) -> bool:
        return True


def shown(cell: Cell) -> Callable[[Any], Any]:
    @admin.display(description=cell.label, ordering=cell.sort[0] if cell.sort else None)
    def display(record: Any) -> Any:
        return cell.value(record)

    display.__name__ = cell.name
    return display


class RequestAdmin(admin.ModelAdmin):
    """What a project has for nothing, set as it should be for long tables."""

    list_display = [shown(cell) for cell in cells_of(RequestList.table, ServiceRequest) if cell.shown]
    list_filter = ("state", "item__category", "received_at", "completed_at", "unit")
    search_fields = ("search_text",)
    list_select_related = ("item", "handler")  # all that its columns need
    list_per_page = 50
    show_full_result_count = False
    ordering = RequestList.order

    def has_view_permission(self, request: Any, obj: Any = None) -> bool:
        return True


site = OpenSite(name="bench")
site.register(ServiceRequest, RequestAdmin)
