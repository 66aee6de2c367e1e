"""A form that was sent and led on has no draft any more."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from brigade.kit.refusals import Refused
from brigade.ledgers.actions import drop_sent
from brigade.ledgers.queries import form_at

NAME, ASKED, RECORD = "draft", "draft_asked", "id"
"""What static/js/draft.js sends along: the form's name, what it was asked for, the id of the record that it makes."""
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class SentDraftMiddleware:
    """Drops the draft of a form whose sending led on to another page; one that was refused keeps it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if self._led_on(request, response) and request.POST.get(NAME):
            typed = request.POST
            try:
                form = form_at(request.resolver_match, typed[NAME], typed.get(ASKED, ""), typed.get(RECORD, ""))
            except Refused:  # so long that it was never kept
                return response
            drop_sent(by=request.user, form=form)
        return response

    @staticmethod
    def _led_on(request: HttpRequest, response: HttpResponseBase) -> bool:
        goes_on = response.status_code in (302, 303) or "HX-Redirect" in response.headers
        if not goes_on or request.method != "POST" or request.content_type not in FORMS:
            return False
        return request.resolver_match is not None and request.user.is_authenticated
