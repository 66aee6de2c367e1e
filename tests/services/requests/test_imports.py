"""The hall's old ledger: settled requests of the past, recorded as they were, voided as a whole when it was wrong."""

from datetime import datetime

import pytest

from brigade.audit.models import AuditEvent
from brigade.indicators.models import Dirty
from brigade.jobs import actions as jobs
from brigade.jobs.models import Job
from brigade.ledgers.models import ImportRun
from brigade.ledgers.queries import checked
from brigade.ledgers.rules import IMPORTS
from brigade.ledgers.states import ImportState
from brigade.obligations.models import Obligation
from brigade.search.models import Entry
from brigade.search.rules import key_of
from services.requests import actions
from services.requests.models import ServiceRequest
from services.requests.states import RequestState
from tests.brigade.ledgers.books import again, into, work
from tests.services.requests.world import at, taken_in

URL = "/services/requests/"
HEAD = ["业务名称", "受理时间", "办结时间", "经办人", "流水号"]
upload, bring_in = into(URL, HEAD)
pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(client, world):
    client.force_login(world.lead)
    return world.lead


LINES = [
    ["PL02", "2025.3.3 9:10", "2025.3.3 9:10", "王晓燕", "YS1"],
    ["补、换领机动车号牌", "2025年12月30日", "2026-01-08", None, "YS2"],
    ["PL02", datetime(2026, 3, 2, 9, 0), datetime(2026, 3, 4, 16, 0), "李静", None],
]


def test_settled_requests_come_in_with_numbers_of_their_years_and_the_clock_of_their_time(client, world, lead):
    name = ServiceRequest._meta.get_field("item").related_model.objects.filter(code="PL01").first().name
    lines = [LINES[0], [name, *LINES[1][1:]], LINES[2]]
    run = bring_in(client, lines)
    assert (run.state, run.counts["new"]) == (ImportState.DONE, 3)
    numbers = set(ServiceRequest.objects.values_list("number", "state", "created_by"))
    pk = world.lead.pk
    assert numbers == {
        ("DCF-CGS-BJ-2025-00001", "completed", pk),
        ("DCF-CGS-BJ-2025-00002", "completed", pk),
        ("DCF-CGS-BJ-2026-00001", "completed", pk),
    }
    first = ServiceRequest.objects.get(external_no="YS1")
    assert (first.handler, first.is_settled_on_spot, first.received_at) == (world.clerk, True, at("2025-03-03T09:10"))
    second = ServiceRequest.objects.get(external_no="YS2")
    assert (second.handler, second.promised_due_at is not None) == (world.lead, True)
    assert not Obligation.objects.filter(state="open").exists()
    assert Dirty.objects.exists()


def test_an_unknown_service_a_late_end_and_an_open_request_are_faults_of_their_rows(client, world, lead):
    lines = [
        ["办狗证", "2026-3-2", "2026-3-3", None, None, "已办结"],
        ["PL02", "2026-3-2", "2026-3-1", None, None, "已办结"],
        ["PL02", "2026-3-2", "2026-3-3", "没有的人", None, "已办结"],
        ["PL02", "2026-3-2", "2026-3-3", None, None, "办理中"],
        ["PL02", "2019-12-31", "2020-1-2", None, None, "已办结"],
    ]
    run = upload(client, lines, [*HEAD, "状态"])
    page = client.get(f"{URL}?import={run.pk}").content.decode()
    assert run.counts["faulty"] == 5
    for sentence in (
        "2020-01-01以前的办件不导入",
        "服务事项目录里没有“办狗证”",
        "早于收件时间",
        "人员里没有“没有的人”",
        "只导入已办结、已送达的",
    ):
        assert sentence in page


def test_the_same_ledger_once_more_brings_nothing_and_two_alike_lines_stay_two(client, world, lead):
    lines = [LINES[0], LINES[2], LINES[2]]
    assert bring_in(client, lines).counts["new"] == 3
    assert upload(client, lines).counts == {"total": 3, "new": 0, "known": 3, "faulty": 0}
    assert upload(client, [*lines, LINES[2]]).counts["new"] == 1


def test_the_export_comes_back_as_known(client, world, lead):
    bring_in(client, [LINES[0], LINES[2]])
    file = client.get(f"{URL}?format=xlsx").getvalue()
    client.post(f"{URL}?import=new", {"file": again(file)})
    assert ImportRun.objects.order_by("-created_at").first().counts == {"total": 2, "new": 0, "known": 2, "faulty": 0}


def test_an_import_is_voided_as_a_whole_and_its_numbers_stay(client, world, lead):
    run = bring_in(client, [LINES[0], LINES[2]])
    client.post(f"{URL}?import={run.pk}&undo=1", {"reason": "导错年份"})
    work()
    run.refresh_from_db()
    assert run.state == ImportState.UNDONE
    assert set(ServiceRequest.objects.values_list("state", "version")) == {(RequestState.VOIDED, 2)}
    assert bring_in(client, [LINES[0]]).counts["new"] == 1
    assert ServiceRequest.objects.filter(number="DCF-CGS-BJ-2025-00002").exists()


def test_a_request_that_was_worked_on_keeps_the_import(client, world, lead):
    run = bring_in(client, [LINES[0], LINES[2]])
    ServiceRequest.objects.filter(external_no="YS1").update(version=2)
    answer = client.post(f"{URL}?import={run.pk}&undo=1", {"reason": "导错年份"})
    assert "DCF-CGS-BJ-2025-00001（已办理过）" in answer.content.decode()


def test_the_window_itself_imports_nothing(client, world):
    client.force_login(world.clerk)
    assert client.get(f"{URL}?import=new").status_code == 403


def test_a_long_ledger_is_checked_in_constant_queries(client, world, lead, django_assert_max_num_queries):
    lines = [["PL02", "2026-3-2 9:00", "2026-3-3 9:00", "王晓燕", f"YS{n}"] for n in range(300)]
    with django_assert_max_num_queries(40):
        upload(client, lines)


def test_a_number_that_is_taken_while_the_sheet_is_made_ready_is_passed_over_and_nothing_else(client, world, lead):
    run = upload(client, LINES[2:])
    draft = checked(run, IMPORTS[run.listing], by=lead, now=run.created_at).drafts
    batch = next(iter(actions.ready_past(draft * 3, by=lead, now=run.created_at)))
    taken = taken_in(world, "PL02", "2026-02-13T10:00")
    made = actions.record_past(batch, by=lead, now=run.created_at)
    numbers = [taken.number, *(one.number for one in made)]
    assert [int(number[-5:]) for number in numbers] == [1, 2, 3, 4]
    for one in made:
        assert AuditEvent.objects.get(target_id=str(one.pk)).target_number == one.number
        assert Entry.objects.filter(kind="requests.servicerequest", object_id=key_of(one.pk)).count() == 1


def test_two_names_in_the_cell_of_the_handler_are_refused_with_the_way_on(client, world, lead):
    names = ("王晓燕、李明哲", "王晓燕 李明哲", "王晓燕")
    lines = [["PL02", "2026-3-2 9:00", "2026-3-3 9:00", name, f"YS{n}"] for n, name in enumerate(names)]
    run = upload(client, lines)
    page = client.get(f"{URL}?import={run.pk}").content.decode()
    assert run.counts["faulty"] == 2
    assert "这一格只写一个人，现在有2个名字；只留主要的一个，例如王晓燕" in page
    assert "人员里没有“王晓燕李明哲”，先登记或改成警号；写了两个人的只留一个" in page


def test_receipt_and_end_may_stand_in_one_cell(client, world, lead):
    lines = [
        ["PL02", "2026.3.2 9：00—10：30", None, "王晓燕", "YS1"],
        ["PL02", "2026-3-2 上午9点", "10点半", "王晓燕", "YS2"],
    ]
    assert bring_in(client, lines).counts["new"] == 2
    assert set(ServiceRequest.objects.values_list("received_at", "completed_at")) == {
        (at("2026-03-02T09:00"), at("2026-03-02T10:30"))
    }
    run = upload(client, [["PL02", "9:00-10:30", None, None, "YS3"], ["PL02", "2026-3-2 9:00", None, None, "YS4"]])
    page = client.get(f"{URL}?import={run.pk}").content.decode()
    assert run.counts["faulty"] == 2
    assert "写明是哪天" in page and "写明办结时间" in page


def test_the_export_comes_back_as_known_with_what_is_still_open(client, world, lead):
    bring_in(client, [LINES[0]])
    taken_in(world, "PL02", "2026-02-13T10:00")
    file = client.get(f"{URL}?format=xlsx").getvalue()
    client.post(f"{URL}?import=new", {"file": again(file)})
    assert ImportRun.objects.order_by("-created_at").first().counts == {"total": 2, "new": 0, "known": 2, "faulty": 0}


def test_two_sheets_that_are_brought_in_at_once_do_not_both_bring_the_same_line(client, world, lead, monkeypatch):
    runs = [upload(client, [LINES[2]]) for _time in range(2)]
    for run in runs:
        client.post(f"{URL}?import={run.pk}", {"do": "confirm"})
    whole = IMPORTS[runs[0].listing]

    def judge(rows, *, by, now):
        found = list(whole.judge(rows, by=by, now=now))
        monkeypatch.setitem(IMPORTS, whole.code, whole)
        work(runs[1])  # the other worker is through with its own before this one begins to write
        return found

    spec = type(whole)(**{name: getattr(whole, name) for name in whole.__dataclass_fields__} | {"judge": judge})
    monkeypatch.setitem(IMPORTS, whole.code, spec)
    assert jobs.run(Job.objects.get(payload__run=str(runs[0].pk)).pk)
    runs[0].refresh_from_db()
    assert (runs[0].state, runs[1].state, ServiceRequest.objects.count()) == (ImportState.FAILED, ImportState.DONE, 1)
    assert "刚刚有另一份表导入了这个台账" in runs[0].error
    assert upload(client, [LINES[2]]).counts["known"] == 1
