"""Pages of branches and members."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from brigade import workflow
from brigade.audit.queries import history
from brigade.kit.clocks import add_months
from brigade.kit.ids import new_id
from brigade.kit.web import ask, ask_edit, ask_move, get_visible, move_buttons, page
from brigade.ledgers.views import Listing, importing
from partybuilding.branches import actions, forms, queries, rules, tables
from partybuilding.branches.models import (
    Exemption,
    Membership,
    PartyBranch,
    PartyGroup,
    PartyMember,
    Transfer,
    VotingExclusion,
)
from partybuilding.branches.states import BranchKind

BRANCHES = PartyBranch.objects.select_related("unit")


def branch_list(request: HttpRequest) -> HttpResponseBase:
    """The branches that one may see, in their fixed order, with strength, committee and what each is known for; and
    the import of Party organisations, as in any ledger."""
    if "import" in request.GET:
        return importing.respond(request, "branches:branch_list")
    rows = queries.summaries(request.user, timezone.localdate())
    shown = {"rows": rows, "now": timezone.now(), "import_url": importing.import_url(request, "branches:branch_list")}
    return page(request, "branches/branch_list.html", shown)


def branch_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One branch: committee, groups, members where one may see them."""
    branch = get_visible(request, BRANCHES, pk)
    today = timezone.localdate()
    whole = queries.structure([branch.pk])
    may_see_members = request.user.has_perm("branches.view_partymember", branch)
    term = queries.term_of(branch)
    context = {
        "branch": branch,
        "seats": whole.seats(branch.pk, today),
        "groups": whole.groups(branch.pk, today),
        "members": queries.roster(branch, today) if may_see_members else None,
        "full": whole.full_count(branch.pk, today),
        "voters": whole.voting_base(branch.pk, today) if may_see_members else None,
        "exclusions": queries.exclusions_of(branch, today) if may_see_members else [],
        "transfers": queries.transfers_of(branch, request.user),
        "term": term,
        "has_term": branch.kind != BranchKind.TEMPORARY,
        "warn_at": term and add_months(term.last_day, rules.REMIND_MONTHS[0]),
        "term_over": term is not None and today > term.last_day,
        "term_ends": term is not None and today >= add_months(term.last_day, rules.REMIND_MONTHS[0]),
        "today": today,
        "committee_missing": not whole.has_committee(branch.pk, today)
        and whole.full_since(branch.pk, today) is not None,
        "may_change": request.user.has_perm("branches.change_partybranch", branch),
        "may_change_group": request.user.has_perm("branches.change_partygroup", branch),
        "may_change_member": request.user.has_perm("branches.change_partymember", branch),
    }
    return page(request, "branches/branch_detail.html", context)


def branch_change(request: HttpRequest, pk: int) -> HttpResponse:
    branch = get_visible(request, BRANCHES, pk, "branches.change_partybranch")
    start = {name: getattr(branch, name) for name in ("feature", "theme_day_rule", "version")}
    return ask_edit(
        request,
        lambda typed: forms.ChangeBranchForm(typed, initial=start),
        record=branch,
        title=_("%s的特色和固定日是什么？") % branch,
        button=_("更正"),
        call=lambda **typed: actions.change_branch(by=request.user, branch=branch, now=timezone.now(), **typed),
        said=_("支部信息已更正"),
        back=branch,
    )


def group_add(request: HttpRequest, pk: int) -> HttpResponse:
    branch = get_visible(request, BRANCHES, pk, "branches.change_partygroup")
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
        "exclusions": member.exclusions.order_by("-start_on"),
        "transfers": Transfer.objects.visible_to(request.user).filter(member=member).order_by("-issued_on"),
        "may_step": bool(rules.NEXT_STATUS[member.status]),
        "may_transfer": current is not None and request.user.has_perm("branches.issue_transfer", current.branch),
        "today": today,
        "may_change": current is not None and request.user.has_perm("branches.change_partymember", current.branch),
        "may_group": current is not None and request.user.has_perm("branches.change_partygroup", current.branch),
        "may_exempt": current is not None and request.user.has_perm("branches.approve_exemption", current.branch),
        "is_own": member.person_id == request.user.pk,
    }
    return page(request, "branches/member_detail.html", context)


def member_enrol(request: HttpRequest, pk: int) -> HttpResponse:
    branch = get_visible(request, BRANCHES, pk, "branches.change_partymember")
    return ask(
        request,
        forms.EnrolMemberForm(request.POST or None, branch=branch),
        title=_("%s登记哪名党员？") % branch,
        button=_("登记党员"),
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
        forms.ChangeStatusForm(request.POST or None, member=member),
        title=_("%s的身份怎么变？") % member,
        button=_("变更身份"),
        call=lambda **typed: actions.change_status(by=request.user, member=member, now=timezone.now(), **typed),
        said=_("身份已变更"),
        back=member,
    )


def member_sanction(request: HttpRequest, pk: int) -> HttpResponse:
    member, _branch = _member(request, pk, "branches.change_partymember")
    standing = {
        "sanction": member.sanction,
        "start_on": member.sanction_from,
        "end_on": member.sanction_to,
        "rights_suspended": member.rights_suspended,
        "version": member.version,
    }
    return ask_edit(
        request,
        lambda typed: forms.SanctionForm(typed, initial=standing),
        record=member,
        title=_("%s受了什么处分？") % member,
        text=_("留党察看和权利中止期间没有表决权，仍要参加会议。"),
        button=_("登记处分"),
        call=lambda **typed: actions.sanction_member(by=request.user, member=member, now=timezone.now(), **typed),
        said=_("处分已登记"),
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


def exemption_review(request: HttpRequest, pk: int) -> HttpResponse:
    row = Exemption.objects.select_related("member__person").filter(pk=pk).first()
    if row is None:
        raise Http404(_("没有这条豁免。"))
    member, _branch = _member(request, row.member_id, "branches.approve_exemption")
    standing = {"end_on": row.end_on, "version": row.version}
    return ask_edit(
        request,
        lambda typed: forms.ReviewExemptionForm(typed, initial=standing),
        record=row,
        title=_("%s还要豁免吗？") % member,
        text=_("%(kind)s，%(day)s起。每半年复核一次。") % {"kind": row.get_kind_display(), "day": row.start_on},
        button=_("复核"),
        call=lambda **typed: actions.review_exemption(by=request.user, exemption=row, now=timezone.now(), **typed),
        said=_("豁免已复核"),
        back=member,
    )


EXCLUDED = gettext_lazy("上级批准和支部党员大会通过两项都有，表决和选举时才不计入应到会；只缺一项的照常计入。")


def member_exclude(request: HttpRequest, pk: int) -> HttpResponse:
    member, _branch = _member(request, pk, "branches.change_partymember")
    return ask(
        request,
        forms.ExclusionForm(request.POST or None),
        title=_("%s为什么不计入应到会？") % member,
        text=EXCLUDED,
        button=_("登记"),
        call=lambda **typed: actions.exclude_voter(by=request.user, member=member, now=timezone.now(), **typed),
        said=_("已登记不计入应到会"),
        back=member,
    )


def exclusion_change(request: HttpRequest, pk: int) -> HttpResponse:
    row = VotingExclusion.objects.select_related("member__person").filter(pk=pk).first()
    if row is None:
        raise Http404(_("没有这条登记。"))
    member, _branch = _member(request, row.member_id, "branches.change_partymember")
    standing = {name: getattr(row, name) for name in ("approval_no", "passed_on", "end_on", "version")}
    return ask_edit(
        request,
        lambda typed: forms.ChangeExclusionForm(typed, initial=standing),
        record=row,
        title=_("%s的批准和通过情况？") % member,
        text=EXCLUDED,
        button=_("更正"),
        call=lambda **typed: actions.change_exclusion(by=request.user, exclusion=row, now=timezone.now(), **typed),
        said=_("已更正"),
        back=member,
    )


# Terms and offices


def term_create(request: HttpRequest, pk: int) -> HttpResponse:
    branch = get_visible(request, BRANCHES, pk, "branches.change_partybranch")
    return ask(
        request,
        forms.TermForm(request.POST or None, branch=branch),
        title=_("%s选出了谁？") % branch,
        text=_("上一届的职务到选举日为止，任期和下次换届的提醒从选举日算起。"),
        button=_("登记换届"),
        call=lambda **typed: actions.enter_term(by=request.user, branch=branch, now=timezone.now(), **typed),
        said=_("换届已登记"),
        back=branch,
    )


def term_extend(request: HttpRequest, pk: int) -> HttpResponse:
    branch = get_visible(request, BRANCHES, pk, "branches.change_partybranch")
    term = queries.term_of(branch)
    if term is None:
        raise Http404(_("这个支部还没有登记任期。"))
    return ask(
        request,
        forms.ExtendTermForm(request.POST or None),
        title=_("%s延期到哪天换届？") % branch,
        text=_("本届%(day)s届满。延期经上级批准，一般不超过1年。") % {"day": term.expires_on},
        button=_("登记延期"),
        call=lambda **typed: actions.extend_term(by=request.user, term=term, now=timezone.now(), **typed),
        said=_("延期已登记"),
        back=branch,
    )


def committee_seat(request: HttpRequest, pk: int) -> HttpResponse:
    branch = get_visible(request, BRANCHES, pk, "branches.change_partybranch")
    return ask_edit(
        request,
        lambda typed: forms.CommitteeForm(typed, branch=branch),
        record=branch,
        title=_("%s现在谁任什么职务？") % branch,
        text=_("届中补选、增补或免职用这里；没有再选的人从任职日期起免职。换届请登记换届。"),
        button=_("登记任职"),
        call=lambda **typed: actions.seat_committee(by=request.user, branch=branch, now=timezone.now(), **typed),
        said=_("任职已登记"),
        back=branch,
    )


# Transfers


class TransferList(Listing):
    """Letters that leave or reach the branches that one sees to, and one's own."""

    model, table, filterset = Transfer, tables.TransferTable, tables.TransferFilters
    permission = "branches.view_transfer"
    title = gettext_lazy("组织关系转接")
    order = ("-issued_on", "-id")
    related = ("unit", "to_branch__unit", "member__person")
    tabs = (
        (gettext_lazy("转接中"), "state=in_transit"),
        (gettext_lazy("已过期"), "state=expired"),
        (gettext_lazy("已接收"), "state=accepted"),
    )
    empty = gettext_lazy("到党员的页面点“转接”开介绍信，开出后列在这里。")
    template_name = "branches/ledger.html"


TRANSFERS = Transfer.objects.select_related("unit", "to_branch__unit", "member__person")


@require_safe
def transfer_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One letter: whom it takes where, until when it is good, what can be done with it."""
    record = get_visible(request, TRANSFERS, pk)
    now, last = timezone.now(), queries.letter_ends(record)
    context = {
        "record": record,
        "now": now,
        "last": last,
        "when": _("%(year)d年%(month)d月%(day)d日前接收") % {"year": last.year, "month": last.month, "day": last.day},
        "lines": [_("接收前仍由原支部管；到期没有接收的作废，通知原支部书记。")],
        "may_see_member": PartyMember.objects.visible_to(request.user).filter(pk=record.member_id).exists(),
        "moves": move_buttons(
            [
                option
                for option in workflow.moves_for(record, request.user, now)
                if option.move.code in forms.TRANSFER_FORMS
            ],
            address=lambda code: reverse("branches:transfer_move", args=[record.pk, code]),
            asks=lambda code: forms.TRANSFER_FORMS[code].asks,
            main=("send", "accept"),
            says_why=frozenset(),
        ),
        "events": history(record),
    }
    return page(request, "branches/transfer_detail.html", context)


def transfer_create(request: HttpRequest, pk: int) -> HttpResponse:
    member, branch = _member(request, pk, "branches.issue_transfer")
    transfer_id = new_id()
    return ask(
        request,
        forms.TransferForm(request.POST or None, member=member),
        title=_("%s转到哪里？") % member,
        text=_("接收之前仍是%s的党员，以往的到会和学时都留着。") % branch,
        button=_("开介绍信"),
        call=lambda **typed: actions.issue_transfer(
            by=request.user, member=member, now=timezone.now(), transfer_id=transfer_id, **typed
        ),
        said=_("介绍信已开出，交给接收方后点“交接收方”"),
        back=None,
    )


def transfer_move(request: HttpRequest, pk: UUID, code: str) -> HttpResponse:
    record = get_visible(request, TRANSFERS, pk)
    if code not in forms.TRANSFER_FORMS:
        raise Http404(_("没有这一步。"))
    move, now = workflow.MOVES[f"{record.kind()}.{code}"], timezone.now()
    return ask_move(
        request,
        forms.TRANSFER_FORMS[code],
        record=record,
        move=move,
        check=lambda: workflow.check(record, move, request.user, now),
        act=lambda **given: actions.MAKE[f"transfer.{code}"](by=request.user, now=now, transfer=record, **given),
    )
