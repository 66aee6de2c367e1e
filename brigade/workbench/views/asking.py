"""One form on a page of its own, or in a dialog of the page it was asked from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse

from brigade.kit.refusals import Refused
from brigade.kit.web import done, page, refused


def ask(
    request: HttpRequest,
    form: Form,
    *,
    title: Any,
    button: Any,
    call: Callable[..., Any],
    said: Any,
    back: Any,
    text: Any = "",
) -> HttpResponse:
    """Show the form; on a good answer call the action with what was typed, say so and go on to `back`.

    `back` is an address, an object with a page of its own, or None for the page of what the action returns.
    """
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                result = call(**form.cleaned_data)
            except Refused as refusal:
                status = refused(request, form, refusal)
            else:
                return done(request, said, back or result)
    context = {"form": form, "title": title, "button": button, "text": text, "back": back}
    return page(request, "workbench/ask.html", context, fragment="ask", status=status)
