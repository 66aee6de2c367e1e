"""Which streets and towns became better or worse: the board's figures that can be split by town."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from brigade.indicators.queries import Standing, by_town
from brigade.indicators.rules import FIGURES
from brigade.kit.clocks import add_months
from brigade.reference.models import Town
from brigade.workbench.queries.boards import Card, against

TOWN_FIGURES = ("hazards.registered_in_town", "hazards.open_in_town", "hazards.overdue_in_town")
"""Found, open, overdue: the splits (`Indicator.towns_of`) that stand in the table, in this order."""
NOTHING = (Decimal(), Decimal())


@dataclass(frozen=True, slots=True)
class TownCell:
    """A figure of one town, as a card for each earlier time that it is compared with."""

    town: Town
    cards: list[Card]

    @property
    def value(self) -> str:
        return self.cards[0].value

    @property
    def href(self) -> str:
        return f"{self.cards[0].href}&town={self.town.pk}"

    @property
    def told(self) -> list[Card]:
        """The comparisons that say anything."""
        return [card for card in self.cards if card.change and (card.standing.value or card.standing.last_value)]


def in_towns(cards: Sequence[Card], kind: str) -> list[tuple[Town, list[TownCell]]]:
    """A line a street or town that had anything now or then, in the order of their codes, never ranked.

    Each figure beside the same days of last year and, of a month or quarter, of the one before, by the rule of the
    cards: what is chance is called so. `kind` is that of the period; three queries for each time and one.
    """
    wanted = {FIGURES[code].towns_of: code for code in TOWN_FIGURES}
    found = {card.standing.indicator.code: card.standing for card in cards}
    whole = [found[code] for code in wanted if code in found]
    if not any(one.first for one in whole):
        return []
    codes, unit, start, end = list(wanted.values()), whole[0].unit, whole[0].start, whole[0].end
    with_what = against(kind)
    now = by_town(codes, unit, start, end)
    past = [by_town(codes, unit, *_before(start, end, one.back)) for one in with_what]

    def standing(of: Standing, town: int, n: int) -> Standing:
        code = of.indicator.code
        value, base = now.get(town, {}).get(code, NOTHING)
        last_value, last_base = past[n].get(town, {}).get(code, NOTHING)
        is_known = of.first is not None and of.first.replace(day=1) <= _before(start, end, with_what[n].back)[0]
        return replace(
            of,
            value=value,
            base=base,
            last_value=last_value,
            last_base=last_base,
            has_last_year=is_known,
            back=with_what[n].back,
        )

    had = {town for sums in (now, *past) for town, one in sums.items() if any(any(pair) for pair in one.values())}
    return [
        (
            town,
            [
                TownCell(
                    town,
                    [Card(standing(of, town.pk, n), compares=False, against=one) for n, one in enumerate(with_what)],
                )
                for of in whole
            ],
        )
        for town in Town.objects.filter(pk__in=had).order_by("code", "pk")
    ]


def _before(start: date, end: date, months: int) -> tuple[date, date]:
    return add_months(start, -months), add_months(end, -months)
