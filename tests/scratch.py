"""Folders of one run in the system's temporary place; none outlives its run for long.

A folder stays locked while its run lives, so the next run can tell what a killed one has left behind, and removes it.
"""

import atexit
import fcntl
import os
import shutil
import tempfile
from pathlib import Path


def folder(prefix: str, parent: Path | None = None) -> Path:
    """A new folder that goes with the process; those that killed runs have left go first."""
    place = Path(parent or tempfile.gettempdir())
    for left in place.glob(f"{prefix}*"):
        if is_left_behind(left):
            shutil.rmtree(left, ignore_errors=True)
    made = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
    lock = os.open(
        made / ".new", os.O_WRONLY | os.O_CREAT
    )  # never closed: held until the process ends, however it ends
    fcntl.flock(lock, fcntl.LOCK_EX)
    (made / ".new").rename(made / ".lock")
    owner = os.getpid()
    atexit.register(lambda: os.getpid() == owner and shutil.rmtree(made, ignore_errors=True))
    return made


def is_left_behind(left: Path) -> bool:
    """One of ours, and nobody holds its lock any more."""
    try:
        with open(left / ".lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return os.fstat(lock.fileno()).st_uid == os.geteuid()
    except OSError:
        return False
