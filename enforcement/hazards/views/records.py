"""The record of a hazard."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from brigade.kit.web import get_visible, page
from enforcement.hazards.models import Hazard


@require_safe
def hazard_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One hazard."""
    return page(request, "hazards/hazard_detail.html", {"record": get_visible(request, Hazard, pk)})
