"""文书模板: the Word forms that the brigade can replace, each with its fields, a check, a preview and its history."""

from __future__ import annotations

from io import BytesIO

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from brigade.files import actions
from brigade.files.models import FormTemplate
from brigade.files.queries import fill, forms_in_use, open_file, warnings_of
from brigade.files.rules import BadTemplate
from brigade.files.states import BUILT_IN, FORMS
from brigade.kit.documents import MEDIA_TYPE, Field, Filling, WordForm, as_pdf, can_print
from brigade.kit.refusals import Refused
from brigade.kit.web import done, download, note_refusal, page, refused, require
from brigade.workbench.forms import FormUploadForm

PERM = "files.change_formtemplate"
LINE_NAMES = ("行", "项", "句")
"""What a line is called in the loops that the page shows, by how deep they lie."""
PDF_POLICY = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"
"""A browser shows a PDF by itself only outside a sandbox; this one we have made."""


def form_list(request: HttpRequest) -> HttpResponse:
    """Every Word form, by which version it prints and who put that into use; business administrator."""
    require(request, PERM)
    in_use = forms_in_use()
    return page(
        request, "workbench/form_list.html", {"rows": [(form, in_use.get(form.code)) for form in FORMS.values()]}
    )


def form_detail(request: HttpRequest, code: str) -> HttpResponse:
    """One form: what is in use, its fields, all versions; posted to, it takes the next one and says what is wrong."""
    require(request, PERM)
    form, status, report = _form(code), 200, None
    sent = request.method == "POST"
    upload = FormUploadForm(request.POST if sent else None, request.FILES if sent else None)
    if sent:
        status = 422
        if upload.is_valid():
            try:
                made = actions.upload_form(
                    by=request.user,
                    form=form,
                    upload=upload.cleaned_data["file"],
                    note=upload.cleaned_data["note"],
                    now=timezone.now(),
                )
                return done(request, _("检查通过，是第%d版；看过效果就可以启用") % made.version, made)
            except BadTemplate as refusal:
                note_refusal(request, refusal)
                report, status = refusal.report, refusal.status
            except Refused as refusal:
                status = refused(request, upload, refusal)
    versions = list(FormTemplate.objects.filter(code=code).select_related("file").order_by("-version"))
    waiting = versions[0] if versions and versions[0].valid_from is None else None
    context = {
        "form": form,
        "upload": upload,
        "report": report,
        "versions": versions,
        "current": next((row for row in versions if row.is_in_use), None),
        "waiting": waiting,
        "warnings": warnings_of(waiting) if waiting else [],
        "fields": [(field, _snippet(field)) for field in form.fields],
        "fillings": Filling.choices,
        "can_print": can_print(),
    }
    return page(request, "workbench/form_detail.html", context, status=status)


def _form(code: str) -> WordForm:
    if code not in FORMS:
        raise Http404(_("没有这种文书。"))
    return FORMS[code]


def _snippet(field: Field, whole: str = "", depth: int = 0) -> list[str]:
    """How the field is written into a template, a paragraph each."""
    name, line = whole or str(field.label), LINE_NAMES[depth]
    if field.fixed:
        return [f"{{{{ {name}[{n}] }}}}" for n in range(field.lines)]
    if not field.lines:
        return [f"{{{{ {name} }}}}"]
    inner = [told for part in field.parts for told in _snippet(part, f"{line}.{part.label}", depth + 1)]
    return [f"{{%p for {line} in {name} %}}", *(inner or [f"{{{{ {line} }}}}"]), "{%p endfor %}"]


def _version(code: str, version: int) -> FormTemplate:
    return get_object_or_404(FormTemplate.objects.select_related("file"), code=code, version=version)


def form_file(request: HttpRequest, code: str, version: int) -> HttpResponseBase:
    """The Word file of a version, to be changed in Word; version 0 is the portal's own."""
    require(request, PERM)
    form = _form(code)
    name = _("%(form)s模板第%(n)d版.docx") if version else _("%(form)s模板（自带）.docx")
    content = open_file(_version(code, version).file) if version else BytesIO(form.template.read_bytes())
    return download(content, name=name % {"form": form.label, "n": version}, media_type=MEDIA_TYPE)


def form_preview(request: HttpRequest, code: str, version: int, filling: str) -> HttpResponseBase:
    """A version filled with made-up contents: as PDF, or as Word where the machine cannot make one."""
    require(request, PERM)
    form = _form(code)
    if filling not in Filling.values:
        raise Http404(_("没有这种示例。"))
    if version != BUILT_IN:
        _version(code, version)
    content = fill(code, form.filled(filling), version=version)
    name = _("%(form)s（%(filling)s）") % {"form": form.label, "filling": Filling(filling).label}
    if not can_print():
        return download(BytesIO(content), name=f"{name}.docx", media_type=MEDIA_TYPE)
    answer = download(BytesIO(as_pdf(content)), name=f"{name}.pdf", media_type="application/pdf", inline=True)
    answer["Content-Security-Policy"] = PDF_POLICY
    return answer


@require_POST
def form_use(request: HttpRequest, code: str, version: int) -> HttpResponse:
    """Print by this version from now on."""
    require(request, PERM)
    row = actions.put_form_into_use(by=request.user, template=_version(code, version), now=timezone.now())
    return done(request, _("%s已启用，从现在起照它打印") % row, row)


@require_POST
def form_take_back(request: HttpRequest, code: str) -> HttpResponse:
    """Print by the portal's own form again."""
    require(request, PERM)
    row = actions.take_back_form(by=request.user, form=_form(code), now=timezone.now())
    return done(request, _("已恢复自带模板，%s留在历史里") % row, row)
