"""Moves as buttons and as a page that asks what a move needs."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade import workflow
from brigade.audit.queries import history
from brigade.kit.web import ask_move, move_buttons, page
from brigade.org.models import Record
from partybuilding.meetings import actions, forms

MAIN = ("confirm", "notify", "approve_backfill", "approve", "finish", "archive")
"""The first of these that can be made now is the main button."""
ELSEWHERE = frozenset({"edit", "submit", "change", "make_up"})
"""These have their place elsewhere on the page, or none."""
SAYS_WHY = frozenset({"confirm", "notify", "approve"})
"""These stand there greyed with what is missing; others only appear when they can be made."""


def buttons_of(
    record: Record, options: list[workflow.Option], asked: dict[str, type[forms.MoveForm]]
) -> list[dict[str, Any]]:
    return move_buttons(
        [option for option in options if option.move.code in asked and option.move.code not in ELSEWHERE],
        address=lambda code: reverse(f"meetings:{record._meta.model_name}_move", args=[record.pk, code]),
        asks=lambda code: asked[code].asks,
        main=MAIN,
        says_why=SAYS_WHY,
    )


def make_move(request: HttpRequest, record: Record, code: str, asked: dict[str, type[forms.MoveForm]]) -> HttpResponse:
    """Ask what a move needs and make it."""
    if code not in asked:
        raise Http404(_("没有这一步。"))
    move, now, noun = workflow.MOVES[f"{record.kind()}.{code}"], timezone.now(), record._meta.model_name
    return ask_move(
        request,
        asked[code],
        record=record,
        move=move,
        check=lambda: workflow.check(record, move, request.user, now),
        act=lambda **given: actions.MAKE[f"{noun}.{code}"](by=request.user, now=now, **{noun: record}, **given),
    )


def record_page(
    request: HttpRequest, record: Any, asked: dict[str, type[forms.MoveForm]], template: str, **more: Any
) -> HttpResponse:
    now = timezone.now()
    buttons = buttons_of(record, workflow.moves_for(record, request.user, now), asked)
    context = {"record": record, "now": now, "moves": buttons, "events": history(record), **more}
    return page(request, template, context)
