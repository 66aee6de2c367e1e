"""Workbooks as a brigade keeps them, for the tests of imports."""

from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def book(rows, *, merge=(), sheets=(), name="台账.xlsx"):
    """An upload: `rows` from the first line on, cells of `merge` merged, further `sheets` by title."""
    made = Workbook()
    made.active.title = "台账"
    for row in rows:
        made.active.append(row)
    for area in merge:
        made.active.merge_cells(area)
    for title, lines in sheets:
        sheet = made.create_sheet(title)
        for line in lines:
            sheet.append(line)
    content = BytesIO()
    made.save(content)
    return SimpleUploadedFile(name, content.getvalue(), content_type=MEDIA_TYPE)


def again(content, name="改好.xlsx"):
    return SimpleUploadedFile(name, content, content_type=MEDIA_TYPE)
