"""What the ledger of requests reads from the database."""

import pytest
from django.http import QueryDict
from django.template import Context
from django.utils.http import urlencode

from services.requests.views import RequestList
from tests.services.requests.world import taken_in

pytestmark = pytest.mark.django_db


def test_the_ledger_reads_what_its_columns_show_and_no_sealed_field(world, django_assert_num_queries):
    taken_in(world, "PL01", "2026-06-12T10:00")
    columns = ["title", "handler", "unit", "category", "phone_tail"]
    sheet = RequestList.sheet(world.clerk, QueryDict(urlencode({"columns": columns}, doseq=True)))
    with django_assert_num_queries(1):
        [row] = [{cell.name: cell.show(record, Context()) for cell in sheet.cells} for record in sheet.records]
    sql = str(sheet.records.query)
    assert world.clerk.name in row["handler"] and world.hall.short_name in row["unit"]
    assert "sealed" not in sql and "search_text" not in sql and "citizen_name" not in sql
