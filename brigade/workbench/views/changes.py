"""A unit goes into another, hangs below another or takes over towns: planned with a preview, agreed, given up."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.kit.refusals import Refused
from brigade.kit.templatetags.ui import full_day_text
from brigade.kit.web import ask, done, get_visible, page, refused
from brigade.org import actions as org
from brigade.org import queries, rules
from brigade.org.forms import AgreeForm, ChangeForm, NoForm
from brigade.org.models import Unit, UnitChange
from brigade.org.states import ChangeKind
from brigade.workbench import actions


def unit_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Plan what becomes of a unit: first which kind of change, then what that kind needs to know.

    Every change of the form shows anew what would move, as counts, and what would stay; nothing is written before the
    button.
    """
    unit = get_visible(request, Unit, pk, "org.change_unit")
    sent = request.POST if request.method == "POST" else request.GET
    kinds = rules.kinds_of_change(unit.tree)
    kind = next((kind for kind in kinds if kind == sent.get("kind")), kinds[0])
    typed = sent if "since" in sent or request.method == "POST" else None
    form = ChangeForm(typed, kind=kind, unit=unit, by=request.user)
    status, shown = 200, {"unit": unit, "kinds": kinds, "kind": kind, "form": form, "preview": None, "why_not": ""}
    shown["under_way"] = unit.changes.open().first()
    if typed is not None:
        form.is_valid()
        shown |= _preview(unit, kind, form.cleaned_data)
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                change = actions.plan_change(by=request.user, unit=unit, now=timezone.now(), **form.cleaned_data)
                return done(request, _("已登记：%(what)s，%(state)s") % _words(change), unit)
            except Refused as refusal:
                status = refused(request, form, refusal)
    elif typed is not None:
        form.errors.clear()
    return page(request, "workbench/unit_change.html", shown, fragment="preview", status=status)


def _words(change: UnitChange) -> dict[str, Any]:
    return {"what": change, "state": change.get_state_display()}


def _preview(unit: Unit, kind: ChangeKind, typed: dict[str, Any]) -> dict[str, Any]:
    """What would move, as far as the form says it; else why it cannot be."""
    since = typed.get("since")
    if not since or not (typed.get("into") or typed.get("towns")):
        return {}
    towns = typed.get("towns") or []
    try:
        org.check_change(kind, unit, typed.get("into"), towns, since)
    except Refused as refusal:
        return {"why_not": str(refusal)}
    change = UnitChange(kind=kind, unit=unit, into=typed.get("into"), since=since, towns=[town.pk for town in towns])
    return {"change": change, "preview": queries.preview(change)}


def change_agree(request: HttpRequest, pk: int) -> HttpResponse:
    """The security administrator says which roles go along."""
    change = get_visible(request, UnitChange.objects.select_related("unit", "into"), pk, "org.change_grant")
    words = {"unit": change.unit, "into": change.into, "day": full_day_text(change.since)}
    return ask(
        request,
        AgreeForm(
            request.POST if request.method == "POST" else None, grants=queries.grants_along(change.unit, change.since)
        ),
        title=_("%(unit)s并入%(into)s，哪些角色带过去？") % words,
        text=_("勾选的从%(day)s起授在%(into)s，其余收回。") % words,
        button=_("同意"),
        call=lambda **typed: actions.agree_change(by=request.user, change=change, now=timezone.now(), **typed),
        said=lambda change: _("已同意：%(what)s，%(state)s") % _words(change),
        back=change.unit,
    )


def change_drop(request: HttpRequest, pk: int) -> HttpResponse:
    change = get_visible(request, UnitChange.objects.select_related("unit", "into"), pk, "org.change_unit")
    return ask(
        request,
        NoForm(request.POST),
        title=_("取消%s？") % change,
        button=_("取消调整"),
        call=lambda: org.drop_change(by=request.user, change=change),
        said=_("机构调整已取消"),
        back=change.unit,
    )
