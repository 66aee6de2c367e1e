"""Opening a workbook: what it is, how far it reaches, and whether reading it could do harm."""

import re
import zipfile
from codecs import BOM_UTF8
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from xml.parsers import expat

from django.utils.translation import gettext as _
from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from brigade.kit import archives
from brigade.kit.importing import cells
from brigade.kit.refusals import Refused

MAX_BYTES = 20 * 1024 * 1024
MAX_XML = 60 * 1024 * 1024
"""All that is unpacked of one workbook."""
MAX_ROWS = 20_000
MAX_COLUMNS = 100
MAX_SIGNS = 50_000_000
"""What all cells together may say: a text that is kept once can be named by every cell."""
MAX_TEXTS = 5_000_000
"""The reader makes room for as many texts as a workbook says that it has, and dies if there is none."""
MAX_AREA = 10_000_000
"""Cells of all sheets together, blank ones between others too: each sheet is laid out to be searched."""
MAX_DEPTH = 50
MAX_NAMES = 5_000
"""How deep the elements of a part lie inside each other, and how many names they have; both are kept in memory."""
SLACK_LINES = 500
"""Lines that a full sheet may hold besides its rows: title, totals, headings repeated on each printed page."""


@dataclass(frozen=True, slots=True)
class Book:
    """A workbook that may be read: only its measured parts, packed anew."""

    content: bytes
    sheets: tuple[str, ...]
    since: datetime
    too_large: bool
    """Whether a sheet was left out because it has too many rows or columns, or too much text."""


def open_book(source: bytes | Path) -> Book:
    """The workbook, after its archive is checked and each part measured. Refuses, and says how to mend it, what is
    too large, locked, of an older or another kind, with macros, or built to fill the memory."""
    content = _bytes_of(source)
    with archives.opened(content) as archive:
        names = archive.namelist()
        if "xl/workbook.xml" not in names or "[Content_Types].xml" not in names:
            raise Refused(_not_a_workbook())
        parts = [name for name in names if name.endswith((".xml", ".rels"))]
        if len({name.casefold() for name in parts}) < len(parts):
            raise Refused(archives.broken())
        if sum(archive.getinfo(name).file_size for name in parts) > MAX_XML:
            raise Refused(_("表格展开后过大，请新建一个工作簿，只放要导入的那张表，再导入。"))
        return _measured(archive, parts)


def _bytes_of(source: bytes | Path) -> bytes:
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    if size > MAX_BYTES:
        limits = {"max": MAX_BYTES // 1024 // 1024, "n": -(-size // 1024 // 1024)}
        raise Refused(_("表格最大%(max)dMB，这个有%(n)dMB；请删去图片，或分成几个文件再导入。") % limits)
    content = source if isinstance(source, bytes) else source.read_bytes()
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise Refused(_("工作簿有密码，请在Excel或WPS里去掉密码，另存后再导入。"))
        raise Refused(_("这是旧版的xls文件，请在Excel或WPS里另存为xlsx后再导入。"))
    if content[:200].removeprefix(BOM_UTF8).lstrip().startswith(b"<"):
        raise Refused(_("这是网页格式的表格，只是名字像Excel；请在Excel或WPS里打开，另存为时类型选xlsx，再导入。"))
    if not content.startswith(b"PK\x03\x04"):
        raise Refused(_not_a_workbook())
    return content


def _not_a_workbook() -> str:
    return _("这不是Excel工作簿，请在Excel或WPS里打开，另存为时类型选xlsx，再导入。")


def _measured(archive: zipfile.ZipFile, parts: list[str]) -> Book:
    """What the reader gets is what was measured here: it believes what a file says of itself, and a sheet with one
    cell in the last corner would take all memory."""
    output, seen, area, too_large = BytesIO(), _Scan(), 0, False
    with zipfile.ZipFile(output, "w", zipfile.ZIP_STORED) as kept:
        for name in sorted(parts, key=lambda name: name.casefold() != _SHARED):
            part = archive.read(name)
            archives.check_xml(part)
            seen.measure(name.casefold(), part)
            size = seen.right * seen.bottom
            is_long = seen.right > MAX_COLUMNS or seen.bottom > MAX_ROWS + SLACK_LINES or seen.signs > MAX_SIGNS
            if is_long or area + size > MAX_AREA:
                too_large = True
            else:
                area += size
                kept.writestr(zipfile.ZipInfo(name), _ERROR_CELL.sub(rb'\1"str"', part) if seen.right else part)
    content = output.getvalue()
    with reader(content) as book:
        sheets = tuple(
            sheet.name
            for sheet in book.sheets_metadata
            if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible
        )
    return Book(content, sheets, cells.SINCE_1904 if seen.is_1904 else cells.SINCE_1900, too_large)


_SHARED = "xl/sharedstrings.xml"
"""Texts that cells name by number: measured first."""
_LISTS = frozenset(("xl/workbook.xml", "xl/_rels/workbook.xml.rels"))
"""Where the sheets are named: each stands there once, or one would be read again and again."""
_ERROR_CELL = re.compile(rb"""(<(?:\w+:)?c\s[^<>]*\bt=)["']e["']""")
"""The reader shows a failed formula as a blank; as text it says what it is."""
_INDEX = re.compile(rb"<(?:[\w.-]+:)?v>([0-9]{1,7})")
"""The number of a shared text, as it stands: what else may be written there, two readers may take for two numbers."""
_LONG_TAG = re.compile(rb"<[^<]{1000000}")
"""No cell holds so long a text, and no tag so many attributes."""
_STEP = 1024 * 1024


class _Scan:
    """How far the parts of a workbook reach: each is read once through, nothing is kept but numbers."""

    def __init__(self) -> None:
        self.is_1904 = False
        self._lengths: list[int] = []
        self._numbers: dict[str, int] = {}

    def measure(self, name: str, part: bytes) -> None:
        """`right` and `bottom` are the furthest cell with a value, `signs` what all cells together say."""
        self.right = self.bottom = self.signs = self._row = self._line = self._column = self._depth = self._begun = 0
        self._part, self._is_named, self._is_shared, self._is_list = part, False, name == _SHARED, name in _LISTS
        self._listed: set[str] = set()
        names: dict[str, str] = {}
        parser = self._parser = expat.ParserCreate("utf-8", intern=names)  # as the reader takes it, whatever it says
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        if self._is_shared:
            parser.CharacterDataHandler = self._text
        try:
            if _LONG_TAG.search(part):
                raise ValueError("tag")
            for at in range(0, len(part), _STEP):
                parser.Parse(part[at : at + _STEP], False)
                if len(names) > MAX_NAMES:
                    raise ValueError("names")
            parser.Parse(b"", True)
        except (expat.ExpatError, ValueError, IndexError) as error:
            raise Refused(archives.broken()) from error

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH or self._begun:
            raise ValueError(name)
        name = name.rpartition(":")[2]
        if name == "c":
            self._is_named = attributes.get("t") == "s"
            place = attributes.get("r")
            if place is None:
                self._column, self._line = self._column + 1, self._row
            else:
                letters = place.rstrip("0123456789")
                self._column = self._numbers.get(letters) or self._number(letters)
                self._line = int(place[len(letters) :])
        elif name == "v" or name == "is":
            if self._is_named:
                self._begun = self._parser.CurrentByteIndex
            if self._column > self.right:
                self.right = self._column
            if self._line > self.bottom:
                self.bottom = self._line
        elif name == "row":
            self._row = int(attributes["r"]) if "r" in attributes else self._row + 1
            self._column = 0
        elif name == "si":
            if not self._is_shared or self._depth != 2:
                raise ValueError(name)
            self._lengths.append(0)
        elif name == "workbookPr":
            self.is_1904 = attributes.get("date1904") in ("1", "true")
        elif name == "sst":
            for claim in ("count", "uniqueCount"):
                if int(attributes.get(claim, 0)) > MAX_TEXTS:
                    raise ValueError(claim)
        elif self._is_list and name in ("sheet", "Relationship"):
            named = attributes.get("Target") or next((v for k, v in attributes.items() if k.endswith(":id")), "")
            named = named.casefold().replace("\\", "/").removeprefix("/").removeprefix("xl/")
            if named in self._listed or len(self._listed) > archives.MAX_ENTRIES:
                raise ValueError(named)
            self._listed.add(named)

    def _end(self, _name: str) -> None:
        self._depth -= 1
        if self._begun:
            found = _INDEX.fullmatch(self._part, self._begun, self._parser.CurrentByteIndex)
            if found is None:
                raise ValueError("index")
            self.signs += self._lengths[int(found[1])]
            self._begun = 0

    def _text(self, text: str) -> None:
        if self._lengths:
            self._lengths[-1] += len(text)

    def _number(self, letters: str) -> int:
        if len(letters) > 3:
            raise ValueError(letters[:9])
        found = 0
        for letter in letters.upper():
            found = found * 26 + "ABCDEFGHIJKLMNOPQRSTUVWXYZ".index(letter) + 1
        self._numbers[letters] = found
        return found


def reader(content: bytes) -> CalamineWorkbook:
    try:
        return CalamineWorkbook.from_filelike(BytesIO(content))
    except CalamineError as error:
        raise Refused(archives.broken()) from error
