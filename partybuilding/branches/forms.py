"""Input about branches, groups and members."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from brigade.kit.forms import (
    DayInput,
    EditForm,
    Form,
    ManyChoiceField,
    OneChoiceField,
    Picker,
    Pickers,
    in_living_memory,
)
from brigade.org.models import Person
from brigade.org.queries import colleagues
from partybuilding.branches.models import Membership, PartyBranch, PartyGroup, PartyMember, Transfer
from partybuilding.branches.rules import NEXT_STATUS
from partybuilding.branches.states import (
    ENTERED_AS,
    BranchKind,
    ExclusionReason,
    ExemptionKind,
    MemberStatus,
    Sanction,
    SeatRole,
)


class DayField(forms.DateField):
    """A day, today unless another is picked or `initial` says none."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            **{"initial": timezone.localdate, "widget": DayInput(), "validators": [in_living_memory], **kwargs}
        )


class ChangeBranchForm(EditForm):
    feature = forms.CharField(label=_("一支部一特色"), max_length=80, required=False)
    theme_day_rule = forms.CharField(label=_("主题党日固定日"), max_length=40, required=False)


class AddGroupForm(Form):
    """`branch` limits who can lead the group."""

    name = forms.CharField(label=_("名称"), max_length=40)
    leader = forms.ModelChoiceField(Person.objects.none(), label=_("党小组长"), required=False, empty_label=_("未定"))
    start_on = DayField(label=_("设立日期"))

    def __init__(self, *args: Any, branch: PartyBranch, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["leader"].queryset = members_of(branch)


class EndForm(Form):
    end_on = DayField(label=_("止日"))


class EnrolMemberForm(Form):
    """`branch` is the one that he enters; a person who is entered already is not offered."""

    person = forms.ModelChoiceField(Person.objects.none(), label=_("姓名"), widget=Picker(), empty_label=_("选一个人"))
    status = forms.ChoiceField(
        label=_("身份"), choices=[(code.value, code.label) for code in ENTERED_AS], initial=MemberStatus.FULL
    )
    start_on = DayField(label=_("编入支部日期"))
    admitted_on = DayField(initial=None, label=_("接收为预备党员日期"), required=False)
    confirmed_on = DayField(initial=None, label=_("转正日期"), required=False)
    group = forms.ModelChoiceField(
        PartyGroup.objects.none(), label=_("党小组"), required=False, empty_label=_("不编组")
    )

    def __init__(self, *args: Any, branch: PartyBranch, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = colleagues([branch.pk]).filter(party_member=None).order_by("police_no")
        self.fields["person"].queryset = people
        self.fields["group"].queryset = groups_of(branch)


class AssignGroupForm(Form):
    group = forms.ModelChoiceField(
        PartyGroup.objects.none(), label=_("党小组"), required=False, empty_label=_("不编组")
    )

    def __init__(self, *args: Any, branch: PartyBranch, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["group"].queryset = groups_of(branch)


class ChangeStatusForm(Form):
    """Only the steps that lead on from where the member stands are offered."""

    status = forms.ChoiceField(label=_("变为"))
    on = DayField(label=_("日期"), help_text=_("转正、延长和取消写支部党员大会通过的日期。"))
    until = DayField(initial=None, label=_("预备期延长到"), required=False, help_text=_("只有延长预备期的才填。"))
    note = forms.CharField(label=_("依据"), max_length=200, required=False)

    def __init__(self, *args: Any, member: PartyMember, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        steps = NEXT_STATUS[member.status]
        self.fields["status"].choices = [(code, label) for code, label in MemberStatus.choices if code in steps]
        if MemberStatus.EXTENDED not in steps:
            del self.fields["until"]


class ExemptForm(Form):
    kind = forms.ChoiceField(label=_("情形"), choices=ExemptionKind.choices)
    start_on = DayField(label=_("起"))
    end_on = DayField(initial=None, label=_("止"), required=False)


class CommitteeForm(EditForm):
    """Who holds which office; `branch` says who can, and who does now. Plain members are ticked."""

    start_on = DayField(label=_("任职日期"))
    secretary = forms.ModelChoiceField(
        Person.objects.none(), label=_("书记"), empty_label=_("选一个人"), error_messages={"required": _("选一名书记")}
    )
    deputy = forms.ModelChoiceField(Person.objects.none(), label=_("副书记"), required=False, empty_label=_("不设"))
    organisation = forms.ModelChoiceField(
        Person.objects.none(), label=_("组织委员"), required=False, empty_label=_("不设")
    )
    publicity = forms.ModelChoiceField(
        Person.objects.none(), label=_("宣传委员"), required=False, empty_label=_("不设")
    )
    discipline = forms.ModelChoiceField(
        Person.objects.none(), label=_("纪检委员"), required=False, empty_label=_("不设")
    )
    others = ManyChoiceField(
        Person.objects.none(),
        label=_("其他委员"),
        required=False,
        widget=Pickers({"data-placeholder": _("按姓名找")}),
    )

    def __init__(self, *args: Any, branch: PartyBranch, **kwargs: Any) -> None:
        held = {seat.role: seat.person_id for seat in branch.seats.on(timezone.localdate())}
        kwargs["initial"] = {**held, "version": branch.version, **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        able = electable(branch)
        for name in (*SINGLE_SEATS, "others"):
            self.fields[name].queryset = able
        plain = branch.seats.on(timezone.localdate()).filter(role=SeatRole.MEMBER)
        self.initial.setdefault("others", list(plain.values_list("person", flat=True)))

    def clean(self) -> dict[str, Any]:
        """The offices as the actions take them: (person, role)."""
        typed = dict(super().clean() or self.cleaned_data)
        seats = [(person, role) for role in SINGLE_SEATS if (person := typed.pop(role, None))]
        seats += [(person, SeatRole.MEMBER) for person in typed.pop("others", None) or ()]
        return typed | {"seats": seats}


SINGLE_SEATS = (
    SeatRole.SECRETARY,
    SeatRole.DEPUTY,
    SeatRole.ORGANISATION,
    SeatRole.PUBLICITY,
    SeatRole.DISCIPLINE,
)


class TermForm(CommitteeForm):
    """An election: the term that begins with it, and whom it gave the offices."""

    start_on = None  # the day of the election is the day of the offices
    version = None  # it begins anew, and a second one is refused by its day
    elected_on = DayField(label=_("选举日期"))
    years = forms.IntegerField(
        label=_("任期（年）"), min_value=1, max_value=5, initial=3, help_text=_("机关单位一般3年，村和社区5年。")
    )
    early_no = forms.CharField(
        label=_("提前换届批准文号"), max_length=40, required=False, help_text=_("上一届没有届满就换届的才填。")
    )
    field_order = ["elected_on", "years", "early_no"]


class ExtendTermForm(Form):
    extended_to = DayField(initial=None, label=_("延期至"), help_text=_("一般不超过1年。"))
    approval_no = forms.CharField(
        label=_("上级批准文号"), max_length=40, error_messages={"required": _("延期换届要写上级批准文号")}
    )


class TransferForm(Form):
    """A letter to another branch of the brigade, or to an organisation elsewhere."""

    to_branch = OneChoiceField(
        PartyBranch.objects.none(), label=_("接收支部"), required=False, empty_label=_("转到大队外")
    )
    to_outside = forms.CharField(
        label=_("大队外党组织"), max_length=80, required=False, help_text=_("转到大队内的支部就留空。")
    )
    letter_no = forms.CharField(label=_("介绍信编号"), max_length=40, error_messages={"required": _("写介绍信编号")})
    issued_on = DayField(label=_("开信日期"))

    def __init__(self, *args: Any, member: PartyMember, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today = timezone.localdate()
        there = member.memberships.on(today)
        path = there.values_list("branch__unit__path", flat=True).first() or ""
        branches = PartyBranch.objects.active_on(today).filter(unit__path__startswith=f"{path.split('/')[0]}/")
        branches = branches.exclude(kind=BranchKind.GENERAL).exclude(pk__in=there.values("branch"))
        self.fields["to_branch"].queryset = branches.in_order()


class MoveForm(Form):
    """What a move of a transfer asks; `version` is the one that the person saw."""

    asks = False
    version = forms.IntegerField(required=False, widget=forms.HiddenInput())

    def __init__(self, *args: Any, record: Transfer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.record = record

    def arguments(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


class AcceptForm(MoveForm):
    asks = True
    accepted_on = DayField(label=_("接收日期"), help_text=_("这一天之前仍由原支部管。"))
    group = forms.ModelChoiceField(
        PartyGroup.objects.none(), label=_("编入党小组"), required=False, empty_label=_("不编组")
    )

    def __init__(self, *args: Any, record: Transfer, **kwargs: Any) -> None:
        super().__init__(*args, record=record, **kwargs)
        groups = groups_of(record.to_branch) if record.to_branch else PartyGroup.objects.none()
        if groups:
            self.fields["group"].queryset = groups
        else:
            del self.fields["group"]


class ReturnForm(MoveForm):
    asks = True
    reason = forms.CharField(label=_("退回原因"), max_length=200, error_messages={"required": _("写明退回的原因")})


TRANSFER_FORMS: dict[str, type[MoveForm]] = {"send": MoveForm, "accept": AcceptForm, "return": ReturnForm}


class SanctionForm(EditForm):
    sanction = forms.ChoiceField(label=_("党纪处分"), choices=Sanction.choices, required=False)
    start_on = DayField(initial=None, label=_("处分起"), required=False)
    end_on = DayField(initial=None, label=_("处分止"), required=False)
    rights_suspended = forms.BooleanField(
        label=_("党员权利中止"), required=False, help_text=_("被留置、逮捕的，中止期间没有表决权。")
    )
    note = forms.CharField(label=_("依据"), max_length=200, required=False)


class ReviewExemptionForm(EditForm):
    end_on = DayField(
        initial=None, label=_("止"), required=False, help_text=_("仍要豁免就留空；不再豁免的写从哪天起恢复。")
    )


class ChangeExclusionForm(EditForm):
    approval_no = forms.CharField(label=_("上级批准文号"), max_length=40, required=False)
    passed_on = DayField(
        initial=None, label=_("党员大会通过日期"), required=False, help_text=_("两项都有才不计入应到会。")
    )
    end_on = DayField(initial=None, label=_("止"), required=False)


class ExclusionForm(ChangeExclusionForm):
    reason = forms.ChoiceField(label=_("情形"), choices=ExclusionReason.choices)
    start_on = DayField(label=_("起"))
    version = None
    field_order = ["reason", "start_on", "end_on", "approval_no", "passed_on"]


def members_of(branch: PartyBranch) -> Any:
    """People who belong to the branch today."""
    today = timezone.localdate()
    return Person.objects.filter(party_member__memberships__in=branch.memberships.on(today)).order_by("police_no")


def groups_of(branch: PartyBranch) -> Any:
    return branch.groups.on(timezone.localdate()).order_by("pk")


def electable(branch: PartyBranch) -> Any:
    """Who can hold an office: full members of the branch; in the general branch, of any branch."""
    today = timezone.localdate()
    rows = PartyMember.objects.filter(status=MemberStatus.FULL)
    here = Membership.objects.on(today) if branch.is_general else branch.memberships.on(today)
    return Person.objects.filter(party_member__in=rows.filter(memberships__in=here)).order_by("police_no")
