"""The quarterly return that is kept: frozen with its cut-off, confirmed, made again as an edition."""

from __future__ import annotations

from io import BytesIO

import docx
import openpyxl
import pytest
from django.urls import reverse
from django.utils import timezone

from brigade.indicators.actions import drain
from brigade.obligations.models import Obligation
from brigade.org.states import Role
from brigade.reports.actions import build_due, rebuild
from brigade.reports.models import Report
from brigade.reports.queries import is_intact
from brigade.workflow import settle
from tests.brigade.org.factories import person
from tests.partybuilding import factories as make
from tests.partybuilding.factories import moment
from tests.partybuilding.meetings.pages.test_returns import RETURN, eight, hold_quarter

pytestmark = pytest.mark.django_db
__all__ = ["eight"]


@pytest.fixture
def report(eight, monkeypatch):
    """As the clock makes it on the second working day after the National Day holiday."""
    made_at = moment("2026-10-09", "06:00")
    monkeypatch.setattr(timezone, "now", lambda: made_at)
    build_due(now=made_at)
    return Report.objects.select_related("snapshot").get(series="party_return")


def fetched(client, report, form):
    return BytesIO(b"".join(client.get(f"{report.get_absolute_url()}?format={form}").streaming_content))


def test_it_holds_the_lines_of_the_return_with_cut_off_and_version_of_the_formulas(client, world, report):
    content = report.snapshot.content
    assert report.title == "大队党总支2026年第三季度党建报表"
    assert (content["formula"], content["cut_off"][:16]) == (2, "2026-10-09T06:00")
    total = content["table"]["lines"][-1]
    assert (total[0], total[2], total[7]) == ("合计", "6/7=85.7%", "6/7=85.7%")
    assert [line[7] for line in content["table"]["lines"][:8]] == ["达标"] * 6 + ["豁免", "未达标"]
    assert [section["label"] for section in content["sections"]] == ["组织生活"]
    client.force_login(world.office)
    page = client.get(report.get_absolute_url()).content.decode()
    assert "85.7%<small>6/7</small>" in page and "未达标<small>0/1</small>" in page


def test_a21_from_the_workbench_to_the_word_in_three_interactions(client, world, report):
    """Open the duty, confirm, take Word along."""
    client.force_login(person(Role.PARTY_OFFICE, at=world.general.unit))
    duty = Obligation.objects.get(rule="reports.confirm", subject=str(report.pk))
    assert (duty.post, duty.title) == ("party_office", "确认大队党总支2026年第三季度党建报表")
    assert report.get_absolute_url() in client.get("/").content.decode()
    typed = {"sentence": "一个支部补开党员大会。", "version": 1}
    answer = client.post(reverse("reports:report_move", args=[report.pk, "confirm"]), typed, follow=True)
    assert "已通知党总支书记" in answer.content.decode()
    paper = docx.Document(fetched(client, report, "docx"))
    words = "\n".join(part.text for part in paper.paragraphs)
    assert "数据截至2026年10月9日 06:00" in words and "补充：一个支部补开党员大会。" in words
    rows = [[cell.text for cell in row.cells] for row in paper.tables[0].rows]
    assert rows[-1][2] == "6/7=85.7%" and rows[0][2] == "党员大会"
    book = openpyxl.load_workbook(fetched(client, report, "xlsx"))
    assert [cell.value for cell in book["各支部"][14]][:3] == ["合计", rows[-1][1], "6/7=85.7%"]


def test_what_is_recorded_afterwards_stands_in_the_next_edition_and_the_first_stays(client, world, eight, report):
    """A ninth branch's quarter, recorded after the cut-off, changes the page of the quarter and not what is kept."""
    kept = report.snapshot.content
    ninth = make.branch(world, "第9党支部", full=3, committee=False)
    hold_quarter(ninth, "MM", "PL")
    settle(now=moment("2026-10-12"))
    drain(now=moment("2026-10-12"))
    client.force_login(world.office)
    page = client.get(RETURN, {"period": "2026-Q3"})
    assert page.context["found"].share.met == 7
    assert page.context["kept"] == report and "定稿第1版（待确认）" in page.content.decode()
    fresh = Report.objects.select_related("snapshot").get(pk=report.pk)
    assert fresh.snapshot.content == kept and is_intact(fresh)
    again = rebuild(by=world.office, report=fresh, now=moment("2026-10-12"), reason="第九党支部补录")
    assert again.edition == 2 and again.snapshot.content["table"]["lines"][-1][7] == "7/8=87.5%"
    assert Report.objects.get(pk=report.pk).state == "superseded"


def test_whoever_may_not_see_it_finds_no_link(client, eight, report):
    client.force_login(eight[0].secretary)
    page = client.get(RETURN, {"period": "2026-Q3"})
    assert page.context["kept"] is None and "定稿" not in page.content.decode()
    assert client.get(report.get_absolute_url()).status_code == 404
