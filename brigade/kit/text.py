"""Cleaning of text that people type or paste, and of text on its way into files."""

import re
import unicodedata

from django.utils.translation import gettext as _

from brigade.kit.refusals import Refused

# NUL and control characters, single surrogates, non-characters, byte order marks, and the invisible marks that turn
# the reading direction round (with one, 回执fdp.exe is shown as 回执exe.pdf). Tab, line feed and carriage return stay.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff"
    "\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]"
)
_ACCENTS = "".join(chr(code) for code in range(0x300, 0x1E950) if unicodedata.combining(chr(code)))
_HEAP = re.compile(f"([{_ACCENTS}]{{30}})[{_ACCENTS}]+")
_SPACES = re.compile(r"[ \t\r\n\u00a0\u3000]+")
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}


def strip_unsafe(value: str) -> str:
    """The text without characters that no database, sheet, document or reader can do with."""
    return value if value.isprintable() else _UNSAFE.sub("", value)


def clean_text(value: str, *, multiline: bool = False) -> str:
    """Typed text as it is stored: NFC, no unsafe characters, outer blanks gone; a single line unless `multiline`."""
    text = composed(strip_unsafe(value))
    if not multiline:
        return _SPACES.sub(" ", text).strip()
    lines = (line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    return "\n".join(lines).strip()


def composed(value: str) -> str:
    """NFC. Of accents heaped on one letter thirty stay, more than any writing has: to put them in order takes the
    square of their number, and a page of them would stop the portal for minutes."""
    return value if value.isascii() else unicodedata.normalize("NFC", _HEAP.sub(r"\1", value))


def half_width(value: str) -> str:
    """Full-width letters, digits and signs (１２３ＡＢＣ－) as their plain forms."""
    return value.translate(_FULL_WIDTH)


def normalise_code(value: str) -> str:
    """An ID number, phone or plate as it is compared: plain forms, capitals, no blanks, dots or dashes."""
    return re.sub(r"[\s.·•\-—–]+", "", half_width(strip_unsafe(value))).upper()


def whole_number(value: str) -> int | None:
    """A number out of an address or a hidden field, as far as any key may go; nothing for what else stands there."""
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 18 else None


def needed(text: str, field: str, sentence: str, *, multiline: bool = False) -> str:
    """The cleaned text of a field that must not be empty; `sentence` says what to write."""
    text = clean_text(text, multiline=multiline)
    if not text:
        raise Refused(sentence, field=field)
    return text


def fitting(text: str, limit: int, field: str) -> str:
    """The cleaned text of a field that holds `limit` characters. Refused when longer: nothing is cut off in silence."""
    text = clean_text(text)
    if len(text) > limit:
        raise Refused(_("最多%(limit)d个字，现在是%(n)d个") % {"limit": limit, "n": len(text)}, field=field)
    return text
