"""A start that cannot go on says why in one sentence, and what a killed one left half done is made again."""

import errno
import json
import os
import socket
import sys

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
