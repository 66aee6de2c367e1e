"""Whether the portal lives, and whether it is ready to serve; for whoever watches over it, without signing in."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from brigade.workbench.queries import readiness


@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked."""
    return HttpResponse("ok", content_type="text/plain", headers={"Cache-Control": "no-store"})


@login_not_required
def readyz(request: HttpRequest) -> HttpResponse:
    """What each part says of itself: 200 when all that is needed is well, else 503. Gives no path or version away."""
    checks = readiness(timezone.now())
    is_ready = all(check.ok for check in checks if check.needed)
    said = {check.name: {"ok": check.ok} | ({} if check.value is None else {"value": check.value}) for check in checks}
    answer = {"ready": is_ready, "checks": said}
    return JsonResponse(answer, status=200 if is_ready else 503, headers={"Cache-Control": "no-store"})
