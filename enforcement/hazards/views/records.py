"""The record of a hazard, its moves and its papers."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from brigade import workflow
from brigade.kit.documents import MEDIA_TYPE
from brigade.kit.web import ask_move, download, get_visible, move_buttons, page
from brigade.org.queries import holders
from brigade.org.states import Role
from enforcement.hazards import actions, documents, queries
from enforcement.hazards.forms import FORMS
from enforcement.hazards.models import Hazard, Owner
from enforcement.hazards.queries import Sight, sight_of
from enforcement.hazards.states import SENT, HazardState, PhotoKind
from enforcement.hazards.views.photos import put_away
from enforcement.hazards.views.steps import deadline, duties_of, missing, paused, track

ROWS = Hazard.objects.select_related(
    "unit", "category", "defect", "road", "town", "village", "owner", "created_by", "registered_by", "graded_by",
    "second_grader", "submitted_by", "dup_of",
)  # fmt: skip


@require_safe
def hazard_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One hazard: how far it is, what comes next and why not yet, its facts, photos, papers and history."""
    record = get_visible(request, ROWS, pk)
    now, sight = timezone.now(), sight_of(request.user, record)
    options = workflow.moves_for(record, request.user, now)
    able = frozenset(option.move.code for option in options if not option.why_not)
    duties = duties_of(record)
    photos = list(sight.photos())
    context = {
        "record": record,
        "now": now,
        "sight": sight,
        "track": track(record, now),
        "deadline": deadline(record, duties, now),
        "paused": paused(record, now),
        "missing": missing(record, able),
        "moves": _buttons(request, record, options),
        "able": able,
        "photos": photos,
        "lacks_after": "progress" in able and not any(photo.kind == PhotoKind.AFTER for photo in photos),
        "papers": list(sight.papers()),
        "events": sight.events(),
        **_people(request, record),
        **_around(request, record, sight, duties),
    }
    return page(request, "hazards/hazard_detail.html", context)


MAIN = (
    "register", "grant_extension", "notify", "grade", "accept", "start", "submit", "verify", "uphold", "resume",
    "recheck", "revive",
)  # fmt: skip
"""The first of these that can be made now is the page's main button."""
SAYS_WHY = frozenset({"register", "notify", "accept", "submit", "verify", "ask_extension", "defer", "delist"})
"""These stand there greyed with what is missing; others only appear when they can be made."""


def _buttons(request: HttpRequest, record: Hazard, options: list[workflow.Option]) -> list[dict[str, Any]]:
    shown = [option for option in options if option.move.code in FORMS]
    if record.open_listing is None:
        shown = [option for option in shown if option.move.code != "delist"]
    return move_buttons(
        shown,
        address=lambda code: reverse("hazards:hazard_move", args=[record.pk, code]),
        asks=lambda code: FORMS[code].asks_of(record, request.user),
        main=MAIN,
        says_why=SAYS_WHY,
    )


def _people(request: HttpRequest, record: Hazard) -> dict[str, Any]:
    """Who has to do with it: the owner's liaison, owners of before with their days, those who help, the squadron, who
    verified."""
    owner = Owner.objects.select_related("liaison").filter(pk=record.owner_id).first()
    with_owner = record.state in SENT and record.state != HazardState.CLOSED
    turns = record.turns.filter(ended_at__isnull=False).select_related("owner").order_by("delivered_at", "pk")
    checked = record.verifications.select_related("first", "second").order_by("-at", "-pk").first()
    return {
        "owner": owner,
        "may_reveal": owner is not None and with_owner and request.user.has_perm("hazards.reveal_owner", record),
        "partners": list(record.partners.order_by("name")),
        "captains": holders(record.unit_id, Role.SQUADRON_LEADER, timezone.localdate(), up=True),
        "checked": checked,
        "earlier": [(turn, turn.days(timezone.now())) for turn in turns],
    }


def _around(request: HttpRequest, record: Hazard, sight: Sight, duties: Any) -> dict[str, Any]:
    """What the record moves, and what lies near it; of other people's matters an owner sees nothing."""
    if sight.is_owner:
        return {"duties": [row for row in duties if row.person_id == request.user.pk], "near": []}
    near = queries.near_hazard(record, timezone.now())
    seen = Hazard.objects.visible_to(request.user).filter(pk__in=[one.hazard.pk for one in near])
    known = set(seen.values_list("pk", flat=True))
    return {"duties": duties, "near": [one for one in near if one.hazard.pk in known]}


def hazard_move(request: HttpRequest, pk: UUID, code: str) -> HttpResponse:
    """Ask what a move needs, and make it. Photos are kept first, so that a refusal costs nobody an upload."""
    record = get_visible(request, ROWS, pk)
    if code not in FORMS:
        raise Http404(_("没有这一步。"))
    move, now = workflow.MOVES[f"{record.kind()}.{code}"], timezone.now()
    return ask_move(
        request,
        partial(FORMS[code], user=request.user),
        record=record,
        move=move,
        check=lambda: workflow.check(record, move, request.user, now),
        act=lambda **given: actions.MAKE[code](by=request.user, hazard=record, now=now, **given),
        back=reverse("hazards:hazard_list") if code == "reassign" else None,
        typed=put_away(request) if request.method == "POST" else None,
    )


@require_safe
def hazard_document(request: HttpRequest, pk: UUID, number: int) -> HttpResponseBase:
    """A document as Word; to an owner only what was sent to him."""
    record = get_visible(request, ROWS, pk)
    paper = sight_of(request.user, record).papers().filter(pk=min(number, 2**62)).first()
    if paper is None:
        raise Http404(_("没有这份文书。"))
    content, name = documents.paper(paper)
    return download(content, name=name, media_type=MEDIA_TYPE)
