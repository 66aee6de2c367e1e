"""Word and Excel files as the archives that they are: what may be opened, before anything of it is unpacked. Pure."""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

from django.utils.translation import gettext as _

from brigade.kit.refusals import Refused

MAX_ENTRIES = 2_000
MAX_RATIO = 100
MAX_UNPACKED = 200 * 1024 * 1024
SMALL_ENTRY = 1024 * 1024
"""An entry up to this size may be packed as tightly as it likes: blank sheets pack a thousandfold."""

WORD_LENGTH = 64
"""Bytes of the longest word that is looked for, in the widest encoding."""


@contextmanager
def opened(content: bytes) -> Iterator[zipfile.ZipFile]:
    """The archive, its directory checked: no bomb, no password, no path out, no macro. Refuses broken ones.

    An entry that is read gives no more bytes than its checked directory says.
    """
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            _check_entries(archive.infolist())
            yield archive
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError, zlib.error) as error:
        raise Refused(broken()) from error


def broken() -> str:
    return _("文件已损坏，打不开，请重新保存一份再传。")


def check_entry(archive: zipfile.ZipFile, name: str) -> None:
    """`check_xml` of a whole entry: as much as one likes may stand before a document type. Read piece by piece."""
    rest = b""
    with archive.open(name) as entry:
        while piece := entry.read(SMALL_ENTRY):
            check_xml(rest + piece)
            rest = piece[-WORD_LENGTH:]


def check_xml(part: bytes) -> None:
    """No document type: the only way in XML to name other files, or to grow a small file into a huge one."""
    plain = part.replace(b"\0", b"")
    if b"<!DOCTYPE" in plain or b"<!ENTITY" in plain:
        raise Refused(_("文件里带有外部引用，不能收。"))


def _check_entries(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        raise Refused(_too_large())
    if len({entry.filename for entry in entries}) < len(entries):
        raise Refused(broken())
    for entry in entries:
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Refused(broken())
        if entry.file_size > SMALL_ENTRY and entry.file_size > entry.compress_size * MAX_RATIO:
            raise Refused(_too_large())
        if entry.flag_bits & 1:
            raise Refused(_("文件有密码，请去掉密码后再传。"))
        if entry.filename.startswith("/") or "\\" in entry.filename or ".." in entry.filename.split("/"):
            raise Refused(broken())
        if entry.filename.lower().endswith(("vbaproject.bin", ".exe", ".dll", ".js", ".vbs")) or (
            "/embeddings/" in entry.filename.lower() or "/activex/" in entry.filename.lower()
        ):
            raise Refused(_("文件里带有宏或嵌入的程序，请另存为不带宏的文档后再传。"))


def _too_large() -> str:
    return _("文件展开后过大，不能收；请删去多余的空白行列和图片后再传。")
