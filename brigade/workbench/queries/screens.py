"""大屏: the pages that are shown on the wall, one row each; units stand in their fixed order, persons not at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.indicators.queries import shown, standings
from brigade.indicators.rules import Kind
from brigade.kit.clocks import at
from brigade.kit.drawing import Outline, bars
from brigade.kit.geo import Box, Point
from brigade.kit.templatetags.ui import RECORD_NUMBER, percent, time_left
from brigade.obligations.queries import Load, loads
from brigade.org.models import Person
from brigade.org.states import Tree
from brigade.reference.queries import district
from brigade.workbench.queries.boards import Board, Card, amount_of, course
from brigade.workbench.queries.desk import pressing, todo
from enforcement.hazards.models import Hazard
from enforcement.hazards.queries import on_map

TILES, WARNINGS, ROWS, COLUMN = 4, 5, 20, 9
"""Large numbers on a page; warnings; units in a table; units in a column, beyond which a second one begins."""


@dataclass(frozen=True)
class Page:
    """A page of the screen: which figures it shows in large, and what is drawn below them.

    `figures` are codes of indicators, or `duties.…` for what obligations say. With a `tree` and no codes these are its
    indicators, headlines first, so that a new slice's come by themselves. Parts: map, course, units, loads, warnings.
    """

    code: str
    title: str | Promise
    parts: tuple[str, ...]
    figures: tuple[str, ...] = ()
    tree: Tree | None = None


PAGES = (
    Page(
        "today",
        gettext_lazy("今日路上"),
        ("map", "loads", "warnings"),
        ("duties.on_time", "hazards.overdue", "party.compliance", "requests.on_time"),
    ),
    Page("hazards", gettext_lazy("隐患治理"), ("course", "units"), tree=Tree.LINE),
    Page("party", gettext_lazy("党建"), ("course", "units"), tree=Tree.PARTY),
    Page("hall", gettext_lazy("窗口服务"), ("course", "units"), tree=Tree.HALL),
    Page(
        "duties",
        gettext_lazy("应办督办"),
        ("loads", "warnings"),
        ("duties.due", "duties.on_time", "duties.late", "duties.today"),
    ),
)
OUTLINE = (520, 520)
CHART, WIDE = (860, 500), (1808, 500)
"""Beside a table, and alone."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A large number, what it is, the line below it, and the list behind it."""

    label: str
    value: str
    unit: str
    note: str
    href: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Screen:
    """A page as it is drawn; what it does not have is empty."""

    page: Page
    tiles: list[Tile]
    parts: dict[str, Any] = field(default_factory=dict)


def screen(person: Person, board: Board, now: datetime) -> list[Screen]:
    """Every page of the table that has something to say about the board's unit; its map only for whoever sees hazards.

    The number of queries does not depend on how much there is.
    """
    drawn = []
    today = standings([card.standing.indicator.code for card in board.cards], board.unit, board.end, board.end)
    amounts = {one.indicator.code: one.amount for one in today}
    tiles = {
        card.standing.indicator.code: _tile(card, amounts.get(card.standing.indicator.code)) for card in board.cards
    }
    duties = _loads(board, now)
    tiles |= dict(_duty_tiles(board, duties))
    for page in PAGES:
        own = _of_tree(board.cards, page)
        codes = page.figures or [card.standing.indicator.code for card in own]
        found = [tiles[code] for code in codes if code in tiles][:TILES]
        if found and (own or page.tree is None):
            parts = {name: part for name in page.parts if (part := _part(name, page, person, board, duties, now))}
            drawn.append(Screen(page, found, parts))
    return drawn


def _is_minor(card: Card) -> bool:
    return not card.standing.indicator.headline


def _tile(card: Card, today: Any) -> Tile:
    """An indicator: its parts, the same time a year ago, and what came today."""
    standing, indicator = card.standing, card.standing.indicator
    notes = [card.note]
    if standing.last_amount is not None:
        notes.append(
            _("同期%(amount)s%(unit)s") % {"amount": shown(standing.last_amount, indicator), "unit": card.unit}
        )
    if indicator.kind == Kind.FLOW and today is not None:
        notes.append(_("今日%(amount)s%(unit)s") % {"amount": shown(today, indicator), "unit": card.unit})
    return Tile(card.label, card.value, card.unit, "，".join(filter(None, notes)), card.href)


def _duty_tiles(board: Board, duties: list[Load]) -> Iterator[tuple[str, Tile]]:
    """What obligations say: how many fell due, how many were done in time, how many were not, and today's."""
    ended = board.funnel
    late, today = sum(load.late for load in duties), sum(load.today for load in duties)
    done, unit = _("按期办结%(n)s件") % {"n": f"{ended.on_time:,}"}, _("件")
    span = {"due_at_after": board.start, "due_at_before": board.end}
    share = percent(ended.on_time, ended.due).removesuffix("%")
    note, tone = (_("逾期%(n)d件") % {"n": late}, "late") if late else (_("今日到期%(n)d件") % {"n": today}, "")
    yield "duties.due", Tile(_("已到期应办"), f"{ended.due:,}", unit, done, duties_address(**span))
    yield "duties.on_time", Tile(_("应办按期率"), share, "%" if ended.due else "", note, duties_address(**span), tone)
    gone = duties_address(due="gone", **span)
    yield (
        "duties.late",
        Tile(_("逾期或未达标"), f"{ended.late:,}", unit, _("占%(n)s") % {"n": percent(ended.late, ended.due)}, gone),
    )
    day = duties_address(state="open", due_at_after=board.end, due_at_before=board.end)
    yield "duties.today", Tile(_("今日到期"), f"{today:,}", unit, _("现有逾期%(n)d件") % {"n": late}, day)


def duties_address(**asked: Any) -> str:
    return f"{reverse('workbench:obligations')}?{urlencode(asked)}"


def _loads(board: Board, now: datetime) -> list[Load]:
    return loads(board.unit, at(board.start, time.min), at(board.end + timedelta(days=1), time.min), now)


def _part(name: str, page: Page, person: Person, board: Board, duties: list[Load], now: datetime) -> Any:
    match name:
        case "map":
            return _map(person, board, now)
        case "loads":
            return columns([_load_line(load, board) for load in duties])
        case "warnings":
            return _warnings(person, board, now)
        case "course":
            return _course(page, board)
    return _units(page, board)


def _of_tree(cards: Iterable[Card], page: Page) -> list[Card]:
    """The cards that a page of a tree shows, headlines first."""
    return sorted((card for card in cards if card.standing.indicator.tree == page.tree), key=_is_minor)


def _units(page: Page, board: Board) -> dict[str, Any] | None:
    """The units of the page's tree, with the figures that stand above in large; nothing where there is only one."""
    part = next((part for part in board.parts if part.tree == page.tree), None)
    rows = part.rows if part else []
    if part is None or not rows:
        return None
    cards = _of_tree(part.cards, page)[:TILES]
    places = [part.cards.index(card) for card in cards]
    shown = [(unit, [cells[place] for place in places]) for unit, cells, _task in rows]
    return {"heads": [card.label for card in cards], "columns": columns(shown)}


def _load_line(load: Load, board: Board) -> tuple[Load, str, str]:
    """A unit, its name and its list; of what the unit itself owes there is no list without those below it."""
    if load.unit.pk == board.unit.pk:
        return load, _("%(unit)s本级") % {"unit": load.unit.short_name}, ""
    return load, load.unit.short_name, duties_address(unit=load.unit.pk, state="open", sort="due_at")


def columns(rows: list) -> list[list]:
    """The rows in one column, or in two where they are many; what would not fit stands on the board."""
    rows = rows[:ROWS]
    if len(rows) <= COLUMN:
        return [rows] if rows else []
    half = (len(rows) + 1) // 2
    return [rows[:half], rows[half:]]


def _course(page: Page, board: Board) -> dict[str, Any] | None:
    """The months of the first figure of the page beside those of the last year."""
    card = _of_tree(board.cards, page)[0]
    months = course(card.standing.indicator, card.standing.unit, board.end)
    indicator = card.standing.indicator
    rows = [
        (_("%(n)d月") % {"n": month}, words, amount_of(indicator, now), amount_of(indicator, then))
        for (month, now, then), (_month, words, _then) in zip(months.months, months.rows, strict=True)
    ]
    if all(now is None and then is None for _name, _words, now, then in rows):
        return None
    lines = next((part.lines for part in board.parts if part.tree == page.tree), [])
    width, height = WIDE if len(lines) < 2 else CHART
    groups = bars(rows, width=width, height=height)
    drawn = {"groups": groups, "width": width, "height": height, "is_wide": width == WIDE[0]}
    return {"card": card, "year": months.year, **drawn}


def _warnings(person: Person, board: Board, now: datetime) -> dict[str, Any]:
    """What is late or about to be below the unit, the latest first; the reader's own too: the wall is everybody's."""
    rows = pressing(person, now).filter(unit__path__startswith=board.unit.path)
    here = timezone.localtime(now)
    lines = []
    for row in rows[:WARNINGS]:
        line = todo(row, person)
        warn_at = None if row.warn_at is None else timezone.localtime(row.warn_at)
        word, tone = time_left(timezone.localtime(row.due_at), here, warn_at)
        title = RECORD_NUMBER.sub("", row.title)  # a number that is cut off tells nobody anything
        lines.append((tone, word, title, row.unit.short_name, line.href))
    return {"count": rows.count(), "lines": lines}


def _map(person: Person, board: Board, now: datetime) -> dict[str, Any] | None:
    """The district with its open hazards, as far as the person sees them; many of them stand together as a number."""
    if not person.has_perm("hazards.view_hazard"):
        return None
    outline = Outline(district(), *OUTLINE)
    low, high = outline.area.bounds
    mine = Hazard.objects.visible_to(person).open().filter(unit__path__startswith=board.unit.path)
    found = on_map(mine, Box(low.lat, low.lon, high.lat, high.lon), now)
    places = [
        (*outline.place(Point(lat, lon)), tone, f"{title}，{state}", url)
        for lat, lon, tone, _number, title, state, _due, url in found["places"]
    ]
    groups = [(*outline.place(Point(lat, lon)), n, late) for lat, lon, n, late, *_corners in found["groups"]]
    order = {"open": 0, "warn": 1, "late": 2}  # the urgent ones lie on top
    places.sort(key=lambda place: order.get(place[2], 0))
    return {"outline": outline, "places": places, "groups": groups}
