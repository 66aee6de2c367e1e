"""A start that cannot go on says why in one sentence, and what a killed one left half done is made again."""

import errno
import json
import os
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError

from brigade.config import serve, setup


@pytest.fixture
def var(tmp_path, monkeypatch):
    monkeypatch.setattr(setup, "VAR", tmp_path)
    return tmp_path


@pytest.fixture
def environment(tmp_path):
    """A virtual environment as far as the set-up looks at it."""
    (tmp_path / "bin").mkdir()
    for program in ("pip", "python"):
        (tmp_path / "bin" / program).touch()
    (tmp_path / "pyvenv.cfg").write_text(f"version = {sys.version_info[0]}.{sys.version_info[1]}.0\n")
    return tmp_path


def test_a_port_that_somebody_uses_is_refused_before_the_work():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        with pytest.raises(setup.SetupFailed, match=rf"端口{port}已被占用.*make run PORT="):
            setup.check_port("127.0.0.1", port)


@pytest.mark.parametrize("port", ["", "http", "0", "65536", "８０００"])
def test_what_is_no_port_is_refused(port):
    with pytest.raises(setup.SetupFailed, match="PORT"):
        setup.check_port("127.0.0.1", port)


def test_a_disk_that_is_nearly_full_is_refused_with_what_is_needed(tmp_path):
    with pytest.raises(setup.SetupFailed, match=r"磁盘空间不足.*至少要\d+MB"):
        setup.check_disk(tmp_path / "not" / "there" / "yet", 10**9)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "磁盘空间不足"),
        (OSError(errno.EACCES, "Permission denied", "/x"), "无法写入 /x：Permission denied"),
        (OperationalError("database or disk is full"), "磁盘空间不足"),
        (OperationalError("connection refused\n\tIs the server running?"), "数据库不能用：connection refused Is the"),
        (ImproperlyConfigured("PORT: a whole number is expected"), "配置有误：PORT"),
    ],
)
def test_what_stops_a_start_is_one_sentence(error, words):
    sentence = serve.sentence(error)
    assert words in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize(
    "said",
    [
        "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device: '/x/kombu/base.py'",
        "npm error nospc ENOSPC: no space left on device, write",
        "FileNotFoundError: [Errno 2] No usable temporary directory found in ['/tmp', '/var/tmp', '/usr/tmp', '/']",
        "OSError: [Errno 122] Disk quota exceeded",
        "database or disk is full",
    ],
)
def test_a_program_that_found_no_room_is_understood(said):
    assert setup.is_full(f"Collecting celery\n{said}\n")
    assert not setup.is_full("ERROR: No matching distribution found for amqp==5.4.2")


def test_the_disk_that_is_full_is_named(var, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(var / "drafts"))
    rooms = {var: 500, setup.ROOT: 400}
    monkeypatch.setattr(setup, "free", lambda place: rooms.get(place, 3 if "drafts" in place.name else 900))
    assert f"{var}/drafts所在的磁盘写满了" in setup.no_room()


def test_an_environment_that_cannot_be_made_says_what_its_maker_said(tmp_path):
    """A limit on the size of a file stops the maker for certain, as any developer may set it."""
    program = (
        "import resource, sys; from pathlib import Path; from brigade.config import setup\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "setup.VENV = Path(sys.argv[1])\n"
        "try: setup.make_venv()\n"
        "except setup.SetupFailed as failure: print(failure)"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "venv")]
    said = subprocess.run(command, cwd=setup.ROOT, capture_output=True, text=True, check=True).stdout
    assert said.startswith("虚拟环境建不起来：OSError: [Errno 27] File too large")
    assert said.count("\n") == 1 and "returned non-zero" not in said


def test_log_of_the_database_stays_while_the_portal_runs(tmp_path, settings):
    """Without it a full disk takes the pages away even from who only reads."""
    database = tmp_path / "db.sqlite3"
    program = (
        "import sys, django; django.setup()\n"
        "from django.db import connection; from brigade.config import serve\n"
        "connection.cursor().execute('CREATE TABLE kept (row)'); serve.keep_open(); print(flush=True); sys.stdin.read()"
    )
    environment = os.environ | {"DATABASE_URL": f"sqlite://{database}", "VAR_DIR": str(settings.VAR)}
    environment["DJANGO_SETTINGS_MODULE"] = "brigade.config.settings"
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=setup.ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as portal:
        portal.stdout.readline()
        page = sqlite3.connect(database)
        page.execute("CREATE TABLE seen (page)")
        page.close()
        assert Path(f"{database}-wal").exists()
        portal.stdin.close()


def test_keys_cut_off_by_a_power_failure_are_made_again_and_whole_ones_stay(var):
    (var / "keys.json").touch()
    setup.make_keys()
    made = (var / "keys.json").read_text()
    assert json.loads(made)["SECRET_KEY"]
    assert os.stat(var / "keys.json").st_mode & 0o077 == 0
    setup.make_keys()
    assert (var / "keys.json").read_text() == made


def test_a_database_without_its_keys_gets_no_new_ones(var):
    (var / "db.sqlite3").touch()
    with pytest.raises(setup.SetupFailed, match="密钥文件"):
        setup.make_keys()


def test_an_environment_half_filled_by_a_killed_run_is_not_used(environment):
    assert setup.is_usable(environment)
    (environment / setup.BEGUN).touch()
    assert not setup.is_usable(environment)


def test_an_environment_of_another_python_is_not_used(environment):
    (environment / "pyvenv.cfg").write_text("version = 3.9.2\n")
    assert not setup.is_usable(environment)
