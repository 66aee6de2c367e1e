"""大屏: prepared pages for the wall, turned by the keys of a presenter.

All pages come in one answer and are drawn by the server, map and bars too: so they turn while it is away, a renewal
never flickers, and paper shows what the wall does.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from brigade.kit.text import whole_number
from brigade.kit.web import page
from brigade.org.queries import duty_leader
from brigade.workbench import queries
from brigade.workbench.views.board import asked

SHORTEST, LONGEST = 5, 3600
"""Seconds after which pages may turn by themselves."""


@require_safe
def screen(request: HttpRequest) -> HttpResponse:
    """Whoever sees the board, for the same units and times. ?page= is the page that is shown first; ?turn=30 turns it
    every thirty seconds, otherwise only a key does.

    The page asks for itself every minute, for the twelve hours that any session has; nobody is at work then, so every
    other page asks for a new sign-in after half an hour all the same.
    """
    what = asked(request)
    board = queries.board(request.user, what.unit, what.period.start, what.end, what.now)
    pages = queries.screen(request.user, board, what.now)
    first = whole_number(request.GET.get("page", "")) or 1
    turn = whole_number(request.GET.get("turn", "")) or 0
    context = {
        "now": what.now,
        "board": board,
        "pages": pages,
        "at": min(first, len(pages)),
        "turn": min(max(turn, SHORTEST), LONGEST) if turn else 0,
        "duty": duty_leader(what.unit.path, timezone.localdate(what.now)),
    }
    return page(request, "workbench/screen.html", context, fragment="pages")
