"""Keeping files: check, clean, put away under the content's hash, and note the facts. Replacing Word forms by some."""

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
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.audit import actions as audit
from brigade.files import queries, rules
from brigade.files.models import File, FormTemplate
from brigade.files.states import FORMS, FileKind
from brigade.kit.documents import WordForm
from brigade.kit.refusals import NotAllowed, Refused, refusing_full_disk
from brigade.kit.web import safe_name

VERBS = {
    "file.stored": gettext_lazy("上传附件"),
    "form.uploaded": gettext_lazy("上传文书模板"),
    "form.put_into_use": gettext_lazy("启用文书模板"),
    "form.taken_back": gettext_lazy("恢复自带模板"),
}
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


def upload_form(*, by: Any, form: WordForm, upload: Upload, note: str = "", now: datetime) -> FormTemplate:
    """Keep a Word file as the next version of a form, not yet in use; business administrator, audited.

    Refused with everything that is wrong with it: `rules.BadTemplate`.
    """
    _may_change_forms(by)
    rules.checked_form(_read(upload), form)
    file = store(upload, by=by, kinds=(FileKind.DOCX,), now=now)
    return _next_version(form.code, file, by=by, note=note, now=now)


@transaction.atomic
def put_form_into_use(*, by: Any, template: FormTemplate, now: datetime) -> FormTemplate:
    """From now on the form prints by this version; business administrator, audited.

    One that was in use before comes again as a version of its own, so that each version has one span. It is checked
    once more: the fields of the form may have changed since it was uploaded.
    """
    _may_change_forms(by)
    rows = {row.pk: row for row in FormTemplate.objects.select_for_update().filter(code=template.code).order_by("pk")}
    row = rows[template.pk]
    if row.is_in_use:
        raise Refused(_("%s已经在用。") % row)
    if row.code not in FORMS:
        raise Refused(_("这种文书已经没有了。"))
    with queries.open_file(row.file) as content:
        rules.checked_form(content.read(), FORMS[row.code])
    for other in rows.values():
        if other.is_in_use:
            _end(other, now)
    if row.replaced_at is not None:
        note = _("同第%d版") % row.version
        row = _next_version(row.code, row.file, by=by, note=note, now=now)
    row.valid_from = now
    row.save(update_fields=["valid_from"])
    audit.record("form.put_into_use", row, by=by, changes={"sha256": row.file.sha256}, now=now)
    return row


@transaction.atomic
def take_back_form(*, by: Any, form: WordForm, now: datetime) -> FormTemplate:
    """From now on the form prints as it came with the portal; business administrator, audited."""
    _may_change_forms(by)
    rows = FormTemplate.objects.select_for_update().filter(code=form.code, valid_from__isnull=False)
    row = rows.filter(replaced_at__isnull=True).first()
    if row is None:
        raise Refused(_("现在用的就是自带模板。"))
    _end(row, now)
    audit.record("form.taken_back", row, by=by, now=now)
    return row


def _end(row: FormTemplate, now: datetime) -> None:
    row.replaced_at = now
    row.save(update_fields=["replaced_at"])


def _next_version(code: str, file: File, *, by: Any, note: str, now: datetime) -> FormTemplate:
    try:
        with transaction.atomic():
            last = FormTemplate.objects.filter(code=code).aggregate(last=Max("version"))["last"] or 0
            row = FormTemplate(
                code=code, version=last + 1, file=file, uploaded_at=now, by_id=by.pk, by_name=by.name, note=note
            )
            row.save(force_insert=True)
            audit.record("form.uploaded", row, by=by, changes={"sha256": file.sha256}, note=note, now=now)
    except IntegrityError as error:
        raise Refused(_("刚才有人也传了一份，刷新看一下再传。")) from error
    return row


def _may_change_forms(by: Any) -> None:
    if not by.has_perm("files.change_formtemplate"):
        raise NotAllowed(_("文书模板由业务管理员更换。"))


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
