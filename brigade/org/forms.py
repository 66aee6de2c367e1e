"""Input about units, people, grants and passwords."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from brigade.kit.forms import DayInput, EditForm, Form, ManyChoiceField, OneChoiceField, in_living_memory
from brigade.org.models import Beat, Grant, Person, Unit
from brigade.org.queries import Held
from brigade.org.rules import PHONE
from brigade.org.states import ADMIN_ROLES, ChangeKind, PersonKind, Role, Tree, UnitKind
from brigade.reference.models import Town


def today() -> Any:
    return timezone.localdate()


class DayField(forms.DateField):
    """A day, today unless another is picked or `initial` says none."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"initial": today, "widget": DayInput(), "validators": [in_living_memory], **kwargs})


class InTree(forms.models.ModelChoiceIterator):
    """Units as they stand in their tree, each below its parent."""

    def __iter__(self) -> Iterator[tuple[Any, str]]:
        yield "", self.field.empty_label
        for _depth, unit in self.queryset.as_tree():
            yield self.choice(unit)


class UnitField(forms.ModelChoiceField):
    """An open unit out of those on which the user has a permission; the form says which by `reach`."""

    iterator = InTree

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Unit.objects.none(), **{"label": _("单位"), "empty_label": _("选一个单位"), **kwargs})

    def reach(self, user: Person, perm: str) -> None:
        self.queryset = Unit.objects.filter(pk__in=user.units_for(perm)).open_on(today())

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name}（{obj.get_tree_display()}）"


class TownsField(ManyChoiceField):
    """Streets and towns that a unit may take over, each with the squadron that polices it now."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Town.objects.none(), **kwargs)

    def of(self, unit: Unit) -> None:
        self.queryset = Town.objects.exclude(pk__in=unit.beats.filter(ends_on__isnull=True).values("town"))
        self.queryset = self.queryset.order_by("code")
        held = Beat.objects.filter(ends_on__isnull=True).values_list("town", "unit__short_name")
        self.holders = dict(held)

    def label_from_instance(self, obj: Any) -> str:
        holder = self.holders.get(obj.pk)
        return f"{obj.name}（{holder}）" if holder else str(obj.name)


class PhoneField(forms.RegexField):
    def __init__(self, **kwargs: Any) -> None:
        wrong = {"invalid": _("手机号是1开头的11位数字。")}
        super().__init__(PHONE, **{"label": _("手机号"), "required": False, "error_messages": wrong, **kwargs})


class SignInForm(Form):
    police_no = forms.CharField(
        label=_("警号"), max_length=32, widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True})
    )
    password = forms.CharField(
        label=_("密码"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class PasswordForm(Form):
    current = forms.CharField(
        label=_("现在的密码"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )
    new = forms.CharField(
        label=_("新密码"),
        max_length=128,
        strip=False,
        help_text=_("至少10位，含大写、小写、数字、符号中的三种；不含警号和姓名，不用最近5次用过的。"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("再输一次"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_again(self) -> str:
        again = self.cleaned_data["again"]
        if again != self.cleaned_data.get("new", again):
            raise forms.ValidationError(_("两次输的不一样。"))
        return again


class OpenUnitForm(Form):
    tree = forms.ChoiceField(label=_("序列"), choices=Tree.choices)
    kind = forms.ChoiceField(label=_("类别"), choices=UnitKind.choices)
    code = forms.CharField(label=_("代码"), max_length=24)
    name = forms.CharField(label=_("名称"), max_length=80)
    short_name = forms.CharField(label=_("简称"), max_length=24)
    opened_on = DayField(label=_("设立日期"))


class MoveUnitForm(Form):
    parent = UnitField(label=_("移到"))
    since = DayField(label=_("从哪天起"))


class CloseUnitForm(Form):
    closed_on = DayField(label=_("撤销日期"))


class ChangePersonForm(EditForm):
    name = forms.CharField(label=_("姓名"), max_length=40)
    kind = forms.ChoiceField(label=_("身份"), choices=PersonKind.choices)
    phone = PhoneField(help_text=_("留空则不改。"))

    def clean_phone(self) -> str | None:
        return self.cleaned_data["phone"] or None


class EnrolPersonForm(Form):
    police_no = forms.RegexField(
        r"^[0-9A-Za-z]{4,16}$",
        label=_("警号"),
        error_messages={"invalid": _("警号是4到16位数字或字母。")},
    )
    name = forms.CharField(label=_("姓名"), max_length=40)
    kind = forms.ChoiceField(label=_("身份"), choices=PersonKind.choices)
    unit = UnitField()
    title = forms.CharField(label=_("职务"), max_length=40, required=False)
    starts_on = DayField(label=_("任职日期"))
    phone = PhoneField()


class PostPersonForm(Form):
    unit = UnitField(label=_("到哪个单位"))
    title = forms.CharField(label=_("职务"), max_length=40, required=False)
    starts_on = DayField(label=_("任职日期"))


class EndPostingForm(Form):
    ends_on = DayField(label=_("离任日期"))


class GrantForm(Form):
    role = forms.ChoiceField(
        label=_("角色"),
        choices=[("", _("选一个角色")), *Role.choices],
        error_messages={"required": _("选一个角色")},
    )
    unit = UnitField(label=_("管到哪里"), help_text=_("包括它的全部下级。"))
    starts_on = DayField(label=_("起"))
    ends_on = DayField(
        initial=None, label=_("止"), required=False, help_text=_("借调、临时授权写上；到这一天就不再有效。")
    )
    reason = forms.CharField(label=_("事由"), max_length=200, required=False)


class GrantManyForm(Form):
    """One role for many: who works where, and on what they get it; whoever is listed then may be ticked."""

    role = forms.ChoiceField(
        label=_("角色"),
        choices=[("", _("选一个角色")), *[(role.value, role.label) for role in Role if role not in ADMIN_ROLES]],
        error_messages={"required": _("选一个角色")},
    )
    where = UnitField(label=_("给哪里的人"), help_text=_("包括它的全部下级。"))
    kind = forms.ChoiceField(label=_("身份"), choices=[("", _("全部")), *PersonKind.choices], required=False)
    unit = UnitField(label=_("管到哪里"), empty_label=_("各人的任职单位"), required=False)
    starts_on = DayField(label=_("起"))
    ends_on = DayField(initial=None, label=_("止"), required=False, help_text=_("到这一天就不再有效。"))
    reason = forms.CharField(label=_("事由"), max_length=200, required=False)
    people = ManyChoiceField(Person.objects.none(), required=False, widget=forms.CheckboxSelectMultiple())

    def __init__(self, *args: Any, by: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("where", "unit"):
            self.fields[name].reach(by, "org.change_grant")


class EndGrantForm(Form):
    ends_on = DayField(label=_("从哪天起"))
    reason = forms.CharField(label=_("事由"), max_length=200, required=False)


class ReasonForm(Form):
    reason = forms.CharField(label=_("事由"), max_length=200)


class DutyForm(Form):
    """From when to when, and who leads in turn, in the order of the choice list."""

    start = DayField(label=_("从"))
    end = DayField(label=_("到"))
    leaders = ManyChoiceField(
        Person.objects.none(),
        label=_("带班领导"),
        help_text=_("按下列次序每人一天轮流；已排的日期会被替换。"),
        error_messages={"required": _("点选轮流带班的领导，一人以上。")},
        widget=forms.CheckboxSelectMultiple(),
    )

    def __init__(self, *args: Any, leaders: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["leaders"].queryset = leaders

    def clean_leaders(self) -> list[Person]:
        return list(self.cleaned_data["leaders"])


# Leaving, secondment, changes of units


class HeirField(OneChoiceField):
    """Somebody who may take over; with police number, because two may have one name."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} {obj.police_no}"


class HandOverForm(Form):
    """Who takes what, by group; one person for all groups for which he may; when he leaves, and why.

    A field is called as its group: `meetings.decisions.12`. Where only one may take a group over he is offered.
    """

    everything = HeirField(Person.objects.none(), label=_("都交给"), required=False, empty_label=_("逐项选"))
    leaves_on = DayField(
        initial=None,
        label=_("离任日期"),
        required=False,
        help_text=_("从这天起任职、角色结束，账号停用。留空就只移交，账号照用。"),
    )
    reason = forms.CharField(label=_("事由"), max_length=200)

    def __init__(self, *args: Any, person: Person, held: Iterable[Held], on: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.able: dict[str, dict[int, Person]] = {}
        for group in held:
            if group.holding.heirs is None:
                continue
            heirs = group.heirs(person, on)
            self.able[group.key] = {heir.pk: heir for heir in heirs}
            only = next(iter(self.able[group.key].values())) if len(self.able[group.key]) == 1 else None
            field = HeirField(heirs, label=group.holding.label, required=False, initial=only, empty_label=_("选接手人"))
            field.widget.attrs["aria-label"] = f"{group.holding.label}，{group.unit}"
            field.error_messages["invalid_choice"] = _("这个人不能接手，换一个人，或者先由安全管理员授权。")
            self.fields[group.key] = field
        everybody = {pk for able in self.able.values() for pk in able}
        self.fields["everything"].queryset = Person.objects.filter(pk__in=everybody).order_by("police_no")

    def heirs(self) -> dict[str, Person]:
        """Group → who takes it, as far as that is said; also of a form that is not complete yet."""
        told = getattr(self, "cleaned_data", {})
        for_all = told.get("everything")
        found = {}
        for key, able in self.able.items():
            heir = told.get(key) if self.is_bound else self.fields[key].initial
            heir = heir or (able.get(for_all.pk) if for_all else None)
            if heir is not None:
                found[key] = heir
        return found


class NoForm(Form):
    """A question that is answered by its button alone."""


NOT_SECONDED = ADMIN_ROLES | {
    Role.MEMBER,
    Role.RECORDER,
    Role.GROUP_LEADER,
    Role.BRANCH_SECRETARY,
    Role.PARTY_OFFICE,
    Role.GENERAL_SECRETARY,
    Role.OWNER_LIAISON,
}
"""Roles that no secondment brings: administrators', those of the Party, which goes by transfers, and of owners."""


class SecondForm(Form):
    """Where to and until when; the role that he has anyway is ticked, and his own units are not offered."""

    unit = UnitField(label=_("借调到"))
    title = forms.CharField(label=_("职务"), max_length=40, required=False)
    starts_on = DayField(label=_("从哪天起"))
    ends_on = DayField(initial=None, label=_("到哪天"), help_text=_("到这一天就回原单位，不用再办。"))
    roles = forms.MultipleChoiceField(
        label=_("在那里的角色"),
        choices=[(role.value, role.label) for role in Role if role not in NOT_SECONDED],
        required=False,
        help_text=_("由安全管理员在本页一次办好，到期自动收回。"),
        widget=forms.CheckboxSelectMultiple(),
    )
    keeps_home = forms.TypedChoiceField(
        label=_("原单位的角色"),
        choices=[("", _("借调期间停用，回来自动恢复")), ("1", _("照留，两边都办"))],
        coerce=bool,
        required=False,
        empty_value=False,
    )
    reason = forms.CharField(label=_("事由"), max_length=200, required=False)

    def __init__(self, data: Any = None, *, person: Person, by: Person) -> None:
        held = person.grants.reaching(today()).filter(role__in=[Role.OFFICER, Role.AUXILIARY])
        super().__init__(data, initial={"roles": sorted(set(held.values_list("role", flat=True)))})
        self.fields["unit"].reach(by, "org.change_person")
        posts = person.postings.on(today()).values("unit")
        self.fields["unit"].queryset = self.fields["unit"].queryset.exclude(tree=Tree.PARTY).exclude(pk__in=posts)


class EndSecondmentForm(Form):
    ends_on = DayField(label=_("哪天回来"))


class ChangeForm(Form):
    """What becomes of a unit, from when on and on what basis; what its kind does not ask for is not there."""

    kind = forms.ChoiceField(choices=ChangeKind.choices, widget=forms.HiddenInput())
    into = UnitField(label=_("并入哪个单位"))
    towns = TownsField(label=_("接管哪些乡镇"), widget=forms.CheckboxSelectMultiple())
    since = DayField(label=_("从哪天起"))
    reason = forms.CharField(label=_("依据"), max_length=200, help_text=_("文件号或会议。"))

    def __init__(self, data: Any = None, *, kind: ChangeKind, unit: Unit, by: Person) -> None:
        super().__init__(data, initial={"kind": kind})
        if kind == ChangeKind.TOWNS:
            del self.fields["into"]
            self.fields["towns"].of(unit)
            return
        del self.fields["towns"]
        self.fields["into"].reach(by, "org.change_unit")
        self.fields["into"].queryset = self.fields["into"].queryset.exclude(path__startswith=unit.path)
        if kind == ChangeKind.MOVE:
            self.fields["into"].label = _("移到谁之下")
        else:
            self.fields["into"].queryset = self.fields["into"].queryset.filter(tree=unit.tree)

    def clean_towns(self) -> list[Town]:
        return list(self.cleaned_data["towns"])


class GrantsAlong(ManyChoiceField):
    """Roles on one unit: it is not said of each."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.person.name}·{obj.get_role_display()}"


class AgreeForm(Form):
    """Which roles go along into the other unit; those of its leaders are not ticked beforehand."""

    grants = GrantsAlong(
        Grant.objects.none(), label=_("带过去的角色"), required=False, widget=forms.CheckboxSelectMultiple()
    )

    def __init__(self, *args: Any, grants: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["grants"].queryset = grants
        self.fields["grants"].initial = [grant.pk for grant in grants if grant.role not in LEADING]

    def clean_grants(self) -> list[Grant]:
        return list(self.cleaned_data["grants"])


LEADING = frozenset({Role.SQUADRON_LEADER, Role.HALL_HEAD, Role.WINDOW_LEAD, Role.DEPUTY_LEADER})
"""Posts that the other unit has filled already."""
