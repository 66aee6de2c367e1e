"""The door between requests: a session that ended asks for a new sign-in, a first password is changed first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from brigade.org import actions

CHANGE_PAGE = "workbench:password"
OPEN_BEFORE_PASSWORD = {CHANGE_PAGE, "workbench:logout"}
WALL_PAGE = "workbench:screen"
FILE_ASKED = {"format", "download"}
"""Parameters that ask for a file: nobody can stay at such an address, so one goes back to the page with its link."""
SEEN_EVERY = 60
"""Seconds between two notes of activity: a note is a write."""


def safe_next(request: HttpRequest, address: str) -> str:
    """The address when it leads to a page of this portal, else nothing."""
    fits = url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
    return address if fits else ""


def start_clock(session: Any, now: datetime) -> None:
    session["opened_at"] = session["seen_at"] = int(now.timestamp())


class IdleSessionMiddleware:
    """Ends a session after half an hour without a request, and twelve hours after it began.

    The screen on the wall renews itself without anybody there: that keeps no session alive, and none ends by it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.user.is_authenticated:
            self._keep_or_end(request, timezone.now())
        return self.get_response(request)

    def _keep_or_end(self, request: Any, now: datetime) -> None:
        session, moment = request.session, int(now.timestamp())
        if "opened_at" not in session:
            start_clock(session, now)
        opened, seen = session["opened_at"], session["seen_at"]
        is_over = moment - opened >= settings.SESSION_COOKIE_AGE
        if _asks_by_itself(request) and not is_over:
            return
        if is_over or moment - seen >= settings.SESSION_IDLE_SECONDS:
            actions.sign_out(by=request.user, expired=True, now=now)
            logout(request)
            request.session_expired = True
        elif moment - seen >= SEEN_EVERY:
            actions.note_seen(session, moment)


def _asks_by_itself(request: HttpRequest) -> bool:
    return "HX-Request" in request.headers and request.path == resolve_url(WALL_PAGE)


class SignInRequiredMiddleware(LoginRequiredMiddleware):
    """Sends the anonymous to the sign-in page and back; a fragment gets a bare 401, so that the typed form stays."""

    def handle_no_permission(self, request: HttpRequest, view_func: Callable[..., Any]) -> HttpResponse:
        if "HX-Request" in request.headers:
            return _plain(_("登录已过期，重新登录后再提交，填的内容还在。"), 401)
        is_page = request.method in ("GET", "HEAD") and not FILE_ASKED & request.GET.keys()
        back = request.get_full_path() if is_page else _path_of(safe_next(request, request.headers.get("Referer", "")))
        query = {"next": back} if back and back != "/" else {}
        if getattr(request, "session_expired", False):
            query["expired"] = "1"
        login = resolve_url(settings.LOGIN_URL)
        return redirect(f"{login}?{urlencode(query)}" if query else login)


def _plain(sentence: str, status: int) -> HttpResponse:
    return HttpResponse(sentence, status=status, content_type="text/plain; charset=utf-8")


def _path_of(address: str) -> str:
    """Path and query of a full address of this portal."""
    return "/" + address.split("/", 3)[3] if address.count("/") >= 3 else ""


class FirstPasswordMiddleware:
    """A password that somebody else knows opens one page only: the one that changes it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: Any, view_func: Callable[..., Any], view_args: Any, view_kwargs: Any
    ) -> HttpResponse | None:
        is_api = request.path.startswith("/api/")
        is_public = not is_api and not getattr(view_func, "login_required", True)
        if is_public or request.resolver_match.view_name in OPEN_BEFORE_PASSWORD:
            return None
        if not request.user.is_authenticated or not request.user.must_change_password:
            return None
        if "HX-Request" in request.headers:
            return HttpResponse(status=204, headers={"HX-Redirect": resolve_url(CHANGE_PAGE)})
        if is_api:
            return _plain(_("先修改初始密码。"), 403)
        return redirect(CHANGE_PAGE)
