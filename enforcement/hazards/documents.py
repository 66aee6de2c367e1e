"""Documents about a hazard as Word, filled from what was kept when each was issued; layout after GB/T 9704-2012."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import docx
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Mm

from brigade.files.queries import open_file
from brigade.kit.documents import render_docx
from enforcement.hazards.models import Hazard, HazardDocument
from enforcement.hazards.states import DocumentKind, PhotoKind

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
FOLDER = Path(settings.BASE_DIR) / "templates" / "documents"
PHOTO_WIDTH = Mm(74)
FIELDS = (
    "document_no", "issuer", "signer", "number", "title", "description", "category", "defect", "defect_text",
    "standard", "grade", "source", "where", "place", "location", "town", "village", "point", "owner", "unit",
    "discovered_on",
    "notified_on", "due_on", "issued_on", "suggestion", "interim_measures", "plan_measures", "plan_funds",
    "plan_person", "plan_due_on", "plan_emergency", "completed_on", "completion_note", "photos",
)  # fmt: skip
"""What every template may name."""
LATE = ("days_overdue", "history")
VERIFIED = (
    "verified_on", "verifiers", "verifier_names", "checks", "distance", "no_fix", "verdict", "on_time", "submitted_on",
)  # fmt: skip
MORE: dict[str, tuple[str, ...]] = {
    DocumentKind.REMINDER: LATE,
    DocumentKind.URGING: LATE,
    DocumentKind.GOVERNMENT: LATE,
    DocumentKind.LISTING: LATE,
    DocumentKind.EXTENSION: ("extension_days", "extension_reason", "old_due_on", "answer"),
    DocumentKind.VERIFICATION: VERIFIED,
    DocumentKind.CLOSING: VERIFIED,
}
"""What the template of one kind may name besides."""
WITH_PHOTOS = frozenset({DocumentKind.NOTICE, DocumentKind.ADVICE, DocumentKind.VERIFICATION})


def template_of(kind: str) -> Path:
    return FOLDER / f"hazard_{kind}.docx"


def fields_of(kind: str) -> tuple[str, ...]:
    """What a template of that kind may name."""
    return FIELDS + MORE.get(kind, ())


def context_of(document: HazardDocument) -> dict[str, Any]:
    """The values of the fields, as they were when it was issued; what was not known then stays empty."""
    facts: Mapping[str, Any] = document.facts
    context = {name: facts.get(name, "") for name in fields_of(document.kind)}
    spot = (facts.get("where", ""), f"{facts.get('town', '')}{facts.get('village', '')}", facts.get("place", ""))
    context["location"] = "，".join(filter(None, spot))
    context["defect_text"] = _("（%s）") % facts["defect"] if facts.get("defect") else ""
    if "verifiers" in context:
        context["verifier_names"] = "、".join(context["verifiers"])
    return context


def paper(document: HazardDocument) -> tuple[BytesIO, str]:
    """The document as Word, and its file name; it says today what it said when it was issued.

    Notices and the record of a verification carry their photos on a last page, the latter before beside after.
    """
    content = BytesIO(render_docx(template_of(document.kind), context_of(document)))
    if document.kind in WITH_PHOTOS:
        content = _with_photos(content, document)
    return content, f"{document.get_kind_display()}{document.number}.docx"


def _with_photos(content: BytesIO, document: HazardDocument) -> BytesIO:
    kinds = [PhotoKind.BEFORE]
    if document.kind == DocumentKind.VERIFICATION:
        kinds += [PhotoKind.AFTER, PhotoKind.VERIFICATION]
    hazard: Hazard = document.hazard
    rows = hazard.photos.filter(kind__in=kinds, taken_at__lte=document.issued_at).select_related("file")
    pictures = sorted(rows.order_by("taken_at", "pk"), key=lambda photo: kinds.index(PhotoKind(photo.kind)))
    if not pictures:
        return content
    word = docx.Document(content)
    word.add_page_break()
    table = word.add_table(rows=0, cols=2)
    for number, photo in enumerate(pictures):
        if number % 2 == 0:
            table.add_row()
        cell = table.rows[-1].cells[number % 2]
        place = cell.paragraphs[0]
        place.alignment = WD_ALIGN_PARAGRAPH.CENTER
        place.paragraph_format.line_spacing = 1.0  # an exact line height would cut the picture
        with open_file(photo.file) as picture:
            place.add_run().add_picture(picture, width=PHOTO_WIDTH)
        taken = f"{timezone.localtime(photo.taken_at):%Y-%m-%d %H:%M}"
        cell.add_paragraph(f"{photo.get_kind_display()} {taken}").alignment = WD_ALIGN_PARAGRAPH.CENTER
    output = BytesIO()
    word.save(output)
    output.seek(0)
    return output
