"""The people: finding them, their posts and grants, and the steps of the two administrators who keep them."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.kit.refusals import Refused
from brigade.kit.web import ask, ask_edit, get_visible, page, refused
from brigade.ledgers.views import Listing
from brigade.org import actions, queries, rules
from brigade.org.forms import (
    ChangePersonForm,
    EndGrantForm,
    EndPostingForm,
    EnrolPersonForm,
    GrantForm,
    PostPersonForm,
    ReasonForm,
)
from brigade.org.models import Grant, Person
from brigade.org.tables import PeopleFilters, PeopleTable


class PersonList(Listing):
    """Everybody within reach; the phone shows its last four digits only."""

    model = Person
    table = PeopleTable
    filterset = PeopleFilters
    permission = "org.view_person"
    title = gettext_lazy("人员")
    order = ("police_no",)
    empty = gettext_lazy("还没有登记人员，先登记一个。")
    create = (gettext_lazy("登记人员"), "workbench:person_enrol", "org.change_person")

    @classmethod
    def rows(cls, user: Any, **kwargs: Any) -> QuerySet:
        return Person.objects.visible_to(user).with_unit_names(timezone.localdate())


def person_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One person: where he works and worked, which roles he holds and held."""
    person = get_visible(request, Person, pk)
    today = timezone.localdate()
    may_change = request.user.has_perm("org.change_person", person)
    may_hand_over = request.user.has_perm("org.hand_over_person", person)
    grants = [(grant, grant.is_valid(today), _may_end(request, grant)) for grant in queries.grants_of(person)]
    shown = {
        "person": person,
        "postings": [(posting, posting.is_valid(today)) for posting in queries.postings_of(person)],
        "grants": grants,
        "secondments": queries.secondments_of(person, today),
        "departure": queries.planned_departure(person),
        "may_hand_over": may_hand_over and request.user != person and person.is_active,
        "held": _held(person, today) if may_hand_over or may_change else [],
        "may_change": may_change,
        "may_settle": request.user.has_perm("org.change_grant", person) and request.user != person,
        "may_grant": request.user.has_perm("org.change_grant") and request.user != person,
        "may_reveal": request.user == person or request.user.has_perm(rules.reveal_permission(person), person),
    }
    return page(request, "workbench/person_detail.html", shown)


def _held(person: Person, today: date) -> list[tuple[str, int]]:
    """What he still has in hand, as counts: administrators look after accounts and see no business data."""
    counts: dict[str, int] = defaultdict(int)
    for held in queries.held_by(person, today):
        if held.holding.heirs is not None:
            counts[str(held.holding.label)] += len(held.rows)
    return list(counts.items())


def _may_end(request: HttpRequest, grant: Grant) -> bool:
    runs_on = grant.ends_on is None or grant.ends_on > timezone.localdate()
    return runs_on and request.user.has_perm("org.change_grant", grant)


def person_enrol(request: HttpRequest) -> HttpResponse:
    """A new person. The first password is given on the person's page, in a step of its own."""
    form = EnrolPersonForm(request.POST or None)
    form.fields["unit"].reach(request.user, "org.change_person")
    return ask(
        request,
        form,
        title=_("登记谁？"),
        text=_("登记后在人员页发放初始密码；角色由安全管理员授予。"),
        button=_("登记人员"),
        call=lambda **typed: actions.enrol_person(by=request.user, **typed),
        said=_("人员已登记"),
        back=None,
    )


def person_change(request: HttpRequest, pk: int) -> HttpResponse:
    person = get_visible(request, Person, pk, "org.change_person")
    start = {name: getattr(person, name) for name in ("name", "kind", "version")}
    return ask_edit(
        request,
        lambda typed: ChangePersonForm(typed, initial=start),
        record=person,
        title=_("更正%s的信息") % person.name,
        button=_("更正"),
        call=lambda **typed: actions.change_person(by=request.user, person=person, **typed),
        said=_("信息已更正"),
        back=person,
    )


def person_post(request: HttpRequest, pk: int) -> HttpResponse:
    person = get_visible(request, Person, pk, "org.change_person")
    form = PostPersonForm(request.POST or None)
    form.fields["unit"].reach(request.user, "org.change_person")
    return ask(
        request,
        form,
        title=_("%s到哪里任职？") % person.name,
        text=_("现任职到这一天为止；原单位的角色由安全管理员收回。"),
        button=_("任职"),
        call=lambda **typed: actions.post_person(by=request.user, person=person, **typed),
        said=_("任职已办理"),
        back=person,
    )


def posting_end(request: HttpRequest, pk: int) -> HttpResponse:
    person = get_visible(request, Person, pk, "org.change_person")
    return ask(
        request,
        EndPostingForm(request.POST or None),
        title=_("%s哪天离任？") % person.name,
        text=_("账号和角色不随离任停用：账号在本页停用，角色由安全管理员收回。"),
        button=_("离任"),
        call=lambda **typed: actions.end_posting(by=request.user, person=person, **typed),
        said=_("任职已结束"),
        back=person,
    )


def account_switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop the account, or let it sign in again."""
    person = get_visible(request, Person, pk, "org.change_person")
    verb = actions.disable_account if person.is_active else actions.enable_account
    return ask(
        request,
        ReasonForm(request.POST or None),
        title=(_("停用%s的账号？") if person.is_active else _("恢复%s的账号？")) % person.name,
        text=_("停用后下一次点击就退出，授权全部失效；记录都留着。") if person.is_active else "",
        button=_("停用") if person.is_active else _("恢复"),
        call=lambda **typed: verb(by=request.user, person=person, **typed),
        said=_("账号已停用") if person.is_active else _("账号已恢复"),
        back=person,
    )


def password_reset(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a first or a forgotten password; it is shown once, on the answer to this very step."""
    person = get_visible(request, Person, pk, "org.change_person")
    shown: dict[str, Any] = {"person": person, "password": ""}
    status = 200
    if request.method == "POST":
        try:
            shown["password"] = actions.reset_password(by=request.user, person=person)
        except Refused as refusal:
            status = refused(request, None, refusal)
    return page(request, "workbench/password_reset.html", shown, fragment="ask", status=status)


def person_reveal(request: HttpRequest, pk: int, field: str) -> HttpResponse:
    """A sensitive field in full, for a stated reason; shown once, on the answer to this very step."""
    person = get_visible(request, Person, pk)
    if field not in Person.SENSITIVE:
        raise Http404
    form, plain, status = ReasonForm(request.POST or None), "", 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                plain = actions.reveal(by=request.user, target=person, field=field, **form.cleaned_data)
                status = 200
            except Refused as refusal:
                status = refused(request, form, refusal)
    shown = {"person": person, "form": form, "plain": plain, "title": _("查看%s的手机号，事由是什么？") % person.name}
    return page(request, "workbench/person_reveal.html", shown, fragment="ask", status=status)


# Grants


def grant_give(request: HttpRequest, pk: int) -> HttpResponse:
    person = get_visible(request, Person, pk)
    form = GrantForm(request.POST or None, initial={"unit": person.unit_id})
    form.fields["unit"].reach(request.user, "org.change_grant")
    return ask(
        request,
        form,
        title=_("授予%s什么角色？") % person.name,
        button=_("授权"),
        call=lambda **typed: actions.grant_role(by=request.user, person=person, **typed),
        said=_("授权已生效"),
        back=person,
    )


def grant_end(request: HttpRequest, pk: int) -> HttpResponse:
    grant = get_visible(request, Grant.objects.select_related("person", "unit"), pk, "org.change_grant")
    return ask(
        request,
        EndGrantForm(request.POST or None),
        title=_("收回%s？") % grant,
        text=_("今天收回的，下一次点击就不再有效。"),
        button=_("收回"),
        call=lambda **typed: actions.end_grant(by=request.user, grant=grant, **typed),
        said=_("角色已收回"),
        back=grant.person,
    )
