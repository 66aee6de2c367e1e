"""The catalogue: 83 services with their marks, versions by date, and what it promises."""

import csv
import io
from decimal import Decimal

import pytest

from brigade.audit.models import AuditEvent
from services.requests import actions, queries
from services.requests.actions import CATALOGUE
from services.requests.models import ServiceItem
from services.requests.states import Ending
from tests.services.requests.world import day, item, taken_in

pytestmark = pytest.mark.django_db


def changed(tmp_path, code: str, **fields: str):
    """The catalogue with one row changed."""
    rows = list(csv.DictReader(CATALOGUE.read_text("utf-8").splitlines()))
    for row in rows:
        if row["code"] == code:
            row.update(fields)
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    path = tmp_path / "catalogue.csv"
    path.write_text(text.getvalue(), "utf-8")
    return path


def test_eighty_three_services_keep_the_marks_of_their_source(world):
    found = ServiceItem.objects.on(day("2026-06-12"))
    assert found.count() == 83
    assert [found.filter(verified=mark).count() for mark in ("yes", "partial", "memory")] == [57, 20, 6]
    assert found.filter(statutory_days__isnull=True).count() == 22
    assert all(row.promised_days <= row.statutory_days for row in found if row.statutory_days is not None)


def test_loading_twice_changes_nothing(world):
    assert actions.load_catalogue(today=day("2026-06-12")) == "服务事项目录已是最新。"
    assert ServiceItem.objects.count() == 83
    assert AuditEvent.objects.filter(verb="catalogue.loaded").count() == 1


def test_changed_row_is_a_new_version_from_its_day_and_requests_keep_theirs(world, tmp_path):
    before = taken_in(world, "PL01", "2026-06-12T10:00", Ending.ACCEPT)
    path = changed(tmp_path, "PL01", promised_days="5", materials="机动车所有人身份证明")
    assert actions.load_catalogue(today=day("2026-07-01"), path=path) == "服务事项目录：新增0项，变更1项，停办0项"
    old, new = ServiceItem.objects.filter(code="PL01").order_by("version")
    assert (old.effective_to, new.effective_from, new.version) == (day("2026-07-01"), day("2026-07-01"), 2)
    assert new.materials.count() == 1
    assert ServiceItem.objects.on(day("2026-06-30")).get(code="PL01") == old
    assert ServiceItem.objects.on(day("2026-07-01")).get(code="PL01") == new
    before.refresh_from_db()
    assert before.item == old
    assert taken_in(world, "PL01", "2026-07-02T10:00", Ending.ACCEPT).item == new


def test_row_that_is_gone_ends(world, tmp_path):
    path = changed(tmp_path, "MS01")
    kept = [line for line in path.read_text("utf-8").splitlines(keepends=True) if not line.startswith("MS01,")]
    path.write_text("".join(kept), "utf-8")
    actions.load_catalogue(today=day("2026-07-01"), path=path)
    assert not ServiceItem.objects.on(day("2026-07-01")).filter(code="MS01").exists()
    assert ServiceItem.objects.on(day("2026-06-30")).filter(code="MS01").exists()


def test_networked_data_need_not_be_brought(world):
    names = item("IN01").materials.filter(exempt_if_networked=True).values_list("name", flat=True)
    assert list(names) == ["交强险凭证", "车船税纳税或免税证明"]


def test_visitor_brings_more_where_a_licence_is_exchanged(world):
    offers = {offer.item.code: offer for offer in queries.offers(day("2026-06-12"), {})}
    assert [row.name for row, _mark in offers["DL08"].extra] == ["机动车驾驶证", "申报身体条件"]
    assert offers["VR01"].extra == []


def test_promise_saves_days_over_the_items_that_have_both(world):
    """1 − 40 ÷ 112 over 61 of the 83 rows."""
    saving = queries.promised_saving(day("2026-06-12"))
    assert (saving.promised, saving.statutory) == (40, 112)
    assert round(saving.percent, 1) == Decimal("64.3")
