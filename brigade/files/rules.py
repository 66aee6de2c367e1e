"""What a file really is, by its content and its structure, and whether it may be kept. Pure: bytes in, bytes out.

And which Word file may take the place of a form: who puts it there is the business administrator."""

from collections.abc import Collection
from dataclasses import dataclass
from io import BytesIO
from threading import Lock

import filetype
from django.utils.translation import gettext as _
from PIL import ExifTags, Image, UnidentifiedImageError

from brigade.files.states import FileKind
from brigade.kit import archives
from brigade.kit.documents import Report, WordForm, check_template
from brigade.kit.refusals import Refused

GRANTS = {"files.change_formtemplate": ("business_admin",)}

MAX_PIXELS = 50_000_000
FORM_MAX_BYTES = 5 * 1024 * 1024
OLD_WORD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How the files of Word begin that are .doc, or .docx with a password."""

_IMAGE_FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG"}
_UPRIGHT: dict[object, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""How a picture was held → how it is turned."""
_DRAWING = Lock()
"""Some kilobytes may be a picture of fifty million pixels: one is unpacked at a time, however many come in."""
_OFFICE_PARTS = {FileKind.DOCX: "word/document.xml", FileKind.XLSX: "xl/workbook.xml"}
_OFFICE = "application/vnd.openxmlformats-officedocument"
_MEDIA_TYPES = {
    FileKind.PDF: "application/pdf",
    FileKind.DOCX: f"{_OFFICE}.wordprocessingml.document",
    FileKind.XLSX: f"{_OFFICE}.spreadsheetml.sheet",
}


@dataclass(frozen=True)
class Checked:
    """A file that may be kept, in the form in which it is kept."""

    kind: FileKind
    media_type: str
    ending: str
    content: bytes


def checked(content: bytes, kinds: Collection[str]) -> Checked:
    """The file as it is kept; refuses one that is broken, dangerous, or of no kind among `kinds`.

    The name and the type that the browser sends have no say.
    """
    guessed = filetype.guess_mime(content[:8192]) or ""
    if guessed in _IMAGE_FORMATS:
        found = _checked_image(content, guessed)
    elif guessed == "application/pdf":
        found = _checked_pdf(content)
    elif content.startswith(b"PK\x03\x04"):
        found = _checked_office(content)
    else:
        raise Refused(_only(kinds))
    if found.kind not in kinds:
        raise Refused(_only(kinds))
    return found


def _only(kinds: Collection[str]) -> str:
    names = "、".join(str(FileKind(kind).label) for kind in kinds)
    if FileKind.IMAGE in kinds:
        return _("这里只收%(names)s，图片须为JPG或PNG。") % {"names": names}
    return _("这里只收%(names)s，这个文件的内容不是。") % {"names": names}


def _checked_image(content: bytes, media_type: str) -> Checked:
    """The picture drawn anew: upright, without place, device or hidden data that came along."""
    encoding = _IMAGE_FORMATS[media_type]
    output = BytesIO()
    try:
        with _DRAWING, Image.open(BytesIO(content), formats=[encoding]) as image:
            if image.width * image.height > MAX_PIXELS:
                raise Refused(_("图片过大，最多5000万像素，请缩小后再传。"))
            clean = _upright(image, _mode(image, encoding))
            clean.info.clear()
            clean.save(output, encoding, **({"quality": 88} if encoding == "JPEG" else {}))
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise Refused(_("图片已损坏，打不开。")) from error
    return Checked(FileKind.IMAGE, media_type, "jpg" if encoding == "JPEG" else "png", output.getvalue())


def _upright(image: Image.Image, mode: str) -> Image.Image:
    """What it shows, as it was held. Of what its maker wrote about it only that is read: the rest may be nonsense."""
    turn = _UPRIGHT.get(image.getexif().get(ExifTags.Base.Orientation))
    drawn = image if image.mode == mode else image.convert(mode)
    return drawn if turn is None else drawn.transpose(turn)


def _mode(image: Image.Image, encoding: str) -> str:
    if image.mode in ("L", "RGB"):
        return image.mode
    return (
        "RGBA" if encoding == "PNG" and (image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info) else "RGB"
    )


def _checked_pdf(content: bytes) -> Checked:
    if not content.startswith(b"%PDF-") or b"%%EOF" not in content[-2048:] or b"startxref" not in content[-2048:]:
        raise Refused(_("PDF文件不完整，请重新导出后再传。"))
    return Checked(FileKind.PDF, _MEDIA_TYPES[FileKind.PDF], "pdf", content)


def _checked_office(content: bytes) -> Checked:
    """A Word or Excel file whose parts are what they claim: no bomb, no macro, no path out, no entity."""
    with archives.opened(content) as archive:
        names = set(archive.namelist())
        for name in names:
            if name.lower().endswith((".xml", ".rels", ".vml")):
                archives.check_entry(archive, name)
        if archive.testzip() is not None:
            raise Refused(archives.broken())
    for kind, part_name in _OFFICE_PARTS.items():
        if part_name in names and "[Content_Types].xml" in names:
            return Checked(kind, _MEDIA_TYPES[kind], kind.value, content)
    raise Refused(_("这是压缩包，不是Word文档或Excel表格。"))


class BadTemplate(Refused):
    """A Word file that cannot take the place of a form, with everything that is wrong with it."""

    def __init__(self, report: Report) -> None:
        super().__init__(" ".join(report.faults), field="file")
        self.report = report


def checked_form(content: bytes, form: WordForm) -> Report:
    """What there is to say of a Word file that shall take the place of the form; refuses one that may not."""
    try:
        if content.startswith(OLD_WORD):
            raise Refused(_("这是旧的.doc格式，或者加了密码；用Word另存为不加密的.docx后再传。"))
        if len(content) > FORM_MAX_BYTES:
            raise Refused(_("模板超过%dMB，把里面的图片压缩后再传。") % (FORM_MAX_BYTES // 1024 // 1024))
        checked(content, (FileKind.DOCX,))
    except Refused as refusal:
        raise BadTemplate(Report([str(refusal)])) from refusal
    report = check_template(content, form)
    if report.faults:
        raise BadTemplate(report)
    return report
