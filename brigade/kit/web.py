"""What every view uses: reach a row, answer with a page or its fragment, say that it is done or why not."""

import ipaddress
import re
import sys
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import IO, Any, TypeVar

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, QuerySet
from django.forms import BaseForm, PasswordInput
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
    QueryDict,
)
from django.shortcuts import redirect, render, resolve_url
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.defaults import server_error
from django_htmx.http import HttpResponseClientRedirect

from brigade.kit import context
from brigade.kit.ids import new_id
from brigade.kit.merging import Merge, base_of, settle
from brigade.kit.refusals import Busy, NoRoom, NotAllowed, Refused, is_busy, is_full_disk
from brigade.kit.text import strip_unsafe

Row = TypeVar("Row", bound=Model)


def get_visible(request: HttpRequest, rows: type[Row] | QuerySet[Row], pk: Any, perm: str | None = None) -> Row:
    """The row, out of those that the user may see: 404 when it is not among them, 403 when `perm` is refused on it.

    `rows` is a model, or a queryset of it that names what to select along.
    """
    found: Any = rows if isinstance(rows, QuerySet) else rows._default_manager.all()
    try:
        row = found.visible_to(request.user).get(pk=pk)
    except (found.model.DoesNotExist, ValidationError, ValueError, OverflowError):
        raise Http404(_("没有这条记录，或者不在你的查看范围内。")) from None
    if perm is not None:
        require(request, perm, row)
    return row


def require(request: HttpRequest, perm: str, row: Any = None) -> None:
    """403 when `perm` is refused, on the row or anywhere: before somebody types what he may not send."""
    if not request.user.has_perm(perm, row):
        raise PermissionDenied(_("你没有办理这一步的权限。"))


def page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any] | None = None,
    fragment: str | None = None,
    status: int = 200,
) -> HttpResponse:
    """The full page, or only its partial `fragment` where htmx asks for it; both live at one address, so no store.

    A partial that another template holds is named with it: `ledgers/listing.html#ledger`. A boosted link and a step
    back in the history need the whole page even though htmx asks.
    """
    htmx: Any = getattr(request, "htmx", None)
    if fragment and htmx and not htmx.boosted and not htmx.history_restore_request:
        template = fragment if "#" in fragment else f"{template}#{fragment}"
    response = render(request, template, dict(context or {}), status=status)
    patch_vary_headers(response, ["HX-Request"])
    response["Cache-Control"] = "no-store, private"
    return response


def done(request: HttpRequest, message: Any, url: Any) -> HttpResponse:
    """Say what happened and go on to `url` (an address, a URL name or an object with a page of its own)."""
    messages.success(request, message)
    address = resolve_url(url)
    if getattr(request, "htmx", None):
        return HttpResponseClientRedirect(address)
    return redirect(address)


def refused(request: HttpRequest, form: BaseForm | None, refusal: Refused) -> int:
    """Put the refusal where the person looks: beside its field, above the form, or as a message without a form.

    Returns the status (422, 409 or 403) for the page that the view then answers with. The refusal is noted for the
    audit trail.
    """
    note_refusal(request, refusal)
    if form is None:
        messages.error(request, str(refusal))
    else:
        form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
    return refusal.status


def ask(
    request: HttpRequest,
    form: BaseForm,
    *,
    title: Any,
    button: Any,
    call: Callable[..., Any],
    said: Any,
    back: Any,
    text: Any = "",
    check: Callable[[], None] | None = None,
    base: str = "",
    merge: Merge | None = None,
) -> HttpResponse:
    """Show the form; on a good answer call the action with what was typed, say so and go on to `back`.

    `back` is an address, an object with a page of its own, or None for the page of what the action returns. `said` is
    a sentence, or makes one of what the action returns. `check` refuses what cannot be done whatever is typed: it is
    asked before anything is. `base` and `merge` are those of a form that merges, see `merged`.
    """
    status = 200
    clashes = merge.clashes if merge else []
    if request.method == "POST":
        status = 409 if clashes else 422
        try:
            if not clashes and form.is_valid():
                result = call(**form.cleaned_data)
                sentence = said(result) if callable(said) else said
                return done(request, f"{sentence}{merge.said}" if merge else sentence, back or result)
            if check is not None:
                check()
        except Refused as refusal:
            status = refused(request, form, refusal)
    elif check is not None:
        check()
    context = {"form": form, "title": title, "button": button, "text": text, "back": back, "base": base}
    context |= {"clashes": clashes, "drafts": keeps_draft(form)}
    return page(request, "ui/ask.html", context, fragment="ask", status=status)


def keeps_draft(form: BaseForm) -> bool:
    """Whether what is typed into the form is kept as it is typed: there is something to type, and it is no password."""
    widgets = [field.field.widget for field in form.visible_fields()]
    return bool(widgets) and not any(isinstance(widget, PasswordInput) for widget in widgets)


def merged(
    request: HttpRequest, make: Callable[[QueryDict | None], Any], record: Any, typed: QueryDict | None = None
) -> tuple[Any, Merge | None, str]:
    """The form of a record that others may change meanwhile: form, what was merged into it, its base to send along.

    `make(None)` is the form as it opens, `make(data)` with what was typed. What only one of two people changed is in
    the form then, to be checked and saved as usual; while there are clashes it is shown again, with 409.
    """
    if request.method != "POST":
        form, merge = make(None), None
    else:
        form, merge = settle(make, request.POST if typed is None else typed, record)
    return form, merge, base_of(form)


def ask_edit(
    request: HttpRequest, make: Callable[[QueryDict | None], BaseForm], *, record: Any, **asked: Any
) -> HttpResponse:
    """As `ask`, of a form that opens with what `record` holds: two people's changes are put together, see `merged`."""
    form, merge, base = merged(request, make, record)
    return ask(request, form, base=base, merge=merge, **asked)


def ask_move(
    request: HttpRequest,
    asked: Callable[..., Any],
    *,
    record: Any,
    move: Any,
    check: Callable[[], None],
    act: Callable[..., Any],
    said: Callable[[Any], str] | None = None,
    back: Any = None,
    typed: QueryDict | None = None,
) -> HttpResponse:
    """Ask what a move of a record needs by the form `asked`, and make it: `act` takes the form's `arguments()`.

    Who may make it and what is missing is the door's to say, by `check`. `back` is where to go on, else the record's
    own page: who gives a record away may not see it any more. `typed` is what was sent, where the view has added to
    it, as ids of files that came along.
    """
    opened = {"version": record.version}
    merge, base = None, ""
    if move.merges:
        form, merge, base = merged(
            request, lambda data: asked(data, record=record, initial=dict(opened)), record, typed
        )
    else:
        sent = request.POST if typed is None else typed
        form = asked(sent if request.method == "POST" else None, record=record, initial=opened)
    words = {"what": record.title, "do": move.label}
    return ask(
        request,
        form,
        title=_("%(what)s：%(do)s？") % words,
        button=move.label,
        call=lambda **_typed: act(**form.arguments()),
        said=said or _("%(do)s：%(what)s") % words,
        back=back or record,
        check=check,
        base=base,
        merge=merge,
    )


def move_buttons(
    options: Iterable[Any],
    *,
    address: Callable[[str], str],
    asks: Callable[[str], bool],
    main: Sequence[str],
    says_why: Container[str],
) -> list[dict[str, Any]]:
    """The moves that a person may make of a record, for ui/move.html: the first of `main` that can be made leads.

    Those in `says_why` stand there greyed with what is missing; others only appear when they can be made. `asks` says
    whether a move wants to know something first.
    """
    shown = [option for option in options if not option.why_not or option.move.code in says_why]
    able = {option.move.code for option in shown if not option.why_not}
    first = next((code for code in main if code in able), "")
    return [
        {
            "label": option.move.label,
            "url": address(option.move.code),
            "confirm": address(option.move.code) if asks(option.move.code) else "",
            "why": option.why_not,
            "main": option.move.code == first,
        }
        for option in sorted(shown, key=lambda option: option.move.code != first)
    ]


def note_refusal(request: HttpRequest, refusal: Refused) -> None:
    """Remember a refusal until the request is over: it is audited then, in a transaction of its own."""
    noted: list[Refused] = request.__dict__.setdefault("refusals", [])
    noted.append(refusal)


def refusals_of(request: HttpRequest) -> list[Refused]:
    return request.__dict__.get("refusals", [])


def broken(request: HttpRequest) -> HttpResponse:
    """The answer to what nobody caught: a full disk is no bug, nor is one who writes for long while others wait; both
    are told in a sentence, as a page or as the API does.

    Session and forms are read and written outside the views too, so this is the one place that meets all of it. The
    page asks neither database nor session.
    """
    error = sys.exception()
    if not is_full_disk(error) and not is_busy(error):
        return server_error(request)
    refusal = Busy() if is_busy(error) else NoRoom()
    if request.path.startswith("/api/"):
        return JsonResponse({"detail": str(refusal), "field": "", "article": ""}, status=refusal.status)
    return HttpResponse(render_to_string("refused.html", {"refusal": refusal}), status=refusal.status)


def download(content: IO[bytes], *, name: str, media_type: str, inline: bool = False) -> FileResponse:
    """A file for saving: never sniffed, never run, never kept by a cache. `inline` shows an image in the page."""
    response = FileResponse(content, as_attachment=not inline, filename=safe_name(name), content_type=media_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "no-store, private"
    return response


def safe_name(name: str) -> str:
    """A file name without folders and without signs that a file system or a header cannot hold."""
    last = re.split(r"[\\/]", strip_unsafe(name))[-1]
    cleaned = re.sub(r'[<>:"|?*\t\r\n]+', "_", last).strip(" .")
    stem, dot, ending = cleaned.rpartition(".")
    if not dot or len(ending) > 10:
        return cleaned[:120] or _("未命名")
    return f"{stem[:110] or _('未命名')}.{ending}"


# Middleware

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestContextMiddleware:
    """Gives each request an id, finds the address it came from, and turns an uncaught refusal into a page.

    What says nothing about keeping it, as an answer of the API, is kept by no browser: many people share a computer.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with context.using(_context_of(request)) as here:
            response = self.get_response(request)
        response["X-Request-ID"] = here.request_id
        response.headers.setdefault("Cache-Control", "no-store, private")
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A refusal that no view met is shown on a page of its own; one without a page of its own is noted."""
        if isinstance(exception, PermissionDenied):
            note_refusal(request, NotAllowed(str(exception) or _("没有权限。")))
        if not isinstance(exception, Refused):
            return None
        note_refusal(request, exception)
        response = page(request, "refused.html", {"refusal": exception}, status=exception.status)
        if getattr(request, "htmx", None):
            response["HX-Retarget"] = "body"
            response["HX-Reswap"] = "innerHTML"
        return response


def _context_of(request: HttpRequest) -> context.Context:
    peer = request.META.get("REMOTE_ADDR", "")
    given = request.headers.get("X-Request-ID", "")
    trusted = _is_proxy(peer)
    return context.Context(
        request_id=given if trusted and _REQUEST_ID.fullmatch(given) else new_id().hex,
        ip=_client_address(peer, request.headers.get("X-Forwarded-For", "")) if trusted else peer,
        terminal=strip_unsafe(request.headers.get("User-Agent", ""))[:200],
    )


def _is_proxy(address: str) -> bool:
    """Whether the peer is our own front server; an empty address is a unix socket, named "unix" in the setting."""
    return (address or "unix") in settings.TRUSTED_PROXIES


def _client_address(peer: str, forwarded: str) -> str:
    """The nearest address in the chain that is not one of our proxies: what stands before it anybody can write."""
    for hop in reversed([part.strip() for part in forwarded.split(",") if part.strip()]):
        if not _is_proxy(hop):
            try:
                return str(ipaddress.ip_address(hop))
            except ValueError:
                return peer
    return peer
