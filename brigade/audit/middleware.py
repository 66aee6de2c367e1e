"""Refusals leave a row too: written when the request is over, after whatever it had begun is rolled back."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from brigade.audit import actions
from brigade.audit.states import Result
from brigade.kit.web import refusals_of


class RefusalMiddleware:
    """Stands inside the request context and outside every view and every transaction."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        user = getattr(request, "user", None)
        for refusal in refusals_of(request):
            actions.record(
                refusal.verb or "request.refused",
                refusal.target,
                by=user if user is not None and user.is_authenticated else None,
                note=str(refusal),
                changes={"opened" if request.method in ("GET", "HEAD") else "sent_to": request.path},
                result=Result.REFUSED,
            )
        return response
