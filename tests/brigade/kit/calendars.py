"""The work calendar of 2026 as the State Council announced it."""

from datetime import date, timedelta

from brigade.kit.clocks import Calendar


def _days(first, last):
    start = date(2026, *first)
    return [start + timedelta(days=n) for n in range((date(2026, *last) - start).days + 1)]


DAYS_OFF = [
    *_days((1, 1), (1, 3)),
    *_days((2, 15), (2, 23)),
    *_days((4, 4), (4, 6)),
    *_days((5, 1), (5, 5)),
    *_days((6, 19), (6, 21)),
    *_days((9, 25), (9, 27)),
    *_days((10, 1), (10, 7)),
]
MAKE_UP_DAYS = [date(2026, *day) for day in ((1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10))]

CALENDAR_2026 = Calendar(dict.fromkeys(DAYS_OFF, False) | dict.fromkeys(MAKE_UP_DAYS, True), frozenset({2026}))
