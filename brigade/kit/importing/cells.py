"""What people type into the cells of a sheet, as values. Pure: a cell in, a value out, `None` for a blank one.

Whatever cannot be understood is `Refused` with the sentence that stands beside the cell; nothing is guessed.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from math import isfinite
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.kit.exporting import MAX_TEXT
from brigade.kit.refusals import Refused
from brigade.kit.text import clean_text, composed, half_width

EXACT_DIGITS = 15
"""A sheet's numbers are exact up to here; of longer ones it has lost the end."""
FIRST_YEAR, LAST_YEAR = 1920, 2100
"""No ledger of a brigade holds a day outside; a lonely year, 2026, as a serial number would be one in 1905."""

SINCE_1900, SINCE_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)  # noqa: DTZ001 - sheets know no zone
"""Where sheets count their days from; old Macs had the second one."""

_PLAIN = {ord(wide): ord(wide) - 0xFEE0 for wide in "０１２３４５６７８９"} | {
    code: code - 0xFEE0 for first, last in ((0xFF21, 0xFF3A), (0xFF41, 0xFF5A)) for code in range(first, last + 1)
}
_HIDDEN = re.compile(r"[\s\u00ad\u200c\u200d]+")
_ALIGNED = re.compile(r"(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])")
_CUT = re.compile(r"[+-]?\d(\.\d+)?[Ee]\+\d{1,3}")
_FAILED = re.compile(r"#(N/A|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!|SPILL!|CALC!)")
_INTEGER = re.compile(r"([+-]?)(\d{1,30}|\d{1,3}(?:,\d{3}){1,9})(?:\.0*)?")
_NUMBER = re.compile(r"([+-]?)(\d{1,30}|\d{1,3}(?:,\d{3}){1,9})(\.\d{1,30})?")
_DAY = re.compile(r"(\d{4})\s?[年./-]\s?(\d{1,2})\s?[月./-]\s?(\d{1,2})(?!\d)(?:\s?日)?")
_SHORT_YEAR = re.compile(r"\d{2}\s?[年./-]\s?\d{1,2}\s?[月./-]\s?\d{1,2}(?!\d)")
_CLOCK = re.compile(
    r"(上午|早上|中午|下午|晚上?|AM|PM)?\s?"
    r"(\d{1,2})(?::(\d{1,2})(?::(\d{1,2}))?|[时点](?:(半)|(\d{1,2})分?)?)"
)
_WEEKDAY = re.compile(r"\s?\(?(?:星期|周)[一二三四五六日天]\)?\s?")
_UNTIL = re.compile(r"\s?(?:[-~～〜―]+|至|到)\s?")
_YES = frozenset(("是", "√", "✓", "✔", "TRUE", "Y", "YES", "1"))
_NO = frozenset(("否", "×", "✗", "✘", "X", "FALSE", "N", "NO", "0"))


def as_text(raw: Any) -> str | None:
    """Cleaned text; digits and letters in their plain form, all else as typed. A number is its digits."""
    if type(raw) is not str:
        return _shown(raw)
    if len(raw) > MAX_TEXT:
        raise Refused(_("最多%(limit)d个字，现在是%(n)d个") % {"limit": MAX_TEXT, "n": len(raw)})
    text = composed(raw).strip() if raw.isprintable() else clean_text(raw, multiline=True)
    if not text.isascii():
        text = text.translate(_PLAIN)
    if text[:1] == "#" and _FAILED.fullmatch(text):
        raise Refused(_("这里的公式出错了（%(text)s），请改成实际内容。") % {"text": _brief(text)})
    if "+" in text and _CUT.fullmatch(text):
        raise Refused(_lost())
    return text or None


def as_code(raw: Any) -> str | None:
    """What looks like a number and is none (police numbers, phones, plates): plain forms, no blanks inside."""
    text = as_text(raw)
    if text is None or text.isascii() and text.isalnum():
        return text
    return _HIDDEN.sub("", half_width(text)) or None


def as_name(raw: Any) -> str | None:
    """What people and units are called: without the blanks that ledgers put into 张　三 so that names stand aligned."""
    text = as_text(raw)
    return text and _ALIGNED.sub("", text)


def as_integer(raw: Any) -> int | None:
    if type(raw) is float and raw.is_integer() and abs(raw) < 10**EXACT_DIGITS:
        return int(raw)
    text = as_code(raw)
    if text is None:
        return None
    found = None if isinstance(raw, bool) else _INTEGER.fullmatch(text)
    if found is None:
        raise Refused(_("“%(text)s”不是整数，只填数字。") % {"text": _brief(text)})
    return int(found[1] + found[2].replace(",", ""))


def as_number(raw: Any) -> Decimal | None:
    text = as_code(raw)
    if text is None:
        return None
    if type(raw) is float and isfinite(raw):
        return Decimal(text)
    found = None if isinstance(raw, bool) else _NUMBER.fullmatch(text)
    if found is None:
        raise Refused(_("“%(text)s”不是数，只填数字和小数点。") % {"text": _brief(text)})
    return Decimal(found[1] + found[2].replace(",", "") + (found[3] or ""))


def as_yes_no(raw: Any) -> bool | None:
    text = as_code(raw)
    if text is None:
        return None
    if text.upper() not in _YES | _NO:
        raise Refused(_("“%(text)s”看不懂，请填是或否。") % {"text": _brief(text)})
    return text.upper() in _YES


def as_date(raw: Any, since: datetime = SINCE_1900) -> date | None:
    """A day in any of the ways in which ledgers write it; a time beside it is dropped."""
    if type(raw) is date:
        return _sane(raw, raw)
    found = _naive(raw, since)
    return found.date() if found else None


def as_moment(raw: Any, since: datetime = SINCE_1900) -> datetime | None:
    """A day and a time of our own zone, to the second; a day alone is its midnight."""
    found = _naive(raw, since)
    return timezone.make_aware(found) if found else None


@dataclass(frozen=True, slots=True)
class Span:
    """When something was, as one cell says it: from a time on, until another one, on a day; what it does not say is
    `None`. A time with a day is naive, of our own zone."""

    shown: str
    day: date | None
    start: time | None
    until: datetime | time | None = None

    def __str__(self) -> str:
        return self.shown

    def on(self, day: date | None) -> tuple[datetime | None, datetime | None]:
        """Beginning and end; on `day` where the cell names none. A day alone begins at its midnight."""
        begun_on = self.day or day
        if begun_on is None:
            return None, None
        start = datetime.combine(begun_on, self.start or time())
        until = datetime.combine(begun_on, self.until) if isinstance(self.until, time) else self.until
        return timezone.make_aware(start), timezone.make_aware(until) if until else None


def as_span(raw: Any, since: datetime = SINCE_1900) -> Span | None:
    """A moment, a stretch of a day (2026-5-3 9:00-10:30, 上午9点至10点半), or either without its day."""
    if isinstance(raw, time):
        return Span(f"{raw:%H:%M}", None, raw.replace(microsecond=0))
    if not isinstance(raw, str) or (text := _plain_time(as_text(raw) or "")).isdigit():
        found = _naive(raw, since)
        return Span(f"{found:%Y-%m-%d %H:%M}", found.date(), found.time()) if found else None
    if not text:
        return None
    day, rest = None, text
    if (found_day := _DAY.match(text)) or _SHORT_YEAR.match(text):
        day = _naive(text[: found_day.end()] if found_day else text, since)
        rest = _WEEKDAY.sub(" ", text[found_day.end() :] if found_day else "", count=1).strip("T ")
        if day and not rest:
            return Span(text, day.date(), None)
    first, *more = _UNTIL.split(rest, maxsplit=1)
    if day is None and not _CLOCK.match(first):
        raise Refused(_no_date(text))
    half, start = _clock(first, "", text)
    until: datetime | time | None = None
    if more:
        until = _naive(more[0], since) if _DAY.match(more[0]) else _clock(more[0], half, text)[1]
        end = until.time() if isinstance(until, datetime) and day and until.date() == day.date() else until
        if isinstance(end, time) and end <= start:
            raise Refused(_("“%(text)s”的结束不晚于开始，请写成2026-5-3 14:30-16:00这样。") % {"text": _brief(text)})
    return Span(text, day.date() if day else None, start, until)


def _clock(text: str, half: str, whole: str) -> tuple[str, time]:
    """A time of day with the half of the day that it is in: as it says, else that of the time before it."""
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        raise Refused(_no_time(whole))
    half = found[1] or half
    try:
        minute = 30 if found[5] else int(found[3] or found[6] or 0)
        return half, time(_hour(half, int(found[2])), minute, int(found[4] or 0))
    except ValueError:
        raise Refused(_no_time(whole)) from None


def _plain_time(text: str) -> str:
    return half_width(" ".join(text.split())).replace("—", "-").replace("–", "-").upper()


def _naive(raw: Any, since: datetime) -> datetime | None:
    match raw:
        case datetime():
            return _sane((raw + timedelta(milliseconds=500)).replace(microsecond=0), raw)
        case date():
            return _sane(datetime.combine(raw, time()), raw)
    text = as_text(raw)
    if text is None:
        return None
    text = _plain_time(text)
    if type(raw) is float or text.isascii() and text.isdigit():
        return _from_digits(text, since)
    found = _DAY.match(text)
    if found is None:
        if _SHORT_YEAR.match(text):
            raise Refused(_("“%(text)s”的年份要写成四位，例如2026-5-3。") % {"text": _brief(text)})
        raise Refused(_no_date(text))
    day = _day(int(found[1]), int(found[2]), int(found[3]), text)
    rest = text[found.end() :]
    if not rest:
        return day
    if rest[0] not in "T 上早中下晚AP(星周" and not found[0].endswith("日"):
        raise Refused(_no_time(text))
    rest = _WEEKDAY.sub(" ", rest, count=1).strip("T ")
    return datetime.combine(day, _clock(rest, "", text)[1]) if rest else day


def _hour(half: str, hour: int) -> int:
    """下午2:30 is 14:30, and so is 下午14:30; noon is 12 and may be 1. Whose midnight 晚12点 is, nobody can tell."""
    if half in ("晚", "晚上", "AM") and hour == 12:
        raise ValueError(half)
    if half in ("下午", "晚", "晚上", "PM") and hour < 12 or half == "中午" and hour < 3:
        return hour + 12
    return hour


def _from_digits(text: str, since: datetime) -> datetime:
    """20260503, or the serial number that a sheet keeps for a day."""
    if len(text) == 8 and text.isdigit():
        return _day(int(text[:4]), int(text[4:6]), int(text[6:]), text)
    try:
        serial = float(text)
        found = since + timedelta(days=int(serial), seconds=round(serial % 1 * 86_400))
    except (ValueError, OverflowError):
        raise Refused(_no_date(text)) from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise Refused(_no_date(text))
    return found


def _day(year: int, month: int, day: int, text: str) -> datetime:
    try:
        return _sane(datetime(year, month, day), text)  # noqa: DTZ001 - sheets know no zone
    except ValueError:
        raise Refused(_("没有“%(text)s”这一天，请核对。") % {"text": _brief(text)}) from None


def _sane(day: Any, shown: Any) -> Any:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        limits = {"text": _brief(str(shown)), "first": FIRST_YEAR, "last": LAST_YEAR}
        raise Refused(_("“%(text)s”的年份不在%(first)s年到%(last)s年之间，请核对。") % limits)
    return day


def _shown(raw: Any) -> str | None:
    """A cell that holds no text, as a person would type it."""
    match raw:
        case None:
            return None
        case bool():
            return _("是") if raw else _("否")
        case float() if raw.is_integer():
            if abs(raw) >= 10**EXACT_DIGITS:
                raise Refused(_lost())
            return str(int(raw))
        case float():
            return format(raw, ".15g")
        case datetime():
            return f"{raw:%Y-%m-%d %H:%M}"
        case time():
            return f"{raw:%H:%M}"
    return str(raw)


def _brief(text: str) -> str:
    return text if len(text) <= 30 else f"{text[:30]}…"


def _lost() -> str:
    return _("号码过长，Excel已按数字存，末几位丢了；请先把这一列设成文本格式，再重新填写。")


def _no_date(text: str) -> str:
    return _("“%(text)s”不是日期，请写成2026-5-3这样。") % {"text": _brief(text)}


def _no_time(text: str) -> str:
    return _("“%(text)s”的时间看不懂，请写成2026-5-3 14:30这样。") % {"text": _brief(text)}
