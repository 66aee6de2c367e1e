"""A file is what its content says, and what could do harm does not come in."""

import io
import secrets
import struct
import zipfile

import pytest
from PIL import Image

from brigade.files import rules
from brigade.files.states import FileKind
from brigade.kit import archives
from brigade.kit.refusals import Refused
from tests.brigade.files import samples

ALL = list(FileKind)
NOISE = secrets.token_hex(700_000)
"""Longer than a piece that is read at once, and not to be packed tightly."""


@pytest.mark.parametrize(
    ("content", "kind", "ending"),
    [
        (samples.picture("JPEG"), FileKind.IMAGE, "jpg"),
        (samples.picture("PNG"), FileKind.IMAGE, "png"),
        (samples.pdf(), FileKind.PDF, "pdf"),
        (samples.word(), FileKind.DOCX, "docx"),
        (samples.sheet(), FileKind.XLSX, "xlsx"),
    ],
)
def test_each_kind_is_known_by_its_content(content, kind, ending):
    found = rules.checked(content, ALL)
    assert (found.kind, found.ending) == (kind, ending)
    with pytest.raises(Refused, match="这里只收"):
        rules.checked(content, [other for other in ALL if other != kind])


@pytest.mark.parametrize(
    "content",
    [
        b"MZ\x90\0program",
        b"<html><script>alert(1)</script>",
        b"<?xml version='1.0'?><svg/>",
        b"GIF89a" + b"\0" * 40,
        b"just text",
        b"PK\x05\x06" + b"\0" * 18,
    ],
)
def test_any_other_content_is_refused(content):
    with pytest.raises(Refused, match="这里只收图片、PDF文件、Word文档、Excel表格"):
        rules.checked(content, ALL)


# Pictures


def test_a_photo_is_kept_without_place_and_device():
    assert b"SecretPhone" in samples.picture_with_place()
    kept = rules.checked(samples.picture_with_place(), ALL).content
    assert b"SecretPhone" not in kept
    assert not Image.open(io.BytesIO(kept)).getexif()


def test_a_photo_that_lies_on_its_side_is_set_upright():
    kept = rules.checked(samples.picture_with_place(orientation=6), ALL).content
    assert Image.open(io.BytesIO(kept)).size == (20, 40)


@pytest.mark.parametrize("encoding", ["JPEG", "PNG"])
def test_nonsense_about_a_photo_keeps_nobody_from_showing_it(encoding):
    """A device that writes words where numbers belong; the picture is sound, and is set upright all the same."""
    said = struct.pack("<2sHIHHHIHHHHIII", b"II", 42, 8, 2, 0x0112, 3, 1, 6, 0, 0x0103, 2, 5, 38, 0) + b"jpeg\0"
    kept = rules.checked(samples.picture(encoding, exif=b"Exif\0\0" + said), ALL).content
    assert Image.open(io.BytesIO(kept)).size == (20, 40)


def test_what_is_hidden_behind_a_picture_does_not_come_along():
    kept = rules.checked(samples.picture("PNG") + b"<?php evil ?>", ALL).content
    assert b"evil" not in kept


@pytest.mark.parametrize(
    ("encoding", "mode", "kept"),
    [
        ("PNG", "RGBA", "RGBA"),
        ("PNG", "LA", "RGBA"),
        ("PNG", "P", "RGB"),
        ("PNG", "1", "RGB"),
        ("PNG", "L", "L"),
        ("JPEG", "L", "L"),
        ("JPEG", "CMYK", "RGB"),
    ],
)
def test_pictures_in_every_colour_space_are_kept(encoding, mode, kept):
    found = rules.checked(samples.picture(encoding, mode=mode), ALL)
    assert Image.open(io.BytesIO(found.content)).mode == kept


@pytest.mark.parametrize("encoding", ["JPEG", "PNG"])
def test_half_a_picture_is_refused(encoding):
    whole = samples.picture(encoding, size=(200, 200))
    with pytest.raises(Refused, match="图片已损坏"):
        rules.checked(whole[: len(whole) // 2], ALL)


def test_a_picture_that_would_fill_the_memory_is_refused(monkeypatch):
    monkeypatch.setattr(rules, "MAX_PIXELS", 799)
    with pytest.raises(Refused, match="图片过大"):
        rules.checked(samples.picture(), ALL)


def test_the_same_picture_is_kept_as_the_same_content():
    assert rules.checked(samples.picture(), ALL) == rules.checked(samples.picture(), ALL)


# PDF and Office


@pytest.mark.parametrize("content", [b"%PDF-1.4\n", samples.pdf()[:-20]])
def test_half_a_pdf_is_refused(content):
    with pytest.raises(Refused, match="不完整"):
        rules.checked(content, ALL)


def test_a_plain_archive_is_no_document():
    with pytest.raises(Refused, match="这是压缩包"):
        rules.checked(samples.archive([("a.txt", "x")]), ALL)


def test_a_document_is_kept_as_it_is():
    content = samples.word()
    assert rules.checked(content, ALL).content == content


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (("word/vbaProject.bin", "x"), "宏"),
        (("word/embeddings/oleObject1.bin", "x"), "宏"),
        (("word/activeX/activeX1.xml", "<x/>"), "宏"),
        (("word/setup.exe", "x"), "宏"),
        (("../../etc/cron.d/x", "x"), "已损坏"),
        (("/etc/passwd", "x"), "已损坏"),
        (("word/styles.xml", "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'aaaa'>]><x/>"), "外部引用"),
        (("word/styles.xml", "<!DOCTYPE x SYSTEM 'file:///etc/passwd'><x/>".encode("utf-16")), "外部引用"),
        (("word/styles.xml", f"<!--{NOISE}--><!DOCTYPE x SYSTEM 'file:///etc/passwd'><x/>"), "外部引用"),
        (("word/STYLES.XML", f"<!--{NOISE[:9000]}--><!DOCTYPE x SYSTEM 'file:///etc/passwd'><x/>"), "外部引用"),
        (("word/media/blank.bin", b"\0" * 3_000_000), "展开后过大"),
    ],
)
def test_what_a_document_may_not_carry(entry, reason):
    with pytest.raises(Refused, match=reason):
        rules.checked(samples.word_with(entry), ALL)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
@pytest.mark.parametrize("before", range(10))
def test_a_document_type_is_found_where_two_pieces_meet(monkeypatch, encoding, before):
    monkeypatch.setattr(archives, "SMALL_ENTRY", 1000)
    start = (" " * (1000 - before)).encode()
    with pytest.raises(Refused, match="外部引用"):
        rules.checked(samples.word_with(("word/a.xml", start + "<!DOCTYPE x>".encode(encoding))), ALL)


def test_too_many_parts_are_refused(monkeypatch):
    monkeypatch.setattr(archives, "MAX_ENTRIES", 2)
    with pytest.raises(Refused, match="展开后过大"):
        rules.checked(samples.word_with(("word/a.xml", "<a/>")), ALL)


def test_too_large_a_whole_is_refused(monkeypatch):
    monkeypatch.setattr(archives, "MAX_UNPACKED", 100)
    with pytest.raises(Refused, match="展开后过大"):
        rules.checked(samples.word_with(("word/a.xml", "<a>" + "b" * 100 + "</a>")), ALL)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_part_named_twice_is_refused():
    with pytest.raises(Refused, match="已损坏"):
        rules.checked(samples.word_with(("word/document.xml", "<other/>")), ALL)


def test_a_locked_document_is_refused():
    content = bytearray(samples.word_with())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.index(mark)
        content[place + offset] |= 1
    with pytest.raises(Refused, match="密码"):
        rules.checked(bytes(content), ALL)


@pytest.mark.parametrize("cut", [0.3, 0.9])
def test_half_a_document_is_refused(cut):
    whole = samples.word()
    with pytest.raises(Refused, match="已损坏"):
        rules.checked(whole[: int(len(whole) * cut)], ALL)


def test_a_document_with_one_byte_wrong_is_refused():
    content = bytearray(samples.archive([("[Content_Types].xml", samples.TYPES), ("word/document.xml", "<w>x</w>")], 0))
    content[content.index(b"<w>x</w>") + 3] ^= 1
    with pytest.raises(Refused, match="已损坏"):
        rules.checked(bytes(content), ALL)


def test_a_document_whose_packing_is_broken_is_refused():
    part = b"".join(n.to_bytes(2, "big") for n in range(2000))
    content = bytearray(samples.archive([("[Content_Types].xml", samples.TYPES), ("word/document.xml", part)], 8))
    start = content.index(b"word/document.xml") + len("word/document.xml")
    content[start : start + 200] = b"\xff" * 200
    with pytest.raises(Refused, match="已损坏"):
        rules.checked(bytes(content), ALL)


def test_a_packing_that_no_office_program_uses_is_refused():
    with pytest.raises(Refused, match="已损坏"):
        rules.checked(samples.archive([("word/document.xml", "<w/>")], zipfile.ZIP_LZMA), ALL)
