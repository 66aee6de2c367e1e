"""Small pieces of pages that stand inside rows and sentences: icon, state, due time, day, moment, figure, person."""

import re
from datetime import date, datetime, time, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from functools import cache, lru_cache
from html import escape
from typing import Any

from django import template
from django.forms import BoundField
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import conditional_escape, format_html, strip_tags
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from brigade.kit.clocks import CHINA

register = template.Library()

NOTHING = "—"
DAY, DAY_OF_YEAR = _lazy("%(month)d月%(day)d日"), _lazy("%(year)d年%(month)d月%(day)d日")
WEEKDAYS = tuple(map(_lazy, ("星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日")))
SEPARATOR = SafeString('<span class="dot">·</span>')
"""Stands between pieces of one line, never at the beginning of the next (see `.dot`)."""
STATE_ICONS = {
    "ok": "check-circle-fill",
    "warn": "exclamation-triangle-fill",
    "late": "exclamation-octagon-fill",
    "waive": "shield-check",
    "na": "dash-lg",
    "open": "play-circle",
    "off": "slash-circle",
}
CELL_ICONS = STATE_ICONS | {"ok": "check-lg", "warn": "clock-fill", "late": "x-octagon-fill", "open": "circle"}
DUE_ICONS = {"late": "exclamation-octagon-fill", "warn": "clock-fill", "near": "clock", "": "clock"}
END_OF_DAY = time(23, 59)
SHORT = 16
RECORD_NUMBER = re.compile(r"（?[\w-]{1,24}-\d{4}(\d{4})?-\d{3,}）?")
Day = date | datetime
Amount = int | float | Decimal


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """A drawing of the sprite; the word stands beside it, or is given as `label` when there is none."""
    drawn = drawing_of(name)
    return format_html('{}<span class="visually-hidden">{}</span>', drawn, label) if label else drawn


@cache
def drawing_of(name: str) -> SafeString:
    """Drawn once a process: a page of rows asks for the same few hundreds of times."""
    return format_html(
        '<svg class="bi" aria-hidden="true"><use href="{}#{}"></use></svg>', static("vendor/icons.svg"), name
    )


@register.simple_tag
def state(tone: str, word: str, box: bool = False, drawing: str = "") -> SafeString:
    """Colour, icon and word at once. Tones: ok warn late waive na open off. `box` beside titles, never in tables."""
    drawn = drawing_of(drawing or STATE_ICONS.get(tone, "circle"))
    text = escape(word) if type(word) is str else conditional_escape(word)
    return SafeString(f'<span class="state{" box" if box else ""} is-{tone}">{drawn}{text}</span>')


@register.simple_tag
def cell(tone: str, word: str, small: str = "", href: str = "", picked: bool = False, target: str = "") -> SafeString:
    """One cell of a matrix: icon and word, below it done/due or the reason. With `href` it opens its detail.

    `target` names the part of the page ("#cell") that the detail replaces without a new page.
    """
    inside = format_html("<span>{} {}</span>", icon(CELL_ICONS.get(tone, "circle")), word)
    if small:
        inside = format_html("{}<small>{}</small>", inside, small)
    classes = f"cell is-{tone}{' picked' if picked else ''}"
    if not href:
        return format_html('<span class="{}">{}</span>', classes, inside)
    current = SafeString(' aria-current="true"') if picked else ""
    swap = ' hx-get="{}" hx-target="{}" hx-swap="outerHTML" hx-push-url="true"'
    load = format_html(swap, href, target) if target else ""
    return format_html('<a class="{}" href="{}"{}{} data-cell>{}</a>', classes, href, current, load, inside)


@register.simple_tag(takes_context=True)
def due(
    context: template.Context,
    at: Day | None,
    warn_at: Day | None = None,
    plain: bool = False,
    over: bool = False,
    beside: bool = False,
) -> SafeString:
    """How much time is left: late by days (hours within a day), today, days left for a week, then only the day.

    Amber from `warn_at` on, without it within 7 days. `plain` keeps it grey (a list that is grouped by urgency).
    `over`: what was due is done or dropped, so only the day is said. `beside` the day itself, it is not said again.
    The moment it is seen from is `now` of the context, so that one page speaks of one moment.
    """
    if at is None:
        return SafeString(f'<span class="due">{NOTHING}</span>')
    now = now_of(context)
    if over:
        return SafeString(f'<span class="due">{day_text(local(at), now)}</span>')
    word, tone = time_left(local(at), now, None if warn_at is None else local(warn_at))
    tone = "" if plain and tone == "warn" else tone
    if not tone and beside:
        return SafeString("")
    if not tone and not plain:
        return SafeString(f'<span class="due">{word}</span>')
    css = f" is-{tone}" if tone in ("late", "warn") else ""
    return SafeString(f'<span class="due{css}">{drawing_of(DUE_ICONS[tone])}{word}</span>')


def time_left(at: datetime, now: datetime, warn_at: datetime | None) -> tuple[str, str]:
    """The word and the tone ("late", "warn", "near" or "") of a due moment. All three in local time."""
    days = (at.date() - now.date()).days
    if at < now:
        return late_word(now - at, -days), "late"
    within_week = days <= 7
    is_amber = now >= warn_at if warn_at else within_week
    if days == 0:
        word = _("今天") if at.time() >= END_OF_DAY else _("今天 %s") % clock_text(at)
    elif within_week or is_amber:
        word = _("剩%d天") % days
    else:
        return day_text(at, now), ""
    return word, "warn" if is_amber else "near"


def late_word(gap: timedelta, days: int) -> str:
    if days > 0:
        return _("逾期%d天") % days
    hours = int(gap.total_seconds() // 3600)
    return _("逾期%d小时") % hours if hours else _("逾期%d分钟") % max(1, int(gap.total_seconds() // 60))


@register.simple_tag(takes_context=True)
def day(context: template.Context, value: Day | None, weekday: bool = False, full: bool = False) -> str:
    """11月20日; with the year when it is another year or `full` is asked; with the weekday on request."""
    if value is None:
        return NOTHING
    at, now = local(value), now_of(context)
    text = full_day_text(at) if full else day_text(at, now)
    return f"{text} {WEEKDAYS[at.weekday()]}" if weekday else text


@register.simple_tag(takes_context=True)
def moment(context: template.Context, value: datetime | None, full: bool = False) -> SafeString:
    """Day and time of day, as a `time` element."""
    if value is None:
        return SafeString(NOTHING)
    at = local(value)
    return format_html(
        '<time class="nb" datetime="{}">{} {}</time>',
        at.isoformat(timespec="seconds"),
        day(context, at, full=full),
        clock_text(at),
    )


@register.simple_tag
def clock(value: datetime | time | None) -> str:
    """09:40"""
    if isinstance(value, datetime):
        value = local(value).time()
    return NOTHING if value is None else clock_text(value)


@register.simple_tag
def dotted(*parts: Any) -> SafeString:
    """Pieces of one grey line (unit, day, person) with a point between them; empty ones leave no point behind."""
    pieces = [piece for part in parts for piece in (part if isinstance(part, (list, tuple)) else [part]) if piece]
    return SafeString(SEPARATOR.join(map(_unbroken, pieces)))


def _unbroken(piece: Any) -> SafeString:
    """A short piece goes to the next line as a whole."""
    text = conditional_escape(piece)
    return format_html('<span class="nb">{}</span>', text) if len(strip_tags(text)) <= SHORT else text


@register.filter
def numbers_whole(text: Any) -> SafeString:
    """A text in which no number of a record (CGS-BJ-2026-00012) is broken, nor its bracket left alone."""
    return SafeString(RECORD_NUMBER.sub(r'<span class="nb">\g<0></span>', conditional_escape(text)))


@register.simple_tag
def percent(part: Amount | None, whole: Amount | None = None, places: int = 1) -> str:
    """`part` of `whole`, or a share that is counted in hundredths already, rounded half up: 81.3%.

    Nothing to divide by is no figure, never 0%; and what is not all is never 100%, however near: 99.96 reads 99.9%.
    """
    share = None if part is None else Decimal(str(part))
    if share is not None and whole is not None:
        share = share * 100 / Decimal(str(whole)) if whole else None
    return NOTHING if share is None else f"{rounded_share(share, places)}%"


@register.simple_tag
def number(value: Amount | None, places: int = 0) -> str:
    """1,284; a dash when there is no figure."""
    return NOTHING if value is None else f"{rounded(Decimal(str(value)), places):,}"


@register.simple_tag
def person(who: Any, with_number: bool = False) -> SafeString:
    """A person by name, the police number in the tip or (`with_number`) beside it."""
    if not who:
        return SafeString(f'<span class="dim">{NOTHING}</span>')
    name, police_no = getattr(who, "name", None) or str(who), getattr(who, "police_no", "")
    if police_no and with_number:
        return format_html('<span class="nb">{} <span class="dim">{}</span></span>', name, police_no)
    return named(name, police_no)


def named(name: str, police_no: str) -> SafeString:
    tip = f' title="{escape(police_no)}"' if police_no else ""
    return SafeString(f'<span class="nb"{tip}>{escape(name)}</span>')


@register.simple_tag
def field(bound: BoundField, css: str = "", **attrs: Any) -> SafeString:
    """The bare control of a form field, for rows that hold two of them. `css`: short, mid. Errors: `ui/errors.html`.

    It names itself by the field's label, for rows without a label of their own.
    """
    own = {"aria-label": bound.label} | {name.replace("_", "-"): value for name, value in attrs.items()}
    if css:
        own["class"] = css
    if bound.errors:
        own["aria-invalid"] = "true"
    return bound.as_widget(attrs=own)


def now_of(context: template.Context) -> datetime:
    """The moment that a page speaks from, in local time."""
    return local(context.get("now") or timezone.now())


def local(value: Day) -> datetime:
    """A day counts to its last minute; a moment is taken in local time."""
    at = value if isinstance(value, datetime) else datetime.combine(value, END_OF_DAY)
    return at.astimezone(CHINA) if at.tzinfo else at.replace(tzinfo=CHINA)


def day_text(at: datetime, now: datetime) -> str:
    """The day without the year that everybody knows."""
    return _day_text(at.date(), at.year == now.year)


def full_day_text(at: date) -> str:
    return _day_text(date(at.year, at.month, at.day), False)


@lru_cache(4096)
def _day_text(at: date, is_short: bool) -> str:
    """Put into words once a process: a page of rows says the same few days hundreds of times."""
    return (DAY if is_short else DAY_OF_YEAR) % {"year": at.year, "month": at.month, "day": at.day}


def clock_text(at: datetime | time) -> str:
    return f"{at.hour:02}:{at.minute:02}"


def rounded_share(share: Decimal, places: int) -> Decimal:
    """Rounded half up, but never up to 100 from below: a share that is not all does not read as all."""
    found = rounded(share, places)
    return share.quantize(Decimal(1).scaleb(-places), ROUND_DOWN) if share < 100 <= found else found


def rounded(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
