"""The demo brigade on a server process of its own, and a browser that watches what it shows."""

import os
import secrets
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2

from tests.servers import await_port, free_port

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 20, 17, tzinfo=timezone(timedelta(hours=8)))  # a Friday; see clock.py
PASSWORD = os.environ.get("DEMO_PASSWORD") or "Browser-Journey-1"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESK = {"width": 1366, "height": 768}
PHONE = {"width": 390, "height": 844}
SCREEN = {"width": 1920, "height": 1080}

PREPARE = """
import tests.browser.clock
from brigade.config import setup
setup.make_folders()
setup.make_keys()
from brigade.config import serve
serve.django.setup()
serve.prepare()
"""


EVERY_MINUTE = """
import tests.browser.clock
import django
django.setup()
from django.utils import timezone
from brigade.indicators.actions import drain
from brigade.jobs.actions import drain as work
work()
drain(now=timezone.now())
"""


@dataclass
class Server:
    """The web process of a portal; it comes again at the same port."""

    port: int
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen | None = None

    def start(self):
        options = ["--bind", f"127.0.0.1:{self.port}", "--worker-class", "gthread", "--threads", "4"]
        command = [sys.executable, "-m", "gunicorn", "brigade.config.wsgi", *options, "--no-control-socket"]
        command += ["--config", "python:tests.browser.clock"]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=log, stderr=log)
        await_port(self.port, self.process, self.log)

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=20)


@dataclass(frozen=True)
class Portal:
    """A running portal: where it answers, and the environment of its processes."""

    address: str
    environment: dict[str, str]
    server: Server | None = None

    def pass_a_minute(self):
        """What the worker does every minute: what people asked for, and the figures."""
        subprocess.run([sys.executable, "-c", EVERY_MINUTE], cwd=ROOT, env=self.environment, check=True)

    @contextmanager
    def away(self):
        """For that while nobody answers."""
        self.server.stop()
        try:
            yield
        finally:
            self.server.start()


@contextmanager
def running(folder):
    """The demo brigade; its database, files and keys lie in `folder`, or on the PostgreSQL and Redis of the run."""
    with _database() as address:
        environment = {**os.environ, "VAR_DIR": str(folder), "DEMO_PASSWORD": PASSWORD, **address}
        environment["CLOCK_AHEAD"] = str(NOW.timestamp() - time.time())
        environment["DJANGO_SETTINGS_MODULE"] = "brigade.config.settings"
        if redis := environment.get("REDIS_URL"):
            environment["REDIS_URL"] = redis.rsplit("/", 1)[0] + "/14"
        preparing = [sys.executable, "-c", PREPARE]
        subprocess.run(preparing, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
        server = Server(free_port(), environment, folder / "server.log")
        try:
            server.start()
            yield Portal(f"http://127.0.0.1:{server.port}", environment, server)
        finally:
            server.stop()


@contextmanager
def _database():
    """A database of its own beside the one of the tests, dropped afterwards; with SQLite a file in the folder."""
    given = os.environ.get("DATABASE_URL", "")
    if not given.startswith("postgres"):
        yield {"DATABASE_URL": ""}
        return
    name = f"browser_{secrets.token_hex(4)}"
    _administer(given, f'CREATE DATABASE "{name}"')
    try:
        yield {"DATABASE_URL": urlsplit(given)._replace(path=f"/{name}").geturl()}
    finally:
        _administer(given, f'DROP DATABASE "{name}" WITH (FORCE)')


def _administer(address, statement):
    connection = psycopg2.connect(address)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()


@contextmanager
def chromium(playwright):
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
    try:
        yield browser
    finally:
        browser.close()


class Watch:
    """Listens to the pages of a browser context: whatever goes wrong there is a line in `problems`."""

    def __init__(self, context, address):
        self.problems, self.host = [], urlsplit(address).netloc
        self.may_expire = self.may_conflict = self.may_be_away = False
        context.on("page", self._attend)

    def _attend(self, page):
        page.on("pageerror", lambda error: self.problems.append(f"error in {page.url}: {error}"))
        page.on("console", self._heard)
        page.on("request", self._asked)

    def _heard(self, message):
        """htmx calls a preview that a newer one replaced, or that the page left behind, an error; it is none."""
        replaced = message.text.startswith(("htmx:sendAbort", "htmx:afterRequest"))  # a failure has a line of its own
        expected = [self.may_expire and "status of 401", self.may_conflict and "status of 409"]
        expected += [self.may_be_away and "ERR_CONNECTION_REFUSED"]
        if message.type != "error" or replaced or any(words and words in message.text for words in expected):
            return
        self.problems.append(f"console in {message.location.get('url')}: {message.text}")

    def _asked(self, request):
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts.netloc != self.host:
            self.problems.append(f"request to another host: {request.url}")


def sign_in(page, police_no):
    """As a person does it: number, password, Enter."""
    page.goto("/login/")
    page.keyboard.type(police_no)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    with page.expect_navigation():
        page.keyboard.press("Enter")
