"""Who holds which role where, and one role for many at once; both for the security administrator."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.kit import web
from brigade.kit.refusals import Refused
from brigade.ledgers.views import Listing
from brigade.org import actions, queries
from brigade.org.forms import GrantManyForm
from brigade.org.models import Grant, Person, Unit
from brigade.org.tables import GrantFilters, GrantsTable


class GrantList(Listing):
    """Every role that was given within reach; a sheet of roles comes in here."""

    model = Grant
    table = GrantsTable
    filterset = GrantFilters
    permission = "org.change_grant"
    title = gettext_lazy("授权")
    tabs = ((gettext_lazy("有效"), "running=1"), (gettext_lazy("已结束"), "running=0"))
    opens = "running=1"
    related = ("person", "unit")
    empty = gettext_lazy("还没有授权，导入带“角色”一列的花名册，或者批量授予。")
    create = (gettext_lazy("批量授予"), "workbench:grants_give", "org.change_grant")

    @classmethod
    def rows(cls, user: Any, **kwargs: Any) -> QuerySet:
        rows = Grant.objects.filter(unit__in=user.units_for("org.change_grant"))
        return rows.select_related(*cls.related)


def grants_give(request: HttpRequest) -> HttpResponse:
    """One role for those who are ticked, or for all who are listed; the list follows what is chosen above it."""
    web.require(request, "org.change_grant")
    form = GrantManyForm(request.POST or request.GET, by=request.user)
    found = _listed(request, form)
    status = 200
    if request.method != "POST":
        form = GrantManyForm(initial=request.GET.dict(), by=request.user)
    else:
        status = 422
        try:
            if form.is_valid():
                return _give(request, form, found)
        except Refused as refusal:
            status = web.refused(request, form, refusal)
    shown = {"form": form, "people_errors": form.errors.get("people", ()), **found}
    return web.page(request, "workbench/grants_give.html", shown, fragment="people", status=status)


def _listed(request: HttpRequest, form: GrantManyForm) -> dict[str, Any]:
    """Who may be given what was chosen so far; nothing before role and place are."""
    form.is_valid()
    chosen = form.cleaned_data
    if not chosen.get("role") or not chosen.get("where") or "unit" not in chosen:
        return {}
    working, have = queries.grantable(
        request.user, chosen["role"], chosen["where"], chosen.get("kind", ""), chosen["unit"], timezone.localdate()
    )
    form.fields["people"].queryset = working
    form.full_clean()
    free = list(working.exclude(pk__in=have.values("pk")))
    total, free = len(free), free[: actions.GRANTED_AT_ONCE]
    return {
        "free": free,
        "by_unit": _by_unit(free),
        "total": total,
        "have": have.count(),
        "left": max(0, total - actions.GRANTED_AT_ONCE),
        "most": actions.GRANTED_AT_ONCE,
        "ticked": set(request.POST.getlist("people")),
    }


def _by_unit(people: list[Person]) -> list[tuple[Unit, list[Person]]]:
    """The people below the units where they work, units as they stand in their tree."""
    places = queries.works_in((person.pk for person in people), timezone.localdate())
    groups: dict[int, list[Person]] = defaultdict(list)
    for person in people:
        groups[places[person.pk].pk].append(person)
    return [(unit, groups[unit.pk]) for _depth, unit in Unit.objects.filter(pk__in=groups).as_tree()]


def _give(request: HttpRequest, form: GrantManyForm, found: dict[str, Any]) -> HttpResponse:
    typed = form.cleaned_data
    people = found["free"] if "all" in request.POST else list(typed["people"])
    given = actions.grant_roles(
        by=request.user,
        people=people,
        role=typed["role"],
        unit=typed["unit"],
        starts_on=typed["starts_on"],
        ends_on=typed["ends_on"],
        reason=typed["reason"],
    )
    said = _("已授予%d人") % len(given)
    if known := len(people) - len(given):
        said = _("%(said)s，%(n)d人已有") % {"said": said, "n": known}
    return web.done(request, said, reverse("workbench:grant_list"))
