"""Pages of branches and members."""

from __future__ import annotations

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brigade.kit.web import ask, get_visible, page
from brigade.ledgers.views import Listing
from partybuilding.branches import actions, forms, queries, tables
from partybuilding.branches.models import Membership, PartyBranch, PartyGroup, PartyMember


def branch_list(request: HttpRequest) -> HttpResponse:
    """The branches that one may see, in their fixed order, with strength, committee and what each is known for."""
    rows = queries.summaries(request.user, timezone.localdate())
    return page(request, "branches/branch_list.html", {"rows": rows, "now": timezone.now()})


def branch_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One branch: committee, groups, members where one may see them."""
    branch = get_visible(request, PartyBranch.objects.select_related("unit"), pk)
    today = timezone.localdate()
    whole = queries.structure([branch.pk])
    may_see_members = request.user.has_perm("branches.view_partymember", branch)
    context = {
        "branch": branch,
        "seats": whole.seats(branch.pk, today),
        "groups": whole.groups(branch.pk, today),
        "members": queries.roster(branch, today) if may_see_members else None,
        "full": whole.full_count(branch.pk, today),
        "committee_missing": not whole.has_committee(branch.pk, today)
        and whole.full_since(branch.pk, today) is not None,
        "may_change": request.user.has_perm("branches.change_partybranch", branch),
        "may_change_group": request.user.has_perm("branches.change_partygroup", branch),
        "may_change_member": request.user.has_perm("branches.change_partymember", branch),
    }
    return page(request, "branches/branch_detail.html", context)


def branch_change(request: HttpRequest, pk: int) -> HttpResponse:
    branch = get_visible(request, PartyBranch.objects.select_related("unit"), pk, "branches.change_partybranch")
    initial = {"feature": branch.feature, "theme_day_rule": branch.theme_day_rule}
    return ask(
        request,
        forms.ChangeBranchForm(request.POST or None, initial=initial),
        title=_("%s的特色和固定日是什么？") % branch,
        button=_("更正"),
        call=lambda **typed: actions.change_branch(by=request.user, branch=branch, now=timezone.now(), **typed),
        said=_("支部信息已更正"),
        back=branch,
    )


def group_add(request: HttpRequest, pk: int) -> HttpResponse:
    branch = get_visible(request, PartyBranch.objects.select_related("unit"), pk, "branches.change_partygroup")
    return ask(
        request,
        forms.AddGroupForm(request.POST or None, branch=branch),
        title=_("%s设一个什么党小组？") % branch,
        button=_("设立党小组"),
        call=lambda **typed: actions.add_group(by=request.user, branch=branch, now=timezone.now(), **typed),
        said=_("党小组已设立"),
        back=branch,
    )


def group_end(request: HttpRequest, pk: int) -> HttpResponse:
    group = PartyGroup.objects.select_related("branch__unit").filter(pk=pk).first()
    if group is None or not request.user.has_perm("branches.change_partygroup", group.branch):
        raise Http404(_("没有这个党小组，或者不在你的查看范围内。"))
    return ask(
        request,
        forms.EndForm(request.POST or None),
        title=_("%s哪天撤销？") % group,
        text=_("组里的党员留在支部，不再编组。"),
        button=_("撤销党小组"),
        call=lambda **typed: actions.end_group(by=request.user, group=group, now=timezone.now(), **typed),
        said=_("党小组已撤销"),
        back=group.branch,
    )


class MemberList(Listing):
    """Members of the branches that one oversees, and oneself."""

    model = PartyMember
    table = tables.MemberTable
    filterset = tables.MemberFilters
    permission = "branches.view_partymember"
    title = gettext_lazy("党员")
    order = ("person__police_no", "pk")
    related = ("person",)
    empty = gettext_lazy("到支部页登记第一名党员。")

    @classmethod
    def rows(cls, user: Any, **kwargs: Any) -> QuerySet:
        here = Membership.objects.on(timezone.localdate()).filter(member=OuterRef("pk"))
        return (
            super()
            .rows(user)
            .annotate(
                branch_name=Subquery(here.values("branch__unit__short_name")[:1]),
                group_name=Subquery(here.values("group__name")[:1]),
            )
        )


def member_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One member: where he belongs and belonged, offices, exemptions. A member sees his own page and no other's."""
    member = get_visible(request, PartyMember.objects.select_related("person"), pk)
    today = timezone.localdate()
    memberships = list(member.memberships.select_related("branch__unit", "group").order_by("-start_on"))
    current = next((row for row in memberships if row.is_valid(today)), None)
    context = {
        "member": member,
        "memberships": memberships,
        "current": current,
        "seats": member.person.party_seats.select_related("branch__unit").order_by("-start_on"),
        "exemptions": member.exemptions.select_related("approved_by").order_by("-start_on"),
        "may_change": current is not None and request.user.has_perm("branches.change_partymember", current.branch),
        "may_group": current is not None and request.user.has_perm("branches.change_partygroup", current.branch),
        "may_exempt": current is not None and request.user.has_perm("branches.approve_exemption", current.branch),
        "is_own": member.person_id == request.user.pk,
    }
    return page(request, "branches/member_detail.html", context)


def member_enrol(request: HttpRequest, pk: int) -> HttpResponse:
    branch = get_visible(request, PartyBranch.objects.select_related("unit"), pk, "branches.change_partymember")
    return ask(
        request,
        forms.EnrolMemberForm(request.POST or None, branch=branch),
        title=_("%s登记哪名党员？") % branch,
        button=_("登记"),
        call=lambda **typed: actions.enrol_member(by=request.user, branch=branch, now=timezone.now(), **typed),
        said=_("党员已登记"),
        back=branch,
    )


def _member(request: HttpRequest, pk: int, perm: str) -> tuple[PartyMember, PartyBranch]:
    """The member and his present branch; 404 when there is none or it is out of reach for `perm`."""
    member = get_visible(request, PartyMember.objects.select_related("person"), pk)
    current = queries.membership_of(member, timezone.localdate())
    if current is None or not request.user.has_perm(perm, current.branch):
        raise Http404(_("这名党员现在不在你能办的支部里。"))
    return member, current.branch


def member_move(request: HttpRequest, pk: int) -> HttpResponse:
    member, _branch = _member(request, pk, "branches.change_partymember")
    return ask(
        request,
        forms.MoveMemberForm(request.POST or None, user=request.user, member=member),
        title=_("%s转到哪个支部？") % member,
        button=_("转接"),
        call=lambda **typed: actions.move_member(by=request.user, member=member, now=timezone.now(), **typed),
        said=_("组织关系已转接"),
        back=member,
    )


def member_leave(request: HttpRequest, pk: int) -> HttpResponse:
    member, branch = _member(request, pk, "branches.change_partymember")
    return ask(
        request,
        forms.EndMembershipForm(request.POST or None),
        title=_("%s转出大队？") % member,
        text=_("以往的到会和学时都留着。"),
        button=_("转出"),
        call=lambda **typed: actions.end_membership(by=request.user, member=member, now=timezone.now(), **typed),
        said=_("组织关系已转出"),
        back=branch,
    )


def member_group(request: HttpRequest, pk: int) -> HttpResponse:
    member, branch = _member(request, pk, "branches.change_partygroup")
    return ask(
        request,
        forms.AssignGroupForm(request.POST or None, branch=branch),
        title=_("%s编入哪个党小组？") % member,
        button=_("编组"),
        call=lambda **typed: actions.assign_group(by=request.user, member=member, now=timezone.now(), **typed),
        said=_("党小组已调整"),
        back=member,
    )


def member_status(request: HttpRequest, pk: int) -> HttpResponse:
    member, _branch = _member(request, pk, "branches.change_partymember")
    return ask(
        request,
        forms.ChangeStatusForm(request.POST or None, initial={"status": member.status}),
        title=_("%s的身份怎么变？") % member,
        button=_("变更身份"),
        call=lambda **typed: actions.change_status(by=request.user, member=member, now=timezone.now(), **typed),
        said=_("身份已变更"),
        back=member,
    )


def member_exempt(request: HttpRequest, pk: int) -> HttpResponse:
    member, _branch = _member(request, pk, "branches.approve_exemption")
    return ask(
        request,
        forms.ExemptForm(request.POST or None),
        title=_("%s为什么可以不参加活动？") % member,
        text=_("党员教育管理工作条例第二十三条：年老体弱、患重病等不作硬性要求；不影响表决权。"),
        button=_("批准豁免"),
        call=lambda **typed: actions.exempt_member(by=request.user, member=member, now=timezone.now(), **typed),
        said=_("豁免已批准"),
        back=member,
    )
