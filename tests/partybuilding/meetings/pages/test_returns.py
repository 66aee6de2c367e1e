"""五必落实表 and the quarterly return: the screen, the sheet and Word say the same, and each figure opens its list."""

from __future__ import annotations

import io
import re

import docx
import pytest
from django.utils import timezone
from openpyxl import load_workbook

from brigade.audit.models import AuditEvent
from brigade.indicators.actions import drain
from brigade.kit.clocks import parse_period
from brigade.workflow import settle
from partybuilding.meetings import actions, queries
from tests.partybuilding import factories as make
from tests.partybuilding.factories import moment

pytestmark = pytest.mark.django_db
MUSTS, RETURN = "/party/meetings/five-musts/", "/party/meetings/returns/"
DAYS = ("2026-07-10", "2026-08-10", "2026-09-10")


def hold_quarter(where, *last_month):
    """Three theme days, the last of them with what else is named."""
    for day in DAYS[:2]:
        make.held(where, day, "TD")
    return make.held(where, DAYS[2], "TD", *last_month, absent=1)


@pytest.fixture
def eight(world):
    """Six branches that met the third quarter, one with a waiver, one that missed its members' meeting."""
    made = [make.branch(world, f"第{n}党支部", full=3, committee=False) for n in range(1, 9)]
    for where in made[:6]:
        hold_quarter(where, "MM", "PL")
    for where in made[6:]:
        hold_quarter(where, "PL")
    waiver = actions.ask_waiver(
        by=made[6].secretary, unit=made[6].unit, requirement="MM", period="2026-Q3", reason="中考安保",
        now=moment("2026-09-26"),
    )  # fmt: skip
    actions.approve_waiver(by=world.general_secretary, waiver=waiver, now=moment("2026-09-27"))
    settle(now=moment("2026-10-02"))
    drain(now=moment("2026-10-02"))
    return made


@pytest.fixture
def office(client, world):
    client.force_login(world.office)
    return client


def text(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def paper_cells(answer):
    table = docx.Document(io.BytesIO(b"".join(answer.streaming_content))).tables[0]
    return [[cell.text for cell in row.cells] for row in table.rows]


def sheet_rows(answer):
    rows = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active.iter_rows(values_only=True)
    return [["" if value is None else str(value) for value in row] for row in rows]


def test_38_six_met_one_waived_one_missed_is_six_of_seven_everywhere(office, eight):
    page = office.get(RETURN, {"period": "2026-Q3"})
    found = page.context["found"]
    assert (found.share.met, found.share.missed, str(found.share.rate)) == (6, 1, "85.7")
    assert (found.count("waived"), str(dict(found.shares())["MM"].rate)) == (1, "85.7")
    assert "2026年第三季度：1个支部未达标" in text(page) and "85.7%" in text(page)
    assert [(label, share.met, share.missed) for label, share in page.context["shares"]][0] == ("党员大会", 6, 1)

    paper = paper_cells(office.get(RETURN, {"period": "2026-Q3", "format": "docx"}))
    sheet = sheet_rows(office.get(RETURN, {"period": "2026-Q3", "format": "xlsx"}))
    assert paper[1:] == sheet[4:]
    total = paper[-1]
    assert (total[0], total[2], total[7]) == ("合计", "6/7=85.7%", "6/7=85.7%")
    assert [row[7] for row in paper[1:9]] == ["达标"] * 6 + ["豁免", "未达标"]
    assert paper[8][2] == "未达标0/1" and paper[1][6] == "达标3/3"
    assert any("数据截至2026年10月2日" in cell for row in sheet[:4] for cell in row)
    assert AuditEvent.objects.filter(verb="ledger.exported").count() == 2


def test_the_return_counts_meetings_once_and_sums_attendance(office, eight):
    found = office.get(RETURN, {"period": "2026-Q3"}).context["found"]
    line = found.lines[0]
    assert (line.members, line.sums.meetings) == (3, 3)
    assert (line.sums.present, line.sums.due, str(line.sums.rate)) == (8, 9, "88.9")
    assert line.sums.hours == 2
    assert (found.sums.present, found.sums.due) == (64, 72)


def test_every_figure_of_the_return_opens_the_list_behind_it(office, eight):
    page = office.get(RETURN, {"period": "2026-Q3"})
    line = page.context["lines"][7]
    assert office.get(line["meetings_url"]).context["page"].total == 3
    assert f"cell={eight[7].pk}-9" in line["cells"][0]["href"]
    assert office.get(line["cells"][0]["href"]).context["line"].branch.pk == eight[7].pk
    assert all(office.get(card["href"]).status_code == 200 for card in page.context["figures"] if card["href"])


def test_a_quarter_that_runs_is_met_by_nobody_yet(office, eight):
    page = office.get(RETURN)
    assert page.context["found"].period.code == "2026-Q4"
    assert {line.state for line in page.context["found"].lines} <= {"open", "missed"}
    assert "本季未结束" in text(page)


def test_a_secretary_sees_the_return_of_his_own_branch_and_no_other(client, eight):
    client.force_login(eight[0].secretary)
    page = client.get(RETURN, {"period": "2026-Q3"})
    assert [line.branch.pk for line in page.context["found"].lines] == [eight[0].pk]
    assert page.context["own"] is None
    assert client.get(RETURN, {"unit": eight[1].pk}).status_code == 404
    client.force_login(eight[0].members[1])
    assert client.get(RETURN).status_code == 403
    assert client.get(MUSTS).status_code == 403


def test_46_the_general_branch_stands_with_its_own_meetings(office, world, eight):
    meeting = make.held(world.general, "2026-07-20", "GB", chair_id=world.general_secretary.pk)
    settle(now=moment("2026-10-02"))
    drain(now=moment("2026-10-02"))
    own = office.get(RETURN, {"period": "2026-Q3"}).context["found"].own
    assert (own.cells[0].done, own.cells[0].needed, own.cells[0].note) == (1, 3, "8月未达标、9月未达标")
    assert own.sums.meetings == 1 and meeting.unit_id == world.general.pk


def test_the_return_costs_as_much_for_eight_branches_as_for_two(world, django_assert_num_queries):
    now = moment("2026-10-02")
    for n in range(2):
        make.branch(world, f"第{n}党支部", full=3, committee=False)
    for more in (0, 6):
        for n in range(more):
            make.branch(world, f"又第{n}党支部", full=3, committee=False)
        settle(now=now)
        with django_assert_num_queries(6):  # one of them: where the general branch stood at the end of the quarter
            queries.quarter_return(world.general.row, parse_period("2026-Q3"), now)


# 五必


def test_the_form_of_five_musts_says_on_paper_what_stands_on_the_screen(office, world, branch):
    meeting = make.held(branch, "2026-11-18", "PL", absent=1)
    page = office.get(MUSTS, {"cell": f"{branch.pk}-11"})
    assert "4/5（不适用2）" in text(page) and meeting.get_absolute_url() in page.content.decode()
    assert f"还差：{branch.members[1].name}" in text(page)
    sheet = sheet_rows(office.get(MUSTS, {"format": "xlsx"}))
    (line,) = [row for row in sheet if row[0] == branch.unit.name and row[1] == "11月"]
    assert line[-2] == "4/5（不适用2）" and "17/18（94.4%）" in line[6]


def test_a_cell_of_five_musts_opens_in_place(office, branch):
    make.held(branch, "2026-11-18", "TD")
    fragment = office.get(MUSTS, {"cell": f"{branch.pk}-11"}, headers={"HX-Request": "true"}).content.decode()
    assert fragment.lstrip().startswith('<section class="panel no-print" id="cell"')
    assert "还没有满30分钟的学习" in fragment
    assert fragment in office.get(MUSTS, {"cell": f"{branch.pk}-11"}).content.decode()


@pytest.mark.parametrize("query", ["cell=x-y", "cell=9999999-13", "year=1", "year=12345678901", "cell=-"])
def test_an_address_that_means_nothing_shows_this_year(office, branch, query):
    make.held(branch, "2026-11-18", "TD")
    assert office.get(f"{MUSTS}?{query}").context["table"].year == timezone.localdate().year
    assert office.get(f"{RETURN}?period={query}&unit=").status_code == 200
