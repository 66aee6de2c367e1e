"""Input about branches, groups and members."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from brigade.kit.forms import DayInput
from brigade.org.models import Person
from partybuilding.branches.models import PartyBranch, PartyGroup, PartyMember
from partybuilding.branches.states import ExemptionKind, MemberStatus


class DayField(forms.DateField):
    """A day, today unless another is picked."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"initial": timezone.localdate, "widget": DayInput(), **kwargs})


class ChangeBranchForm(forms.Form):
    feature = forms.CharField(label=_("一支部一特色"), max_length=80, required=False)
    theme_day_rule = forms.CharField(label=_("主题党日固定日"), max_length=40, required=False)


class AddGroupForm(forms.Form):
    """`branch` limits who can lead the group."""

    name = forms.CharField(label=_("名称"), max_length=40)
    leader = forms.ModelChoiceField(Person.objects.none(), label=_("党小组长"), required=False)
    start_on = DayField(label=_("设立日期"))

    def __init__(self, *args: Any, branch: PartyBranch, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["leader"].queryset = members_of(branch)


class EndForm(forms.Form):
    end_on = DayField(label=_("止日"))


class EnrolMemberForm(forms.Form):
    """`branch` is the one that he enters; a person who is entered already is not offered."""

    person = forms.ModelChoiceField(
        Person.objects.none(), label=_("姓名"), widget=forms.Select(attrs={"data-pick": ""}), empty_label=_("选一个人")
    )
    status = forms.ChoiceField(label=_("身份"), choices=MemberStatus.choices[:5], initial=MemberStatus.FULL)
    start_on = DayField(label=_("编入支部日期"))
    admitted_on = forms.DateField(label=_("接收为预备党员日期"), required=False, widget=DayInput())
    confirmed_on = forms.DateField(label=_("转正日期"), required=False, widget=DayInput())
    group = forms.ModelChoiceField(PartyGroup.objects.none(), label=_("党小组"), required=False)

    def __init__(self, *args: Any, branch: PartyBranch, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = Person.objects.filter(party_member=None, is_active=True).order_by("police_no")
        self.fields["person"].queryset = people
        self.fields["group"].queryset = groups_of(branch)


class MoveMemberForm(forms.Form):
    branch = forms.ModelChoiceField(PartyBranch.objects.none(), label=_("接收支部"), empty_label=_("选一个支部"))
    since = DayField(label=_("接收日期"), help_text=_("这一天之前仍由原支部管。"))

    def __init__(self, *args: Any, user: Person, member: PartyMember, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today = timezone.localdate()
        there = member.memberships.on(today).values("branch")
        reach = PartyBranch.objects.filter(unit__in=user.units_for("branches.change_partymember")).active_on(today)
        self.fields["branch"].queryset = reach.exclude(pk__in=there).in_order()


class AssignGroupForm(forms.Form):
    group = forms.ModelChoiceField(PartyGroup.objects.none(), label=_("党小组"), required=False)

    def __init__(self, *args: Any, branch: PartyBranch, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["group"].queryset = groups_of(branch)


class EndMembershipForm(forms.Form):
    end_on = DayField(label=_("转出日期"))
    reason = forms.CharField(label=_("转往哪里或原因"), max_length=200)


class ChangeStatusForm(forms.Form):
    status = forms.ChoiceField(label=_("变为"), choices=MemberStatus.choices)
    on = DayField(label=_("日期"), help_text=_("转正写支部党员大会通过的日期。"))
    note = forms.CharField(label=_("依据"), max_length=200, required=False)


class ExemptForm(forms.Form):
    kind = forms.ChoiceField(label=_("情形"), choices=ExemptionKind.choices)
    start_on = DayField(label=_("起"))
    end_on = forms.DateField(label=_("止"), required=False, widget=DayInput())


def members_of(branch: PartyBranch) -> Any:
    """People who belong to the branch today."""
    today = timezone.localdate()
    return Person.objects.filter(party_member__memberships__in=branch.memberships.on(today)).order_by("police_no")


def groups_of(branch: PartyBranch) -> Any:
    return branch.groups.on(timezone.localdate()).order_by("pk")
