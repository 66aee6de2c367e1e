"""Drafts of forms, for static/js/draft-server.js: kept as one types, offered when the form opens again, thrown away."""

from __future__ import annotations

import json
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from brigade.kit.crypto import Unreadable
from brigade.kit.refusals import Refused
from brigade.kit.text import strip_unsafe
from brigade.kit.web import get_visible
from brigade.ledgers import actions, queries
from brigade.ledgers.models import Draft


@require_http_methods(["GET", "POST"])
def draft_keep(request: HttpRequest) -> HttpResponse:
    """Keep one's draft of a form, or read the newest that one has of it; everybody, for himself."""
    if request.method == "GET":
        return _found(request)
    try:
        return _kept(request)
    except Refused as refusal:
        return _answer({"detail": str(refusal)}, refusal.status)


def _kept(request: HttpRequest) -> HttpResponse:
    try:
        sent = json.loads(request.body)
    except (ValueError, RecursionError):
        sent = None
    sent = sent if isinstance(sent, dict) else {}
    names = ("address", "name", "asked", "record_id")
    draft = actions.save_draft(
        by=request.user,
        content=sent,
        now=timezone.now(),
        **{name: strip_unsafe(str(sent.get(name) or "")) for name in names},
    )
    return _answer({"draft": str(draft.pk), "at": _moment(draft)})


def _found(request: HttpRequest) -> HttpResponse:
    """204 where there is none: nothing kept, nothing that can be read, no such page."""
    asked = request.GET
    try:
        draft = queries.draft_of(request.user, queries.page_of(asked.get("address", ""), asked.get("name", "")))
        content = queries.typed_in(draft) if draft else {}
    except (Refused, Unreadable):
        draft = None
    if draft is None:
        return HttpResponse(status=204)
    return _answer({**content, "draft": str(draft.pk), "at": _moment(draft)})


@require_POST
def draft_drop(request: HttpRequest, pk: UUID) -> HttpResponse:
    actions.drop_draft(by=request.user, draft=get_visible(request, Draft, pk))
    return HttpResponse(status=204)


def _moment(draft: Draft) -> int:
    return int(draft.saved_at.timestamp() * 1000)


def _answer(content: dict[str, object], status: int = 200) -> HttpResponse:
    response = JsonResponse(content, status=status)
    response["Cache-Control"] = "no-store, private"
    return response
