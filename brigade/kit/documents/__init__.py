"""Word forms filled from templates that the brigade can replace: declared, checked, filled, seen as PDF."""

from brigade.kit.documents.checking import Report, check_template
from brigade.kit.documents.fields import Field, Filling, WordForm
from brigade.kit.documents.filling import MEDIA_TYPE, render_docx
from brigade.kit.documents.photos import with_photos
from brigade.kit.documents.printing import as_pdf, can_print

__all__ = [
    "MEDIA_TYPE",
    "Field",
    "Filling",
    "Report",
    "WordForm",
    "as_pdf",
    "can_print",
    "check_template",
    "render_docx",
    "with_photos",
]
