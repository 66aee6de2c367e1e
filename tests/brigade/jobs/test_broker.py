"""The file broker: messages are whole, taken once, and a broken one is passed over."""

import errno
import os
import threading
import time
from pathlib import Path
from queue import Empty

import pytest
from kombu import Connection

from brigade.config import broker
from tests.brigade.jobs.threads import in_threads


@pytest.fixture
def options(tmp_path):
    (tmp_path / "queue").mkdir()
    queue = str(tmp_path / "queue")
    return {"data_folder_in": queue, "data_folder_out": queue, "control_folder": str(tmp_path / "control")}


def channel(options):
    return Connection("files://localhost", transport_options=options).channel()


def take_all(options, until) -> list[int]:
    reader, taken = channel(options), []
    while True:
        try:
            taken.append(reader._get("celery")["n"])
        except Empty:
            if until():
                return taken
            time.sleep(0.001)


def test_readers_beside_writers_see_each_message_once_and_whole(options):
    written = threading.Event()
    readers = threading.Thread(target=lambda: found.extend(in_threads(2, lambda: take_all(options, written.is_set))))
    found: list[list[int]] = []
    readers.start()
    numbers = iter(range(4))

    def write():
        writer, start = channel(options), next(numbers) * 300
        for n in range(start, start + 300):
            writer._put("celery", {"n": n, "filling": "x" * 5000})

    in_threads(4, write)
    written.set()
    readers.join()
    assert sorted(n for taken in found for n in taken) == list(range(1200))
    assert list(Path(options["data_folder_in"]).iterdir()) == []


def test_messages_are_taken_in_the_order_in_which_they_came(options):
    writer = channel(options)
    for n in range(20):
        writer._put("celery", {"n": n})
    assert take_all(options, lambda: True) == list(range(20))


def test_a_message_that_was_cut_off_is_passed_over(options):
    (Path(options["data_folder_in"]) / "0_cut.celery.msg").write_text('{"n": ')
    (Path(options["data_folder_in"]) / "1_empty.celery.msg").write_text("")
    channel(options)._put("celery", {"n": 1})
    assert take_all(options, lambda: True) == [1]


def test_a_message_that_finds_no_room_leaves_no_half(options, monkeypatch):
    def full(_source, _target):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", full)
        with pytest.raises(OSError, match="No space left"):
            channel(options)._put("celery", {"n": 1})
    assert list(Path(options["data_folder_in"]).iterdir()) == []


def test_the_table_of_queues_stays_whole_when_many_bind_at_once(options):
    names = iter(range(8))

    def bind():
        name = f"queue{next(names)}"
        for _time in range(20):
            channel(options)._queue_bind("celery", name, "", name)

    in_threads(8, bind)
    table = channel(options).get_table("celery")
    assert sorted(entry.queue for entry in table) == [f"queue{n}" for n in range(8)]


def test_files_addresses_lead_to_this_broker(options):
    assert isinstance(channel(options), broker.Channel)
