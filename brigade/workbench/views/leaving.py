"""Handing over what a leaving person holds, on one page; sending somebody to another unit for a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from brigade.kit.refusals import Refused
from brigade.kit.templatetags.ui import full_day_text
from brigade.kit.web import ask, done, get_visible, page, refused
from brigade.org import actions, queries
from brigade.org.forms import EndSecondmentForm, HandOverForm, NoForm, SecondForm
from brigade.org.models import Person, Record, Secondment
from brigade.org.queries import Held
from brigade.workbench.actions import second_person
from brigade.workbench.queries import vacancies

SHOWN = 30
"""Things of one group that the page names; the rest are counted."""


@dataclass(frozen=True)
class Group:
    """A line of the page: what he holds of one kind on one unit, who takes it, and how much that one has then."""

    held: Held
    shown: list[Any]
    field: Any
    heir: Person | None
    has: int

    @property
    def count(self) -> int:
        return len(self.held.rows)

    @property
    def rest(self) -> int:
        return self.count - len(self.shown)

    @property
    def then(self) -> int:
        return self.has + self.count


def person_hand_over(request: HttpRequest, pk: int) -> HttpResponse:
    """All that a person holds, by group, each with who may take it over, and what it will look like; one button.

    Every change of a choice draws the lines anew; nothing is written before the button.
    """
    person = get_visible(request, Person, pk, "org.hand_over_person")
    today = timezone.localdate()
    held = queries.held_by(person, today)
    typed = request.POST if request.method == "POST" else request.GET or None
    form = HandOverForm(typed, person=person, held=held, on=today)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            given = {name: form.cleaned_data[name] for name in ("leaves_on", "reason")}
            try:
                departure = actions.hand_over(by=request.user, person=person, heirs=form.heirs(), **given)
                return done(request, _said(person, departure), person)
            except Refused as refusal:
                status = refused(request, form, refusal)
    elif typed is not None:
        form.is_valid()
        form.errors.clear()
    groups = [_group(request, one, form) for one in held]
    handed = [group for group in groups if group.held.holding.heirs]
    shown = {
        "person": person,
        "form": form,
        "groups": handed,
        "ending": [group for group in groups if not group.held.holding.heirs],
        "count": sum(group.count for group in handed),
        "left": sum(group.count for group in handed if group.heir is None),
        "leaves_on": form.cleaned_data.get("leaves_on") if hasattr(form, "cleaned_data") else None,
        "departure": queries.planned_departure(person),
        "vacancies": vacancies(person, today),
    }
    return page(request, "workbench/person_hand_over.html", shown, fragment="plan", status=status)


def _group(request: HttpRequest, held: Held, form: HandOverForm) -> Group:
    """Records that the user may not read are counted and not named."""
    rows, heir = held.rows, form.heirs().get(held.key)
    if rows and isinstance(rows[0], Record):
        readable = type(rows[0])._default_manager.filter(pk__in=[row.pk for row in rows])
        seen = set(readable.visible_to(request.user).values_list("pk", flat=True))
        rows = [row for row in rows if row.pk in seen]
    has = 0
    if heir is not None:
        has = sum(row.unit_id == held.unit.pk for row in held.holding.held(heir, timezone.localdate()))
    return Group(held, rows[:SHOWN], form[held.key] if held.key in form.fields else None, heir, has)


def _said(person: Person, departure: Any) -> str:
    if departure is None:
        return _("已移交，%s的账号照用") % person.name
    if departure.leaves_on > timezone.localdate():
        return _("已移交，%(name)s的账号到%(day)s停用") % {
            "name": person.name,
            "day": full_day_text(departure.leaves_on),
        }
    return _("已移交，%s名下没有待办，账号已停用") % person.name


def person_stay(request: HttpRequest, pk: int) -> HttpResponse:
    """A planned leaving is taken back."""
    person = get_visible(request, Person, pk, "org.hand_over_person")
    return ask(
        request,
        NoForm(request.POST),
        title=_("%s不离任了？") % person.name,
        text=_("账号照用，任职和角色不变；已经移交的仍归接手的人。"),
        button=_("取消离任"),
        call=lambda: actions.cancel_departure(by=request.user, person=person),
        said=_("离任已取消"),
        back=person,
    )


# Secondment


def person_second(request: HttpRequest, pk: int) -> HttpResponse:
    person = get_visible(request, Person, pk, "org.change_person")
    form = SecondForm(request.POST or None, person=person, by=request.user)
    return ask(
        request,
        form,
        title=_("%s借调到哪里，到哪天？") % person.name,
        text=_("原任职不动，到期自动回来；名下的事项要交给别人，由大队领导在移交页办。"),
        button=_("借调"),
        call=lambda **typed: second_person(by=request.user, person=person, now=timezone.now(), **typed),
        said=_("借调已办理，角色等安全管理员办"),
        back=person,
    )


def secondment_settle(request: HttpRequest, pk: int) -> HttpResponse:
    """The security administrator gives the roles that were asked for."""
    rows = Secondment.objects.select_related("posting__unit", "posting__person")
    secondment = get_visible(request, rows, pk, "org.change_grant")
    words = {
        "name": secondment.posting.person.name,
        "unit": secondment.unit,
        "day": full_day_text(secondment.posting.ends_on),
        "roles": secondment.role_labels or _("不另授角色"),
    }
    rests = "" if secondment.keeps_home else _("原单位的角色到期前停用，那天自动恢复。")
    return ask(
        request,
        NoForm(request.POST),
        title=_("%(name)s借调%(unit)s的角色：%(roles)s？") % words,
        text=_("到%(day)s自动收回。") % words + rests,
        button=_("办理角色"),
        call=lambda: actions.settle_secondment(by=request.user, secondment=secondment),
        said=_("借调的角色已办好"),
        back=secondment.posting.person,
    )


def secondment_end(request: HttpRequest, pk: int) -> HttpResponse:
    rows = Secondment.objects.select_related("posting__unit", "posting__person")
    secondment = get_visible(request, rows, pk, "org.change_person")
    return ask(
        request,
        EndSecondmentForm(request.POST or None),
        title=_("%s提前回原单位？") % secondment.posting.person.name,
        text=_("借调的任职和角色到这天结束，原单位的从这天恢复。"),
        button=_("提前结束"),
        call=lambda **typed: actions.end_secondment(by=request.user, secondment=secondment, **typed),
        said=_("借调到那天结束"),
        back=secondment.posting.person,
    )
