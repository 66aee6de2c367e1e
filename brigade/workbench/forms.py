"""Input about the reference data: working days and dated parameters."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from brigade.kit.forms import DayInput
from brigade.reference.states import DayReason


class WorkdayForm(forms.Form):
    day = forms.DateField(label=_("日期"), widget=DayInput())
    is_workday = forms.TypedChoiceField(
        label=_("这天"), choices=[("0", _("休息")), ("1", _("上班"))], coerce=lambda value: value == "1"
    )
    reason = forms.ChoiceField(label=_("原因"), choices=DayReason.choices)
    source = forms.CharField(label=_("依据"), max_length=200, help_text=_("例如放假通知的文号。"))
    note = forms.CharField(label=_("说明"), max_length=100, required=False)


class ParameterForm(forms.Form):
    """`value` is typed as it is shown: a number, or a list such as [["08:30", "12:00"]]."""

    value = forms.CharField(label=_("新值"), max_length=400)
    valid_from = forms.DateField(label=_("从哪天起"), initial=timezone.localdate, widget=DayInput())
    source = forms.CharField(label=_("依据"), max_length=200)
    note = forms.CharField(label=_("说明"), max_length=200, required=False)

    def clean_value(self) -> Any:
        try:
            return json.loads(self.cleaned_data["value"])
        except ValueError:
            return self.cleaned_data["value"]
