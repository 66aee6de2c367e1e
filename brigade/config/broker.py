"""The file broker of a single machine, with messages that are whole or not there.

kombu's own file transport writes a message under its final name, so a worker now and then reads it half written and
dies of it (celery/kombu#1551); so too with the table of queues. Here both appear by renaming, and a message that a
power failure has cut off is passed over: the job is in the database, and the next tick finds it.
"""

import os
from pathlib import Path
from queue import Empty
from time import time_ns
from typing import Any
from uuid import uuid4

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps, loads


class Channel(filesystem.Channel):
    def _put(self, queue: str, payload: Any, **_options: Any) -> None:
        _write(Path(self.data_folder_out) / f"{time_ns():020}_{uuid4()}.{queue}.msg", payload)

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        for path in sorted(Path(self.data_folder_in).glob(f"*.{queue}.msg")):
            taken = path.with_name(f".{path.name}.taken")
            try:
                path.rename(taken)
            except FileNotFoundError:  # another worker was quicker
                continue
            text = taken.read_text()
            taken.unlink()
            try:
                return loads(text)
            except ValueError:
                continue
        raise Empty

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        entry = [routing_key or "", pattern or "", queue or ""]
        self.control_folder.mkdir(exist_ok=True)
        with (self.control_folder / "lock").open("a") as guard:
            filesystem.lock(guard, filesystem.LOCK_EX)
            table = [list(known) for known in self.get_table(exchange)]
            if entry not in table:
                _write(self._exchange_file(exchange), [entry, *table])


class Transport(filesystem.Transport):
    Channel = Channel


def _write(path: Path, content: Any) -> None:
    draft = path.with_name(f".{path.name}.{uuid4()}")
    try:
        draft.write_text(dumps(content))
        os.replace(draft, path)
    except OSError:  # a full disk: half a message would lie there for ever
        draft.unlink(missing_ok=True)
        raise


TRANSPORT_ALIASES["files"] = f"{__name__}:Transport"
