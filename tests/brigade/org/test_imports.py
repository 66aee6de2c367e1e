"""Units come in from a sheet, parents before children, and are closed again while nobody uses them."""

import pytest

from brigade.ledgers.states import ImportState
from brigade.org.models import Posting, Unit
from tests.brigade.ledgers.books import into, work
from tests.brigade.org.factories import LONG_AGO, person, unit

URL = "/org/units/"
HEAD = ["单位代码", "单位名称", "类别", "上级单位", "设立日期"]
upload, bring_in = into(URL, HEAD)
LINES = [
    ["CQ1-1", "一中队勤务组", "科室", "城区一中队", "2024.1.5"],
    ["CQ1", "城区一中队", "中队", "东昌府大队", "2023年3月1日"],
    ["DT", "车管所大厅", "服务大厅", "东昌府大队", None],
]
pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper(client):
    who = person("system_admin", at=unit("东昌府大队"))
    client.force_login(who)
    return who


def test_a_unit_may_stand_above_its_parent_in_the_sheet(client, keeper):
    assert "导入" in client.get(URL).content.decode()
    run = bring_in(client, LINES)
    assert (run.state, run.counts["new"]) == (ImportState.DONE, 3), run.error
    inner = Unit.objects.get(code="CQ1-1")
    assert (inner.parent.code, inner.lineage[0]) == ("CQ1", keeper.unit.pk)
    assert Unit.objects.get(code="DT").tree == "hall"
    assert upload(client, LINES).counts == {"total": 3, "new": 0, "known": 3, "faulty": 0}


def test_a_circle_and_an_unknown_parent_are_faults(client, keeper):
    lines = [
        ["A", "甲队", "中队", "乙队", None],
        ["B", "乙队", "中队", "甲队", None],
        ["C", "丙队", "中队", "丁队", None],
    ]
    run = upload(client, lines)
    page = client.get(f"{URL}?import={run.pk}").content.decode()
    assert run.counts["faulty"] == 3
    assert "上级连成了一圈" in page
    assert "没有“丁队”这个单位" in page


def test_unused_units_are_closed_by_undoing_and_come_again_and_used_ones_keep_all(client, keeper):
    run = bring_in(client, LINES)
    client.post(f"{URL}?import={run.pk}&undo=1", {"reason": "编错代码"})
    assert work(run).state == ImportState.UNDONE, run.error
    assert not Unit.objects.filter(code__in=["CQ1", "CQ1-1", "DT"], closed_on=None).exists()
    again = bring_in(client, LINES)
    assert again.state == ImportState.DONE, again.error
    squadron = Unit.objects.get(code="CQ1")
    assert squadron.closed_on is None
    Posting.objects.create(person=person(), unit=squadron, starts_on=LONG_AGO)
    answer = client.post(f"{URL}?import={again.pk}&undo=1", {"reason": "编错代码"})
    assert "城区一中队（任职）" in answer.content.decode()
