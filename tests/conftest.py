"""Fixtures that every test may use: a clean cache, an audit trail that can be emptied, a real worker, a browser."""

import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings
from django.core.cache import caches
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck
from hypothesis import settings as examples

from brigade.audit.actions import drop_triggers
from brigade.reference import queries as reference
from tests.browser.portal import CHROMIUM as BROWSER

# An example may take as long as a busy machine needs for it.
examples.register_profile(
    "any pace", parent=examples.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
examples.load_profile("any pace")

ROOT = Path(__file__).resolve().parents[1]
OFFICE = shutil.which("soffice")


@pytest.fixture(autouse=True)
def clean_cache():
    """Nothing kept by an earlier test: neither the cache nor what the process holds of the reference data."""
    for name in settings.CACHES:
        caches[name].clear()
    reference.kept_calendar.drop()
    reference.kept_parameters.drop()


@pytest.fixture(autouse=True)
def emptying(request):
    """Tests with real transactions empty all tables afterwards; the audit's triggers would refuse, and stand again
    with the signal that follows the emptying."""
    marker = request.node.get_closest_marker("django_db")
    if not (marker and marker.kwargs.get("transaction")) and "transactional_db" not in request.fixturenames:
        yield
        return
    request.getfixturevalue("transactional_db")
    yield
    drop_triggers()


@pytest.fixture
def own_environment(transactional_db):
    """Environment of a further process on the database, the broker and the files of the running test."""
    name, user = connection.settings_dict["NAME"], connection.settings_dict["USER"]
    if connection.vendor == "sqlite":
        address = f"sqlite://{quote(str(name))}"
    else:
        password, place = connection.settings_dict["PASSWORD"], connection.settings_dict
        address = f"postgresql://{quote(user)}:{quote(password)}@{place['HOST']}:{place['PORT']}/{quote(name)}"
    return {**os.environ, "DATABASE_URL": address, "VAR_DIR": str(settings.VAR)}


@pytest.fixture
def full_disk(transactional_db):
    """Fill the disk under some tables: a write to them finds no room, in the database's own words, until room is made.

    SQLite may not grow by a page, and every such write asks for thousands; PostgreSQL raises the error by its number.
    """
    triggers: dict[str, str] = {}

    def fill(*tables):
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute("CREATE TABLE IF NOT EXISTS filling (content BLOB)")
                pages = cursor.execute("PRAGMA page_count").fetchone()[0]
                cursor.execute(f"PRAGMA max_page_count = {pages}")
                asked = "BEGIN INSERT INTO filling VALUES (randomblob(20000000)); END"
            else:
                cursor.execute(
                    "CREATE OR REPLACE FUNCTION filling() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                    " RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$"
                )
                asked = "FOR EACH ROW EXECUTE FUNCTION filling()"
            for table in tables:
                for verb in ("INSERT", "UPDATE"):
                    name = f"filling_{table}_{verb.lower()}"
                    cursor.execute(f"CREATE TRIGGER {name} BEFORE {verb} ON {table} {asked}")
                    triggers[name] = table

    def make_room():
        with connection.cursor() as cursor:
            for name, table in triggers.items():
                cursor.execute(f"DROP TRIGGER {name}" + ("" if connection.vendor == "sqlite" else f" ON {table}"))
            triggers.clear()
            if connection.vendor == "sqlite":
                cursor.execute("PRAGMA max_page_count = 1073741823")
                cursor.execute("DROP TABLE IF EXISTS filling")

    fill.make_room = make_room
    yield fill
    make_room()


@pytest.fixture
def start_worker(own_environment):
    """Start a real Celery worker process; the test may kill it, and what still runs at its end is stopped."""
    started = []

    def start():
        options = ["--concurrency=1", "--without-mingle", "--without-gossip", "--without-heartbeat", "--loglevel=ERROR"]
        command = [sys.executable, "-m", "celery", "--app=brigade.config.celery", "--quiet", "worker", *options]
        started.append(subprocess.Popen(command, cwd=ROOT, env=own_environment, start_new_session=True))
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, 9)
        process.wait()


# What a test needs beyond Python: a run without it says what was left out, and with CI=true it does not begin


@pytest.fixture
def office():
    """The program that opens our Word files as the readers do."""
    return OFFICE


NEEDS = {  # fixture: the program, what it is called, and what is left out without it
    "browser": (BROWSER, "Chromium", "the browser journeys"),
    "office": (OFFICE, "LibreOffice (soffice)", "the tests that open Word files in it"),
}
MISSING = {fixture: words for fixture, (program, *words) in NEEDS.items() if program is None}


def pytest_configure(config):
    """Asked to end, a run cleans up as after Ctrl-C; its workers go with it."""
    if not hasattr(config, "workerinput"):
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    if MISSING and os.environ.get("CI") == "true":
        raise pytest.UsageError(f"not found: {', '.join(name for name, _tests in MISSING.values())}")


def pytest_collection_modifyitems(config, items):
    left_out = [item for item in items if MISSING.keys() & set(item.fixturenames)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_runtest_setup():
    """What a test calls today is still today when the page answers: none begins in the last half minute of a day."""
    now = timezone.localtime()
    left = (now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1) - now).total_seconds()
    if left < 30:
        time.sleep(left)


def pytest_terminal_summary(terminalreporter):
    for name, tests in MISSING.values():
        terminalreporter.write_line(f"{tests} did not run: no {name} was found", yellow=True)
