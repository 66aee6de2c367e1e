"""Small files of every kind, sound and otherwise."""

import io
import zipfile

import docx
import openpyxl
from PIL import Image

TYPES = '<?xml version="1.0"?><Types/>'


def picture(encoding="JPEG", size=(40, 20), mode="RGB", **options):
    output = io.BytesIO()
    Image.new(mode, size, 200 if mode in ("L", "P") else None).save(output, encoding, **options)
    return output.getvalue()


def picture_with_place(orientation=1):
    """A photo as a phone makes it: with its place, its device, and lying on its side."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "SecretPhone"
    exif.get_ifd(0x8825)[2] = (36.0, 20.0, 4.0)
    return picture(exif=exif.tobytes())


def pdf():
    return b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\nstartxref\n9\n%%EOF\n"


def word():
    output = io.BytesIO()
    document = docx.Document()
    document.add_paragraph("会议记录")
    document.save(output)
    return output.getvalue()


def sheet():
    output = io.BytesIO()
    openpyxl.Workbook().save(output)
    return output.getvalue()


def archive(entries, compression=zipfile.ZIP_DEFLATED):
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", compression) as made:
        for name, content in entries:
            made.writestr(name, content)
    return output.getvalue()


def word_with(*entries):
    return archive([("[Content_Types].xml", TYPES), ("word/document.xml", "<w/>"), *entries])
