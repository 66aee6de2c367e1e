"""Roads: which there are, who keeps them, and how their stakes lie."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.kit.web import ask, get_visible, require
from brigade.ledgers.views import Listing
from brigade.reference.actions import set_road
from brigade.reference.models import Road
from enforcement.hazards.forms import RoadForm
from enforcement.hazards.tables import RoadFilters, RoadTable

CHANGE = "reference.change_road"


class RoadList(Listing):
    model, table, filterset = Road, RoadTable, RoadFilters
    permission = "reference.view_road"
    title = gettext_lazy("道路")
    order = ("code",)
    create = (gettext_lazy("登记道路"), "hazards:road_create", CHANGE)
    empty = gettext_lazy("还没有道路。点“登记道路”，或者从Excel导入；有了桩号坐标，报桩号就有位置。")


def road_create(request: HttpRequest) -> HttpResponse:
    """Write a road down; clerk and business administrator."""
    require(request, CHANGE)
    form = RoadForm(request.POST or None, road=None)
    return ask(
        request,
        form,
        title=_("登记道路"),
        button=_("登记道路"),
        call=lambda **_typed: set_road(by=request.user, facts=form.facts()),
        said=_("道路已登记"),
        back=reverse("hazards:road_list"),
    )


def road_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what is known of a road: a surveyed course, another owner. Who may only read is led to its hazards."""
    rows: QuerySet[Road] = Road.objects.select_related("owner")
    road = get_visible(request, rows, pk)
    if request.method == "GET" and not request.user.has_perm(CHANGE):
        return redirect(f"{reverse('hazards:hazard_list')}?road={road.pk}")
    require(request, CHANGE)
    form = RoadForm(request.POST or None, road=road)
    return ask(
        request,
        form,
        title=_("%s：道路") % road,
        button=_("修改道路"),
        call=lambda **_typed: set_road(by=request.user, facts=form.facts(), road=road),
        said=_("道路已保存"),
        back=reverse("hazards:road_list"),
        text=_("已经报的隐患，位置不跟着变。"),
    )
