"""Signing in, signing out, changing one's password."""

from __future__ import annotations

from django.conf import settings
from django.contrib import auth, messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from brigade.kit import context
from brigade.kit.refusals import Refused
from brigade.kit.web import page, refused
from brigade.org import actions
from brigade.org.forms import PasswordForm, SignInForm
from brigade.org.middleware import safe_next, start_clock
from brigade.org.models import Person


@login_not_required
@sensitive_post_parameters("password")
def login(request: HttpRequest) -> HttpResponse:
    """Number and password, then on to where the person wanted to go."""
    target = safe_next(request, request.POST.get("next", request.GET.get("next", "")))
    if request.user.is_authenticated:
        return redirect(target or "workbench:home")
    form = SignInForm(request.POST or None)
    if form.is_valid():
        try:
            signed = actions.sign_in(**form.cleaned_data, address=context.current().ip, now=timezone.now())
        except Refused as refusal:
            form.add_error("password", str(refusal))
        else:
            return _open_session(request, signed, target)
    shown = {"form": form, "next": target, "expired": "expired" in request.GET, "brigade_name": settings.BRIGADE_NAME}
    return page(request, "workbench/login.html", shown, status=422 if form.errors else 200)


def _open_session(request: HttpRequest, signed: actions.SignIn, target: str) -> HttpResponse:
    auth.login(request, signed.person)
    start_clock(request.session, timezone.now())
    if signed.last_at is not None:
        moment = f"{timezone.localtime(signed.last_at):%Y-%m-%d %H:%M}"
        words = {"moment": moment, "address": signed.last_from or _("本机")}
        messages.info(request, _("上次登录：%(moment)s，地址%(address)s。不是本人就立即改密码。") % words)
    return redirect(target or "workbench:home")


@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    person: Person = request.user
    actions.sign_out(by=person)
    auth.logout(request)
    return redirect("workbench:login")


@sensitive_post_parameters()
def password(request: HttpRequest) -> HttpResponse:
    """Change one's own password; the first one has to be, before anything else opens."""
    person: Person = request.user
    form, status = PasswordForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                changed = actions.set_password(
                    by=person, current=form.cleaned_data["current"], new=form.cleaned_data["new"]
                )
            except Refused as refusal:
                status = refused(request, form, refusal)
            else:
                auth.update_session_auth_hash(request, changed)
                messages.success(request, _("密码已改，其他地方的登录已退出。"))
                return redirect(resolve_url("workbench:home"))
    return page(
        request,
        "workbench/password.html",
        {"form": form, "is_first": person.must_change_password},
        status=status,
    )
