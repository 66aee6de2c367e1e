"""The one anticipated refusal, in the words of the person who reads it."""

import errno
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import OperationalError
from django.utils.translation import gettext as _

DISK_FULL = "53100"
LOCK_TIMEOUT, DEADLOCK = "55P03", "40P01"
"""How PostgreSQL names them."""


class Refused(Exception):
    """A rule says no, and says what is missing; everything else that is raised is a bug and stays loud.

    `article` names the rule's source where law asks for it, `field` the form field to stand beside. `target` and
    `verb` are set by the door, so that the audit row of the refusal can say what was tried on what.
    """

    status = 422

    def __init__(self, reason: Any, *, article: Any = "", field: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.article = article
        self.field = field
        self.target: Any = None
        self.verb = ""

    def __str__(self) -> str:
        reason = str(self.reason)
        if not self.article:
            return reason
        return f"{reason.removesuffix('。')}（{self.article}）{'。' if reason.endswith('。') else ''}"


class Stale(Refused):
    """Somebody else has changed the record since it was read: `fields` of it."""

    status = 409

    def __init__(self, reason: Any, *, fields: Iterable[str] = (), **where: Any) -> None:
        super().__init__(reason, **where)
        self.fields = sorted(fields)


class NotAllowed(Refused):
    """This person may not do this."""

    status = 403


class NoRoom(Refused):
    """The disk is full: nothing was written, and what was begun is taken back."""

    status = 507

    def __init__(self) -> None:
        super().__init__(_("服务器磁盘已满，这一步没有办成，也没有写入；请找系统管理员腾出空间后再来。"))


class Busy(Refused):
    """Somebody else has been writing for longer than this one could wait: nothing was written."""

    status = 503

    def __init__(self) -> None:
        super().__init__(_("现在正有一大批数据在入库，这一步没有办成，也没有写入；过一分钟再办一次。"))


def is_busy(error: BaseException | None) -> bool:
    """Whether SQLite or PostgreSQL waited in vain for what another transaction holds."""
    if not isinstance(error, OperationalError):
        return False
    return "database is locked" in str(error) or getattr(error.__cause__, "pgcode", "") in (LOCK_TIMEOUT, DEADLOCK)


def is_full_disk(error: BaseException | None) -> bool:
    """Whether the system, SQLite or PostgreSQL could not write for want of room."""
    if isinstance(error, OperationalError):
        return "disk is full" in str(error) or getattr(error.__cause__, "pgcode", "") == DISK_FULL
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def refusing_full_disk(path: Path | None = None) -> Iterator[None]:
    """A file is written inside: a full disk is refused in a sentence, and half a file (`path`) does not stay."""
    try:
        yield
    except OSError as error:
        if path is not None:
            path.unlink(missing_ok=True)
        if is_full_disk(error):
            raise NoRoom from error
        raise
