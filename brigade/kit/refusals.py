"""The one anticipated refusal, in the words of the person who reads it."""

import errno
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _


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


@contextmanager
def refusing_full_disk(path: Path | None = None) -> Iterator[None]:
    """A file is written inside: a full disk is refused in a sentence, and half a file (`path`) does not stay."""
    try:
        yield
    except OSError as error:
        if path is not None:
            path.unlink(missing_ok=True)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Refused(_("服务器磁盘已满，文件没有保存；请找系统管理员腾出空间后再来。")) from error
        raise
