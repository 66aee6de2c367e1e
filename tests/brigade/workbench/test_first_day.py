"""The first day of a brigade: units, people, Party branches, members, last year's meetings and requests come in from
the workbooks of the clerk's drawer as they are, through the pages, and hang together."""

from datetime import date, datetime, time

import pytest
from django.core.management import call_command
from django.utils import timezone

from brigade.audit.actions import SYSTEM
from brigade.jobs import actions as jobs
from brigade.jobs.models import Job
from brigade.jobs.states import JobState
from brigade.ledgers.models import ImportRun
from brigade.ledgers.states import ImportState
from brigade.org import actions as org
from brigade.org.actions import UNITED_ON
from brigade.org.models import Person, Unit
from brigade.org.states import Role
from partybuilding.branches.models import PartyBranch, PartyMember
from partybuilding.meetings.models import Attendance, Meeting
from partybuilding.meetings.states import Presence
from services.requests.models import ServiceItem, ServiceRequest
from tests.brigade.ledgers.books import book
from tests.brigade.org.factories import person

pytestmark = pytest.mark.django_db
ADMINISTRATORS = {
    Role.SYSTEM_ADMIN: ("GL0001", "钱管机"),
    Role.SECURITY_ADMIN: ("GL0002", "孙管权"),
    Role.AUDIT_ADMIN: ("GL0003", "李查账"),
}

UNITS = [
    ["东昌府大队内设机构一览表", *[None] * 5],
    ["填报单位：大队办公室", None, None, None, "2026年11月", None],
    ["序号", "单位编码", "单位名称", "单位简称", "单位类别", "所属单位"],
    [1, "DD01", "城区 一中队", "一中队", "中队", "东昌府大队"],
    [2, "ＤＤ０２", "城区二中队", "二中队", "中队", None],
    [None] * 6,
    ["序号", "单位编码", "单位名称", "单位简称", "单位类别", "所属单位"],
    [3, "DD03", "车管所大厅", None, "服务大厅", None],
    ["合计", "3个", None, None, None, None],
    ["制表：赵某", None, None, None, None, None],
]
PEOPLE = [
    ["东昌府大队人员花名册（2026年11月）", *[None] * 7],
    ["序号", "人员信息", None, None, "任职情况", None, None, "备注"],
    [None, "警号", "姓名", "联系电话", "所在单位", "职务", "任职日期", None],
    [1, 10001.0, "王　强", 13800010001.0, "一中队", "中队长", "2015.3.1", None],
    [2, "０１０００２", "李\n雷", "１３８ ０００１ ０００２", None, "民警", "2016年5月3日", "党员"],
    [3, "010003", "韩梅梅", "138-0001-0003", None, "民警", 42491, "\u200b"],
    [4, "FJ0004", "赵一曼", None, "车管所大厅", "辅警", datetime(2020, 1, 6), None],
    [None, None, None, None, None, None, None, None],
    ["小计", "4人", None, None, None, None, None, None],
]
BRANCHES = [
    ["党组织基本情况", None, None, None],
    ["党组织名称", "上级党组织", "成立时间", "党小组"],
    ["中共东昌府大队总支部委员会", None, "2010年7月1日", None],
    ["中共东昌府大队城区一中队支部委员会", "中共东昌府大队总支部委员会", "2012.7.1", "第一党小组，第二党小组"],
]
MEMBERS = [
    ["党员花名册", None, None, None, None, None],
    ["姓名", "性别", "所属支部", "所在党小组", "入党时间", "转正时间"],
    ["王 强", "男", "中共东昌府大队城区一中队支部委员会", "第一党小组", "2008.7.1", "2009.7.1"],
    ["李雷", "男", None, "第二党小组", "2012年7月1日", 41456],
    ["韩梅梅", "女", None, None, "2016-06-28", "2017/6/28"],
    ["合计：3人", None, None, None, None, None],
]
MEETINGS = [
    ["2025年度“三会一课”台账", *[None] * 8],
    ["序号", "支部名称", "会议时间", "会议类型", "议题", "地点", "主持人", "时长（分钟）", "请假人员"],
    [
        1,
        "中共东昌府大队城区一中队支部委员会",
        "2025年3月5日下午2:30",
        "主题党日、集中学习",
        "学习\n传达",
        "二楼",
        "王　强",
        60,
        "李　雷 韩梅梅",
    ],
    [2, None, "2025.6.20 9：00", "党课", "七一党课", None, "王强", "９０", "无"],
    [3, None, datetime(2025, 9, 19, 15, 0), "党员大会", "通报", None, "王强", 45.0, None],
]
REQUESTS = [
    ["业务办理登记簿", *[None] * 6],
    ["流水号", "办理事项", "办理大厅", "受理时间", "办结时间", "经办人", "办理结果"],
    ["YW2025000001", "{item}", "车管所大厅", "2025.3.3 上午9:10", "2025.3.3 上午9:40", "赵一曼", "准予"],
    ["YW2025000002", "{item}", None, 45720.5, 45720.75, "FJ0004", None],
    [202500000003.0, "{item}", None, "2025年12月30日", "2025-12-31", None, None],
]


def step(client, who, address, rows, merge=()):
    """The workbook of a drawer goes in by `who`: said to be sound, brought in, there."""
    client.force_login(who)
    assert "导入" in client.get(address).text
    answer = client.post(f"{address}?import=new", {"file": book(rows, merge=merge)})
    assert answer.status_code == 302, answer.text
    run = ImportRun.objects.order_by("-created_at").first()
    assert (run.state, run.counts.get("faulty")) == (ImportState.CHECKED, 0), (run.error, run.preview)
    assert client.post(answer["Location"], {"do": "confirm"}).status_code == 302
    for job in Job.objects.filter(name__startswith="ledgers.", state=JobState.QUEUED):
        assert jobs.run(job.pk)
    run.refresh_from_db()
    assert run.state == ImportState.DONE, run.error
    return len(run.rows)


def test_the_workbooks_of_the_drawer_are_enough_to_begin_with(client):
    call_command("setup_reference")
    call_command("setup_catalogue")
    org.found_brigade(by=SYSTEM, code="DD", name="东昌府大队", administrators=ADMINISTRATORS)
    brigade = Unit.objects.get()
    Person.objects.update(must_change_password=False)
    keeper = Person.objects.get(police_no="GL0001")

    assert step(client, keeper, "/org/units/", UNITS, ["A1:F1", "F4:F8"]) == 3
    squadron = Unit.objects.get(code="DD01")
    assert (squadron.name, squadron.opened_on, squadron.parent) == ("城区一中队", UNITED_ON, brigade)
    assert Unit.objects.get(code="DD02").short_name == "二中队"

    assert step(client, keeper, "/org/people/", PEOPLE, ["A1:H1", "B2:D2", "E2:G2", "E4:E6"]) == 4
    posts = {
        one.name: one.postings.get()
        for one in Person.objects.filter(postings__unit__in=[squadron, *brigade.children.all()])
    }
    assert {name: post.starts_on for name, post in posts.items()} == {
        "王强": date(2015, 3, 1),
        "李雷": date(2016, 5, 3),
        "韩梅梅": date(2016, 5, 1),
        "赵一曼": date(2020, 1, 6),
    }
    assert Person.objects.get(name="李雷").police_no == "010002"
    assert Person.objects.get(name="韩梅梅").phone_tail == "0003"

    office = person(Role.PARTY_OFFICE, at=brigade)
    assert step(client, office, "/party/branches/", BRANCHES, ["A1:D1"]) == 2
    branch = PartyBranch.objects.get(unit__name__contains="一中队")
    assert step(client, office, "/party/members/", MEMBERS, ["A1:F1", "C3:C5"]) == 3
    assert PartyMember.objects.get(person__name="李雷").confirmed_on == date(2013, 7, 1)

    recorder = person(Role.RECORDER, at=branch.unit)
    assert step(client, recorder, "/party/meetings/", MEETINGS, ["A1:I1", "B3:B5"]) == 3
    first = Meeting.objects.order_by("starts_at").first()
    assert timezone.localtime(first.starts_at).time() == time(14, 30)
    away = Attendance.objects.filter(meeting=first).exclude(status=Presence.PRESENT)
    assert set(away.values_list("person__name", flat=True)) == {"李雷", "韩梅梅"}

    hall = Unit.objects.get(code="DD03")
    item = ServiceItem.objects.order_by("pk").first().name
    lines = [[str(cell).replace("{item}", item) if isinstance(cell, str) else cell for cell in row] for row in REQUESTS]
    head = person(Role.HALL_HEAD, at=hall)
    assert step(client, head, "/services/requests/", lines, ["A1:G1", "C3:C5"]) == 3
    told = ServiceRequest.objects.get(external_no="YW2025000002")
    assert timezone.localtime(told.received_at) == timezone.make_aware(datetime(2025, 3, 4, 12))
    assert ServiceRequest.objects.filter(external_no="202500000003").exists()
