"""工作台: what is to be done today, what needs watching, this month's figures, quick entries."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.indicators.queries import as_of, standings
from brigade.indicators.rules import FIGURES
from brigade.kit.web import page
from brigade.notices.queries import inbox, unclear_count, unread_announcement_count, unread_announcements, unread_count
from brigade.obligations.queries import open_counts
from brigade.org.models import Person
from brigade.org.queries import duty_leader
from brigade.workbench import menu, queries

SHORT = 7
"""Lines of a to-do list below which the figures still stand on the first screen."""


def home(request: HttpRequest) -> HttpResponse:
    """The day of one person; everybody who is signed in has one."""
    now = timezone.now()
    user: Person = request.user
    counts = open_counts(user, now)
    groups = [(name, counts[code], lines, plain) for code, name, lines, plain in queries.todo_groups(user, now)]
    today = timezone.localdate(now)
    waiting = queries.waiting_for(user, today)
    headlines = [code for code, indicator in FIGURES.items() if indicator.headline and user.has_perm(indicator.perm)]
    unit = queries.home_unit(user, "indicators.view_figure")
    cards = queries.cards_of(standings(headlines, unit, today.replace(day=1), today)) if unit else []
    warnings = [(row, queries.todo(row, user)) for row in queries.warnings(user, now)]
    context = {
        "now": now,
        "heading": _heading(counts, len(waiting), unread_count(user)),
        "counts": counts,
        "nothing_title": _("没有待办"),
        "nothing_text": _("新的事到了会出现在这里，每个工作日8:30也会提醒一次。"),
        "groups": groups,
        "assumed": any(line.assumed for _name, _n, lines, _plain in groups for line in lines),
        "short": counts["total"] <= SHORT,
        "rest": counts["total"] - sum(len(lines) for _name, _n, lines, _plain in groups),
        "duty": duty_leader(user.unit.path, today) if user.unit else None,
        "quick": menu.quick_entries(user),
        "warnings": warnings,
        "warnings_assumed": any(line.assumed for _row, line in warnings),
        "cards": cards,
        "compares": any(card.compares for card in cards),
        "as_of": as_of(headlines) if cards else None,
        "month_start": today.replace(day=1),
        "recent": queries.recent(user),
        "waiting": waiting,
        "unclear": unclear_count(user, now),
        "latest": list(inbox(user, unread_only=True)[:3]),
        "announcements": unread_announcements(user),
        "announced": unread_announcement_count(user),
    }
    return page(request, "workbench/home.html", context)


def _heading(counts: dict[str, int], waiting: int, unread: int) -> str:
    if counts["today"] and counts["late"]:
        return _("今天%(today)d件要办，另有%(late)d件已逾期") % counts
    if counts["late"]:
        return (_("%(late)d件已逾期，先办这些") if counts["late"] > 1 else _("1件已逾期，先办这件")) % counts
    if counts["today"]:
        return _("今天%(today)d件要办") % counts
    if counts["total"]:
        return _("今天没有到期的事，往后还有%(total)d件") % counts
    if waiting:
        return _("%(n)d件事等你同意") % {"n": waiting}
    if unread:
        return _("没有到期的事，有%(n)d条消息没看") % {"n": unread}
    return _("今天没有要办的事")
