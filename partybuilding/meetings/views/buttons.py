"""Moves as buttons and as a page that asks what a move needs."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade import workflow
from brigade.audit.queries import history
from brigade.kit.web import ask, page
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
    """The moves for ui/move.html, the main one first."""
    shown = [
        option
        for option in options
        if option.move.code in asked and option.move.code not in ELSEWHERE
        if not option.why_not or option.move.code in SAYS_WHY
    ]
    main = next((code for code in MAIN if code in {option.move.code for option in shown}), "")
    buttons = []
    for option in sorted(shown, key=lambda option: option.move.code != main):
        code = option.move.code
        address = reverse(f"meetings:{record._meta.model_name}_move", args=[record.pk, code])
        buttons.append(
            {
                "label": option.move.label,
                "url": address,
                "confirm": address if asked[code].asks else "",
                "why": option.why_not,
                "main": code == main,
            }
        )
    return buttons


def make_move(request: HttpRequest, record: Record, code: str, asked: dict[str, type[forms.MoveForm]]) -> HttpResponse:
    """Ask what a move needs and make it; who may and what is missing is the door's to say."""
    if code not in asked:
        raise Http404(_("没有这一步。"))
    move, now = workflow.MOVES[f"{record.kind()}.{code}"], timezone.now()
    noun = record._meta.model_name
    act = actions.MAKE[f"{noun}.{code}"]
    if request.method != "POST":
        workflow.check(record, move, request.user, now)
    form = asked[code](request.POST or None, record=record, initial={"version": record.version})
    return ask(
        request,
        form,
        title=_("%(what)s：%(do)s？") % {"what": record.title, "do": move.label},
        button=move.label,
        call=lambda **given: act(by=request.user, now=now, **{noun: record}, **given),
        said=_("%(do)s：%(what)s") % {"do": move.label, "what": record.title},
        back=record.get_absolute_url(),
    )


def record_page(
    request: HttpRequest, record: Any, asked: dict[str, type[forms.MoveForm]], template: str, **more: Any
) -> HttpResponse:
    now = timezone.now()
    buttons = buttons_of(record, workflow.moves_for(record, request.user, now), asked)
    context = {"record": record, "now": now, "moves": buttons, "events": history(record), **more}
    return page(request, template, context)
