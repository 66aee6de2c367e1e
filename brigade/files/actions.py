"""Keeping files: check, clean, put away under the content's hash, and note the facts."""

import hashlib
import os
import secrets
import time
from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import File as Upload
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.audit import actions as audit
from brigade.files import queries, rules
from brigade.files.models import File
from brigade.files.states import FileKind
from brigade.kit.refusals import Refused, refusing_full_disk
from brigade.kit.web import safe_name

VERBS = {"file.stored": gettext_lazy("上传附件")}
ORPHAN_AGE = timedelta(days=1)


def store(
    upload: Upload,
    *,
    by: Any,
    kinds: Collection[str] = (FileKind.IMAGE, FileKind.PDF, FileKind.DOCX, FileKind.XLSX),
    now: datetime | None = None,
) -> File:
    """Keep an uploaded file, and audit it; the caller has checked that `by` may add one to the owner.

    Call it before the transaction of the record that it belongs to: it checks and writes a file, which takes its time.
    Refuses what is too large, broken, dangerous or of another kind; pictures are drawn anew without their metadata.
    """
    found = rules.checked(_read(upload), kinds)
    digest = hashlib.sha256(found.content).hexdigest()
    _put_away(found.content, digest)
    stem = Path(safe_name(upload.name or "")).stem or _("未命名")
    with transaction.atomic():
        file = File(
            sha256=digest,
            size=len(found.content),
            kind=found.kind,
            media_type=found.media_type,
            name=f"{stem[:115]}.{found.ending}",
            by_id=by.pk,
            by_name=by.name,
            at=now or timezone.now(),
        )
        file.save(force_insert=True)
        audit.record("file.stored", file, by=by, changes={"sha256": digest, "size": file.size}, now=file.at)
    return file


def sweep_orphans(*, now: datetime) -> str:
    """Remove contents that no row names: left by uploads whose transaction did not come off. A timed job."""
    oldest = (now - ORPHAN_AGE).timestamp()
    removed = 0
    for folder in sorted(Path(settings.MEDIA_ROOT).glob("??")):
        stale = {path.name: path for path in folder.iterdir() if path.stat().st_mtime < oldest}
        known = set(File.objects.filter(sha256__in=stale).values_list("sha256", flat=True))
        for name in stale.keys() - known:
            stale[name].unlink(missing_ok=True)
            removed += 1
    return _("清理无主文件%(count)s个") % {"count": removed}


def _read(upload: Upload) -> bytes:
    limit = settings.FILE_MAX_BYTES
    parts: list[bytes] = []
    for part in upload.chunks():
        parts.append(part)
        if sum(map(len, parts)) > limit:
            raise Refused(_("文件超过%(limit)sMB，请缩小后再传。") % {"limit": limit // 1024 // 1024})
    if not any(parts):
        raise Refused(_("文件是空的。"))
    return b"".join(parts)


def _put_away(content: bytes, digest: str) -> None:
    """Write the content once, whole or not at all; one that is there already is marked as in use again."""
    path = queries.path_of(digest)
    if path.exists():
        os.utime(path, (time.time(), time.time()))
        return
    draft = path.with_name(f"{digest}.{secrets.token_hex(4)}")
    with refusing_full_disk(draft):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
