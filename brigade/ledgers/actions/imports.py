"""Bringing a sheet into a ledger: uploaded, checked as a whole, written in one transaction by the worker, undone.

Nobody but the owner of a run reaches it; whoever lost the right meanwhile writes nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import IO, Any

from django.core.files.base import File as Upload
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.audit import actions as audit
from brigade.jobs import actions as jobs
from brigade.jobs.models import Job
from brigade.jobs.queries import failed_of
from brigade.kit import crypto, exporting, importing
from brigade.kit.refusals import NotAllowed, Refused, refusing_full_disk
from brigade.kit.text import needed
from brigade.kit.web import safe_name
from brigade.ledgers import queries, rules
from brigade.ledgers.models import ImportRun, ImportRunQuerySet, KeptMapping
from brigade.ledgers.rules import IMPORTS, Import
from brigade.ledgers.states import CHECKABLE, ImportState


def upload_sheet(*, by: Any, spec: Import, upload: Upload, path: str, now: datetime) -> ImportRun:
    """Keep a workbook for a day, find its table and check it at once. Whoever may bring rows into the ledger.

    Refused, with how to mend it: what is no workbook, locked, too large, or without the headings.
    """
    _allow(by, spec)
    size = upload.size or 0
    if size > importing.MAX_BYTES:
        limits = {"max": importing.MAX_BYTES // 1024 // 1024, "n": -(-size // 1024 // 1024)}
        raise Refused(_("表格最大%(max)dMB，这个有%(n)dMB；请删去图片，或分成几个文件再导入。") % limits, field="file")
    content = upload.read()
    try:
        found = queries.opened(content, spec, by)
    except Refused as refusal:
        refusal.field = "file"
        raise
    run = ImportRun(
        owner=by,
        listing=spec.code,
        title=str(spec.title),
        path=path,
        file_name=safe_name(upload.name or ""),
        sha256=hashlib.sha256(content).hexdigest(),
        sheets=list(found.sheets),
        sheet=found.table.sheet,
        headings=queries.headings_of(found.table),
        mapping=found.mapping,
        created_at=now,
        expires_at=now + rules.KEEP_IMPORT,
    )
    with refusing_full_disk(run.file):
        run.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        run.file.touch(mode=0o600)
        run.file.write_bytes(content)
    run.save(force_insert=True)
    return _check(run, spec, by, now)


def map_columns(*, by: Any, run: ImportRun, sheet: str, mapping: Mapping[str, str], now: datetime) -> ImportRun:
    """Say which sheet is meant and which heading means which column, and check anew. The owner, before it is written.

    Another sheet is read by its own headings first.
    """
    spec = _own(by, run)
    if run.state not in CHECKABLE:
        raise Refused(_("这次导入%(state)s，不能再改对应的列。") % {"state": run.get_state_display()})
    if sheet and sheet != run.sheet:
        found = queries.opened(queries.content_of(run), spec, by, sheet)
        run.sheet, run.headings, run.mapping = sheet, queries.headings_of(found.table), found.mapping
    else:
        known = {column.code for column in spec.columns} | {""}
        headings = {heading for heading, _sample in run.headings}
        run.mapping = {h: code for h, code in mapping.items() if h in headings and code in known}
    return _check(run, spec, by, now)


def _check(run: ImportRun, spec: Import, by: Any, now: datetime) -> ImportRun:
    run.state, run.error, run.counts, run.preview = ImportState.UPLOADED, "", {}, []
    try:
        found = queries.checked(run, spec, by=by, now=now)
    except Refused as refusal:
        run.error = str(refusal)[:400]
    else:
        run.state, run.counts = ImportState.CHECKED, found.counts
        run.preview = queries.preview(found, spec, run.mapping)
    with transaction.atomic():
        run.save()
        audit.record("ledger.import_checked", run, by=by, changes=dict(run.counts), note=run.error, now=now)
    return run


def write_mended_sheet(target: IO[bytes], *, by: Any, run: ImportRun, now: datetime) -> None:
    """The sheet as it came with the errors beside the cells, to be mended and uploaded again. The owner."""
    spec = _own(by, run)
    found = queries.checked(run, spec, by=by, now=now)
    importing.write_mended(
        target,
        table=found.table,
        columns=spec.columns,
        mapping=run.mapping,
        rows=[one.row for one in found.judged],
        title=str(spec.title),
        unit=str(by.unit or ""),
        person=f"{by.name} {by.police_no}",
        at=now,
    )


@transaction.atomic
def confirm_import(*, by: Any, run: ImportRun, now: datetime) -> ImportRun:
    """Hand a checked sheet to the worker, and keep its mapping for next time. The owner; a second click is idle.

    Refused while a row has a fault, and when there is nothing new.
    """
    spec = _own(by, run)
    run = ImportRun.objects.select_for_update(of=("self",)).select_related("owner").get(pk=run.pk)
    if run.state not in CHECKABLE:
        return run
    if run.expires_at <= now:
        raise Refused(_("上传已过24小时，文件已清除，请重新上传。"))
    if run.state != ImportState.CHECKED or run.counts["faulty"]:
        raise Refused(_("有错的行改好再入库；要么全部入库，要么都不入。"))
    if not run.counts["new"]:
        raise Refused(_("没有要入库的新行。"))
    KeptMapping.objects.update_or_create(
        owner=by,
        listing=spec.code,
        signature=queries.signature([heading for heading, _sample in run.headings]),
        defaults={"mapping": run.mapping, "kept_at": now},
    )
    _start(run, "ledgers.import", ImportState.WAITING, now)
    return run


def _start(run: ImportRun, job: str, state: ImportState, now: datetime) -> None:
    run.progress_file.unlink(missing_ok=True)
    run.state, run.error, run.job_key = state, "", f"{job}:{run.pk}:{now.timestamp():.3f}"
    run.save(update_fields=["state", "error", "job_key", "reason"])
    jobs.enqueue(job, key=run.job_key, payload={"run": str(run.pk)})


def run_import(*, job: Job) -> str:
    """Check the whole file once more and write it in one transaction, the state of the run with it: a worker that dies
    leaves nothing, and the next one begins anew. With a fault now, nothing is written.
    """
    run, now = ImportRun.objects.select_related("owner").get(pk=job.payload["run"]), timezone.now()
    if run.state not in (ImportState.WAITING, ImportState.RUNNING):
        return run.get_state_display()
    ImportRun.objects.filter(pk=run.pk).update(state=ImportState.RUNNING)
    try:
        count = _write(run, IMPORTS[run.listing], job, now)
    except Refused as refusal:
        return _give_back(run, ImportState.FAILED, str(refusal), now)
    run.file.unlink(missing_ok=True)
    return _("%d行") % count


def _write(run: ImportRun, spec: Import, job: Job, now: datetime) -> int:
    by = run.owner
    _allow(by, spec)
    before = _brought_in(run, now)
    found = queries.checked(run, spec, by=by, now=now)
    if found.counts["faulty"]:
        raise Refused(_("预检以后情况有变，有%d行对不上了；再预检一次看看。") % found.counts["faulty"])
    drafts = found.drafts
    if spec.prepare:
        for n, draft in enumerate(drafts, start=1):
            drafts[n - 1] = spec.prepare(draft)
            if n % 20 == 0:
                jobs.progress(job, 0)
                _tell(run, n)
    batches: list[Any] = []
    for batch in spec.ready(drafts, by=by, now=now) if spec.ready else _batches(drafts):
        batches.append(batch)
        jobs.progress(job, 0)
    written: list[Any] = []
    with transaction.atomic():
        _lock(run, ImportState.RUNNING)
        if _brought_in(run, now) - before:
            raise Refused(_("刚刚有另一份表导入了这个台账，有的行可能已经有了；再预检一次看看。"))
        for batch in batches:
            written += spec.write(batch, by=by, now=now)
            if not spec.prepare:
                _tell(run, len(written))
        handout = [spec.handed(draft) for draft in drafts] if spec.handed else []
        ImportRun.objects.filter(pk=run.pk).update(
            state=ImportState.DONE,
            error="",
            counts=found.counts,
            preview=[],
            rows=[str(row.pk) for row in written],
            handout_sealed=crypto.seal(json.dumps(handout), aad=_cell(run)) if handout else "",
            finished_at=now,
            expires_at=now + rules.KEEP_IMPORT,
        )
        _note("ledger.imported", run, by, len(written), now)
    return len(written)


def _batches(drafts: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(drafts), rules.WRITTEN_AT_ONCE):
        yield drafts[start : start + rules.WRITTEN_AT_ONCE]


def undo_import(*, by: Any, run: ImportRun, reason: str, now: datetime) -> ImportRun:
    """Take a whole import back within a day, by voiding its rows; the worker does it. The owner, with a reason.

    Refused as soon as one of the rows is in use, and says which.
    """
    reason = needed(reason, "reason", _("写明撤销的原因。"))
    with transaction.atomic():
        spec = _own(by, run)
        run = ImportRun.objects.select_for_update(of=("self",)).select_related("owner").get(pk=run.pk)
        if run.state in (ImportState.UNDOING, ImportState.UNDONE):
            return run
        if run.state != ImportState.DONE:
            raise Refused(_("没有入库的不用撤销。"))
        if run.expires_at <= now:
            raise Refused(_("入库已过24小时，不能整批撤销；要改的逐条更正或作废。"))
        _check_unused(spec, run)
        run.reason = reason[:200]
        _start(run, "ledgers.undo_import", ImportState.UNDOING, now)
    return run


def run_undo(*, job: Job) -> str:
    """Void the rows of an import in one transaction, unless one of them came into use."""
    run, now = ImportRun.objects.select_related("owner").get(pk=job.payload["run"]), timezone.now()
    if run.state != ImportState.UNDOING:
        return run.get_state_display()
    spec, by = IMPORTS[run.listing], run.owner
    try:
        _allow(by, spec)
        with transaction.atomic():
            _lock(run, ImportState.UNDOING)
            _check_unused(spec, run)
            keys = run.rows[::-1]
            for start in range(0, len(keys), rules.WRITTEN_AT_ONCE):
                spec.undo(keys[start : start + rules.WRITTEN_AT_ONCE], by=by, now=now, reason=run.reason)
                _tell(run, min(start + rules.WRITTEN_AT_ONCE, len(keys)))
            ImportRun.objects.filter(pk=run.pk).update(
                state=ImportState.UNDONE, error="", handout_sealed="", finished_at=now
            )
            _note("ledger.import_undone", run, by, len(keys), now, note=run.reason)
    except Refused as refusal:
        return _give_back(run, ImportState.DONE, str(refusal), now)
    run.progress_file.unlink(missing_ok=True)
    return _("%d行") % len(keys)


def hand_out(target: IO[bytes], *, by: Any, run: ImportRun, now: datetime) -> None:
    """Write the list that goes along with the import, once: it is erased with the same step. The owner, audited."""
    spec = _own(by, run)
    with transaction.atomic():
        run = ImportRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
        if not run.handout_sealed:
            raise Refused(_("名单只能下载一次，已经下载过了。"))
        rows = json.loads(crypto.unseal(run.handout_sealed, aad=_cell(run)))
        ImportRun.objects.filter(pk=run.pk).update(handout_sealed="")
        audit.record("ledger.handed_out", run, by=by, changes={"rows": len(rows)}, now=now)
    exporting.write_xlsx(
        target,
        title=str(run.title),
        unit=str(by.unit or ""),
        filters=run.file_name,
        person=f"{by.name} {by.police_no}",
        at=now,
        columns=importing.sheet_columns(spec.handout),
        rows=rows,
    )


def close_dead_imports(runs: ImportRunQuerySet, *, now: datetime) -> None:
    """Those of `runs` whose job was given up say so: what was to be written may be checked and begun again."""
    by_key = {run.job_key: run for run in runs.at_work().light()}
    for key in failed_of(by_key):
        run = by_key[key]
        state = ImportState.DONE if run.state == ImportState.UNDOING else ImportState.FAILED
        _give_back(run, state, _("试了几次都没有办成，再办一次；还不行就找系统管理员。"), now)


def expire_imports(*, now: datetime) -> str:
    """Remove files that nobody brought in for a day, and lists that nobody fetched; timed, hourly."""
    close_dead_imports(ImportRun.objects.all(), now=now)
    lapsed = ImportRun.objects.lapsed(now)
    over = lapsed.filter(state__in=CHECKABLE).light()
    for run in over:
        run.file.unlink(missing_ok=True)
        run.progress_file.unlink(missing_ok=True)
    lapsed.exclude(handout_sealed="").update(handout_sealed="")
    count = over.update(state=ImportState.EXPIRED, preview=[])
    return _("清除到期的导入文件%d份") % count


def _own(by: Any, run: ImportRun) -> Import:
    if run.owner_id != by.pk:
        raise NotAllowed(_("这次导入是别人的。"))
    spec = IMPORTS[run.listing]
    _allow(by, spec)
    return spec


def _allow(by: Any, spec: Import) -> None:
    if not by.has_perm(spec.perm):
        raise NotAllowed(_("没有导入%s的权限。") % spec.title)


def _brought_in(run: ImportRun, now: datetime) -> set[Any]:
    """What came into the ledger of late: two sheets that are checked at the same time do not know of each other."""
    done = ImportRun.objects.filter(listing=run.listing, state=ImportState.DONE, expires_at__gt=now)
    return set(done.values_list("pk", flat=True))


def _lock(run: ImportRun, state: ImportState) -> None:
    """Of two workers with the same job the second one finds it done; two sheets for one ledger are written one after
    the other."""
    rows = ImportRun.objects.select_for_update().filter(listing=run.listing).at_work().order_by("pk")
    locked = dict(rows.values_list("pk", "state"))
    if locked.get(run.pk) != state:
        raise Refused(_("这次导入已经办过了。"))


def _check_unused(spec: Import, run: ImportRun) -> None:
    if sentence := spec.used(run.rows):
        raise Refused(sentence)


def _tell(run: ImportRun, count: int) -> None:
    run.progress_file.write_text(str(count))


def _give_back(run: ImportRun, state: ImportState, error: str, now: datetime) -> str:
    at_work = ImportRun.objects.filter(pk=run.pk).at_work()
    at_work.update(state=state, error=error[:400], **({"finished_at": now} if state == ImportState.FAILED else {}))
    run.progress_file.unlink(missing_ok=True)
    return error


def _note(verb: str, run: ImportRun, by: Any, count: int, now: datetime, note: str = "") -> None:
    audit.record(
        verb, run, by=by, changes={"rows": count, "file": run.file_name, "sha256": run.sha256}, note=note, now=now
    )


def _cell(run: ImportRun) -> str:
    return crypto.cell(run._meta.label_lower, "handout", run.pk)
