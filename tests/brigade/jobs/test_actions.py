"""Jobs: queued once, run by one, given back, given up; and a schedule that is caught up."""

import socket
import time
from datetime import datetime, timedelta

import pytest
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.utils import timezone

from brigade.jobs import actions, queries, tasks
from brigade.jobs.models import Job, Plan, Pulse
from brigade.jobs.rules import ATTEMPTS, LEASE
from brigade.jobs.states import JobState
from brigade.kit.clocks import CHINA
from brigade.reference.actions import load_reference
from tests.brigade.jobs import child
from tests.brigade.jobs.threads import in_threads


def moment(text: str) -> datetime:
    return datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=CHINA)


def count_job(steps: int = 3, **payload) -> Job:
    return actions.enqueue("count", key="count once", payload={"steps": steps, **payload})


# One job


@pytest.mark.django_db
def test_asking_twice_is_one_job():
    assert count_job().pk == count_job().pk
    assert Job.objects.count() == 1


@pytest.mark.django_db
def test_a_name_that_no_code_registers_is_a_bug():
    with pytest.raises(LookupError):
        actions.enqueue("os.system", key="x")
    assert not Job.objects.exists()


@pytest.mark.django_db
def test_a_job_runs_once_however_often_its_message_arrives():
    job = count_job()
    assert actions.run(job.pk)
    assert not actions.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.progress, job.result, job.attempts) == (JobState.DONE, 100, "3 steps", 1)


@pytest.mark.django_db
def test_a_job_for_later_waits():
    job = actions.enqueue("count", key="later", payload={"steps": 1}, due_at=timezone.now() + timedelta(hours=1))
    assert not actions.run(job.pk)
    assert actions.drain() == 0
    assert actions.run(job.pk, now=job.due_at)


@pytest.mark.django_db
def test_draining_runs_the_oldest_first_until_nothing_is_due():
    now = timezone.now()
    for hours in (1, 3, 2):
        key = f"{hours} hours ago"
        actions.enqueue("count", key=key, payload={"steps": 1}, due_at=now - timedelta(hours=hours))
    assert actions.drain() == 3
    assert list(Job.objects.order_by("finished_at").values_list("key", flat=True)) == [
        "3 hours ago", "2 hours ago", "1 hours ago",
    ]  # fmt: skip


@pytest.mark.django_db
def test_a_failing_job_is_tried_again_later_and_given_up_after_five_times(caplog):
    job = actions.enqueue("fail", key="fail")
    now = timezone.now()
    for attempt in range(1, ATTEMPTS + 1):
        assert actions.run(job.pk, now=now)
        job.refresh_from_db()
        assert job.error == f"ZeroDivisionError: attempt {attempt}"
        if attempt < ATTEMPTS:
            assert (job.state, job.lease_until) == (JobState.QUEUED, None)
            assert not actions.run(job.pk)  # not yet
        now = job.due_at
    assert job.state == JobState.FAILED
    assert queries.failed_of(["fail"]) == ["fail"]
    assert len(caplog.records) == ATTEMPTS


@pytest.mark.django_db
def test_a_refusal_is_final_and_tells_its_sentence():
    job = actions.enqueue("refuse", key="refuse")
    actions.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.result) == (JobState.FAILED, "没有可导出的记录。")


@pytest.mark.django_db
def test_a_worker_that_was_overtaken_stops_and_leaves_the_job_to_the_other(caplog):
    job = actions.enqueue("overtaken", key="overtaken")
    actions.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.lease_owner, job.progress) == (JobState.RUNNING, "somebody else", 0)


@pytest.mark.django_db
def test_the_sweep_takes_back_only_what_no_worker_holds_any_more():
    job = count_job()
    now = timezone.now()
    actions.claim(owner="dead", now=now)
    assert actions.sweep(now=now + LEASE) == 0
    assert actions.sweep(now=now + LEASE + timedelta(seconds=1)) == 1
    job.refresh_from_db()
    assert (job.state, job.lease_owner) == (JobState.QUEUED, "")


@pytest.mark.django_db
def test_a_job_that_kills_its_worker_every_time_is_given_up():
    job = count_job()
    now = timezone.now()
    for _attempt in range(ATTEMPTS):
        assert actions.claim(owner="dead", now=now)
        now += LEASE + timedelta(minutes=1)
        actions.sweep(now=now)
        now += timedelta(minutes=1)
    job.refresh_from_db()
    assert (job.state, job.attempts) == (JobState.FAILED, ATTEMPTS)


@pytest.mark.django_db(transaction=True)
def test_eight_workers_at_once_get_a_job_each_or_nothing():
    for number in range(5):
        actions.enqueue("count", key=f"job {number}", payload={"steps": 1})
    now = timezone.now()
    claimed = in_threads(8, lambda: [job.pk for job in actions.claim(owner="me", now=now)])
    ids = [pk for batch in claimed for pk in batch]
    assert len(ids) == len(set(ids))
    rest = actions.claim(owner="me", now=now, limit=8)
    assert len(ids) + len(rest) == 5  # a skipped row is found at the next look


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_the_middle_loses_nothing_and_doubles_nothing(own_environment):
    job = count_job(steps=40, pause=0.05)
    lines = "tests.brigade.jobs.lines"
    process = child.start(own_environment, f"{lines}.run_in_child", job.pk, SCHEDULE=lines)
    deadline = time.monotonic() + 120
    while Pulse.objects.filter(name__startswith="step").count() < 5 and time.monotonic() < deadline:
        time.sleep(0.05)
    process.kill()
    process.wait()
    job.refresh_from_db()
    done = Pulse.objects.filter(name__startswith="step").count()
    assert 5 <= done < 40
    assert job.state == JobState.RUNNING

    Job.objects.update(payload={"steps": 40})
    assert not actions.run(job.pk)  # the lease still holds
    later = job.lease_until + timedelta(seconds=1)
    assert actions.sweep(now=later) == 1
    assert actions.run(job.pk, now=later)
    job.refresh_from_db()
    assert (job.state, job.attempts) == (JobState.DONE, 2)
    assert Pulse.objects.filter(name__startswith="step").count() == 40


# The schedule


def plan_all(at: datetime) -> None:
    for code in queries.schedule():
        Plan.objects.update_or_create(code=code, defaults={"planned_until": at})


def planned() -> list[str]:
    return [
        f"{job.name} {timezone.localtime(job.planned_at):%m-%d %H:%M}"
        for job in Job.objects.order_by("planned_at", "id")
    ]


@pytest.mark.django_db
def test_a_new_installation_owes_nothing_from_before_it_existed():
    assert actions.tick(now=moment("03-05 10:00")) == 0
    assert set(Plan.objects.values_list("code", flat=True)) == set(queries.schedule())


@pytest.mark.django_db
def test_three_days_without_beat_are_caught_up_as_each_line_says():
    load_reference()
    plan_all(moment("03-02 08:00"))
    actions.tick(now=moment("03-05 10:00"))
    assert planned() == [
        "daily_report 03-02 17:40", "daily_report 03-03 17:40", "daily_report 03-04 17:40",
        "digest 03-05 08:30", "wait_alert 03-05 10:00",
    ]  # fmt: skip
    actions.drain()
    results = dict(Job.objects.values_list("key", "result"))
    assert results["digest|2026-03-05T08:30:00+08:00"] == "03-05 08:30"
    assert actions.tick(now=moment("03-05 10:00")) == 0


@pytest.mark.django_db
def test_the_schedule_follows_the_work_calendar():
    load_reference()
    plan_all(moment("02-13 09:00"))
    actions.tick(now=moment("02-28 18:00"))
    reports = [line for line in planned() if line.startswith("daily_report")]
    assert [line.split()[1] for line in reports] == [
        "02-13", "02-14", "02-24", "02-25", "02-26", "02-27", "02-28",
    ]  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_ticks_delivered_twice_or_from_two_beats_plan_each_run_once():
    load_reference()
    plan_all(moment("03-02 08:00"))
    counts = in_threads(4, lambda: actions.tick(now=moment("03-05 10:00")))
    assert sum(counts) == 5
    assert Job.objects.count() == 5


@pytest.mark.django_db
def test_an_older_tick_does_not_turn_the_plan_back():
    load_reference()
    plan_all(moment("03-05 10:00"))
    assert actions.tick(now=moment("03-05 09:00")) == 0
    assert set(Plan.objects.values_list("planned_until", flat=True)) == {moment("03-05 10:00")}


@pytest.mark.django_db
def test_a_clock_that_was_wrong_for_an_hour_stops_nothing_once_it_is_right():
    """A year ahead and back again: the next day's runs come; a day back and on again: nothing runs twice."""
    load_reference()
    plan_all(moment("03-05 07:00"))
    actions.tick(now=moment("03-05 07:00") + timedelta(days=365))
    Job.objects.all().delete()
    actions.tick(now=moment("03-05 08:00"))
    assert actions.tick(now=moment("03-05 18:00")) == 3
    assert [line for line in planned() if "digest" in line] == ["digest 03-05 08:30"]
    for wrong_or_right in ("03-04 08:05", "03-04 08:20", "03-05 19:00"):
        actions.tick(now=moment(wrong_or_right))
    assert planned().count("digest 03-05 08:30") == planned().count("daily_report 03-05 17:40") == 1


@pytest.mark.django_db
def test_finished_timed_runs_are_removed_after_a_month_and_nothing_else():
    load_reference()
    plan_all(moment("03-02 08:00"))
    actions.tick(now=moment("03-05 10:00"))
    count_job()
    actions.enqueue("refuse", key="refuse")
    actions.drain()
    assert actions.forget_old(now=timezone.now()) == "清理0条"
    assert actions.forget_old(now=timezone.now() + timedelta(days=31)) == "清理5条"
    assert set(Job.objects.values_list("name", flat=True)) == {"count", "refuse"}


def test_every_line_of_the_real_schedule_leads_to_code(settings):
    settings.SCHEDULE = "brigade.config.schedule"
    assert [found for found in checks.run_checks() if found.id and found.id.startswith("jobs.")] == []
    assert queries.schedule()


def test_a_line_that_leads_nowhere_stops_the_start(settings, tmp_path, monkeypatch):
    (tmp_path / "broken_lines.py").write_text('SCHEDULE = []\nRUNNERS = {"lost": "brigade.jobs.actions.nowhere"}\n')
    (tmp_path / "double_lines.py").write_text(
        "from tests.brigade.jobs.lines import SCHEDULE\nSCHEDULE = SCHEDULE * 2\nRUNNERS = {}\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    settings.SCHEDULE = "broken_lines"
    assert "jobs.E001" in [found.id for found in checks.run_checks()]
    settings.SCHEDULE = "double_lines"
    with pytest.raises(ImproperlyConfigured):
        queries.schedule()


# The broker


@pytest.fixture(params=["refuses", "is silent"])
def broker_away(request):
    """A Redis that is not there, and one that takes the call and never answers; the seconds that each may cost."""
    from brigade.config import celery_app

    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if request.param == "is silent":
            server.listen()
        before = celery_app.conf.broker_url, celery_app.conf.broker_transport_options
        celery_app.conf.broker_url = f"redis://127.0.0.1:{server.getsockname()[1]}/0"
        celery_app.conf.broker_transport_options = {}
        yield {"refuses": 2, "is silent": 4}[request.param]
        celery_app.conf.broker_url, celery_app.conf.broker_transport_options = before


@pytest.mark.django_db(transaction=True)
def test_without_a_broker_the_request_goes_on_and_administrators_are_told(broker_away, caplog):
    started = time.monotonic()
    with transaction.atomic():
        job = count_job()
    assert time.monotonic() - started < broker_away
    assert Job.objects.filter(pk=job.pk, state=JobState.QUEUED).exists()
    assert not queries.broker_ok()
    assert "cannot be reached" in caplog.text

    actions.enqueue("count", key="another", payload={"steps": 1})
    assert caplog.text.count("cannot be reached") == 1  # the process leaves the broker alone for a while

    tasks.tick()  # the broker is back: a worker has heard of a tick
    assert queries.broker_ok()
    assert not Job.objects.exclude(state=JobState.DONE).filter(name="count").exists()


@pytest.mark.django_db(transaction=True)
def test_what_is_saved_stays_saved_when_neither_broker_nor_database_has_room_for_more(broker_away, full_disk):
    full_disk("jobs_pulse")
    with transaction.atomic():
        job = count_job()
    assert Job.objects.filter(pk=job.pk, state=JobState.QUEUED).exists()


@pytest.mark.django_db(transaction=True)
def test_a_job_of_a_rolled_back_transaction_never_was(broker_away):
    with transaction.atomic():
        count_job()
        transaction.set_rollback(True)
    assert not Job.objects.exists()
    assert queries.broker_ok()


@pytest.mark.django_db
def test_the_tick_is_missed_after_five_minutes():
    now = moment("03-05 10:00")
    assert not queries.tick_ok(now)
    actions.tick(now=now)
    assert queries.tick_ok(now + timedelta(minutes=5))
    assert not queries.tick_ok(now + timedelta(minutes=6))


@pytest.mark.django_db
def test_a_wake_up_runs_its_job_and_whatever_else_is_due():
    first, second = count_job(), actions.enqueue("refuse", key="refuse")
    tasks.wake(job_id=first.pk, added_later="a newer sender may say more")
    second.refresh_from_db()
    assert second.state == JobState.FAILED


@pytest.mark.django_db(transaction=True)
def test_a_real_worker_is_woken_by_the_commit(start_worker, settings):
    settings.SCHEDULE = "brigade.config.schedule"
    with transaction.atomic():
        job = actions.enqueue("jobs.forget_old", key="by a real worker")
    start_worker()
    end = time.monotonic() + 120
    while (job := Job.objects.get(pk=job.pk)).state != JobState.DONE and time.monotonic() < end:
        time.sleep(0.1)
    assert (job.state, job.result) == (JobState.DONE, "清理0条")
