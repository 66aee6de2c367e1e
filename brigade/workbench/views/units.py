"""The units: their tree, one unit's page, and the steps of the system administrator."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.kit.web import ask, get_visible, page
from brigade.ledgers.views import importing
from brigade.org import actions, queries
from brigade.org.forms import CloseUnitForm, MoveUnitForm, OpenUnitForm
from brigade.org.models import Unit
from brigade.org.states import Role, Tree, UnitKind
from brigade.workbench import menu

USUAL = {
    Tree.LINE: UnitKind.SQUADRON,
    Tree.PARTY: UnitKind.PARTY_BRANCH,
    Tree.HALL: UnitKind.HALL,
    Tree.OUTSIDE: UnitKind.ORGANISATION,
}
"""What is opened most below a unit of each tree."""


def unit_list(request: HttpRequest) -> HttpResponseBase:
    """Every open unit within reach, each below its parent; and the import of units, as in any ledger."""
    if "import" in request.GET:
        return importing.respond(request, "workbench:unit_list")
    rows = queries.units_as_tree(request.user, timezone.localdate())
    shown = {"rows": rows, "import_url": importing.import_url(request, "workbench:unit_list")}
    return page(request, "workbench/unit_list.html", shown)


def unit_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One unit: who works there, who holds which role on it, where it stands and stood."""
    unit = get_visible(request, Unit.objects.select_related("parent"), pk, "org.view_unit")
    today = timezone.localdate()
    people = list(queries.people_of(unit.pk, today).with_unit_names(today))
    guests = queries.guests_of(unit.pk, today)
    grants = unit.grants.reaching(today).select_related("person").order_by("person__police_no")
    away = queries.away([one.pk for one in people], unit.pk, today)
    shown = {
        "unit": unit,
        "above": Unit.objects.visible_to(request.user).above(unit).exclude(pk=unit.pk).order_by("path"),
        "people": [(one, away.get(one.pk), guests.get(one.pk)) for one in people],
        "beats": queries.beats_of(unit, today),
        "changes": queries.changes_of(unit),
        "may_plan": request.user.has_perm("org.change_unit", unit),
        "may_agree": request.user.has_perm("org.change_grant", unit),
        "grants": sorted(grants, key=lambda grant: (grant.role in menu.EVERYBODY, list(Role).index(grant.role))),
        "below": unit.children.open_on(today).order_by("order", "code"),
        "placements": unit.placements.select_related("parent").order_by("-starts_on"),
        "may_change": request.user.has_perm("org.change_unit", unit) and unit.closed_on is None,
    }
    return page(request, "workbench/unit_detail.html", shown)


def unit_open(request: HttpRequest, pk: int) -> HttpResponse:
    parent = get_visible(request, Unit, pk, "org.change_unit")
    form = OpenUnitForm(request.POST or None, initial={"tree": parent.tree, "kind": USUAL[parent.tree]})
    return ask(
        request,
        form,
        title=_("在%s之下设立什么单位？") % parent.name,
        button=_("设立"),
        call=lambda **typed: actions.open_unit(by=request.user, parent=parent, **typed),
        said=_("单位已设立"),
        back=parent,
    )


def unit_move(request: HttpRequest, pk: int) -> HttpResponse:
    unit = get_visible(request, Unit, pk, "org.change_unit")
    form = MoveUnitForm(request.POST or None)
    form.fields["parent"].reach(request.user, "org.change_unit")
    return ask(
        request,
        form,
        title=_("把%s移到哪里？") % unit.name,
        text=_("下级单位一起移动，以前期间的数字仍归原处。"),
        button=_("移动"),
        call=lambda **typed: actions.move_unit(by=request.user, unit=unit, **typed),
        said=_("隶属已改"),
        back=unit,
    )


def unit_close(request: HttpRequest, pk: int) -> HttpResponse:
    unit = get_visible(request, Unit, pk, "org.change_unit")
    return ask(
        request,
        CloseUnitForm(request.POST or None),
        title=_("撤销%s？") % unit.name,
        text=_("人员先调走，角色先收回；记录都留着。"),
        button=_("撤销"),
        call=lambda **typed: actions.close_unit(by=request.user, unit=unit, **typed),
        said=_("单位已撤销"),
        back=unit,
    )
