"""The map of hazards: the ledger's filters on the outline of the district, without any tile server."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from brigade.kit.geo import Box
from brigade.kit.refusals import Refused
from brigade.kit.web import page, require
from brigade.reference.queries import district
from enforcement.hazards import queries
from enforcement.hazards.views.ledgers import HazardList


@require_safe
def hazard_map(request: HttpRequest) -> HttpResponse:
    """The hazards that the filters let through on the map, and below it the same by town as a table."""
    require(request, HazardList.permission)
    sheet = HazardList.sheet(request.user, request.GET)
    context = {
        "sheet": sheet,
        "more": HazardList.more,
        "towns": queries.by_town(sheet.queryset, timezone.now()),
        "query": sheet.kept().urlencode(),
    }
    return page(request, "hazards/hazard_map.html", context, fragment="map")


@require_safe
def hazard_points(request: HttpRequest) -> JsonResponse:
    """What lies inside `box` (south,west,north,east), the whole district where none is asked for.

    Places one by one, or drawn together where they are too many.
    """
    require(request, HazardList.permission)
    sheet = HazardList.sheet(request.user, request.GET)
    box = _box(request.GET["box"]) if "box" in request.GET else _everything()
    return JsonResponse(queries.on_map(sheet.queryset, box, timezone.now()))


@require_safe
@cache_control(private=True, max_age=3600)
def district_outline(request: HttpRequest) -> HttpResponse:
    """The outline of the district and its surveyed roads as GeoJSON, WGS-84: all that the map needs."""
    return HttpResponse(json.dumps(queries.ground()), content_type="application/geo+json")


def _everything() -> Box:
    (south, west), (north, east) = district().bounds
    return Box(south, west, north, east)


NARROWEST = 0.00001
"""Degrees, about a metre: no map shows less, and no square of a narrower view has a number that a database holds."""


def _box(text: str) -> Box:
    try:
        box: Any = Box(*(float(part) for part in text.split(",")))
    except (TypeError, ValueError):
        raise Refused(_("地图范围不对，请刷新页面再看")) from None
    is_one = -90 <= box.south < box.north <= 90 and box.west >= -180 and box.east <= 180
    if not (is_one and box.east - box.west >= NARROWEST):
        raise Refused(_("地图范围不对，请刷新页面再看"))
    return box
