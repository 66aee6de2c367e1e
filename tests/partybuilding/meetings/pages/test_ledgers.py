"""The ledgers of meetings and decisions, and the matrix."""

from __future__ import annotations

import io

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from brigade.audit.models import AuditEvent
from brigade.workflow import settle
from partybuilding.meetings.models import Decision
from tests.brigade.ledgers.checks import assert_same_queries, assert_swap_is_fresh, csv_of, plain
from tests.partybuilding import factories
from tests.partybuilding.meetings.pages.sending import MATRIX, NEW, NOW, CountedQueries, typed

pytestmark = pytest.mark.django_db


# Ledgers


def test_ledger_of_meetings(recorder, branch):
    meeting = factories.held(branch, "2026-11-10", "TD", absent=2, theme="守好路口")
    table = csv_of(recorder, "/party/meetings/")
    assert table[1][table[0].index("到会率")] == "88.9%" and table[1][table[0].index("编号")] == meeting.number
    assert meeting.number in recorder.get("/party/meetings/?kind=TD&q=路口").content.decode()
    assert meeting.number not in recorder.get("/party/meetings/?kind=CM").content.decode()
    assert_swap_is_fresh(recorder, "/party/meetings/?state=confirmed")


def test_ledger_of_meetings_costs_constant_queries(recorder, branch):
    days = iter(f"2025-{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 28))

    def make(number: int) -> None:
        for _n in range(min(number, 12)):
            factories.recorded(branch, next(days), "TD", now=NOW, backfill_reason="补")

    assert_same_queries(recorder, "/party/meetings/?per=200", make)


def test_ledger_of_decisions_and_its_moves(recorder, branch, client):
    topics = (
        {
            "kind": "deliberate",
            "title": "路口",
            "tasks": ({"title": "分包路口", "owner": branch.members[2].pk, "due_on": "2026-12-10"},),
        },
    )
    recorder.post(NEW, typed(branch, "TD", topics=topics))
    decision = Decision.objects.get()
    assert "分包路口" in recorder.get("/party/decisions/?state=open").content.decode()
    client.force_login(branch.members[2])
    assert "办结" in client.get(decision.get_absolute_url()).content.decode()
    address = reverse("meetings:decision_move", args=[decision.pk, "finish"])
    assert client.post(address, {"result": ""}).status_code == 422
    client.post(address, {"result": "13个路口都挂了牌", "version": decision.version})
    decision.refresh_from_db()
    assert decision.state == "done" and decision.result == "13个路口都挂了牌"
    client.force_login(branch.members[6])
    assert client.get(decision.get_absolute_url()).status_code == 404


# The matrix


def test_matrix_shows_each_state_with_word_and_figure(client, branch, world):
    factories.held(branch, "2026-10-20", "TD")
    settle(now=NOW)
    client.force_login(world.office)
    answer = client.get(MATRIX)
    text = answer.content.decode()
    assert "三会一课：11月还有" in text and "达标率" in text
    assert "data-cell" in text and 'class="cell is-late' in text and "未达标" in text
    assert str(branch.row) in text and "去记录" in text and "申请豁免" in text


def test_cell_swaps_to_what_the_page_at_its_address_shows(client, branch, world):
    factories.held(branch, "2026-10-20", "TD")
    settle(now=NOW)
    client.force_login(world.office)
    address = f"{MATRIX}?cell={branch.pk}-10"
    fragment = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment and "10月20日" in fragment and "starts_at_after=2026-01-01" in fragment
    assert plain(fragment).strip() in plain(client.get(address).content.decode())


def test_matrix_costs_constant_queries(client, world):
    client.force_login(world.office)
    client.get(MATRIX)
    counts = []
    for number in range(2):
        for n in range(1 + 4 * number):
            factories.branch(world, f"支部{number}{n}", full=4)
        settle(now=NOW)
        with CountedQueries() as counted:
            client.get(MATRIX)
        counts.append(counted.number)
    assert counts[0] == counts[1]


@pytest.mark.parametrize("query", ["year=1899", "year=x", "kind=XX", "cell=1-99", "cell=x", "year=2024", "kind=GB"])
def test_matrix_takes_any_address(client, branch, world, query):
    client.force_login(world.office)
    assert client.get(f"{MATRIX}?{query}").status_code == 200


def test_statistic_form_holds_the_figures_of_the_screen(client, branch, world):
    factories.held(branch, "2026-10-20", "TD")
    settle(now=NOW)
    client.force_login(world.office)
    answer = client.get(f"{MATRIX}?format=xlsx&kind=TD")
    book = load_workbook(io.BytesIO(answer.getvalue()))
    cells = [cell.value for line in book.active.iter_rows() for cell in line if cell.value]
    assert "2026年三会一课落实情况统计表" in cells and "达标1/1" in cells
    assert AuditEvent.objects.filter(verb="ledger.exported").exists()


def test_matrix_is_not_for_everybody(client, branch):
    client.force_login(branch.members[5])
    assert client.get(MATRIX).status_code == 403


def test_ledgers_of_branches_offer_no_offices(client, branch, world):
    client.force_login(world.office)
    for name in ("meeting_list", "decision_list", "waiver_list"):
        page = client.get(reverse(f"meetings:{name}")).text
        assert branch.unit.name in page and f"{world.brigade}</option>" not in page
