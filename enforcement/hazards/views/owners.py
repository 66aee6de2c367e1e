"""Responsible organisations: who answers for what, and how to reach him."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.kit.refusals import Refused
from brigade.kit.web import ask, get_visible, page, refused, require
from brigade.ledgers.views import Listing
from brigade.org.actions import reveal
from enforcement.hazards import actions
from enforcement.hazards.forms import OwnerForm, RevealForm
from enforcement.hazards.models import Hazard, Owner
from enforcement.hazards.tables import OwnerFilters, OwnerTable

CHANGE, REVEAL = "hazards.change_owner", "hazards.reveal_owner"
ROWS = Owner.objects.select_related("unit", "liaison")


class OwnerList(Listing):
    model, table, filterset = Owner, OwnerTable, OwnerFilters
    permission = CHANGE
    title = gettext_lazy("责任单位")
    order = ("owner_type", "unit")
    create = (gettext_lazy("登记责任单位"), "hazards:owner_create", CHANGE)
    empty = gettext_lazy("还没有责任单位。点“登记责任单位”，写明类型和联络员，才能给它发整改通知。")


def owner_create(request: HttpRequest) -> HttpResponse:
    """Write down what an outside unit answers for and who answers there."""
    require(request, CHANGE)
    form = OwnerForm(request.POST or None, user=request.user, owner=None)
    return ask(
        request,
        form,
        title=_("登记责任单位"),
        button=_("登记责任单位"),
        call=lambda **_typed: actions.set_owner(by=request.user, **form.arguments()),
        said=_("责任单位已登记"),
        back=reverse("hazards:owner_list"),
    )


def owner_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change who answers for an organisation, and how to reach him."""
    owner = _owner(request, pk, CHANGE)
    form = OwnerForm(request.POST or None, user=request.user, owner=owner)
    return ask(
        request,
        form,
        title=_("%s：类型和联络员") % owner.unit.short_name,
        button=_("修改责任单位"),
        call=lambda **_typed: actions.set_owner(by=request.user, unit=owner.unit, **form.arguments()),
        said=_("责任单位已保存"),
        back=reverse("hazards:owner_list"),
    )


def owner_reveal(request: HttpRequest, pk: int) -> HttpResponse:
    """The number in full, for a stated reason that the audit keeps."""
    owner = _owner(request, pk, REVEAL)
    return _reveal(request, owner, lambda reason: reveal(by=request.user, target=owner, field="phone", reason=reason))


def hazard_phone(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The same for who looks after a hazard, while its owner has it."""
    record = get_visible(request, Hazard.objects.select_related("unit"), pk, REVEAL)
    owner = ROWS.filter(pk=record.owner_id).first()
    if owner is None:
        raise Http404(_("这处隐患还没有责任单位。"))
    return _reveal(request, owner, lambda reason: actions.reveal_phone(by=request.user, hazard=record, reason=reason))


def _reveal(request: HttpRequest, owner: Owner, show: Callable[[str], str]) -> HttpResponse:
    form: Any = RevealForm(request.POST or None)
    plain, status = "", 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                plain, status = show(form.cleaned_data["reason"]), 200
            except Refused as refusal:
                status = refused(request, form, refusal)
    context = {"owner": owner, "form": form, "plain": plain}
    return page(request, "hazards/owner_reveal.html", context, fragment="ask", status=status)


def _owner(request: HttpRequest, pk: int, perm: str) -> Owner:
    return get_visible(request, ROWS, pk, perm)
