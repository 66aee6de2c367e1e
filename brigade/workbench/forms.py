"""Input about the reference data: working days and dated parameters."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from brigade.kit.forms import DayInput
from brigade.kit.text import half_width
from brigade.reference.models import Parameter
from brigade.reference.states import DayReason


class WorkdayForm(forms.Form):
    day = forms.DateField(label=_("日期"), widget=DayInput())
    is_workday = forms.TypedChoiceField(
        label=_("这天"), choices=[("0", _("休息")), ("1", _("上班"))], coerce=lambda value: value == "1"
    )
    reason = forms.ChoiceField(label=_("原因"), choices=DayReason.choices)
    source = forms.CharField(label=_("依据"), max_length=200, help_text=_("例如放假通知的文号。"))
    note = forms.CharField(label=_("说明"), max_length=100, required=False)


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


class ParameterForm(forms.Form):
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
