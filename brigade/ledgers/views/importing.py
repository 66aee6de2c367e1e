"""The pages of an import, inside the address of its ledger: choose a file, see what it comes to, bring it in, undo it.

`?import=new` asks for the file, `?import=template` gives the sheet to be filled in, `?import=<id>` is a run; `mend`
its file with the errors beside the cells, `undo` the question before it is taken back.
"""

from __future__ import annotations

from collections.abc import Callable
from tempfile import TemporaryFile
from typing import IO

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.kit import exporting, importing, web
from brigade.kit.refusals import Refused
from brigade.ledgers import actions
from brigade.ledgers.forms import UndoForm, UploadForm
from brigade.ledgers.models import ImportRun
from brigade.ledgers.rules import IMPORTS, Import
from brigade.ledgers.states import AT_WORK, CHECKABLE, ExportFormat


def import_url(request: HttpRequest, listing: str) -> str:
    """Where the import of a ledger begins; nothing where there is none, or none for this person."""
    spec = IMPORTS.get(listing)
    return f"{request.path}?import=new" if spec and request.user.has_perm(spec.perm) else ""


def respond(request: HttpRequest, listing: str) -> HttpResponseBase:
    """Every page and step of the import of a ledger; 403 for who may not bring rows in, 404 for another's run."""
    spec, asked = IMPORTS.get(listing), request.GET["import"]
    if spec is None:
        raise Http404(_("这个台账不能导入。"))
    if not request.user.has_perm(spec.perm):
        raise PermissionDenied(_("没有导入%s的权限。") % spec.title)
    if asked == "template":
        return _template(request, spec)
    if asked in ("", "new"):
        return _begin(request, spec)
    run = _run_of(request, spec, asked)
    if "undo" in request.GET:
        return _undo(request, run)
    if "mend" in request.GET:
        name = _("%s（改好再导入）.xlsx") % run.file_name.rpartition(".")[0]
        return _file(name, lambda file: actions.write_mended_sheet(file, by=request.user, run=run, now=timezone.now()))
    return _step(request, spec, run) if request.method == "POST" else _show(request, spec, run)


def _begin(request: HttpRequest, spec: Import) -> HttpResponse:
    status, now = 200, timezone.now()
    form = UploadForm(request.POST or None, request.FILES or None, max_rows=spec.max_rows or importing.MAX_ROWS)
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                run = actions.upload_sheet(
                    by=request.user, spec=spec, upload=form.cleaned_data["file"], path=request.path, now=now
                )
                return redirect(_address(run))
            except Refused as refusal:
                status = web.refused(request, form, refusal)
    own = ImportRun.objects.filter(owner=request.user, listing=spec.code)
    actions.close_dead_imports(own, now=now)
    context = {"spec": spec, "form": form, "runs": own.light().order_by("-created_at")[:5], "now": now}
    return web.page(request, "ledgers/import_new.html", context, status=status)


def _template(request: HttpRequest, spec: Import) -> HttpResponseBase:
    """The sheet to be filled in: one line of headings, each with what may stand below it."""
    user, now = request.user, timezone.now()

    def write(file: IO[bytes]) -> None:
        exporting.write_xlsx(
            file,
            title=str(spec.title),
            unit=str(user.unit or ""),
            filters=_("带*的必填；表头照留，从下一行填起"),
            person=f"{user.name} {user.police_no}",
            at=now,
            columns=[
                exporting.Column(_heading(spec, column), sheet.width, sheet.kind)
                for column, sheet in zip(spec.columns, importing.sheet_columns(spec.columns), strict=True)
            ],
            rows=[],
        )

    return _file(_("%s导入模板.xlsx") % spec.title, write)


def _heading(spec: Import, column: importing.Column) -> str:
    words = "、".join(str(label) for _value, label in column.choices) or str(spec.notes.get(column.code, ""))
    if not words:
        words = str(_EXAMPLES.get(column.kind, ""))
    return f"{column.label}{'*' if column.required else ''}{f'（{words}）' if words else ''}"


_EXAMPLES = {
    "date": gettext_lazy("如2026-5-3"),
    "moment": gettext_lazy("如2026-5-3 9:00"),
    "span": gettext_lazy("如2026-5-3 9:00，也可以写9:00-10:30"),
}


def _run_of(request: HttpRequest, spec: Import, asked: str) -> ImportRun:
    try:
        own = ImportRun.objects.filter(pk=asked, owner=request.user, listing=spec.code)
        actions.close_dead_imports(own, now=timezone.now())
        return own.select_related("owner").get()
    except (ImportRun.DoesNotExist, ValidationError):
        raise Http404(_("没有这次导入，或者它不是你的。")) from None


def _show(request: HttpRequest, spec: Import, run: ImportRun, status: int = 200) -> HttpResponse:
    by_code = {column.code: column for column in spec.columns}
    taken = set(run.mapping.values())
    now = timezone.now()
    context = {
        "spec": spec,
        "run": run,
        "heads": [by_code[column.code].label for column in spec.columns if column.code in taken],
        "choices": [(column.code, column.label, column.required) for column in spec.columns],
        "pairs": [(heading, sample, run.mapping.get(heading, "")) for heading, sample in run.headings],
        "missing": [column.label for column in spec.columns if column.required and column.code not in taken],
        "is_at_work": run.state in AT_WORK,
        "is_checkable": run.state in CHECKABLE and run.expires_at > now,
        "is_undoable": run.is_undoable(now),
        "new_url": f"{request.path}?import=new",
        "rows_url": f"{request.path}?imported={run.pk}",
        "here": _address(run),
    }
    return web.page(request, "ledgers/import_run.html", context, fragment="progress", status=status)


def _step(request: HttpRequest, spec: Import, run: ImportRun) -> HttpResponseBase:
    """Match the columns anew, bring it in, or fetch the list that goes along with it."""
    now, do = timezone.now(), request.POST.get("do")
    if do == "handout":
        name = _("%s名单.xlsx") % spec.title
        return _file(name, lambda file: actions.hand_out(file, by=request.user, run=run, now=now))
    if do == "confirm":
        actions.confirm_import(by=request.user, run=run, now=now)
    else:
        mapping = {
            heading: request.POST.get(f"column-{n}", "") for n, (heading, _sample) in enumerate(run.headings, start=1)
        }
        sheet = request.POST.get("sheet", "")
        actions.map_columns(by=request.user, run=run, sheet=sheet, mapping=mapping, now=now)
    return redirect(_address(run))


def _undo(request: HttpRequest, run: ImportRun) -> HttpResponse:
    return web.ask(
        request,
        UndoForm(request.POST or None),
        title=_("撤销这次导入的%d行？") % run.counts.get("new", 0),
        text=_("入库的行全部作废；有一行已经在用就不能撤销。"),
        button=_("撤销导入"),
        call=lambda reason: actions.undo_import(by=request.user, run=run, reason=reason, now=timezone.now()),
        said=_("正在撤销"),
        back=_address(run),
    )


def _address(run: ImportRun) -> str:
    return f"{run.path}?import={run.pk}"


def _file(name: str, write: Callable[[IO[bytes]], None]) -> HttpResponseBase:
    file = TemporaryFile()  # noqa: SIM115 - the response closes it
    try:
        write(file)
    except Refused:
        file.close()
        raise
    file.seek(0)
    return web.download(file, name=name, media_type=ExportFormat.XLSX.media_type)
