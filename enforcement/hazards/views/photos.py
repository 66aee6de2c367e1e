"""Photos: put away while the rest is still being typed, and shown to whoever may see the record."""

from __future__ import annotations

from io import BytesIO
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from brigade.files import actions as files
from brigade.files.models import File
from brigade.files.queries import open_file
from brigade.files.states import FileKind
from brigade.kit.refusals import Refused
from brigade.kit.web import download, get_visible, note_refusal, page
from enforcement.hazards import rules
from enforcement.hazards.forms import UPLOADS, WRONG, PhotosInput
from enforcement.hazards.models import Hazard
from enforcement.hazards.queries import sight_of


def put_away(request: HttpRequest) -> QueryDict:
    """What was typed, with the files that came along kept and their ids beside those of earlier ones."""
    typed = request.POST.copy()
    for upload in request.FILES.getlist(UPLOADS):
        try:
            typed.appendlist("photos", str(files.store(upload, by=request.user, kinds=(FileKind.IMAGE,)).pk))
        except Refused as refusal:
            note_refusal(request, refusal)
            typed.appendlist(WRONG, f"{upload.name}：{refusal}")
    return typed


@require_POST
def photo_add(request: HttpRequest) -> HttpResponse:
    """Keep photos for a form that is still being filled in; `drop` names one that is taken off again."""
    _require_any(request)
    typed = put_away(request)
    typed.setlist("photos", [pk for pk in " ".join(typed.getlist("photos")).split() if pk != typed.get("drop")])
    widget = PhotosInput()
    value = widget.value_from_datadict(typed, {}, "photos")
    context = widget.get_context("photos", value, {"id": "id_photos"})
    return page(request, PhotosInput.template_name, context | {"errors": value.errors})


@require_safe
def photo_own(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """One's own upload, small, while it belongs to no record yet."""
    file = File.objects.filter(pk=pk, by_id=request.user.pk, kind=FileKind.IMAGE).first()
    if file is None:
        raise Http404(_("没有这张照片，或者不是你传的。"))
    return _small(file)


@require_safe
def hazard_photo(request: HttpRequest, pk: UUID, number: int) -> HttpResponseBase:
    """A photo of a hazard; `small` is as wide as a page needs. Metadata went when it was uploaded."""
    record = get_visible(request, Hazard, pk)
    photo = sight_of(request.user, record).photos().filter(pk=min(number, 2**62)).first()
    if photo is None:
        raise Http404(_("没有这张照片。"))
    if "small" in request.GET:
        return _small(photo.file)
    return download(open_file(photo.file), name=photo.file.name, media_type=photo.file.media_type, inline=True)


def _small(file: File) -> HttpResponseBase:
    with open_file(file) as content:
        small = rules.made_small(content.read())
    return download(BytesIO(small), name=file.name, media_type="image/jpeg", inline=True)


def _require_any(request: HttpRequest) -> None:
    if not (request.user.has_perm("hazards.view_hazard") or request.user.has_perm("hazards.answer_hazard")):
        raise PermissionDenied(_("你没有传隐患照片的权限。"))
