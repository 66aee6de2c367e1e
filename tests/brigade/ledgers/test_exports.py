"""Exports too long to wait for: made once by the worker, found only by their owner, gone after a day."""

from datetime import timedelta
from functools import partial
from io import FileIO

import pytest
from django.conf import settings
from django.utils import timezone

from brigade.audit.models import AuditEvent
from brigade.jobs import actions as jobs
from brigade.jobs.models import Job
from brigade.jobs.states import JobState
from brigade.ledgers import actions
from brigade.ledgers.models import ExportRun
from brigade.ledgers.states import ExportState
from brigade.org.models import Grant
from tests.brigade.org.factories import person, unit

URL = "/toy/units/"
pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.brigade.ledgers.toy")]


@pytest.fixture
def brigade():
    made = unit("东昌府大队")
    for number in range(4):
        unit(f"{number}中队", parent=made)
    return made


@pytest.fixture
def clerk(client, brigade, monkeypatch):
    for module in ("views.listing", "tables.sheets"):
        monkeypatch.setattr(f"brigade.ledgers.{module}.CAP", 3)
    monkeypatch.setattr("brigade.ledgers.rules.REPORT_EVERY", 2)
    who = person("clerk", at=brigade, name="刘敏")
    client.force_login(who)
    return who


def ask(client, query="format=csv"):
    return client.get(f"{URL}?{query}")["Location"]


def work():
    for job in Job.objects.filter(name="ledgers.export"):
        assert jobs.run(job.pk)


def test_a_long_export_goes_to_the_worker_and_comes_back_as_a_download(client, clerk):
    address = ask(client, "kind=squadron&format=csv")
    assert "等待导出" in client.get(address).content.decode()
    work()
    page = client.get(address).content.decode()
    assert "已导出4条" in page
    run = ExportRun.objects.get()
    answer = client.get(f"{URL}?download={run.pk}")
    lines = answer.getvalue().decode("utf-8-sig").splitlines()
    assert lines[0] == "代码,名称,类别,设立日期,上级"
    assert len(lines) == 5
    assert answer["Content-Disposition"].startswith("attachment")
    verbs = set(AuditEvent.objects.values_list("verb", flat=True))
    assert {"ledger.exported", "ledger.downloaded"} <= verbs
    assert AuditEvent.objects.get(verb="ledger.exported").changes == {"conditions": "类别：中队", "rows": 4}


def test_asking_twice_is_one_export(client, clerk):
    assert ask(client) == ask(client)
    assert ExportRun.objects.count() == Job.objects.filter(name="ledgers.export").count() == 1


def test_a_second_run_writes_the_same_file_anew(client, clerk):
    ask(client)
    job, run = Job.objects.get(name="ledgers.export"), ExportRun.objects.get()
    claimed = jobs.claim(owner="w", now=timezone.now(), job_id=job.pk)[0]
    actions.run_export(job=claimed)
    first = run.file.read_bytes()
    actions.run_export(job=claimed)
    assert run.file.read_bytes() == first


def test_an_export_reaches_as_far_as_the_rights_of_its_owner_at_that_time(client, clerk):
    address = ask(client)
    Grant.objects.update(ends_on=timezone.localdate())
    work()
    run = ExportRun.objects.get()
    assert (run.state, run.error) == (ExportState.FAILED, "没有查看这个台账的权限。")
    assert client.get(address).status_code == 403


def test_more_rows_than_a_file_shall_hold_are_refused_in_words(client, clerk, monkeypatch):
    monkeypatch.setattr("brigade.ledgers.rules.EXPORTED", 4)
    address = ask(client)
    work()
    assert "分几次按日期导出" in client.get(address).content.decode()


def test_somebody_elses_export_is_not_found(client, brigade, clerk):
    address = ask(client)
    work()
    run = ExportRun.objects.get()
    client.force_login(person("clerk", at=brigade))
    for query in (f"export={run.pk}", f"download={run.pk}", "export=x", "download="):
        assert client.get(f"{URL}?{query}").status_code == 404
    client.force_login(clerk)
    assert client.get(address).status_code == 200


def test_after_a_day_the_file_is_gone(client, clerk):
    ask(client)
    work()
    run = ExportRun.objects.get()
    assert run.file.exists()
    assert run.file.is_relative_to(settings.MEDIA_ROOT)
    actions.expire_exports(now=timezone.now() + timedelta(hours=25))
    actions.expire_exports(now=timezone.now() + timedelta(hours=26))
    run.refresh_from_db()
    assert run.state == ExportState.EXPIRED
    assert not run.file.exists()
    assert "文件已清除" in client.get(f"{URL}?download={run.pk}").content.decode()


def test_on_a_full_disk_an_export_fails_in_a_sentence_and_leaves_no_half_file(client, clerk):
    address = ask(client)
    run = ExportRun.objects.get()
    run.file.parent.mkdir(parents=True, exist_ok=True)
    run.file.symlink_to("/dev/full")
    work()
    run.refresh_from_db()
    assert (run.state, run.file.is_symlink()) == (ExportState.FAILED, False)
    page = client.get(address).content.decode()
    assert "服务器磁盘已满" in page
    assert "正在导出" not in page


def test_on_a_full_disk_a_short_export_is_refused_in_a_sentence(client, clerk, monkeypatch):
    monkeypatch.setattr("brigade.ledgers.views.listing.TemporaryFile", partial(FileIO, "/dev/full", "w+"))
    answer = client.get(f"{URL}?kind=brigade&format=csv")
    assert answer.status_code == 507
    assert "服务器磁盘已满" in answer.content.decode()


def test_an_export_that_was_given_up_says_so_and_can_be_asked_for_again(client, clerk):
    first = ask(client)
    run = ExportRun.objects.get()
    run.file.parent.mkdir(parents=True, exist_ok=True)
    run.file.write_text("half")
    Job.objects.filter(name="ledgers.export").update(state=JobState.FAILED)
    page = client.get(first).content.decode()
    assert "再导一次" in page
    assert "every 2s" not in page
    assert not run.file.exists()
    assert ask(client) != first


def test_a_given_up_export_is_not_in_the_way_of_the_next(client, clerk):
    first = ask(client)
    Job.objects.filter(name="ledgers.export").update(state=JobState.FAILED)
    assert ask(client) != first


def test_an_export_whose_file_was_lost_says_so(client, clerk):
    ask(client)
    work()
    run = ExportRun.objects.get()
    run.file.unlink()
    assert "要用再导一次" in client.get(f"{URL}?download={run.pk}").content.decode()


def test_the_progress_is_a_fragment_of_its_page(client, clerk):
    address = ask(client)
    fragment = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment
    assert "every 2s" in fragment
