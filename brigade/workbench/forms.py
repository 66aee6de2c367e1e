"""Input about the reference data (working days and dated parameters), and of an announcement."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from brigade.kit.forms import DayInput, Form, ManyChoiceField, Pickers, PickGroups
from brigade.kit.text import half_width
from brigade.notices.queries import people_in
from brigade.notices.rules import PUBLISH_PERM, TITLE_LENGTH
from brigade.org.models import Person, Unit
from brigade.org.states import Tree
from brigade.reference.actions import Day
from brigade.reference.models import Parameter
from brigade.reference.states import DayReason


class WorkdayForm(Form):
    day = forms.DateField(label=_("日期"), widget=DayInput())
    is_workday = forms.TypedChoiceField(
        label=_("这天"), choices=[("0", _("休息")), ("1", _("上班"))], coerce=lambda value: value == "1"
    )
    reason = forms.ChoiceField(label=_("原因"), choices=DayReason.choices)
    source = forms.CharField(label=_("依据"), max_length=200, help_text=_("例如放假通知的文号。"))
    note = forms.CharField(label=_("说明"), max_length=100, required=False)


BRACKETS = re.compile(r"\(.*?\)")
HEAD = re.compile(r"^[\d一二三四五六七八九十]+[、.]")
DATES = re.compile(r"(?:(\d{4})年)?(\d{1,2})月(\d{1,2})日(?:[至到~–—-](?:(\d{4})年)?(?:(\d{1,2})月)?(\d{1,2})日)?")
LONGEST = timedelta(days=31)


class YearForm(Form):
    """The list of holidays of a year, as the State Council's notice reads; what its brackets say is passed over."""

    year = forms.IntegerField(label=_("年份"), min_value=2000, max_value=2100)
    source = forms.CharField(label=_("依据"), max_length=200, help_text=_("通知的名称或文号。"))
    days = forms.CharField(
        label=_("放假安排"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 9}),
        help_text=_("把通知里的安排粘贴过来，一个节日一行，例如“国庆节：10月1日至7日放假，共7天。10月10日上班。”"),
    )

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        if "year" in typed and "days" in typed:
            lines = half_width(typed["days"]).replace(" ", "").splitlines()
            try:
                typed["days"] = [day for line in lines for day in _named_days(typed["year"], line)]
            except ValueError:
                self.add_error("days", _("有日期不存在，或者起止不对，请核对。"))
        return typed


def _named_days(year: int, line: str) -> Iterator[Day]:
    """The days of one line: 国庆节:10月1日至7日放假,共7天。10月10日上班。"""
    name, _colon, text = HEAD.sub("", BRACKETS.sub("", line)).rpartition(":")
    for sentence in re.split(r"[。;]", text):
        dates = list(DATES.finditer(sentence))
        is_workday = "上班" in sentence
        if dates and is_workday == ("放假" in sentence or "休息" in sentence):
            raise forms.ValidationError(
                {"days": _("“%(text)s”要写明放假还是上班，两样分成两句。") % {"text": sentence[:40]}}
            )
        reason = DayReason.MAKE_UP if is_workday else DayReason.HOLIDAY
        for found in dates:
            yield from (Day(day, is_workday, reason, name[:20]) for day in _span(year, found))


def _span(year: int, found: re.Match) -> list[date]:
    from_year, month, first, to_year, to_month, last = found.groups()
    start = date(int(from_year or year), int(month), int(first))
    end = date(int(to_year or start.year), int(to_month or month), int(last or first))
    if not start <= end <= start + LONGEST:
        raise ValueError(found[0])
    return [start + timedelta(days=n) for n in range((end - start).days + 1)]


SPAN = re.compile(r"(\d{1,2}):([0-5]\d)\s*[-–—~至]\s*(\d{1,2}):([0-5]\d)")


class SpansField(forms.CharField):
    """Spans of time as they are read: 08:30–12:00、13:30–17:00."""

    def __init__(self, *, single: bool, **kwargs: Any) -> None:
        super().__init__(max_length=100, help_text=_("例如08:30–12:00，几段之间用顿号隔开。"), **kwargs)
        self.single = single

    def clean(self, value: Any) -> list[Any]:
        typed = half_width(super().clean(value))
        spans = [[f"{int(a):02}:{b}", f"{int(c):02}:{d}"] for a, b, c, d in SPAN.findall(typed)]
        is_odd = SPAN.sub("", typed).strip("、,; ") or any(at >= "24" for span in spans for at in span)
        if not spans or is_odd or (self.single and len(spans) > 1):
            raise forms.ValidationError(_("时段要写成08:30–12:00这样。"))
        return spans[0] if self.single else spans


class ParameterForm(Form):
    """Another value of the same kind as the one in force: yes or no, a figure, spans of time, words."""

    valid_from = forms.DateField(label=_("从哪天起"), initial=timezone.localdate, widget=DayInput())
    source = forms.CharField(label=_("依据"), max_length=200)
    note = forms.CharField(label=_("说明"), max_length=200, required=False)

    def __init__(self, *args: Any, row: Parameter, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        label = f"{_('新值')}（{row.measure}）" if row.measure else _("新值")
        self.fields["value"] = _value_field(row.value, label=label, initial=row.value)
        if isinstance(row.value, list):
            self.fields["value"].initial = row.shown
        self.order_fields(["value"])


def _value_field(value: Any, **kwargs: Any) -> forms.Field:
    match value:
        case bool():
            return forms.TypedChoiceField(choices=[(True, _("是")), (False, _("否"))], coerce=_is_true, **kwargs)
        case int():
            return forms.IntegerField(min_value=0, **kwargs)
        case float():
            return forms.FloatField(min_value=0, **kwargs)
        case list():
            return SpansField(single=not isinstance(value[0], list), **kwargs)
    return forms.CharField(max_length=400, **kwargs)


def _is_true(typed: str) -> bool:
    return typed == "True"


class WithdrawForm(Form):
    reason = forms.CharField(label=_("原因"), max_length=200, error_messages={"required": _("写明撤回的原因")})


class UnitPicks(forms.models.ModelChoiceIterator):
    """Units by their short names, tree by tree: the line of command first, organisations outside last."""

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        units = [unit for _depth, unit in self.queryset.open_on(timezone.localdate()).as_tree()]
        for tree in Tree:
            if picks := [self.choice(unit) for unit in units if unit.tree == tree]:
                yield tree.label, picks


class UnitsField(ManyChoiceField):
    iterator = UnitPicks

    def label_from_instance(self, obj: Any) -> str:
        return obj.short_name


class PeopleField(ManyChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name}（{obj.police_no}）"


class AnnouncementForm(Form):
    """What, to which units with everything below them, to whom by name. `id` is minted with the blank form.

    A unit that was closed meanwhile is still understood: what is wrong with it is the action's to say.
    """

    id = forms.UUIDField(widget=forms.HiddenInput)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    title = forms.CharField(label=_("标题"), max_length=TITLE_LENGTH, error_messages={"required": _("写明标题")})
    text = forms.CharField(
        label=_("内容"),
        max_length=8000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("附了文件可以不写"),
    )
    units = UnitsField(
        Unit.objects.none(), label=_("发给单位"), required=False, widget=PickGroups,
        help_text=_("连同它下面的全部单位"), error_messages={"invalid_choice": _("有单位不归你管，重新选")},
    )  # fmt: skip
    people = PeopleField(
        Person.objects.none(),
        label=_("发给个人"),
        required=False,
        widget=Pickers(),
        error_messages={"invalid_choice": _("有人不在你的单位，重新选")},
    )
    needs_signature = forms.BooleanField(label=_("要求签收：打开不算，按“签收”才算"), required=False)

    def __init__(self, *args: Any, user: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reach = user.units_for(PUBLISH_PERM)
        self.fields["units"].queryset = Unit.objects.filter(pk__in=reach)
        known = people_in(reach, timezone.localdate())
        self.fields["people"].queryset = Person.objects.filter(pk__in=known, is_active=True).order_by("police_no")

    def arguments(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


class FormUploadForm(Form):
    """A Word file that shall take the place of a form."""

    file = forms.FileField(
        label=_("Word文件"),
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".docx", "data-no-draft": True}),
    )
    note = forms.CharField(label=_("改了什么"), max_length=200, required=False)
