"""Reporting a hazard, on a phone at the roadside or at a desk."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from brigade.kit.geo import Point
from brigade.kit.ids import new_id
from brigade.kit.refusals import Refused
from brigade.kit.web import done, page, refused, require
from brigade.org.queries import squadron_of
from brigade.reference.models import Road
from brigade.reference.queries import district
from enforcement.hazards import actions, queries, rules
from enforcement.hazards.forms import ReportForm
from enforcement.hazards.models import Hazard
from enforcement.hazards.views.photos import put_away

ADD = "hazards.add_hazard"


def hazard_create(request: HttpRequest) -> HttpResponse:
    """Report a hazard: photo, place, category, and it is with the squadron. Police, auxiliaries, clerks."""
    require(request, ADD)
    now, status = timezone.now(), 200
    typed = put_away(request) if request.method == "POST" else None
    form = ReportForm(typed, user=request.user, now=now, initial={"id": new_id()})
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made = actions.report(by=request.user, now=now, **form.arguments())
                said = _("已上报给%(unit)s，编号%(number)s") % {"unit": made.unit.short_name, "number": made.number}
                return done(request, said, made)
            except Refused as refusal:
                status = refused(request, form, refusal)
    return _report_page(request, form, now, status)


@require_POST
def hazard_near(request: HttpRequest) -> HttpResponse:
    """What lies near the place that is typed so far, in which town that is and to whom the report goes; nothing is
    written."""
    require(request, ADD)
    now, typed = timezone.now(), request.POST.copy()
    form = ReportForm(typed, user=request.user, now=now)
    if town := _town_of(form):
        typed["town"] = typed["town_guess"] = str(town)
        form = ReportForm(typed, user=request.user, now=now)
    return _report_page(request, form, now, fragment="near")


def _town_of(form: ReportForm) -> int | None:
    """The town in which the place most likely lies, while nobody has chosen one by hand."""
    place, _category, town = form.looked_at()
    if town is not None and town.pk != form.cleaned_data.get("town_guess"):
        return None
    try:
        columns = rules.located(place, (), district())
    except Refused:
        return None
    return queries.town_at(Point(float(columns["lat"]), float(columns["lon"]))) if columns["lat"] is not None else None


def _report_page(
    request: HttpRequest, form: ReportForm, now: datetime, status: int = 200, fragment: str | None = None
) -> HttpResponse:
    context = {
        "form": form,
        "goes_to": _goes_to(request, form, now),
        "near": _near(request, form, now) if form.is_bound else [],
        "asks_datum": bool(form.is_bound and (form.errors.get("coord_sys") or form.data.get("is_datum_confirmed"))),
        "swapped": fragment is not None,
        "folded": not _has_wrong(form, FOLDED),
        "opens_stake": _has_wrong(form, STAKE) or bool(form["stake_start"].value()),
    }
    return page(request, "hazards/hazard_report.html", context, fragment=fragment, status=status)


FOLDED = ("defect", "source", "informant", "discovered_at", "village", "is_intersection", "suggestion")
"""What few reports need lies folded away, unless something is wrong with it."""
STAKE = ("road", "stake_start", "stake_end", "direction")


def _has_wrong(form: ReportForm, names: Iterable[str]) -> bool:
    return form.is_bound and any(form.errors.get(name) for name in names)


def _goes_to(request: HttpRequest, form: ReportForm, now: datetime) -> str:
    """Who gets the report, as `actions.report` decides it; nobody can say before the town is known."""
    town = form.looked_at()[2] if form.is_bound else None
    town_id = town.pk if town else form.initial.get("town")
    if town_id is None:
        return ""
    unit = squadron_of(town_id, timezone.localdate(now)) or request.user.unit
    return unit.short_name if unit else ""


def _near(request: HttpRequest, form: ReportForm, now: datetime) -> list[dict[str, Any]]:
    """What may be the same hazard; one that the reader may not open is named by its number alone."""
    place, category, _town = form.looked_at()
    if category is None:
        return []
    try:
        columns = rules.located(place, Road.objects.surveyed(), district())
    except Refused:
        return []
    direction = form.cleaned_data.get("direction") or "na"
    found = queries.near_place(columns | {"direction": direction}, category, now)
    own = str(form.data.get("id", ""))
    rows = Hazard.objects.visible_to(request.user).filter(pk__in=[one.hazard.pk for one in found])
    seen = set(rows.values_list("pk", flat=True))
    return [
        {"hazard": one.hazard, "metres": one.metres, "is_seen": one.hazard.pk in seen}
        for one in found
        if str(one.hazard.pk) != own
    ]
