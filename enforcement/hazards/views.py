"""Pages of hazards."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from brigade.kit.web import get_visible, page, require
from enforcement.hazards.models import Hazard


@require_safe
def hazard_list(request: HttpRequest) -> HttpResponse:
    """The hazards that the user may see, the latest first."""
    require(request, "hazards.view_hazard")
    rows = Hazard.objects.visible_to(request.user).order_by("-discovered_at", "-id")[:50]
    return page(request, "hazards/hazard_list.html", {"rows": rows})


@require_safe
def hazard_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One hazard."""
    return page(request, "hazards/hazard_detail.html", {"record": get_visible(request, Hazard, pk)})
