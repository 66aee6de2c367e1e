"""Photos behind a filled Word form."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import IO

import docx
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Mm

WIDTH = Mm(74)


def with_photos(content: BytesIO, photos: Iterable[tuple[Callable[[], IO[bytes]], str]]) -> BytesIO:
    """The document with a last page of photos, two a row, each given as what opens it and what stands below it."""
    photos = list(photos)
    if not photos:
        return content
    document = docx.Document(content)
    document.add_page_break()
    table = document.add_table(rows=0, cols=2)
    for number, (opened, caption) in enumerate(photos):
        if number % 2 == 0:
            table.add_row()
        cell = table.rows[-1].cells[number % 2]
        place = cell.paragraphs[0]
        place.alignment = WD_ALIGN_PARAGRAPH.CENTER
        place.paragraph_format.line_spacing = 1.0  # an exact line height would cut the picture
        with opened() as picture:
            place.add_run().add_picture(picture, width=WIDTH)
        if caption:
            cell.add_paragraph(caption).alignment = WD_ALIGN_PARAGRAPH.CENTER
    output = BytesIO()
    document.save(output)
    output.seek(0)
    return output
