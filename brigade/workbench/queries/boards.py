"""The cards of a board, the course of a year and the units beside each other, from figures alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.indicators.queries import Standing, as_of, by_month, by_unit, parts_of, shown, standings, top_of
from brigade.indicators.rules import FIGURES, Indicator, Kind, listed
from brigade.kit.clocks import add_months, at
from brigade.kit.drawing import Curves, curves
from brigade.kit.templatetags.ui import NOTHING, rounded
from brigade.obligations.queries import Funnel, funnel
from brigade.org.models import Person, Unit
from brigade.org.states import Tree
from brigade.reports.queries import verdict_on
from brigade.reports.rules import Verdict

Sums = tuple[Decimal, Decimal]
"""Value and base of a figure."""
CURVES = 264
"""Height of the drawing of a course."""
SMALL = 10
"""Below so many a month, a course is drawn as what they add up to."""


@dataclass(frozen=True, slots=True)
class Against:
    """What a board is compared with: so many months before, and the words for it."""

    code: str
    back: int
    label: str | Promise
    then: str | Promise
    none: str | Promise
    zero: str | Promise
    gone: str | Promise
    same: str | Promise


YEAR = Against(
    "year", 12, gettext_lazy("与上年同期比"), gettext_lazy("同期"), gettext_lazy("上年同期数据不全"),
    gettext_lazy("上年同期为0"), gettext_lazy("上年同期没有数"), gettext_lazy("与上年同期持平"),
)  # fmt: skip
MONTHS = {"month": 1, "quarter": 3}


def against(kind: str) -> list[Against]:
    """With what a running month, quarter or year can be compared: the same days of last year, and of the one before."""
    if kind not in MONTHS:
        return [YEAR]
    before = Against(
        "previous", MONTHS[kind], gettext_lazy("与上期同天数比"), gettext_lazy("上期"), gettext_lazy("上期数据不全"),
        gettext_lazy("上期为0"), gettext_lazy("上期没有数"), gettext_lazy("与上期持平"),
    )  # fmt: skip
    return [YEAR, before]


@dataclass(frozen=True, slots=True)
class Card:
    """An indicator as a card of the board: figure, comparison with an earlier time, and the words around it.

    Where no indicator has an earlier time, its page says so once (`compares`) and not each of the cards.
    """

    standing: Standing
    compares: bool = True
    against: Against = YEAR

    @property
    def label(self) -> str:
        return str(self.standing.indicator.label)

    @property
    def value(self) -> str:
        amount = self.standing.amount
        return NOTHING if amount is None else shown(amount, self.standing.indicator)

    @property
    def unit(self) -> str:
        return str(self.standing.indicator.suffix) if self.standing.amount is not None else ""

    @property
    def href(self) -> str:
        return self.standing.url

    @property
    def hand_out(self) -> str:
        standing = self.standing
        return hand_out_address([standing.indicator.code], standing.unit, standing.start, standing.end)

    @property
    def note(self) -> str:
        """Numerator and denominator of a ratio."""
        return parts_of(self.standing.indicator, self.standing.value, self.standing.base)

    @property
    def then(self) -> str:
        """What there was then, of what."""
        last, words = self.standing.last, self.against.then
        if not self.standing.has_last_year or self.standing.indicator.ripens or not (last.value or last.base):
            return ""
        parts = parts_of(last.indicator, last.value, last.base)
        return f"{words}{parts or shown(last.value, last.indicator)}{'' if parts else last.indicator.suffix}"

    @property
    def change(self) -> str:
        """Against the earlier time, in the words that a leader uses; never a percentage of nothing."""
        standing = self.standing
        if standing.indicator.ripens:
            return ""
        if not standing.has_last_year:
            return str(self.against.none) if self.compares else ""
        if standing.last_amount == 0 and standing.indicator.kind != Kind.RATIO:
            return str(self.against.zero)
        gap = self._gap
        if gap is None:
            return str(self.against.gone) if standing.amount is not None else ""
        if not gap:
            return str(self.against.same)
        unit = _("个百分点") if standing.indicator.kind == Kind.RATIO else standing.indicator.suffix
        amount = shown(abs(gap), standing.indicator)
        more, less = (_("高"), _("低")) if standing.indicator.kind == Kind.RATIO else (_("多"), _("少"))
        return f"{more if gap > 0 else less}{amount}{unit}"

    @property
    def _gap(self) -> Decimal | None:
        """By how much it differs, as it is shown; None where the two are not to be compared."""
        now, then = self.standing.amount, self.standing.last_amount
        if self.standing.indicator.ripens or now is None or then is None:
            return None
        return rounded(now - then, 1)

    @property
    def _test(self) -> Verdict | None:
        """Whether what differs is more than chance; None where nothing differs or nothing can be tested."""
        standing, last = self.standing, self.standing.last
        if not self._gap or not standing.change:
            return None
        return verdict_on(standing, last, _days(standing), _days(last))

    @property
    def verdict(self) -> str:
        return found.words if (found := self._test) else ""

    @property
    def arrow(self) -> str:
        gap = self._gap
        return "" if not gap or not self.standing.change else "up" if gap > 0 else "down"

    @property
    def tone(self) -> str:
        """Coloured only where the difference is more than chance and better or worse."""
        found, good = self._test, self.standing.indicator.good
        if found is None or not found.is_significant or not good:
            return ""
        return "ok" if (self.arrow == "up") == (good > 0) else "warn"

    @property
    def basis(self) -> str:
        return str(self.standing.indicator.basis)


def hand_out_address(codes: Iterable[str], unit: Unit, start: date, end: date) -> str:
    """Where figures of a unit are handed out as a task."""
    asked = {"figure": list(codes), "unit": unit.pk, "start": start, "end": end}
    return f"{reverse('assignments:assignment_create')}?{urlencode(asked, doseq=True)}"


def _days(standing: Standing) -> int:
    return (standing.end - standing.start).days + 1


def cards_of(found: Collection[Standing], against: Against = YEAR) -> list[Card]:
    compares = any(standing.has_last_year for standing in found)
    return [Card(standing, compares, against) for standing in found]


def home_unit(person: Person, perm: str) -> Unit | None:
    """The highest unit on which a grant gives the person `perm`: whose figures his pages show."""
    units = Unit.objects.filter(pk__in=person.units_for(perm))
    return units.order_by("path").first()


@dataclass(frozen=True, slots=True)
class Course:
    """The months of a year: (month, sums, sums a year before), None where there are none."""

    indicator: Indicator
    year: int
    months: list[tuple[int, Sums | None, Sums | None]]
    adds_up: bool = False
    """Whether each month holds all of the year up to it."""

    @property
    def as_drawn(self) -> Course:
        """A line of small counts zigzags and says nothing: they are added up from month to month."""
        counts = [sums[0] for _month, *pair in self.months for sums in pair if sums is not None]
        if self.indicator.kind != Kind.FLOW or max(counts, default=SMALL) >= SMALL:
            return self
        names, now, then = zip(*self.months, strict=True)
        return replace(self, months=list(zip(names, _running(now), _running(then), strict=True)), adds_up=True)

    @property
    def rows(self) -> list[tuple[int, str, str]]:
        """As a table shows them."""
        return [(month, _words(self.indicator, now), _words(self.indicator, then)) for month, now, then in self.months]

    @property
    def curves(self) -> Curves:
        """As two lines."""
        rows = [
            (_("%(n)d月") % {"n": month}, words, [amount_of(self.indicator, sums) for sums in pair])
            for (month, *pair), (_month, *words) in zip(self.months, self.rows, strict=True)
        ]
        return curves(rows, height=CURVES)


@dataclass(frozen=True, slots=True)
class Part:
    """The cards of one tree, and one table of its units in fixed order: (unit, its cells, where it is handed out).

    A cell is what the unit came to, of what, and the address of the list behind it.
    """

    tree: Tree
    cards: list[Card]
    lines: list[tuple[Unit, dict[str, Sums]]]

    @property
    def label(self) -> str:
        return str(self.tree.label)

    @property
    def rows(self) -> list[tuple[Unit, list[tuple[str, str, str]], str]]:
        """Empty where there is only one unit: its cards say it all."""
        if len(self.lines) < 2:
            return []
        start, end = self.cards[0].standing.start, self.cards[0].standing.end
        codes = [card.standing.indicator.code for card in self.cards]
        return [
            (
                one,
                [_unit_cell(card.standing.indicator, one, sums, start, end) for card in self.cards],
                hand_out_address([code for code in codes if code in sums], one, start, end),
            )
            for one, sums in self.lines
        ]


@dataclass(frozen=True, slots=True)
class Board:
    """How a unit with all below it stands from a day to another, both included."""

    unit: Unit
    start: date
    end: date
    cards: list[Card]
    parts: list[Part]
    funnel: Funnel
    cut_off: datetime | None
    """Up to when its figures are computed."""
    against: Against = YEAR

    @property
    def compares(self) -> bool:
        return any(card.compares for card in self.cards)


def board(reader: Person, unit: Unit, start: date, end: date, now: datetime, against: Against = YEAR) -> Board:
    """Every indicator that has a tree at or below the unit and whose list the reader may open, and its obligations;
    four queries a tree and some."""
    codes = [code for code in listed() if reader.has_perm(FIGURES[code].perm)]
    cards = cards_of(standings(codes, unit, start, end, back=against.back), against)
    units = Unit.objects.below(unit).values("pk")
    ended = funnel(units, at(start, time.min), at(end + timedelta(days=1), time.min), now)
    return Board(unit, start, end, cards, parts(cards, start, end), ended, as_of(codes), against)


def _running(months: Iterable[Sums | None]) -> Iterator[Sums | None]:
    """What all months came to up to each; None before the first that has anything, and where nothing is known."""
    total: Sums | None = None
    for sums in months:
        if sums is not None:
            total = sums if total is None else (total[0] + sums[0], total[1] + sums[1])
        yield total if sums is not None else None


def course(indicator: Indicator, unit: Unit, end: date) -> Course:
    """The year up to `end`, for the unit with all below it; two queries.

    A month in which nothing happened has nothing to divide by. Of what is counted it has 0, from the first month on
    that has any: before, nobody recorded.
    """
    top = top_of(indicator, unit)

    def sums(start: date, until: date) -> dict[date, Sums]:
        rows = by_month(indicator.code, top, start, until) if top else []
        return {month: (value, base) for month, value, base in rows}

    found = sums(date(end.year - 1, 1, 1), add_months(end, -12)) | sums(date(end.year, 1, 1), end)
    first = min(found, default=end)

    def of(month: date) -> Sums | None:
        is_none = indicator.kind == Kind.FLOW and month > first
        return found.get(month, (Decimal(), Decimal()) if is_none else None)

    days = [date(end.year, month, 1) for month in range(1, end.month + 1)]
    return Course(indicator, end.year, [(day.month, of(day), of(add_months(day, -12))) for day in days])


def parts(cards: Collection[Card], start: date, end: date) -> list[Part]:
    """The cards by tree, each with its units."""
    found = []
    for tree in Tree:
        own = [card for card in cards if card.standing.indicator.tree == tree]
        if own:
            codes = [card.standing.indicator.code for card in own]
            found.append(Part(tree, own, by_unit(codes, own[0].standing.unit, start, end)))
    return found


def amount_of(indicator: Indicator, sums: Sums | None) -> Decimal | None:
    """What sums come to: per cent for a ratio; None where there is nothing, or nothing to divide by."""
    if sums is None or (indicator.kind == Kind.RATIO and not sums[1]):
        return None
    return sums[0] * 100 / sums[1] if indicator.kind == Kind.RATIO else sums[0]


def _words(indicator: Indicator, sums: Sums | None) -> str:
    amount = amount_of(indicator, sums)
    return "" if amount is None else shown(amount, indicator)


def _unit_cell(indicator: Indicator, unit: Unit, sums: dict[str, Sums], start: date, end: date) -> tuple[str, str, str]:
    """What a unit came to, with its sign, of what, and the list behind it."""
    words = _words(indicator, sums.get(indicator.code))
    if not words:
        return NOTHING, "", ""
    words = f"{words}%" if indicator.kind == Kind.RATIO else words
    return words, parts_of(indicator, *sums[indicator.code]), indicator.drill(unit, start, end)
