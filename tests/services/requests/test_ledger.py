"""What the ledger of requests reads from the database."""

import pytest
from django.http import QueryDict
from django.template import Context
from django.utils.http import urlencode

from services.requests.states import Ending
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


def test_a_request_is_found_by_the_day_it_was_settled(world):
    taken_in(world, "PL01", "2026-06-12T10:00", Ending.SETTLE)
    found = lambda days: RequestList.sheet(world.clerk, QueryDict(days)).total  # noqa: E731
    assert found("completed_at_after=2026-06-12&completed_at_before=2026-06-12") == 1
    assert found("completed_at_before=2026-06-11") == found("completed_at_after=2026-06-13") == 0


@pytest.mark.parametrize(("code", "count"), [("pl01", 1), ("PL02", 0), ("ZZ99", 0)])
def test_requests_of_a_service_are_found_by_its_code(world, code, count):
    taken_in(world, "PL01", "2026-06-12T10:00")
    assert RequestList.sheet(world.clerk, QueryDict(f"item={code}")).total == count
