"""What the watch over the machine is told, without signing in and without secrets."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from brigade.audit import actions as audit
from brigade.jobs.actions import tick
from brigade.jobs.models import Job
from brigade.workbench.queries import desk

pytestmark = pytest.mark.django_db


def test_the_process_says_that_it_lives_without_asking_the_database(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok")


def test_a_sound_installation_is_ready_and_gives_nothing_away(client, settings):
    answer = client.get("/readyz")
    assert answer.status_code == 200 and answer.json()["ready"] is True
    assert set(answer.json()["checks"]) == {
        "database", "migrations", "audit_triggers", "disk_free_mb", "tick", "oldest_job_seconds",
    }  # fmt: skip
    assert str(settings.VAR) not in answer.text and "sqlite" not in answer.text


def test_missing_audit_triggers_make_it_unready(client):
    audit.drop_triggers()
    answer = client.get("/readyz")
    assert answer.status_code == 503 and answer.json()["checks"]["audit_triggers"] == {"ok": False}
    audit.make_triggers()


def test_a_migration_that_was_not_applied_makes_it_unready(client):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'org'")
    assert client.get("/readyz").json()["checks"]["migrations"] == {"ok": False}


def test_a_full_disk_makes_it_unready(client, monkeypatch):
    monkeypatch.setattr(desk, "LEAST_FREE_MB", 10**9)
    assert client.get("/readyz").status_code == 503


def test_a_job_that_nobody_takes_is_told_and_takes_no_page_away(client):
    late = timezone.now() - timedelta(minutes=20)
    Job.objects.create(name="audit.seal", key="x", planned_at=late, due_at=late, created_at=late)
    answer = client.get("/readyz")
    oldest = answer.json()["checks"]["oldest_job_seconds"]
    assert answer.status_code == 200 and oldest["ok"] is False and oldest["value"] >= 1200


def test_a_schedule_that_stands_still_is_told_and_takes_no_page_away(client):
    """Without beat nothing falls due, so no job is late either."""
    assert client.get("/readyz").json()["checks"]["tick"] == {"ok": False}
    tick(now=timezone.now())
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["tick"]) == (200, {"ok": True})
