"""Exports, at once or by the worker, and their end after a day."""

from collections.abc import Iterator
from datetime import datetime
from io import TextIOWrapper
from typing import IO, Any

from django.db import transaction
from django.http import QueryDict
from django.urls import resolve
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.audit import actions as audit
from brigade.jobs import actions as jobs
from brigade.jobs.models import Job
from brigade.jobs.queries import failed_of
from brigade.kit import exporting
from brigade.kit.refusals import Refused, refusing_full_disk
from brigade.ledgers import rules
from brigade.ledgers.actions.saved_views import check_length
from brigade.ledgers.models import ExportRun, ExportRunQuerySet
from brigade.ledgers.states import ExportFormat, ExportState
from brigade.ledgers.tables import Sheet


def export_now(file: IO[bytes], sheet: Sheet, *, by: Any, title: str, file_format: str, now: datetime) -> None:
    """Write a short export; for whoever may see the ledger, of what he sees. Audited with its conditions and its number
    of rows, before it is sent."""
    with refusing_full_disk():
        written = _write(file, sheet, sheet.values(), by=by, title=title, file_format=file_format, now=now)
        file.flush()
    note_export(None, by=by, title=title, conditions=sheet.conditions_text, count=written)


@transaction.atomic
def queue_export(*, by: Any, now: datetime, **asked: Any) -> ExportRun:
    """Hand a long export to the worker; for whoever may see the ledger.

    Asking again while it is under way gives the same one.

    `asked` are the fields of ExportRun that name the ledger: listing, path, query, title, conditions, format.
    """
    check_length(asked["query"])
    same = ExportRun.objects.filter(owner=by, **{name: asked[name] for name in ("listing", "path", "query", "format")})
    close_given_up(same, now=now)
    run = same.open().first()
    if run is None:
        run = ExportRun.objects.create(owner=by, created_at=now, **asked)
        jobs.enqueue("ledgers.export", key=_job_key(run), payload={"run": str(run.pk)})
    return run


def close_given_up(runs: ExportRunQuerySet, *, now: datetime) -> None:
    """Those of `runs` whose job was given up have failed: they say so, and may be asked for again."""
    by_key = {_job_key(run): run for run in runs.open()}
    for key in failed_of(by_key):
        by_key[key].file.unlink(missing_ok=True)
        _finish(by_key[key], ExportState.FAILED, now, error=_("试了几次都没有导出成，再导一次；还不行就找系统管理员。"))


def run_export(*, job: Job) -> str:
    """Write the file of a queued export, as far as the owner's rights reach now; a second run writes it anew.

    The address is resolved to its ledger, so the worker and the page share scope, filters and columns.
    """
    run = ExportRun.objects.select_related("owner").get(pk=job.payload["run"])
    match = resolve(run.path)
    view: Any = match.func
    listing = view.view_class
    now = timezone.now()
    if not run.owner.has_perm(listing.permission):
        return _finish(run, ExportState.FAILED, now, error=_("没有查看这个台账的权限。"))
    sheet = listing.sheet(run.owner, QueryDict(run.query), **match.kwargs)
    total = sheet.queryset.count()
    if total > rules.EXPORTED:
        limit = f"{rules.EXPORTED:,}"
        return _finish(run, ExportState.FAILED, now, error=_("超过%s条，分几次按日期导出。") % limit)
    ExportRun.objects.filter(pk=run.pk).update(state=ExportState.RUNNING, written=0, total=total)
    rows = _told(sheet.values(), run, total, job)
    try:
        with refusing_full_disk(run.file):
            run.file.parent.mkdir(parents=True, exist_ok=True)
            with run.file.open("wb") as file:
                written = _write(file, sheet, rows, by=run.owner, title=run.title, file_format=run.format, now=now)
    except Refused as refusal:
        return _finish(run, ExportState.FAILED, now, error=str(refusal))
    with transaction.atomic():
        note_export(run, by=run.owner, title=run.title, conditions=run.conditions, count=written)
        return _finish(run, ExportState.DONE, now, written=written, expires_at=now + rules.KEEP_EXPORT)


def note_download(*, by: Any, run: ExportRun) -> None:
    """Leave an audit row before the file of `run` goes to its owner."""
    sentence = _("下载%(title)s，%(count)d条") % {"title": run.title, "count": run.written}
    audit.record("ledger.downloaded", run, by=by, sentence=sentence)


def expire_exports(*, now: datetime) -> str:
    """Remove the files of exports that have been kept for a day, and of those that were given up; timed, hourly."""
    close_given_up(ExportRun.objects.all(), now=now)
    lapsed = list(ExportRun.objects.lapsed(now))
    for run in lapsed:
        run.file.unlink(missing_ok=True)
    ExportRun.objects.filter(pk__in=[run.pk for run in lapsed]).update(state=ExportState.EXPIRED)
    return _("清除到期导出%d份") % len(lapsed)


def _job_key(run: ExportRun) -> str:
    return f"ledgers.export:{run.pk}"


def _write(
    file: IO[bytes], sheet: Sheet, rows: Iterator[list[Any]], *, by: Any, title: str, file_format: str, now: datetime
) -> int:
    """Columns and rows as on the screen; in a workbook with title, unit, conditions, person and time on top."""
    if file_format == ExportFormat.CSV:
        text = TextIOWrapper(file, encoding="utf-8", newline="")
        written = exporting.write_csv(text, sheet.columns(), rows)
        text.detach()
        return written
    return exporting.write_xlsx(
        file,
        title=title,
        unit=sheet.unit_name,
        filters=sheet.conditions_text,
        person=f"{by.name} {by.police_no}",
        at=now,
        columns=sheet.columns(),
        rows=rows,
    )


def _told(rows: Iterator[list[Any]], run: ExportRun, total: int, job: Job) -> Iterator[list[Any]]:
    """The rows, telling run and job now and then how far they are."""
    for done, row in enumerate(rows, start=1):
        yield row
        if done % rules.REPORT_EVERY == 0:
            ExportRun.objects.filter(pk=run.pk).update(written=done)
            jobs.progress(job, done * 100 // total)


def _finish(run: ExportRun, state: ExportState, now: datetime, **changes: Any) -> str:
    ExportRun.objects.filter(pk=run.pk).update(state=state, finished_at=now, **changes)
    return str(changes.get("error") or _("%d条") % changes["written"])


def note_export(run: ExportRun | None, *, by: Any, title: str, conditions: str, count: int) -> None:
    """Leave an audit row of a file that left the portal: which list, by what conditions, how many rows."""
    words = {"title": title, "conditions": conditions, "count": count}
    sentence = _("导出%(title)s，%(count)d条，条件：%(conditions)s") % words
    audit.record("ledger.exported", run, by=by, sentence=sentence, changes={"conditions": conditions, "rows": count})
